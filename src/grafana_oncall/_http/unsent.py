"""Was a request sent that failed? What the errors of httpx and httpx2 say of it.

A write that was never sent may be retried without doubt, so this must never be believed wrongly.
httpx has errors that mean it, but whether they do depends on who raises them. The SDK's pool, and
the transports of httpx and httpx2 over HTTP/1.1, raise them only before the first byte of a
request. Others do not:

- Over HTTP/2, httpcore raises LocalProtocolError for what the server did wrong, long after it has
  read and carried out the request.
- A transport on top of another library may turn a broken connection into a ConnectTimeout, and one
  that retries by itself reports the end of its last attempt only.
- A hook that looks at responses may raise the ConnectError of another request, made by itself.

So errors of any other origin count as "perhaps sent".
"""

from typing import Any, Final

import httpx

from .pool import Pool

_NEVER_SENT: Final = (
    "ConnectError",
    "ConnectTimeout",
    "PoolTimeout",
    "ProxyError",
    "UnsupportedProtocol",
    "LocalProtocolError",
)


def was_never_sent(
    error: Exception, request: httpx.Request, http: httpx.AsyncClient, library: Any
) -> bool:
    """Whether the server certainly saw nothing of the request that failed with this error.

    Args:
        error: What the client raised.
        request: What it was to send.
        http: The client, of httpx or httpx2.
        library: Which of the two.
    """
    return (
        isinstance(error, tuple(getattr(library, name) for name in _NEVER_SENT))
        and _is_about(error, request)
        and type(http) is library.AsyncClient
        and _is_trusted(_transport(http, request.url), library)
    )


def _transport(http: httpx.AsyncClient, url: httpx.URL) -> httpx.AsyncBaseTransport | None:
    """Return what sends to this URL; None if the private method was renamed."""
    find = getattr(http, "_transport_for_url", None)
    return None if find is None else find(url)


def _is_about(error: Any, request: httpx.Request) -> bool:
    """Whether the error is of this request; a hook may have made others."""
    try:
        return bool(error.request is request)
    except RuntimeError:
        return False


def _is_trusted(transport: object, library: Any) -> bool:
    # A mock raises what its test means.
    if isinstance(transport, Pool | library.MockTransport):
        return True
    # A subclass may do anything. Without the name below, nothing is known about HTTP/2.
    pool = getattr(transport, "_pool", None)
    return type(transport) is library.AsyncHTTPTransport and not getattr(pool, "_http2", True)
