"""Watching: clocks of client and server that differ."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.changes import Gap
from grafana_oncall.testing import FakeOnCall, VirtualClock, status
from tests.support.watchers import EVERY, add, enter, polls, reported, watching


@pytest.mark.parametrize(
    "skew",
    [
        pytest.param(timedelta(minutes=minutes), id=f"{minutes} minutes")
        for minutes in (-400 * 24 * 60, -24 * 60, -10, 10, 24 * 60)
    ],
)
async def test_clocks_of_client_and_server_may_differ(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock, skew: timedelta
) -> None:
    """By more than a year: all is reported at the next poll, without a gap."""
    groups = add(fake, 60)
    watcher = oncall.alert_groups.watch(clock=lambda: clock() + skew)
    async with watching(watcher) as seen:
        for round_ in range(5):
            new = fake.add_group()
            resolved = fake.add_group(state="resolved")
            enter(groups[round_], "acknowledged", fake)
            del fake.groups[groups[-1 - round_].id]
            await polls()
            assert reported(seen, new) == "Created"
            assert reported(seen, resolved) == "Created Resolved"
            assert reported(seen, groups[round_]) == "Acknowledged"
            assert reported(seen, groups[-1 - round_]) == "Deleted"
        await polls(10)
    assert len(seen) == 25


async def test_a_watcher_continues_although_its_clock_has_fallen_behind(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """Like the clock of a machine without a battery, which restarts at its first day."""
    groups = add(fake, 60)
    watcher = oncall.alert_groups.watch(clock=clock)
    async with watching(watcher):
        pass
    enter(groups[0], "resolved", fake)
    enter(groups[1], "acknowledged", fake)
    behind = oncall.alert_groups.watch(
        checkpoint=watcher.checkpoint, clock=lambda: clock() - timedelta(days=400)
    )
    async with watching(behind) as seen:
        new = fake.add_group()
        await polls(3)
        assert behind.health.watched == 61
    assert [reported(seen, group) for group in (groups[0], groups[1], new)] == [
        "Resolved",
        "Acknowledged",
        "Created",
    ]
    assert len(seen) == 3


async def test_a_group_from_the_future_hides_no_other(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """The clock of its creator was wrong."""
    watcher = oncall.alert_groups.watch(clock=clock)
    async with watching(watcher) as seen:
        future = fake.add_group(started_at=clock() + timedelta(days=400))
        watcher.hint(future.id)
        await polls()
        assert reported(seen, future) == "Created"
        new = fake.add_group()
        await polls()
        enter(new, "acknowledged", fake)
        await polls()
    assert reported(seen, new) == "Created Acknowledged"
    later = oncall.alert_groups.watch(checkpoint=watcher.checkpoint, clock=clock)
    async with watching(later) as seen:
        enter(new, "resolved", fake)
        await polls(3)
    assert reported(seen, new) == "Resolved"


class Clock:
    """The client's clock, which someone sets."""

    def __init__(self, real: VirtualClock) -> None:
        self.real = real
        self.off = timedelta()

    def __call__(self) -> datetime:
        """Return the time it shows."""
        return self.real() + self.off


@pytest.mark.parametrize("days", [-400, -40, 40, 400])
async def test_setting_the_clock_makes_no_group_new_and_none_forgotten(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock, days: int
) -> None:
    """By more than the horizon, and back; what happens meanwhile is reported once."""
    shown = Clock(clock)
    groups = add(fake, 60)
    watcher = oncall.alert_groups.watch(clock=shown)
    async with watching(watcher) as seen:
        shown.off = timedelta(days=days)
        await polls(3)
        enter(groups[0], "resolved", fake)
        new = fake.add_group()
        await polls(3)
        shown.off = timedelta()
        await polls(10)
        assert watcher.health.watched == 61
    changes = [event for event in seen if not isinstance(event, Gap)]
    assert (reported(seen, groups[0]), reported(seen, new), len(changes)) == (
        "Resolved",
        "Created",
        2,
    )
    assert watcher.health.lag == timedelta(seconds=EVERY / 3)


async def test_a_clock_that_is_put_back_hides_no_gap(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """The loop's clock cannot be set."""
    shown = Clock(clock)
    fake.add_group()
    watcher = oncall.alert_groups.watch(clock=shown)
    async with watching(watcher) as seen:
        since = watcher.health.polled
        fake.faults.add(status(503), lasting=timedelta(minutes=30))
        await asyncio.sleep(60)
        shown.off = -timedelta(hours=2)
        await asyncio.sleep(3000)
    (gap,) = seen
    assert isinstance(gap, Gap)
    assert gap.since == since
    assert timedelta(minutes=30) <= gap.until - gap.since <= timedelta(minutes=40)


async def test_a_machine_that_slept_has_a_gap_although_the_loop_did_not_notice(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """The loop's clock stops, but the date moves on; what began meanwhile is reported."""
    began = clock()
    slept = Clock(clock)
    fake.add_group()
    watcher = oncall.alert_groups.watch(clock=slept)
    async with watching(watcher) as seen:
        slept.off = timedelta(days=3)
        fake.add_group(started_at=began + timedelta(days=3, seconds=1))
        await polls()
    assert reported(seen) == "Gap Created"
    assert isinstance(seen[0], Gap)
    assert seen[0].until - seen[0].since == timedelta(days=3, seconds=EVERY)
