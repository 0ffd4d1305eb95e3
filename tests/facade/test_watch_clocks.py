"""Watching: clocks of client and server that differ."""

from __future__ import annotations

from datetime import timedelta

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.testing import FakeOnCall, VirtualClock
from tests.facade.watchers import add, enter, polls, told, watching


@pytest.mark.parametrize(
    "skew",
    [
        pytest.param(timedelta(minutes=minutes), id=f"{minutes} minutes")
        for minutes in (-24 * 60, -10, 10, 24 * 60)
    ],
)
async def test_clocks_of_client_and_server_may_differ(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock, skew: timedelta
) -> None:
    """By up to a day, either way: everything is told at the next poll, and no gap is seen."""
    groups = add(fake, 60)
    watcher = oncall.alert_groups.watch(clock=lambda: clock() + skew)
    async with watching(watcher) as seen:
        for round_ in range(5):
            new = fake.add_group()
            resolved = fake.add_group(state="resolved")
            enter(groups[round_], "acknowledged", fake)
            del fake.groups[groups[-1 - round_].id]
            await polls()
            assert told(seen, new) == "Created"
            assert told(seen, resolved) == "Created Resolved"
            assert told(seen, groups[round_]) == "Acknowledged"
            assert told(seen, groups[-1 - round_]) == "Deleted"
        await polls(10)
    assert len(seen) == 25
