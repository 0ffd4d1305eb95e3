"""Faults lose nothing, hold up no other work, and leave nothing behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from grafana_oncall import Checkpoint, OnCallClient
from grafana_oncall._watch.watcher import Watcher
from grafana_oncall.bot import Bot
from grafana_oncall.changes import Gap
from grafana_oncall.errors import SelectionTooLarge
from grafana_oncall.testing import FakeOnCall, FakeRequest, Fault, VirtualClock, status
from tests.support.watchers import reported, watch_with, watching

watch = pytest.fixture(watch_with)


async def test_what_a_bot_has_handled_is_in_the_file_a_second_later(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path
) -> None:
    """Although no poll follows and nothing more is handled: a restart repeats none of it."""
    path = tmp_path / "bot.json"
    bot = Bot(watch(every=timedelta(hours=1), checkpoint=path))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(bot.run(signals=()))
        await asyncio.sleep(5)
        groups = [fake.add_group() for _ in range(5)]
        for group in groups:
            bot.hint(group.id)
        await asyncio.sleep(3)
        kept = Checkpoint.load(path)
        bot.stop()
    assert kept is not None
    assert {group.id for group in kept.groups} == {group.id for group in groups}


async def test_a_group_that_cannot_be_read_holds_up_no_other(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Its hint advances the next poll, but neither fails it nor causes a gap."""
    watcher = watch(every=timedelta(hours=1))
    async with watching(watcher) as seen:
        bad, good = fake.add_group(), fake.add_group()

        def broken(request: FakeRequest, _: str | None) -> Fault | None:
            return status(500) if bad.id in request.path else None

        fake.faults.choose(broken)
        for group in (bad, good):
            watcher.hint(group.id)
        await asyncio.sleep(10)
        assert reported(seen, good) == "Created"
        await asyncio.sleep(80)
        assert reported(seen, bad) == "Created"
        assert watcher.health.failures == 0
        assert not any(isinstance(event, Gap) for event in seen)


async def test_of_many_hints_none_is_lost_and_few_cost_a_request(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Of a storm of webhooks, 30 groups are read by id, and all others on the pages of a poll."""
    watcher = watch(every=timedelta(hours=1))
    async with watching(watcher) as seen:
        groups = [fake.add_group() for _ in range(200)]
        fake.calls.clear()
        for group in groups:
            watcher.hint(group.id)
        await asyncio.sleep(20)
        assert len(seen) == 200
        assert len(fake.calls) < 30 + 20


async def test_waiting_outlives_the_404s_of_a_gateway(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """After the first real response, its HTML says nothing about the endpoint."""
    group = fake.add_group()
    waiting = asyncio.create_task(
        oncall.alert_groups.wait_until(group.id, "resolved", timeout=60, every=2)
    )
    await asyncio.sleep(1)
    fake.faults.add(status(404), lasting=timedelta(seconds=8))
    await asyncio.sleep(5)
    group.resolved_at = fake.now()
    assert (await waiting).state == "resolved"


async def test_a_refused_selection_leaves_no_journal(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock, tmp_path: Path
) -> None:
    """So the same command can be repeated."""
    for _ in range(3):
        fake.add_group(started_at=clock.now())
    path = tmp_path / "run.jsonl"
    query = oncall.alert_groups.list(state="new")
    for _ in range(2):
        with pytest.raises(SelectionTooLarge):
            await oncall.alert_groups.bulk.resolve(query, max_items=2, journal=path)
        assert not path.exists()
