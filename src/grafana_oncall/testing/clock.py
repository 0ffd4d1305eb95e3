"""Virtual time: an event loop on which nobody waits, and the clock that it shares with a server.

Real loops show the machine's monotonic clock; these show a `Timeline`, which moves on when every
task waits. What a socket or a thread will bring cannot be foreseen: for that, time is real.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar, TypeVarTuple

import attrs

from grafana_oncall.testing._server.arguments import DELAY, MOMENT

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The real time."""
    return datetime.now(UTC)


class VirtualClock:
    """A clock that moves only when told to; pass it as `FakeOnCall(clock=...)`."""

    def __init__(self, start: datetime = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)) -> None:
        MOMENT(start=start)
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """The time at which the clock stands, in UTC."""
        return self._now

    __call__ = now

    def advance(self, delta: timedelta) -> None:
        """Move forward; silences expire and deletions happen at the next look at the fake."""
        DELAY(delta=delta)
        self._now += delta


@lru_cache(maxsize=4096)
def stamp(moment: datetime | None) -> str | None:
    """A timestamp as the server writes it: UTC, `Z`, no fraction when it is zero."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Stuck(RuntimeError):
    """Every task waits for something that nothing will bring about."""

    def __init__(self, tasks: Iterable[asyncio.Task[Any]]) -> None:
        super().__init__(
            "Every task waits; no timer is set, no socket is open and no thread works for asyncio. "
            "On a real event loop, this would hang:\n" + "\n".join(map(repr, tasks))
        )


@attrs.define
class Timeline:
    """What `time.monotonic` is to real loops: seconds that never go back."""

    seconds: float = 1000.0


class LoopClock(VirtualClock):
    """A clock for a server that its event loops move: `asyncio.sleep(600)` takes them both along.

    While all tasks wait, time passes at once, and whatever is due happens in its order.

    Args:
        start: What it shows at first, an aware datetime; the real time unless given.
        timeline: That of the loops which move it, when they are made elsewhere.
    """

    def __init__(self, start: datetime | None = None, timeline: Timeline | None = None) -> None:
        super().__init__(datetime.now(UTC) if start is None else start)
        self._timeline = timeline or Timeline()
        self._began = self._timeline.seconds

    def now(self) -> datetime:
        """The time on the server, in UTC."""
        return super().now() + timedelta(seconds=self._timeline.seconds - self._began)

    __call__ = now

    def advance(self, delta: timedelta) -> None:
        """Jump ahead, server and loops, as a machine does that was asleep: all that is due is late.

        To let things happen in their order, sleep in a task instead.
        """
        DELAY(delta=delta)
        self._timeline.seconds += delta.total_seconds()

    def new_loop(self) -> VirtualTimeLoop:
        """A loop that this clock goes with, for any `loop_factory=`."""
        return VirtualTimeLoop(self._timeline)

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run it on a loop that this clock goes with, as `asyncio.run` does."""
        with asyncio.Runner(loop_factory=self.new_loop) as runner:
            return runner.run(main)


class _Selector(selectors.DefaultSelector):
    """Skips the time that it should have waited, unless something may come from outside."""

    def __init__(self, timeline: Timeline, stuck: Callable[[], Stuck]) -> None:
        super().__init__()
        self._timeline = timeline
        self._stuck = stuck
        self.threads = 0
        """How many work for the loop."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready now; only when that is nothing does time pass."""
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if self.threads or len(self.get_map()) > 1:  # one is the loop's own, to be woken by
            return self._wait(timeout)
        if timeout is None:
            raise self._stuck()
        self._timeline.seconds += timeout
        return ready

    def _wait(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        began = time.monotonic()
        ready = super().select(timeout)
        self._timeline.seconds += time.monotonic() - began
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop that skips the waiting.

    Where nothing could ever happen again it raises `Stuck`. A thread that asyncio did not start
    is not seen.
    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._virtual = _Selector(timeline, lambda: Stuck(asyncio.all_tasks(self)))
        super().__init__(self._virtual)

    def time(self) -> float:
        """Seconds on the timeline."""
        return self._timeline.seconds

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """As every loop; until the thread has ended, time is real."""
        work = super().run_in_executor(executor, func, *args)
        self._virtual.threads += 1
        work.add_done_callback(self._thread_ended)
        return work

    def _thread_ended(self, _: object) -> None:
        self._virtual.threads -= 1

    async def shutdown_default_executor(self, *args: Any) -> None:
        """As every loop; it waits for a thread."""
        self._virtual.threads += 1
        try:
            await super().shutdown_default_executor(*args)
        finally:
            self._virtual.threads -= 1
