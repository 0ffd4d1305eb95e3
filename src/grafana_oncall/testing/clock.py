"""Virtual time: an event loop on which sleeping takes no time, and the clock of the fake.

How it works, and why it is safe. An asyncio loop waits in one place only: its selector's `select`,
with the time until the next timer as timeout. Real loops read the machine's monotonic clock; these
read a `Timeline`. If nothing is ready, the selector adds the timeout to the timeline instead of
waiting, so the timer is due at once. Timers still run in their order, and every task that can run
does so before time moves: a program sees the same sequence of events as in real time. What a server
with a `LoopClock` will do counts as a timer, so time stops there too, and tasks can run.

What a socket or a thread will bring cannot be foreseen. While the loop watches a socket, or a
thread works for it in an executor, it waits in real time, and the timeline moves by the time that
passed. If no timer is set either, nothing can ever wake the loop: a real one would hang, and this
one raises `Stuck`, with all tasks. Threads that asyncio did not start are not noticed.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Protocol, TypeVar, TypeVarTuple
from weakref import ref

import attrs

from grafana_oncall.testing._server.arguments import DELAY, MOMENT

Clock = Callable[[], datetime]

_TICK = 0.25
"""Seconds between two looks at what has fallen due."""


def utc_now() -> datetime:
    """Return the real time."""
    return datetime.now(UTC)


async def tick(apply_due: Callable[[], object]) -> None:
    """Let what falls due by a real clock happen without a request, until this is cancelled.

    It looks at intervals, because what is next may change in any thread and by any attribute.
    """
    while True:
        apply_due()
        await asyncio.sleep(_TICK)


class Follower(Protocol):
    """To which things happen at times of its own, such as a server."""

    def apply_due(self) -> object:
        """Let everything happen that has fallen due."""
        ...

    def due_in(self) -> timedelta | None:
        """Return how long it takes until something happens; `None` if nothing will."""
        ...


@attrs.define
class Followers:
    """What follows a clock, as long as it lives."""

    _followers: list[ref[Follower]] = attrs.field(factory=list[ref[Follower]], init=False)

    def add(self, follower: Follower) -> None:
        """Let something follow from now on."""
        self._followers.append(ref(follower, self._followers.remove))

    def call(self) -> None:
        """Let happen what has fallen due, in the order in which they were added."""
        for follower in self._living():
            follower.apply_due()

    def due_in(self) -> timedelta | None:
        """Return how long it takes until something happens to any of them."""
        delays = [follower.due_in() for follower in self._living()]
        return min((delay for delay in delays if delay is not None), default=None)

    def _living(self) -> list[Follower]:
        return [each for follower in self._followers if (each := follower()) is not None]


class VirtualClock:
    """A clock that only moves by `advance`; pass it as `FakeOnCall(clock=...)`."""

    def __init__(self, start: datetime = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)) -> None:
        MOMENT(start=start)
        self._now = start.astimezone(UTC)
        self._followers = Followers()

    def now(self) -> datetime:
        """Return the clock's time, in UTC."""
        return self._now

    __call__ = now

    def advance(self, delta: timedelta) -> None:
        """Move forward; what falls due on a fake with this clock happens at once, in order."""
        DELAY(delta=delta)
        self._now += delta
        self._followers.call()

    def follow(self, follower: Follower) -> None:
        """Let something follow this clock as long as it lives, such as a server."""
        self._followers.add(follower)


@lru_cache(maxsize=4096)
def stamp(moment: datetime | None) -> str | None:
    """Return a timestamp as the server writes it: UTC, `Z`, no fraction if it is zero."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def local_stamp(moment: datetime, precision: str = "seconds") -> str:
    """Return a timestamp without a zone; of the first thousand years, too, with four digits."""
    return moment.replace(tzinfo=None).isoformat(timespec=precision)


def seconds_stamp(moment: datetime) -> str:
    """Return a timestamp in UTC, without a fraction."""
    return f"{local_stamp(moment.astimezone(UTC))}Z"


def micros_stamp(moment: datetime) -> str:
    """Return a timestamp in UTC, with six digits of a fraction."""
    return f"{local_stamp(moment.astimezone(UTC), 'microseconds')}Z"


T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Stuck(RuntimeError):
    """Every task waits for something that can never happen."""

    def __init__(self, tasks: Iterable[asyncio.Task[Any]]) -> None:
        super().__init__(
            "Every task waits, no timer is set, no socket is open and no thread works for asyncio. "
            "On a real event loop, this would hang:\n" + "\n".join(map(repr, tasks))
        )


@attrs.define
class Timeline:
    """Takes the place of `time.monotonic`: seconds that never go back."""

    seconds: float = 1000.0
    followers: Followers = attrs.field(factory=Followers, init=False, repr=False, eq=False)

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds
        self.followers.call()

    def stop_at(self, timeout: float | None) -> float | None:
        """Return how far to move at most: to the end of a timeout, or to what is due before."""
        delay = self.followers.due_in()
        if delay is None:
            return timeout
        seconds = max(0.0, delay.total_seconds())
        return seconds if timeout is None else min(seconds, timeout)


class LoopClock(VirtualClock):
    """A clock that moves with event loops in virtual time, such as by `asyncio.sleep(600)`.

    While all tasks wait, time passes at once, and whatever is due happens in order.

    Args:
        start: The first time, an aware datetime; the real time by default.
        timeline: That of loops which are made elsewhere.
    """

    def __init__(self, start: datetime | None = None, timeline: Timeline | None = None) -> None:
        super().__init__(datetime.now(UTC) if start is None else start)
        self._timeline = timeline or Timeline()
        self._followers = self._timeline.followers
        self._began = self._timeline.seconds

    def now(self) -> datetime:
        """Return the server's time, in UTC."""
        return super().now() + timedelta(seconds=self._timeline.seconds - self._began)

    __call__ = now

    def advance(self, delta: timedelta) -> None:
        """Jump ahead, clock and loops, as after a suspend: every timer that is due is late.

        To let things happen in order, sleep in a task instead.
        """
        DELAY(delta=delta)
        self._timeline.move(delta.total_seconds())

    def new_loop(self) -> VirtualTimeLoop:
        """Return a loop that moves this clock, for any `loop_factory=`."""
        return VirtualTimeLoop(self._timeline)

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine as `asyncio.run` does, on a loop that moves this clock."""
        with asyncio.Runner(loop_factory=self.new_loop) as runner:
            return runner.run(main)


class _Selector(selectors.DefaultSelector):
    """Skips the timeout, unless something may come from outside."""

    def __init__(self, timeline: Timeline, stuck: Callable[[], Stuck]) -> None:
        super().__init__()
        self._timeline = timeline
        self._stuck = stuck
        self.threads = 0
        """Threads that work for the loop."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready; only if nothing is, let time pass."""
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        seconds = self._timeline.stop_at(timeout)
        sockets = len(self.get_map()) - 1  # without the loop's own, by which threads wake it
        if self.threads or sockets:
            return self._wait(seconds)
        if seconds is None:
            raise self._stuck()
        self._timeline.move(seconds)
        return ready

    def _wait(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        began = time.monotonic()
        ready = super().select(timeout)
        self._timeline.move(time.monotonic() - began)
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time; it raises `Stuck` if nothing can ever happen again."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._virtual = _Selector(timeline, lambda: Stuck(asyncio.all_tasks(self)))
        super().__init__(self._virtual)

    def time(self) -> float:
        """Return the seconds of the timeline."""
        return self._timeline.seconds

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Run as on every loop; time is real until the thread ends."""
        work = super().run_in_executor(executor, func, *args)
        self._virtual.threads += 1
        work.add_done_callback(self._thread_ended)
        return work

    def _thread_ended(self, _: object) -> None:
        self._virtual.threads -= 1

    async def shutdown_default_executor(self, *args: Any) -> None:
        """Shut down as on every loop, which waits for a thread."""
        self._virtual.threads += 1
        try:
            await super().shutdown_default_executor(*args)
        finally:
            self._virtual.threads -= 1
