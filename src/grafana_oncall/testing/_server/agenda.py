"""What the server will do later, in the order in which it falls due.

An entry is a name and a time, nothing else: what it stands for is state elsewhere. So the agenda is
saved with the rest of the state, and putting a name again replaces what was planned under it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from heapq import heappop, heappush
from typing import TypeAlias

import attrs

Name: TypeAlias = tuple[str, ...]
"""A kind of entry, then what tells it from others of its kind, such as the id of a group."""


@attrs.frozen
class Planned:
    """An entry, as it is saved."""

    at: datetime
    name: list[str]


@attrs.define
class Agenda:
    """Names and when they fall due; those of one time in the order in which they were put."""

    _times: dict[Name, tuple[datetime, int]] = attrs.field(
        factory=dict[Name, tuple[datetime, int]], init=False
    )
    _heap: list[tuple[datetime, int, Name]] = attrs.field(
        factory=list[tuple[datetime, int, Name]], init=False
    )
    _number: int = attrs.field(default=0, init=False)

    def put(self, name: Name, at: datetime) -> None:
        """Plan something for a time, instead of what was planned under this name."""
        self._number += 1
        self._times[name] = at, self._number
        heappush(self._heap, (at, self._number, name))

    def drop(self, name: Name) -> None:
        """Plan nothing under this name any more."""
        self._times.pop(name, None)

    def __contains__(self, name: Name) -> bool:
        return name in self._times

    @property
    def next_at(self) -> datetime | None:
        """When the first entry falls due."""
        while self._heap and self._is_stale(*self._heap[0]):
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop(self) -> tuple[datetime, Name]:
        """Remove and return the first entry; `IndexError` if there is none."""
        if self.next_at is None:
            raise IndexError("the agenda is empty")
        at, _, name = heappop(self._heap)
        del self._times[name]
        return at, name

    def planned(self) -> list[Planned]:
        """Return all entries, the first one first."""
        entries = sorted((at, number, name) for name, (at, number) in self._times.items())
        return [Planned(at, [*name]) for at, _, name in entries]

    def restore(self, planned: Iterable[Planned]) -> None:
        """Plan what `planned` returned."""
        for entry in planned:
            self.put(tuple(entry.name), entry.at)

    def _is_stale(self, at: datetime, number: int, name: Name) -> bool:
        return self._times.get(name) != (at, number)
