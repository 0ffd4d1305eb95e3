"""The event loop of the tests: no test really waits, and each begins at the same moment.

    run(main())                     # sleeps of an hour take no time: `passed()` shows the hour
    FakeOnCall(clock=now)           # the same time for a server
    FakeOnCall(clock=ServerClock()) # … which a test may put ahead

It is the loop that the SDK offers for tests. When all tasks wait and no timer is set, it raises an
error at once (`Stuck`), where a real loop would hang.
"""

import asyncio
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pytest

from grafana_oncall import testing
from grafana_oncall.testing import VirtualClock
from grafana_oncall.testing.clock import Timeline

T = TypeVar("T")


class VirtualTimeLoop(testing.VirtualTimeLoop):
    """An event loop with its own time: no test sees how long another took."""

    _scheduled: list[asyncio.TimerHandle]  # asyncio's own heap of timers

    def __init__(self) -> None:
        super().__init__(Timeline())
        self.began = self.time()
        """Its first time; not zero, because the system's clock never shows that."""

    @property
    def timers(self) -> list[asyncio.TimerHandle]:
        """Those that are still to fire."""
        return [timer for timer in self._scheduled if not timer.cancelled()]


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run it on a new loop, as `asyncio.run` does."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)


def loop() -> VirtualTimeLoop:
    """The running loop of this kind."""
    running = asyncio.get_running_loop()
    assert isinstance(running, VirtualTimeLoop)
    return running


def passed() -> float:
    """Seconds since the running loop began."""
    return loop().time() - loop().began


def about(seconds: float) -> Any:
    """Equals that time, plus what files took: threads run in real time."""
    return pytest.approx(seconds, abs=1)


class ServerClock(VirtualClock):
    """Moves with the running loop, and keeps what `advance` added, which no loop sees."""

    def now(self) -> datetime:
        """The loop's time as a date; without a running loop, the moment at which each begins."""
        virtual = isinstance(asyncio._get_running_loop(), VirtualTimeLoop)
        return super().now() + timedelta(seconds=passed() if virtual else 0)

    __call__ = now


now = ServerClock().now
