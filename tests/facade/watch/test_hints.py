"""Watching: hints, as from webhooks."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall._watch.watcher import Watcher
from grafana_oncall.bot import Bot
from grafana_oncall.errors import InvalidArgument
from grafana_oncall.testing import FakeOnCall, VirtualClock
from tests.support.bots import hear, running
from tests.support.watchers import EVERY, SRE, enter, polls, reported, watch_with, watching

watch = pytest.fixture(watch_with)


async def test_a_hint_is_looked_at_at_once_and_reported_once(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """By one request for the group; the next poll has nothing more to report."""
    known, other = fake.add_group(), fake.add_group()
    watcher = watch()
    async with watching(watcher) as seen:
        enter(known, "resolved", fake)
        enter(other, "resolved", fake)
        new = fake.add_group()
        fake.calls.clear()
        for one in (known.id, new.id, known.id):
            watcher.hint(one)
        await asyncio.sleep(0.1)
        assert reported(seen) == "Resolved Created"
        assert [call.operation for call in fake.calls] == ["get_alert_group"] * 2
        await polls(10)
        assert reported(seen) == "Resolved Created Resolved"
        assert reported(seen, other) == "Resolved"


async def test_hints_at_what_is_gone_or_not_watched_report_what_is_true(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Unknown ids and groups outside the filter lead to nothing; a deletion is reported."""
    group, outside = fake.add_group(labels=SRE), fake.add_group()
    watcher = watch(labels=SRE)
    async with watching(watcher) as seen:
        del fake.groups[group.id]
        for one in ("NONESUCH", outside.id, group.id):
            watcher.hint(one)
        await asyncio.sleep(0.1)
        assert reported(seen) == reported(seen, group) == "Deleted"
        await polls(5)
        assert len(seen) == 1


@pytest.mark.parametrize("number", [31, 100])
async def test_hints_at_groups_that_no_poll_meets_are_read_one_by_one(
    fake: FakeOnCall, watch: Callable[..., Watcher], number: int
) -> None:
    """After one poll; and then the watcher is quiet again."""
    outside = [fake.add_group() for _ in range(number)]
    watcher = watch(labels=SRE)
    async with watching(watcher) as seen:
        fake.calls.clear()
        for group in outside:
            watcher.hint(group.id)
        await asyncio.sleep(EVERY / 3)
        asked = Counter(call.operation for call in fake.calls)
        assert asked["get_alert_group"] == number
        assert asked["list_alert_groups"] <= 5
        fake.calls.clear()
        await polls(4)
        assert len(fake.calls) <= 20
    assert seen == []


async def test_a_hint_that_comes_during_a_poll_counts(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Although the poll has read that group before it changed."""
    group = fake.add_group()
    watcher = watch(every=300)
    async with watching(watcher) as seen:
        await asyncio.sleep(290)
        fake.latency = timedelta(seconds=2)
        await asyncio.sleep(8)
        enter(group, "resolved", fake)
        watcher.hint(group.id)
        await asyncio.sleep(30)
        assert reported(seen) == "Resolved"


async def test_a_hint_at_a_group_that_is_busy_is_kept_until_it_is_not(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """Also when a poll comes in between."""
    group = fake.add_group()
    bot = Bot(oncall.alert_groups.watch(every=100, clock=clock, existing=True))
    reported = hear(bot, lasting=150)
    async with running(bot):
        await asyncio.sleep(50)
        group.alerts_count += 1
        bot.hint(group.id)
        await asyncio.sleep(101)
        assert reported == [("Created", group.id), ("AlertsAdded", group.id)]


async def test_a_hint_at_a_group_that_has_left_the_filter_reports_nothing(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """As polls do not."""
    group = fake.add_group(labels=SRE)
    watcher = watch(labels=SRE)
    async with watching(watcher) as seen:
        group.labels.clear()
        await polls()
        enter(group, "acknowledged", fake)
        watcher.hint(group.id)
        await polls()
    assert reported(seen) == "LabelsChanged"


@pytest.mark.parametrize("bad", ["", "a/b", 1])
async def test_a_hint_at_no_id_is_refused(watch: Callable[..., Watcher], bad: Any) -> None:
    """At once."""
    with pytest.raises(InvalidArgument):
        watch().hint(bad)
