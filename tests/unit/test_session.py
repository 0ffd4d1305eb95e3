"""The one place that sends: over a transport that answers at once, and over real sockets."""

import asyncio
import gzip
import json
import traceback
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from grafana_oncall import OnCallClient, Page, Request, operations
from grafana_oncall._retry import RetryPolicy
from grafana_oncall.errors import (
    ClientStateError,
    DecodeError,
    InvalidArgument,
    OnCallError,
    OutcomeUnknown,
    RequestTimeout,
    ServerError,
    StatusError,
    TransportError,
)
from grafana_oncall.models import AlertGroup, AlertGroupSilence, IntegrationCreate

SECRET = "meow-meow-meow"
BASE = "https://oncall.test/prefix/api/v1/"
EMPTY = b'{"count":0,"results":[]}'
LIST = operations.list_integrations()
SILENCE = operations.silence_alert_group("A", AlertGroupSilence(delay=60))


def made(transport: httpx.AsyncBaseTransport | None = None, **options: Any) -> OnCallClient:
    """A client that tries once."""
    settings: dict[str, Any] = {"url": BASE, "retry": RetryPolicy(attempts=1), "timeout": 5}
    return OnCallClient(token=SECRET, transport=transport, **(settings | options))


@asynccontextmanager
async def session(
    transport: httpx.AsyncBaseTransport | None = None, **options: Any
) -> AsyncGenerator[OnCallClient, None]:
    """One for the length of a block."""
    async with made(transport, **options) as oncall:
        yield oncall


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncGenerator[str, None]:
    """The base URL of a server on a loopback socket; every handler has ended afterwards."""
    tasks: set[asyncio.Task[Any] | None] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        try:
            await handler(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client went away, which is what some tests are about
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/v1/"
    finally:
        server.close()
        async with asyncio.timeout(5):
            await asyncio.gather(*(task for task in tasks if task))


async def received(reader: asyncio.StreamReader) -> bytes:
    """One whole request, as it came."""
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = [
        int(line.split(b":")[1])
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length:")
    ]
    return head + await reader.readexactly(sum(lengths))


def answer(content: bytes = EMPTY, status: str = "200 OK", *headers: str) -> bytes:
    """A whole answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(content)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + content


def answering(data: bytes) -> Handler:
    """Reads a request, writes this, closes."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await received(reader)
        writer.write(data)
        await writer.drain()

    return handler


def always(response: Callable[[], httpx.Response]) -> httpx.MockTransport:
    """A transport that answers the same to all."""
    return httpx.MockTransport(lambda _: response())


def empty() -> httpx.Response:
    """A list of nothing."""
    return httpx.Response(200, content=EMPTY)


def chained(error: BaseException) -> Iterator[BaseException]:
    """Every error that can be reached from this one, without itself."""
    seen: list[BaseException] = []
    waiting = [error]
    while waiting:
        one = waiting.pop()
        group = one.exceptions if isinstance(one, BaseExceptionGroup) else ()
        for other in (one.__cause__, one.__context__, *group):
            if other is not None and all(other is not known for known in seen):
                seen.append(other)
                waiting.append(other)
                yield other


def assert_holds_no_token(error: BaseException) -> None:
    """The causes have no frames, and what else can be reached holds nothing of the request."""
    assert error.__cause__ is not None
    cause: BaseException | None = error.__cause__
    while cause is not None:
        assert cause.__traceback__ is None, repr(cause)
        cause = cause.__cause__
    for other in chained(error):
        assert SECRET not in f"{other!r} {other}"
        if isinstance(other, httpx.RequestError):
            assert "authorization" not in other.request.headers
        for frame, _ in traceback.walk_tb(other.__traceback__):
            assert SECRET not in repr(frame.f_locals)
            kinds = {type(value).__name__ for value in frame.f_locals.values()}
            assert not kinds & {"Request", "Headers", "Wire", "AsyncClient"}
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    assert SECRET not in "".join(told.format())


# What goes out.


async def test_a_request_goes_out_with_its_headers_and_bytes() -> None:
    """Method, URL with a slash, bare token, stack, and JSON of a known length."""
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200)

    async with session(httpx.MockTransport(handle), grafana_url="https://stack.example") as oncall:
        await oncall.send(SILENCE)
    (request,) = seen
    assert (request.method, str(request.url)) == ("POST", f"{BASE}alert_groups/A/silence/")
    assert request.content == b'{"delay":60}'
    headers = dict(request.headers)
    assert headers.pop("user-agent").startswith("grafana-oncall-sdk/")
    assert headers == {
        "host": "oncall.test",
        "accept": "application/json",
        "accept-encoding": headers["accept-encoding"],
        "connection": "keep-alive",
        "authorization": SECRET,
        "x-grafana-url": "https://stack.example",
        "content-type": "application/json",
        "content-length": "12",
    }


async def test_a_request_without_body_and_stack_lacks_their_headers() -> None:
    """And without filters, a query."""
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return empty()

    async with session(httpx.MockTransport(handle)) as oncall:
        await oncall.send(LIST)
        await oncall.send(operations.list_integrations(name="a b&c=\u2603", page=2))
    assert [str(one.url) for one in seen] == [
        f"{BASE}integrations/",
        f"{BASE}integrations/?name=a+b%26c%3D%E2%98%83&page=2",
    ]
    for one in seen:
        assert not {"x-grafana-url", "content-type", "transfer-encoding"} & {*one.headers}


async def test_an_exchange_gives_the_answer_as_it_came() -> None:
    """Headers by names in any case, body with what the models do not know."""
    content = b'{"count":0,"results":[],"new":1}'
    transport = always(lambda: httpx.Response(200, content=content, headers={"X-New": "Yes"}))
    async with session(transport) as oncall:
        result = await oncall.send(LIST)
    assert result.value.count == 0
    assert (result.response.status, result.response.content) == (200, content)
    headers = result.response.headers
    assert (headers["x-new"], headers["X-New"]) == ("Yes", "Yes")
    assert [name for name in headers if name.startswith("x")] == ["x-new"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_never_followed(status: int) -> None:
    """Not even when the user's own httpx client would."""
    seen: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return httpx.Response(status, headers={"location": "https://evil.example/?x=1"})

    http = httpx.AsyncClient(transport=httpx.MockTransport(handle), follow_redirects=True)
    async with http, session(http_client=http) as oncall:
        with pytest.raises(StatusError, match=r"redirects to https://evil\.example/;"):
            await oncall.send(LIST)
    assert seen == [f"{BASE}integrations/"]


async def test_the_users_own_client_keeps_its_settings_but_not_its_credentials() -> None:
    """It stays open, too."""
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return empty()

    http = httpx.AsyncClient(
        transport=httpx.MockTransport(handle), auth=("me", "pw"), headers={"x-mine": "1"}
    )
    async with http:
        async with session(http_client=http) as oncall:
            await oncall.send(LIST)
        assert not http.is_closed
    assert (seen[0].headers["authorization"], seen[0].headers["x-mine"]) == (SECRET, "1")


BODIES: list[Any] = [
    pytest.param(LIST, b"", id="GET"),
    pytest.param(operations.acknowledge_alert_group("A"), b"", id="POST without body"),
    pytest.param(SILENCE, b'{"delay":60}', id="POST"),
    pytest.param(
        operations.create_integration(IntegrationCreate(type="x" * 200_000)),
        b'{"type":"' + b"x" * 200_000 + b'"}',
        id="large POST",
    ),
    pytest.param(operations.delete_integration("A"), b"", id="DELETE"),
]


@pytest.mark.parametrize(("request_", "body"), BODIES)
async def test_a_body_is_never_chunked(request_: Request[Any], body: bytes) -> None:
    """Real servers read a chunked body as empty."""
    seen: list[bytes] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await received(reader))
        writer.write(answer(b"nope", "400 Bad Request"))
        await writer.drain()

    async with serving(handler) as url, session(url=url) as oncall:
        with pytest.raises(OnCallError):
            await oncall.send(request_)
    head, _, sent = seen[0].partition(b"\r\n\r\n")
    assert sent == body
    assert b"transfer-encoding" not in head.lower()
    if request_.operation.method in {"POST", "PUT"}:
        assert b"content-length: %d" % len(body) in head.lower()


# What goes wrong below.


def failures(kind: type[httpx.HTTPError]) -> set[type[httpx.HTTPError]]:
    """Every class of httpx's tree that is raised itself."""
    below = {one for child in kind.__subclasses__() for one in failures(child)}
    return below or {kind}


SENT: dict[type[Exception], bool] = {
    httpx.ConnectError: False,
    httpx.ConnectTimeout: False,
    httpx.PoolTimeout: False,
    httpx.UnsupportedProtocol: False,
    httpx.LocalProtocolError: False,
    httpx.ReadError: True,
    httpx.ReadTimeout: True,
    httpx.WriteError: True,
    httpx.WriteTimeout: True,
    httpx.CloseError: True,
    httpx.RemoteProtocolError: True,
    httpx.ProxyError: False,
    httpx.DecodingError: True,
    httpx.TooManyRedirects: True,
}


def fail(token: str) -> None:
    """As a socket does, with the token in a local variable."""
    raise OSError(len(token))


def test_every_failure_of_httpx_is_tested_here() -> None:
    """Another release may add some."""
    assert failures(httpx.HTTPError) == {*SENT, httpx.HTTPStatusError}


@pytest.mark.parametrize(
    ("kind", "sent"), SENT.items(), ids=lambda one: getattr(one, "__name__", one)
)
async def test_a_failure_of_httpx_is_ours_and_says_whether_it_was_sent(
    kind: type[Exception], *, sent: bool
) -> None:
    """With the cause chained, and nothing below it that holds the token."""

    def handle(request: httpx.Request) -> httpx.Response:
        try:
            fail(request.headers["authorization"])
        except OSError as error:
            raise kind("it broke") from error
        return empty()

    async with session(httpx.MockTransport(handle)) as oncall:
        with pytest.raises(TransportError) as info:
            await oncall.send(LIST)
    error = info.value
    assert type(error) is (
        RequestTimeout if issubclass(kind, httpx.TimeoutException) else TransportError
    )
    assert (error.operation, error.sent) == ("list_integrations", sent)
    fate = "The server may have received" if sent else "The request never reached the server."
    assert str(error).startswith(
        f"list_integrations: no answer from oncall.test ({kind.__name__} it broke). {fate}"
    )
    cause = error.__cause__
    assert cause is not None
    assert type(cause) is kind
    assert isinstance(cause.__cause__, OSError)
    assert_holds_no_token(error)


@pytest.mark.parametrize("in_group", [True, False])
async def test_no_side_chain_keeps_the_token(*, in_group: bool) -> None:
    """A cause beside a context, and the errors of a group."""

    def handle(request: httpx.Request) -> httpx.Response:
        try:
            fail(request.headers["authorization"])
        except OSError as error:
            other = ExceptionGroup("several", [error]) if in_group else OSError()
            raise httpx.ReadError("it broke") from other
        return empty()

    async with session(httpx.MockTransport(handle)) as oncall:
        with pytest.raises(TransportError) as info:
            await oncall.send(LIST)
    assert_holds_no_token(info.value)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(b"", "Server disconnected without sending a response", id="nothing"),
        pytest.param(answer()[:-3], "without sending complete message body", id="half a body"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Le", "Server disconnected", id="half a head"),
        pytest.param(b"SSH-2.0-OpenSSH\r\n\r\n", "illegal status line", id="garbage"),
        pytest.param(b"HTTP/1.1 9999 x\r\n\r\n", "illegal status line", id="status"),
        pytest.param(b"\0" * 200_000, "RemoteProtocolError", id="bytes"),
        pytest.param(
            answer(EMPTY, "200 OK", "Content-Length: 3"),
            "ContentLength|Content-Length",
            id="two lengths",
        ),
        pytest.param(
            answer(b"abc", "200 OK", "Content-Encoding: gzip"), "DecodingError", id="not gzip"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "illegal chunk header",
            id="chunk",
        ),
    ],
)
async def test_an_answer_that_is_no_http_may_have_been_sent(data: bytes, words: str) -> None:
    """The server read the request before it failed."""
    async with serving(answering(data)) as url, session(url=url) as oncall:
        with pytest.raises(TransportError, match=words) as info:
            await oncall.send(LIST)
    assert type(info.value) is TransportError
    assert info.value.sent
    assert_holds_no_token(info.value)


async def test_a_server_that_closes_at_once_may_have_read() -> None:
    """Nobody can tell."""

    async def handler(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with serving(handler) as url, session(url=url) as oncall:
        with pytest.raises(TransportError) as info:
            await oncall.send(LIST)
    assert info.value.sent
    assert_holds_no_token(info.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_refused_port_was_never_reached(host: str) -> None:
    """Nor on any address of a name."""
    async with serving(answering(b"")) as url:
        port = url.split(":")[2]
    async with session(url=f"http://{host}:{port}") as oncall:
        with pytest.raises(TransportError, match="ConnectError") as info:
            await oncall.send(LIST)
    assert not info.value.sent
    assert_holds_no_token(info.value)


async def test_a_server_without_tls_was_never_reached() -> None:
    """The handshake fails before the request."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with (
        serving(handler) as url,
        session(url=url.replace("http", "https")) as oncall,
    ):
        with pytest.raises(TransportError, match="ConnectError") as info:
            await oncall.send(LIST)
    assert not info.value.sent
    assert_holds_no_token(info.value)


async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Reads until the client goes away."""
    await reader.read()


@pytest.mark.parametrize("begun", [b"", answer()[:-3]])
async def test_a_silent_server_is_a_timeout(begun: bytes) -> None:
    """Before the answer or within it."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await received(reader)
        writer.write(answer())
        await received(reader)
        writer.write(begun)
        await reader.read()

    async with serving(handler) as url, session(url=url) as oncall:
        await oncall.send(LIST)
        # The connection stands, so that a slow machine does not time out on making it.
        with pytest.raises(RequestTimeout, match="ReadTimeout") as info:
            await oncall.with_options(timeout=0.02).send(LIST)
    assert info.value.sent
    assert_holds_no_token(info.value)


async def test_an_error_of_the_answer_shows_no_token_either() -> None:
    """The frames of ours hold the request and its headers."""
    async with session(always(lambda: httpx.Response(500, content=b"<html>"))) as oncall:
        with pytest.raises(ServerError) as status:
            await oncall.send(LIST)
    async with session(always(lambda: httpx.Response(200, content=b"<html>"))) as oncall:
        with pytest.raises(DecodeError) as nonsense:
            await oncall.send(LIST)
    for error in (status.value, nonsense.value):
        told = traceback.TracebackException.from_exception(error, capture_locals=True)
        assert SECRET not in "".join(told.format())


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(operations.list_integrations(name="x" * 70_000), id="too long for a URL"),
        pytest.param(operations.list_integrations(name="\ud800"), id="no character"),
        pytest.param(
            operations.create_integration(IntegrationCreate(type="\ud800")),
            id="no character in the body",
        ),
    ],
)
async def test_a_request_that_cannot_be_made_is_an_error_of_ours(request_: Request[Any]) -> None:
    """Not a bare exception of httpx or Python, and nothing was sent."""
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return empty()

    async with session(httpx.MockTransport(handle)) as oncall:
        with pytest.raises(InvalidArgument, match=rf"^{request_.operation.id}: no ") as info:
            await oncall.send(request_)
    assert not seen
    assert str(info.value).isprintable()
    told = traceback.TracebackException.from_exception(info.value, capture_locals=True)
    assert SECRET not in "".join(told.format())


async def test_a_hook_of_the_users_own_client_may_raise_a_status() -> None:
    """Its answer holds the request, and that its headers."""

    async def refuse(answer: httpx.Response) -> None:
        await answer.aread()
        answer.raise_for_status()

    http = httpx.AsyncClient(
        transport=always(lambda: httpx.Response(500)), event_hooks={"response": [refuse]}
    )
    async with http, session(http_client=http) as oncall:
        with pytest.raises(TransportError) as info:
            await oncall.send(LIST)
    cause = info.value.__cause__
    assert isinstance(cause, httpx.HTTPStatusError)
    assert "authorization" not in cause.request.headers
    assert "authorization" not in cause.response.request.headers


async def test_a_hook_of_the_users_own_client_may_read_the_answer() -> None:
    """What it has read is what is decoded."""
    read: list[bytes] = []

    async def look(answer: httpx.Response) -> None:
        read.append(await answer.aread())

    async with (
        serving(answering(answer())) as url,
        httpx.AsyncClient(event_hooks={"response": [look]}) as http,
        session(url=url, http_client=http) as oncall,
    ):
        result = await oncall.send(LIST)
    assert read == [result.response.content] == [EMPTY]


async def test_a_compressed_answer_is_what_it_was_before() -> None:
    """Servers behind proxies answer so."""
    squeezed = answer(gzip.compress(EMPTY), "200 OK", "Content-Encoding: gzip")
    async with serving(answering(squeezed)) as url, session(url=url) as oncall:
        result = await oncall.send(LIST)
    assert result.response.content == EMPTY


async def test_a_failed_write_ends_with_its_doubt() -> None:
    """The failure is chained, and holds no token either."""
    async with serving(answering(b"")) as url, session(url=url) as oncall:
        with pytest.raises(OutcomeUnknown) as info:
            await oncall.send(operations.create_integration(IntegrationCreate(type="webhook")))
    failure = info.value.__cause__
    assert isinstance(failure, TransportError)
    assert failure.sent
    assert_holds_no_token(failure)
    told = traceback.TracebackException.from_exception(info.value, capture_locals=True)
    assert SECRET not in "".join(told.format())


async def test_a_cause_without_a_request_is_a_cause_too() -> None:
    """As from a transport that tries again by itself."""

    def handle(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("second") from httpx.ReadError("first")

    async with session(httpx.MockTransport(handle)) as oncall:
        with pytest.raises(TransportError):
            await oncall.send(LIST)


@pytest.mark.parametrize("status", [200, 400, 500])
async def test_a_token_that_the_server_repeats_is_taken_out(status: int) -> None:
    """Some proxies show the request in their page."""
    content = f"<pre>Authorization: {SECRET}</pre>".encode()
    transport = always(
        lambda: httpx.Response(status, content=content, headers={"x-echo": f"<{SECRET}>"})
    )
    async with session(transport) as oncall:
        with pytest.raises(OnCallError) as info:
            await oncall.send(LIST)
    assert SECRET not in f"{info.value} {vars(info.value)}"


async def test_headers_without_the_token_are_still_found_in_any_case() -> None:
    """Those of a refusal that tells that the effect is there already."""

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if len(seen) == 1:
            raise httpx.ReadError("gone")
        return httpx.Response(404, json={"detail": "Not found."}, headers={"X-Echo": f"<{SECRET}>"})

    seen: list[httpx.Request] = []
    retry = RetryPolicy(attempts=2, first_delay=0.001)
    async with session(httpx.MockTransport(handle), retry=retry) as oncall:
        answer = await oncall.send(operations.delete_integration("A"))
    headers = answer.response.headers
    assert headers["X-Echo"] == headers["x-echo"] == "<(token)>"


async def test_an_answer_that_is_too_large_is_not_read() -> None:
    """The limit is the client's."""
    async with session(always(empty), max_response_bytes=len(EMPTY)) as oncall:
        await oncall.send(LIST)
    async with session(always(empty), max_response_bytes=len(EMPTY) - 1) as oncall:
        with pytest.raises(DecodeError, match="larger than max_response_bytes=23") as info:
            await oncall.send(LIST)
    assert len(info.value.attempts) == 1


# Connections.


class Held:
    """A server that keeps requests waiting until it is told to answer."""

    def __init__(self) -> None:
        self.answers: bool = False
        self.connections: int = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Any number of requests of one connection."""
        self.connections += 1
        while True:
            await received(reader)
            if not self.answers:
                await reader.read()
                return
            writer.write(answer())
            await writer.drain()


@pytest.mark.parametrize(("tasks", "connections"), [(4, 2), (8, 4), (50, 10)])
@pytest.mark.parametrize("turns", [0, 1, 2, 5, 20])
async def test_cancelled_requests_leave_their_connections_to_others(
    tasks: int, connections: int, turns: int
) -> None:
    """Httpx's own pool would lose them when it queues, and every later request would time out."""
    held = Held()
    async with (
        serving(held) as url,
        session(url=url, max_connections=connections, timeout=2.0) as oncall,
    ):
        for _ in range(4):
            waiting = [asyncio.create_task(oncall.send(LIST)) for _ in range(tasks)]
            for _ in range(turns + 1):
                await asyncio.sleep(0)
            for task in waiting:
                task.cancel()
            ended = await asyncio.gather(*waiting, return_exceptions=True)
            assert {type(one) for one in ended} == {asyncio.CancelledError}
        held.answers = True
        pages = await asyncio.gather(*(oncall.send(LIST) for _ in range(2 * connections)))
        assert [page.value.count for page in pages] == [0] * 2 * connections


async def test_there_are_never_more_requests_than_connections() -> None:
    """The rest wait before the pool."""
    now = most = 0

    async def handle(_: httpx.Request) -> httpx.Response:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1
        return empty()

    async with session(httpx.MockTransport(handle), max_connections=3) as oncall:
        await asyncio.gather(*(oncall.send(LIST) for _ in range(20)))
    assert most == 3


async def test_connections_are_kept() -> None:
    """All of them, for the next requests."""
    held = Held()
    held.answers = True
    async with serving(held) as url, session(url=url, max_connections=3) as oncall:
        for _ in range(5):
            await asyncio.gather(*(oncall.send(LIST) for _ in range(3)))
    assert held.connections <= 3


async def test_a_cancelled_request_is_cancelled_and_nothing_else() -> None:
    """Cancellation is not an error of ours."""
    async with serving(hang) as url, session(url=url) as oncall:
        task = asyncio.create_task(oncall.send(LIST))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_cancellation_from_within_ends_the_call() -> None:
    """As a transport may do that loses control of its own tasks."""

    def handle(_: httpx.Request) -> httpx.Response:
        raise asyncio.CancelledError

    async with session(httpx.MockTransport(handle)) as oncall:
        with pytest.raises(asyncio.CancelledError):
            async with asyncio.timeout(5):
                await oncall.send(LIST)


async def test_a_call_that_is_cancelled_while_the_client_closes_stays_cancelled() -> None:
    """Whoever cancels is not told of another end."""
    async with serving(hang) as url, session(url=url) as oncall:
        task = asyncio.create_task(oncall.send(LIST))
        await asyncio.sleep(0.01)
        closing = asyncio.create_task(oncall.aclose())
        await asyncio.sleep(0)
        task.cancel()
        await closing
        with pytest.raises(asyncio.CancelledError):
            await task


# Life.


async def test_a_closed_session_says_so() -> None:
    """Closing twice is fine."""
    async with session(always(empty)) as oncall:
        await oncall.send(LIST)
        await oncall.aclose()
        await oncall.aclose()
        for _ in range(2):
            with pytest.raises(ClientStateError, match=r"The client is closed\. Make a new one"):
                await oncall.send(LIST)


async def test_a_session_whose_own_client_was_closed_says_so() -> None:
    """By its user, who holds it."""
    http = httpx.AsyncClient(transport=always(empty))
    async with session(http_client=http) as oncall:
        await http.aclose()
        with pytest.raises(ClientStateError, match="closed"):
            await oncall.send(LIST)


@pytest.mark.parametrize("connections", [1, 2])
async def test_what_is_under_way_when_the_session_closes_is_an_error_of_ours(
    connections: int,
) -> None:
    """Whether it was sent, or stood before the gate."""
    async with serving(hang) as url, session(url=url, max_connections=connections) as oncall:
        tasks = [asyncio.create_task(oncall.send(LIST)) for _ in range(2)]
        await asyncio.sleep(0.02)
        await oncall.aclose()
        async with asyncio.timeout(5):
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(one) for one in ended} <= {ClientStateError, TransportError}


@pytest.mark.parametrize("url", ["https://999.999.999.999", "https://xn--"])
def test_a_url_that_httpx_refuses_is_refused_at_once(url: str) -> None:
    """Not at the first request, and not by httpx's own error."""
    with pytest.raises(InvalidArgument, match=r"^url: nothing can be sent there"):
        made(always(empty), url=url)


def test_a_session_belongs_to_the_event_loop_that_sends_first() -> None:
    """It may be made before there is one; a second one learns why not."""

    async def send() -> int:
        return (await oncall.send(LIST)).value.count

    oncall = made(always(empty))
    assert asyncio.run(send()) == 0
    for _ in range(2):
        with pytest.raises(ClientStateError, match="belongs to another event loop"):
            asyncio.run(send())
    asyncio.run(oncall.aclose())
    with pytest.raises(ClientStateError, match="closed"):
        asyncio.run(send())


def test_a_session_does_not_show_the_token() -> None:
    """Nor does anything that it holds."""
    oncall = made(always(empty), grafana_url="https://stack.example")
    for held in (oncall, oncall._session, oncall._session.shared, oncall._session.shared.wire):
        assert SECRET not in repr(held)
    assert SECRET not in repr(vars(oncall._session.shared.wire))


# Pages.


def paged(total: int, seen: list[int]) -> Callable[[httpx.Request], httpx.Response]:
    """A server of so many pages of one group each, which notes what it is asked for."""

    def handle(request: httpx.Request) -> httpx.Response:
        number = int(request.url.params.get("page", "1"))
        seen.append(number)
        following = f"http://internal/?page={number + 1}" if number < total else None
        item = {
            "id": f"G{number}",
            "integration_id": "C",
            "alerts_count": 1,
            "state": "firing",
            "created_at": "2026-11-22T01:21:13Z",
        }
        body = {
            "count": total,
            "next": following,
            "results": [item],
            "current_page_number": number,
            "total_pages": total,
        }
        return httpx.Response(200, content=json.dumps(body).encode())

    return handle


def ids(pages: list[Page[AlertGroup]]) -> list[str]:
    """Of every item."""
    return [item.id for page in pages for item in page.results]


@pytest.mark.parametrize("prefetch", [0, 1, 2, 64])
@pytest.mark.parametrize("total", [1, 2, 7])
async def test_pages_come_in_order_and_each_once(total: int, prefetch: int) -> None:
    """However far ahead they are fetched."""
    seen: list[int] = []
    async with session(httpx.MockTransport(paged(total, seen))) as oncall:
        pages = [
            page async for page in oncall.alert_groups.list(state="new", prefetch=prefetch).pages()
        ]
    assert ids(pages) == [f"G{number}" for number in range(1, total + 1)]
    assert seen == [*range(1, total + 1)]


async def test_no_more_pages_are_fetched_ahead_than_allowed() -> None:
    """So many on their way, and as many that came; none before the first has told the number."""
    seen: list[int] = []
    async with session(httpx.MockTransport(paged(9, seen))) as oncall:
        pages = oncall.alert_groups.list(state="new", prefetch=2).pages()
        await anext(pages)
        for _ in range(20):
            await asyncio.sleep(0)
        assert seen == [1]
        await anext(pages)
        for _ in range(20):
            await asyncio.sleep(0)
        assert sorted(seen) == [1, 2, 3, 4, 5, 6]
        await pages.aclose()


async def test_leaving_the_pages_ends_what_was_under_way() -> None:
    """No task is left behind."""
    before = asyncio.all_tasks()
    seen: list[int] = []
    async with session(httpx.MockTransport(paged(9, seen))) as oncall:
        pages = oncall.alert_groups.list(state="new", prefetch=4).pages()
        for _ in range(2):
            await anext(pages)
        await pages.aclose()
        assert asyncio.all_tasks() == before


async def test_leaving_the_pages_does_not_wait_for_what_was_under_way() -> None:
    """Requests that hang are cancelled."""
    good = paged(9, [])

    async def handle(request: httpx.Request) -> httpx.Response:
        if int(request.url.params.get("page", "1")) > 2:
            await asyncio.Event().wait()
        return good(request)

    async with session(httpx.MockTransport(handle)) as oncall, asyncio.timeout(5):
        pages = oncall.alert_groups.list(state="new", prefetch=4).pages()
        for _ in range(2):
            await anext(pages)
        await pages.aclose()


async def test_a_failed_page_ends_the_walk_and_what_was_under_way() -> None:
    """The pages before it were given."""
    before = asyncio.all_tasks()
    seen: list[int] = []
    good = paged(9, seen)

    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(500) if "page=3" in str(request.url) else good(request)

    async with session(httpx.MockTransport(handle)) as oncall:
        pages = oncall.alert_groups.list(state="new", prefetch=3).pages()
        given = [await anext(pages), await anext(pages)]
        with pytest.raises(ServerError):
            await anext(pages)
        assert asyncio.all_tasks() == before
    assert ids(given) == ["G1", "G2"]
