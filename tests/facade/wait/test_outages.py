"""Waiting for groups while the server fails."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from grafana_oncall import OnCallClient, RetryPolicy
from grafana_oncall.errors import (
    ClientStateError,
    OnCallError,
    ServerError,
    Unauthorized,
    WaitTimeout,
)
from grafana_oncall.testing import FakeOnCall, VirtualClock, hang, refuse, status
from tests.support.samples import BASE
from tests.support.timeline import become, later
from tests.support.virtual_time import passed
from tests.support.waits import SEEN, add, ids, waiting

OUTAGES = pytest.mark.parametrize(
    "fault",
    [
        pytest.param(status(503), id="503"),
        pytest.param(status(500), id="500"),
        pytest.param(refuse(), id="no server"),
        pytest.param(hang(), id="no response"),
    ],
)


@OUTAGES
@SEEN
@pytest.mark.parametrize("number", [1, 10])
@pytest.mark.parametrize("begins", [0, 12])
async def test_an_outage_is_waited_out(
    fake: FakeOnCall,
    oncall: OnCallClient,
    clock: VirtualClock,
    *,
    fault: Any,
    seen: str,
    number: int,
    begins: float,
) -> None:
    """Whether it begins before the first check or later."""
    groups = add(fake, number)
    later(begins, lambda: fake.faults.add(fault, lasting=timedelta(minutes=4)))
    for group in groups:
        later(100, partial(become, group, "resolved", clock))
        if seen == "deleted":
            later(100, partial(fake.groups.pop, group.id))
    await asyncio.sleep(0.001)
    await waiting(oncall)[seen](ids(groups), timeout=3600)
    assert 240 < passed() < 540


@OUTAGES
@SEEN
@pytest.mark.parametrize("number", [1, 10])
async def test_an_outage_that_outlasts_the_timeout_is_the_cause(
    fake: FakeOnCall, oncall: OnCallClient, fault: Any, seen: str, number: int
) -> None:
    """The error shows why the groups could no longer be read."""
    groups = add(fake, number)
    later(12, lambda: fake.faults.add(fault, lasting=timedelta(hours=9)))
    with pytest.raises(WaitTimeout) as caught:
        await waiting(oncall)[seen](ids(groups), timeout=600)
    assert isinstance(caught.value.__cause__, OnCallError)
    assert caught.value.last == dict.fromkeys(ids(groups), "firing")
    assert passed() == 600


async def test_an_outage_that_is_over_is_not_the_cause(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """It did not make the wait time out."""
    (group,) = add(fake, 1)
    fake.faults.add(status(500), lasting=timedelta(seconds=30))
    with pytest.raises(WaitTimeout) as caught:
        await oncall.alert_groups.wait_until(group.id, "resolved", timeout=600)
    assert caught.value.__cause__ is None


async def test_the_cause_is_there_without_retries_too(fake: FakeOnCall) -> None:
    """Also where the client never retries."""
    (group,) = add(fake, 1)
    fake.faults.add(status(503), lasting=timedelta(hours=1))
    policy = RetryPolicy(max_attempts=1)
    async with OnCallClient(
        url=BASE, token=fake.token, transport=fake.transport(), retry=policy
    ) as client:
        with pytest.raises(WaitTimeout) as caught:
            await client.alert_groups.wait_until(group.id, "resolved", timeout=1)
    assert isinstance(caught.value.__cause__, ServerError)


@SEEN
async def test_errors_that_waiting_cannot_help_are_raised_at_once(
    fake: FakeOnCall, oncall: OnCallClient, seen: str
) -> None:
    """Such as a wrong token, or a closed client."""
    (group,) = add(fake, 1)
    async with OnCallClient(url=BASE, token="wrong", transport=fake.transport()) as client:
        with pytest.raises(Unauthorized):
            await waiting(client)[seen](group.id, timeout=60)
    await oncall.aclose()
    with pytest.raises(ClientStateError):
        await waiting(oncall)[seen](group.id, timeout=60)
    assert passed() == 0
