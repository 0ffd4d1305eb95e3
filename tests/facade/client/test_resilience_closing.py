"""Clients that are closed while calls are in flight, and used where they do not belong."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from threading import Thread

import httpx
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import ClientStateError, OnCallError, OutcomeUnknown
from grafana_oncall.testing import FakeOnCall, VirtualClock, hang, refuse, reset, throttle
from tests.support.listing import settle
from tests.support.operation_cases import (
    ONCE,
    OPERATIONS,
    assert_idle,
    case,
    connect,
    every_operation,
)
from tests.support.samples import BASE
from tests.support.virtual_time import passed


@every_operation
async def test_closing_may_wait_for_the_calls_in_flight(fake: FakeOnCall, name: str) -> None:
    """Their retries included; new calls are refused meanwhile."""
    operation = OPERATIONS[name]
    at = case(fake, operation)
    fake.latency = timedelta(seconds=1)
    fake.faults.add(refuse(), operation=name)
    client = connect(fake)
    task = asyncio.ensure_future(operation.call(client, at))
    await settle()
    closing = asyncio.ensure_future(client.aclose(wait=True))
    await settle()
    with pytest.raises(ClientStateError, match="closed"):
        await client.alert_groups.get(at.group.id)
    await closing
    assert task.done()
    await task
    assert operation.done(at)
    assert_idle(client)


async def test_closing_waits_for_read_backs_too(fake: FakeOnCall) -> None:
    """A call that reads back its effect while the client closes is in flight."""
    at = case(fake, OPERATIONS["add_alert_group_label"])
    fake.latency = timedelta(seconds=1)
    fake.faults.add(reset(applied=True), operation="add_alert_group_label")
    client = connect(fake)
    task = asyncio.ensure_future(client.alert_groups.add_label(at.group.id, "tier", "a"))
    await settle()
    await client.aclose(wait=True)
    assert (await task).value.name == "a"


ABORTED = {
    "while the server works": (None, 0.5),
    "while it waits for a retry": (reset(applied=True), 1.1),
    "while all calls pause": (throttle(48), 5.0),
}


@pytest.mark.parametrize(
    ("name", "when"),
    [
        pytest.param(
            name,
            when,
            id=f"{name} {when}",
        )
        for name in OPERATIONS
        for when in ABORTED
    ],
)
async def test_closing_ends_the_calls_in_flight(fake: FakeOnCall, name: str, when: str) -> None:
    """At once; a write in flight ends with OutcomeUnknown."""
    what, seconds = ABORTED[when]
    operation = OPERATIONS[name]
    at = case(fake, operation)
    fake.latency = timedelta(seconds=1)
    if what is not None:
        fake.faults.add(what, operation=name)
    client = connect(fake)
    task = asyncio.ensure_future(operation.call(client, at))
    await asyncio.sleep(seconds)
    late = (
        task.done()
    )  # the outcome of create and silence is unknown already, or the effect was found
    before = passed()
    await client.aclose()
    (result,) = await asyncio.gather(task, return_exceptions=True)
    assert passed() == before
    if not late:
        unknown = operation.retry != "safe" and when != "while all calls pause"
        assert type(result) is (OutcomeUnknown if unknown else ClientStateError)
    assert_idle(client)


async def test_closing_ends_calls_that_wait_for_a_place(fake: FakeOnCall) -> None:
    """They sent nothing, so their outcome is known."""
    group = fake.add_group()
    fake.faults.add(hang(), times=9)
    client = connect(fake, max_connections=1)
    tasks = [asyncio.ensure_future(client.alert_groups.silence(group.id, 60)) for _ in range(3)]
    await settle()
    await client.aclose()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(error) for error in results[1:]] == [ClientStateError] * 2
    assert len(fake.calls) == 1
    assert_idle(client)


async def test_closing_twice_or_concurrently_is_fine(fake: FakeOnCall) -> None:
    """With and without waiting."""
    client = connect(fake)
    await asyncio.gather(client.aclose(wait=True), client.aclose(), client.aclose(wait=True))
    await client.aclose(wait=True)
    with pytest.raises(ClientStateError, match="closed"):
        await client.alert_groups.get("I1")
    assert_idle(client)


def test_a_call_from_another_thread_is_refused(clock: VirtualClock) -> None:
    """The client belongs to the loop of its first call, even while that one runs."""
    fake = FakeOnCall(clock=clock)
    group = fake.add_group()
    found: list[BaseException] = []

    def elsewhere(client: OnCallClient) -> None:
        try:
            asyncio.run(client.alert_groups.get(group.id))
        except OnCallError as error:
            found.append(error)

    async def main() -> None:
        async with connect(fake) as client:
            await client.alert_groups.get(group.id)
            thread = Thread(target=elsewhere, args=(client,))
            thread.start()
            thread.join()
            await client.alert_groups.get(group.id)
            assert_idle(client)

    asyncio.run(main())
    assert [type(error) for error in found] == [ClientStateError]
    assert "event loop" in str(found[0])
    assert len(fake.calls) == 2


async def test_the_users_own_client_of_httpx_ends_calls_as_well(fake: FakeOnCall) -> None:
    """Closing the OnCall client leaves it open, but ends the calls at once."""
    group = fake.add_group()
    fake.latency = timedelta(seconds=9)
    async with httpx.AsyncClient(transport=fake.transport()) as http:
        client = OnCallClient(url=BASE, token=fake.token, http_client=http)
        task = asyncio.ensure_future(client.alert_groups.get(group.id))
        await asyncio.sleep(1)
        await client.aclose()
        (result,) = await asyncio.gather(task, return_exceptions=True)
        assert isinstance(result, ClientStateError)
        assert passed() == 1
        assert not http.is_closed


async def test_a_cancelled_close_can_be_completed(fake: FakeOnCall) -> None:
    """`aclose(wait=True)` under a timeout, then `aclose()`."""
    group = fake.add_group()
    fake.faults.add(hang(), times=9)
    client = connect(fake, retry=ONCE)
    task = asyncio.ensure_future(client.alert_groups.get(group.id))
    await settle()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            await client.aclose(wait=True)
    with pytest.raises(ClientStateError):
        await client.alert_groups.get(group.id)
    await client.aclose()
    with pytest.raises(OnCallError):
        await task
    assert_idle(client)
