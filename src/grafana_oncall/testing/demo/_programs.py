"""Programs in processes of their own, which know the server of an act and no other."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Final, Self

import attrs

from grafana_oncall.testing import FakeOnCall, serve

from . import _tied

_PATIENCE: Final = 60
"""Seconds after which a program is killed, and the demo fails."""


@attrs.frozen
class Programs:
    """Runs programs in one folder, against one server on a socket."""

    folder: Path
    settings: dict[str, str]

    @classmethod
    @asynccontextmanager
    async def on(cls, fake: FakeOnCall) -> AsyncGenerator[Self]:
        """Serve the fake until the block ends."""
        with TemporaryDirectory() as folder:
            async with serve(fake) as url:
                yield cls(Path(folder), _settings(url, fake.token))

    @asynccontextmanager
    async def run(self, module: ModuleType) -> AsyncGenerator[Process]:
        """Run the file of a module; the process outlives neither the block nor this process."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(_tied.__file__), str(module.__file__)),
            stdin=PIPE,
            env=self.settings,
            cwd=self.folder,
        )
        try:
            async with asyncio.timeout(_PATIENCE):
                yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


def _settings(url: str, token: str) -> dict[str, str]:
    """Return the environment of this process, with the settings of the server alone."""
    others = {name: value for name, value in os.environ.items() if "GRAFANA" not in name}
    return others | {
        "GRAFANA_ONCALL_URL": url,
        "GRAFANA_ONCALL_ACCESS_TOKEN": token,
        "NO_PROXY": "127.0.0.1",
    }
