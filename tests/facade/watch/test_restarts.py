"""Watching: the next watcher continues where the last one ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grafana_oncall._watch.checkpoint import Checkpoint
from grafana_oncall._watch.watcher import Watcher
from grafana_oncall.changes import Change, Watched
from grafana_oncall.testing import FakeOnCall
from tests.support.watchers import SRE, add, enter, polls, reported, watch_with, watching

watch = pytest.fixture(watch_with)


async def first(watcher: Watcher, number: int) -> list[Watched]:
    """Take so many changes; the last one stays in flight."""
    seen: list[Watched] = []
    stream = aiter(watcher)
    while len(seen) < number:
        seen.append(await anext(stream))
    return seen


@pytest.mark.parametrize("kind", ["value", "JSON", "file", "name of a file"])
async def test_the_next_watcher_reports_what_was_in_flight_and_the_rest(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path, kind: str
) -> None:
    """Nothing that was reported."""
    path = tmp_path / "bot.json"
    place = {"file": path, "name of a file": str(path)}.get(kind)
    groups = add(fake, 5)[::-1]
    watcher = watch(existing=True, checkpoint=place)
    assert reported(await first(watcher, 3)) == "Created Created Created"
    watcher.save()
    left: Any = watcher.checkpoint
    assert [group.id for group in left.groups] == [group.id for group in groups[:2]]
    if kind == "JSON":
        left = Checkpoint.from_json(left.to_json())
    async with watching(watch(checkpoint=place or left)) as seen:
        await polls(5)
    assert [change.id for change in seen if isinstance(change, Change)] == [
        group.id for group in groups[2:]
    ]


async def test_what_happened_between_two_watchers_is_reported(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path
) -> None:
    """As a difference from what the first one reported, after a Gap."""
    path = tmp_path / "bot.json"
    groups = add(fake, 4)
    async with watching(watch(checkpoint=path)):
        pass
    enter(groups[0], "resolved", fake)
    groups[1].labels.append(("team", "SRE"))
    del fake.groups[groups[2].id]
    new = fake.add_group()
    await asyncio.sleep(3600)
    async with watching(watch(checkpoint=path)) as seen:
        await polls(5)
    names = [reported(seen, group) for group in [*groups, new]]
    assert names == ["Resolved", "LabelsChanged", "Deleted", "", "Created"]
    assert reported(seen[:1]) == "Gap"
    assert len(seen) == 5
    async with watching(watch(checkpoint=path)) as seen:
        await polls(5)
    assert seen == []


async def test_a_quick_restart_is_not_a_gap(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path
) -> None:
    """Within two intervals."""
    fake.add_group()
    for _ in range(3):
        async with watching(watch(checkpoint=tmp_path / "bot.json")) as seen:
            pass
        await polls(1.5)
        assert seen == []


async def test_the_file_has_what_was_reported_a_second_ago(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path
) -> None:
    """Also in the middle of a poll with many changes."""
    path = tmp_path / "bot.json"
    add(fake, 10)
    number = 0
    async for _ in watch(existing=True, checkpoint=path):
        number += 1
        saved = Checkpoint.load(path)
        assert number == 1 or (saved is not None and len(saved.groups) >= number - 2)
        await asyncio.sleep(1.5)
        if number == 10:
            break
    assert number == 10


async def test_a_group_that_has_left_the_filter_is_not_followed_after_a_restart_either(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path
) -> None:
    """Until it returns; then it is not new."""
    path = tmp_path / "bot.json"
    group = fake.add_group(labels=SRE)
    async with watching(watch(labels=SRE, checkpoint=path)) as seen:
        group.labels.clear()
        await polls(2)
        assert reported(seen) == "LabelsChanged"
    enter(group, "acknowledged", fake)
    fake.calls.clear()
    async with watching(watch(labels=SRE, checkpoint=path)) as seen:
        await polls(2)
        assert seen == []
        assert {call.operation for call in fake.calls} == {"list_alert_groups"}
        group.labels.append(("team", "SRE"))
        await polls(2)
    assert reported(seen) == "Acknowledged LabelsChanged"
