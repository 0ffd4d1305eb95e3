"""Watching a server that fails."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime, timedelta
from itertools import count, pairwise
from typing import Any, cast

import pytest

from grafana_oncall import OnCallClient, RetryPolicy
from grafana_oncall.changes import Change, Gap, Watched
from grafana_oncall.testing import (
    FakeOnCall,
    FakeRequest,
    Fault,
    VirtualClock,
    hang,
    html,
    refuse,
    reset,
    status,
    throttle,
    truncate,
)
from tests.support import virtual_time
from tests.support.samples import BASE
from tests.support.watchers import EVERY, add, enter, meanwhile, polls, reported, watching

ONCE = RetryPolicy(max_attempts=1)


@pytest.fixture
async def impatient(fake: FakeOnCall) -> AsyncGenerator[OnCallClient]:
    """A client with a timeout of 2 seconds and a single attempt."""
    async with OnCallClient(
        url=BASE, token=fake.token, transport=fake.transport(), timeout=2, retry=ONCE
    ) as client:
        yield client


def requests(fake: FakeOnCall) -> list[float]:
    """Collect the times of the requests from now on, by the loop's clock."""
    times: list[float] = []
    meanwhile(fake, lambda _: times.append(virtual_time.loop().time()))
    return times


OUTAGES = {
    "503": status(503),
    "502": status(502),
    "500": status(500),
    "reset": reset(),
    "refuse": refuse(),
    "hang": hang(),
    "truncate": truncate(),
    "a login page": html(),
    "429": throttle(1800),
}


async def test_an_absurd_retry_after_blinds_a_watcher_for_minutes_only(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """After the server has recovered, although it announced a pause of years."""
    watcher = oncall.alert_groups.watch(clock=clock)
    async with watching(watcher) as seen:
        fake.faults.add(status(429, headers={"Retry-After": "86400000"}))
        await polls(2)
        (group,) = add(fake, 1, state="firing")
        await asyncio.sleep(900 + 300)
        assert reported(seen, group) == "Created"


@pytest.mark.parametrize("fault", [pytest.param(one, id=name) for name, one in OUTAGES.items()])
async def test_after_an_outage_a_gap_and_all_remaining_changes_are_reported(
    fake: FakeOnCall, impatient: OnCallClient, clock: VirtualClock, fault: Fault
) -> None:
    """Each change once; what was done and undone meanwhile is not seen."""
    groups = add(fake, 6, state="firing")
    watcher = impatient.alert_groups.watch(clock=clock)
    async with watching(watcher) as seen:
        await polls(2)
        last = watcher.health.polled
        fake.calls.clear()
        fake.faults.add(fault, lasting=timedelta(seconds=1800))
        await polls(3)
        enter(groups[0], "resolved", fake)
        enter(groups[1], "acknowledged", fake)
        new = fake.add_group()
        del fake.groups[groups[2].id]
        groups[3].alerts_count += 1
        await polls(2)
        enter(groups[1], "firing", fake)
        await asyncio.sleep(1800 - 6 * EVERY)
        assert seen == []
        assert 1 <= len(fake.calls) <= 20
        assert watcher.health.lag == clock() - last if last else None
        await asyncio.sleep(400)
        gaps = [event for event in seen if isinstance(event, Gap)]
        rest = [change for change in seen if isinstance(change, Change)]
        # A poll that waits for the server to accept requests is late, and so is the next.
        assert gaps == seen[:1] or fault.kind == "throttle"
        assert gaps[0].since == last
        assert gaps[-1].until - gaps[0].since >= timedelta(seconds=1800)
        assert all(one.until == other.since for one, other in pairwise(gaps))
        assert reported(rest, groups[0]) == "Resolved"
        assert reported(rest, groups[2]) == "Deleted"
        assert reported(rest, groups[3]) == "AlertsAdded"
        assert reported(rest, new) == "Created"
        await polls(20)
        assert (len(seen), watcher.health.failures) == (len(gaps) + 4, 0)


async def test_polls_back_off_in_an_outage_and_recover(
    fake: FakeOnCall, impatient: OnCallClient, clock: VirtualClock
) -> None:
    """The interval doubles up to five minutes; afterwards it is as before."""
    watcher = impatient.alert_groups.watch(clock=clock)
    async with watching(watcher):
        times = requests(fake)
        fake.faults._entries.insert(0, fake.faults._entries.pop())  # so that it comes first
        fake.faults.add(status(503), times=7)
        await asyncio.sleep(2000)
    pauses = [later - earlier for earlier, later in pairwise(times) if later > earlier]
    assert pauses[:7] == [30, 60, 120, 240, 300, 300, 300]
    assert set(pauses[7:]) == {EVERY}


async def test_a_long_interval_is_not_made_shorter_by_a_failure(
    fake: FakeOnCall, impatient: OnCallClient, clock: VirtualClock
) -> None:
    """It is not made longer either."""
    async with watching(impatient.alert_groups.watch(clock=clock, every=3600)):
        times = requests(fake)
        fake.faults._entries.insert(0, fake.faults._entries.pop())  # so that it comes first
        fake.faults.add(status(503), times=3)
        await asyncio.sleep(6 * 3600)
    assert {later - earlier for earlier, later in pairwise(times) if later > earlier} == {3600}


@pytest.mark.parametrize("number", range(8))
async def test_a_poll_that_fails_in_the_middle_is_repeated(
    fake: FakeOnCall, impatient: OnCallClient, clock: VirtualClock, number: int
) -> None:
    """Nothing is lost, and nothing is reported twice."""
    fake._world.page_size = 4
    groups = add(fake, 10)
    async with watching(impatient.alert_groups.watch(clock=clock)) as seen:
        left = [*range(number + 1)]

        def choose(_: FakeRequest, __: str | None) -> Fault | None:
            return status(503) if left and left.pop(0) == number else None

        fake.faults.choose(choose)
        enter(groups[0], "resolved", fake)
        del fake.groups[groups[8].id]
        groups[5].alerts_count += 1
        await polls(12)
    assert left == []
    assert [reported(seen, groups[index]) for index in (0, 5, 8)] == [
        "Resolved",
        "AlertsAdded",
        "Deleted",
    ]
    assert Counter(reported(seen).split())["Gap"] == len(seen) - 3 <= 1


@pytest.mark.parametrize("number", range(6))
async def test_an_outage_during_the_first_poll_is_waited_out(
    fake: FakeOnCall, impatient: OnCallClient, clock: VirtualClock, number: int
) -> None:
    """Groups that existed at the start are not reported, whenever they are read."""
    fake._world.page_size = 3
    add(fake, 20)
    left = [*range(number + 1)]
    fake.faults.choose(lambda *_: reset() if left and left.pop(0) == number else None)
    async with watching(impatient.alert_groups.watch(clock=clock)) as seen:
        await polls(5)
        assert seen == []
        fake.add_group()
        await polls(1)
    assert (left, reported(seen)) == ([], "Created")


@pytest.mark.parametrize("existing", [False, True])
async def test_what_began_during_an_outage_at_the_start_is_reported(
    fake: FakeOnCall, impatient: OnCallClient, clock: VirtualClock, *, existing: bool
) -> None:
    """After a Gap since the first attempt; older groups only on request."""
    add(fake, 120)
    fake.faults.add(status(503), lasting=timedelta(minutes=20))
    began = clock()
    watcher = impatient.alert_groups.watch(clock=clock, existing=existing)
    async with watching(watcher) as seen:
        await asyncio.sleep(600)
        new = fake.add_group()
        over = fake.add_group(state="resolved")
        assert (seen, watcher.health.polled) == ([], None)
        await asyncio.sleep(1200)
        gap, *rest = seen
        assert isinstance(gap, Gap)
        assert gap.since == began
        assert (reported(rest, new), reported(rest, over)) == ("Created", "Created Resolved")
        assert len(rest) == (123 if existing else 3)
        await polls(5)
        assert len(seen) == 1 + len(rest)


async def test_a_change_in_an_outage_of_a_group_that_a_failed_first_poll_saw_is_reported(
    fake: FakeOnCall, impatient: OnCallClient, clock: VirtualClock
) -> None:
    """The next attempt does not take the new state for the initial one."""
    fake._world.page_size = 5
    groups = add(fake, 20)
    numbers, end = count(), clock() + timedelta(minutes=5)
    fake.faults.choose(lambda *_: status(503) if next(numbers) >= 2 and clock() < end else None)
    async with watching(impatient.alert_groups.watch(clock=clock)) as seen:
        await asyncio.sleep(100)
        enter(groups[0], "resolved", fake)
        await asyncio.sleep(900)
    assert reported(seen) == "Gap Resolved"


async def test_a_throttled_poll_goes_on_when_the_server_says(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """It is not a failure; the next poll is late by the pause."""
    group = fake.add_group()
    watcher = oncall.alert_groups.watch(clock=clock)
    async with watching(watcher) as seen:
        fake.faults.add(throttle(100))
        enter(group, "resolved", fake)
        await asyncio.sleep(99)
        assert (seen, watcher.health.failures) == ([], 0)
        await asyncio.sleep(20)
        assert reported(seen, group) == "Resolved"
        assert Counter(map(type, seen))[Gap] == 1
        await polls(10)
        assert len(seen) == 2


async def test_short_failures_that_the_client_retries_are_not_a_gap(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """A poll that ends in time is complete."""
    group = fake.add_group()
    async with watching(oncall.alert_groups.watch(clock=clock)) as seen:
        for _ in range(20):
            fake.faults.add(status(502))
            fake.faults.add(reset())
            await polls()
        enter(group, "resolved", fake)
        await polls()
    assert reported(seen) == "Resolved"


@pytest.mark.parametrize(("turns", "gaps"), [(0.5, 0), (0.9, 0), (1.4, 1), (3, 1), (100, 1)])
async def test_a_gap_is_reported_exactly_when_a_poll_was_late(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock, turns: float, gaps: int
) -> None:
    """By more than one interval; here the consumer gets slower and slower."""
    group = fake.add_group()
    seen: list[Watched] = []
    watcher = oncall.alert_groups.watch(clock=clock)
    async with asyncio.timeout(200 * EVERY), aclosing(cast("Any", aiter(watcher))) as stream:
        task = asyncio.ensure_future(anext(stream))
        await polls(0.5)
        group.alerts_count += 1
        seen.append(await task)
        polled = watcher.health.polled
        await polls(1 + turns)
        group.alerts_count += 1
        seen.append(await anext(stream))
        if gaps:
            assert seen[-1] == Gap(since=cast("datetime", polled), until=clock())
            seen.append(await anext(stream))
    assert reported(seen) == " ".join(["AlertsAdded", *["Gap"] * gaps, "AlertsAdded"])


async def test_hints_wait_for_the_end_of_an_outage(
    fake: FakeOnCall, impatient: OnCallClient, clock: VirtualClock
) -> None:
    """They do not make the client hammer a failing server."""
    group = fake.add_group()
    watcher = impatient.alert_groups.watch(clock=clock)
    async with watching(watcher) as seen:
        fake.faults.add(status(503), lasting=timedelta(minutes=20))
        await polls(2)
        fake.calls.clear()
        enter(group, "resolved", fake)
        for _ in range(600):
            watcher.hint(group.id)
            await asyncio.sleep(1)
        assert 1 <= len(fake.calls) <= 6
        await asyncio.sleep(1200)
    assert reported(seen, group) == "Resolved"


async def test_health_shows_an_outage(
    fake: FakeOnCall, impatient: OnCallClient, clock: VirtualClock
) -> None:
    """Before the first poll, while all is well, and during the outage."""
    add(fake, 3)
    watcher = impatient.alert_groups.watch(clock=clock)
    health = watcher.health
    assert (health.polled, health.lag, health.failures, health.watched) == (None, None, 0, 0)
    began = clock()
    async with watching(watcher):
        health = watcher.health
        assert (health.polled, health.failures, health.watched) == (began, 0, 3)
        assert health.lag == timedelta(seconds=EVERY / 3)
        fake.faults.add(status(503), lasting=timedelta(minutes=10))
        await asyncio.sleep(590)
        health = watcher.health
        assert (health.polled, health.failures) == (began, 5)
        assert health.lag == clock() - began
