"""An httpx transport over one aiohttp session, which takes a fraction of httpx's CPU time.

It raises the errors of httpx. Only failures to connect, before anything can have been sent, become
ConnectError or ConnectTimeout.

aiohttp itself retries GET, PUT and DELETE when a kept connection breaks, which would send writes
twice and hide attempts. It does so on errors of its own, so a middleware turns them into those of
httpx first.
"""

import asyncio
import io
from collections.abc import AsyncIterator
from functools import lru_cache
from ssl import SSLContext
from typing import Final

import aiohttp
import httpx
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.tracing import Trace
from yarl import URL

from .failures import OwnTransport
from .surplus import CONNECTION

_ERRORS: Final[tuple[tuple[type[Exception], type[httpx.TransportError]], ...]] = (
    # Never sent: only the connector raises these, for names, sockets and TLS.
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout),
    (aiohttp.ClientConnectorError, httpx.ConnectError),
    # Perhaps sent, as is everything that is not in this table.
    (TimeoutError, httpx.ReadTimeout),
    (aiohttp.ServerDisconnectedError, httpx.RemoteProtocolError),
    (aiohttp.ClientPayloadError, httpx.RemoteProtocolError),  # the body is cut short
    (aiohttp.ClientResponseError, httpx.RemoteProtocolError),  # this is not HTTP
)
"""An error of aiohttp, and that of httpx for it; the first match counts."""

_LARGE: Final = 64 * 1024
"""Bytes of a request body above which aiohttp warns if it is given as bytes."""

_MAX_HEADER_BYTES: Final = 100 * 1024
"""Of one response header; httpx accepts as much for all of them."""


def _translated(error: Exception) -> httpx.TransportError:
    """Return httpx's error, not chained, because aiohttp's contain the headers that were sent."""
    # The text of a ClientResponseError has a status, 400, that no server sent.
    text = error.message if isinstance(error, aiohttp.ClientResponseError) else str(error)
    kind = next((ours for theirs, ours in _ERRORS if isinstance(error, theirs)), httpx.ReadError)
    made = kind(text)
    made.__cause__ = _cause(error)
    return made


def _cause(error: Exception) -> BaseException | None:
    """Return the system's error behind a failure to connect, which contains no headers."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return error.certificate_error
    return error.os_error if isinstance(error, aiohttp.ClientConnectorError) else None


async def _hide_from_retries(
    request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Middleware that turns errors into httpx's, on which aiohttp does not retry the request."""
    try:
        return await send(request)
    except (aiohttp.ClientError, OSError) as error:
        failure = _translated(error)
    raise failure


class _Connector(aiohttp.TCPConnector):
    """Only returns connections on which nothing has been received yet.

    aiohttp would take data that came unasked for the response to the next request.
    """

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> Connection:
        """Return a connection, or raise an error that means that nothing was sent."""
        try:
            connection = await super().connect(req, traces, timeout)
        except UnicodeError as error:
            raise httpx.ConnectError(f"the host name is not valid: {error}") from error
        if connection.protocol is None or connection.protocol.should_close:
            connection.close()
            raise httpx.ConnectError("the server sent something before any request")
        return connection


class _Response(aiohttp.ClientResponse):
    """Remembers its connection after that was released, as it is at the end of a short body."""

    handler: ResponseHandler | None = None

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        """Read the status and the headers."""
        self.handler = connection.protocol
        return await super().start(connection)


class _ResponseConnection:
    """The connection on which a response came, so that it can be closed."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._protocol = response.handler if isinstance(response, _Response) else None

    async def aclose(self) -> None:
        """Close it; another request that uses it by now fails."""
        if self._protocol is not None:
            self._protocol.close()


class AiohttpTransport(OwnTransport):
    """Sends through one aiohttp session, which is made by the first request on its event loop.

    Request bodies are bytes. Responses are streamed, and not decompressed. Connections go straight
    to the server, never through a proxy.
    """

    def __init__(self, *, tls: SSLContext, limits: httpx.Limits) -> None:
        # As httpcore does: only HTTP/1.1 is supported.
        tls.set_alpn_protocols(["http/1.1"])
        self._tls = tls
        self._limits = limits
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request once, and return when all response headers have arrived."""
        session = self._session or self._open()
        timeouts: dict[str, float | None] = request.extensions["timeout"]
        # Let the event loop notice idle connections that the server has closed: it polls them
        # after one turn, and acts on that in the next.
        for _ in range(2):
            await asyncio.sleep(0)
        try:
            async with asyncio.timeout(_sum(*timeouts.values())):
                response = await session.request(
                    request.method,
                    URL(str(request.url), encoded=True),
                    headers=[(name.decode(), text.decode()) for name, text in request.headers.raw],
                    data=_payload(request.content),
                    allow_redirects=False,
                    timeout=_timeout(**timeouts),
                )
        except TimeoutError:
            # aiohttp enforces the timeouts for connecting and reading; it has none for writing.
            raise httpx.WriteTimeout("the server does not read the request") from None
        return httpx.Response(
            response.status,
            headers=response.raw_headers,
            stream=_Body(response),
            extensions={"http_version": b"HTTP/1.1", CONNECTION: _ResponseConnection(response)},
        )

    async def aclose(self) -> None:
        """Close the connections, and wait until they are closed."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        self._session = aiohttp.ClientSession(
            connector=_Connector(
                limit=self._limits.max_connections or 0,
                keepalive_timeout=self._limits.keepalive_expiry,
                ssl=self._tls,
                resolver=aiohttp.ThreadedResolver(),  # the system's, as httpx; never aiodns
            ),
            middlewares=[_hide_from_retries],
            response_class=_Response,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=["Accept", "Accept-Encoding", "Content-Type", "User-Agent"],
            max_line_size=_MAX_HEADER_BYTES,
            max_field_size=_MAX_HEADER_BYTES,
        )
        return self._session


class _Body(httpx.AsyncByteStream):
    """The body of a response as it arrives. If it is read to the end, its connection is kept."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            while chunk := await self._response.content.readany():
                yield chunk
        except (aiohttp.ClientError, OSError) as error:
            failure = _translated(error)
        else:
            return
        raise failure

    async def aclose(self) -> None:
        self._response.close()


def _payload(content: bytes) -> bytes | io.BytesIO | None:
    return io.BytesIO(content) if len(content) > _LARGE else content or None


@lru_cache(maxsize=16)
def _timeout(
    *, pool: float | None, connect: float | None, read: float | None, **_: float | None
) -> aiohttp.ClientTimeout:
    """Translate httpx's timeouts; aiohttp's `connect` includes waiting for a free connection."""
    return aiohttp.ClientTimeout(
        total=None, connect=_sum(pool, connect), sock_connect=connect, sock_read=read
    )


def _sum(*seconds: float | None) -> float | None:
    return None if None in seconds else sum(value for value in seconds if value is not None)
