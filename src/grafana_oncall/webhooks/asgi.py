"""One request of an ASGI server: its body within limits, and its answer."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, MutableMapping, Sequence
from typing import Any, Final, TypeAlias

import attrs

Headers: TypeAlias = Sequence[tuple[bytes, bytes]]
Message: TypeAlias = MutableMapping[str, Any]
Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

_SLOWEST: Final = 10.0
"""Seconds for the body to arrive; the server itself waits 4 for the answer."""
_LONGEST_NUMBER: Final = 19


@attrs.frozen
class Answer:
    """What a request is answered."""

    status: int
    text: str
    headers: Headers = ()

    async def send(self, send: Send) -> None:
        """Hands it to the server."""
        body = f"{self.text}\n".encode()
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            *self.headers,
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class Refused(Exception):
    """The body is not read, or not to its end."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.answer = Answer(status, text)


class Left(Exception):
    """The client has left; nobody is there to be answered."""


@attrs.frozen
class Head:
    """What is kept of a request's head, so that no local variable of ours has its secret."""

    method: str
    is_let_in: bool
    """Whether it showed the secret."""
    lengths: Sequence[bytes]
    """What its Content-Length headers say."""


async def read(head: Head, receive: Receive, *, most: int) -> bytes:
    """The whole body; raises Refused as soon as it is too large, whatever was announced."""
    announced = set(_announced(head.lengths, most))
    try:
        async with asyncio.timeout(_SLOWEST):
            body = await _received(receive, most)
    except TimeoutError:
        raise Refused(408, "The body did not arrive in time.") from None
    if announced - {len(body)}:
        raise Refused(400, "The body is not as long as Content-Length says.")
    return body


def _announced(lengths: Sequence[bytes], most: int) -> Iterator[int]:
    for value in lengths:
        if not value.isdigit():
            raise Refused(400, "Content-Length is no number.")
        # A number of many digits is not made: that would be work, and can be refused.
        digits = value.lstrip(b"0") or b"0"
        if len(digits) > _LONGEST_NUMBER or int(digits) > most:
            raise _too_large(most)
        yield int(digits)


async def _received(receive: Receive, most: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Left
        body += message.get("body", b"")
        if len(body) > most:
            raise _too_large(most)
        if not message.get("more_body", False):
            return bytes(body)


def _too_large(most: int) -> Refused:
    return Refused(413, f"The body is larger than {most} bytes.")
