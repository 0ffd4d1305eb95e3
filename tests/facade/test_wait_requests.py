"""Waiting for groups: how much is asked for."""

from __future__ import annotations

import asyncio

import pytest

from grafana_oncall import OnCallClient, RetryPolicy
from grafana_oncall.errors import WaitTimeout
from grafana_oncall.testing import FakeOnCall, VirtualClock, status
from tests.facade.samples import BASE
from tests.facade.timeline import become, passed
from tests.facade.waits import EVERY, add, ids, waiting


def looks(fake: FakeOnCall) -> int:
    """Requests since the last time."""
    number = len(fake.calls)
    fake.calls.clear()
    return number


@pytest.mark.parametrize("seen", ["state", "deleted"])
async def test_looks_at_a_hundred_groups_are_pages(
    fake: FakeOnCall, oncall: OnCallClient, seen: str
) -> None:
    """Not a hundred requests each."""
    groups = add(fake, 100)
    wait = asyncio.create_task(waiting(oncall)[seen](ids(groups), timeout=600))
    await asyncio.sleep(EVERY - 1)
    looks(fake)
    for _ in range(5):
        await asyncio.sleep(EVERY)
        assert 1 <= looks(fake) <= 3
    wait.cancel()
    await asyncio.wait([wait])


async def test_the_first_look_at_a_hundred_groups_is_bounded(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """One request for each at the very most, and nothing twice."""
    groups = add(fake, 100, "resolved")
    await oncall.alert_groups.wait_until(ids(groups), "resolved", timeout=60)
    assert looks(fake) <= 100


async def test_a_first_look_that_failed_goes_on_where_it_was(fake: FakeOnCall) -> None:
    """What was seen is not read again."""
    groups = add(fake, 50)
    lost = f"/{groups[30].id}/"
    fake.faults.choose(
        lambda request, _: status(503) if lost in request.path and passed() < EVERY else None
    )
    policy = RetryPolicy(attempts=1)
    async with OnCallClient(
        url=BASE, token=fake.token, transport=fake.transport(), retry=policy
    ) as client:
        with pytest.raises(WaitTimeout) as caught:
            await client.alert_groups.wait_until(ids(groups), "resolved", timeout=EVERY + 1)
    assert caught.value.last == dict.fromkeys(ids(groups), "firing")
    assert looks(fake) <= 51


async def test_groups_that_are_far_apart_do_not_cost_all_pages_in_between(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Four ids are about four requests, and not one for each fifty groups in between."""
    groups = add(fake, 1000, "resolved")
    wanted = [groups[0], groups[300], groups[600], groups[999]]
    for group in wanted:
        group.resolved_at = None
    wait = asyncio.create_task(waiting(oncall)["state"](ids(wanted), timeout=600))
    await asyncio.sleep(1)
    looks(fake)
    await asyncio.sleep(EVERY)
    assert looks(fake) <= 6
    wait.cancel()
    await asyncio.wait([wait])


async def test_what_has_been_seen_is_not_looked_at_again(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """Of a few groups, those that are left cost a request each."""
    groups = add(fake, 3)
    for group in groups[:2]:
        become(group, "resolved", clock)
    with pytest.raises(WaitTimeout):
        await oncall.alert_groups.wait_until(ids(groups), "resolved", timeout=12)
    asked = [call.path.split("/")[-2] for call in fake.calls]
    assert asked == [*ids(groups), groups[2].id, groups[2].id]
