"""A pool of connections of httpx or httpx2: one request at a time on each, closed when that fails.

How it works, and why it is safe. A server may close an idle connection at the moment at which a
request is sent on it, and then nobody knows whether it was carried out. So idle connections are
used for a shorter time than servers keep them, and for a request that must not be repeated a new
one is opened after a second.

httpcore 1.0's own pool scans all its connections, and polls their sockets, whenever a request
begins or ends; and requests that begin together choose the same connection, so that all but one
must choose again. (`make bench` acknowledges groups, 32 at once, through the client and through
httpx alone.) It also loses connections for good: through a proxy, with every failed TLS handshake.
httpx2 has neither fault, but its pool does not know which requests must not be repeated, nor that
the machine was suspended.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from functools import cache, partial
from ssl import SSLContext
from typing import TYPE_CHECKING, Any, Final

import httpx

from .sender import Clocks, Moment, is_usable
from .surplus import CONNECTION

if TYPE_CHECKING:
    from httpcore import AsyncNetworkStream

FRESH: Final = "grafana_oncall.fresh"
"""The extension of a request that may only use a connection on which it cannot get lost."""


class _Connection:
    """One connection, opened by its first request."""

    def __init__(self, library: Any, *, tls: SSLContext, proxy: Any) -> None:
        alone = library.Limits(max_connections=1, max_keepalive_connections=1)
        self.transport: httpx.AsyncHTTPTransport = library.AsyncHTTPTransport(
            verify=tls, proxy=proxy, limits=alone
        )
        self.idle_since: Moment | None = None
        """None before its first request."""
        self._socket: AsyncNetworkStream | None = None
        """httpcore 1.0 loses it when the first request is cancelled during the handshake."""

    async def trace(self, event: str, info: dict[str, Any]) -> None:
        """Remember the socket: httpcore calls this at each step of the first request."""
        if event == "connection.connect_tcp.complete":
            self._socket = info["return_value"]

    async def aclose(self) -> None:
        """Close it, and the socket of an unfinished handshake."""
        await self.transport.aclose()
        if self._socket is not None:
            await self._socket.aclose()


class Pool(httpx.AsyncBaseTransport):
    """As many connections as there are requests at once; the one used last is used first.

    The throttle limits how many there are.
    """

    def __init__(self, library: Any, *, tls: SSLContext, proxy: Any, clocks: Clocks) -> None:
        self._new = partial(_Connection, library, tls=tls, proxy=proxy)
        # The first one is made now: it imports httpcore, and a proxy that cannot be used raises.
        self._idle = deque([self._new()])
        self._body = _body_of(library)
        self._clocks = clocks
        self._is_closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request once, and return when all response headers have arrived."""
        connection = await self._take(fresh=FRESH in request.extensions)
        if connection.idle_since is None:
            request.extensions["trace"] = connection.trace
        try:
            response = await connection.transport.handle_async_request(request)
        except BaseException:
            await connection.aclose()
            raise
        response.stream = self._body(response.stream, connection, self._release)
        response.extensions[CONNECTION] = connection
        return response

    async def _take(self, *, fresh: bool) -> _Connection:
        """Close connections that were idle for too long, and return one to send on."""
        now = self._clocks()
        while self._idle and not is_usable(self._idle[0].idle_since, now):
            await self._idle.popleft().aclose()
        if self._idle and is_usable(self._idle[-1].idle_since, now, fresh=fresh):
            return self._idle.pop()
        return self._new()

    async def _release(self, connection: _Connection) -> None:
        if self._is_closed:
            await connection.aclose()
            return
        connection.idle_since = self._clocks()
        self._idle.append(connection)

    async def aclose(self) -> None:
        """Close idle connections, even if cancelled; those in use close when they are released."""
        self._is_closed = True
        async with AsyncExitStack() as closing:
            while self._idle:
                closing.push_async_callback(self._idle.pop().aclose)


class _Body:
    """The body of a response; closing it frees the connection for another request."""

    def __init__(
        self,
        stream: httpx.AsyncByteStream,
        connection: _Connection,
        release: Callable[[_Connection], Awaitable[None]],
    ) -> None:
        self._stream = stream
        self._connection = connection
        self._release = release

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the bytes as they arrive."""
        return self._stream.__aiter__()

    async def aclose(self) -> None:
        """Give the connection back to the pool, or close it if that fails."""
        try:
            await self._stream.aclose()
        except BaseException:
            await self._connection.aclose()
            raise
        await self._release(self._connection)


@cache
def import_backend() -> None:
    """Let anyio import its backend, which it does only while a loop runs; called in a thread."""
    from anyio.lowlevel import checkpoint  # noqa: PLC0415  # a client may never send anything

    asyncio.run(checkpoint())


@cache
def _body_of(library: Any) -> Any:
    """Return the class of the bodies, which the client of the library accepts."""
    return type("_Body", (_Body, library.AsyncByteStream), {})
