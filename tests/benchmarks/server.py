"""An HTTP/1.1 server of canned responses, cheap enough that a client's time is its own.

python -m tests.benchmarks.server GROUPS GROUPS_ON_A_PAGE [CERTIFICATE]
"""

import asyncio
import selectors
import ssl
import sys
from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qs, urlsplit

from .samples import SCHEDULES, group, page, schedule, schedule_id, users

PAGE_DELAY: Final = 0.05
"""Seconds until a page, or a schedule, is sent."""
ACTION_DELAY: Final = 0.02
"""Seconds until the response to an action is sent."""

Response = tuple[bytes, float]
"""The bytes, and the seconds until they are sent."""


def _response(content: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        len(content),
        content,
    )


class Canned:
    """All responses, made in advance."""

    def __init__(self, groups: int, per_page: int) -> None:
        self._pages = [
            _response(page(one, groups=groups, per_page=per_page))
            for one in range(1, groups // per_page + 1)
        ]
        self._group = _response(group(0))
        self._done = _response(b"")
        self._users = _response(users())
        self._schedules = {
            f"/api/v1/schedules/{schedule_id(number)}/": _response(schedule(number))
            for number in range(SCHEDULES)
        }

    def response(self, target: str) -> Response:
        """The response for a path and query."""
        parts = urlsplit(target)
        if parts.path == "/api/v1/alert_groups/":
            number = int(parse_qs(parts.query).get("page", ["1"])[0])
            return self._pages[number - 1], PAGE_DELAY
        if parts.path.endswith("/acknowledge/"):
            return self._done, ACTION_DELAY
        if parts.path == "/api/v1/users/":
            return self._users, PAGE_DELAY
        if parts.path in self._schedules:
            return self._schedules[parts.path], PAGE_DELAY
        return self._group, 0.0


class Connection(asyncio.Protocol):
    """One connection that is kept; requests come one after the other."""

    def __init__(self, response: Callable[[str], Response]) -> None:
        self._respond_with = response
        self._data = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Respond once the head of a request has arrived: no request here has a body."""
        self._data += data
        if not self._data.endswith(b"\r\n\r\n"):
            return
        target, self._data = self._data.split(b" ", 2)[1].decode(), b""
        content, delay = self._respond_with(target)
        asyncio.get_running_loop().call_later(delay, self._send, content)

    def _send(self, content: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(content)


async def serve(groups: int, per_page: int, tls: ssl.SSLContext | None) -> None:
    """Print the port, and serve until the standard input ends."""
    canned = Canned(groups, per_page)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(canned.response), "127.0.0.1", 0, ssl=tls)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201  # for the parent process
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


def _tls(certificate: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


if __name__ == "__main__":
    groups, per_page, *certificates = sys.argv[1:]
    tls = _tls(certificates[0]) if certificates else None
    # epoll counts whole milliseconds, so responses would be up to one late; select does not.
    with asyncio.Runner(
        loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())
    ) as runner:
        runner.run(serve(int(groups), int(per_page), tls))
