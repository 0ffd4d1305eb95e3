"""Waiting for groups: waits that are cancelled, and checks that hang."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import WaitTimeout
from grafana_oncall.testing import FakeOnCall
from tests.support.listing import other_tasks
from tests.support.virtual_time import passed
from tests.support.waits import SEEN, add, ids, waiting


@SEEN
@pytest.mark.parametrize("number", [1, 10])
@pytest.mark.parametrize("seconds", [0.1, 1.5, 25, 27.6, 31])
async def test_a_cancelled_wait_leaves_nothing(
    fake: FakeOnCall, oncall: OnCallClient, seen: str, number: int, seconds: float
) -> None:
    """Between two checks or during one; the caller's own TimeoutError stays as it is."""
    groups = add(fake, number)
    fake.latency = timedelta(seconds=2)
    with pytest.raises(TimeoutError) as caught:
        async with asyncio.timeout(seconds):
            await waiting(oncall)[seen](ids(groups), timeout=600)
    assert type(caught.value) is TimeoutError
    shared = oncall._session.shared
    assert (other_tasks(), shared.in_flight, shared.throttle._in_flight) == (set(), 0, 0)
    assert (await oncall.alert_groups.get(groups[0].id)).state == "firing"


@SEEN
async def test_a_check_that_hangs_does_not_outlast_the_timeout(
    fake: FakeOnCall, oncall: OnCallClient, seen: str
) -> None:
    """The request is cancelled, and leaves nothing behind."""
    (group,) = add(fake, 1)
    fake.latency = timedelta(hours=1)
    with pytest.raises(WaitTimeout):
        await waiting(oncall)[seen](group.id, timeout=3)
    assert (passed(), other_tasks()) == (3, set())
