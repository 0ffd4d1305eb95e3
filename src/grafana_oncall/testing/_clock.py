"""Time as the fake sees it: a function that answers an aware datetime."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from ._checks import DELAY, MOMENT

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
