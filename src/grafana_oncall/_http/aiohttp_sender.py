"""Send through one aiohttp session, which takes a fraction of httpx's CPU time.

How it works, and why it is safe. Only failures to connect, before anything can have been sent,
count as "never sent": the connector alone raises them. aiohttp itself retries GET, PUT and DELETE
when a kept connection breaks, which would send writes twice and hide attempts. It does so on errors
of its own, so a middleware turns them into another first. No error of aiohttp leaves this module,
because they contain the headers that were sent.
"""

import asyncio
import io
from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from ssl import SSLContext
from typing import Any, Final, TypeAlias, cast
from weakref import WeakKeyDictionary

import aiohttp
import attrs
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection as PooledConnection
from aiohttp.tracing import Trace
from yarl import URL

from grafana_oncall._codec.decode import encode
from grafana_oncall._core.causes import strip_tracebacks
from grafana_oncall._core.request import Request, Response
from grafana_oncall._core.secret import Secret
from grafana_oncall._core.types import UNSET
from grafana_oncall.errors import OnCallError, TransportError

from .body import DecodingError
from .sender import KEPT, Clocks, Connection, Moment, Target, clocks, is_usable

_NEVER_SENT: Final = (aiohttp.ConnectionTimeoutError, aiohttp.ClientConnectorError)
"""Only the connector raises these, for names, sockets and TLS."""

_LARGE: Final = 32 * 1024
"""Bytes of a request body up to which it fits in the buffers of the event loop."""

_MAX_HEADER_BYTES: Final = 100 * 1024
"""Of one response header; httpx accepts as much for all of them."""

_JSON: Final = {"content-type": "application/json"}
_NONE: Final[Mapping[str, str]] = {}
_UNTYPED: Final = ("Content-Type",)


@attrs.frozen(eq=False)
class _Failure(Exception):
    """What a failure of aiohttp means, without the headers that its own errors contain."""

    words: str
    sent: bool = True
    timed_out: bool = False
    cause: BaseException | None = None


def _failure(error: Exception) -> _Failure:
    if isinstance(error, _Failure):
        return error
    # The text of a ClientResponseError has a status, 400, that no server sent.
    text = error.message if isinstance(error, aiohttp.ClientResponseError) else str(error)
    return _Failure(
        f"{type(error).__name__} {text}",
        sent=not isinstance(error, _NEVER_SENT),
        timed_out=isinstance(error, TimeoutError),
        cause=_cause(error),
    )


def _cause(error: Exception) -> BaseException | None:
    """Return what may be shown: the system's error behind a failure to connect, or the SDK's."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return error.certificate_error
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error
    return error if isinstance(error, DecodingError) else None


async def _hide_from_retries(
    request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Middleware that turns errors into another, on which aiohttp does not retry the request."""
    try:
        return await send(request)
    except (aiohttp.ClientError, OSError) as error:
        failure = _failure(error)
    raise failure


_IdleSince: TypeAlias = MutableMapping[ResponseHandler, Moment]
"""When connections were last used, without those in use."""


class _Timeout(aiohttp.ClientTimeout):
    """That of a request which must not be repeated."""


class _Connector(aiohttp.TCPConnector):
    """Only returns connections on which nothing was received, and that were not idle for too long.

    aiohttp would take data that came unasked for the response to the next request.
    """

    def __init__(self, idle_since: _IdleSince, clocks: Clocks, **options: Any) -> None:
        super().__init__(**options)  # pyright: ignore[reportUnknownMemberType]  # an Unknown of aiohttp
        self._idle_since = idle_since
        self._clocks = clocks

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> PooledConnection:
        """Return a connection, or raise an error that means that nothing was sent."""
        while True:
            try:
                connection = await super().connect(req, traces, timeout)
            except UnicodeError as error:
                raise _Failure(f"the host name is not valid: {error}", sent=False) from None
            if self._is_usable(connection, fresh=isinstance(timeout, _Timeout)):
                break
            connection.close()
        if connection.protocol is None or connection.protocol.should_close:
            connection.close()
            raise _Failure("the server sent something before any request", sent=False)
        return connection

    def _is_usable(self, connection: PooledConnection, *, fresh: bool) -> bool:
        handler = connection.protocol
        idle_since = None if handler is None else self._idle_since.pop(handler, None)
        return is_usable(idle_since, self._clocks(), fresh=fresh)


class _Response(aiohttp.ClientResponse):
    """Remembers its connection after that was released, as it is at the end of a short body."""

    handler: ResponseHandler | None = None

    async def start(self, connection: PooledConnection) -> aiohttp.ClientResponse:
        """Read the status and the headers."""
        self.handler = connection.protocol
        return await super().start(connection)

    async def aclose(self) -> None:
        """Close its connection; another request that uses it by now fails."""
        if self.handler is not None:
            self.handler.close()


class AiohttpSender:
    """Sends through one session, which is made by the first request on its event loop.

    An implementation of `Sender`. Connections go straight to the server, never through a proxy.
    """

    opens_connections = True

    def __init__(
        self, target: Target, *, tls: SSLContext, max_connections: int, clocks: Clocks = clocks
    ) -> None:
        self._target = target
        self._tls = tls
        self._max_connections = max_connections
        self._idle_since = WeakKeyDictionary[ResponseHandler, Moment]()
        self._clocks = clocks
        self._session: aiohttp.ClientSession | None = None

    async def send(
        self, request: Request[Any], timeout: float, token: Secret[str] | None = None
    ) -> tuple[Response, Connection | None]:
        """Send a request once; raise an OnCallError whatever goes wrong."""
        content = None if request.body is UNSET else encode(request)
        url = self._target.url(request)
        try:
            received = await self._open(request, url, content, timeout, token)
            try:
                encoding, stream = received.headers.get("content-encoding", ""), received.content
                chunks = stream.read_nowait() if stream.is_eof() else stream.iter_any()
                content = await self._target.read(request, received.status, encoding, chunks)
            finally:
                received.close()  # unless the body was read to its end: then it is kept
                if received.handler is not None:
                    self._idle_since[received.handler] = self._clocks()
        except OnCallError:
            raise
        except Exception as error:  # noqa: BLE001  # of any class: everything else is "perhaps sent"
            failure = self._transport_error(request, _failure(error))
        except asyncio.CancelledError as error:
            strip_tracebacks(error)  # the frames of aiohttp hold the headers that were sent
            raise
        else:
            return self._target.response(received.status, received.raw_headers, content), received
        # Outside the handler, which would chain the original error, and that may show the token.
        raise failure

    async def _open(
        self,
        request: Request[Any],
        url: str,
        content: bytes | None,
        timeout: float,
        token: Secret[str] | None,
    ) -> _Response:
        """Return when all response headers have arrived."""
        session, method = self._session or self._start(), request.operation.method
        headers = _NONE if content is None else _JSON
        # Let the event loop notice idle connections that the server has closed: it polls them
        # after one turn, and acts on that in the next.
        for _ in range(2):
            await asyncio.sleep(0)
        sending = session.request(
            method,
            URL(url, encoded=True),
            headers=headers if token is None else {**headers, "authorization": token.value},
            data=_payload(content),
            # A write without a body has no type. All other headers are given, and skipping them
            # takes aiohttp as long as it takes to set them.
            skip_auto_headers=_UNTYPED if content is None and method != "GET" else None,
            allow_redirects=False,
            timeout=_timeout(timeout, fresh=request.operation.retry == "never"),
        )
        if not _is_large(content):
            return cast("_Response", await sending)
        try:
            # aiohttp enforces the timeouts for connecting and reading; it has none for writing.
            async with asyncio.timeout(4 * timeout):
                return cast("_Response", await sending)
        except TimeoutError:
            raise _Failure("the server does not read the request", timed_out=True) from None

    def _start(self) -> aiohttp.ClientSession:
        # As httpcore does: only HTTP/1.1 is supported. Not in the thread in which a sender is made:
        # the settings are shared with clients whose handshakes read them, without Python's lock.
        self._tls.set_alpn_protocols(["http/1.1"])
        self._session = aiohttp.ClientSession(
            headers={"Connection": "keep-alive", **self._target.headers.value},  # as httpx
            connector=_Connector(
                self._idle_since,
                self._clocks,
                limit=self._max_connections,
                keepalive_timeout=KEPT,
                ssl=self._tls,
                resolver=aiohttp.ThreadedResolver(),  # the system's, as httpx; never aiodns
            ),
            middlewares=[_hide_from_retries],
            response_class=_Response,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            max_line_size=_MAX_HEADER_BYTES,
            max_field_size=_MAX_HEADER_BYTES,
        )
        return self._session

    def _transport_error(self, request: Request[Any], failure: _Failure) -> TransportError:
        return self._target.transport_error(
            request,
            failure.words,
            sent=failure.sent,
            timed_out=failure.timed_out,
            cause=failure.cause,
        )

    async def aclose(self) -> None:
        """Close the connections, and wait until they are closed."""
        if self._session is not None:
            await self._session.close()


def _is_large(content: bytes | None) -> bool:
    return content is not None and len(content) > _LARGE


def _payload(content: bytes | None) -> bytes | io.BytesIO | None:
    # aiohttp warns of large bodies that are given as bytes.
    return content if content is None or not _is_large(content) else io.BytesIO(content)


@lru_cache(maxsize=16)
def _timeout(seconds: float, *, fresh: bool) -> aiohttp.ClientTimeout:
    """Translate a timeout; aiohttp's `connect` includes waiting for a free connection."""
    return (_Timeout if fresh else aiohttp.ClientTimeout)(
        total=None, connect=2 * seconds, sock_connect=seconds, sock_read=seconds
    )
