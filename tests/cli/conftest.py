"""The command, against a fake server on a socket."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncGenerator
from typing import Any

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


@attrs.frozen
class Shell:
    """Runs commands with the settings of a server in the environment."""

    fake: FakeOnCall
    url: str
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    async def __call__(self, *arguments: str, stdin: str = "") -> Ran:
        """Run a command whose output goes to another program."""
        self.monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        code = await asyncio.to_thread(main, arguments)
        out, err = self.capsys.readouterr()
        return Ran(code, out, err)

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
