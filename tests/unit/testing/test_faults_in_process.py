"""Faults on demand, through httpx in process: its own errors, and latency."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from grafana_oncall.testing import FakeOnCall, FakeRequest, Fault, hang, refuse, reset, truncate
from tests.support.faulty import PAGES, SECOND, acknowledge, acknowledged

TINY = 0.01


def client(fake: FakeOnCall, **options: Any) -> httpx.AsyncClient:
    """A plain httpx client in process, with the token."""
    headers = {"Authorization": fake.token}
    return httpx.AsyncClient(
        transport=fake.transport(),
        base_url="https://oncall.test/api/v1",
        headers=headers,
        **options,
    )


RAISED = [
    pytest.param(reset(applied=True), httpx.ReadError, id="reset after it was applied"),
    pytest.param(reset(), httpx.ReadError, id="reset before"),
    pytest.param(refuse(), httpx.ConnectError, id="refuse"),
    pytest.param(hang(), httpx.ReadTimeout, id="hang"),
    pytest.param(hang(applied=True), httpx.ReadTimeout, id="hang after it was applied"),
    pytest.param(truncate(), httpx.RemoteProtocolError, id="truncate"),
]


@pytest.mark.parametrize(("fault", "error"), RAISED)
async def test_httpx_raises_its_own_error(
    fake: FakeOnCall, fault: Fault, error: type[httpx.HTTPError]
) -> None:
    """With the request attached; the next one succeeds."""
    path = acknowledge(fake)
    fake.faults.add(fault)
    async with client(fake, timeout=TINY) as http:
        with pytest.raises(httpx.HTTPError) as caught:
            await http.post(path)
        assert (type(caught.value), caught.value.request.method) == (error, "POST")
        assert fake.calls[-1].applied is acknowledged(fake) is fault.applied
        assert (await http.get("alert_groups/")).status_code == 200


@pytest.mark.parametrize(("fault", "error"), RAISED)
def test_a_synchronous_client_sees_the_same_at_once(
    fake: FakeOnCall, fault: Fault, error: type[httpx.HTTPError]
) -> None:
    """Whatever its timeout and the latency."""
    path = acknowledge(fake)
    fake.faults.add(fault)
    fake.latency = timedelta(hours=1)
    headers = {"Authorization": fake.token}
    with httpx.Client(
        transport=fake.transport(), base_url="https://oncall.test/api/v1", headers=headers
    ) as http:
        with pytest.raises(httpx.HTTPError) as caught:
            http.post(path)
        assert type(caught.value) is error
        assert acknowledged(fake) is fault.applied
        assert http.get("alert_groups/").status_code == 200


@pytest.mark.parametrize(("fault", "code"), PAGES)
async def test_httpx_gets_the_page(fake: FakeOnCall, fault: Fault, code: int) -> None:
    """With its media type."""
    path = acknowledge(fake)
    fake.faults.add(fault)
    async with client(fake) as http:
        response = await http.post(path)
    assert (response.status_code, response.text[1:10]) == (code, "<!doctype")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert acknowledged(fake) is fault.applied


async def test_a_truncated_body_breaks_off_while_it_is_read(fake: FakeOnCall) -> None:
    """The status and the first bytes arrive."""
    fake.faults.add(truncate())
    async with client(fake) as http, http.stream("GET", "alert_groups/") as response:
        assert response.status_code == 200
        parts = response.aiter_raw()
        part = await anext(parts)
        assert part.startswith(b'{"count"')
        text = rf"received {len(part)} bytes, expected {response.headers['content-length']}"
        with pytest.raises(httpx.RemoteProtocolError, match=text):
            await anext(parts)


async def test_a_truncated_204_does_not_arrive(fake: FakeOnCall) -> None:
    """The same error, without a response."""
    fake.faults.add(truncate())
    async with client(fake) as http:
        with pytest.raises(httpx.RemoteProtocolError, match="no response"):
            await http.delete(f"integrations/{fake.add_integration().id}/")
    assert fake.integrations == {}


async def test_without_a_read_timeout_it_hangs_forever(fake: FakeOnCall) -> None:
    """Until it is cancelled; other requests do not wait for it."""
    fake.faults.add(hang(applied=True))
    async with client(fake, timeout=None) as http:
        hanging = asyncio.ensure_future(http.post(acknowledge(fake)))
        await asyncio.sleep(0)
        assert (await http.get("alert_groups/")).status_code == 200
        assert not hanging.done()
        hanging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging
    assert acknowledged(fake)


async def test_a_bare_request_knows_no_timeout(fake: FakeOnCall) -> None:
    """The transport may be used without a client."""
    request = httpx.Request("GET", "https://oncall.test/api/v1/nothing/")
    assert (await fake.transport().handle_async_request(request)).status_code == 404


async def test_a_closed_transport_takes_no_request(fake: FakeOnCall) -> None:
    """As httpx's client does not; other transports of the fake stay open."""
    transport = fake.transport()
    async with httpx.AsyncClient(transport=transport):
        pass
    request = httpx.Request("GET", "https://oncall.test/none")
    with pytest.raises(RuntimeError, match="closed"):
        await transport.handle_async_request(request)
    with pytest.raises(RuntimeError, match="closed"):
        transport.handle_request(request)
    assert fake.calls == []
    assert fake.transport().handle_request(request).status_code == 404


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The requested sleeps, while each takes one turn of the loop."""
    sleep, seconds = asyncio.sleep, list[float]()

    async def note(delay: float) -> None:
        seconds.append(delay)
        await sleep(0)

    monkeypatch.setattr("grafana_oncall.testing._serving.httpx_transport.asyncio.sleep", note)
    return seconds


async def test_half_of_the_latency_passes_before_and_half_after(
    fake: FakeOnCall, slept: list[float]
) -> None:
    """Even when it changes between requests; without any, there are two turns of the loop."""
    async with client(fake) as http:
        await http.get("alert_groups/")
        fake.latency = SECOND
        await http.get("alert_groups/")
    assert slept == [0, 0, 0.5, 0.5]
    assert FakeOnCall(latency=SECOND).latency == SECOND


@pytest.mark.parametrize(
    ("latency", "sleeps", "applied"),
    [
        pytest.param(6, [3, 2], True, id="the response is late"),
        pytest.param(12, [5], False, id="the request is late"),
    ],
)
async def test_latency_meets_the_read_timeout(
    fake: FakeOnCall, slept: list[float], latency: int, sleeps: list[float], *, applied: bool
) -> None:
    """Which covers both halves."""
    path = acknowledge(fake)
    fake.latency = latency * SECOND
    async with client(fake, timeout=5) as http:
        with pytest.raises(httpx.ReadTimeout):
            await http.post(path)
    assert (slept, acknowledged(fake)) == (sleeps, applied)


@pytest.fixture(params=[0, 3600], ids=["no latency", "an hour"])
def slow(fake: FakeOnCall, request: pytest.FixtureRequest) -> FakeOnCall:
    """A fake with either latency."""
    fake.latency = timedelta(seconds=request.param)
    return fake


async def test_a_client_cancelled_in_the_first_half_is_not_served(slow: FakeOnCall) -> None:
    """Nothing has arrived."""
    async with client(slow, timeout=None) as http:
        task = asyncio.ensure_future(http.post(acknowledge(slow)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (slow.calls, acknowledged(slow)) == ([], False)


async def test_a_client_cancelled_in_the_second_half_was_served(fake: FakeOnCall) -> None:
    """And does not know it."""
    arrived = asyncio.Event()

    def note(_request: FakeRequest, _operation: str | None) -> None:
        arrived.set()

    fake.faults.choose(note)
    async with client(fake, timeout=None) as http:
        task = asyncio.ensure_future(http.post(acknowledge(fake)))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (fake.calls[-1].status, acknowledged(fake)) == (200, True)


async def test_a_body_may_be_a_stream(fake: FakeOnCall) -> None:
    """It is read before the server sees anything."""

    async def parts() -> AsyncIterator[bytes]:
        yield b"{"
        yield b"}"

    async with client(fake) as http:
        await http.post("integrations/", content=parts())
    assert fake.calls[-1].request.body == b"{}"
