"""Whatever a transport or a hook raises becomes an SDK error, which retries and bots handle."""

import asyncio
import os
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import httpx
import pytest
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from grafana_oncall import OnCallClient, RetryPolicy
from grafana_oncall.errors import (
    AlreadyInState,
    OnCallError,
    OutcomeUnknown,
    RateLimited,
    ServerError,
    StatusError,
    TransportError,
)
from tests.support.certificates import LOOPBACK
from tests.support.secrets_shown import leaks
from tests.support.sessions import BASE, EMPTY, LIST, SECRET, empty, received, session

PEM = LOOPBACK
TWICE = RetryPolicy(max_attempts=2, initial_backoff=0.001)


class Odd(Exception):  # of some library
    """An error that keeps its arguments."""

    def __init__(self, held: object) -> None:
        super().__init__("odd")
        self.held = held


def of_aiohttp(request: httpx.Request) -> Exception:
    """An error whose repr shows the request's headers."""
    headers = CIMultiDictProxy(CIMultiDict(request.headers.multi_items()))
    info = aiohttp.RequestInfo(URL(BASE), "GET", headers, URL(BASE))
    return aiohttp.ClientResponseError(info, (), status=502, message="Bad Gateway")


def in_a_chain(request: httpx.Request) -> Exception:
    """Chained errors, as from an adapter of another library."""
    error = httpx.ReadError("it broke")
    error.__cause__ = of_aiohttp(request)
    error.__context__ = Odd(request)
    return error


def of_tls(_: httpx.Request) -> Exception:
    """A TLS error, as httpcore lets it through."""
    return ssl.SSLError(1, "[SSL: DECRYPTION_FAILED_OR_BAD_RECORD_MAC] bad record mac")


RAISED: dict[str, Callable[[httpx.Request], Exception]] = {
    "of TLS": of_tls,
    "of a socket": lambda _: BrokenPipeError(32, "Broken pipe"),
    "a timeout": lambda _: TimeoutError(),
    "of aiohttp": of_aiohttp,
    "in a chain": in_a_chain,
    "with the request": Odd,
    "a group": lambda request: ExceptionGroup("several", [Odd(request), OSError()]),
    "a value": lambda _: ValueError("no value"),
    "a key": lambda _: KeyError("key"),
    "a bug": lambda _: AttributeError("no such attribute"),
    "an assertion": lambda _: AssertionError(),
    "a runtime error": lambda _: RuntimeError("closed"),
}


HOLDING = ("of TLS", "of aiohttp", "in a chain", "with the request", "a group")
"""Of those, what could show the token; to look for it takes a second."""


class Failing(httpx.AsyncBaseTransport):
    """A transport that raises this, at once or in the body of a response."""

    def __init__(self, make: Callable[[httpx.Request], BaseException], *, late: bool) -> None:
        self.make = make
        self.late = late
        self.seen = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Fail on any request."""
        self.seen += 1
        if not self.late:
            raise self.make(request)
        return httpx.Response(200, stream=_Body(lambda: self.make(request)))


class _Body(httpx.AsyncByteStream):
    def __init__(self, make: Callable[[], BaseException]) -> None:
        self.make = make

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield EMPTY[:5]
        raise self.make()


@pytest.mark.parametrize("late", [False, True], ids=["at once", "in the body"])
@pytest.mark.parametrize("name", RAISED)
async def test_whatever_a_transport_raises_becomes_an_sdk_error(name: str, *, late: bool) -> None:
    """The request may have been sent; a read is retried, and no error shows the token."""
    transport = Failing(RAISED[name], late=late)
    async with session(transport, retry=TWICE) as oncall:
        with pytest.raises(TransportError) as caught:
            await oncall.send(LIST)
    error = caught.value
    assert error.sent
    assert transport.seen == len(error.attempts) == 2
    if name in HOLDING:
        assert leaks(error, SECRET) == []
    kind = type(RAISED[name](httpx.Request("GET", BASE)))
    assert kind.__name__ in str(error)


@pytest.mark.parametrize("name", RAISED)
async def test_a_write_that_such_an_error_hits_has_an_unknown_outcome(name: str) -> None:
    """It is not retried."""
    transport = Failing(RAISED[name], late=False)
    async with session(transport, retry=TWICE) as oncall:
        with pytest.raises(OutcomeUnknown) as caught:
            await oncall.alert_groups.silence("I1", 60)
    assert transport.seen == len(caught.value.attempts) == 1


@pytest.mark.parametrize("late", [False, True], ids=["at once", "in the body"])
@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
async def test_what_ends_a_program_or_a_task_is_not_a_failure(
    kind: type[BaseException], *, late: bool
) -> None:
    """It propagates unchanged."""
    async with session(Failing(lambda _: kind(), late=late)) as oncall:
        sender = oncall._session.shared.sender
        with pytest.raises(kind) as caught:
            await sender.send(LIST, 5)
    assert type(caught.value) is kind


async def test_a_group_with_a_cancellation_is_not_a_failure_either() -> None:
    """As from a task group in a transport."""
    group = BaseExceptionGroup("ended", [asyncio.CancelledError(), OSError()])
    async with session(Failing(lambda _: group, late=False)) as oncall:
        with pytest.raises(BaseExceptionGroup):
            await oncall._session.shared.sender.send(LIST, 5)


# TLS 1.3: the client's handshake is done before the server has accepted it.


def server_tls(*, wants_certificate: bool = False) -> ssl.SSLContext:
    """TLS settings of a server on loopback."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(PEM)
    if wants_certificate:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(PEM)
    return context


def corrupt(socket: int) -> None:
    """Send a record that is not encrypted with the session's keys."""
    os.write(socket, b"\x17\x03\x03\x00\x20" + bytes(32))


def plain(socket: int) -> None:
    """Send plain text, like a middlebox that is unaware of TLS."""
    os.write(socket, b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")


@asynccontextmanager
async def breaking(
    say: Callable[[int], None], tls: ssl.SSLContext
) -> AsyncGenerator[tuple[str, list[int]]]:
    """A server that reads requests and writes this below TLS: its URL, and their lengths."""
    seen: list[int] = []

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            seen.append(len(await received(reader)))
            say(writer.get_extra_info("socket").fileno())
            await reader.read()
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client may have gone
        finally:
            writer.transport.abort()

    async with await asyncio.start_server(converse, "127.0.0.1", 0, ssl=tls) as server:
        yield f"https://localhost:{server.sockets[0].getsockname()[1]}/api/v1/", seen


def trusting() -> ssl.SSLContext:
    """TLS settings of a client that trusts it."""
    return ssl.create_default_context(cafile=PEM)


SENDERS: dict[str, Callable[[], dict[str, Any]]] = {
    "ours": lambda: {"verify": trusting()},
    "ours, over aiohttp": lambda: {"verify": trusting(), "transport": "aiohttp"},
    "a client of the user's": lambda: {"http_client": httpx.AsyncClient(verify=trusting())},
}


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize("say", [corrupt, plain])
async def test_a_broken_tls_record_is_a_failure_like_others(
    say: Callable[[int], None], sender: str
) -> None:
    """A read is retried; the outcome of a silence, which the server has read, is unknown."""
    async with (
        breaking(say, server_tls()) as (url, seen),
        session(url=url, retry=TWICE, **SENDERS[sender]()) as oncall,
        session(url=url, retry=TWICE, **SENDERS[sender]()) as other,
    ):
        with pytest.raises(TransportError) as read:
            await oncall.send(LIST)
        assert len(seen) == 2
        with pytest.raises(OutcomeUnknown) as write:
            await other.alert_groups.silence("I1", 60)
        assert len(seen) == 3
    assert read.value.sent
    assert len(write.value.attempts) == 1


@pytest.mark.parametrize("sender", SENDERS)
async def test_a_missing_client_certificate_is_a_failure_like_others(sender: str) -> None:
    """The server says so in an alert after the handshake, when the request is in flight."""
    tls = server_tls(wants_certificate=True)
    async with (
        breaking(plain, tls) as (url, seen),
        session(url=url, retry=TWICE, **SENDERS[sender]()) as oncall,
        session(url=url, retry=TWICE, **SENDERS[sender]()) as other,
    ):
        with pytest.raises(TransportError) as read:
            await oncall.send(LIST)
        with pytest.raises(OutcomeUnknown):
            await other.alert_groups.silence("I1", 60)
    assert read.value.sent
    assert not seen


# A hook of the user's client may turn any response into an error.


def hooked(
    respond: Callable[[], httpx.Response], hook: Callable[[httpx.Response], Awaitable[None]]
) -> OnCallClient:
    """A client with a response hook."""
    http = httpx.AsyncClient(
        transport=httpx.MockTransport(lambda _: respond()), event_hooks={"response": [hook]}
    )
    return OnCallClient(url=BASE, token=SECRET, http_client=http, retry=TWICE)


async def unread(response: httpx.Response) -> None:
    """Check only the status."""
    response.raise_for_status()


async def read(response: httpx.Response) -> None:
    """Read the response first, as httpx's documentation says."""
    await response.aread()
    response.raise_for_status()


async def failing(call: Callable[[OnCallClient], Awaitable[object]], client: OnCallClient) -> Any:
    """Return the error of a call."""
    async with client:
        with pytest.raises(OnCallError) as caught:
            await call(client)
    return caught.value


@pytest.mark.parametrize("hook", [unread, read])
@pytest.mark.parametrize("status", [302, 403, 404, 418, 500, 503])
async def test_a_status_that_a_hook_raises_is_that_status(
    status: int, hook: Callable[[httpx.Response], Awaitable[None]]
) -> None:
    """A response came, so the error does not say that none did."""
    error = await failing(
        lambda client: client.alert_groups.get("I1"),
        hooked(lambda: httpx.Response(status, json={"detail": "Not today."}), hook),
    )
    assert isinstance(error, StatusError)
    assert error.status == status
    if hook is read and status != 302:
        assert error.detail == "Not today."


async def test_a_refusal_that_a_hook_raises_keeps_its_meaning() -> None:
    """The server's message, and how long it asks to wait."""
    detail = {"detail": "Can't acknowledge an acknowledged alert group"}
    already = await failing(
        lambda client: client.alert_groups.acknowledge("I1"),
        hooked(lambda: httpx.Response(400, json=detail), read),
    )
    assert isinstance(already, AlreadyInState)
    limited = await failing(
        lambda client: client.alert_groups.acknowledge("I1"),
        hooked(lambda: httpx.Response(429, headers={"Retry-After": "3600"}), unread),
    )
    assert isinstance(limited, RateLimited)
    assert limited.reset_after == 3600
    fault = await failing(
        lambda client: client.alert_groups.silence("I1", 60),
        hooked(lambda: httpx.Response(500), unread),
    )
    assert isinstance(fault, OutcomeUnknown)
    assert isinstance(fault.__cause__, ServerError)


async def test_a_success_that_a_hook_raises_is_not_a_success() -> None:
    """The hook may have a reason; the write may have had its effect."""

    async def reject(response: httpx.Response) -> None:
        raise httpx.HTTPStatusError("too slow", request=response.request, response=response)

    error = await failing(
        lambda client: client.alert_groups.silence("I1", 60),
        hooked(lambda: httpx.Response(200), reject),
    )
    assert isinstance(error, OutcomeUnknown)
    assert "a hook of the httpx client rejected the response 200" in str(error)


async def test_a_status_of_another_request_is_not_the_response() -> None:
    """Such as that of a service to which the hook reports."""

    async def report(_: httpx.Response) -> None:
        request = httpx.Request("POST", "https://metrics.test/")
        httpx.Response(404, request=request).raise_for_status()

    error = await failing(lambda client: client.send(LIST), hooked(empty, report))
    assert isinstance(error, TransportError)
    assert error.sent
