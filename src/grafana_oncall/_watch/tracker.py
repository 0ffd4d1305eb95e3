"""The tracker: the last reported snapshot of each group, diffed against what a poll observes.

How it works, and why nothing is lost. A poll observes groups; those that differ from their last
reported snapshot are `changed`. They stay changed at every poll until their report is marked
delivered, so a report that is dropped is made again.

A consumer may die at any moment, also after it has handled a report and before that is marked. What
it believes of the group is then either the last delivered snapshot or the report in flight. So a
report is marked in flight before it is made, and until it is marked delivered the group is diffed
against both: whatever differs from either is reported, even where the group is back to what it was.
A restart can be interrupted as well, so several reports of one group may be in flight.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

import attrs

from grafana_oncall._core.types import UNSET, UnsetType
from grafana_oncall._generated.models.alert_groups import AlertGroup
from grafana_oncall._listing.filters import unmet
from grafana_oncall.changes import Change, OnCall, OnCallChanged, Snapshot, diff
from grafana_oncall.errors import OnCallError

S = TypeVar("S", Snapshot, OnCall)
State: TypeAlias = Snapshot | OnCall


@attrs.frozen(kw_only=True)
class Changes:
    """An object that differs from what was last reported."""

    id: str
    changes: Sequence[Change] | Sequence[OnCallChanged]


@attrs.frozen(kw_only=True)
class GroupChanges(Changes):
    """A group that differs from what was last reported."""

    group: AlertGroup | None
    """Its present state; None when it was deleted."""


@attrs.frozen(kw_only=True)
class Delivery:
    """A report of one object to a consumer."""

    id: str
    """Id of the alert group or schedule."""
    after: Snapshot | None
    """The group as reported; None when it was deleted, and for who is on call."""
    left_filter: bool = False
    """Whether the group no longer matches the filter."""
    on_call: OnCall | UnsetType = UNSET
    """Who is on call, as reported; absent for a group, and when the schedule was deleted."""

    @property
    def state(self) -> State | None:
        """What was reported; None when it was deleted."""
        return self.after if isinstance(self.on_call, UnsetType) else self.on_call


@attrs.define
class DeliveryState(Generic[S]):
    """What was delivered of each object, and what is in flight."""

    reported: dict[str, S] = attrs.field(factory=dict[str, Any])
    """Each object as it was last delivered."""
    left_filter: set[str] = attrs.field(factory=set[str])
    """Groups that no longer match the filter: they are not new when they match it again."""
    in_flight: dict[str, list[Delivery]] = attrs.field(factory=dict[str, list[Delivery]])
    """Deliveries of each object since then that are not known to have completed, oldest first."""

    def mark_in_flight(self, delivery: Delivery) -> None:
        """Record a delivery that begins: from now on, the consumer may have seen it."""
        started = self.in_flight.setdefault(delivery.id, [])
        started[:] = [other for other in started if other != delivery] + [delivery]

    def mark_delivered(self, delivery: Delivery) -> None:
        """Record a delivery that the consumer has handled."""
        self.in_flight.pop(delivery.id, None)
        self.left_filter.discard(delivery.id)
        state: Any = delivery.state
        if state is None:
            self.reported.pop(delivery.id, None)
            return
        self.reported[delivery.id] = state
        if delivery.left_filter:
            self.left_filter.add(delivery.id)


class Tracker(DeliveryState[S]):
    """Last reported snapshot per object, diffed against each poll."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        """Objects observed since the poll began, except busy ones."""

    def unseen(self, ids: Iterable[str]) -> set[str]:
        """Return those of these objects that are tracked and were not observed."""
        return {each for each in ids if self.tracks(each)} - self.seen

    def tracks(self, object_id: str) -> bool:
        """Whether the object was delivered or is in flight."""
        return object_id in self.reported or object_id in self.in_flight

    @property
    def tracked(self) -> set[str]:
        """The objects that were delivered or are in flight."""
        return {*self.reported, *self.in_flight}

    def known(self) -> Sequence[str]:
        """Return the ids of the groups that are not known to be deleted, newest first."""
        return ()

    def delivery(self, changes: Changes) -> Delivery:
        """Return the object as a consumer sees it who has these changes."""
        raise NotImplementedError


class Source(Protocol):
    """What a follower polls."""

    @property
    def query(self) -> Sequence[tuple[str, str]]:
        """What is watched: a checkpoint belongs to it."""
        ...

    @property
    def tracker(self) -> Tracker[Any]:
        """What was reported of it."""
        ...

    @property
    def noun(self) -> str:
        """What is watched, in words."""
        ...

    def ignore_before(self, oldest: datetime) -> None:
        """Limit polling to what was created since then."""

    async def prime(self, until: datetime | None) -> None:
        """Read everything once, and take what was created until then as reported."""

    async def poll(self, busy: Collection[str], hinted: Collection[str]) -> Sequence[Changes]:
        """Return what has changed, except of what is busy."""
        ...

    async def read(self, ids: Collection[str]) -> tuple[Sequence[Changes], Sequence[OnCallError]]:
        """Return what has changed in these objects alone, and the errors of failed reads."""
        ...


class GroupTracker(Tracker[Snapshot]):
    """Last reported snapshot per group."""

    def __init__(self, query: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.oldest = datetime.min.replace(tzinfo=UTC)
        """Groups created earlier are not tracked."""
        self._query = query
        self._busy: Collection[str] = ()
        self._changed: dict[str, AlertGroup | None] = {}

    def created_at(self, group_id: str) -> datetime:
        """Return when a group was created that is tracked, or in flight."""
        started = (delivery.after for delivery in self.in_flight.get(group_id, ()))
        snapshots = (self.reported.get(group_id), *started)
        found = (snapshot.created_at for snapshot in snapshots if snapshot is not None)
        return next(found, self.oldest)

    def known(self) -> Sequence[str]:
        """Return the ids of the groups that are not known to be deleted, newest first."""
        newest_first = sorted(self.reported.values(), key=attrgetter("created_at"), reverse=True)
        deleted = {
            group_id
            for group_id, started in self.in_flight.items()
            if any(delivery.after is None for delivery in started)
        }
        return [group.id for group in newest_first if group.id not in deleted]

    def drop_old(self) -> None:
        """Stop tracking the groups that are too old by now."""
        # There are many of these, so without a call for each.
        reported = [each.id for each in self.reported.values() if each.created_at < self.oldest]
        started = [each for each in self.in_flight if self.created_at(each) < self.oldest]
        for group_id in dict.fromkeys([*reported, *started]):
            self.mark_delivered(Delivery(id=group_id, after=None))

    def prime(self, groups: Iterable[AlertGroup], until: datetime | None) -> None:
        """Take groups as reported without reporting them, if they were created until then."""
        for group in groups:
            if until is None or group.created_at <= until:
                # What an earlier attempt has seen stays: the group may have changed since.
                self.reported.setdefault(group.id, Snapshot.of(group))

    def start_poll(self, busy: Collection[str]) -> None:
        """Start to observe; ignore groups that are busy."""
        self._busy, self._changed, self.seen = busy, {}, set()

    def observe(self, groups: Iterable[AlertGroup]) -> None:
        """Compare groups that are in the list."""
        for group in groups:
            # A server may ignore a filter: then a tracked group is looked up by its id instead.
            if self._matches(group) and group.id not in self._busy:
                self.seen.add(group.id)
                self._compare(group.id, group)

    def observe_one(self, group_id: str, group: AlertGroup | None) -> None:
        """Compare a group that was read by its id; None means that it does not exist."""
        self.seen.add(group_id)
        if self._possible_snapshots(group_id, group):
            self._compare(group_id, group)
        elif group_id not in self._busy:
            self.in_flight.pop(group_id, None)

    @property
    def gone(self) -> set[str]:
        """Groups that are in the list no more, as was found since `start_poll`."""
        changed = self._changed.items()
        return {each for each, group in changed if group is None or not self._matches(group)}

    def listed(self) -> dict[str, datetime]:
        """Return when each group was created that is known to be in the list.

        Groups that are with a consumer are left out: they may be deleted, and that not be reported.
        """
        unsure = {*self._busy, *self.in_flight, *self.left_filter, *(gone := self.gone)}
        found = {
            each.id: each.created_at for each in self.reported.values() if each.id not in unsure
        }
        changed = self._changed.items()
        return found | {
            each: group.created_at for each, group in changed if group and each not in gone
        }

    def changed(self) -> Sequence[GroupChanges]:
        """Return the groups found changed since `start_poll`, in order of creation."""
        found = [
            GroupChanges(id=group_id, group=group, changes=self._diff(group_id, group))
            for group_id, group in self._changed.items()
        ]
        return sorted(found, key=self._created)

    def delivery(self, changes: Changes) -> Delivery:
        """Return the group as a consumer sees it who has these changes."""
        group = changes.group if isinstance(changes, GroupChanges) else None
        return Delivery(
            id=changes.id,
            after=None if group is None else Snapshot.of(group),
            left_filter=group is not None and not self._matches(group),
        )

    def _compare(self, group_id: str, group: AlertGroup | None) -> None:
        if group_id in self._busy:
            return
        if self._diff(group_id, group):
            self._changed[group_id] = group
        else:
            self._changed.pop(group_id, None)
            unchanged = GroupChanges(id=group_id, group=group, changes=())
            self.mark_delivered(self.delivery(unchanged))

    def _diff(self, group_id: str, group: AlertGroup | None) -> Sequence[Change]:
        """Return what differs from any snapshot the consumer may have, one change of each kind.

        Differences from the latest snapshot come last: they lead to the present state.
        """
        found: dict[type[Change], Change] = {}
        for before in self._possible_snapshots(group_id, group):
            for change in diff(before, group):
                found.pop(type(change), None)
                found[type(change)] = change
        return tuple(found.values())

    def _possible_snapshots(
        self, group_id: str, group: AlertGroup | None
    ) -> Sequence[Snapshot | None]:
        """Return each snapshot that the consumer may have, latest last; None stands for none.

        A group that does not match the filter concerns only consumers for whom it did.
        """
        started = self.in_flight.get(group_id, ())
        if group is None or self._matches(group):
            return [self.reported.get(group_id), *(delivery.after for delivery in started)]
        reported = None if group_id in self.left_filter else self.reported.get(group_id)
        matching = [reported, *(each.after for each in started if not each.left_filter)]
        return [snapshot for snapshot in matching if snapshot is not None]

    def _created(self, changes: GroupChanges) -> datetime:
        return self.created_at(changes.id) if changes.group is None else changes.group.created_at

    def _matches(self, group: AlertGroup) -> bool:
        return unmet(self._query, group) is None and group.created_at >= self.oldest
