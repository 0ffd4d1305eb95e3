"""Pure: what a watcher knows of alert groups, and what it finds changed when it sees them again.

How it delivers at least once. A consumer may die at any moment, also between the delivery of a
group's changes and the news that it has handled them. What it believes of the group is then either
what was delivered before, or what was in flight. So a delivery is noted before it begins, and until
it has ended the group is compared with both: what differs from either is delivered, also where the
group is again as it was. That can be interrupted as well, so there may be more than two.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

import attrs

from grafana_oncall._generated.models.alert_groups import AlertGroup
from grafana_oncall._listing.filters import unmet
from grafana_oncall.changes import Change, Snapshot, diff


@attrs.frozen(kw_only=True)
class Sighting:
    """A group that is not as it was told last."""

    id: str
    group: AlertGroup | None
    """How it is; None when it is gone."""
    changes: Sequence[Change]


@attrs.frozen(kw_only=True)
class Delivery:
    """How a group is reported to a consumer."""

    id: str
    after: Snapshot | None
    """How the group is; None when it is gone."""
    left_filter: bool = False
    """Whether it has left the filter by that."""


@attrs.define
class Delivered:
    """What was delivered of each group, and what is being delivered."""

    told: dict[str, Snapshot] = attrs.field(factory=dict[str, Snapshot])
    """Each group as it was last delivered."""
    left_filter: set[str] = attrs.field(factory=set[str])
    """Groups that have left the list: when they come back, they are not new."""
    in_flight: dict[str, list[Delivery]] = attrs.field(factory=dict[str, list[Delivery]])
    """Deliveries that began after that, and are not known to be done, in their order."""

    def begin_delivery(self, delivery: Delivery) -> None:
        """From now on the consumer may know it."""
        begun = self.in_flight.setdefault(delivery.id, [])
        begun[:] = [one for one in begun if one != delivery] + [delivery]

    def end_delivery(self, delivery: Delivery) -> None:
        """The consumer knows it."""
        self.in_flight.pop(delivery.id, None)
        self.left_filter.discard(delivery.id)
        if delivery.after is None:
            self.told.pop(delivery.id, None)
            return
        self.told[delivery.id] = delivery.after
        if delivery.left_filter:
            self.left_filter.add(delivery.id)


class Known(Delivered):
    """What is known of each group, with which they are compared when they are seen."""

    def __init__(self, query: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.met: set[str] = set()
        """Groups that were seen since `begin`, but for busy ones."""
        self.oldest = datetime.min.replace(tzinfo=UTC)
        """Groups that began earlier are not watched."""
        self._query = query
        self._busy: Collection[str] = ()
        self._changed: dict[str, AlertGroup | None] = {}

    def began(self, group_id: str) -> datetime:
        """When a group began that is known, or is being delivered."""
        looks = (self.told.get(group_id), *(one.after for one in self.in_flight.get(group_id, ())))
        return next((look.created_at for look in looks if look is not None), self.oldest)

    def forget(self) -> None:
        """Drops the groups that are too old by now."""
        known = self.told.keys() | self.in_flight.keys()
        for group_id in [one for one in known if self.began(one) < self.oldest]:
            self.end_delivery(Delivery(id=group_id, after=None))

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
        if self._believed(group_id, group):
            self._note(group_id, group)
        elif group_id not in self._busy:
            self.in_flight.pop(group_id, None)

    def changed(self) -> Sequence[Sighting]:
        """What was found changed since `begin`, in the order in which the groups began."""
        found = [
            Sighting(id=one, group=group, changes=self._news(one, group))
            for one, group in self._changed.items()
        ]
        return sorted(found, key=self._began)

    def delivery(self, sighting: Sighting) -> Delivery:
        """How the group is for a consumer who has these changes."""
        group = sighting.group
        return Delivery(
            id=sighting.id,
            after=None if group is None else Snapshot.of(group),
            left_filter=group is not None and not self._is_watched(group),
        )

    def _note(self, group_id: str, group: AlertGroup | None) -> None:
        if group_id in self._busy:
            return
        if self._news(group_id, group):
            self._changed[group_id] = group
        else:
            self._changed.pop(group_id, None)
            self.end_delivery(self.delivery(Sighting(id=group_id, group=group, changes=())))

    def _news(self, group_id: str, group: AlertGroup | None) -> Sequence[Change]:
        """What differs from anything that the consumer may believe, once for each kind.

        What differs from the latest of that stands last: it leads to how the group is.
        """
        found: dict[type[Change], Change] = {}
        for before in self._believed(group_id, group):
            for change in diff(before, group):
                found.pop(type(change), None)
                found[type(change)] = change
        return tuple(found.values())

    def _believed(self, group_id: str, group: AlertGroup | None) -> Sequence[Snapshot | None]:
        """How the consumer may believe the group to be, the latest last; None for nothing.

        A group that is not in the list is news only for those who have it in there.
        """
        begun = self.in_flight.get(group_id, ())
        if group is None or self._is_watched(group):
            return [self.told.get(group_id), *(one.after for one in begun)]
        told = None if group_id in self.left_filter else self.told.get(group_id)
        inside = [told, *(one.after for one in begun if not one.left_filter)]
        return [one for one in inside if one is not None]

    def _began(self, sighting: Sighting) -> datetime:
        return self.began(sighting.id) if sighting.group is None else sighting.group.created_at

    def _is_watched(self, group: AlertGroup) -> bool:
        return unmet(self._query, group) is None and group.created_at >= self.oldest
