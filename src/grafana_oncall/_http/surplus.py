"""What came on a connection beyond the answer, and the end of such a connection.

HTTP/1.1 has no numbers by which answers and requests belong together, only their order. So a server
that answers once too often puts all later answers of the connection out of step: each would be
taken for the answer to the next request. httpcore looks whether the socket of an idle connection
has something to read. But what comes in the same breath as the end of an answer has left the socket
by then, and waits for the next request at one of three places: in h11, which has parsed no more
than the answer; in TLS, which decrypts one record after the other; or in the queue of anyio, which
reads more at once than it hands on. They are looked at before the connection is given back.

None of them has a public name. If another release of httpcore keeps them elsewhere, nothing is
found there, and what remains is that answers are compared with what was asked for.
"""

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from operator import attrgetter
from typing import Any, Final, cast

import httpx

CONNECTION: Final = "grafana_oncall.connection"
"""The extension of a response in which transports of ours name its connection."""

_PARSERS: Final = tuple(
    attrgetter(f"{path}._httpcore_stream._stream._connection._h11_state")
    for path in ("_stream._stream", "_stream")
)
"""From the stream of a response to its h11.Connection, through our own pool and httpcore's."""


class Watched(httpx.AsyncByteStream):
    """The body of an answer, whose connection is closed with it if more came than that."""

    def __init__(self, answer: httpx.Response) -> None:
        self._stream = cast("httpx.AsyncByteStream", answer.stream)
        self._extensions = answer.extensions

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The bytes as they come."""
        return self._stream.__aiter__()

    async def aclose(self) -> None:
        """Gives the connection back, or closes it."""
        if has_surplus(self._stream, self._extensions):
            await drop(self._extensions)
        await self._stream.aclose()


async def drop(extensions: Mapping[str, Any]) -> None:
    """Closes the connection of an answer, whoever may be using it by now.

    Whoever is, gets an error instead of an answer that would be to another request.
    """
    shares = extensions.get("http_version") not in {b"HTTP/1.1", b"HTTP/1.0"}
    connection = extensions.get(CONNECTION, None if shares else extensions.get("network_stream"))
    if connection is not None:
        with suppress(Exception):  # it is gone then, too
            await connection.aclose()


def has_surplus(stream: object, extensions: Mapping[str, Any]) -> bool:
    """Whether something waits behind an answer that was read to its end, over HTTP/1.1."""
    parser = _parser(stream)
    if parser is None:
        return False
    unparsed, _ = parser.trailing_data
    return bool(unparsed) or _is_unread(extensions.get("network_stream"))


def _parser(stream: object) -> Any:
    """The h11.Connection below the stream of a response; None where there is none."""
    for find in _PARSERS:
        with suppress(AttributeError):
            return find(stream)
    return None


def _is_unread(network: object) -> bool:
    """Whether something has been read from the socket, and not handed on to httpcore."""
    stream = getattr(network, "_stream", None)
    while (below := getattr(stream, "transport_stream", None)) is not None:
        if _is_decryptable(getattr(stream, "_ssl_object", None)):
            return True
        stream = below
    return bool(getattr(getattr(stream, "_protocol", None), "read_queue", None))


def _is_decryptable(tls: ssl.SSLObject | None) -> bool:
    try:
        # It never waits. What it takes away is nobody's.
        return tls is not None and bool(tls.read(1))
    except ssl.SSLWantReadError:
        return False
    except ssl.SSLError:
        return True
