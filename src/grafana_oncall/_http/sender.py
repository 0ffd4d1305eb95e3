"""Send one request through httpx, and return its response or raise an error."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import chain
from typing import Any, Final, TypeAlias, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

import attrs
import httpx

from grafana_oncall._codec.decode import encode
from grafana_oncall._codec.error_responses import MAX_ERROR_BYTES
from grafana_oncall._core.request import Request, Response
from grafana_oncall._core.secret import Secret
from grafana_oncall._core.text import printable, shown
from grafana_oncall._core.types import UNSET
from grafana_oncall._version import __version__
from grafana_oncall.errors import (
    DecodeError,
    InvalidArgument,
    OnCallError,
    client_closed,
)

from .body import ACCEPTED, Body
from .failures import content_of, refused_by_hook, transport_error, was_never_sent, without_secrets
from .redaction import Redactor
from .surplus import SurplusCheckedBody

_BYTES_IN_ERRORS: Final = 120
"""How much of a body that is too large is kept."""


def _sendable(url: str) -> str:
    """Return the URL if httpx can send to it."""
    try:
        httpx.Request("GET", url)
    except (httpx.InvalidURL, ValueError) as error:
        # Its text is not shown: it may repeat parts of the URL.
        message = f"url: nothing can be sent there ({type(error).__name__})."
        raise InvalidArgument(message, argument="url") from None
    return url


Extensions: TypeAlias = Mapping[str, Any]
"""Where `surplus.drop` finds the connection of a response."""


class Wire:
    """Sends requests through one httpx client, with one token."""

    def __init__(
        self,
        *,
        base_url: str,
        token: Secret[str],
        grafana_url: str | None,
        http: httpx.AsyncClient,
        owns_http: bool,
        max_response_bytes: int,
    ) -> None:
        self._base_url = _sendable(base_url)
        self._host = urlsplit(base_url).netloc
        self._redactor = Redactor(token.value)
        self._http = http
        self._owns_http = owns_http
        self._max_response_bytes = max_response_bytes
        # httpx.Headers shows no Authorization in its repr.
        headers = httpx.Headers(
            {
                "accept": "application/json",
                "accept-encoding": ACCEPTED,
                "user-agent": f"grafana-oncall-sdk/{__version__}",
                "authorization": token.value,
            }
        )
        if grafana_url is not None:
            headers["x-grafana-url"] = grafana_url
        self._headers = headers
        if owns_http:
            # Set once, because merging them is a quarter of the time to build a request.
            http.headers.update(headers)
            self._headers = httpx.Headers()

    @property
    def server(self) -> str:
        """The base of every URL; it contains no secret."""
        return self._base_url

    @property
    def host(self) -> str:
        """Host and port of the server."""
        return self._host

    async def round_trip(
        self, request: Request[Any], timeout: float
    ) -> tuple[Response, Extensions]:
        """Send once; raise an OnCallError when no whole response comes, whatever went wrong."""
        if self._http.is_closed:
            raise client_closed()
        message = self._message(request, timeout)
        try:
            received = await self._http.send(
                message, auth=None, follow_redirects=False, stream=True
            )
            received.stream = SurplusCheckedBody(received)
            try:
                content = await self._read(request, received)
            finally:
                await received.aclose()
        except OnCallError:
            raise
        except Exception as error:  # noqa: BLE001  # of any class: transports and hooks are anybody's
            refused = refused_by_hook(error, message)
            if refused is not None and not refused.is_success:
                return self._response_of(refused, content_of(refused))
            failure = transport_error(
                error,
                message,
                operation=request.operation.id,
                server=self._host,
                sent=not was_never_sent(error, message, self._http),
                redactor=self._redactor,
            )
        else:
            return self._response_of(received, content)
        # Outside the handler, which would chain the original error, and that may show the token.
        raise failure

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
                # The parameters of an httpx 0.28 client replace the query of a URL, but are merged
                # with those of a request.
                params=request.query if self._http.params else None,
                headers=headers,
                content=content,
                timeout=timeout,
            )
        except (httpx.InvalidURL, TypeError, ValueError) as error:
            reason = f"{request.operation.id}: its URL cannot be built: {printable(str(error))}."
            cause = without_secrets(error, self._redactor)
            raise InvalidArgument(reason, argument="query") from cause
        if request.query and not self._owns_http:
            _check_query(request, message)
        return message

    async def _read(self, request: Request[Any], received: httpx.Response) -> bytes:
        """Return the whole body; of an error response, as much of it as is readable and needed."""
        good, most = 200 <= received.status_code < 300, self._max_response_bytes
        body = await _read_body(received, most if good else min(most, MAX_ERROR_BYTES))
        if body.fault is None or not good:
            return bytes(body.content)
        if body.fault.hint is None:
            raise httpx.DecodingError(body.fault.reason)
        raise DecodeError(
            body.fault.reason,
            operation=request.operation.id,
            status=received.status_code,
            content=self._redactor.content(body.content)[:_BYTES_IN_ERRORS],
            path="$",
            hint=body.fault.hint,
        )

    def _response_of(self, received: httpx.Response, content: bytes) -> tuple[Response, Extensions]:
        """Return the response without the token, which some proxies repeat."""
        response = Response(
            status=received.status_code,
            headers=received.headers,
            content=content,
            received=datetime.now(UTC),
        )
        is_json = content[:1] in b"{["  # or nothing
        is_success = 200 <= response.status < 300
        heads = b"\n".join(chain.from_iterable(received.headers.raw))
        if not (is_json and is_success) or self._redactor.may_be_in(content, heads):
            response = self.redacted(response)
        return response, received.extensions

    def redacted(self, response: Response) -> Response:
        """Return the response with the token redacted, in whatever spelling it appears."""
        redactor, received = self._redactor, response.headers
        headers = {name: redactor.text(received[name]) for name in received}
        content = redactor.content(response.content)
        if content == response.content and all(received[name] == headers[name] for name in headers):
            return response
        return attrs.evolve(response, headers=httpx.Headers(headers), content=content)

    async def aclose(self) -> None:
        """Close the connections, unless they belong to a caller-supplied httpx client."""
        if self._owns_http:
            await self._http.aclose()


async def _read_body(received: httpx.Response, most: int) -> Body:
    if received.is_stream_consumed:  # by a hook of the caller's client; httpx has decoded it
        body = Body("", most)
        body.add(received.content)
    else:
        body = Body(received.headers.get("content-encoding", ""), most)
        # `aiter_raw` would add a generator.
        async for chunk in cast("httpx.AsyncByteStream", received.stream):
            body.add(chunk)
            if body.fault is not None:
                break
    body.end()
    return body


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
