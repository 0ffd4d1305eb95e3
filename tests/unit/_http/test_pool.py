"""The connections of a client that sends through httpx, over real sockets on loopback."""

import asyncio
import ssl
import sys
from collections.abc import AsyncGenerator, Awaitable, Sequence
from contextlib import asynccontextmanager
from itertools import count
from types import FrameType
from typing import Any

import pytest

from grafana_oncall import OnCallClient, RetryPolicy
from grafana_oncall.errors import TransportError
from tests.support.certificates import LOOPBACK
from tests.support.scripted import PAGE, Point, Scripted, Writer, keep, raw_response, serving

PEM = LOOPBACK
each_sender = pytest.mark.parametrize("transport", ["httpx", "httpx2", "aiohttp"])
AT_ONCE = 16


def made(url: str, **settings: Any) -> OnCallClient:
    """A client without retries."""
    given: dict[str, Any] = {
        "timeout": 5,
        "retry": RetryPolicy(max_attempts=1),
        "allow_http": True,
        **settings,
    }
    return OnCallClient(url=url, token="tok-1", **given)


async def call(client: OnCallClient) -> None:
    """Make a call that succeeds."""
    assert await client.alert_groups.list().count() == 7


async def together(client: OnCallClient, calls: int = AT_ONCE) -> None:
    """Make so many calls at once."""
    await asyncio.gather(*(call(client) for _ in range(calls)))


async def in_turn(client: OnCallClient, calls: int = AT_ONCE) -> None:
    """Make so many calls, one after the other."""
    for _ in range(calls):
        await call(client)


async def test_there_are_as_many_connections_as_concurrent_calls() -> None:
    """They are kept for later calls, however many follow."""
    async with (
        serving(Scripted(Point(2, raw_response()), keep)) as server,
        made(server.url) as client,
    ):
        for _ in range(3):
            await together(client)
        await in_turn(client)
        assert (server.connections, server.connected) == (AT_ONCE, AT_ONCE)
    assert server.exchanges == 4 * AT_ONCE


async def test_there_are_never_more_than_allowed() -> None:
    """Further calls wait."""
    async with (
        serving(Scripted(Point(2, raw_response()), keep)) as server,
        made(server.url, max_connections=3) as client,
    ):
        await call(client)  # by itself: the sender is made in a thread by its first request
        await together(client)
        assert server.connections == 3


async def test_a_connection_that_fails_is_replaced() -> None:
    """By one that is opened when it is needed."""
    async with (
        serving(Scripted(Point(1), good=2)) as server,
        made(server.url, max_connections=1) as client,
    ):
        await in_turn(client, 2)
        with pytest.raises(TransportError):
            await call(client)
        server.good = 99
        await in_turn(client, 2)
    assert server.connections == 2


async def test_closing_the_client_closes_them_all() -> None:
    """The server sees them close."""
    async with serving(Scripted(Point(2, raw_response()), keep)) as server:
        async with made(server.url) as client:
            await together(client)
        await asyncio.sleep(0.01)
        assert server.connected == 0


async def closing_is_cancelled(client: OnCallClient, number: int) -> bool:
    """Cancel closing after so many turns of the loop; return whether it was done by then."""
    closing = asyncio.ensure_future(client.aclose())
    for _ in range(number):
        await asyncio.sleep(0)
    over = closing.done()
    closing.cancel()
    await asyncio.wait([closing])
    return over


async def test_all_connections_are_closed_although_closing_is_cancelled() -> None:
    """At whatever turn it is cancelled."""
    for number in count(1):
        async with serving(Scripted(Point(2, raw_response()), keep)) as server:
            client = made(server.url)
            await together(client, 4)
            over = await closing_is_cancelled(client, number)
            await asyncio.sleep(0.01)
            assert server.connected == 0, f"after {number} turns"
        if over:
            break


async def test_connections_in_use_are_closed_although_closing_is_cancelled() -> None:
    """Whatever their calls were about to do; some get their response after all."""
    for number in count():
        async with serving(Scripted(Point(2, raw_response()), keep)) as server:
            client = made(server.url)
            await together(client, 3)
            calls = [asyncio.ensure_future(call(client)) for _ in range(3)]
            for _ in range(number):
                await asyncio.sleep(0)
            over = all(call.done() for call in calls)
            await closing_is_cancelled(client, 1)
            await asyncio.wait(calls)
            await asyncio.gather(*calls, return_exceptions=True)
            await asyncio.sleep(0.01)
            assert server.connected == 0, f"after {number} turns"
        if over:
            break


class _Later(asyncio.SelectorEventLoop):
    """An event loop whose clock can be advanced."""

    later = 0.0

    def time(self) -> float:
        """Return the time in seconds."""
        return super().time() + self.later


def test_connections_that_were_unused_for_a_while_are_closed() -> None:
    """At the next call, which uses the most recent one; a server would close them unseen."""

    async def story() -> Sequence[int]:
        async with (
            serving(Scripted(Point(2, raw_response()), keep)) as server,
            made(server.url) as client,
        ):
            await together(client, 4)
            loop = asyncio.get_running_loop()
            assert isinstance(loop, _Later)
            kept = server.connected
            loop.later += 2
            await call(client)
            used = server.connected
            loop.later += 2
            await call(client)
            await asyncio.sleep(0.01)
            return kept, used, server.connected, server.connections

    with asyncio.Runner(loop_factory=_Later) as runner:
        assert runner.run(story()) == (4, 4, 1, 4)


async def functions(work: Awaitable[None]) -> int:
    """Return how many functions the work calls."""
    called = 0

    def count(_frame: FrameType, event: str, _: object) -> None:
        nonlocal called
        called += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        await work
    finally:
        sys.setprofile(None)
    return called


async def test_concurrent_calls_cost_no_more_than_sequential_ones() -> None:
    """In httpcore 1.0's pool, sixteen at once cost half as much more."""
    async with (
        serving(Scripted(Point(2, raw_response()), keep)) as server,
        made(server.url) as client,
    ):
        await together(client)
        alone = await functions(in_turn(client))
        assert await functions(together(client)) < 1.2 * alone


def tls(purpose: ssl.Purpose) -> ssl.SSLContext:
    """Return the TLS settings of one side."""
    context = ssl.create_default_context(purpose, cafile=PEM)
    if purpose is ssl.Purpose.CLIENT_AUTH:
        context.load_cert_chain(PEM)
    return context


async def test_a_call_that_is_cancelled_in_its_handshake_closes_its_connection() -> None:
    """It is not left to the garbage collector, as in httpcore 1.0."""
    async with (
        serving(Scripted(Point(1))) as server,
        made(server.url.replace("http", "https"), verify=tls(ssl.Purpose.SERVER_AUTH)) as client,
    ):
        for number in range(1, 5):
            greeting = asyncio.ensure_future(call(client))
            while server.connections < number:  # noqa: ASYNC110  # no event shows it
                await asyncio.sleep(0.001)
            await asyncio.sleep(0.01)
            greeting.cancel()
            await asyncio.wait([greeting])
            await asyncio.sleep(0.01)
            assert server.connected == 0


class Proxy:
    """Opens tunnels, all to itself, and hangs up in the handshake until it is repaired."""

    mended = False
    url = ""

    async def converse(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        """Serve one tunnel, and one call in it."""
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        if self.mended:
            await writer.drain()
            await writer.start_tls(tls(ssl.Purpose.CLIENT_AUTH))
            await reader.readuntil(b"\r\n\r\n")
            writer.write(raw_response(PAGE, b"Connection: close"))
        writer.close()

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[None]:
        """Run the proxy."""
        async with await asyncio.start_server(self.converse, "127.0.0.1", 0) as server:
            self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            yield


@each_sender
async def test_handshakes_that_fail_behind_a_proxy_cost_no_connection(transport: str) -> None:
    """More handshakes fail than connections are allowed; httpcore loses one by each."""
    proxy = Proxy()
    async with (
        proxy.serving(),
        made(
            "https://localhost:1",
            proxy=proxy.url,
            transport=transport,
            verify=tls(ssl.Purpose.SERVER_AUTH),
            max_connections=2,
        ) as client,
    ):
        for _ in range(3):
            with pytest.raises(TransportError):
                await call(client)
        proxy.mended = True
        await in_turn(client, 2)
