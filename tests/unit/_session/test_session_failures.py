"""Failures below a session become SDK errors, which show no token."""

import asyncio
import traceback
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from grafana_oncall import Request, RetryPolicy, operations
from grafana_oncall.errors import (
    DecodeError,
    InvalidArgument,
    OnCallError,
    OutcomeUnknown,
    RequestTimeout,
    ServerError,
    TransportError,
)
from grafana_oncall.models import IntegrationCreate
from tests.support.sessions import (
    EMPTY,
    LIST,
    SECRET,
    always,
    empty,
    raw_response,
    received,
    responding,
    serving,
    session,
)


def chained(error: BaseException) -> Iterator[BaseException]:
    """Return every error that can be reached from this one, except itself."""
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
    """Assert that causes have no frames, and nothing reachable holds the request."""
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
            assert not kinds & {"Request", "Headers", "AsyncClient", "ClientSession"}
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    assert SECRET not in "".join(shown.format())


def failures(kind: type[httpx.HTTPError]) -> set[type[httpx.HTTPError]]:
    """Return every class of httpx's error tree that is raised itself."""
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
    """Fail as a socket does, with the token in a local variable."""
    raise OSError(len(token))


def test_every_failure_of_httpx_is_tested_here() -> None:
    """Another release may add some."""
    assert failures(httpx.HTTPError) == {*SENT, httpx.HTTPStatusError}


@pytest.mark.parametrize(
    ("kind", "sent"), SENT.items(), ids=lambda one: getattr(one, "__name__", one)
)
async def test_a_failure_of_httpx_becomes_an_sdk_error_and_says_whether_it_was_sent(
    kind: type[Exception], *, sent: bool
) -> None:
    """The cause is chained, and nothing below it holds the token."""

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
        f"list_integrations: no response from oncall.test ({kind.__name__} it broke). {fate}"
    )
    cause = error.__cause__
    assert cause is not None
    assert type(cause) is kind
    assert isinstance(cause.__cause__, OSError)
    assert_holds_no_token(error)


@pytest.mark.parametrize("in_group", [True, False])
async def test_no_side_chain_keeps_the_token(*, in_group: bool) -> None:
    """Neither a cause beside a context, nor the errors of a group."""

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
        pytest.param(
            raw_response()[:-3], "without sending complete message body", id="half a body"
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Le", "Server disconnected", id="half a head"),
        pytest.param(b"SSH-2.0-OpenSSH\r\n\r\n", "illegal status line", id="garbage"),
        pytest.param(b"HTTP/1.1 9999 x\r\n\r\n", "illegal status line", id="status"),
        pytest.param(b"\0" * 200_000, "RemoteProtocolError", id="bytes"),
        pytest.param(
            raw_response(EMPTY, "200 OK", "Content-Length: 3"),
            "ContentLength|Content-Length",
            id="two lengths",
        ),
        pytest.param(
            raw_response(b"abc", "200 OK", "Content-Encoding: gzip"), "DecodingError", id="not gzip"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "illegal chunk header",
            id="chunk",
        ),
    ],
)
async def test_after_a_response_that_is_not_http_the_request_may_have_been_applied(
    data: bytes, words: str
) -> None:
    """The server read the request before it failed."""
    async with serving(responding(data)) as url, session(url=url) as oncall:
        with pytest.raises(TransportError, match=words) as info:
            await oncall.send(LIST)
    assert type(info.value) is TransportError
    assert info.value.sent
    assert_holds_no_token(info.value)


async def test_a_server_that_closes_at_once_may_have_read_the_request() -> None:
    """Nothing shows whether it has."""

    async def handler(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with serving(handler) as url, session(url=url) as oncall:
        with pytest.raises(TransportError) as info:
            await oncall.send(LIST)
    assert info.value.sent
    assert_holds_no_token(info.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_refused_port_was_never_reached(host: str) -> None:
    """Nor was any other address of the name."""
    async with serving(responding(b"")) as url:
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


@pytest.mark.parametrize(
    "begun", [pytest.param(b"", id="nothing"), pytest.param(raw_response()[:-3], id="not all")]
)
async def test_a_silent_server_is_a_timeout(begun: bytes) -> None:
    """Before the response or in the middle of it."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await received(reader)
        writer.write(raw_response())
        await received(reader)
        writer.write(begun)
        await reader.read()

    async with serving(handler) as url, session(url=url) as oncall:
        await oncall.send(LIST)
        # The connection is open already, so that a slow machine does not time out on it.
        with pytest.raises(RequestTimeout, match="ReadTimeout") as info:
            await oncall.with_options(timeout=0.02).send(LIST)
    assert info.value.sent
    assert_holds_no_token(info.value)


async def test_an_error_of_the_response_shows_no_token_either() -> None:
    """The SDK's frames hold the request and its headers."""
    async with session(always(lambda: httpx.Response(500, content=b"<html>"))) as oncall:
        with pytest.raises(ServerError) as status:
            await oncall.send(LIST)
    async with session(always(lambda: httpx.Response(200, content=b"<html>"))) as oncall:
        with pytest.raises(DecodeError) as nonsense:
            await oncall.send(LIST)
    for error in (status.value, nonsense.value):
        shown = traceback.TracebackException.from_exception(error, capture_locals=True)
        assert SECRET not in "".join(shown.format())


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
async def test_a_request_that_cannot_be_built_is_an_sdk_error(request_: Request[Any]) -> None:
    """Not an exception of httpx or Python; nothing was sent."""
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return empty()

    async with session(httpx.MockTransport(handle)) as oncall:
        with pytest.raises(
            InvalidArgument, match=rf"^{request_.operation.id}: its .* cannot be"
        ) as info:
            await oncall.send(request_)
    assert not seen
    assert str(info.value).isprintable()
    shown = traceback.TracebackException.from_exception(info.value, capture_locals=True)
    assert SECRET not in "".join(shown.format())


async def test_a_failed_write_ends_with_outcome_unknown() -> None:
    """The failure is chained, and holds no token either."""
    async with serving(responding(b"")) as url, session(url=url) as oncall:
        with pytest.raises(OutcomeUnknown) as info:
            await oncall.send(operations.create_integration(IntegrationCreate(type="webhook")))
    failure = info.value.__cause__
    assert isinstance(failure, TransportError)
    assert failure.sent
    assert_holds_no_token(failure)
    shown = traceback.TracebackException.from_exception(info.value, capture_locals=True)
    assert SECRET not in "".join(shown.format())


async def test_a_cause_without_a_request_is_a_cause_too() -> None:
    """As from a transport that retries by itself."""

    def handle(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("second") from httpx.ReadError("first")

    async with session(httpx.MockTransport(handle)) as oncall:
        with pytest.raises(TransportError):
            await oncall.send(LIST)


@pytest.mark.parametrize("status", [200, 400, 500])
async def test_a_token_that_the_server_repeats_is_redacted(status: int) -> None:
    """Some proxies show the request on their page."""
    content = f"<pre>Authorization: {SECRET}</pre>".encode()
    transport = always(
        lambda: httpx.Response(status, content=content, headers={"x-echo": f"<{SECRET}>"})
    )
    async with session(transport) as oncall:
        with pytest.raises(OnCallError) as info:
            await oncall.send(LIST)
    assert SECRET not in f"{info.value} {vars(info.value)}"


async def test_headers_without_the_token_are_still_found_in_any_case() -> None:
    """Those of a refusal that shows that the effect has happened already."""

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if len(seen) == 1:
            raise httpx.ReadError("gone")
        return httpx.Response(404, json={"detail": "Not found."}, headers={"X-Echo": f"<{SECRET}>"})

    seen: list[httpx.Request] = []
    retry = RetryPolicy(max_attempts=2, initial_backoff=0.001)
    async with session(httpx.MockTransport(handle), retry=retry) as oncall:
        result = await oncall.send(operations.delete_integration("A"))
    headers = result.response.headers
    assert headers["X-Echo"] == headers["x-echo"] == "<(token)>"


async def test_a_response_that_is_too_large_is_not_read() -> None:
    """The limit is the client's."""
    async with session(always(empty), max_response_bytes=len(EMPTY)) as oncall:
        await oncall.send(LIST)
    async with session(always(empty), max_response_bytes=len(EMPTY) - 1) as oncall:
        with pytest.raises(DecodeError, match="larger than max_response_bytes=23") as info:
            await oncall.send(LIST)
    assert len(info.value.attempts) == 1
