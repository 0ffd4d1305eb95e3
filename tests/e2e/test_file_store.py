"""Processes that share a directory, and are paused and killed while they write there."""

from __future__ import annotations

import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import pytest

from grafana_oncall._core.files import unsealed
from grafana_oncall.errors import StoreUnavailable
from grafana_oncall.stores import FileStore, Opened
from tests.support.budget import budget
from tests.support.file_store_program import EVENTS, LOG, TOGETHER, batch
from tests.support.programs import python

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="signals are those of Linux")

PROGRAM: Final = str(Path(__file__).parents[1] / "support" / "file_store_program.py")


def written(writes: int) -> list[bytes]:
    """The lines of so many writes."""
    return [line for number in range(writes) for line in batch(number)]


async def acknowledged(process: Process, writes: int) -> int:
    """Read so many acknowledgements, and return the number of the last one."""
    assert process.stdout is not None
    return int([await process.stdout.readline() for _ in range(writes)][-1])


async def paused(process: Process, store: FileStore) -> Opened:
    """Pause a process, though not while it has the log locked, and open the log."""
    while True:
        process.send_signal(signal.SIGSTOP)
        try:
            return await store.open(LOG)
        except StoreUnavailable:
            process.send_signal(signal.SIGCONT)


async def test_a_process_that_was_paused_writes_nothing_once_another_has_taken_over(
    tmp_path: Path,
) -> None:
    """However often: what it was writing is there, or is refused."""
    store = FileStore(tmp_path, timeout=0.1)
    for turn in range(5):
        async with python(PROGRAM, "write", str(tmp_path)) as process:
            last = await acknowledged(process, 10)
            opened = await paused(process, store)
            assert len(opened.lines) >= (last + 1) * TOGETHER
            whole = len(opened.lines) // TOGETHER
            assert [*opened.lines] == written(whole)
            ours = batch(whole)
            assert await store.append(LOG, opened.fence, ours), turn
            process.send_signal(signal.SIGCONT)
            printed, _ = await process.communicate()
            assert printed.split()[-1:] == [b"refused"]
        assert [*await store.read(LOG)] == written(whole + 1)


async def test_a_process_that_is_killed_while_it_writes_loses_nothing_acknowledged(
    tmp_path: Path,
) -> None:
    """And what it was writing is there as a whole, or not at all."""
    store = FileStore(tmp_path)
    for turn in range(budget(8, hunt=200)):
        async with python(PROGRAM, "write", str(tmp_path)) as process:
            last = await acknowledged(process, 1 + turn % 3)
            process.kill()
            printed, _ = await process.communicate()
            last += len(printed.split())
        readable = store.path(LOG).read_bytes().split(b"\n")[:-1]
        assert all(unsealed(line) for line in readable), "as whoever reads the file itself sees it"
        lines = [*await store.read(LOG)]
        assert len(lines) in {(last + 1) * TOGETHER, (last + 2) * TOGETHER}
        assert lines == written(len(lines) // TOGETHER)


@pytest.fixture
async def torn(tmp_path: Path) -> Callable[[int], Awaitable[bytes]]:
    """A function that lets a process die within its write, and returns all before that."""
    store = FileStore(tmp_path)
    opened = await store.open(LOG)
    for number in range(2):
        await store.append(LOG, opened.fence, batch(number))

    async def tear(room: int) -> bytes:
        before = store.path(LOG).read_bytes()
        number = before.count(b"\n") // TOGETHER
        async with python(PROGRAM, "torn", str(tmp_path), str(room)) as process:
            await process.communicate()
        assert process.returncode == -signal.SIGKILL
        assert store.path(LOG).read_bytes() == before + b"".join(batch(number))[:room]
        return before

    return tear


async def test_lines_that_were_written_in_part_are_completed(
    torn: Callable[[int], Awaitable[bytes]], tmp_path: Path
) -> None:
    """By whoever comes next, wherever the process died."""
    store, size = FileStore(tmp_path), len(b"".join(batch(0)))
    for number, room in enumerate((1, 600, size // 2, size - 1), start=2):
        await torn(room)
        assert [*await store.read(LOG)] == written(number + 1)


async def test_lines_are_completed_only_by_whoever_comes_next(
    torn: Callable[[int], Awaitable[bytes]], tmp_path: Path
) -> None:
    """And only if nobody has written anything else there since."""
    store = FileStore(tmp_path)
    before = await torn(0)
    assert [*(await store.open(LOG)).lines] == written(2)
    first = batch(2)[0]  # of what the dead process announced, as its successor begins with it
    store.path(LOG).write_bytes(before + first)
    assert [*await store.read(LOG)] == [*written(2), first]
    store.path(LOG).write_bytes(before)
    await store.open(LOG)
    await torn(600)
    other = b"other" + first[5:] + first[:40]
    store.path(LOG).write_bytes(before + other)
    assert [*await store.read(LOG)] == [*written(2), other[: len(first)]]


async def test_of_all_processes_one_gets_an_event(tmp_path: Path) -> None:
    """Receivers that start together trip over each other's first file, too."""
    async with AsyncExitStack() as stack:
        receivers = [
            await stack.enter_async_context(python(PROGRAM, "claim", str(tmp_path / "store")))
            for _ in range(3)
        ]
        printed = [await receiver.communicate() for receiver in receivers]
    assert {receiver.returncode for receiver in receivers} == {0}
    claimed = [int(number) for output, _ in printed for number in output.split()]
    assert sorted(claimed) == [*range(EVENTS)]
