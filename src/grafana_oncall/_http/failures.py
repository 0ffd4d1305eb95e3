"""Turn what httpx, a transport or a hook raised into an error of the SDK.

Was the request sent? A write that was never sent may be retried without doubt, so this must never
be believed wrongly. httpx has errors that mean it, but whether they do depends on who raises them.
The SDK's transports, and httpx's own over HTTP/1.1, raise them only before the first byte of a
request. Others do not:

- Over HTTP/2, httpcore raises LocalProtocolError for what the server did wrong, long after it has
  read and carried out the request.
- A transport on top of another library may turn a broken connection into a ConnectTimeout, and one
  that retries by itself reports the end of its last attempt only.
- A hook that looks at responses may raise the ConnectError of another request, made by itself.

So errors of any other origin count as "perhaps sent".

May the cause be shown? The exceptions of httpx, httpcore and the sockets contain nothing but text,
and are chained as the cause. Those of other libraries may contain the headers that were sent, as
aiohttp's do, and are left out; so is any whose text repeats the token, which a server can cause.
"""

from contextlib import suppress
from typing import Final

import httpx

from grafana_oncall._core.causes import causes, is_unresolved, is_untrusted, strip_tracebacks
from grafana_oncall._core.text import printable
from grafana_oncall.errors import RequestTimeout, TransportError

from .redaction import Redactor

_NEVER_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)


class OwnTransport(httpx.AsyncBaseTransport):
    """A transport of the SDK, whose ConnectError and the like mean that nothing was sent."""


def was_never_sent(error: Exception, request: httpx.Request, http: httpx.AsyncClient) -> bool:
    """Whether the server certainly saw nothing of the request that failed with this error."""
    return (
        isinstance(error, _NEVER_SENT)
        and _is_about(error, request)
        and type(http) is httpx.AsyncClient
        and _is_trusted(_transport(http, request.url))
    )


def _transport(http: httpx.AsyncClient, url: httpx.URL) -> httpx.AsyncBaseTransport | None:
    """Return what sends to this URL; None if httpx has renamed the private method."""
    find = getattr(http, "_transport_for_url", None)
    return None if find is None else find(url)


def _is_about(error: httpx.RequestError, request: httpx.Request) -> bool:
    """Whether the error is of this request; a hook may have made others."""
    try:
        return error.request is request
    except RuntimeError:
        return False


def _is_trusted(transport: httpx.AsyncBaseTransport | None) -> bool:
    # A mock raises what its test means.
    if isinstance(transport, OwnTransport | httpx.MockTransport):
        return True
    # A subclass may do anything. Without the name below, nothing is known about HTTP/2.
    pool = getattr(transport, "_pool", None)
    return type(transport) is httpx.AsyncHTTPTransport and not getattr(pool, "_http2", True)


def transport_error(
    error: Exception,
    request: httpx.Request,
    *,
    operation: str,
    server: str,
    sent: bool,
    redactor: Redactor,
) -> TransportError:
    """Return the error for a request that got no response, with its cause where that is safe."""
    words = redactor.text(f"{type(error).__name__} {error}".strip())
    refused = refused_by_hook(error, request)
    what = (
        f"no response from {server}"
        if refused is None
        else f"a hook of the httpx client rejected the response {refused.status_code}"
    )
    fate = (
        "The server may have received the request"
        if sent
        else "The request never reached the server"
    )
    kind = RequestTimeout if isinstance(error, httpx.TimeoutException) else TransportError
    failure = kind(
        f"{operation}: {what} ({printable(words)}). {fate}.{_hint(error)}",
        operation=operation,
        sent=sent,
    )
    if isinstance(error, httpx.RequestError):
        error.request = request
    failure.__cause__ = without_secrets(error, redactor)
    return failure


def refused_by_hook(error: Exception, request: httpx.Request) -> httpx.Response | None:
    """Return the response to this request if a hook of the client turned it into an error."""
    if isinstance(error, httpx.HTTPStatusError) and error.request is request:
        return error.response
    return None


def content_of(response: httpx.Response) -> bytes:
    """Return the body if the hook has read it; otherwise it was lost with the connection."""
    try:
        return response.content
    except httpx.ResponseNotRead:
        return b""


def _hint(error: Exception) -> str:
    if is_untrusted(error):
        return " Hint: verify= takes an ssl.SSLContext that trusts the server's certificate."
    return " Hint: check url=, because its host has no address." if is_unresolved(error) else ""


def without_secrets(error: Exception, redactor: Redactor) -> Exception | None:
    """Strip an exception and its causes of all that may contain the token.

    Tracebacks and headers are removed, and unsafe causes replaced by the first safe one behind
    them. None if the exception itself is unsafe.
    """
    if not _is_safe(error, redactor):
        return None
    for link in causes(error):
        if isinstance(link, httpx.HTTPError):
            _remove_headers(link)
        if link.__cause__ is not None:
            link.__cause__ = _first_safe(link.__cause__, redactor)
        if link.__context__ is not None:
            link.__context__ = _first_safe(link.__context__, redactor)
    strip_tracebacks(error)
    return error


def _first_safe(error: BaseException, redactor: Redactor) -> BaseException | None:
    return next((cause for cause in causes(error) if _is_safe(cause, redactor)), None)


def _is_safe(error: BaseException, redactor: Redactor) -> bool:
    """Whether an exception contains nothing but text, and the token is not in it."""
    words = f"{error} {error!r} {vars(error)!r}"
    return _is_only_text(error) and redactor.text(words) == words


def _is_only_text(error: BaseException) -> bool:
    if isinstance(error, httpx.HTTPError):
        return True
    values = (*error.args, *vars(error).values())
    return all(isinstance(value, str | int | float | bytes | None) for value in values)


def _remove_headers(error: httpx.HTTPError) -> None:
    with suppress(RuntimeError):  # it has no request
        error.request = httpx.Request(error.request.method, error.request.url)
        if isinstance(error, httpx.HTTPStatusError):
            error.response.request = error.request
