"""Watching: one reader at a time."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import sys
from collections.abc import Callable, Generator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from grafana_oncall import Checkpoint, Watcher
from grafana_oncall.bot import Bot
from grafana_oncall.changes import Change, Gap, Watched
from grafana_oncall.errors import CheckpointError, ClientStateError
from grafana_oncall.testing import FakeOnCall
from tests.support.bots import hear, run_for, running
from tests.support.odd_files import no_locks, without_locks
from tests.support.timeline import later
from tests.support.virtual_time import about, passed
from tests.support.watchers import (
    EVERY,
    SRE,
    add,
    collect,
    enter,
    polls,
    reported,
    watch_with,
    watching,
)

watch = pytest.fixture(watch_with)


def stream(watcher: Watcher) -> Any:
    """Generate the changes of a watcher."""
    return cast("Any", aiter(watcher))


@contextmanager
def all_limits_restored() -> Generator[None]:
    """Restore the limits of the process afterwards, so that files can grow."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def reap(child: int, *pipe: int) -> None:
    """End the child by closing its pipe."""
    for end in pipe:
        os.close(end)
    os.waitpid(child, 0)


async def test_a_second_loop_over_a_watcher_is_refused(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """The first one goes on."""
    watcher = watch()
    async with watching(watcher) as seen:
        with pytest.raises(ClientStateError, match="make one for each"):
            await collect(watcher, [])
        fake.add_group()
        await polls()
    assert reported(seen) == "Created"


async def test_a_bot_and_a_loop_do_not_share_a_watcher(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Nor do two bots."""
    fake.add_group()
    watcher = watch()
    async with watching(watcher):
        with pytest.raises(ClientStateError, match="make one for each"):
            await Bot(watcher).run(signals=())


async def test_a_loop_that_is_idle_at_a_change_is_replaced_by_another(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """The new one gets that change too; the first one is refused from then on."""
    group, *_ = add(fake, 3)[::-1]
    watcher = watch(existing=True)
    async with aclosing(stream(watcher)) as first, aclosing(stream(watcher)) as second:
        assert await anext(first) == await anext(second)
        enter(group, "resolved", fake)
        await anext(second)
        with pytest.raises(ClientStateError, match="has begun to read from this watcher"):
            await anext(first)
        rest = [await anext(second), await anext(second)]
    assert reported(rest) == "Created Resolved"


async def test_a_bot_that_waits_for_a_free_handler_is_not_replaced(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """It does not poll then, but is still running."""
    add(fake, 3)
    watcher = watch(existing=True)
    bot = Bot(watcher, max_at_once=1)
    handled = hear(bot, lasting=5)
    async with running(bot):
        await asyncio.sleep(7)
        with pytest.raises(ClientStateError, match="make one for each"):
            await Bot(watcher).run(signals=())
        with pytest.raises(ClientStateError, match="make one for each"):
            await collect(watcher, [])
        await asyncio.sleep(20)
    assert len(handled) == len({*handled}) == 3


@pytest.mark.parametrize("file", [None, "bot.json"], ids=["no file", "a file"])
async def test_a_gap_at_which_a_loop_ended_is_reported_to_the_next(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path, file: str | None
) -> None:
    """It is reported once, not to every later loop."""
    fake.add_group()
    watcher = watch(checkpoint=file and tmp_path / file)
    async with watching(watcher):
        began = watcher.health.polled
    await asyncio.sleep(3600)
    async for event in watcher:
        assert isinstance(event, Gap)
        break
    async with watching(watcher) as seen:
        await polls(2)
        assert reported(seen) == "Gap"
        assert cast("Gap", seen[0]).since == began
        assert watcher.checkpoint.polled == watcher.health.polled
    async with watching(watch(checkpoint=watcher.checkpoint)) as seen:
        await polls(2)
    assert seen == []


@pytest.mark.parametrize("file", [None, "bot.json"], ids=["no file", "a file"])
async def test_after_a_break_another_loop_continues(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path, file: str | None
) -> None:
    """At the next poll, with the change at which the first one ended."""
    add(fake, 4)
    watcher = watch(existing=True, checkpoint=file and tmp_path / file)
    seen: list[Watched] = []
    for _ in range(3):
        async for event in watcher:
            seen.append(event)
            if len(seen) % 2 == 0:
                break
    ids = [change.id for change in seen if isinstance(change, Change)]
    assert ids[1] == ids[2]
    assert ids[3] == ids[4]
    assert (len({*ids}), passed()) == (4, about(2 * EVERY))


async def test_a_second_watcher_with_the_same_file_is_refused(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path
) -> None:
    """After a while, in case the first one ends."""
    fake.add_group()
    path = tmp_path / "bot.json"
    async with watching(watch(checkpoint=path)) as seen:
        began = passed()
        with pytest.raises(CheckpointError, match=r"bot\.json: another watcher is using") as caught:
            await collect(watch(checkpoint=path), [])
        assert (caught.value.path, round(passed() - began)) == (str(path), 5)
        fake.add_group()
        await polls()
    assert reported(seen) == "Created"


async def test_a_second_watcher_with_the_same_file_waits_for_the_first_to_end(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path
) -> None:
    """It continues where that one ended, not where the file was when it was made."""
    path = tmp_path / "bot.json"
    async with watching(watch(checkpoint=path)) as first:
        second = watch(checkpoint=path)
        group = fake.add_group()
        await polls()
        seen: list[Watched] = []
        task = asyncio.create_task(collect(second, seen))
        await asyncio.sleep(3)
    await polls(2)
    task.cancel()
    await asyncio.wait([task])
    assert (reported(first, group), seen) == ("Created", [])


async def test_a_file_has_one_lock_under_all_its_names(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path
) -> None:
    """Writing through another name does not move the file."""
    path, link = tmp_path / "bot.json", tmp_path / "link.json"
    link.symlink_to(path)
    fake.add_group()
    async with watching(watch(checkpoint=path)):
        with pytest.raises(CheckpointError, match="another watcher is using"):
            await collect(watch(checkpoint=link), [])
    async with watching(watch(checkpoint=link)):
        pass
    assert link.is_symlink()


@pytest.mark.parametrize("kind", ["folder", "lock"])
async def test_a_file_that_cannot_be_locked_is_reported_with_its_path(
    watch: Callable[..., Watcher], tmp_path: Path, kind: str
) -> None:
    """As if it could not be written."""
    path = tmp_path / "missing" / "bot.json" if kind == "folder" else tmp_path / "bot.json"
    if kind == "lock":
        (tmp_path / "bot.json.lock").mkdir()
    with pytest.raises(CheckpointError, match=r"bot\.json: the checkpoint cannot be used"):
        await collect(watch(checkpoint=path), [])


@pytest.mark.parametrize("changes", [False, True])
async def test_the_first_of_two_watchers_whose_lock_file_was_removed_ends(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path, *, changes: bool
) -> None:
    """A cleanup program removed it. The first overwrites nothing of the second."""
    path, group = tmp_path / "bot.json", fake.add_group()
    seen: list[Watched] = []
    first = asyncio.create_task(collect(watch(checkpoint=path), seen))
    await polls(1.5)
    path.with_name("bot.json.lock").unlink()
    async with watching(watch(checkpoint=path)) as other:
        if changes:
            enter(group, "acknowledged", fake)
        await polls(2)
        with pytest.raises(CheckpointError, match="another watcher is using"):
            await first
        assert reported(other) == ("Acknowledged" if changes else "")
        enter(group, "resolved", fake)
        await polls(2)
    stored = Checkpoint.load(path)
    assert stored is not None
    assert [each.state for each in stored.groups] == ["resolved"]


async def test_a_lock_file_that_was_removed_is_recreated(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path
) -> None:
    """At the next poll; from then on, a second watcher is refused as before."""
    path = tmp_path / "bot.json"
    async with watching(watch(checkpoint=path)) as seen:
        path.with_name("bot.json.lock").unlink()
        await polls(2)
        with pytest.raises(CheckpointError, match="another watcher is using"):
            await collect(watch(checkpoint=path), [])
        fake.add_group()
        await polls(2)
    assert reported(seen) == "Created"


@no_locks
async def test_without_locks_a_watcher_works_only_if_that_is_requested(
    watch: Callable[..., Watcher], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """The error says how to request it."""
    path = tmp_path / "bot.json"
    without_locks(monkeypatch, number)
    with pytest.raises(CheckpointError, match=r"cannot be locked .*lock=False"):
        await collect(watch(checkpoint=path), [])
    for _ in range(2):
        async with watching(watch(checkpoint=path, lock=False)):
            assert path.exists()


async def test_a_bot_releases_its_file_when_it_ends(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path
) -> None:
    """The next one gets it at once."""
    fake.add_group()
    for _ in range(3):
        bot = Bot(watch(checkpoint=tmp_path / "bot.json"))
        began = passed()
        later(EVERY, bot.stop)
        await bot.run(signals=())
        assert passed() - began == about(EVERY)


async def test_a_watcher_that_cannot_use_a_file_releases_it(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path
) -> None:
    """It never writes to the file, which belongs to another filter by then."""
    path = tmp_path / "bot.json"
    stranger = watch(checkpoint=path, labels=SRE)
    async with watching(watch(checkpoint=path)):
        pass
    content = path.read_bytes()
    for _ in range(2):
        with pytest.raises(CheckpointError, match="with the filter"):
            await collect(stranger, [])
    assert path.read_bytes() == content
    async with watching(watch(checkpoint=path)) as seen:
        fake.add_group()
        await polls()
    assert reported(seen) == "Created"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
async def test_a_child_that_was_forked_meanwhile_does_not_keep_the_file(
    watch: Callable[..., Watcher], tmp_path: Path
) -> None:
    """It inherits the open lock, as it does all open files."""
    path = tmp_path / "bot.json"
    reading, writing = os.pipe()
    async with watching(watch(checkpoint=path)):
        child = os.fork()
        if not child:
            os.close(writing)
            os.read(reading, 1)
            os._exit(0)
    try:
        before = passed()
        async with watching(watch(checkpoint=path)) as seen:
            assert passed() - before == about(EVERY / 3)
    finally:
        reap(child, reading, writing)
    assert seen == []


async def test_a_bot_that_waits_for_its_file_can_be_stopped(
    watch: Callable[..., Watcher], tmp_path: Path
) -> None:
    """At once, without an error."""
    path = tmp_path / "bot.json"
    async with watching(watch(checkpoint=path)):
        began = passed()
        await run_for(Bot(watch(checkpoint=path)), 1)
        assert passed() - began == about(1)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
async def test_a_disk_that_was_full_once_is_not_an_error_for_the_next_loop(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path
) -> None:
    """Once there is room; nothing was reported that is not in the file."""
    groups = add(fake, 3)[::-1]
    path = tmp_path / "bot.json"
    seen: list[Watched] = []
    with all_limits_restored(), pytest.raises(CheckpointError, match="bot") as caught:  # noqa: PT012  # by the loop
        async for event in watch(existing=True, checkpoint=path):
            seen.append(event)
            resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 20, -1))
    assert isinstance(caught.value.__cause__, OSError)
    assert [change.id for change in seen if isinstance(change, Change)] == [groups[0].id]
    async with watching(watch(checkpoint=path)) as again:
        await polls(2)
    assert [change.id for change in again if isinstance(change, Change)] == [
        group.id for group in groups
    ]


async def test_a_cancelled_loop_that_cannot_save_is_cancelled_all_the_same(
    watch: Callable[..., Watcher], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The failure is logged."""
    (tmp_path / "d").mkdir()
    task = asyncio.create_task(collect(watch(checkpoint=tmp_path / "d" / "bot.json"), []))
    await asyncio.sleep(1)
    shutil.rmtree(tmp_path / "d")
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert "When watching ended: " in caplog.text


async def test_a_file_that_was_removed_is_rewritten(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path
) -> None:
    """At once, and in full."""
    group = fake.add_group()
    path = tmp_path / "bot.json"
    async with watching(watch(checkpoint=path)) as seen:
        path.unlink()
        enter(group, "resolved", fake)
        await polls()
        assert reported(seen) == "Resolved"
        left = Checkpoint.load(path)
    assert left is not None
    assert [group.id for group in left.groups] == [group.id]
