"""Waiting for groups: how many requests it takes."""

from __future__ import annotations

import asyncio

import pytest

from grafana_oncall import OnCallClient, RetryPolicy
from grafana_oncall.errors import WaitTimeout
from grafana_oncall.testing import FakeOnCall, VirtualClock, status
from tests.support.samples import BASE
from tests.support.timeline import become
from tests.support.virtual_time import passed
from tests.support.waits import EVERY, add, ids, waiting


def requests_made(fake: FakeOnCall) -> int:
    """Requests since the previous call of this function."""
    number = len(fake.calls)
    fake.calls.clear()
    return number


@pytest.mark.parametrize("seen", ["state", "deleted"])
async def test_a_hundred_groups_are_checked_by_pages(
    fake: FakeOnCall, oncall: OnCallClient, seen: str
) -> None:
    """Not by a hundred requests at each check."""
    groups = add(fake, 100)
    wait = asyncio.create_task(waiting(oncall)[seen](ids(groups), timeout=600))
    await asyncio.sleep(EVERY - 1)
    requests_made(fake)
    for _ in range(5):
        await asyncio.sleep(EVERY)
        assert 1 <= requests_made(fake) <= 3
    wait.cancel()
    await asyncio.wait([wait])


async def test_a_thousand_groups_are_first_checked_by_pages_too(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Although their places in the list are not known yet."""
    groups = add(fake, 1000, "resolved")
    await oncall.alert_groups.wait_until(ids(groups), "resolved", timeout=60)
    assert requests_made(fake) == 20


@pytest.mark.parametrize(
    ("first", "last", "most"),
    [
        pytest.param(0, 10, 2, id="the newest, on a page"),
        pytest.param(30, 130, 4, id="on several pages"),
        pytest.param(1990, 2000, 12, id="the oldest, far from the first page"),
        pytest.param(1900, 2000, 41, id="more of the oldest than there are pages"),
    ],
)
async def test_a_first_check_costs_at_most_one_read_per_group_and_a_page_or_two(
    fake: FakeOnCall, oncall: OnCallClient, first: int, last: int, most: int
) -> None:
    """Pages are read for as long as they save requests."""
    groups = add(fake, 2000, "resolved")
    await oncall.alert_groups.wait_until(ids(groups[first:last]), "resolved", timeout=60)
    assert 1 <= requests_made(fake) <= most


async def test_after_a_failed_page_the_rest_is_still_looked_up_by_pages(
    fake: FakeOnCall,
) -> None:
    """Not one by one."""
    groups = add(fake, 1000, "resolved")
    fake.faults.choose(
        lambda request, _: status(503) if "page=2" in request.query and passed() < 1 else None
    )
    async with OnCallClient(
        url=BASE, token=fake.token, transport=fake.transport(), retry=RetryPolicy(max_attempts=1)
    ) as client:
        await client.alert_groups.wait_until(ids(groups), "resolved", timeout=60)
    assert requests_made(fake) == 22


async def test_groups_that_are_far_apart_do_not_cost_all_pages_in_between(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Four ids take about four requests, not one for every fifty groups in between."""
    groups = add(fake, 1000, "resolved")
    wanted = [groups[0], groups[300], groups[600], groups[999]]
    for group in wanted:
        group.resolved_at = None
    wait = asyncio.create_task(waiting(oncall)["state"](ids(wanted), timeout=600))
    await asyncio.sleep(1)
    requests_made(fake)
    await asyncio.sleep(EVERY)
    assert requests_made(fake) <= 6
    wait.cancel()
    await asyncio.wait([wait])


async def test_a_group_that_reached_the_state_is_not_checked_any_more(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """Each group that is left costs one request."""
    groups = add(fake, 3)
    for group in groups[:2]:
        become(group, "resolved", clock)
    with pytest.raises(WaitTimeout):
        await oncall.alert_groups.wait_until(ids(groups), "resolved", timeout=12)
    asked = [call.path.split("/")[-2] for call in fake.calls]
    assert asked == [*ids(groups), groups[2].id, groups[2].id]
