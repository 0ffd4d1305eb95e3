"""Changes of alert groups, as `alert_groups.watch` and webhooks report them; and of who is on call.

    async for change in client.alert_groups.watch(labels={"team": "SRE"}):
        match change:
            case Created(after=group):
                await client.alert_groups.acknowledge(group.id)
            case Resolved(before=before, after=group):
                print(group.title, "was", before.state if before else "new")

A change is a difference between two snapshots of a group. What was done and undone in between is
not seen; a change of state that leads through another state is reported as two changes. After a
restart, a group whose changes were in flight is compared with its snapshots before and after them,
because they may or may not have been handled; what differs from either is delivered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, TypeAlias

import attrs

from grafana_oncall._core.serializable import Occurrence, Serializable
from grafana_oncall._core.types import AwareDatetime
from grafana_oncall._generated.models.alert_groups import AlertGroup, AlertGroupState

__all__ = [
    "Acknowledged",
    "AlertsAdded",
    "Change",
    "Created",
    "Deleted",
    "Gap",
    "LabelsChanged",
    "OnCall",
    "OnCallChanged",
    "Resolved",
    "Silenced",
    "Snapshot",
    "Unacknowledged",
    "Unresolved",
    "Unsilenced",
    "Watched",
    "diff",
]


def __dir__() -> list[str]:
    return sorted(__all__)


@attrs.frozen(kw_only=True)
class Snapshot(Serializable):
    """What is kept of a group to find out what changes: small enough for many."""

    id: str
    """Id of the alert group."""
    created_at: AwareDatetime
    """When its first alert arrived."""
    state: AlertGroupState
    """What it was: firing, acknowledged, resolved or silenced."""
    alerts_count: int
    """Number of alerts in it."""
    labels: tuple[tuple[str, str], ...]
    """Pairs of key and value, sorted."""
    title: str | None
    """Title of the alert group."""

    @classmethod
    def of(cls, group: AlertGroup) -> Snapshot:
        """Return the snapshot of a group."""
        return cls(
            id=group.id,
            created_at=group.created_at,
            state=group.state,
            alerts_count=group.alerts_count,
            labels=tuple(sorted((label.key.name, label.value.name) for label in group.labels)),
            title=group.title,
        )


@attrs.frozen(kw_only=True)
class Change(Occurrence):
    """Something that happened to one alert group."""

    id: str
    """Id of the group."""
    before: Snapshot | None
    """The group as it was last delivered, or was in flight; None if it is new."""
    after: AlertGroup | None
    """The present group; None if it was deleted."""

    @property
    def title(self) -> str | None:
        """Title of the group; the last one if it was deleted. None after a wipe."""
        group = self.after or self.before
        return None if group is None else group.title


@attrs.frozen(kw_only=True)
class _Present(Change):
    """A change after which the group exists."""

    after: AlertGroup


@attrs.frozen(kw_only=True)
class Created(_Present):
    """The group is new to the watcher, whatever its present state."""


@attrs.frozen(kw_only=True)
class Acknowledged(_Present):
    """The group was acknowledged."""


@attrs.frozen(kw_only=True)
class Unacknowledged(_Present):
    """The acknowledgement was taken back, or expired."""


@attrs.frozen(kw_only=True)
class Resolved(_Present):
    """The group was resolved."""


@attrs.frozen(kw_only=True)
class Unresolved(_Present):
    """The group was unresolved."""


@attrs.frozen(kw_only=True)
class Silenced(_Present):
    """The group was silenced."""


@attrs.frozen(kw_only=True)
class Unsilenced(_Present):
    """The silence was ended, or expired."""


@attrs.frozen(kw_only=True)
class AlertsAdded(_Present):
    """The group has more alerts than before."""


@attrs.frozen(kw_only=True)
class LabelsChanged(_Present):
    """The labels of the group have changed."""


@attrs.frozen(kw_only=True)
class Deleted(Change):
    """The group does not exist any more."""

    after: None = None


@attrs.frozen(kw_only=True)
class Gap(Occurrence):
    """No poll succeeded for longer than planned, so what was done and undone meanwhile was missed.

    So were groups that were created and deleted meanwhile. All other differences are reported as
    changes.
    """

    since: datetime
    """When groups were last read before it."""
    until: datetime
    """When they were next read."""


@attrs.frozen(kw_only=True)
class OnCall(Serializable):
    """Who is on call in a schedule."""

    id: str
    """Id of the schedule."""
    name: str
    """Name of the schedule."""
    users: tuple[str, ...]
    """Ids of the users, sorted; `client.directory` has their names."""


@attrs.frozen(kw_only=True)
class OnCallChanged(Occurrence):
    """Others are on call in a schedule than before; `schedules.watch` reports it."""

    id: str
    """Id of the schedule."""
    before: OnCall | None
    """Who was on call as last delivered, or in flight; None if the schedule is new."""
    after: OnCall | None
    """Who is on call now; None if the schedule was deleted."""

    @property
    def came(self) -> tuple[str, ...]:
        """Ids of the users who are on call now, and were not before."""
        return _less(self.after, self.before)

    @property
    def left(self) -> tuple[str, ...]:
        """Ids of the users who were on call before, and are not now."""
        return _less(self.before, self.after)


def _less(these: OnCall | None, others: OnCall | None) -> tuple[str, ...]:
    known = () if others is None else others.users
    return tuple(each for each in (() if these is None else these.users) if each not in known)


Watched: TypeAlias = Change | OnCallChanged | Gap
"""What a watcher yields."""

_FIRING, _ACKNOWLEDGED = AlertGroupState.FIRING, AlertGroupState.ACKNOWLEDGED
_RESOLVED, _SILENCED = AlertGroupState.RESOLVED, AlertGroupState.SILENCED

_Kind: TypeAlias = type[_Present]

_TRANSITIONS: Final[Mapping[tuple[AlertGroupState, AlertGroupState], Sequence[_Kind]]] = {
    (_FIRING, _ACKNOWLEDGED): (Acknowledged,),
    (_FIRING, _RESOLVED): (Resolved,),
    (_FIRING, _SILENCED): (Silenced,),
    (_ACKNOWLEDGED, _FIRING): (Unacknowledged,),
    (_ACKNOWLEDGED, _RESOLVED): (Resolved,),
    (_ACKNOWLEDGED, _SILENCED): (Unacknowledged, Silenced),
    (_RESOLVED, _FIRING): (Unresolved,),
    (_RESOLVED, _ACKNOWLEDGED): (Unresolved, Acknowledged),
    (_RESOLVED, _SILENCED): (Unresolved, Silenced),
    (_SILENCED, _FIRING): (Unsilenced,),
    (_SILENCED, _ACKNOWLEDGED): (Unsilenced, Acknowledged),
    (_SILENCED, _RESOLVED): (Resolved,),
}
"""What happened between two states, in order; acknowledging or resolving ends a silence."""

_ENTERED: Final[Mapping[AlertGroupState, Sequence[_Kind]]] = {
    _ACKNOWLEDGED: (Acknowledged,),
    _RESOLVED: (Resolved,),
    _SILENCED: (Silenced,),
}
"""What happened if this release does not know the state before."""


def diff(before: Snapshot | None, after: AlertGroup | None) -> Sequence[Change]:
    """Return the changes between two states of a group, in the order in which they happened.

    A group that is new and does not fire any more was created, and then brought into its state.
    """
    if after is None:
        return () if before is None else (Deleted(id=before.id, before=before),)
    kinds: list[_Kind] = [Created] if before is None else []
    state = _FIRING if before is None else before.state
    if after.state != state:
        kinds += _TRANSITIONS.get((state, after.state)) or _ENTERED.get(after.state, ())
    if before is not None:
        now = Snapshot.of(after)
        kinds += [AlertsAdded] if now.alerts_count > before.alerts_count else []
        kinds += [LabelsChanged] if now.labels != before.labels else []
    return [kind(id=after.id, before=before, after=after) for kind in kinds]
