"""What happens to alert groups, as `alert_groups.watch` and webhooks tell it.

    async for change in client.alert_groups.watch(labels={"team": "SRE"}):
        match change:
            case Created(after=group):
                await client.alert_groups.acknowledge(group.id)
            case Resolved(before=before, after=group):
                print(group.title, "was", before.state if before else "new")

A change says what became of a group between two looks at it. What was done and undone in between
is not seen; a change of state that leads through another one is told as both. After a restart, a
group whose changes were in progress is compared with how it was before those and after them, for
nobody knows whether they were handled; what differs from either is delivered.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, TypeAlias

import attrs

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
    "Resolved",
    "Silenced",
    "Snapshot",
    "Unacknowledged",
    "Unresolved",
    "Unsilenced",
    "Watched",
    "diff",
]


@attrs.frozen(kw_only=True)
class Snapshot:
    """What is remembered of a group: enough to tell what changes, and small."""

    id: str
    created_at: AwareDatetime
    state: AlertGroupState
    alerts_count: int
    labels: tuple[tuple[str, str], ...]
    """Pairs of key and value, sorted."""
    title: str | None

    @classmethod
    def of(cls, group: AlertGroup) -> "Snapshot":
        """Of a group as it is answered."""
        return cls(
            id=group.id,
            created_at=group.created_at,
            state=group.state,
            alerts_count=group.alerts_count,
            labels=tuple(sorted((one.key.name, one.value.name) for one in group.labels)),
            title=group.title,
        )


@attrs.frozen(kw_only=True)
class Change:
    """Something that happened to one alert group."""

    id: str
    """Id of the group."""
    before: Snapshot | None
    """How it was when it was last delivered, perhaps; None when it was not seen before."""
    after: AlertGroup | None
    """How it is; None when it is gone."""


@attrs.frozen(kw_only=True)
class _There(Change):
    """A change after which the group is there."""

    after: AlertGroup


@attrs.frozen(kw_only=True)
class Created(_There):
    """A group that was not seen before, in whatever state it is by now."""


@attrs.frozen(kw_only=True)
class Acknowledged(_There):
    """Somebody works on it."""


@attrs.frozen(kw_only=True)
class Unacknowledged(_There):
    """An acknowledgement was taken back, or it ended."""


@attrs.frozen(kw_only=True)
class Resolved(_There):
    """It is over."""


@attrs.frozen(kw_only=True)
class Unresolved(_There):
    """It is not over after all."""


@attrs.frozen(kw_only=True)
class Silenced(_There):
    """It is silenced."""


@attrs.frozen(kw_only=True)
class Unsilenced(_There):
    """A silence was ended, or it expired."""


@attrs.frozen(kw_only=True)
class AlertsAdded(_There):
    """It has more alerts than before."""


@attrs.frozen(kw_only=True)
class LabelsChanged(_There):
    """It has other labels than before."""


@attrs.frozen(kw_only=True)
class Deleted(Change):
    """It is gone: the server does not know it any more."""

    after: None = None


@attrs.frozen(kw_only=True)
class Gap:
    """Nothing was seen for longer than planned: what was done and undone meanwhile was missed.

    So were groups that were created and deleted meanwhile. What was left is told as changes.
    """

    since: datetime
    """When groups were last read."""
    until: datetime
    """When they were read again."""


Watched: TypeAlias = Change | Gap
"""What a watcher yields."""

_FIRING, _ACKNOWLEDGED = AlertGroupState.FIRING, AlertGroupState.ACKNOWLEDGED
_RESOLVED, _SILENCED = AlertGroupState.RESOLVED, AlertGroupState.SILENCED

_Kind: TypeAlias = type[_There]

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
"""What happened when the state before is one that this release does not know."""


def diff(before: Snapshot | None, after: AlertGroup | None) -> Sequence[Change]:
    """What happened to a group between two looks at it, in the order in which it must have.

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
