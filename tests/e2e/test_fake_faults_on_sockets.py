"""Faults on demand, over a loopback socket and through plain ASGI."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from grafana_oncall.testing import (
    FakeOnCall,
    FakeRequest,
    Fault,
    NoResponse,
    hang,
    html,
    refuse,
    reset,
    serve,
    status,
    throttle,
    truncate,
)
from tests.support.faulty import acknowledged

TINY = 0.1
IMPATIENT = httpx.Timeout(5, read=TINY)
HOUR = timedelta(hours=1)


@pytest.fixture
def fake() -> FakeOnCall:
    """A server of the test's own, on the real clock."""
    return FakeOnCall()


@pytest.fixture
async def url(fake: FakeOnCall) -> AsyncIterator[str]:
    """Where the fake is served."""
    async with serve(fake) as url:
        yield url


@pytest.fixture
async def http(fake: FakeOnCall, url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A plain httpx client with the token and one connection."""
    async with client(fake, base_url=url, limits=httpx.Limits(max_connections=1)) as http:
        yield http


def client(fake: FakeOnCall, **options: Any) -> httpx.AsyncClient:
    """A plain httpx client with the token."""
    return httpx.AsyncClient(headers={"Authorization": fake.token}, **options)


def acknowledge(fake: FakeOnCall) -> str:
    """The path that acknowledges a new group."""
    return f"/api/v1/alert_groups/{fake.add_group().id}/acknowledge/"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        pytest.param(reset(applied=True), httpx.ReadError, id="reset after it was applied"),
        pytest.param(reset(), httpx.ReadError, id="reset before"),
        pytest.param(refuse(), httpx.RemoteProtocolError, id="refuse"),
        pytest.param(hang(), httpx.ReadTimeout, id="hang"),
        pytest.param(hang(applied=True), httpx.ReadTimeout, id="hang after it was applied"),
        pytest.param(truncate(), httpx.RemoteProtocolError, id="truncate"),
    ],
)
@pytest.mark.parametrize("latency", [0, 2], ids=["", "with latency"])
async def test_httpx_raises_its_own_error(  # noqa: PLR0917  # fixtures
    fake: FakeOnCall,
    http: httpx.AsyncClient,
    capfd: pytest.CaptureFixture[str],
    fault: Fault,
    error: type[httpx.HTTPError],
    latency: int,
) -> None:
    """On a new connection and on a reused one; the next request succeeds."""
    hangs = fault.kind == "hang"
    # No timer of the server may race with the client's, or a busy machine decides.
    fake.latency = timedelta(milliseconds=0 if hangs else latency)
    for _ in range(2):
        fake.groups.clear()
        path = acknowledge(fake)
        fake.faults.add(fault)
        with pytest.raises(httpx.HTTPError) as caught:
            await http.post(path, timeout=IMPATIENT if hangs else 5)
        assert type(caught.value) is error
        assert fake.calls[-1].applied is acknowledged(fake) is fault.applied
        assert (await http.get("/api/v1/alert_groups/")).status_code == 200
    assert capfd.readouterr().err == ""  # uvicorn logs no error


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        pytest.param(status(503), 503, id="503"),
        pytest.param(status(204), 204, id="204"),
        pytest.param(status(504, applied=True), 504, id="504 after it was applied"),
        pytest.param(throttle(48), 429, id="429"),
        pytest.param(html(), 200, id="HTML"),
    ],
)
async def test_httpx_gets_the_response(
    fake: FakeOnCall, http: httpx.AsyncClient, fault: Fault, code: int
) -> None:
    """And its connection stays open."""
    path = acknowledge(fake)
    fake.faults.add(fault)
    received = await http.post(path)
    response = fake.calls[-1].response
    assert response is not None
    assert (received.status_code, received.content) == (code, response.body)
    assert received.headers.items() >= {k.lower(): v for k, v in response.headers.items()}.items()
    assert acknowledged(fake) is fault.applied


async def test_a_truncated_body_breaks_off_while_it_is_read(
    fake: FakeOnCall, http: httpx.AsyncClient
) -> None:
    """The status and the first bytes arrive."""
    fake.faults.add(truncate())
    async with http.stream("GET", "/api/v1/alert_groups/") as received:
        parts = received.aiter_raw()
        part = await anext(parts)
        assert (received.status_code, len(part)) == (
            200,
            int(received.headers["content-length"]) // 2,
        )
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message"):
            await anext(parts)


async def test_a_truncated_204_does_not_arrive(fake: FakeOnCall, http: httpx.AsyncClient) -> None:
    """The connection closes instead."""
    fake.faults.add(truncate())
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        await http.delete(f"/api/v1/integrations/{fake.add_integration().id}/")
    assert fake.integrations == {}


async def test_a_response_takes_as_long_as_the_latency(
    fake: FakeOnCall, http: httpx.AsyncClient
) -> None:
    """In two halves."""
    fake.latency = timedelta(milliseconds=6)
    start = time.monotonic()
    assert (await http.post(acknowledge(fake))).status_code == 200
    assert time.monotonic() - start >= 0.005


async def test_a_client_that_leaves_in_the_first_half_is_not_served(
    fake: FakeOnCall, http: httpx.AsyncClient
) -> None:
    """The request was still in flight."""
    fake.latency = HOUR
    path = acknowledge(fake)
    with pytest.raises(httpx.ReadTimeout):
        await http.post(path, timeout=IMPATIENT)
    fake.latency = timedelta(0)
    assert (await http.get("/api/v1/alert_groups/")).status_code == 200
    assert [call.method for call in fake.calls] == ["GET"]


async def test_a_client_that_leaves_in_the_second_half_was_served(
    fake: FakeOnCall, http: httpx.AsyncClient
) -> None:
    """The response was in flight."""
    arrived = asyncio.Event()

    def note(_request: FakeRequest, _operation: str | None) -> None:
        arrived.set()

    fake.faults.choose(note)
    fake.latency = timedelta(milliseconds=40)
    task = asyncio.ensure_future(http.post(acknowledge(fake)))
    await arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert acknowledged(fake)


@pytest.mark.parametrize("latency", [timedelta(0), HOUR], ids=["hanging", "slow"])
async def test_the_server_stops_without_waiting_for_a_request(
    fake: FakeOnCall, capfd: pytest.CaptureFixture[str], latency: timedelta
) -> None:
    """Uvicorn alone takes a fifth of a second; its grace period would be a whole one more."""
    fake.latency = latency
    fake.faults.add(hang())
    async with client(fake, timeout=None) as http:
        async with serve(fake) as url:
            hanging = asyncio.ensure_future(http.post(f"{url}{acknowledge(fake)}"))
            await asyncio.sleep(TINY)
            start = time.monotonic()
        assert time.monotonic() - start < 0.8
        with pytest.raises(httpx.TransportError):
            await hanging
    assert capfd.readouterr().err == ""


async def test_the_server_stops_with_an_idle_connection(fake: FakeOnCall) -> None:
    """Which is closed, and reopened for the next server on that port."""
    async with client(fake) as http:
        async with serve(fake) as url:
            assert (await http.get(url)).status_code == 200
        async with serve(fake, port=int(url.rpartition(":")[2])):
            assert (await http.get(url)).status_code == 200


# Plain ASGI has no message for it


@pytest.mark.parametrize("fault", [reset(), refuse(), truncate()], ids=lambda fault: fault.kind)
async def test_a_server_that_cannot_break_connections_gets_an_exception(
    fake: FakeOnCall, fault: Fault
) -> None:
    """With an exception, which forces it to break off."""
    fake.faults.add(fault)
    transport = httpx.ASGITransport(fake.app)
    async with client(fake, transport=transport, base_url="https://oncall.test") as http:
        with pytest.raises(NoResponse, match=fault.kind):
            await http.post(acknowledge(fake))
        assert (await http.get("/api/v1/alert_groups/")).status_code == 200


async def test_a_server_may_send_several_messages_before_the_client_leaves(
    fake: FakeOnCall,
) -> None:
    """Only one of them counts."""
    fake.faults.add(hang())
    inbox = iter(["http.request", "http.request", "http.disconnect"])
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"type": next(inbox)}

    async def send(message: Any) -> None:  # pragma: no cover - nothing is sent
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
    await fake.app(scope, receive, send)
    assert (sent, list(inbox)) == ([], [])
