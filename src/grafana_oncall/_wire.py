"""The one place that sends: a request goes out through httpx, and bytes or an error come back."""

from collections.abc import AsyncIterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final, cast
from urllib.parse import urlencode, urlsplit

import attrs
import httpx

from ._codec import encode
from ._request import Request, Response
from ._settings import Token
from ._values import printable
from ._version import __version__
from .errors import (
    EXCERPT_LENGTH,
    DecodeError,
    InvalidArgument,
    OnCallError,
    RequestTimeout,
    TransportError,
    closed,
)

_NEVER_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)


def _sendable(url: str) -> str:
    """The URL, if httpx can send to it; raises InvalidArgument otherwise."""
    try:
        httpx.Request("GET", url)
    except (httpx.InvalidURL, ValueError) as error:
        # Its text is not shown: it may repeat parts of the URL.
        message = f"url: nothing can be sent there ({type(error).__name__})."
        raise InvalidArgument(message, argument="url") from None
    return url


class Wire:
    """One connection pool and one credential."""

    def __init__(
        self,
        *,
        base_url: str,
        token: Token,
        grafana_url: str | None,
        http: httpx.AsyncClient,
        owns_http: bool,
        max_response_bytes: int,
    ) -> None:
        self._base_url = _sendable(base_url)
        self._host = urlsplit(base_url).netloc
        self._token = token
        self._http = http
        self._owns_http = owns_http
        self._max_response_bytes = max_response_bytes
        # httpx.Headers shows no Authorization in its repr.
        headers = httpx.Headers(
            {
                "accept": "application/json",
                "user-agent": f"grafana-oncall-sdk/{__version__}",
                "authorization": token.secret,
            }
        )
        if grafana_url is not None:
            headers["x-grafana-url"] = grafana_url
        self._headers = headers
        if owns_http:
            # Given once for all: to merge them is a fourth of the making of a request.
            http.headers.update(headers)
            self._headers = httpx.Headers()

    @property
    def server(self) -> str:
        """The base of every URL; it holds no secret."""
        return self._base_url

    @property
    def is_closed(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._http.is_closed

    async def round_trip(self, request: Request[Any], timeout: float) -> Response:
        """Sends once; raises TransportError when no whole answer comes."""
        if self._http.is_closed:
            raise closed()
        message = self._message(request, timeout)
        try:
            answer = await self._http.send(message, auth=None, follow_redirects=False, stream=True)
            try:
                content = await self._read(request, answer)
            finally:
                await answer.aclose()
        except (httpx.HTTPError, httpx.StreamError) as error:
            if isinstance(error, httpx.RequestError):
                error.request = message
            raise self._transport_error(request, error) from _without_frames(error)
        return Response(
            status=answer.status_code,
            headers=answer.headers,
            content=content,
            received=datetime.now(UTC),
        )

    def _transport_error(self, request: Request[Any], error: Exception) -> OnCallError:
        sent = not isinstance(error, _NEVER_SENT)
        kind = RequestTimeout if isinstance(error, httpx.TimeoutException) else TransportError
        reason = printable(f"{type(error).__name__} {error}".strip())
        fate = (
            "The server may have received the request"
            if sent
            else "The request never reached the server"
        )
        message = f"{request.operation.id}: no answer from {self._host} ({reason}). {fate}."
        return kind(message, operation=request.operation.id, sent=sent)

    def _message(self, request: Request[Any], timeout: float) -> httpx.Request:
        headers = self._headers.copy()
        content = encode(request)
        if content is not None:
            headers["content-type"] = "application/json"
        try:
            query = f"?{urlencode(request.query)}" if request.query else ""
            # Bytes, never a stream: real servers read a chunked body as empty.
            return self._http.build_request(
                request.operation.method,
                self._base_url + request.path + query,
                headers=headers,
                content=content,
                timeout=timeout,
            )
        except (httpx.InvalidURL, TypeError, ValueError) as error:
            reason = f"{request.operation.id}: no URL can be made of it: {printable(str(error))}."
            raise InvalidArgument(reason, argument="query") from _without_frames(error)

    async def _read(self, request: Request[Any], answer: httpx.Response) -> bytes:
        content = bytearray()
        async for chunk in _chunks(answer):
            content += chunk
            if len(content) > self._max_response_bytes:
                raise DecodeError(
                    f"the body is larger than max_response_bytes={self._max_response_bytes}",
                    operation=request.operation.id,
                    status=answer.status_code,
                    content=bytes(content[:EXCERPT_LENGTH]),
                    path="$",
                    hint="ask for smaller pages with perpage=, or raise the limit.",
                )
        return bytes(content)

    def redacted(self, response: Response) -> Response:
        """The answer without the token, which some proxies repeat; itself where it has none."""
        secret, told = self._token.secret, response.headers
        if secret.encode() not in response.content and secret not in "".join(told.values()):
            return response
        headers = httpx.Headers({name: told[name].replace(secret, "(token)") for name in told})
        content = response.content.replace(secret.encode(), b"(token)")
        return attrs.evolve(response, headers=headers, content=content)

    async def aclose(self) -> None:
        """Closes the connections, unless the user's own httpx client holds them."""
        if self._owns_http:
            await self._http.aclose()


def _chunks(answer: httpx.Response) -> AsyncIterable[bytes]:
    """The body as it comes, decompressed."""
    # `aiter_bytes` goes through two generators more. A hook of the user's client may have read it.
    if answer.is_stream_consumed or "content-encoding" in answer.headers:
        return answer.aiter_bytes()
    return cast("httpx.AsyncByteStream", answer.stream)


def _without_frames(error: BaseException) -> BaseException:
    """The error without tracebacks and headers: both hold the token."""
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        one.__traceback__ = None
        if isinstance(one, httpx.HTTPError):
            _without_headers(one)
        waiting += [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):
            waiting += cast("BaseExceptionGroup[BaseException]", one).exceptions
    return error


def _without_headers(error: httpx.HTTPError) -> None:
    with suppress(RuntimeError):  # it has no request
        error.request = httpx.Request(error.request.method, error.request.url)
        if isinstance(error, httpx.HTTPStatusError):
            error.response.request = error.request
