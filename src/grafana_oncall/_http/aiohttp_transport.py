"""An httpx transport over one aiohttp session, which costs a fraction of the CPU.

It raises the errors of httpx, so that its users need not know of it. Only those that come before
anything can have been sent, while connecting, become ConnectError or ConnectTimeout.

aiohttp repeats GET, PUT and DELETE by itself when a kept connection breaks, and so would send
writes twice and hide attempts. It does so on errors of its own, and a middleware sees them first.
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
    # Never sent: the connector alone raises them, for names, sockets and TLS.
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout),
    (aiohttp.ClientConnectorError, httpx.ConnectError),
    # Perhaps sent, as is whatever is not in this table.
    (TimeoutError, httpx.ReadTimeout),
    (aiohttp.ServerDisconnectedError, httpx.RemoteProtocolError),
    (aiohttp.ClientPayloadError, httpx.RemoteProtocolError),  # the body is cut short
    (aiohttp.ClientResponseError, httpx.RemoteProtocolError),  # this is not HTTP
)
"""What aiohttp raises, and what httpx would; the first that fits counts."""

_TURNS_TO_SEE: Final = 2

_LARGE: Final = 64 * 1024
"""Bytes of a body; aiohttp warns of such ones as bytes, for to write them may take long."""

_LONGEST_LINE: Final = 100 * 1024
"""Bytes of a header of an answer; what httpx takes of all of them."""


def _translated(error: Exception) -> httpx.TransportError:
    """The error for the caller: not chained, for those of aiohttp hold the headers sent."""
    # The text of this one has a status, 400, that no server sent.
    words = error.message if isinstance(error, aiohttp.ClientResponseError) else str(error)
    kind = next((ours for theirs, ours in _ERRORS if isinstance(error, theirs)), httpx.ReadError)
    made = kind(words)
    made.__cause__ = _cause(error)
    return made


def _cause(error: Exception) -> BaseException | None:
    """Why there is no connection: the system's own error, which holds nothing else."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return error.certificate_error
    return error.os_error if isinstance(error, aiohttp.ClientConnectorError) else None


async def _once(
    request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """The middleware: aiohttp does not know the error, and so does not repeat the request."""
    try:
        return await send(request)
    except (aiohttp.ClientError, OSError) as error:
        failure = _translated(error)
    raise failure


class _Connector(aiohttp.TCPConnector):
    """Gives connections on which the server has said nothing yet.

    aiohttp would take what came unasked for the answer to the next request.
    """

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> Connection:
        """A connection, or an error that says that nothing was sent."""
        try:
            connection = await super().connect(req, traces, timeout)
        except UnicodeError as error:
            raise httpx.ConnectError(f"no host has such a name: {error}") from error
        if connection.protocol is None or connection.protocol.should_close:
            connection.close()
            raise httpx.ConnectError("the server spoke before it was asked")
        return connection


class _Answer(aiohttp.ClientResponse):
    """Knows its connection even when that has been given back, with the end of a short body."""

    kept: ResponseHandler | None = None

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        """Reads the status and the headers."""
        self.kept = connection.protocol
        return await super().start(connection)


class _Kept:
    """The connection of an answer, which can be closed."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._protocol = response.kept if isinstance(response, _Answer) else None

    async def aclose(self) -> None:
        """Closes it; idle, it is used no more, and whoever is using it gets an error."""
        if self._protocol is not None:
            self._protocol.close()


class AiohttpTransport(OwnTransport):
    """Sends through one aiohttp session, made with the first request on the loop that runs then.

    Bodies of requests are bytes. Answers are streamed, and not decompressed: that is up to httpx.
    It sets up connections straight to the server, through no proxy.
    """

    def __init__(self, *, tls: SSLContext, limits: httpx.Limits) -> None:
        # As httpcore does: no other protocol is spoken here.
        tls.set_alpn_protocols(["http/1.1"])
        self._tls = tls
        self._limits = limits
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Sends a request once, and answers as soon as all headers are there."""
        session = self._session or self._open()
        timeouts: dict[str, float | None] = request.extensions["timeout"]
        # The loop learns which of the idle connections the server has closed: it looks at them
        # after one turn, and acts on it in the next. A task that begins at once brings neither.
        for _ in range(_TURNS_TO_SEE):
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
            # aiohttp keeps the times for connecting and reading; it has none for writing.
            raise httpx.WriteTimeout("the server does not read the request") from None
        return httpx.Response(
            response.status,
            headers=response.raw_headers,
            stream=_Body(response),
            extensions={"http_version": b"HTTP/1.1", CONNECTION: _Kept(response)},
        )

    async def aclose(self) -> None:
        """Closes the connections, and waits until they are."""
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
            middlewares=[_once],
            response_class=_Answer,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=["Accept", "Accept-Encoding", "Content-Type", "User-Agent"],
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_LINE,
        )
        return self._session


class _Body(httpx.AsyncByteStream):
    """The body of an answer as it comes. Its connection is kept if it was read to the end."""

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
    """As httpx means it: `connect` of aiohttp is the whole time until there is a connection."""
    return aiohttp.ClientTimeout(
        total=None, connect=_sum(pool, connect), sock_connect=connect, sock_read=read
    )


def _sum(*seconds: float | None) -> float | None:
    return None if None in seconds else sum(one for one in seconds if one is not None)
