"""Watching: a checkpoint belongs to one organization; all organizations share a URL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from grafana_oncall import OnCallClient
from grafana_oncall._watch.checkpoint import Checkpoint
from grafana_oncall._watch.watcher import Watcher
from grafana_oncall.changes import Watched
from grafana_oncall.errors import CheckpointError
from grafana_oncall.testing import FakeOnCall, VirtualClock, status
from tests.support.samples import BASE
from tests.support.watchers import add, collect, enter, polls, reported, watch_with, watching

watch = pytest.fixture(watch_with)


@pytest_asyncio.fixture
async def watch_other(clock: VirtualClock) -> AsyncGenerator[Callable[..., Watcher]]:
    """Watchers with the token of another organization, which has groups as well."""
    fake = FakeOnCall(clock=clock, seed=1)
    add(fake, 9)
    async with OnCallClient(url=BASE, token=fake.token, transport=fake.transport()) as client:
        yield watch_with(client, clock)


async def store(watch: Callable[..., Watcher], path: Path) -> None:
    """Leave a checkpoint of all groups."""
    async with watching(watch(checkpoint=path)) as seen:
        await polls()
    assert seen == []


@pytest.mark.parametrize("kind", ["file", "value"])
async def test_the_token_of_another_organization_ends_a_watcher_before_it_reports_anything(
    fake: FakeOnCall,
    watch: Callable[..., Watcher],
    watch_other: Callable[..., Watcher],
    tmp_path: Path,
    kind: str,
) -> None:
    """No group is reported as deleted or created, and the right token continues as before."""
    path, groups = tmp_path / "bot.json", add(fake, 3)
    await store(watch, path)
    before = Checkpoint.load(path)
    stranger = watch_other(checkpoint=path if kind == "file" else before)
    seen: list[Watched] = []
    with pytest.raises(CheckpointError, match="another organization's") as caught:
        async with asyncio.timeout(60):
            await collect(stranger, seen)
    assert caught.value.path == (str(path) if kind == "file" else None)
    assert (seen, Checkpoint.load(path)) == ([], before)
    enter(groups[0], "resolved", fake)
    async with watching(watch(checkpoint=path)) as seen:
        await polls()
    assert reported(seen) == "Resolved"


async def test_groups_that_were_all_deleted_but_one_are_reported(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path
) -> None:
    """The remaining one shows that it is the same organization, wherever it is in the list."""
    path, groups = tmp_path / "bot.json", add(fake, 7)
    await store(watch, path)
    for group in [*groups[:3], *groups[4:]]:
        del fake.groups[group.id]
    async with watching(watch(checkpoint=path)) as seen:
        await polls(2)
    assert reported(seen) == " ".join(["Deleted"] * 6)


async def test_one_or_two_groups_may_be_deleted_by_chance(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path
) -> None:
    """So nothing is concluded from that."""
    path = tmp_path / "bot.json"
    groups = add(fake, 2)
    await store(watch, path)
    for group in groups:
        del fake.groups[group.id]
    async with watching(watch(checkpoint=path)) as seen:
        await polls(2)
    assert reported(seen) == "Deleted Deleted"


async def test_groups_whose_deletion_was_being_reported_are_not_looked_up(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path
) -> None:
    """Only other groups can identify the organization; here there are too few."""
    path, groups = tmp_path / "bot.json", add(fake, 3)
    await store(watch, path)
    del fake.groups[groups[0].id]
    stream = aiter(watch(checkpoint=path))
    assert reported([await anext(stream)]) == "Deleted"
    for group in groups[1:]:
        del fake.groups[group.id]
    stored = Checkpoint.load(path)
    assert stored is not None
    async with watching(watch(checkpoint=stored)) as seen:
        await polls(2)
    assert reported(seen) == "Deleted Deleted Deleted"


async def test_a_restart_reads_one_more_group(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path
) -> None:
    """Once, whatever happens later; the first watcher of a file reads none."""
    path = tmp_path / "bot.json"
    add(fake, 30)
    await store(watch, path)
    assert {call.operation for call in fake.calls} == {"list_alert_groups"}
    fake.calls.clear()
    async with watching(watch(checkpoint=path)):
        await polls(3)
    assert [call.operation for call in fake.calls].count("get_alert_group") == 1


async def test_an_outage_at_a_restart_proves_nothing(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path
) -> None:
    """The organizations are compared once it has ended."""
    path, groups = tmp_path / "bot.json", add(fake, 3)
    await store(watch, path)
    fake.faults.add(status(503), times=3)
    enter(groups[0], "resolved", fake)
    async with watching(watch(checkpoint=path)) as seen:
        await asyncio.sleep(600)
    assert reported(seen) == "Resolved"
