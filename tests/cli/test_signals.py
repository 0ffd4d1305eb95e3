"""Ctrl-C, SIGTERM, and readers that leave, which only a process of its own can meet."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import signal
import struct
import sys
import termios
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import attrs
import pytest

from tests.cli.conftest import Shell
from tests.support.programs import PATIENCE

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pty")
COMMAND = (sys.executable, "-m", "grafana_oncall")


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

    def resize(self, columns: int) -> None:
        """Give the window another width."""
        fcntl.ioctl(self.side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def _read(self) -> str:
        try:
            return os.read(self.side, 65536).decode(errors="replace")
        except OSError:
            return ""  # the other side is closed


@asynccontextmanager
async def terminal(*arguments: str) -> AsyncGenerator[Terminal]:
    """Run the command on a terminal."""
    ours, theirs = pty.openpty()
    environ = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, *arguments),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**environ, "TERM": "xterm"},
        start_new_session=True,
    )
    os.close(theirs)
    it = Terminal(process, ours)
    it.resize(80)
    try:
        async with asyncio.timeout(PATIENCE):
            yield it
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        os.close(ours)


async def test_ctrl_c_gives_the_true_report_and_no_traceback(shell: Shell) -> None:
    """Groups whose request was in flight are unknown."""
    shell.fake.latency = timedelta(milliseconds=50)
    async with terminal("groups", "resolve", "--state", "firing", "--yes", "--at-once", "1") as it:
        await it.until("acting")
        it.process.send_signal(signal.SIGINT)
        assert await it.end() == 130
    assert "Traceback" not in it.shown
    assert "Interrupted" in it.shown
    assert "resolve:" in it.shown
    assert "firing" in shell.states()


async def test_ctrl_c_is_an_answer_to_a_question(shell: Shell) -> None:
    """While asyncio runs, a read would go on."""
    async with terminal("groups", "resolve", "--state", "firing") as it:
        await it.until("[y/N]")
        it.process.send_signal(signal.SIGINT)
        assert await it.end() == 130
    assert "Traceback" not in it.shown
    assert "firing" in shell.states()


async def test_changes_are_a_live_table_until_ctrl_c(shell: Shell) -> None:
    """In a window of any size; the cursor is there again at the end."""
    group_id = next(iter(shell.fake.groups))
    async with terminal("watch", "--existing") as it:
        await it.until(group_id[:6])
        it.resize(40)
        await it.until("\x1b[2K")
        it.process.send_signal(signal.SIGINT)
        assert await it.end() == 130
    assert "Traceback" not in it.shown
    assert "\x1b[?25h" in it.shown.rpartition("\x1b[?25l")[2]


async def test_sigterm_ends_a_command_as_ctrl_c_does(shell: Shell, tmp_path: Path) -> None:
    """Half a file is not left, and the cursor is there again."""
    shell.fake.latency = timedelta(milliseconds=100)
    async with terminal("export", str(tmp_path / "groups.csv")) as it:
        await it.until("\x1b[?25l")
        it.process.send_signal(signal.SIGTERM)
        assert await it.end() == 143
    assert "Traceback" not in it.shown
    assert "\x1b[?25h" in it.shown
    assert _is_empty(tmp_path)


def _is_empty(folder: Path) -> bool:
    return not any(folder.iterdir())


async def test_sigterm_ends_a_background_job(shell: Shell) -> None:
    """Scripts have them ignore Ctrl-C."""
    ignoring = ("sh", "-c", 'trap "" INT; exec "$@"', "sh")
    process = await asyncio.create_subprocess_exec(
        *(*ignoring, *COMMAND, "watch", "--existing", "--json"), stdout=PIPE, stderr=PIPE
    )
    assert process.stdout is not None
    assert b"Created" in await process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    _, err = await process.communicate()
    assert (process.returncode, err) == (143, b"")
    assert shell.fake.calls


async def test_a_reader_that_leaves_is_no_error(shell: Shell) -> None:
    """As in `| head`."""
    reading, writing = os.pipe()
    os.close(reading)
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, "groups", "list"), stdout=writing, stderr=PIPE
    )
    os.close(writing)
    _, err = await process.communicate()
    assert (process.returncode, err) == (141, b"")
    assert shell.fake.calls


_EARLY = """
import signal, sys

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == "cyclopts":
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Interrupt())
from grafana_oncall._cli import main
sys.exit(main(["check"]))
"""


async def test_ctrl_c_during_the_start_is_no_traceback() -> None:
    """When most people press it: imports take half a second."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _EARLY), stdout=PIPE, stderr=PIPE
    )
    out, err = await process.communicate()
    assert (process.returncode, out, err) == (130, b"", b"")
