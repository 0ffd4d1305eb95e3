"""Clocks that can be put ahead."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from grafana_oncall.testing.clock import Clock, utc_now


@runtime_checkable
class Advancing(Protocol):
    """A clock that can be put ahead, such as a `VirtualClock`."""

    def advance(self, delta: timedelta) -> None:
        """Move forward."""
        ...


class RealClock:
    """The real time, and what `advance` added to it."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock
        self._ahead = timedelta(0)

    def __call__(self) -> datetime:
        return self._clock() + self._ahead

    def advance(self, delta: timedelta) -> None:
        """Put it ahead, for good."""
        self._ahead += delta
