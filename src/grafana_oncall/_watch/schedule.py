"""When to poll: at regular times, with backoff while the server fails, at once after a hint."""

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from itertools import islice
from math import inf
from typing import Final

import attrs

_MAX_BACKOFF: Final = timedelta(minutes=5)
_MAX_DOUBLINGS: Final = 10

_MAX_HINTS: Final = 1000
"""Hints that are kept for the next poll, which does without them but for old resolved groups."""

_MAX_READS: Final = 30
"""Hinted groups to read by id at once; if there are more, a poll takes fewer requests."""

_SECONDS_PER_READ: Final = 5.0
"""Seconds between reads by id in the long run: a fifth of the requests that a user's token has."""

_MIN_INTERVAL: Final = 15.0
"""Seconds from poll to poll, at least, where hints ask for more of them than `every` does."""

_SOON: Final = 60.0
"""Seconds to the next poll after a hinted group could not be read."""


@attrs.frozen
class Timestamp:
    """A moment by two clocks: dates can be set, and a loop's clock stops while a machine sleeps."""

    date: datetime
    monotonic: float | None = None
    """By the clock of the running loop, in seconds; None where there was none."""

    @classmethod
    def now(cls, clock: Callable[[], datetime]) -> "Timestamp":
        """Return the present moment by the given clock and the running loop's."""
        try:
            monotonic = asyncio.get_running_loop().time()
        except RuntimeError:
            monotonic = None
        return cls(clock(), monotonic)

    def since(self, earlier: "Timestamp") -> timedelta:
        """Return the time passed, by the clock that has counted more of it."""
        return max(self.date - earlier.date, self.monotonic_elapsed(earlier))

    def monotonic_elapsed(self, earlier: "Timestamp") -> timedelta:
        """Return the time passed by the loop's clock, or by date where that was not read."""
        if self.monotonic is None or earlier.monotonic is None:
            return self.date - earlier.date
        return timedelta(seconds=self.monotonic - earlier.monotonic)


class Schedule:
    """Regular polls, failures and hints. Times are the loop's, in seconds."""

    def __init__(self, every: timedelta) -> None:
        self.every = every
        self.failures: int = 0
        """Polls that have failed since the last one that succeeded."""
        self._started = -inf
        """When the last poll began."""
        self._due: float | None = None
        self._hints: set[str] = set()
        self._reads = float(_MAX_READS)
        """Hinted groups that may be read by id."""
        self._woken = asyncio.Event()

    def hint(self, ids: Collection[str]) -> None:
        """Ask for these groups to be read at once, or by the next poll if there are many."""
        self._hints.update(islice(ids, _MAX_HINTS - len(self._hints)))
        self.wake()

    def wake(self) -> None:
        """End a `wait`, so that its caller checks again what there is to do."""
        self._woken.set()

    async def wait(self, busy: Collection[str]) -> bool:
        """Wait until a poll is due or a group is hinted at that is not busy.

        During an outage, hints wait for the next poll.

        Returns:
            False when `wake` was called first.
        """
        self._woken.clear()
        if not self.failures and any(hint not in busy for hint in self._hints):
            if self._reads >= 1:
                return True
            self._poll_by(self._started + _MIN_INTERVAL)
        if self.is_due:
            return True
        try:
            async with asyncio.timeout_at(self._due):
                await self._woken.wait()
        except TimeoutError:
            return True
        return False

    @property
    def is_due(self) -> bool:
        """Whether it is time for a poll."""
        return self._due is None or _now() >= self._due

    def take_hints(self, busy: Collection[str]) -> Collection[str] | None:
        """Take the groups to read one by one; return None where a poll is to be made instead.

        Taken at the start, so that a hint that comes meanwhile causes another read.
        """
        if self.is_due:
            return None
        some = set(islice(self._hints.difference(busy), int(self._reads)))
        self._hints -= some
        self._reads -= len(some)
        return some

    def take_all_hints(self) -> set[str]:
        """Take all hinted groups, because a poll begins."""
        taken, self._hints = self._hints, set()
        return taken

    def poll_soon(self) -> None:
        """Poll within a minute, because a hinted group could not be read."""
        self._poll_by(_now() + _SOON)

    def _poll_by(self, time: float) -> None:
        self._due = time if self._due is None else min(self._due, time)

    def succeeded(self, started: float) -> None:
        """Record a poll that has succeeded."""
        passed = (started - self._started) / _SECONDS_PER_READ
        self._reads = min(self._reads + passed, _MAX_READS)
        self.failures = 0
        self._started = started
        self._due = started + self.every.total_seconds()

    def failed(self, started: float) -> timedelta:
        """Record a poll that has failed, and return the backoff before the next one."""
        self.failures += 1
        longest = max(self.every, _MAX_BACKOFF)
        backoff = min(self.every * (1 << min(self.failures, _MAX_DOUBLINGS)), longest)
        self._due = started + backoff.total_seconds()
        return backoff


def _now() -> float:
    return asyncio.get_running_loop().time()
