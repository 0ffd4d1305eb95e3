"""What only real sockets show: the errors of h11 and of the system, and the logs of httpcore."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall._session.retry_policy import RetryPolicy
from grafana_oncall.errors import (
    ClientStateError,
    Forbidden,
    OnCallError,
    OutcomeUnknown,
    TransportError,
)
from grafana_oncall.testing import FakeOnCall, serve
from tests.support.clients import KEY, assert_fit_to_hand_on, made
from tests.support.listing import settle
from tests.support.samples import GROUP_ID, STACK
from tests.support.secrets_shown import leaks, shows

ONCE = RetryPolicy(max_attempts=1)

each_transport = pytest.mark.parametrize("transport", ["httpx", "httpx2", "aiohttp"])


@asynccontextmanager
async def loopback(response: bytes | None) -> AsyncGenerator[tuple[str, asyncio.Event]]:
    """A server that reads a request, sends these bytes, and hangs up; with None, it waits."""
    asked, over = asyncio.Event(), asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        if response is None:
            await over.wait()
        writer.write(response or b"")
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    try:
        yield f"http://{host}:{port}", asked
    finally:
        over.set()
        server.close()
        await settle()


CALLS: dict[str, Callable[[OnCallClient], Awaitable[object]]] = {
    "get": lambda client: client.alert_groups.get(GROUP_ID),
    "acknowledge": lambda client: client.alert_groups.acknowledge(GROUP_ID),
    "silence": lambda client: client.alert_groups.silence(GROUP_ID, 60),
}
every_call = pytest.mark.parametrize("name", list(CALLS))


@each_transport
@every_call
@pytest.mark.parametrize(
    "response",
    [
        pytest.param(b"", id="read error"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", id="response cut short"),
        pytest.param(b"SSH-2.0-x\r\n\r\n", id="not HTTP"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nxxxx",
            id="not gzip",
        ),
    ],
)
async def test_an_incomplete_response_fails_a_read_and_leaves_a_write_unknown(
    name: str, response: bytes, transport: str
) -> None:
    """No error shows the token, nor do their causes."""
    async with (
        loopback(response) as (url, _),
        made(url=url, grafana_url=STACK, retry=ONCE, transport=transport) as client,
    ):
        with pytest.raises(OnCallError) as caught:
            await CALLS[name](client)
    error = caught.value
    assert_fit_to_hand_on(error, TransportError if name == "get" else OutcomeUnknown)
    failure = error if name == "get" else error.__cause__
    assert isinstance(failure, TransportError)
    assert failure.sent
    assert len(error.attempts) == 1


@each_transport
@every_call
async def test_a_refused_connection_leaves_no_outcome_unknown(name: str, transport: str) -> None:
    """Nothing was sent in three attempts."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    policy = RetryPolicy(max_attempts=3, initial_backoff=0.001)
    async with made(url=f"http://127.0.0.1:{port}", retry=policy, transport=transport) as client:
        with pytest.raises(OnCallError) as caught:
            await CALLS[name](client)
    assert_fit_to_hand_on(caught.value, TransportError)
    assert isinstance(caught.value, TransportError)
    assert not caught.value.sent
    assert len(caught.value.attempts) == 3


@every_call
async def test_a_refusal_is_not_retried(name: str) -> None:
    """A 403 does not pass by itself."""
    response = b'HTTP/1.1 403 Forbidden\r\nContent-Length: 15\r\n\r\n{"detail":"no"}'
    async with loopback(response) as (url, _), made(url=url, grafana_url=STACK) as client:
        with pytest.raises(Forbidden) as caught:
            await CALLS[name](client)
    assert_fit_to_hand_on(caught.value, Forbidden)
    assert len(caught.value.attempts) == 1


@each_transport
async def test_no_representation_of_a_cancellation_shows_the_token(transport: str) -> None:
    """While the server has the request and sends nothing."""
    async with (
        loopback(None) as (url, asked),
        made(url=url, grafana_url=STACK, transport=transport) as client,
    ):
        task = asyncio.ensure_future(client.alert_groups.get(GROUP_ID))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
    assert leaks(caught.value, KEY) == []


@each_transport
@pytest.mark.parametrize(
    ("name", "kind"),
    [("get", ClientStateError), ("acknowledge", OutcomeUnknown), ("silence", OutcomeUnknown)],
)
async def test_closing_ends_calls_that_wait_for_a_response(
    name: str, kind: type[OnCallError], transport: str
) -> None:
    """At once; a write in flight ends with OutcomeUnknown."""
    async with (
        loopback(None) as (url, asked),
        made(url=url, grafana_url=STACK, transport=transport) as client,
    ):
        task = asyncio.ensure_future(CALLS[name](client))
        await asked.wait()
        await client.aclose()
        async with asyncio.timeout(2):
            (result,) = await asyncio.gather(task, return_exceptions=True)
    assert isinstance(result, OnCallError)
    assert_fit_to_hand_on(result, kind)


@contextmanager
def everything_logged(caplog: pytest.LogCaptureFixture) -> Generator[None]:
    """The records of all loggers at their lowest levels."""
    with caplog.at_level(logging.DEBUG):
        yield
    assert any(record.name.startswith("httpcore") for record in caplog.records)


async def test_the_token_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    """Not of this package, httpx or httpcore, over a real socket."""
    fake = FakeOnCall(token=KEY)
    group = fake.add_group()
    with everything_logged(caplog):
        async with serve(fake) as url, made(url=url, grafana_url=STACK) as client:
            await client.alert_groups.get(group.id)
            await client.alert_groups.silence(group.id, 60)
    assert fake.calls[-1].status == 200
    for record in caplog.records:
        assert not shows(f"{record.getMessage()} {record.args!r} {_extras(record)!r}", KEY)


def _extras(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name != "args"}
