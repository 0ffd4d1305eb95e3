"""An index of the alert groups, so that most requests need not scan all of them.

How it works, and why it is safe. Groups are plain objects that a test may change at any time. attrs
calls `_note_change` for each attribute that is set, which adds the group to the `Changes` of its
server. The next request catches up first: it drops the cached lists, and reindexes only the groups
that changed. What changes without being noted is never cached: labels, which are plain lists, and
the team of an integration. Filters on those scan every group of a list. Alerts are a plain list,
too, but one that arrives is noted, because it changes attributes of its group.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, MutableMapping
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeAlias, TypeVar

from .agenda import Agenda
from .state import Changes, FakeAlertGroup, State

T = TypeVar("T")
GroupingKey: TypeAlias = tuple[str, str | None, str | None]
"""What alerts of one group have in common: integration, route, and the hash of their key."""


def grouping_key(group: FakeAlertGroup) -> GroupingKey:
    """Return what an alert must have in common with a group to join it."""
    return group.integration_id, group.route_id, group.grouping_key


class GroupIndex(MutableMapping[str, FakeAlertGroup]):
    """The groups by id.

    Args:
        due: Returns when something will happen to a group by itself, or `None`.
    """

    def __init__(self, due: Callable[[FakeAlertGroup], datetime | None]) -> None:
        self._due = due
        self._groups: dict[str, FakeAlertGroup] = {}
        self._changes = Changes()
        self._lists: dict[State | None, list[FakeAlertGroup]] = {}
        self._derived: dict[object, Any] = {}
        self._attached: dict[FakeAlertGroup, None] = {}
        self._keys: dict[FakeAlertGroup, GroupingKey] = {}
        self._alike: defaultdict[GroupingKey, dict[FakeAlertGroup, None]] = defaultdict(dict)
        self._agenda = Agenda[FakeAlertGroup]()

    def __repr__(self) -> str:
        return repr(self._groups)

    def __len__(self) -> int:
        return len(self._groups)

    def __iter__(self) -> Iterator[str]:
        return iter(self._groups)

    def __getitem__(self, id: str) -> FakeAlertGroup:
        return self._groups[id]

    def __setitem__(self, id: str, group: FakeAlertGroup) -> None:
        if id in self._groups:
            self._changes[self._groups[id]] = None
        last = next(reversed(self._groups.values()), None)
        self._groups[id] = group
        group.number = group.number or (last.number + 1 if last else 1)
        group.changes = self._changes
        self._changes[group] = None

    def __delitem__(self, id: str) -> None:
        self._changes[self._groups.pop(id)] = None

    def popitem(self) -> tuple[str, FakeAlertGroup]:
        """Remove and return the last one, as a dictionary does."""
        name, group = self._groups.popitem()
        self._changes[group] = None
        return name, group

    def add(self, group: FakeAlertGroup) -> None:
        """Add a group as the last one; it replaces one with the same id."""
        self.pop(group.id, None)
        self[group.id] = group

    def reschedule(self) -> None:
        """Recompute for every group when something will happen to it."""
        self._changes.update(dict.fromkeys(self._groups.values()))

    def listed(self, state: State | None) -> list[FakeAlertGroup]:
        """Return the groups in a state, or all: newest first, then in order of arrival."""
        self._catch_up()
        if state not in self._lists:
            self._lists[state] = self._list(state)
        return self._lists[state]

    def _list(self, state: State | None) -> list[FakeAlertGroup]:
        if state is None:
            return sorted(self._groups.values(), key=attrgetter("started_at"), reverse=True)
        return [group for group in self.listed(None) if group.state == state]

    def derived(self, make: Callable[[list[FakeAlertGroup]], T]) -> T:
        """Return what a function makes of all groups: what it made before, if none has changed."""
        self._catch_up()
        if make not in self._derived:
            self._derived[make] = make(self.listed(None))
        made: T = self._derived[make]
        return made

    def attached(self, root: FakeAlertGroup) -> list[FakeAlertGroup]:
        """Return the groups attached to this one."""
        self._catch_up()
        return [group for group in self._attached if group.root is root]

    def alike(self, key: GroupingKey) -> list[FakeAlertGroup]:
        """Return the groups that have the same grouping key by the same route, in any order."""
        self._catch_up()
        return [*self._alike.get(key, ())]

    @property
    def next_at(self) -> datetime | None:
        """When something will happen to the first of them by itself."""
        self._catch_up()
        return self._agenda.next_at

    def due(self, now: datetime) -> list[FakeAlertGroup]:
        """Return the groups to which something has happened by now, earliest first."""
        due = list[tuple[datetime, FakeAlertGroup]]()
        while (first := self.next_at) is not None and first <= now:
            due.append(self._agenda.pop())
        for moment, group in due:
            self._agenda.put(group, moment)  # until the group says otherwise
        return [group for _, group in due]

    def _catch_up(self) -> None:
        if self._changes:
            self._lists.clear()
            self._derived.clear()
            for group in self._changes:
                self._index(group)
            self._changes.clear()

    def _index(self, group: FakeAlertGroup) -> None:
        moment = None
        self._attached.pop(group, None)
        if (key := self._keys.pop(group, None)) is not None:
            del self._alike[key][group]
        if self._groups.get(group.id) is group:
            if group.root is not None:
                self._attached[group] = None
            if group.grouping_key is not None:
                key = self._keys[group] = grouping_key(group)
                self._alike[key][group] = None
            moment = self._due(group)
        if moment is None:
            self._agenda.drop(group)
        elif moment != self._agenda.at(group):
            self._agenda.put(group, moment)
