"""Connections of a session are kept, limited, and never lost, whatever is cancelled."""

import asyncio

import httpx
import pytest

from tests.support.sessions import LIST, empty, hang, raw_response, received, serving, session


class Held:
    """A server that keeps requests waiting until it is released."""

    def __init__(self) -> None:
        self.released: bool = False
        self.connections: int = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve any number of requests of one connection."""
        self.connections += 1
        while True:
            await received(reader)
            if not self.released:
                await reader.read()
                return
            writer.write(raw_response())
            await writer.drain()


@pytest.mark.parametrize(("tasks", "connections"), [(4, 2), (8, 4), (50, 10)])
@pytest.mark.parametrize("turns", [0, 1, 2, 5, 20])
async def test_cancelled_requests_free_their_connections_for_others(
    tasks: int, connections: int, turns: int
) -> None:
    """Httpx's own pool would lose them when it queues, and later requests would time out."""
    held = Held()
    async with (
        serving(held) as url,
        session(url=url, max_connections=connections, timeout=2.0) as oncall,
    ):
        for _ in range(4):
            waiting = [asyncio.create_task(oncall.send(LIST)) for _ in range(tasks)]
            for _ in range(turns + 1):
                await asyncio.sleep(0)
            for task in waiting:
                task.cancel()
            ended = await asyncio.gather(*waiting, return_exceptions=True)
            assert {type(error) for error in ended} == {asyncio.CancelledError}
        held.released = True
        pages = await asyncio.gather(*(oncall.send(LIST) for _ in range(2 * connections)))
        assert [page.value.count for page in pages] == [0] * 2 * connections


async def test_there_are_never_more_requests_than_connections() -> None:
    """The rest wait before the pool."""
    now = most = 0

    async def handle(_: httpx.Request) -> httpx.Response:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1
        return empty()

    async with session(httpx.MockTransport(handle), max_connections=3) as oncall:
        await asyncio.gather(*(oncall.send(LIST) for _ in range(20)))
    assert most == 3


async def test_connections_are_kept() -> None:
    """All of them, for the next requests."""
    held = Held()
    held.released = True
    async with serving(held) as url, session(url=url, max_connections=3) as oncall:
        for _ in range(5):
            await asyncio.gather(*(oncall.send(LIST) for _ in range(3)))
    assert held.connections <= 3


async def test_a_cancelled_request_raises_the_cancellation() -> None:
    """It does not become an SDK error."""
    async with serving(hang) as url, session(url=url) as oncall:
        task = asyncio.create_task(oncall.send(LIST))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_cancellation_from_within_ends_the_call() -> None:
    """As from a transport that loses control of its own tasks."""

    def handle(_: httpx.Request) -> httpx.Response:
        raise asyncio.CancelledError

    async with session(httpx.MockTransport(handle)) as oncall:
        with pytest.raises(asyncio.CancelledError):
            async with asyncio.timeout(5):
                await oncall.send(LIST)


async def test_a_call_that_is_cancelled_while_the_client_closes_stays_cancelled() -> None:
    """The caller that cancelled it sees no other error."""
    async with serving(hang) as url, session(url=url) as oncall:
        task = asyncio.create_task(oncall.send(LIST))
        await asyncio.sleep(0.01)
        closing = asyncio.create_task(oncall.aclose())
        await asyncio.sleep(0)
        task.cancel()
        await closing
        with pytest.raises(asyncio.CancelledError):
            await task
