"""Programs in processes of their own, with the settings of a server."""

import asyncio
import os
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

PATIENCE = 20
"""Seconds after which a program is killed, and its test fails."""


def free_port() -> int:
    """A port without a listener."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def bare() -> dict[str, str]:
    """The environment of a program, without the developer's own settings."""
    return {key: value for key, value in os.environ.items() if "GRAFANA" not in key}


def settings(url: str, token: str, **more: str) -> dict[str, str]:
    """The same, with the settings of a server."""
    return bare() | {"GRAFANA_ONCALL_URL": url, "GRAFANA_ONCALL_ACCESS_TOKEN": token} | more


@asynccontextmanager
async def python(
    *arguments: str,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: int | None = None,
    patience: float = PATIENCE,
) -> AsyncGenerator[Process]:
    """Run Python, which does not outlive the block; unread output is kept for the report.

    Raises:
        TimeoutError: The block takes longer than that; by default, than any one program should.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, env=env, cwd=cwd, stdin=stdin, stdout=PIPE, stderr=PIPE
    )
    try:
        async with asyncio.timeout(patience):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        printed, words = await process.communicate()
        sys.stdout.write(printed.decode())
        sys.stderr.write(words.decode())
