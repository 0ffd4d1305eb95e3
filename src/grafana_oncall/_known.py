"""Pure: what a watcher knows of alert groups, and what it finds changed when it sees them again."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

import attrs

from ._filter import unmet
from ._generated.alert_groups import AlertGroup
from .changes import Change, Snapshot, diff


@attrs.frozen(kw_only=True)
class Sighting:
    """A group that is not as it was told last."""

    id: str
    group: AlertGroup | None
    """How it is; None when it is gone."""
    changes: Sequence[Change]


class Known:
    """What was told of each group, with which they are compared when they are seen."""

    def __init__(self, query: Sequence[tuple[str, str]]) -> None:
        self.told: dict[str, Snapshot] = {}
        """Each group as it was last told."""
        self.outside: set[str] = set()
        """Groups that have left the list: when they come back, they are not new."""
        self.met: set[str] = set()
        """Groups that were seen since `begin`, but for busy ones."""
        self.oldest = datetime.min.replace(tzinfo=UTC)
        """Groups that began earlier are not watched."""
        self._query = query
        self._busy: Collection[str] = ()
        self._changed: dict[str, AlertGroup | None] = {}

    def forget(self) -> None:
        """Drops the groups that are too old by now."""
        for group_id in [one.id for one in self.told.values() if one.created_at < self.oldest]:
            del self.told[group_id]
            self.outside.discard(group_id)

    def learn(self, groups: Iterable[AlertGroup], until: datetime | None) -> None:
        """Takes these as told already, if they began until then."""
        for group in groups:
            if until is None or group.created_at <= until:
                # What an attempt before this one saw of it may have changed since.
                self.told.setdefault(group.id, Snapshot.of(group))

    def begin(self, busy: Collection[str]) -> None:
        """What is seen from now on is compared, but of busy groups nothing is."""
        self._busy, self._changed, self.met = busy, {}, set()

    def see(self, groups: Iterable[AlertGroup]) -> None:
        """These are in the list."""
        for group in groups:
            # A server may ignore a filter: then a group that was told is looked for by its id.
            if self._is_watched(group) and group.id not in self._busy:
                self.met.add(group.id)
                self._note(group.id, group)

    def see_one(self, group_id: str, group: AlertGroup | None) -> None:
        """This was read by its id, be it in the list or not; None means that it is gone."""
        self.met.add(group_id)
        is_known = group_id in self.told and group_id not in self.outside
        if group is None or is_known or self._is_watched(group):
            self._note(group_id, group)

    def changed(self) -> Sequence[Sighting]:
        """What was found changed since `begin`, in the order in which the groups began."""
        found = [
            Sighting(id=one, group=group, changes=diff(self.told.get(one), group))
            for one, group in self._changed.items()
        ]
        return sorted(found, key=self._began)

    def settle(self, sighting: Sighting) -> None:
        """Its changes were told."""
        group = sighting.group
        self.outside.discard(sighting.id)
        if group is None:
            self.told.pop(sighting.id, None)
            return
        self.told[group.id] = Snapshot.of(group)
        if not self._is_watched(group):
            self.outside.add(group.id)

    def _note(self, group_id: str, group: AlertGroup | None) -> None:
        if group_id in self._busy:
            return
        if diff(self.told.get(group_id), group):
            self._changed[group_id] = group
        else:
            self._changed.pop(group_id, None)
            if group is not None:
                self.settle(Sighting(id=group_id, group=group, changes=()))

    def _began(self, sighting: Sighting) -> datetime:
        return (sighting.group or self.told[sighting.id]).created_at

    def _is_watched(self, group: AlertGroup) -> bool:
        return unmet(self._query, group) is None and group.created_at >= self.oldest
