"""Failures at every point of an exchange, over real sockets: all senders report the same.

What matters is whether a request was certainly never sent, and that the server received as many as
the client reports. Times are real, and short.
"""

import asyncio
import gc
import json
import socket
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Literal

import anyio
import attrs
import pytest

from grafana_oncall import OnCallClient, RetryPolicy, models, operations
from grafana_oncall._core.secret import Secret
from grafana_oncall._http.aiohttp_sender import AiohttpSender
from grafana_oncall._http.auth import Redactor, request_headers
from grafana_oncall._http.sender import Target
from grafana_oncall.errors import (
    ClientStateError,
    OnCallError,
    OutcomeUnknown,
    RequestTimeout,
    TransportError,
)
from tests.support.certificates import LOOPBACK
from tests.support.samples import GROUP, INTEGRATION
from tests.support.scripted import (
    Fault,
    Point,
    Scripted,
    close,
    keep,
    raw_response,
    reset,
    serving,
    stall,
)
from tests.support.secrets_shown import leaks

TOKEN = "tok-4f9a1c-must-not-be-seen"
PEM = LOOPBACK
TWICE = RetryPolicy(max_attempts=2, initial_backoff=0.001)

Name = Literal["httpx", "httpx2", "aiohttp"]
Call = Callable[[OnCallClient], Awaitable[object]]
NAMES: tuple[Name, ...] = ("httpx", "httpx2", "aiohttp")
each_transport = pytest.mark.parametrize("name", NAMES)


def made(server: Scripted, name: Name, **settings: Any) -> OnCallClient:
    """Return a client that tries twice, with long timeouts."""
    given: dict[str, Any] = {"timeout": 5, "retry": TWICE, **settings}
    return OnCallClient(url=server.url, token=TOKEN, transport=name, **given)


def count(client: OnCallClient) -> Awaitable[int]:
    """A read that any valid response satisfies."""
    return client.alert_groups.list().count()


async def _get(client: OnCallClient) -> None:
    await client.alert_groups.get("I1")


async def _post(client: OnCallClient) -> None:
    await client.alert_groups.silence("I1", 60)


async def _put(client: OnCallClient) -> None:
    body = models.IntegrationUpdate(name="a")
    await client.send(operations.update_integration("I1", body))


async def _delete(client: OnCallClient) -> None:
    await client.integrations.delete("I1")


METHODS: dict[str, Call] = {"GET": _get, "POST": _post, "PUT": _put, "DELETE": _delete}
GOOD = {
    "GET": raw_response(json.dumps({**GROUP, "id": "I1"}).encode()),
    "POST": raw_response(b""),
    "PUT": raw_response(json.dumps({**INTEGRATION, "id": "I1"}).encode()),
    "DELETE": b"HTTP/1.1 204 No Content\r\n\r\n",
}
every_method = pytest.mark.parametrize("method", METHODS)


@attrs.frozen
class Outcome:
    """How a call ended, as the client reports it and as the server saw it."""

    kind: type[TransportError]
    sent: bool
    attempts: int
    seen: int
    """Exchanges that the server counted."""
    in_doubt: bool = False
    """Whether it ended in OutcomeUnknown."""


async def failed(method: str, client: OnCallClient, server: Scripted) -> Outcome:
    """The outcome of a call without a response; a write that may have been sent is in doubt."""
    before = server.exchanges
    with pytest.raises(OnCallError) as caught:
        await METHODS[method](client)
    error = caught.value
    cause = error if isinstance(error, TransportError) else error.__cause__
    assert isinstance(cause, TransportError)
    return Outcome(
        type(cause),
        cause.sent,
        len(error.attempts),
        server.exchanges - before,
        in_doubt=isinstance(error, OutcomeUnknown),
    )


POINTS = {
    "before the request": Point(0),
    "after its headers": Point(1),
    "after its body": Point(2),
    "in the status line": Point(2, b"HTTP/1.1 20"),
    "in the headers": Point(2, b"HTTP/1.1 200 OK\r\nContent-Le"),
    "after the headers": Point(2, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
    "in the body": Point(2, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"),
    "in a chunk": Point(2, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"),
    "after words that are not HTTP": Point(2, b"SSH-2.0-x\r\n\r\n"),
}
FAULTS: dict[str, Fault] = {"closes": close, "resets": reset, "stalls": stall}


async def outcomes(point: str, fault: str, *, good: int, timeout: float = 5) -> dict[str, Outcome]:
    """Of each method over each transport, after this many complete exchanges on the connection."""

    async def one(name: Name, method: str) -> tuple[str, Outcome]:
        server = Scripted(POINTS[point], FAULTS[fault], good=good)
        async with serving(server), made(server, name, timeout=timeout) as client:
            for _ in range(good):
                assert await count(client) == 7
            return f"{method} over {name}", await failed(method, client, server)

    return dict(await asyncio.gather(*(one(name, method) for name in NAMES for method in METHODS)))


def expected(point: str, fault: str) -> dict[str, Outcome]:
    """Possibly sent, wherever it fails. Each exchange is an attempt; a silence has only one."""
    # What is not HTTP fails at once.
    late = fault == "stalls" and "not HTTP" not in point
    attempts = {method: 1 if method == "POST" else 2 for method in METHODS}
    return {
        f"{method} over {name}": Outcome(
            RequestTimeout if late else TransportError,
            sent=True,
            attempts=attempts[method],
            seen=attempts[method],
            in_doubt=method != "GET",
        )
        for name in NAMES
        for method in METHODS
    }


async def check(point: str, fault: str, *, good: int) -> None:
    """Compare the outcomes with what is expected.

    A stall gets a short timeout, to save time. A busy machine may then be too slow to
    connect, which would look like another outcome: so a long timeout is tried as well.
    """
    if fault == "stalls":
        with suppress(OnCallError):
            if await outcomes(point, fault, good=good, timeout=0.2) == expected(point, fault):
                return
    timeout = 3 if fault == "stalls" else 5
    assert await outcomes(point, fault, good=good, timeout=timeout) == expected(point, fault)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("point", POINTS)
async def test_a_new_connection_fails(point: str, fault: str) -> None:
    """All senders report the same, and it matches what the server saw."""
    await check(point, fault, good=0)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("point", [point for point in POINTS if POINTS[point].reads])
async def test_a_kept_connection_fails(point: str, fault: str) -> None:
    """Like a new one: nothing is repeated silently, although it might have been stale."""
    await check(point, fault, good=1)


@each_transport
@pytest.mark.parametrize("point", POINTS)
async def test_no_error_shows_the_token(point: str, name: Name) -> None:
    """Those of aiohttp hold the sent headers, and are therefore not chained."""
    async with (
        serving(Scripted(POINTS[point], reset)) as server,
        made(server, name, retry=RetryPolicy(max_attempts=1)) as client,
    ):
        with pytest.raises(OutcomeUnknown) as caught:
            await _post(client)
    assert leaks(caught.value, TOKEN) == []


@each_transport
@pytest.mark.parametrize(
    "seconds", [pytest.param(0, id="just now"), pytest.param(0.01, id="a while ago")]
)
@every_method
async def test_a_connection_that_was_closed_while_idle_is_not_used(
    method: str, seconds: float, name: Name
) -> None:
    """The next request takes a new one, even if the loop has had no turn since; no doubt."""
    server = Scripted(Point(2, GOOD[method]), keep, good=1)
    async with serving(server), made(server, name, retry=RetryPolicy(max_attempts=1)) as client:
        assert await count(client) == 7
        server.hang_up()
        if seconds:
            await asyncio.sleep(seconds)
        await METHODS[method](client)
    assert (server.connections, server.exchanges) == (2, 2)


@each_transport
async def test_a_response_with_countless_headers_is_refused(name: Name) -> None:
    """A million short ones would take gigabytes; the libraries read a hundred or so."""
    server = Scripted(Point(2, raw_response(b"{}", *[b"a: b"] * 50_000)), close)
    async with serving(server), made(server, name) as client:
        with pytest.raises(TransportError):
            await count(client)


@each_transport
async def test_an_unrequested_response_is_discarded(name: Name) -> None:
    """A second response to one request is not taken as the response to the next."""
    server = Scripted(Point(2, raw_response()), keep)
    async with serving(server), made(server, name) as client:
        assert await count(client) == 7
        server.say(raw_response(b'{"count": 8, "results": []}'))
        assert [await count(client) for _ in range(2)] == [7, 7]
    assert (server.connections, server.exchanges) == (2, 3)


@each_transport
@every_method
async def test_a_refused_connection_is_never_sent(method: str, name: Name) -> None:
    """So even a silence is retried."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = Scripted(url=f"http://127.0.0.1:{taken.getsockname()[1]}")
    async with made(server, name) as client:
        assert await failed(method, client, server) == Outcome(
            TransportError, sent=False, attempts=2, seen=0
        )


@each_transport
async def test_a_host_that_cannot_be_looked_up_is_never_sent(name: Name) -> None:
    """The name is too long for a query."""
    server = Scripted(url=f"http://{'a' * 64}.localhost")
    async with made(server, name) as client:
        assert await failed("POST", client, server) == Outcome(
            TransportError, sent=False, attempts=2, seen=0
        )


@each_transport
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_handshake_that_fails_is_never_sent(fault: str, name: Name) -> None:
    """Without TLS, no one can have read the request."""
    async with serving(Scripted(Point(0), FAULTS[fault])) as server:
        server.url = server.url.replace("http:", "https:")
        async with made(server, name, timeout=0.5) as client:
            kind = RequestTimeout if fault == "stalls" else TransportError
            assert await failed("POST", client, server) == Outcome(
                kind, sent=False, attempts=2, seen=2
            )


@each_transport
async def test_a_certificate_that_is_not_trusted_is_never_sent(name: Name) -> None:
    """With verify=, the same server is trusted."""
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(PEM)
    trusting = ssl.create_default_context(cafile=PEM)
    async with serving(Scripted(Point(2, raw_response()), keep), tls=served) as server:
        async with made(server, name) as client:
            # Another attempt would fail as well.
            assert await failed("POST", client, server) == Outcome(
                TransportError, sent=False, attempts=1, seen=0
            )
        for verify in (trusting, False):
            async with made(server, name, timeout=5, verify=verify) as client:
                assert await count(client) == 7


@each_transport
@pytest.mark.parametrize("begun", [b"", raw_response()[:-5]], ids=["before it", "within it"])
async def test_a_call_that_is_cancelled_takes_its_connection_with_it(
    begun: bytes, name: Name
) -> None:
    """The rest of its response arrives too late, and reaches no other call."""
    late = asyncio.Event()

    async def say_late(server: Scripted, writer: asyncio.StreamWriter) -> None:
        number = server.exchanges
        await late.wait()
        writer.write(raw_response(b'{"count": %d, "results": []}' % number))

    server = Scripted(Point(2, begun), say_late)
    async with serving(server), made(server, name, max_connections=1) as client:
        call = asyncio.ensure_future(count(client))
        while not server.requests:  # noqa: ASYNC110  # there is no event
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.01)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        server.point = Point(2)
        late.set()
        assert await count(client) == 2
    assert server.connections == 2


@each_transport
@pytest.mark.parametrize("seconds", [0, 0.0005, 0.001, 0.002, 0.005, 0.01])
async def test_cancellations_lose_no_place(seconds: float, name: Name) -> None:
    """After storms of them, as many calls as connections are in flight at once."""
    together = asyncio.Barrier(4)

    async def say_together(server: Scripted, writer: asyncio.StreamWriter) -> None:
        if b"/integrations/" in server.requests[-1]:
            await together.wait()
            writer.write(raw_response())
        else:
            await server.over.wait()

    def calm(client: OnCallClient) -> Awaitable[int]:
        return client.integrations.list().count()

    server = Scripted(Point(2), say_together)
    async with serving(server), made(server, name, max_connections=4) as client:
        for _ in range(5):
            calls = [asyncio.ensure_future(count(client)) for _ in range(8)]
            await asyncio.sleep(seconds)
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
        async with asyncio.timeout(5):
            assert await asyncio.gather(*(calm(client) for _ in range(4))) == [7] * 4


@each_transport
@pytest.mark.parametrize("call", [_get, _post])
async def test_a_scope_of_anyio_ends_a_call_as_it_ends_any_wait(call: Call, name: Name) -> None:
    """At any turn: it recognizes its own cancellation by the message."""
    server = Scripted(Point(2), stall)
    async with serving(server), made(server, name) as client:
        for number in range(30):
            with anyio.CancelScope() as scope:
                after(number, scope.cancel)
                await call(client)
            assert scope.cancelled_caught, f"after {number} turns"


@each_transport
@pytest.mark.parametrize("number", range(5))
async def test_a_scope_of_anyio_ends_a_call_that_its_client_ends_too(
    number: int, name: Name
) -> None:
    """This many turns later; no cancellation is left over."""
    server = Scripted(Point(2), stall)
    async with serving(server), made(server, name) as client:
        scope = anyio.CancelScope()

        async def end() -> None:
            while not server.requests:  # noqa: ASYNC110  # there is no event
                await asyncio.sleep(0)
            after(number, scope.cancel)
            await client.aclose()

        ending = asyncio.ensure_future(end())
        with scope, suppress(ClientStateError):
            await count(client)
        await ending


def after(number: int, then: Callable[[], object]) -> None:
    """Call it after this many turns of the event loop."""
    if number:
        asyncio.get_running_loop().call_soon(after, number - 1, then)
    else:
        then()


@each_transport
async def test_closing_leaves_nothing_behind(name: Name) -> None:
    """Every connection is closed, idle or in use; there are no warnings."""
    server = Scripted(Point(2), stall, good=3)
    async with serving(server):
        async with made(server, name) as client:
            assert await asyncio.gather(*(count(client) for _ in range(3))) == [7] * 3
            call = asyncio.ensure_future(count(client))
            while server.exchanges < 4:  # noqa: ASYNC110  # there is no event
                await asyncio.sleep(0.001)
            assert server.connected == 3
        with pytest.raises(ClientStateError):
            await call
        async with asyncio.timeout(2):
            while server.connected:  # noqa: ASYNC110  # there is no event
                await asyncio.sleep(0.001)
    gc.collect()


@each_transport
async def test_a_call_that_is_admitted_as_the_client_closes_is_not_sent(name: Name) -> None:
    """It has the place of a completed call, whose caller then closed the client."""

    async def respond_to_reads(server: Scripted, writer: asyncio.StreamWriter) -> None:
        if server.requests[-1].startswith(b"GET"):  # whichever of the two came first
            writer.write(raw_response())
        else:
            await stall(server, writer)

    server = Scripted(Point(2), respond_to_reads)
    async with serving(server), made(server, name, max_connections=2) as client:

        async def last() -> None:
            assert await count(client) == 7
            await client.aclose()

        calls = [last(), _post(client), _post(client), _post(client)]
        async with asyncio.timeout(2):
            results = await asyncio.gather(*calls, return_exceptions=True)
    kinds = [type(result) for result in results]
    assert kinds == [type(None), OutcomeUnknown, ClientStateError, ClientStateError]
    assert server.exchanges <= 2  # it may not have read the second one yet


@each_transport
def test_another_event_loop_is_refused(name: Name) -> None:
    """With a message that says what to do."""
    server = Scripted(Point(2, raw_response()), keep)

    async def use() -> OnCallClient:
        async with serving(server):
            client = made(server, name)
            assert await count(client) == 7
            return client

    with asyncio.Runner() as first:
        client = first.run(use())
        with asyncio.Runner() as second, pytest.raises(ClientStateError, match="one client per"):
            second.run(client.alert_groups.list().count())
        first.run(client.aclose())


@asynccontextmanager
async def aiohttp_alone(url: str, **settings: Any) -> AsyncGenerator[AiohttpSender]:
    """A sender without the throttle before it."""
    target = Target(
        base_url=f"{url}/api/v1/",
        headers=request_headers(Secret(TOKEN), None),
        redactor=Redactor(TOKEN),
        max_response_bytes=1000,
    )
    sender = AiohttpSender(target, tls=ssl.create_default_context(), **settings)
    try:
        yield sender
    finally:
        await sender.aclose()


async def test_a_request_that_waits_for_a_connection_is_never_sent() -> None:
    """When the sender is used without the throttle before it."""
    request = operations.list_alert_groups()
    async with (
        serving(Scripted(Point(2), stall)) as server,
        aiohttp_alone(server.url, max_connections=1) as sender,
    ):
        first = asyncio.ensure_future(sender.send(request, 5))
        while not server.requests:  # noqa: ASYNC110  # there is no event
            await asyncio.sleep(0.001)
        with pytest.raises(RequestTimeout) as caught:
            await sender.send(request, 0.03)
        assert not caught.value.sent
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
    assert server.exchanges == 1


async def test_a_body_that_is_not_read_times_out() -> None:
    """It may have arrived in part. No body of the SDK is that large."""
    body = models.IntegrationUpdate(name="x" * 8_000_000)
    async with (
        serving(Scripted(Point(1), stall)) as server,
        aiohttp_alone(server.url, max_connections=1) as sender,
    ):
        with pytest.raises(RequestTimeout) as caught:
            async with asyncio.timeout(5):
                await sender.send(operations.update_integration("I1", body), 0.1)
    assert caught.value.sent
    assert server.exchanges == 1
