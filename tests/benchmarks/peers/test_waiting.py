"""Waits are skipped only where nothing can come."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from .waiting import Flight, Skipped, SkippingLoop

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


async def _ask(port: int) -> float:
    """Seconds by the loop until a server answers that first lets 100 turns of its loop pass."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = asyncio.get_running_loop().time()
    writer.write(REQUEST)
    async with asyncio.timeout(3600):
        assert await reader.readline() == b"HTTP/1.1 204 No Content\r\n"
    writer.close()
    await writer.wait_closed()
    return asyncio.get_running_loop().time() - began


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
    await writer.drain()
    writer.close()


async def _answered() -> float:
    async with await asyncio.start_server(_answer, "127.0.0.1", 0) as server:
        return await _ask(server.sockets[0].getsockname()[1])


def test_a_wait_for_a_response_is_not_skipped(tmp_path: Path) -> None:
    """Otherwise the timeout of an hour would have passed."""
    skipped = Skipped(tmp_path / "skipped")
    with asyncio.Runner(loop_factory=partial(SkippingLoop, skipped)) as runner:
        assert runner.run(_answered()) < 3600
