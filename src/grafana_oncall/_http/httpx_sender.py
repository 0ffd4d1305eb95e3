"""Send through a client of httpx, or of httpx2, which has the same API.

httpx2 continues httpx under another name. The types here are those of httpx, and whatever depends
on the library's own classes takes them from `library`, the module of the client's class.
"""

from collections.abc import AsyncIterable, Iterable
from typing import Any, Final, cast
from urllib.parse import parse_qsl

import httpx

from grafana_oncall._codec.decode import encode
from grafana_oncall._core.request import Request, Response
from grafana_oncall._core.secret import Secret
from grafana_oncall._core.text import shown
from grafana_oncall._core.types import UNSET
from grafana_oncall.errors import InvalidArgument, OnCallError, TransportError, client_closed

from .libraries import HttpxClient, library_of
from .pool import FRESH
from .sender import Connection, Target
from .surplus import release
from .unsent import was_never_sent

_TIMEOUTS: Final = ("connect", "read", "write", "pool")
_REJECTED: Final = "a hook of the httpx client rejected the response"


class HttpxSender:
    """Sends through one client of httpx or httpx2; an implementation of `Sender`."""

    def __init__(
        self,
        target: Target,
        http: HttpxClient,
        *,
        owns_http: bool,
        opens_connections: bool = False,
    ) -> None:
        self._target = target
        self._http = cast("httpx.AsyncClient", http)
        self._library: Any = library_of(http, "AsyncClient") or httpx
        self.opens_connections = opens_connections
        self._owns_http = owns_http
        # Without `build_request`, which parses the URL twice, and merges settings that are none.
        self._build: Any = self._library.Request if owns_http else self._http.build_request
        # The Headers of httpx show no Authorization in their repr.
        self._headers: httpx.Headers = self._library.Headers(
            self._http.headers if owns_http else None
        )
        self._headers.update(target.headers.value)
        self._json_headers: httpx.Headers = self._library.Headers(self._headers)
        self._json_headers["content-type"] = "application/json"

    async def send(
        self, request: Request[Any], timeout: float, token: Secret[str] | None = None
    ) -> tuple[Response, Connection | None]:
        """Send a request once; raise an OnCallError whatever goes wrong."""
        if self._http.is_closed:
            raise client_closed()
        message = self._message(request, timeout, token)
        try:
            received = await self._http.send(
                message, auth=None, follow_redirects=False, stream=True
            )
            try:
                is_read = received.is_stream_consumed  # and decoded, by a hook of the caller's
                encoding = "" if is_read else received.headers.get("content-encoding", "")
                # `aiter_raw` would add a generator.
                stream = self._library.ByteStream(received.content) if is_read else received.stream
                chunks = cast("AsyncIterable[bytes]", stream)
                content = await self._target.read(request, received.status_code, encoding, chunks)
            finally:
                connection = await release(received)
        except OnCallError:
            raise
        except Exception as error:  # noqa: BLE001  # of any class: transports and hooks are anybody's
            refused = self._refused_by_hook(error, message)
            if refused is not None and not refused.is_success:
                return self._response_to_hook(refused), None
            failure = self._failure(error, request, message, refused)
        else:
            status, headers = received.status_code, received.headers.raw
            return self._target.response(status, headers, content), connection
        # Outside the handler, which would chain the original error, and that may show the token.
        raise failure

    def _message(
        self, request: Request[Any], timeout: float, token: Secret[str] | None
    ) -> httpx.Request:
        content = None if request.body is UNSET else encode(request)
        url = self._target.url(request)
        headers = self._headers if content is None else self._json_headers
        if token is not None:
            headers = self._library.Headers(headers)
            headers["authorization"] = token.value
        try:
            # Bytes, never a stream: real servers read a chunked body as empty.
            message: httpx.Request = self._build(
                request.operation.method,
                url,
                # The parameters of a client replace the query of a URL, but are merged with those
                # of a request.
                params=request.query if self._http.params else None,
                headers=headers,
                content=content,
                extensions={"timeout": dict.fromkeys(_TIMEOUTS, timeout)},
            )
        except (self._library.InvalidURL, TypeError, ValueError) as error:
            failure = self._target.url_error(request, error)
            raise failure from failure.__cause__
        if request.query and not self._owns_http:
            _check_query(request, message)
        if request.operation.retry == "never":
            message.extensions[FRESH] = True
        return message

    def _refused_by_hook(self, error: Any, message: httpx.Request) -> httpx.Response | None:
        """Return the response to this request if a hook of the client turned it into an error."""
        if isinstance(error, self._library.HTTPStatusError) and error.request is message:
            return cast("httpx.Response", error.response)
        return None

    def _response_to_hook(self, refused: httpx.Response) -> Response:
        """Return a response that a hook rejected; if it has not read the body, that is lost."""
        try:
            content = refused.content
        except self._library.ResponseNotRead:
            content = b""
        return self._target.response(refused.status_code, refused.headers.raw, content)

    def _failure(
        self,
        error: Exception,
        request: Request[Any],
        message: httpx.Request,
        refused: httpx.Response | None,
    ) -> TransportError:
        sent = not was_never_sent(error, message, self._http, self._library)
        if isinstance(error, self._library.RequestError):
            cast("httpx.RequestError", error).request = message
        return self._target.transport_error(
            request,
            f"{type(error).__name__} {error}",
            sent=sent,
            timed_out=isinstance(error, self._library.TimeoutException),
            cause=error,
            what=None if refused is None else f"{_REJECTED} {refused.status_code}",
        )

    async def aclose(self) -> None:
        """Close the connections, unless they belong to the caller's client."""
        if self._owns_http:
            await self._http.aclose()


def _check_query(request: Request[Any], message: httpx.Request) -> None:
    """Reject a client that changes the query, for example by dropping a filter."""
    sent = _by_name(parse_qsl(message.url.query.decode(), keep_blank_values=True))
    for name, values in _by_name(request.query).items():
        if sent.get(name) != values:
            reason = (
                f"http_client: in the query of {request.operation.id} it changes "
                f"{name}={shown(values)} to {name}={shown(sent.get(name))}."
            )
            raise InvalidArgument(reason, argument="http_client")


def _by_name(query: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in query:
        found.setdefault(name, []).append(value)
    return found
