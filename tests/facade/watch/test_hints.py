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
from grafana_oncall.testing import FakeOnCall, VirtualClock, status
from tests.support.bots import hear, running
from tests.support.samples import BASE
from tests.support.watchers import (
    LARGE_PAGES,
    SRE,
    add,
    enter,
    polls,
    reported,
    watch_with,
    watching,
)

watch = pytest.fixture(watch_with)


async def test_a_hinted_group_is_read_at_once_and_reported_once(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """With one request; the next poll has nothing more to report."""
    known, other = fake.add_group(), fake.add_group()
    watcher = watch()
    async with watching(watcher) as seen:
        enter(known, "resolved", fake)
        enter(other, "resolved", fake)
        new = fake.add_group()
        fake.calls.clear()
        for group_id in (known.id, new.id, known.id):
            watcher.hint(group_id)
        await asyncio.sleep(0.1)
        assert reported(seen) == "Resolved Created"
        assert [call.operation for call in fake.calls] == ["get_alert_group"] * 2
        await polls(10)
        assert reported(seen) == "Resolved Created Resolved"
        assert reported(seen, other) == "Resolved"


async def test_hints_about_deleted_or_unwatched_groups_report_what_is_true(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Unknown ids and groups outside the filter report nothing; a deletion is reported."""
    group, outside = fake.add_group(labels=SRE), fake.add_group()
    watcher = watch(labels=SRE)
    async with watching(watcher) as seen:
        del fake.groups[group.id]
        for group_id in ("NONESUCH", outside.id, group.id):
            watcher.hint(group_id)
        await asyncio.sleep(0.1)
        assert reported(seen) == reported(seen, group) == "Deleted"
        await polls(5)
        assert len(seen) == 1


@pytest.mark.parametrize("number", [31, 3000])
async def test_a_storm_of_hints_about_unwatched_groups_costs_few_requests(
    fake: FakeOnCall, watch: Callable[..., Watcher], number: int
) -> None:
    """Thirty are read by id; later polls send no more requests, and then it is idle."""
    outside = [fake.add_group() for _ in range(number)]
    watcher = watch(labels=SRE)
    async with watching(watcher) as seen:
        fake.calls.clear()
        for group in outside:
            watcher.hint(group.id)
        await polls(4)
        asked = Counter(call.operation for call in fake.calls)
        assert asked["get_alert_group"] == 30
        assert asked["list_alert_groups"] <= 20
    assert seen == []


async def test_hints_that_never_end_cost_one_request_in_five_seconds(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Besides the first thirty and a poll every 15 seconds, although polls are rarer."""
    outside = [fake.add_group() for _ in range(3600)]
    watcher = watch(labels=SRE, every=600)
    async with watching(watcher):
        fake.calls.clear()
        for group in outside:
            watcher.hint(group.id)
            await asyncio.sleep(1)
        asked = Counter(call.operation for call in fake.calls)
        assert 30 < asked["get_alert_group"] <= 30 + 3600 / 5
        assert asked["list_alert_groups"] <= 5 * 3600 / 15


@LARGE_PAGES
async def test_hints_about_many_tracked_groups_are_looked_up_on_pages(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Old resolved groups, which a poll would not read."""
    groups = add(fake, 300, apart=7200, state="resolved")
    async with watching(watcher := watch()) as seen:
        fake.calls.clear()
        for group in groups:
            group.alerts_count += 1
            watcher.hint(group.id)
        await polls(2)
        asked = Counter(call.operation for call in fake.calls)
    assert reported(seen) == "AlertsAdded " * 299 + "AlertsAdded"
    assert asked["get_alert_group"] <= 60
    assert asked.total() <= 100


async def test_hints_during_an_outage_are_bounded(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Dropped hints lose nothing, because new and open groups are read anyway."""
    watcher = watch()
    async with watching(watcher) as seen:
        fake.faults.add(status(503), lasting=timedelta(minutes=5))
        await polls(2)
        for number in range(100_000):
            watcher.hint(f"I{number}")
        new = fake.add_group()
        watcher.hint(new.id)
        await asyncio.sleep(300)
        fake.calls.clear()
        await polls(40)
        asked = Counter(call.operation for call in fake.calls)
    assert reported(seen, new) == "Created"
    assert asked["get_alert_group"] <= 30


async def test_writes_of_the_program_go_before_the_reads_of_hints(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """So that a storm of hints does not delay a bot's acknowledgements."""
    mine, other = fake.add_group(), [fake.add_group() for _ in range(30)]
    async with OnCallClient(
        url=BASE, token=fake.token, transport=fake.transport(), max_connections=1
    ) as client:
        watcher = client.alert_groups.watch(clock=clock)
        async with watching(watcher):
            fake.latency = timedelta(seconds=1)
            for group in other:
                watcher.hint(group.id)
            await asyncio.sleep(0.5)
            began = asyncio.get_running_loop().time()
            await client.alert_groups.acknowledge(mine.id)
            assert asyncio.get_running_loop().time() - began <= 2


async def test_a_hint_that_comes_during_a_poll_counts(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Although the poll had read the group before it changed."""
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


async def test_a_hint_about_a_busy_group_is_kept_until_it_is_free(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """Also across a poll in between."""
    group = fake.add_group()
    bot = Bot(oncall.alert_groups.watch(every=100, clock=clock, existing=True))
    reported = hear(bot, lasting=150)
    async with running(bot):
        await asyncio.sleep(50)
        group.alerts_count += 1
        bot.hint(group.id)
        await asyncio.sleep(101)
        assert reported == [("Created", group.id), ("AlertsAdded", group.id)]


async def test_a_hint_about_a_group_that_has_left_the_filter_reports_nothing(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Like polls."""
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
async def test_a_hint_that_is_not_an_id_is_refused(watch: Callable[..., Watcher], bad: Any) -> None:
    """At once."""
    with pytest.raises(InvalidArgument):
        watch().hint(bad)
