"""Programs in processes of their own, with the settings of a server."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

PATIENCE = 20
"""Seconds after which a program is killed, and its test fails."""


def bare() -> dict[str, str]:
    """The environment of a program, with nothing of the developer's server."""
    return {key: value for key, value in os.environ.items() if "GRAFANA" not in key}


def settings(url: str, token: str, **more: str) -> dict[str, str]:
    """The same, with a server to work for."""
    return bare() | {"GRAFANA_ONCALL_URL": url, "GRAFANA_ONCALL_ACCESS_TOKEN": token} | more


@asynccontextmanager
async def python(
    *arguments: str, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> AsyncGenerator[Process]:
    """Python at work, which does not outlive the block; what nobody read is there for the report.

    Raises:
        TimeoutError: The block takes longer than any of them needs.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, env=env, cwd=cwd, stdout=PIPE, stderr=PIPE
    )
    try:
        async with asyncio.timeout(PATIENCE):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        printed, words = await process.communicate()
        sys.stdout.write(printed.decode())
        sys.stderr.write(words.decode())
