"""What will happen later, in the order in which it falls due.

An entry is a name and a time, nothing else: what it stands for is state elsewhere. So what the
server will do is saved with the rest of its state, and putting a name again replaces what was
planned under it. The first entry is found without a search: a heap has them all, and also what is
out of date, which is dropped when it comes to the top.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from datetime import datetime
from heapq import heappop, heappush
from typing import Generic, TypeAlias, TypeVar

import attrs

Name: TypeAlias = tuple[str, ...]
"""A kind of entry, then what tells it from others of its kind, such as the id of a group."""
K = TypeVar("K", bound=Hashable)


@attrs.frozen
class Planned:
    """An entry, as it is saved."""

    at: datetime
    name: list[str]


@attrs.define
class Agenda(Generic[K]):
    """Names and when they fall due; those of one time in the order in which they were put."""

    _times: dict[K, tuple[datetime, int]] = attrs.field(
        factory=dict[K, tuple[datetime, int]], init=False
    )
    _heap: list[tuple[datetime, int, K]] = attrs.field(
        factory=list[tuple[datetime, int, K]], init=False
    )
    _number: int = attrs.field(default=0, init=False)

    def put(self, name: K, at: datetime) -> None:
        """Plan something for a time, instead of what was planned under this name."""
        self._number += 1
        self._times[name] = at, self._number
        heappush(self._heap, (at, self._number, name))

    def drop(self, name: K) -> None:
        """Plan nothing under this name any more."""
        self._times.pop(name, None)

    def __contains__(self, name: K) -> bool:
        return name in self._times

    def at(self, name: K) -> datetime | None:
        """Return for when something is planned under this name, if it is."""
        return self._times[name][0] if name in self._times else None

    @property
    def next_at(self) -> datetime | None:
        """When the first entry falls due."""
        while self._heap and self._is_stale(*self._heap[0]):
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop(self) -> tuple[datetime, K]:
        """Remove and return the first entry; `IndexError` if there is none."""
        if self.next_at is None:
            raise IndexError("the agenda is empty")
        at, _, name = heappop(self._heap)
        del self._times[name]
        return at, name

    def planned(self: Agenda[Name]) -> list[Planned]:
        """Return all entries, the first one first."""
        entries = sorted((at, number, name) for name, (at, number) in self._times.items())
        return [Planned(at, [*name]) for at, _, name in entries]

    def restore(self: Agenda[Name], planned: Iterable[Planned]) -> None:
        """Plan what `planned` returned."""
        for entry in planned:
            self.put(tuple(entry.name), entry.at)

    def _is_stale(self, at: datetime, number: int, name: K) -> bool:
        return self._times.get(name) != (at, number)
