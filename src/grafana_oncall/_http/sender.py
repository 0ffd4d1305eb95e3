"""The one place that sends: a request goes out through httpx, and bytes or an error come back."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from itertools import chain
from typing import Any, TypeAlias, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

import attrs
import httpx

from grafana_oncall._codec.decode import encode
from grafana_oncall._codec.error_responses import MOST_BYTES
from grafana_oncall._core.request import Request, Response
from grafana_oncall._core.text import printable, shown
from grafana_oncall._core.types import UNSET
from grafana_oncall._version import __version__
from grafana_oncall.errors import (
    EXCERPT_LENGTH,
    DecodeError,
    InvalidArgument,
    OnCallError,
    RequestTimeout,
    TransportError,
    closed,
)

from .auth import Token
from .body import ACCEPTED, Body
from .causes import causes, is_unresolved, is_untrusted
from .redaction import Redactor
from .surplus import Watched
from .unsent import was_never_sent


def _sendable(url: str) -> str:
    """The URL, if httpx can send to it; raises InvalidArgument otherwise."""
    try:
        httpx.Request("GET", url)
    except (httpx.InvalidURL, ValueError) as error:
        # Its text is not shown: it may repeat parts of the URL.
        message = f"url: nothing can be sent there ({type(error).__name__})."
        raise InvalidArgument(message, argument="url") from None
    return url


Extensions: TypeAlias = Mapping[str, Any]
"""What httpx says about the connection of a response: see `surplus.drop`."""


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
        self._redactor = Redactor(token.secret)
        self._http = http
        self._owns_http = owns_http
        self._max_response_bytes = max_response_bytes
        # httpx.Headers shows no Authorization in its repr.
        headers = httpx.Headers(
            {
                "accept": "application/json",
                "accept-encoding": ACCEPTED,
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
    def host(self) -> str:
        """Of the server, with its port."""
        return self._host

    async def round_trip(
        self, request: Request[Any], timeout: float
    ) -> tuple[Response, Extensions]:
        """Send once; raise an OnCallError when no whole response comes, whatever went wrong."""
        if self._http.is_closed:
            raise closed()
        message = self._message(request, timeout)
        try:
            answer = await self._http.send(message, auth=None, follow_redirects=False, stream=True)
            answer.stream = Watched(answer)
            try:
                content = await self._read(request, answer)
            finally:
                await answer.aclose()
        except OnCallError:
            raise
        except Exception as error:  # noqa: BLE001  # of any class: transports and hooks are anybody's
            refused = _refused_by_hook(error, message)
            if refused is not None and not refused.is_success:
                return self._received(refused, _content(refused))
            failure = self._failure(request, message, error)
        else:
            return self._received(answer, content)
        # Not in the handler: that would chain what was raised, and some of it shows the token.
        raise failure

    def _failure(
        self, request: Request[Any], message: httpx.Request, error: Exception
    ) -> OnCallError:
        """The error to raise, with its cause where that cannot hold the token."""
        words = self._redactor.text(f"{type(error).__name__} {error}".strip())
        refused = _refused_by_hook(error, message)
        what = (
            f"no answer from {self._host}"
            if refused is None
            else f"a hook of the httpx client refused the answer {refused.status_code}"
        )
        unsent = was_never_sent(error, message, self._http)
        fate = (
            "The request never reached the server"
            if unsent
            else "The server may have received the request"
        )
        kind = RequestTimeout if isinstance(error, httpx.TimeoutException) else TransportError
        failure = kind(
            f"{request.operation.id}: {what} ({printable(words)}). {fate}.{_advice(error)}",
            operation=request.operation.id,
            sent=not unsent,
        )
        if isinstance(error, httpx.RequestError):
            error.request = message
        failure.__cause__ = _without_secrets(error, self._redactor)
        return failure

    def _message(self, request: Request[Any], timeout: float) -> httpx.Request:
        headers = self._headers.copy()
        content = None if request.body is UNSET else encode(request)
        if content is not None:
            headers["content-type"] = "application/json"
        try:
            query = f"?{urlencode(request.query)}" if request.query else ""
            # Bytes, never a stream: real servers read a chunked body as empty.
            message = self._http.build_request(
                request.operation.method,
                self._base_url + request.path + query,
                # httpx 0.28 puts the parameters of a client in the place of a URL's query; given
                # these, it adds them to its own.
                params=request.query if self._http.params else None,
                headers=headers,
                content=content,
                timeout=timeout,
            )
        except (httpx.InvalidURL, TypeError, ValueError) as error:
            reason = f"{request.operation.id}: no URL can be made of it: {printable(str(error))}."
            raise InvalidArgument(reason, argument="query") from _without_secrets(
                error, self._redactor
            )
        if request.query and not self._owns_http:
            _check_query(request, message)
        return message

    async def _read(self, request: Request[Any], answer: httpx.Response) -> bytes:
        """The whole body; of a refusal, its beginning will do, as far as it can be read."""
        good, most = 200 <= answer.status_code < 300, self._max_response_bytes
        body = await _filled(answer, most if good else min(most, MOST_BYTES))
        if body.fault is None or not good:
            return bytes(body.content)
        if body.fault.hint is None:
            raise httpx.DecodingError(body.fault.reason)
        raise DecodeError(
            body.fault.reason,
            operation=request.operation.id,
            status=answer.status_code,
            content=self._redactor.content(body.content)[:EXCERPT_LENGTH],
            path="$",
            hint=body.fault.hint,
        )

    def _received(self, answer: httpx.Response, content: bytes) -> tuple[Response, Extensions]:
        """The answer without the token, which some proxies repeat."""
        response = Response(
            status=answer.status_code,
            headers=answer.headers,
            content=content,
            received=datetime.now(UTC),
        )
        is_json = content[:1] in b"{["  # or nothing
        is_success = 200 <= response.status < 300
        heads = b"\n".join(chain.from_iterable(answer.headers.raw))
        if not (is_json and is_success) or self._redactor.may_be_in(content, heads):
            response = self.redacted(response)
        return response, answer.extensions

    def redacted(self, response: Response) -> Response:
        """The answer without the token in any spelling; itself where it has none."""
        redactor, told = self._redactor, response.headers
        headers = {name: redactor.text(told[name]) for name in told}
        content = redactor.content(response.content)
        if content == response.content and all(told[name] == headers[name] for name in headers):
            return response
        return attrs.evolve(response, headers=httpx.Headers(headers), content=content)

    async def aclose(self) -> None:
        """Closes the connections, unless the user's own httpx client holds them."""
        if self._owns_http:
            await self._http.aclose()


async def _filled(answer: httpx.Response, most: int) -> Body:
    if answer.is_stream_consumed:  # a hook of the user's client has read it, and httpx decoded it
        body = Body("", most)
        body.add(answer.content)
    else:
        body = Body(answer.headers.get("content-encoding", ""), most)
        # `aiter_raw` goes through a generator more.
        async for chunk in cast("httpx.AsyncByteStream", answer.stream):
            body.add(chunk)
            if body.fault is not None:
                break
    body.end()
    return body


def _check_query(request: Request[Any], message: httpx.Request) -> None:
    """Refuses a client that changes what is asked for, such as one that drops a filter."""
    asked, told = (
        _by_name(request.query),
        _by_name(parse_qsl(message.url.query.decode(), keep_blank_values=True)),
    )
    for name, values in asked.items():
        if told.get(name) != values:
            reason = (
                f"http_client: in the query of {request.operation.id} it makes "
                f"{name}={shown(told.get(name))} of {name}={shown(values)}."
            )
            raise InvalidArgument(reason, argument="http_client")


def _by_name(query: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in query:
        found.setdefault(name, []).append(value)
    return found


def _refused_by_hook(error: Exception, message: httpx.Request) -> httpx.Response | None:
    """The answer to this request, where a hook of the client's made an error of its status."""
    if isinstance(error, httpx.HTTPStatusError) and error.request is message:
        return error.response
    return None


def _content(answer: httpx.Response) -> bytes:
    """The body, if the hook has read it; otherwise it went with the connection."""
    try:
        return answer.content
    except httpx.ResponseNotRead:
        return b""


def _advice(error: Exception) -> str:
    """What to do about a connection that there will not be."""
    if is_untrusted(error):
        return " Hint: verify= takes an ssl.SSLContext that trusts the server's certificate."
    return " Hint: check url=, for its host has no address." if is_unresolved(error) else ""


def _without_secrets(error: Exception, redactor: Redactor) -> Exception | None:
    """The error without what may hold the token: tracebacks, headers, and foreign objects.

    None where it is such an object itself, as are the errors of aiohttp, which show the headers
    that were sent. Those of httpx, httpcore and the sockets hold nothing but words; one whose words
    have the token, as a server may bring about, is left out as well.
    """
    if not _can_be_told(error, redactor):
        return None
    waiting: list[BaseException] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        one.__traceback__ = None
        if isinstance(one, httpx.HTTPError):
            _without_headers(one)
        if one.__cause__ is not None:
            one.__cause__ = _first_to_tell(one.__cause__, redactor)
        if one.__context__ is not None:
            one.__context__ = _first_to_tell(one.__context__, redactor)
        waiting += [other for other in (one.__cause__, one.__context__) if other is not None]
    return error


def _first_to_tell(error: BaseException, redactor: Redactor) -> BaseException | None:
    """This error, or the first one that it came from which can be told: the system's own."""
    return next((one for one in causes(error) if _can_be_told(one, redactor)), None)


def _can_be_told(error: BaseException, redactor: Redactor) -> bool:
    words = f"{error} {error!r} {vars(error)!r}"
    return _has_only_words(error) and redactor.text(words) == words


def _has_only_words(error: BaseException) -> bool:
    if isinstance(error, httpx.HTTPError):
        return True
    held = (*error.args, *vars(error).values())
    return all(isinstance(one, str | int | float | bytes | None) for one in held)


def _without_headers(error: httpx.HTTPError) -> None:
    with suppress(RuntimeError):  # it has no request
        error.request = httpx.Request(error.request.method, error.request.url)
        if isinstance(error, httpx.HTTPStatusError):
            error.response.request = error.request
