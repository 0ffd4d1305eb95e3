"""An event loop on which nobody waits: time passes when every task does.

    run(main())             # sleeps of an hour take no time, and the loop's clock shows the hour
    FakeOnCall(clock=now)   # the same time for a server

When all tasks wait and no timer is set, nothing could ever happen again: that is an error at once
(`Stuck`), where a real loop would hang. Sockets and threads are polled but never waited for, so
they belong to tests in real time.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

START = 1000.0
"""What the loop's clock shows at first; not zero, because the system's clock never does."""

_START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


class Stuck(RuntimeError):
    """Every task waits for something that nothing will bring about."""


class _Selector(selectors.SelectSelector):
    """Polls instead of waiting, and tells how long it should have waited."""

    def __init__(self, passed: Callable[[float | None], None]) -> None:
        super().__init__()
        self._passed = passed

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready now; only when that is nothing does time pass."""
        ready = super().select(0)
        if not ready:
            self._passed(timeout)
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A loop that skips the waiting."""

    _scheduled: list[asyncio.TimerHandle]  # asyncio's own heap of timers

    def __init__(self) -> None:
        self._now = START
        self.turns = 0
        """How often the loop has gone round: a task that polls shows here."""
        super().__init__(_Selector(self._pass))

    def time(self) -> float:
        """Seconds on the loop's own clock."""
        return self._now

    @property
    def timers(self) -> list[asyncio.TimerHandle]:
        """Those that will still go off."""
        return [timer for timer in self._scheduled if not timer.cancelled()]

    def _pass(self, seconds: float | None) -> None:
        self.turns += 1
        if seconds is None:
            raise Stuck("Every task waits, and no timer is set: this would hang for ever.")
        self._now += seconds


def run(main: Coroutine[Any, Any, T]) -> T:
    """Runs it on a new loop, as `asyncio.run` does."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)


def loop() -> VirtualTimeLoop:
    """The loop that runs this."""
    running = asyncio.get_running_loop()
    assert isinstance(running, VirtualTimeLoop)
    return running


def now() -> datetime:
    """The loop's time as a date; where none runs, the time at which each begins."""
    try:
        passed = asyncio.get_running_loop().time() - START
    except RuntimeError:
        passed = 0.0
    return _START + timedelta(seconds=passed)
