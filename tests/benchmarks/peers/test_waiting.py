"""Waits are skipped only where nothing can come."""

import asyncio
import selectors
import socket
import threading
from functools import partial
from pathlib import Path

import pytest

from .waiting import Flight, Selector, Skipped, SkippingLoop

REQUEST = b"GET / HTTP/1.1\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n"


def test_a_wait_without_a_request_takes_no_time(tmp_path: Path) -> None:
    """An hour has passed, by the loop and by what is shared."""
    skipped = Skipped(tmp_path / "skipped")
    with asyncio.Runner(loop_factory=partial(SkippingLoop, skipped)) as runner:
        began = runner.get_loop().time()
        runner.run(asyncio.sleep(3600))
        assert runner.get_loop().time() - began >= 3600
    assert 3590 < skipped.seconds <= 3600


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([HEAD + b"\r\nabcdef"], id="at once"),
        pytest.param([HEAD + b"\r\n", b"abc", b"def"], id="the body later"),
        pytest.param([HEAD[:20], HEAD[20:] + b"\r", b"\nabcdef"], id="a head in parts"),
        pytest.param([b"HTTP/1.1 204 No Content\r\n", b"\r\n"], id="no body"),
    ],
)
def test_a_request_is_in_flight_until_its_response_is_whole(parts: list[bytes]) -> None:
    """Also the second one on a connection."""
    flight = Flight()
    assert not flight.waits
    for _ in range(2):
        flight.wrote(REQUEST)
        flight.wrote(b"a body")
        for part in parts:
            assert flight.waits
            flight.received(part)
        assert not flight.waits


async def _asked() -> list[bool]:
    """Whether the loop is busy: before a request, after it, and when the response is there."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SkippingLoop)
    async with await asyncio.start_server(_answer, "127.0.0.1", 0) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        busy = [loop.is_busy]
        writer.write(REQUEST)
        busy.append(loop.is_busy)
        assert await reader.read() == HEAD + b"\r\nabcdef"
        busy.append(loop.is_busy)
        writer.close()
        await writer.wait_closed()
    return busy


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(HEAD + b"\r\nabcdef")
    writer.close()


def test_a_loop_is_busy_while_a_response_is_awaited(tmp_path: Path) -> None:
    """And neither before nor after."""
    factory = partial(SkippingLoop, Skipped(tmp_path / "skipped"))
    with asyncio.Runner(loop_factory=factory) as runner:
        assert runner.run(_asked()) == [False, True, False]


async def _worked() -> list[bool]:
    """Whether the loop is busy: before a thread is at work for it, during that, and after it."""
    loop, ends = asyncio.get_running_loop(), threading.Event()
    assert isinstance(loop, SkippingLoop)
    busy = [loop.is_busy]
    work = loop.run_in_executor(None, ends.wait)
    busy.append(loop.is_busy)
    ends.set()
    await work
    return [*busy, loop.is_busy]


def test_a_loop_is_busy_while_a_thread_is_at_work_for_it(tmp_path: Path) -> None:
    """And neither before nor after."""
    factory = partial(SkippingLoop, Skipped(tmp_path / "skipped"))
    with asyncio.Runner(loop_factory=factory) as runner:
        assert runner.run(_worked()) == [False, True, False]


@pytest.mark.parametrize("is_busy", [True, False])
def test_a_wait_is_skipped_unless_the_loop_is_busy(*, is_busy: bool) -> None:
    """Then it ends when something comes; here it is what a thread sends."""
    skipped: list[float] = []
    ours, theirs = socket.socketpair()
    with Selector(skipped.append, is_busy=lambda: is_busy) as selector, ours, theirs:
        selector.register(ours, selectors.EVENT_READ)
        thread = threading.Thread(target=theirs.send, args=(b"x",))
        if is_busy:
            thread.start()
        assert bool(selector.select(3600)) is is_busy
        assert skipped == ([] if is_busy else [3600])
        if is_busy:
            thread.join()
