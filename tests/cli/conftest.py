"""The command, against a fake server on a socket."""

from __future__ import annotations

import asyncio
import io
import json
import os
from collections.abc import AsyncGenerator
from typing import Any, TextIO

import attrs
import pytest
import pytest_asyncio

from grafana_oncall._cli import main
from grafana_oncall.testing import FakeOnCall, seed_storm, serve

GROUPS = 30


@attrs.frozen
class Ran:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[list[str]]:
        """The cells of the lines that it printed."""
        return [line.split("\t") for line in self.out.splitlines()]

    @property
    def objects(self) -> list[Any]:
        """The JSON of the lines that it printed."""
        return [json.loads(line) for line in self.out.splitlines()]


def _everything(terminal: int) -> str:
    """Read our side of a terminal until the other side is closed."""
    parts: list[bytes] = []
    try:
        while part := os.read(terminal, 65536):
            parts.append(part)
    except OSError:
        pass  # how Linux says that
    finally:
        os.close(terminal)
    return b"".join(parts).decode().replace("\r\n", "\n")


@attrs.frozen
class Shell:
    """Runs commands with the settings of a server in the environment."""

    fake: FakeOnCall
    url: str
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    async def __call__(self, *arguments: str, stdin: str | TextIO = "") -> Ran:
        """Run a command whose output goes to another program."""
        text = io.StringIO(stdin) if isinstance(stdin, str) else stdin
        self.monkeypatch.setattr("sys.stdin", text)
        code = await asyncio.to_thread(main, arguments)
        out, err = self.capsys.readouterr()
        return Ran(code, out, err)

    async def on_terminal(self, *arguments: str, typed: str = "") -> Ran:
        """Run a command on a terminal of 80 columns, on which this was typed before."""
        import pty  # noqa: PLC0415  # Windows has none

        ours, theirs = pty.openpty()
        os.write(ours, typed.encode())
        shown = asyncio.create_task(asyncio.to_thread(_everything, ours))
        with (
            os.fdopen(theirs, "r", encoding="utf-8") as stdin,
            os.fdopen(os.dup(theirs), "w", encoding="utf-8") as stdout,
            self.monkeypatch.context() as patch,
        ):
            patch.setattr("sys.stdin", stdin)
            patch.setattr("sys.stdout", stdout)
            patch.setattr("sys.stderr", stdout)
            patch.setenv("TERM", "xterm")
            patch.setenv("COLUMNS", "80")
            code = await asyncio.to_thread(main, arguments)
        return Ran(code, await shown, "")

    def states(self) -> set[str]:
        """The states of all groups on the server."""
        return {group.state for group in self.fake.groups.values()}


@pytest_asyncio.fixture
async def shell(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Shell]:
    """A server with a storm of alert groups."""
    fake = FakeOnCall()
    seed_storm(fake, GROUPS)
    async with serve(fake) as url:
        monkeypatch.setenv("GRAFANA_ONCALL_URL", url)
        monkeypatch.setenv("GRAFANA_ONCALL_ACCESS_TOKEN", fake.token)
        monkeypatch.delenv("GRAFANA_URL", raising=False)
        yield Shell(fake, url, capsys, monkeypatch)
