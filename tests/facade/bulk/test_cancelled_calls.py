"""Single calls that are cut short: whether their outcome is unknown."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import OutcomeUnknown
from grafana_oncall.testing import FakeOnCall, refuse, throttle
from tests.support.bulk_stories import SECOND, add, connect


async def interrupted(call: Coroutine[Any, Any, object], seconds: float) -> BaseException | None:
    """Cancel a call after a while, and return the cause of its CancelledError."""
    task = asyncio.ensure_future(call)
    await asyncio.sleep(seconds)
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    return caught.value.__cause__


@pytest.mark.parametrize("seconds", [0.2, 0.7])
async def test_a_cancelled_write_that_was_in_flight_has_outcome_unknown_as_its_cause(
    fake: FakeOnCall, oncall: OnCallClient, seconds: float
) -> None:
    """With the attempts, and how to find out what happened."""
    (group,) = add(fake, 1)
    fake.latency = SECOND
    cause = await interrupted(oncall.alert_groups.silence(group.id, 60), seconds)
    assert isinstance(cause, OutcomeUnknown)
    assert [attempt.error for attempt in cause.attempts] == ["CancelledError"]
    assert cause.elapsed == pytest.approx(seconds)
    assert "Check:" in str(cause)


async def test_an_asyncio_timeout_keeps_outcome_unknown_in_its_chain(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """TimeoutError, the cancellation, and OutcomeUnknown."""
    (group,) = add(fake, 1)
    fake.latency = SECOND
    with pytest.raises(TimeoutError) as caught:
        async with asyncio.timeout(0.5):
            await oncall.alert_groups.resolve(group.id)
    assert caught.value.__cause__ is not None
    assert isinstance(caught.value.__cause__.__cause__, OutcomeUnknown)


async def test_a_cancelled_write_that_was_not_in_flight_has_no_cause(fake: FakeOnCall) -> None:
    """It waited in the throttle, in a pause, or before the retry of an unsent request."""
    (group,) = add(fake, 1)
    fake.latency = SECOND
    async with connect(fake, max_connections=1) as client:
        first = asyncio.ensure_future(client.alert_groups.get(group.id))
        await asyncio.sleep(0)
        assert await interrupted(client.alert_groups.resolve(group.id), 0.5) is None
        await first
        fake.faults.add(refuse(), operation="resolve_alert_group")
        assert await interrupted(client.alert_groups.resolve(group.id), 1.2) is None
        fake.faults.add(throttle(60), operation="resolve_alert_group")
        assert await interrupted(client.alert_groups.resolve(group.id), 5) is None
    assert group.state == "firing"


async def test_a_cancelled_read_has_no_cause(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """A read has no effect that could be unknown."""
    (group,) = add(fake, 1)
    fake.latency = SECOND
    assert await interrupted(oncall.alert_groups.get(group.id), 0.5) is None
    assert await interrupted(oncall.alert_groups.list().collect(), 0.5) is None
