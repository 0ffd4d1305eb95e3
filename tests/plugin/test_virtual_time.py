"""The loop with virtual time, and its clock."""

from __future__ import annotations

import asyncio
import socket
import time
from datetime import UTC, datetime, timedelta

import pytest

from grafana_oncall.testing import LoopClock, Stuck

HOUR = timedelta(hours=1)
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def test_sleeping_moves_the_clock_and_takes_no_time() -> None:
    """An hour, within a second; the loop's own time moves as well."""
    clock, really = LoopClock(START), time.monotonic()

    async def main() -> float:
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(3600)
        return asyncio.get_running_loop().time() - began

    assert clock.run(main()) == 3600
    assert clock.now() == clock() == START + HOUR
    assert time.monotonic() - really < 1


def test_timers_fire_in_their_order() -> None:
    """Whatever the order in which the tasks were started."""
    clock, seen = LoopClock(START), list[tuple[float, datetime]]()

    async def wake(seconds: float) -> None:
        await asyncio.sleep(seconds)
        seen.append((seconds, clock.now()))

    async def main() -> None:
        await asyncio.gather(*(wake(seconds) for seconds in (600, 0.25, 15, 3600)))

    clock.run(main())
    assert seen == [(each, START + timedelta(seconds=each)) for each in (0.25, 15, 600, 3600)]


def test_a_jump_makes_everything_late_that_was_due() -> None:
    """A sleep of a minute ends after an hour, as on a laptop that was suspended."""
    clock = LoopClock(START)

    async def main() -> datetime:
        sleeper = asyncio.create_task(asyncio.sleep(60))
        await asyncio.sleep(1)
        clock.advance(HOUR)
        await sleeper
        return clock.now()

    assert clock.run(main()) == START + timedelta(seconds=1) + HOUR


def test_a_clock_without_a_loop_is_moved_by_hand() -> None:
    """And never backwards."""
    clock = LoopClock(START)
    clock.advance(HOUR)
    assert clock.now() == START + HOUR
    with pytest.raises(ValueError, match="zero or more"):
        clock.advance(-HOUR)


def test_a_clock_starts_now_by_default() -> None:
    """Programs that read the date themselves then agree with it."""
    assert abs(LoopClock().now() - datetime.now(UTC)) < timedelta(minutes=1)
    with pytest.raises(ValueError, match="aware"):
        LoopClock(datetime(2026, 3, 2, 9, 30))  # noqa: DTZ001  # that is the point


def test_a_thread_is_waited_for_in_real_time() -> None:
    """No timeout fires while it works."""
    clock = LoopClock(START)

    async def main() -> str:
        async with asyncio.timeout(60):
            await asyncio.to_thread(time.sleep, 0.02)
        await asyncio.sleep(3600)  # virtual again
        return "in time"

    assert clock.run(main()) == "in time"
    assert HOUR < clock.now() - START < HOUR + timedelta(seconds=30)


def test_a_loop_ends_when_its_threads_have_ended() -> None:
    """Even those that are no longer awaited."""
    ended = list[bool]()

    def work() -> None:
        time.sleep(0.02)
        ended.append(True)

    async def main() -> None:
        asyncio.get_running_loop().run_in_executor(None, work).cancel()
        await asyncio.sleep(3600)

    LoopClock().run(main())
    assert ended == [True]


def test_an_open_socket_is_waited_for_in_real_time() -> None:
    """Data may arrive on it; once it is closed, time is virtual again."""
    clock = LoopClock(START)

    async def main() -> bytes:
        ours, theirs = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=ours)
        with theirs:
            writing = asyncio.create_task(asyncio.to_thread(_write_late, theirs))
            async with asyncio.timeout(60):
                said = await reader.readexactly(4)
            await writing
        writer.close()
        await writer.wait_closed()
        await asyncio.sleep(3600)
        return said

    assert clock.run(main()) == b"late"
    assert HOUR < clock.now() - START < HOUR + timedelta(seconds=30)


def _write_late(end: socket.socket) -> None:
    time.sleep(0.02)
    end.sendall(b"late")


def test_a_timer_goes_off_while_a_socket_is_open() -> None:
    """After the real time: 10 milliseconds."""
    clock = LoopClock(START)

    async def main() -> float:
        ours, theirs = socket.socketpair()
        _, writer = await asyncio.open_connection(sock=ours)
        began = time.monotonic()
        await asyncio.sleep(0.01)
        writer.close()
        theirs.close()
        return time.monotonic() - began

    assert clock.run(main()) >= 0.009


def test_waiting_forever_is_an_error_at_once() -> None:
    """Which reports the tasks, and where they wait."""

    async def hang() -> None:
        await asyncio.Event().wait()

    with pytest.raises(Stuck, match=r"(?s)this would hang:\n.*hang\(\) running at .*:\d+>"):
        LoopClock().run(hang())
