"""The one place that sends: a request goes out through httpx, an answer or an error comes back."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from functools import cache
from ssl import SSLContext
from typing import Any, Final, TypeVar

import httpx

from ._codec import decode, encode
from ._paging import upcoming
from ._request import Answer, Page, Request, Response
from ._settings import Token
from ._version import __version__
from .errors import ClientStateError, RequestTimeout, TransportError

T = TypeVar("T")

MAX_CONNECTIONS: Final = 32

_NEVER_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.InvalidURL,
)


@cache
def _tls() -> SSLContext:
    # Reading the system's certificates takes about 100 ms, so all clients of a process share it.
    return httpx.create_ssl_context()


def make_http(
    transport: httpx.AsyncBaseTransport | None, max_connections: int
) -> httpx.AsyncClient:
    """The client's own httpx: it keeps all its connections and follows no redirect."""
    limits = httpx.Limits(
        max_connections=max_connections, max_keepalive_connections=max_connections
    )
    return httpx.AsyncClient(transport=transport, verify=_tls(), limits=limits)


class Session:
    """One connection pool, one credential, and the only code that sends.

    The gate stands before httpx's pool, so that the pool never queues: httpx 0.28 loses
    connections for good when requests that wait for one are cancelled.
    """

    def __init__(
        self,
        *,
        base_url: str,
        token: Token,
        grafana_url: str | None,
        timeout: float,
        http: httpx.AsyncClient,
        owns_http: bool,
        max_connections: int,
    ) -> None:
        self._base_url = base_url
        self._http = http
        self._owns_http = owns_http
        self._timeout = timeout
        self._gate = asyncio.Semaphore(max_connections)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False
        # httpx.Headers shows no Authorization in its repr.
        self._headers = httpx.Headers(
            {
                "accept": "application/json",
                "user-agent": f"grafana-oncall-sdk/{__version__}",
                "authorization": token.secret,
            }
        )
        if grafana_url is not None:
            self._headers["x-grafana-url"] = grafana_url

    async def send(self, request: Request[T]) -> T:
        """Sends a request and decodes its answer; raises OnCallError for any other end."""
        return (await self.exchange(request)).value

    async def exchange(self, request: Request[T]) -> Answer[T]:
        """As `send`, with the answer as it came beside its value."""
        self._check_usable()
        message = self._message(request)
        try:
            async with self._gate:
                answer = await self._http.send(message, auth=None, follow_redirects=False)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _transport_error(request, error) from _without_frames(error)
        response = Response(
            status=answer.status_code,
            headers={name.lower(): value for name, value in answer.headers.items()},
            content=answer.content,
        )
        return Answer(value=decode(request, response), response=response)

    def _message(self, request: Request[Any]) -> httpx.Request:
        headers = self._headers.copy()
        content = encode(request)
        if content is not None:
            headers["content-type"] = "application/json"
        # Bytes, never a stream: real servers read a chunked body as empty.
        return self._http.build_request(
            request.operation.method,
            self._base_url + request.path,
            params=request.query or None,
            headers=headers,
            content=content,
            timeout=self._timeout,
        )

    async def pages(
        self, request: Request[Page[T]], *, prefetch: int
    ) -> AsyncGenerator[Page[T], None]:
        """The pages in order; from the second on, up to `prefetch` more are on their way."""
        page = await self.send(request)
        yield page
        ahead: deque[tuple[Request[Page[T]], asyncio.Task[Page[T]]]] = deque()
        try:
            while wanted := upcoming(request, page, 1 + prefetch):
                for one in wanted[len(ahead) :]:
                    ahead.append((one, asyncio.create_task(self.send(one))))
                request, task = ahead[0]
                page = await task
                ahead.popleft()
                yield page
        finally:
            for _, task in ahead:
                task.cancel()
            await asyncio.gather(*(task for _, task in ahead), return_exceptions=True)

    def _check_usable(self) -> None:
        loop = asyncio.get_running_loop()
        if self._closed or self._http.is_closed:
            raise ClientStateError("The client is closed. Make a new one, or keep it open longer.")
        if self._loop is None:
            self._loop = loop
        elif self._loop is not loop:
            raise ClientStateError(
                "The client belongs to another event loop: its connections live there. "
                "Make one client per event loop."
            )

    async def aclose(self) -> None:
        """Closes the connections, unless the user's own httpx client holds them."""
        self._closed = True
        if self._owns_http:
            await self._http.aclose()


def _transport_error(request: Request[Any], error: Exception) -> TransportError:
    sent = not isinstance(error, _NEVER_SENT)
    kind = RequestTimeout if isinstance(error, httpx.TimeoutException) else TransportError
    reason = f"{type(error).__name__} {error}".strip()
    fate = (
        "The server may have received the request"
        if sent
        else "The request never reached the server"
    )
    message = f"{request.operation.id}: no answer ({reason}). {fate}."
    return kind(message, operation=request.operation.id, sent=sent)


def _without_frames(error: BaseException) -> BaseException:
    """The error without tracebacks: the frames below hold the headers, and so the token."""
    chained: BaseException | None = error
    while chained is not None:
        chained.__traceback__ = None
        chained = chained.__cause__ or chained.__context__
    return error
