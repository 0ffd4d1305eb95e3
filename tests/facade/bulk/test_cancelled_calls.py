"""Single calls that are cut short: whether they leave a doubt."""

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
    """The cause of the CancelledError of a call that is cancelled after a while."""
    task = asyncio.ensure_future(call)
    await asyncio.sleep(seconds)
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    return caught.value.__cause__


@pytest.mark.parametrize("seconds", [0.2, 0.7])
async def test_a_cancelled_write_that_was_in_flight_has_its_doubt_as_the_cause(
    fake: FakeOnCall, oncall: OnCallClient, seconds: float
) -> None:
    """With the attempts, and how to find out."""
    (group,) = add(fake, 1)
    fake.latency = SECOND
    cause = await interrupted(oncall.alert_groups.silence(group.id, 60), seconds)
    assert isinstance(cause, OutcomeUnknown)
    assert [attempt.error for attempt in cause.attempts] == ["CancelledError"]
    assert cause.elapsed == pytest.approx(seconds)
    assert "Check:" in str(cause)


async def test_a_timeout_of_asyncio_keeps_the_doubt_in_its_chain(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """TimeoutError, the cancellation, and the doubt."""
    (group,) = add(fake, 1)
    fake.latency = SECOND
    with pytest.raises(TimeoutError) as caught:
        async with asyncio.timeout(0.5):
            await oncall.alert_groups.resolve(group.id)
    assert caught.value.__cause__ is not None
    assert isinstance(caught.value.__cause__.__cause__, OutcomeUnknown)


async def test_a_cancelled_write_that_was_not_in_flight_has_no_doubt(fake: FakeOnCall) -> None:
    """It waited at the throttle, or in a pause, or for the retry of what was never sent."""
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


async def test_a_cancelled_read_has_no_doubt(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """Nothing can have happened."""
    (group,) = add(fake, 1)
    fake.latency = SECOND
    assert await interrupted(oncall.alert_groups.get(group.id), 0.5) is None
    assert await interrupted(oncall.alert_groups.list().collect(), 0.5) is None
