"""The command on a terminal: tables, questions, a bar, and Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

import attrs
import pytest

from tests.cli.conftest import Shell
from tests.support.programs import PATIENCE

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pty")


@attrs.define
class Terminal:
    """A command on a terminal of its own."""

    process: Process
    side: int
    """Our side of the terminal."""
    shown: str = ""
    """What it has shown so far."""

    async def until(self, words: str) -> None:
        """Read until the command has shown these words."""
        while words not in self.shown:
            self.shown += await asyncio.to_thread(self._read)

    async def end(self) -> int:
        """Read the rest, and return the exit code."""
        while text := await asyncio.to_thread(self._read):
            self.shown += text
        return await self.process.wait()

    def type(self, text: str) -> None:
        """Type a text."""
        os.write(self.side, text.encode())

    def _read(self) -> str:
        try:
            return os.read(self.side, 65536).decode(errors="replace")
        except OSError:
            return ""  # the other side is closed


@asynccontextmanager
async def terminal(*arguments: str, **more: str) -> AsyncGenerator[Terminal]:
    """Run the command on a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "grafana_oncall", *arguments),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "COLUMNS": "80", "TERM": "xterm", **more},
        start_new_session=True,
    )
    os.close(theirs)
    try:
        async with asyncio.timeout(PATIENCE):
            yield Terminal(process, ours)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        os.close(ours)


@pytest.mark.parametrize(("more", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
async def test_a_list_is_a_table(shell: Shell, more: dict[str, str], *, coloured: bool) -> None:
    """With a heading and colours, unless somebody wants none."""
    async with terminal("groups", "list", "--limit", "3", **more) as shown:
        assert await shown.end() == 0
    assert "title" in shown.shown
    assert next(iter(shell.fake.groups)) in shown.shown
    assert ("\x1b[1;31m" in shown.shown or "\x1b[3" in shown.shown) is coloured


@pytest.mark.parametrize(("answer", "code", "left"), [("y\n", 0, False), ("\n", 2, True)])
async def test_a_query_is_acted_on_when_somebody_says_yes(
    shell: Shell, answer: str, code: int, *, left: bool
) -> None:
    """The question says how many groups match; nothing but yes is one."""
    firing = [group for group in shell.fake.groups.values() if group.state == "firing"]
    async with terminal("groups", "resolve", "--state", "firing") as shown:
        await shown.until("[y/N]")
        shown.type(answer)
        assert await shown.end() == code
    assert f"{len(firing)} alert groups match" in shown.shown
    assert ("firing" in shell.states()) is left


async def test_ctrl_c_gives_the_true_report_and_no_traceback(shell: Shell) -> None:
    """Groups whose request was in flight are unknown."""
    shell.fake.latency = timedelta(milliseconds=50)
    async with terminal("groups", "resolve", "--state", "firing", "--yes", "--at-once", "1") as it:
        await it.until("acting")
        os.killpg(it.process.pid, signal.SIGINT)
        assert await it.end() == 130
    assert "Traceback" not in it.shown
    assert "Interrupted" in it.shown
    assert "resolve:" in it.shown
    assert "firing" in shell.states()


async def test_changes_are_a_live_table(shell: Shell) -> None:
    """Until Ctrl-C."""
    group_id = next(iter(shell.fake.groups))
    async with terminal("watch", "--existing") as shown:
        await shown.until(group_id[:6])
        os.killpg(shown.process.pid, signal.SIGINT)
        assert await shown.end() == 130
    assert "Traceback" not in shown.shown
