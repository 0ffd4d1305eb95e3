"""The one seam to send through: what a sender does, and what all senders share.

A sender takes the values of one request, sends it once over its HTTP library, and returns the whole
response; or it raises an error of the SDK that says whether the request may have been sent. No
value, error or exception of an HTTP library passes this seam, but as the cause of an error. So the
layers above depend on no library, and a library costs one module: `httpx_sender`, `aiohttp_sender`.
"""

import asyncio
import time
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from itertools import chain
from operator import sub
from typing import Any, Final, Protocol, TypeAlias
from urllib.parse import quote, urlencode, urlsplit

import attrs

from grafana_oncall._codec.error_responses import MAX_ERROR_BYTES
from grafana_oncall._core.causes import is_unresolved, is_untrusted, is_without_tls
from grafana_oncall._core.request import Request, Response
from grafana_oncall._core.secret import Secret
from grafana_oncall._core.text import printable
from grafana_oncall.errors import DecodeError, InvalidArgument, RequestTimeout, TransportError

from .auth import Redactor, without_secrets
from .body import Body, DecodingError

KEPT: Final = 3.0
"""Seconds for which an idle connection is used. uvicorn, Apache and Node.js close one after 5."""

_KEPT_FRESH: Final = 1.0
"""And for a request that cannot be repeated if the server closes the connection meanwhile."""

_BYTES_IN_ERRORS: Final = 120
"""How much of a body that is too large is kept."""

_SAFE_IN_PATHS: Final = "/%!$&'()*+,;=:@"
"""What is sent as it is, beside letters, digits and `_.-~`."""

_UNTRUSTED: Final = (
    " Hint: pass verify=, an ssl.SSLContext that trusts the server's certificate, or name a file "
    "that contains it in SSL_CERT_FILE; REQUESTS_CA_BUNDLE is not read."
)
_PLAIN_HTTP: Final = (
    " Hint: is it plain http that the server speaks on this port? url= begins with https."
)


Moment: TypeAlias = tuple[float, float]
"""In seconds, by two clocks: the event loop's, which may stop while the machine is suspended, and
that of the wall, which can be set."""

Clocks: TypeAlias = Callable[[], Moment]

Chunks: TypeAlias = AsyncIterable[bytes] | bytes
"""A body as it arrives, or all of it if that has arrived: to iterate takes longer than to read."""


def clocks() -> Moment:
    """Return the present moment."""
    return asyncio.get_running_loop().time(), time.time()


def is_usable(idle_since: Moment | None, now: Moment, *, fresh: bool = False) -> bool:
    """Whether a connection may be used that has been idle since then, or that is not open yet."""
    most = _KEPT_FRESH if fresh else KEPT
    return idle_since is None or max(map(sub, now, idle_since)) <= most


class Connection(Protocol):
    """The connection on which a response came."""

    async def aclose(self) -> None:
        """Close it; another request that uses it by now fails."""
        ...


class Sender(Protocol):
    """Sends requests to one target, each once."""

    @property
    def opens_connections(self) -> bool:
        """Whether it opens connections of its own, which stay open if nobody closes it."""
        ...

    def send(
        self, request: Request[Any], timeout: float, token: Secret[str] | None = None
    ) -> Awaitable[tuple[Response, Connection | None]]:
        """Send a request; return its response, and the connection unless others share it.

        Args:
            request: What to send.
            timeout: Timeout of each connect, write and read, in seconds.
            token: The token to send, where `Target.headers` has none or another.

        Raises:
            TransportError: No whole response came; `sent` is False only if the server certainly saw
                nothing of the request.
            DecodeError: The body is too large, or not encoded as requested.
            InvalidArgument: The request cannot be built.
            ClientStateError: The HTTP client is closed.
        """
        ...

    async def aclose(self) -> None:
        """Close the connections, unless they belong to the caller's HTTP client."""
        ...


async def drop(connection: Connection | None) -> None:
    """Close the connection of a response that may be out of step, so that no request uses it."""
    if connection is not None:
        with suppress(Exception):  # then it is closed as well
            await connection.aclose()


class Headers(Mapping[str, str]):
    """The headers of a response, whatever the case of their names; repeated ones are joined."""

    __slots__ = ("_raw", "_values")

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._raw = raw
        self._values: dict[str, str] | None = None

    def _parsed(self) -> dict[str, str]:
        # On first use, because few responses are asked for a header.
        if self._values is None:
            self._values = {}
            for raw_name, raw_value in self._raw:
                name, value = _text(raw_name).lower(), _text(raw_value)
                known = self._values.get(name)
                self._values[name] = value if known is None else f"{known}, {value}"
        return self._values

    def __getitem__(self, name: str) -> str:
        return self._parsed()[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parsed())

    def __len__(self) -> int:
        return len(self._parsed())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._parsed()!r})"


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


@attrs.frozen(kw_only=True)
class Target:
    """The server that requests go to, and what is the same for all of them."""

    base_url: str
    """The base of every URL; it contains no secret."""
    headers: Secret[Mapping[str, str]]
    """Of every request; the token is one of them, unless it may change."""
    redactor: Redactor = attrs.field(repr=False)
    max_response_bytes: int

    @property
    def host(self) -> str:
        """Host and port."""
        return urlsplit(self.base_url).netloc

    def url(self, request: Request[Any]) -> str:
        """Return the URL of a request, the same over every HTTP library."""
        try:
            query = f"?{urlencode(request.query)}" if request.query else ""
            return self.base_url + quote(request.path, safe=_SAFE_IN_PATHS) + query
        except (TypeError, ValueError) as error:
            failure = self.url_error(request, error)
        raise failure from failure.__cause__

    def url_error(self, request: Request[Any], error: Exception) -> InvalidArgument:
        """Return the error for a request whose URL is none."""
        reason = f"{request.operation.id}: its URL cannot be built: {printable(str(error))}."
        failure = InvalidArgument(reason, argument="query")
        failure.__cause__ = without_secrets(error, self.redactor)
        return failure

    async def read(
        self, request: Request[Any], status: int, encoding: str, chunks: Chunks
    ) -> bytes:
        """Return the whole body; of an error response, as much of it as is readable and needed."""
        is_success, most = 200 <= status < 300, self.max_response_bytes
        body = Body(encoding, most if is_success else min(most, MAX_ERROR_BYTES))
        if isinstance(chunks, bytes):
            body.add(chunks)
        else:
            async for chunk in chunks:
                body.add(chunk)
                if body.fault is not None:
                    break
        body.end()
        if body.fault is None or not is_success:
            return bytes(body.content)
        if body.fault.hint is None:
            raise DecodingError(body.fault.reason)
        raise DecodeError(
            body.fault.reason,
            operation=request.operation.id,
            status=status,
            content=self.redactor.content(body.content)[:_BYTES_IN_ERRORS],
            path="$",
            hint=body.fault.hint,
        )

    def response(
        self, status: int, headers: Iterable[tuple[bytes, bytes]], content: bytes
    ) -> Response:
        """Return the response without the token, which some proxies repeat."""
        response = Response(
            status=status,
            headers=Headers(headers),
            content=content,
            received=datetime.now(UTC),
        )
        is_json = content[:1] in b"{["  # or nothing
        heads = b"\n".join(chain.from_iterable(headers))
        if not (is_json and 200 <= status < 300) or self.redactor.may_be_in(content, heads):
            return self.redacted(response)
        return response

    def redacted(self, response: Response) -> Response:
        """Return the response with the token redacted, in whatever spelling it appears."""
        redactor, received = self.redactor, response.headers
        headers = {name: redactor.text(received[name]) for name in received}
        content = redactor.content(response.content)
        if content == response.content and all(received[name] == headers[name] for name in headers):
            return response
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        return attrs.evolve(response, headers=Headers(raw), content=content)

    def transport_error(
        self,
        request: Request[Any],
        words: str,
        *,
        sent: bool,
        timed_out: bool,
        cause: BaseException | None,
        what: str | None = None,
    ) -> TransportError:
        """Return the error for a request without a response, with its cause where that is safe."""
        fate = (
            "The server may have received the request"
            if sent
            else "The request never reached the server"
        )
        said = printable(self.redactor.text(words.strip()))
        hint = "" if cause is None else _hint(cause)
        if not (hint or sent or cause is None) and self.base_url.startswith("https:"):
            hint = _PLAIN_HTTP if is_without_tls(cause) else ""
        failure = (RequestTimeout if timed_out else TransportError)(
            f"{request.operation.id}: {what or f'no response from {self.host}'} ({said}). "
            f"{fate}.{hint}",
            operation=request.operation.id,
            sent=sent,
        )
        failure.__cause__ = None if cause is None else without_secrets(cause, self.redactor)
        return failure


def _hint(error: BaseException) -> str:
    if is_untrusted(error):
        return _UNTRUSTED
    return " Hint: check url=, because its host has no address." if is_unresolved(error) else ""
