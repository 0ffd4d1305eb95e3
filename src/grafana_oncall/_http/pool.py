"""A pool for httpx: each connection has one request at a time, and is dropped when that fails.

That of httpcore 1.0 looks at all its connections, and into their sockets, whenever a request begins
or ends; and requests that begin together choose the same connection, so that all but one must
choose again. (`make bench` acknowledges groups, 32 at once, by the client and by httpx alone.) It
also loses connections for good, through a proxy by every TLS handshake that does not succeed.
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

from .failures import OwnTransport
from .surplus import CONNECTION

if TYPE_CHECKING:
    from httpcore import AsyncNetworkStream

_ALONE: Final = httpx.Limits(max_connections=1, max_keepalive_connections=1)
_EXPIRY: Final = 5.0
"""Seconds that a connection is kept for another request; as in httpx."""


class _Connection(httpx.AsyncHTTPTransport):
    """One connection, which is made when a request needs it."""

    idle_since = inf
    """In the loop's time; the end of time before its first request."""
    _socket: "AsyncNetworkStream | None" = None
    """Of its first request: when that is cancelled in the handshake, httpcore 1.0 forgets it."""

    async def note(self, event: str, told: dict[str, Any]) -> None:
        """What httpcore tells about a request."""
        if event == "connection.connect_tcp.complete":
            self._socket = told["return_value"]

    async def aclose(self) -> None:
        """Closes it, with the socket of a handshake that did not end."""
        await super().aclose()
        if self._socket is not None:
            await self._socket.aclose()


class Pool(OwnTransport):
    """As many connections as requests need; each takes the one that was used last.

    Whoever sends sees to it that there are not too many.
    """

    def __init__(self, *, tls: SSLContext, proxy: httpx.Proxy | None) -> None:
        self._new = partial(_Connection, verify=tls, proxy=proxy, limits=_ALONE)
        # The first is made now, so that a wrong setting shows.
        self._idle = deque([self._new()])
        self._is_closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Sends a request once, and answers as soon as all headers are there."""
        await self._close_expired()
        connection = self._idle.pop() if self._idle else self._new()
        if connection.idle_since == inf:
            request.extensions["trace"] = connection.note
        try:
            response = await connection.handle_async_request(request)
        except BaseException:
            await connection.aclose()
            raise
        stream = cast("httpx.AsyncByteStream", response.stream)
        response.stream = _Body(stream, connection, self._take_back)
        response.extensions[CONNECTION] = connection
        return response

    async def _take_back(self, connection: _Connection) -> None:
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
        """Closes the connections, all of them even if it is cancelled; those in use, afterwards."""
        self._is_closed = True
        async with AsyncExitStack() as closing:
            while self._idle:
                closing.push_async_callback(self._idle.pop().aclose)


class _Body(httpx.AsyncByteStream):
    """The body of an answer, with whose end the connection is free for another request."""

    def __init__(
        self,
        stream: httpx.AsyncByteStream,
        connection: _Connection,
        give_back: Callable[[_Connection], Awaitable[None]],
    ) -> None:
        self._stream = stream
        self._connection = connection
        self._give_back = give_back

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The bytes as they come."""
        return self._stream.__aiter__()

    async def aclose(self) -> None:
        """Gives the connection back, unless something is wrong with it."""
        try:
            await self._stream.aclose()
        except BaseException:
            await self._connection.aclose()
            raise
        await self._give_back(self._connection)
