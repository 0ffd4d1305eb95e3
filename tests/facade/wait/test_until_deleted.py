"""Waiting until groups are deleted, in virtual time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import WaitTimeout
from grafana_oncall.testing import FakeOnCall
from tests.support.timeline import later
from tests.support.virtual_time import passed
from tests.support.waits import NUMBERS, add, ids


@NUMBERS
async def test_a_deletion_is_waited_for_until_the_server_has_done_it(
    fake: FakeOnCall, oncall: OnCallClient, number: int
) -> None:
    """Its workers are down at first."""
    fake.delete_delay = None
    groups = add(fake, number)
    for group in groups:
        await oncall.alert_groups.delete(group.id, mode="delete")
    wait = asyncio.create_task(
        oncall.alert_groups.wait_until_deleted(ids(groups), timeout=timedelta(hours=1))
    )
    await asyncio.sleep(301)
    assert not wait.done()
    fake.delete_delay = timedelta(seconds=1)
    await wait
    assert (passed(), len(fake.groups)) == (305, 0)


async def test_a_group_that_never_existed_counts_as_deleted(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """One id or several, without a pause; several are looked up on a page first."""
    await oncall.alert_groups.wait_until_deleted("INOSUCHGROUP", timeout=60)
    await oncall.alert_groups.wait_until_deleted(["INO1", "INO2", "INO3", "INO4"], timeout=60)
    assert (passed(), len(fake.calls)) == (0, 6)


@NUMBERS
async def test_a_wiped_group_is_not_deleted(
    fake: FakeOnCall, oncall: OnCallClient, number: int
) -> None:
    """It still exists, resolved and empty, and the error shows that."""
    groups = add(fake, number)
    for group in groups:
        await oncall.alert_groups.delete(group.id, mode="wipe")
    with pytest.raises(WaitTimeout, match="not deleted after 0:01:00") as caught:
        await oncall.alert_groups.wait_until_deleted(ids(groups), timeout=60)
    assert caught.value.last == dict.fromkeys(ids(groups), "resolved")


@pytest.mark.parametrize("number", [2, 5, 30])
async def test_the_error_names_only_groups_that_still_exist(
    fake: FakeOnCall, oncall: OnCallClient, number: int
) -> None:
    """Not those that were deleted."""
    rest, *gone = groups = add(fake, number)
    for group in gone:
        later(7, partial(fake.groups.pop, group.id))
    with pytest.raises(WaitTimeout, match=f"1 of {number} alert groups") as caught:
        await oncall.alert_groups.wait_until_deleted(ids(groups), timeout=60)
    assert caught.value.last == {rest.id: "firing"}
