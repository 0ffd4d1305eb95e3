"""One request of an ASGI server: its body, within limits, and the reply."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, MutableMapping, Sequence
from typing import Any, Final, TypeAlias

import attrs

Headers: TypeAlias = Sequence[tuple[bytes, bytes]]
Message: TypeAlias = MutableMapping[str, Any]
Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

_BODY_TIMEOUT: Final = 10.0
"""Seconds for the body to arrive; OnCall itself waits 4 for the response."""
_MAX_DIGITS: Final = 19


@attrs.frozen
class Reply:
    """The response to a request."""

    status: int
    text: str
    headers: Headers = ()

    async def send(self, send: Send) -> None:
        """Send the response to the ASGI server."""
        body = f"{self.text}\n".encode()
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            *self.headers,
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class Rejected(Exception):
    """The body is not read, or not to its end."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.reply: Reply = Reply(status, text)


class ClientDisconnected(Exception):
    """The client has closed the connection: no response can be sent."""


@attrs.frozen
class Head:
    """What is kept of a request's head: not its headers, which have the secret in them."""

    method: str
    is_authenticated: bool
    content_lengths: Sequence[bytes]
    """Values of the Content-Length headers."""


def head_of(scope: Scope, authenticates: Callable[[Headers], bool]) -> Head:
    """Return what is kept of a request's head; `authenticates` checks its headers."""
    headers: Headers = [*scope.get("headers", ())]
    lengths = [value for name, value in headers if name.lower() == b"content-length"]
    return Head(scope.get("method", ""), authenticates(headers), lengths)


async def read_body(head: Head, receive: Receive, *, max_bytes: int) -> bytes:
    """Return the body of a request; stop reading as soon as it is too large.

    Raises:
        Rejected: It is too large or too slow, or not as long as Content-Length says.
        ClientDisconnected: The client did not send all of it.
    """
    announced = set(_announced(head.content_lengths, max_bytes))
    try:
        async with asyncio.timeout(_BODY_TIMEOUT):
            body = await _received(receive, max_bytes)
    except TimeoutError:
        raise Rejected(408, "The body did not arrive in time.") from None
    if announced - {len(body)}:
        raise Rejected(400, "The body is not as long as Content-Length says.")
    return body


def _announced(content_lengths: Sequence[bytes], max_bytes: int) -> Iterator[int]:
    for value in content_lengths:
        if not value.isdigit():
            raise Rejected(400, "Content-Length is not a number.")
        # Huge numbers are not parsed: that takes long, and Python may refuse to.
        digits = value.lstrip(b"0") or b"0"
        if len(digits) > _MAX_DIGITS or int(digits) > max_bytes:
            raise _too_large(max_bytes)
        yield int(digits)


async def _received(receive: Receive, max_bytes: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnected
        body += message.get("body", b"")
        if len(body) > max_bytes:
            raise _too_large(max_bytes)
        if not message.get("more_body", False):
            return bytes(body)


def _too_large(max_bytes: int) -> Rejected:
    return Rejected(413, f"The body is larger than {max_bytes} bytes.")
