"""A response that no request requested for is not taken as the response to the next request.

A server, or a proxy before it, that responds to a request twice puts all later responses of the
connection out of step: each belongs to the request before.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import attrs
import httpx
import pytest

from grafana_oncall import OnCallClient, RetryPolicy
from grafana_oncall.errors import Conflict, DecodeError, OutcomeUnknown
from tests.support.certificates import LOOPBACK
from tests.support.samples import GROUP
from tests.support.scripted import Writer

PEM = LOOPBACK
TWICE = RetryPolicy(max_attempts=2, initial_backoff=0.001)


def whole(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """A response, after which the connection is kept."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def page(*groups: dict[str, Any]) -> bytes:
    """A list of one page."""
    envelope = {"count": len(groups), "next": None, "current_page_number": 1, "total_pages": 1}
    return whole(json.dumps({**envelope, "results": groups}).encode())


@attrs.define(eq=False)
class Server:
    """Responds to each request, and sends surplus bytes on its first connection."""

    before: dict[int, bytes] = attrs.field(factory=dict[int, bytes])
    """By the number of the request, what the first connection sends before its response."""
    after: dict[int, bytes] = attrs.field(factory=dict[int, bytes])
    """What it sends right after the response."""
    padding: int = 0
    """Extra bytes in each group."""
    url: str = ""
    connections: int = 0
    requested: list[str] = attrs.field(factory=list[str])
    """Paths, in order."""

    async def converse(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        """Serve one connection."""
        self.connections += 1
        speaks, number = self.connections == 1, 0
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                method, path = head.decode().split(" ")[:2]
                if method == "POST":
                    await reader.readexactly(
                        int(head.lower().split(b"content-length:")[1].split()[0])
                    )
                number += 1
                self.requested.append(path)
                if speaks and number in self.before:
                    writer.write(self.before[number])
                writer.write(self.respond(path))
                if speaks and number in self.after:
                    writer.write(self.after[number])
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has gone, as it may
        finally:
            writer.close()

    def respond(self, path: str) -> bytes:
        """The right response."""
        name = path.partition("?")[0].strip("/").split("/")[-1]
        if name == "silence":
            detail = {"detail": "Can't silence a resolved alert group"}
            return whole(json.dumps(detail).encode(), "400 Bad Request")
        return self.group(name) if name != "alert_groups" else page(self.shape("I1", "resolved"))

    def group(self, group_id: str) -> bytes:
        """The response with this group."""
        return whole(json.dumps(self.shape(group_id)).encode())

    def shape(self, group_id: str, state: str = "firing") -> dict[str, Any]:
        """A group."""
        return {**GROUP, "id": group_id, "state": state, "title": "x" * self.padding}


@asynccontextmanager
async def serving(server: Server, *, tls: bool = False) -> AsyncGenerator[Server]:
    """Run the server during the block."""
    served = None
    if tls:
        served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        served.load_cert_chain(PEM)
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: Writer) -> None:
        task: asyncio.Task[Any] | None = asyncio.current_task()
        if task is not None:
            tasks.add(task)
        await server.converse(reader, writer)

    listening = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=served)
    port = listening.sockets[0].getsockname()[1]
    server.url = f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
    try:
        yield server
    finally:
        listening.close()
        async with asyncio.timeout(5):
            await asyncio.gather(*tasks)


Made = dict[str, Any]
SENDERS: dict[str, Callable[[Any], Made]] = {
    "ours": lambda verify: {"verify": verify},
    "ours, over httpx2": lambda verify: {"verify": verify, "transport": "httpx2"},
    "ours, over aiohttp": lambda verify: {"verify": verify, "transport": "aiohttp"},
    "a client of the user's": lambda verify: {"http_client": httpx.AsyncClient(verify=verify)},
}
each_sender = pytest.mark.parametrize("sender", SENDERS)


@asynccontextmanager
async def connected(server: Server, sender: str, **settings: Any) -> AsyncGenerator[OnCallClient]:
    """A client that tries twice."""
    verify = ssl.create_default_context(cafile=PEM)
    made = SENDERS[sender](verify)
    given: dict[str, Any] = {"timeout": 5, "retry": TWICE, **made, **settings}
    async with OnCallClient(url=server.url, token="tok-4f9a1c", **given) as client:
        yield client
    if "http_client" in made:
        await made["http_client"].aclose()


async def ids(client: OnCallClient, number: int) -> list[str]:
    """Read the groups I1, I2, … one after the other; return their ids."""
    return [(await client.alert_groups.get(f"I{n}")).id for n in range(1, number + 1)]


def expected(number: int) -> list[str]:
    """The ids of this many groups."""
    return [f"I{n}" for n in range(1, number + 1)]


@each_sender
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize(
    "surplus",
    [
        pytest.param(lambda server: server.group("I1"), id="the same twice"),
        pytest.param(lambda _: whole(b"", "204 No Content"), id="nothing"),
        pytest.param(lambda _: b"HTTP/1.1 200 OK\r\nContent-Le", id="the beginning of one"),
        pytest.param(lambda _: b"\0", id="a byte"),
        pytest.param(lambda _: whole(b"[" + b"1," * 60_000 + b"1]"), id="a long one"),
    ],
)
async def test_a_connection_with_more_than_a_response_is_not_kept(
    surplus: Callable[[Server], bytes], sender: str, *, tls: bool
) -> None:
    """The surplus arrived with the response, which is used; the rest belongs to no request."""
    server = Server()
    server.after[2] = surplus(server)
    async with serving(server, tls=tls), connected(server, sender) as client:
        assert await ids(client, 6) == expected(6)
    # aiohttp drops an incomplete response, or finds it invalid when it reads the next one.
    whole_responses = server.after[2].endswith((b"\r\n\r\n", b"}", b"]"))
    if whole_responses or "aiohttp" not in sender:
        assert server.connections == 2
        assert len(server.requested) == 6


@each_sender
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("padding", [10_000, 30_000, 62_000, 64_000, 65_400, 70_000, 200_000])
async def test_a_surplus_is_seen_wherever_the_first_response_ends(
    padding: int, sender: str, *, tls: bool
) -> None:
    """Much of both is read from the socket at once, and passed on in pieces."""
    server = Server(padding=padding)
    server.after[2] = server.group("I2") * 2
    async with serving(server, tls=tls), connected(server, sender) as client:
        assert await ids(client, 4) == expected(4)
    assert server.connections == 2


PIECE = 64 * 1024
"""Bytes that httpcore takes at most at once."""


@each_sender
@pytest.mark.parametrize(
    ("length", "tls"),
    [
        pytest.param(PIECE, False, id="at the end of a piece"),
        pytest.param(PIECE - 2_500, True, id="and of TLS, within a record"),
    ],
)
async def test_a_surplus_is_seen_behind_a_piece(length: int, sender: str, *, tls: bool) -> None:
    """Where neither the parser nor TLS holds any of it, or not enough."""
    server = Server(padding=length // 2)
    server.padding += length - len(server.group("I2"))
    assert len(server.group("I2")) == length
    server.after[2] = whole(b"[" + b"1," * 4_000 + b"1]")
    async with serving(server, tls=tls), connected(server, sender) as client:
        assert await ids(client, 4) == expected(4)
    assert server.connections == 2


@each_sender
async def test_a_surplus_is_seen_behind_a_compressed_response(sender: str) -> None:
    """At whose end httpx returns the connection to the pool by itself."""

    class Squeezing(Server):
        """Sends gzip."""

        def group(self, group_id: str) -> bytes:
            """The response with this group."""
            body = json.dumps(self.shape(group_id)).encode()
            return whole(gzip.compress(body), "200 OK", "Content-Encoding: gzip")

    server = Squeezing()
    server.after[2] = server.group("I2")
    async with serving(server), connected(server, sender) as client:
        assert await ids(client, 6) == expected(6)
    assert server.connections == 2
    assert len(server.requested) == 6


@each_sender
async def test_an_empty_response_does_not_hide_a_refusal(sender: str) -> None:
    """The surplus 200 would report success for a silence that was refused."""
    server = Server(after={1: whole(b"")})
    async with serving(server), connected(server, sender) as client:
        assert await ids(client, 1) == expected(1)
        with pytest.raises(Conflict):
            await client.alert_groups.silence("I2", 60)
    assert server.connections == 2


@each_sender
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
async def test_a_read_with_the_response_about_another_object_is_retried(
    sender: str, *, tls: bool
) -> None:
    """It arrived after the request was sent: only its content shows that it is wrong."""
    server = Server()
    server.before[2] = server.group("I1")
    async with serving(server, tls=tls), connected(server, sender) as client:
        assert await ids(client, 6) == expected(6)
    assert server.connections == 2
    assert len(server.requested) == 7


@each_sender
async def test_each_of_many_concurrent_calls_gets_its_own_response(sender: str) -> None:
    """Whatever else the connections send."""

    class Babbling(Server):
        """Sends one response in three twice, on every connection."""

        def respond(self, path: str) -> bytes:
            """The response, perhaps twice."""
            return super().respond(path) * (2 if len(self.requested) % 3 == 0 else 1)

    server = Babbling()
    async with serving(server), connected(server, sender) as client:
        groups = await asyncio.gather(
            *(client.alert_groups.get(f"I{number}") for number in range(200))
        )
    assert [group.id for group in groups] == [f"I{number}" for number in range(200)]


@each_sender
async def test_a_response_about_another_object_leaves_no_connection(sender: str) -> None:
    """When the attempts are used up, the next call opens a new one."""
    server = Server()
    server.before[2] = server.group("I1")
    once = RetryPolicy(max_attempts=1)
    async with serving(server), connected(server, sender, retry=once) as client:
        assert await ids(client, 1) == expected(1)
        with pytest.raises(DecodeError, match="it is I1 instead of I2"):
            await client.alert_groups.get("I2")
        assert await ids(client, 3) == expected(3)
    assert server.connections == 2


@each_sender
async def test_a_write_with_the_response_to_another_request_is_in_doubt(sender: str) -> None:
    """Its connection is closed: no later call is out of step."""
    server = Server()
    server.before[2] = server.group("I1")
    async with serving(server), connected(server, sender) as client:
        assert await ids(client, 1) == expected(1)
        with pytest.raises(OutcomeUnknown):
            await client.alert_groups.silence("I2", 60)
        assert await ids(client, 3) == expected(3)
    assert server.connections == 2


@each_sender
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
async def test_connections_are_kept_where_nothing_is_wrong(sender: str, *, tls: bool) -> None:
    """All of them."""
    server = Server(padding=100_000)
    async with serving(server, tls=tls), connected(server, sender) as client:
        assert await ids(client, 20) == expected(20)
        with pytest.raises(Conflict):
            await client.alert_groups.silence("I2", 60)
    assert server.connections == 1
