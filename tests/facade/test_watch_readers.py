"""Watching: one reader at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import pytest

from grafana_oncall import Watcher
from grafana_oncall.bot import Bot
from grafana_oncall.changes import Change, Watched
from grafana_oncall.errors import CheckpointError, ClientStateError
from grafana_oncall.testing import FakeOnCall
from tests.facade.timeline import later, passed
from tests.facade.watchers import EVERY, add, collect, polls, told, watch_with, watching

watch = pytest.fixture(watch_with)


def stream(watcher: Watcher) -> Any:
    """Its changes, one by one."""
    return cast("Any", aiter(watcher))


async def test_a_second_loop_over_a_watcher_is_refused(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """And the first one goes on."""
    watcher = watch()
    async with watching(watcher) as seen:
        with pytest.raises(ClientStateError, match="make one for each"):
            await collect(watcher, [])
        fake.add_group()
        await polls()
    assert told(seen) == "Created"


async def test_a_bot_and_a_loop_do_not_share_a_watcher(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Nor do two bots."""
    fake.add_group()
    watcher = watch()
    async with watching(watcher):
        with pytest.raises(ClientStateError, match="make one for each"):
            await Bot(watcher).run(signals=())


async def test_a_loop_that_waits_at_a_change_gives_way_to_another(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Which is told that change again; the first one is told what became of it."""
    add(fake, 3)
    watcher = watch(existing=True)
    async with aclosing(stream(watcher)) as first, aclosing(stream(watcher)) as second:
        assert await anext(first) == await anext(second)
        await anext(second)
        await anext(first)
        await anext(first)
        with pytest.raises(ClientStateError, match="reads from this watcher since"):
            await anext(first)
        assert told([await anext(second)]) == "Created"


@pytest.mark.parametrize("file", [None, "bot.json"], ids=["no file", "a file"])
async def test_after_a_break_another_loop_goes_on(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path, file: str | None
) -> None:
    """At the next poll, with the change at which the first one ended."""
    add(fake, 4)
    watcher = watch(existing=True, checkpoint=file and tmp_path / file)
    seen: list[Watched] = []
    for _ in range(3):
        async for one in watcher:
            seen.append(one)
            if len(seen) % 2 == 0:
                break
    ids = [one.id for one in seen if isinstance(one, Change)]
    assert ids[1] == ids[2]
    assert ids[3] == ids[4]
    assert (len({*ids}), passed()) == (4, 2 * EVERY)


async def test_a_second_watcher_of_a_file_is_refused(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path
) -> None:
    """After a while in which the first one might have ended."""
    fake.add_group()
    path = tmp_path / "bot.json"
    async with watching(watch(checkpoint=path)) as seen:
        began = passed()
        with pytest.raises(CheckpointError, match=r"bot\.json: another watcher uses") as caught:
            await collect(watch(checkpoint=path), [])
        assert (caught.value.path, round(passed() - began)) == (str(path), 5)
        fake.add_group()
        await polls()
    assert told(seen) == "Created"


async def test_a_second_watcher_of_a_file_waits_for_the_first_one_to_end(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path
) -> None:
    """And goes on from where that ended, not from where the file was when it was made."""
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
    assert (told(first, group), seen) == ("Created", [])


@pytest.mark.parametrize("kind", ["folder", "lock"])
async def test_a_file_that_cannot_be_locked_is_told_with_its_path(
    watch: Callable[..., Watcher], tmp_path: Path, kind: str
) -> None:
    """As one that cannot be written."""
    path = tmp_path / "missing" / "bot.json" if kind == "folder" else tmp_path / "bot.json"
    if kind == "lock":
        (tmp_path / "bot.json.lock").mkdir()
    with pytest.raises(CheckpointError, match=r"bot\.json: the checkpoint cannot be used"):
        await collect(watch(checkpoint=path), [])


async def test_a_bot_lets_go_of_its_file_when_it_ends(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path
) -> None:
    """The next one has it at once."""
    fake.add_group()
    for _ in range(3):
        bot = Bot(watch(checkpoint=tmp_path / "bot.json"))
        began = passed()
        later(EVERY, bot.stop)
        await bot.run(signals=())
        assert passed() - began == EVERY
