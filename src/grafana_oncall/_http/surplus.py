"""Surplus bytes: data that came on a connection after the end of a response.

How it works, and why it is safe. HTTP/1.1 has no request numbers: responses belong to requests by
their order alone. So a server that responds once too often puts every later response on that
connection out of step: each would be taken for the response to the next request. httpcore only
checks whether the socket of an idle connection is readable. But data that arrived together with the
end of a response has left the socket by then, and waits for the next request in one of three
places: in h11, which parses no further than the response; in TLS, which decrypts one record at a
time; or in anyio's queue, which reads more at once than it passes on. All three are checked before
a connection is given back, and a connection with surplus bytes is closed.

httpcore2 has the same three places. None has a public name. If another release moves them, nothing
is found, and what remains is that responses are compared with what was asked for.
"""

import ssl
from contextlib import suppress
from operator import attrgetter
from typing import Any, Final

import httpx

from .sender import Connection, drop

CONNECTION: Final = "grafana_oncall.connection"
"""The extension of a response in which the SDK's pool puts its connection."""

_ONE_AT_A_TIME: Final = (b"HTTP/1.1", b"HTTP/1.0")
"""Versions of HTTP in which requests share no connection at the same time."""

_PARSERS: Final = tuple(
    attrgetter(f"{path}._httpcore_stream._stream._connection._h11_state")
    for path in ("_stream._stream", "_stream")
)
"""From the stream of a response to its h11.Connection: through the SDK's pool, and httpcore's."""


async def release(response: httpx.Response) -> Connection | None:
    """Give the connection of a response back, or close it if that has surplus bytes.

    Return the connection, unless it is shared, as over HTTP/2.
    """
    extensions = response.extensions
    network = extensions.get("network_stream")
    shares = extensions.get("http_version") not in _ONE_AT_A_TIME
    connection: Connection | None = extensions.get(CONNECTION, None if shares else network)
    parser = None if network is None else _parser(response.stream)
    if parser is not None and (parser.trailing_data[0] or _is_unread(network)):
        await drop(connection)
    await response.aclose()
    return connection


def _parser(stream: object) -> Any:
    """Return the h11.Connection below the stream of a response over HTTP/1.1, or None."""
    for find in _PARSERS:
        with suppress(AttributeError):
            return find(stream)
    return None


def _is_unread(network: object) -> bool:
    """Whether data was read from the socket, but not passed on to httpcore."""
    stream = getattr(network, "_stream", None)
    while (below := getattr(stream, "transport_stream", None)) is not None:
        if _is_decryptable(getattr(stream, "_ssl_object", None)):
            return True
        stream = below
    return bool(getattr(getattr(stream, "_protocol", None), "read_queue", None))


def _is_decryptable(tls: ssl.SSLObject | None) -> bool:
    try:
        # It never blocks. The byte that it consumes belongs to no response.
        return tls is not None and bool(tls.read(1))
    except ssl.SSLWantReadError:
        return False
    except ssl.SSLError:
        return True
