"""When a watcher reads: at its turns, later while the server fails, at once when it gets a hint."""

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

import attrs


@attrs.frozen
class Timestamp:
    """A moment by both clocks."""

    date: datetime
    seconds: float | None = None
    """Of the running loop; None where there was none."""

    @classmethod
    def now(cls, clock: Callable[[], datetime]) -> "Timestamp":
        """As the clock and the running loop tell it."""
        try:
            seconds = asyncio.get_running_loop().time()
        except RuntimeError:
            seconds = None
        return cls(clock(), seconds)

    def since(self, earlier: "Timestamp") -> timedelta:
        """What has passed, by the clock that saw more of it."""
        return max(self.date - earlier.date, self.ticked(earlier))

    def ticked(self, earlier: "Timestamp") -> timedelta:
        """What has passed by the loop's clock, where both know it: nobody sets that."""
        if self.seconds is None or earlier.seconds is None:
            return self.date - earlier.date
        return timedelta(seconds=self.seconds - earlier.seconds)


_LONGEST_PAUSE: Final = timedelta(minutes=5)
_MOST_DOUBLINGS: Final = 10

_MOST_HINTS: Final = 30
"""Hinted groups that are read one by one; for more, a poll is cheaper."""

_SOON: Final = 60.0
"""Seconds to the next poll, when a group that was hinted at could not be read."""


class Schedule:
    """Turns, failures and hints. Times are the loop's, in seconds."""

    def __init__(self, every: timedelta) -> None:
        self.every = every
        self.failures = 0
        """How many polls have failed since the last one that did not."""
        self._due: float | None = None
        self._hints: set[str] = set()
        self._unmet: set[str] = set()
        """Hinted groups that a poll did not meet: no further one is made because of them."""
        self._woken = asyncio.Event()

    def hint(self, ids: Collection[str]) -> None:
        """These groups are to be read at once."""
        self._hints.update(ids)
        self.wake()

    def wake(self) -> None:
        """Whoever waits looks whether there is a reason to go on."""
        self._woken.set()

    async def wait(self, busy: Collection[str]) -> bool:
        """Until a poll is due, or a group is hinted at that is not busy, or somebody wakes it.

        In an outage, hints wait as polls do.
        """
        self._woken.clear()
        hinted = (self._hints | self._unmet).difference(busy)
        if self.is_due or (hinted and not self.failures):
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

    def take(self, busy: Collection[str]) -> Collection[str] | None:
        """The groups to be read one by one; None where a poll is to be made.

        Those that come meanwhile are not taken by what is done now.
        """
        hinted = self._hints.difference(busy)
        if self.is_due or len(hinted) > _MOST_HINTS:
            return None
        some = set(islice(hinted or self._unmet.difference(busy), _MOST_HINTS))
        self._hints -= some
        self._unmet -= some
        return some

    def take_all(self) -> set[str]:
        """All groups that were hinted at: a poll begins."""
        taken, self._hints, self._unmet = self._hints | self._unmet, set(), set()
        return taken

    def missed(self) -> None:
        """A group could not be read: a poll will find what happened to it."""
        soon = _now() + _SOON
        self._due = soon if self._due is None else min(self._due, soon)

    def succeeded(self, began: float, unmet: Collection[str]) -> None:
        """A poll that began then has read what was hinted at, but for these groups."""
        self._unmet.update(unmet)
        self.failures = 0
        self._due = began + self.every.total_seconds()

    def failed(self, began: float) -> timedelta:
        """A poll that began then has failed; answers how long it is to the next one."""
        self.failures += 1
        longest = max(self.every, _LONGEST_PAUSE)
        pause = min(self.every * (1 << min(self.failures, _MOST_DOUBLINGS)), longest)
        self._due = began + pause.total_seconds()
        return pause


def _now() -> float:
    return asyncio.get_running_loop().time()
