"""A connection pool for httpx 0.28 alone: one request per connection, dropped when that fails.

httpcore 1.0's own pool scans all its connections, and polls their sockets, whenever a request
begins or ends; and requests that begin together choose the same connection, so that all but one
must choose again. (`make bench` acknowledges groups, 32 at once, through the client and through
httpx alone.) It also loses connections for good: through a proxy, with every failed TLS handshake.
httpx2 has neither fault in its own pool, and does without this one.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from math import inf
from ssl import SSLContext
from typing import TYPE_CHECKING, Any, Final, cast

import httpx

from .surplus import CONNECTION

if TYPE_CHECKING:
    from httpcore import AsyncNetworkStream

_ALONE: Final = httpx.Limits(max_connections=1, max_keepalive_connections=1)
_EXPIRY: Final = 5.0
"""Seconds for which an idle connection is kept; as in httpx."""


class _Connection(httpx.AsyncHTTPTransport):
    """One connection, opened by its first request."""

    idle_since = inf
    """In the event loop's time; infinity before its first request."""
    _socket: "AsyncNetworkStream | None" = None
    """httpcore 1.0 loses it when the first request is cancelled during the handshake."""

    async def trace(self, event: str, info: dict[str, Any]) -> None:
        """Remember the socket: httpcore calls this at each step of the first request."""
        if event == "connection.connect_tcp.complete":
            self._socket = info["return_value"]

    async def aclose(self) -> None:
        """Close it, and the socket of an unfinished handshake."""
        await super().aclose()
        if self._socket is not None:
            await self._socket.aclose()


class Pool(httpx.AsyncBaseTransport):
    """As many connections as there are requests at once; the one used last is used first.

    The throttle limits how many there are.
    """

    def __init__(self, *, tls: SSLContext, proxy: httpx.Proxy | None) -> None:
        self._new = partial(_Connection, verify=tls, proxy=proxy, limits=_ALONE)
        # One is made now, so that a wrong setting raises here.
        self._idle = deque([self._new()])
        self._is_closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request once, and return when all response headers have arrived."""
        await self._close_expired()
        connection = self._idle.pop() if self._idle else self._new()
        if connection.idle_since == inf:
            request.extensions["trace"] = connection.trace
        try:
            response = await connection.handle_async_request(request)
        except BaseException:
            await connection.aclose()
            raise
        stream = cast("httpx.AsyncByteStream", response.stream)
        response.stream = _Body(stream, connection, self._release)
        response.extensions[CONNECTION] = connection
        return response

    async def _release(self, connection: _Connection) -> None:
        if self._is_closed:
            await connection.aclose()
            return
        connection.idle_since = asyncio.get_running_loop().time()
        self._idle.append(connection)

    async def _close_expired(self) -> None:
        oldest = asyncio.get_running_loop().time() - _EXPIRY
        while self._idle and self._idle[0].idle_since < oldest:
            await self._idle.popleft().aclose()

    async def aclose(self) -> None:
        """Close idle connections, even if cancelled; those in use close when they are released."""
        self._is_closed = True
        async with AsyncExitStack() as closing:
            while self._idle:
                closing.push_async_callback(self._idle.pop().aclose)


class _Body(httpx.AsyncByteStream):
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
