"""The alert groups, kept so that a request's cost does not grow with their number.

Groups are plain objects that anybody may change at any time. A change is announced before it
happens: then the group is taken out of every list that it stands in, and at the next look it is
filed again. Each list that was asked for before therefore stays right at the cost of the changes,
not of the groups.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import Protocol

from grafana_oncall.testing._state import FakeAlertGroup
from grafana_oncall.testing._watched import Notice, watched

Entry = tuple[int, int, FakeAlertGroup]
"""Minus the microsecond of its start, its number, the group: sorts newest first."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MOST_LISTS = 32


class Filter(Protocol):
    """Chooses groups by what they are; hashable, and equal to others that choose the same."""

    def __hash__(self) -> int: ...

    def admits(self, group: FakeAlertGroup) -> bool:
        """Whether this group is chosen."""
        ...


def age(moment: datetime) -> int:
    """Where groups that started at this moment stand in a list: the later, the smaller."""
    return (_EPOCH - moment) // _MICROSECOND


@watched
class Register(dict[str, FakeAlertGroup]):
    """The groups by id. It may be changed like any dictionary; `add` and `discard` are faster.

    Args:
        due: When something will happen to a group of itself, `None` if nothing will.
    """

    def __init__(self, due: Callable[[FakeAlertGroup], datetime | None]) -> None:
        super().__init__()
        self._due = due
        self._numbers = count()
        self._new: dict[FakeAlertGroup, int] = {}
        self._entries: dict[FakeAlertGroup, Entry] = {}
        self._lists: dict[Filter, list[Entry]] = {}
        self._children: dict[FakeAlertGroup, dict[FakeAlertGroup, None]] = {}
        self._agenda: list[tuple[datetime, int, FakeAlertGroup]] = []
        self._planned: dict[FakeAlertGroup, datetime] = {}
        self._stale = False
        self._notice = Notice(self.before_change)

    def add(self, group: FakeAlertGroup) -> None:
        """Take a group in, in the place of one with the same id."""
        if group.id in self:
            self.discard(self[group.id])
        super().__setitem__(group.id, group)
        self._take_in(group)

    def discard(self, group: FakeAlertGroup) -> None:
        """Let a group go."""
        self._withdraw(group)
        super().pop(group.id, None)

    def before_change(self) -> None:
        """Forget all lists: they are made anew at the next look, which takes its time."""
        self._stale = True

    def listed(self, chosen: Filter) -> list[Entry]:
        """Those that the filter admits, newest first and then in the order of arrival."""
        self._file()
        found = self._lists.pop(chosen, None)
        if found is None:
            found = sorted(each for each in self._entries.values() if chosen.admits(each[2]))
        self._lists[chosen] = found  # the list used last stands last
        if len(self._lists) > _MOST_LISTS:
            del self._lists[next(iter(self._lists))]
        return found

    def attached(self, root: FakeAlertGroup) -> list[FakeAlertGroup]:
        """The groups that hang on this one."""
        self._file()
        return list(self._children.get(root, ()))

    def due(self, now: datetime) -> Iterator[FakeAlertGroup]:
        """The groups to which something happens by now, the earliest first."""
        self._file()
        while self._agenda and self._agenda[0][0] <= now:
            moment, _, group = heappop(self._agenda)
            if self._planned.get(group) == moment:
                del self._planned[group]
                if self._holds(group):
                    yield group

    def _take_in(self, group: FakeAlertGroup) -> None:
        group.before_change = Notice(partial(self._withdraw, group))
        group.labels = group.labels  # from now on a list that tells
        self._new[group] = next(self._numbers)

    def _withdraw(self, group: FakeAlertGroup) -> None:
        entry = self._entries.pop(group, None)
        if entry is None:
            return
        for entries in self._lists.values():
            place = bisect_left(entries, entry)
            if place < len(entries) and entries[place] is entry:
                del entries[place]
        if group.root is not None:
            self._children[group.root].pop(group)
        self._new[group] = entry[1]

    def _file(self) -> None:
        if self._stale:
            self._start_over()
        for group, number in self._new.items():
            if self._holds(group):
                self._file_one(group, number)
        self._new.clear()

    def _holds(self, group: FakeAlertGroup) -> bool:
        return self.get(group.id) is group

    def _start_over(self) -> None:
        self._stale = False
        self._new.clear()
        self._entries.clear()
        self._lists.clear()
        self._children.clear()
        self._agenda.clear()
        self._planned.clear()
        for group in self.values():
            self._take_in(group)

    def _file_one(self, group: FakeAlertGroup, number: int) -> None:
        self._entries[group] = entry = (age(group.started_at), number, group)
        group.integration.before_change = self._notice
        for chosen, entries in self._lists.items():
            if chosen.admits(group):
                insort(entries, entry)
        if group.root is not None:
            self._children.setdefault(group.root, {})[group] = None
        moment = self._due(group)
        if moment is not None and self._planned.get(group) != moment:
            self._planned[group] = moment
            heappush(self._agenda, (moment, number, group))
