"""Pure: whether an error means that the request was certainly never sent.

A write that was never sent may be repeated without doubt, so this must never be believed wrongly.
httpx has errors that mean it, but whether they do depends on who raises them. Transports of ours,
and httpx's own over HTTP/1.1, raise them only before the first byte of a request. Others do not:

- Over HTTP/2, httpcore raises LocalProtocolError for what the server did wrong, long after it has
  read and carried out the request.
- A transport that sends over another library may call a connection that broke a ConnectTimeout,
  and one that repeats requests tells the end of its last attempt alone.
- A hook that looks at answers may raise the ConnectError of another request, made by itself.

So what is not known for its truth is not believed, and every failure of it is perhaps sent.
"""

from typing import Final

import httpx

_NEVER_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)


class OwnTransport(httpx.AsyncBaseTransport):
    """A transport of ours, whose ConnectError and the like mean that nothing was sent."""


def was_never_sent(error: Exception, request: httpx.Request, http: httpx.AsyncClient) -> bool:
    """Whether the server certainly saw nothing of the request that failed with this error."""
    return (
        isinstance(error, _NEVER_SENT)
        and _is_about(error, request)
        and type(http) is httpx.AsyncClient
        and _is_truthful(_transport(http, request.url))
    )


def _transport(http: httpx.AsyncClient, url: httpx.URL) -> httpx.AsyncBaseTransport | None:
    """What sends to this URL. No public name tells; None where the private one is not there."""
    find = getattr(http, "_transport_for_url", None)
    return None if find is None else find(url)


def _is_about(error: httpx.RequestError, request: httpx.Request) -> bool:
    """Whether httpx says that it is this request's; a hook may have made others."""
    try:
        return error.request is request
    except RuntimeError:
        return False


def _is_truthful(transport: httpx.AsyncBaseTransport | None) -> bool:
    # A mock raises what its test means.
    if isinstance(transport, OwnTransport | httpx.MockTransport):
        return True
    # A subclass may do anything. Without the name below, nothing is known about HTTP/2.
    pool = getattr(transport, "_pool", None)
    return type(transport) is httpx.AsyncHTTPTransport and not getattr(pool, "_http2", True)
