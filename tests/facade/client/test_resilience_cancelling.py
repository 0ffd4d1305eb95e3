"""Calls that are cancelled at any time leave everything as it was."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import BadRequest, NotFound, OnCallError
from grafana_oncall.testing import FakeOnCall, Fault, hang, reset, status, throttle
from tests.support.listing import settle
from tests.support.operation_cases import OPERATIONS, Case, assert_idle, case, connect, create
from tests.support.virtual_time import loop, passed

SCENARIOS: dict[str, tuple[Callable[[OnCallClient, Case], Awaitable[object]], list[Fault]]] = {
    "nothing goes wrong": (lambda c, at: c.alert_groups.get(at.group.id), []),
    "a retry": (lambda c, at: c.alert_groups.acknowledge(at.group.id), [reset(), reset()]),
    "a pause": (lambda c, at: c.alert_groups.acknowledge(at.group.id), [throttle(2)]),
    "a read-back": (
        lambda c, at: c.alert_groups.add_label(at.group.id, "tier", "a"),
        [reset(applied=True)],
    ),
    "read-backs before and after": (lambda c, _: create(c), [status(503)] * 3),
    "a walk": (lambda c, _: c.alert_groups.list(perpage=1).collect(), [status(503)] * 3),
}
every_scenario = pytest.mark.parametrize("scenario", list(SCENARIOS))


async def cancelled(fake: FakeOnCall, scenario: str, pause: Callable[[], Awaitable[None]]) -> None:
    """Cancel more tasks than places after a while; afterwards everything is as before."""
    call, faults = SCENARIOS[scenario]
    at = case(fake, OPERATIONS["get_alert_group"])
    for _ in range(4):
        fake.add_group()
    for what in faults:
        fake.faults.add(what)
    async with connect(fake, max_connections=2) as client:
        tasks = [asyncio.ensure_future(call(client, at)) for _ in range(4)]
        await pause()
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                assert isinstance(result, asyncio.CancelledError | BadRequest)
        await settle()
        assert_idle(client)
        fake.faults.clear()
        assert (await client.alert_groups.get(at.group.id)).id == at.group.id
        assert len(await client.alert_groups.list(perpage=1).collect()) == 5
    await settle()
    assert [timer for timer in loop().timers if timer.when() > loop().time() + 60] == []


@every_scenario
@pytest.mark.parametrize("turns", range(40))
async def test_a_call_may_be_cancelled_after_any_turn_of_the_loop(
    fake: FakeOnCall, scenario: str, turns: int
) -> None:
    """The throttle's places are free, no task is left, and the client stays usable."""

    async def pause() -> None:
        for _ in range(turns):
            await asyncio.sleep(0)

    await cancelled(fake, scenario, pause)


@every_scenario
@pytest.mark.parametrize("tenths", range(0, 60, 4))
async def test_a_call_may_be_cancelled_after_any_time(
    fake: FakeOnCall, scenario: str, tenths: int
) -> None:
    """While a request is in flight, a retry is due later, or all calls pause."""
    fake.latency = timedelta(seconds=0.6)

    async def pause() -> None:
        await asyncio.sleep(tenths / 10)

    await cancelled(fake, scenario, pause)


async def test_a_caller_that_is_cancelled_in_the_throttle_passes_its_place_on(
    fake: FakeOnCall,
) -> None:
    """In the very turn in which it got the place."""
    group = fake.add_group()
    fake.latency = timedelta(seconds=1)
    async with connect(fake, max_connections=1) as client:
        first, second, third = (
            asyncio.ensure_future(client.alert_groups.get(group.id)) for _ in range(3)
        )
        first.add_done_callback(lambda _: second.cancel())
        await first
        await third
        assert second.cancelled()
        assert passed() == pytest.approx(2)
        assert_idle(client)


async def test_an_asyncio_timeout_ends_a_call(fake: FakeOnCall) -> None:
    """With TimeoutError, not with an error of the SDK."""
    group = fake.add_group()
    fake.faults.add(hang(), times=9)
    async with connect(fake) as client:
        for call in (client.alert_groups.get, client.alert_groups.resolve):
            with pytest.raises(TimeoutError) as caught:
                async with asyncio.timeout(5):
                    await call(group.id)
            assert not isinstance(caught.value, OnCallError)
            assert_idle(client)
        assert passed() == pytest.approx(10)
        fake.faults.clear()
        await client.alert_groups.resolve(group.id)


async def gather_or_cancel(client: OnCallClient, group_id: str) -> None:
    """Make calls that would succeed, one that waits, and one that fails."""
    async with asyncio.TaskGroup() as tasks:
        for _ in range(3):
            tasks.create_task(client.alert_groups.get(group_id))
        tasks.create_task(client.alert_groups.list().collect())
        tasks.create_task(client.alert_groups.get("NONE"))


async def test_a_task_group_ends_the_others_when_one_fails(fake: FakeOnCall) -> None:
    """The exception group holds the error of the one that failed."""
    group = fake.add_group()
    async with connect(fake, max_connections=2) as client:
        fake.faults.add(hang(), operation="list_alert_groups", times=9)
        with pytest.raises(ExceptionGroup) as caught:
            await gather_or_cancel(client, group.id)
        assert [type(error) for error in caught.value.exceptions] == [NotFound]
        assert_idle(client)
        assert passed() == 0
