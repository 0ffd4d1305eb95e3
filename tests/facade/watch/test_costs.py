"""Watching: how many requests a poll costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from random import Random
from typing import Any, cast

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.changes import Change, Watched
from grafana_oncall.testing import FakeAlertGroup, FakeOnCall, VirtualClock
from tests.support.samples import BASE
from tests.support.watchers import LARGE_PAGES, enter, polls, reported, watching

pytestmark = LARGE_PAGES


def crowd(fake: FakeOnCall, apart: float = 200.0, **numbers: int) -> list[FakeAlertGroup]:
    """Add so many groups of each state, spread over the last weeks."""
    began = fake.now()
    states = [state for state, number in numbers.items() for _ in range(number)]
    Random(5).shuffle(states)  # noqa: S311  # no secret
    return [
        fake.add_group(
            started_at=began - timedelta(seconds=apart * number), state=cast("Any", state)
        )
        for number, state in enumerate(states)
    ]


@asynccontextmanager
async def watching_many(fake: FakeOnCall, clock: VirtualClock) -> AsyncGenerator[list[Watched]]:
    """As `watching`, but the first poll reads large pages, to save the test's time."""
    async with OnCallClient(url=BASE, token=fake.token, transport=fake.transport()) as client:
        fake._world.page_size = 2500
        async with watching(client.alert_groups.watch(clock=clock)) as seen:
            fake._world.page_size = 50
            fake.calls.clear()
            yield seen


async def cost(fake: FakeOnCall, number: int) -> list[int]:
    """Return the requests of so many polls."""
    counts: list[int] = []
    for _ in range(number):
        fake.calls.clear()
        await polls()
        counts.append(len(fake.calls))
    return counts


@pytest.mark.parametrize(
    ("numbers", "most"),
    [
        pytest.param({"resolved": 9_990, "firing": 10}, 5, id="nearly all resolved"),
        pytest.param({"resolved": 9_700, "firing": 300}, 10, id="some open"),
        pytest.param(
            {"resolved": 9_600, "firing": 130, "acknowledged": 130, "silenced": 140},
            12,
            id="as many open as are read each time",
        ),
        pytest.param({"resolved": 9_500, "firing": 500}, 10, id="more than that"),
        pytest.param({"firing": 10_000}, 10, id="all open"),
    ],
)
async def test_an_idle_poll_of_10000_groups_costs_few_requests(
    fake: FakeOnCall, clock: VirtualClock, numbers: dict[str, int], most: int
) -> None:
    """At most so many, always the same number, and all of them lists."""
    crowd(fake, **numbers)
    async with watching_many(fake, clock) as seen:
        counts = await cost(fake, 6)
        assert {call.operation for call in fake.calls} == {"list_alert_groups"}
    assert seen == []
    assert max(counts) <= most


async def test_where_all_groups_are_on_one_page_a_poll_costs_one_request(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """It has the open groups, the old ones, and what is missing."""
    groups = crowd(fake, resolved=25, firing=15, acknowledged=10)
    async with watching_many(fake, clock) as seen:
        assert await cost(fake, 6) == [1] * 6
        opened = next(group for group in groups if group.state == "firing")
        enter(opened, "resolved", fake)
        assert await cost(fake, 1) == [1]
        del fake.groups[groups[-1].id]
        assert await cost(fake, 2) == [2, 1]  # a group that is missing is read by its id
    assert (reported(seen, opened), reported(seen, groups[-1])) == ("Resolved", "Deleted")
    assert len(seen) == 2


async def test_after_a_storm_an_idle_poll_soon_costs_few_requests(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """1,500 groups within the overlap are not read at each poll for ever."""
    crowd(fake, apart=0.1, resolved=1_200, firing=300)
    async with watching_many(fake, clock) as seen:
        await polls(22)
        counts = await cost(fake, 3)
    assert seen == []
    assert max(counts) <= 12


async def test_everything_about_many_open_groups_is_reported_in_turn(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """For 1,000 of them, within one round through all pages."""
    groups = crowd(fake, firing=1_000)
    async with watching_many(fake, clock) as seen:
        enter(groups[500], "resolved", fake)
        del fake.groups[groups[700].id]
        await polls(6)
    assert (reported(seen, groups[500]), reported(seen, groups[700])) == ("Resolved", "Deleted")
    assert len(seen) == 2


async def test_when_all_groups_are_resolved_at_once_all_are_reported(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """Once each, with a bounded number of requests per poll."""
    groups = crowd(fake, resolved=2_000, firing=390)
    firing = [group for group in groups if group.state == "firing"]
    async with watching_many(fake, clock) as seen:
        for group in firing:
            enter(group, "resolved", fake)
        counts = await cost(fake, 30)
    assert max(counts) <= 45
    assert Counter(reported(seen).split()) == {"Resolved": 390}
    assert len({change.id for change in seen if isinstance(change, Change)}) == 390
