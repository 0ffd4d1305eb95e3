"""The event loop of the tests: nobody waits on it, and each begins at the same moment.

    run(main())                     # sleeps of an hour take no time: `passed()` shows the hour
    FakeOnCall(clock=now)           # the same time for a server
    FakeOnCall(clock=ServerClock()) # … which a test may put ahead

It is the loop that the SDK offers for tests. When all tasks wait and no timer is set, that is an
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
    """With a timeline of its own: no test sees how long another took."""

    _scheduled: list[asyncio.TimerHandle]  # asyncio's own heap of timers

    def __init__(self) -> None:
        super().__init__(Timeline())
        self.began = self.time()
        """What it shows at first; not zero, because the system's clock never does."""

    @property
    def timers(self) -> list[asyncio.TimerHandle]:
        """Those that will still go off."""
        return [timer for timer in self._scheduled if not timer.cancelled()]


def run(main: Coroutine[Any, Any, T]) -> T:
    """Runs it on a new loop, as `asyncio.run` does."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)


def loop() -> VirtualTimeLoop:
    """The loop that runs this."""
    running = asyncio.get_running_loop()
    assert isinstance(running, VirtualTimeLoop)
    return running


def passed() -> float:
    """Seconds since the running loop began."""
    return loop().time() - loop().began


def about(seconds: float) -> Any:
    """Equals that time, and what files took besides: for a thread, time is real."""
    return pytest.approx(seconds, abs=1)


class ServerClock(VirtualClock):
    """Moves with the loop that runs, and keeps what `advance` has added, which no loop sees."""

    def now(self) -> datetime:
        """The loop's time as a date; where none of these runs, that at which each begins."""
        virtual = isinstance(asyncio._get_running_loop(), VirtualTimeLoop)
        return super().now() + timedelta(seconds=passed() if virtual else 0)

    __call__ = now


now = ServerClock().now
