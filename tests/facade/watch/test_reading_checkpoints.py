"""Watching: the checkpoint's file is read in a thread, while anything may happen to its watcher."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from grafana_oncall import Checkpoint, Watcher
from grafana_oncall.bot import Bot
from grafana_oncall.testing import FakeOnCall, MemoryStore
from tests.support.bots import running
from tests.support.replicas import Link
from tests.support.throttles import turn
from tests.support.watchers import add, collect, polls, reported, watch_with, watching

watch = pytest.fixture(watch_with)


@contextmanager
def busy_thread() -> Generator[None]:
    """Keep the only thread for files busy, so that nothing is read meanwhile."""
    ends, threads = threading.Event(), ThreadPoolExecutor(1)
    asyncio.get_running_loop().set_default_executor(threads)
    threads.submit(ends.wait)
    try:
        yield
    finally:
        ends.set()


@asynccontextmanager
async def reading(watcher: Watcher) -> AsyncGenerator[asyncio.Task[None]]:
    """Begin to iterate it; during the block, its file is being read."""
    with busy_thread():
        task = asyncio.create_task(collect(watcher, []))
        await turn()
        yield task


async def used_by_two(
    fake: FakeOnCall, watch: Callable[..., Watcher], path: Path
) -> tuple[Watcher, Checkpoint | None]:
    """A watcher of this file, which another one has used since; and what is in the file."""
    watcher = watch(existing=True, checkpoint=path)
    add(fake, 2)
    async with watching(watcher):
        pass
    add(fake, 3)
    async with watching(watch(checkpoint=path)) as seen:
        await polls(2)
    assert reported(seen) == "Created Created Created"
    return watcher, Checkpoint.load(path)


async def test_what_is_saved_while_the_file_is_read_does_not_replace_it(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path
) -> None:
    """Another watcher has used it: what this one knew would be reported again, as its past."""
    path = tmp_path / "bot.json"
    watcher, stored = await used_by_two(fake, watch, path)
    async with reading(watcher) as task:
        watcher.save()
        assert Checkpoint.load(path) == stored
    await polls()
    assert watcher.health.watched == 5
    await cancel(task)


async def cancel(task: asyncio.Task[Any]) -> None:
    """Cancel what reads the file, and wait for its end."""
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def test_a_loop_that_is_cancelled_while_the_file_is_read_leaves_it_as_it_is(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path
) -> None:
    """It ends at once, and another watcher continues."""
    path = tmp_path / "bot.json"
    watcher, stored = await used_by_two(fake, watch, path)
    for each in (watcher, watch(checkpoint=path)):
        async with reading(each) as task:
            await cancel(task)
            assert Checkpoint.load(path) == stored
    async with watching(watch(checkpoint=path)) as seen:
        await polls(2)
    assert seen == []


async def test_a_bot_that_is_stopped_while_the_file_is_read_leaves_it_as_it_is(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path
) -> None:
    """Without a poll it knows nothing, which is not written."""
    path = tmp_path / "bot.json"
    watcher, stored = await used_by_two(fake, watch, path)
    for each in (watcher, watch(checkpoint=path)):
        bot = Bot(each)
        with busy_thread():
            async with running(bot) as task:
                await turn()
                bot.stop()
                await task
        assert Checkpoint.load(path) == stored


async def test_a_loop_that_is_cancelled_before_its_first_poll_writes_nothing(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path
) -> None:
    """The file has all that it knows, and may be large."""
    path = tmp_path / "bot.json"
    watcher, _ = await used_by_two(fake, watch, path)
    number = path.stat().st_ino
    fake.latency = timedelta(seconds=2)
    for each in (watcher, watch(checkpoint=path)):
        task = asyncio.create_task(collect(each, []))
        await asyncio.sleep(1)
        assert each.health.watched == 5
        await cancel(task)
        assert path.stat().st_ino == number, "it was not replaced"


async def test_a_file_that_is_removed_while_it_is_read_begins_anew(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path
) -> None:
    """As one that is not there; a watcher that has read it before knows what it knew."""
    path = tmp_path / "bot.json"
    watcher, _ = await used_by_two(fake, watch, path)
    async with reading(watcher) as task:
        path.unlink()
    await polls()
    left = Checkpoint.load(path)
    assert left is not None
    assert watcher.health.watched == len(left.groups) == 5
    await cancel(task)


async def test_a_loop_is_cancelled_while_a_checkpoint_is_read_although_its_store_goes_away(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """There is nothing to write, so only the next replica waits until the lease has ended."""
    link = Link(MemoryStore())
    add(fake, 2)
    async with watching(watch(existing=True, checkpoint=link.checkpoint())):
        await polls()
    async with reading(watch(checkpoint=link.checkpoint())) as task:
        link.break_("held")
        await cancel(task)
