"""Time by two clocks: dates can be set, and a loop's seconds stop while the machine sleeps."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import attrs


@attrs.frozen
class Moment:
    """A moment by both clocks."""

    date: datetime
    seconds: float | None = None
    """Of the running loop; None where there was none."""

    @classmethod
    def now(cls, clock: Callable[[], datetime]) -> "Moment":
        """As the clock and the running loop tell it."""
        try:
            seconds = asyncio.get_running_loop().time()
        except RuntimeError:
            seconds = None
        return cls(clock(), seconds)

    def since(self, earlier: "Moment") -> timedelta:
        """What has passed, by the clock that saw more of it."""
        return max(self.date - earlier.date, self.ticked(earlier))

    def ticked(self, earlier: "Moment") -> timedelta:
        """What has passed by the loop's clock, where both know it: nobody sets that."""
        if self.seconds is None or earlier.seconds is None:
            return self.date - earlier.date
        return timedelta(seconds=self.seconds - earlier.seconds)
