"""The fake as an httpx transport, in the same process."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Iterator

import attrs
import httpx

from grafana_oncall.testing._server.responses import FakeRequest, FakeResponse
from grafana_oncall.testing.calls import Call, Server

_ERRORS: dict[str, type[httpx.TransportError]] = {
    "refuse": httpx.ConnectError,
    "reset": httpx.ReadError,
    "truncate": httpx.RemoteProtocolError,
    "hang": httpx.ReadTimeout,
}


class FakeTransport(httpx.MockTransport):
    """An httpx transport for `AsyncClient` and `Client`; the latter never waits."""

    def __init__(self, server: Server) -> None:
        super().__init__(self.handle_request)
        self._server = server
        self._closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the response, or raise what httpx raises for the fault."""
        self._check_open()
        await request.aread()
        read_timeout, half = _ReadTimeout(_read_timeout(request)), _half(self._server)
        await read_timeout.wait(half)
        call = self._server.exchange(_fake_request(request))
        hangs = call.fault is not None and call.fault.kind == "hang"
        await read_timeout.wait(math.inf if hangs else half)
        return _deliver(call)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Do the same without latency; a request that hangs times out at once."""
        self._check_open()
        request.read()
        return _deliver(self._server.exchange(_fake_request(request)))

    async def aclose(self) -> None:
        """Accept no more requests."""
        self._closed = True

    def close(self) -> None:
        """Accept no more requests."""
        self._closed = True

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("this transport has been closed: fake.transport() makes another")


@attrs.define
class _ReadTimeout:
    """The remaining part of the client's read timeout."""

    left: float

    async def wait(self, seconds: float) -> None:
        """Sleep, for at least one turn of the loop and at most until the timeout."""
        await asyncio.sleep(min(seconds, self.left))
        if seconds > self.left:
            raise httpx.ReadTimeout("the fake did not respond within the read timeout")
        self.left -= seconds


class _Truncated(httpx.AsyncByteStream, httpx.SyncByteStream):
    """A body that ends too early."""

    def __init__(self, response: FakeResponse) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self:
            yield part

    def __iter__(self) -> Iterator[bytes]:
        yield self._response.body
        received, length = len(self._response.body), self._response.headers["Content-Length"]
        raise httpx.RemoteProtocolError(
            "peer closed connection without sending complete message body "
            f"(received {received} bytes, expected {length})"
        )


def _read_timeout(request: httpx.Request) -> float:
    seconds: float | None = request.extensions.get("timeout", {}).get("read")
    return math.inf if seconds is None else seconds


def _half(server: Server) -> float:
    return server.latency.total_seconds() / 2


def _fake_request(request: httpx.Request) -> FakeRequest:
    path, _, query = request.url.raw_path.partition(b"?")
    return FakeRequest(
        method=request.method,
        path=path.decode("ascii"),
        query=query,
        headers=request.headers,
        body=request.content,
    )


def _deliver(call: Call) -> httpx.Response:
    response, kind = call.response, "" if call.fault is None else call.fault.kind
    if response is None:
        raise _ERRORS[kind](f"the fake sent no response: its fault is {kind!r}")
    if kind == "truncate":
        return httpx.Response(
            response.status, headers=response.headers, stream=_Truncated(response)
        )
    return httpx.Response(response.status, headers=response.headers, content=response.body or None)
