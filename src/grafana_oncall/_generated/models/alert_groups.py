# Written by `make codegen` from openapi.yaml. Do not edit.

from __future__ import annotations

from typing import Any

import attrs

from grafana_oncall._core.serializable import Serializable, short_repr
from grafana_oncall._core.types import UNSET, AwareDatetime, OpenStrEnum, UnsetType

from . import labels as labels_1


class AlertGroupState(OpenStrEnum):
    """The state of an alert group.

    The list filter uses `new` for what responses call `firing`; both spellings mean FIRING."""

    __spellings__ = {"new": "firing"}

    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    SILENCED = "silenced"


@attrs.frozen(kw_only=True, weakref_slot=False)
class Permalinks(Serializable):
    """Links to the group; null for a channel that is not connected.

    Attributes:
        slack: Its message in Slack, for a browser.
        slack_app: Its message in Slack, for Slack's app.
        telegram: Its message in Telegram.
        web: Its page in Grafana.
    """

    slack: str | None = None
    """Its message in Slack, for a browser."""
    slack_app: str | None = None
    """Its message in Slack, for Slack's app."""
    telegram: str | None = None
    """Its message in Telegram."""
    web: str | None = None
    """Its page in Grafana."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class Alert(Serializable):
    """One alert of a group.

    Attributes:
        id: Id of the alert.
        alert_group_id: Id of the alert group.
        created_at: When the server received it.
        payload: What the monitoring system sent, which may be any JSON; an empty object
            after a wipe.
    """

    id: str
    """Id of the alert."""
    alert_group_id: str | None = None
    """Id of the alert group."""
    created_at: AwareDatetime | None = None
    """When the server received it."""
    payload: Any = None
    """What the monitoring system sent, which may be any JSON; an empty object after a wipe."""

    def __repr__(self) -> str:
        return short_repr(self)

    def __hash__(self) -> int:
        return hash(self.id)


@attrs.frozen(kw_only=True, weakref_slot=False)
class AlertGroup(Serializable):
    """A group of alerts. Times are timezone-aware and in UTC.

    Attributes:
        id: Id of the alert group.
        integration_id: Id of the integration, which may be deleted by now.
        alerts_count: Number of alerts in it.
        state: What it is now: firing, acknowledged, resolved or silenced.
        created_at: When its first alert arrived.
        team_id: Id of the team; null for none.
        route_id: Id of the route that its alerts took; null if it is deleted.
        resolved_at: When it was resolved; null if it is not.
        resolved_by: Id of the user who resolved it; null if an alert or an escalation step
            did.
        acknowledged_at: When it was acknowledged, which a resolved group still shows; null
            if it was not.
        acknowledged_by: Id of the user who acknowledged it; null if an alert did.
        labels: Its labels.
        title: Title, made of the first alert; null after a wipe.
        permalinks: Links to it.
        silenced_at: When it was last silenced; null if it is not. Until when is not shown.
        last_alert: Its latest alert; null if it has none.
        alert_group_number: Number of the group in the organization. Grafana Cloud only.
        root_alert_group_id: Id of the group that this one is attached to. Grafana Cloud
            only.
        dependent_alert_group_ids: Ids of the groups that are attached to this one. Grafana
            Cloud only.
    """

    id: str
    """Id of the alert group."""
    integration_id: str
    """Id of the integration, which may be deleted by now."""
    alerts_count: int
    """Number of alerts in it."""
    state: AlertGroupState
    """What it is now: firing, acknowledged, resolved or silenced."""
    created_at: AwareDatetime
    """When its first alert arrived."""
    team_id: str | None = None
    """Id of the team; null for none."""
    route_id: str | None = None
    """Id of the route that its alerts took; null if it is deleted."""
    resolved_at: AwareDatetime | None = None
    """When it was resolved; null if it is not."""
    resolved_by: str | None = None
    """Id of the user who resolved it; null if an alert or an escalation step did."""
    acknowledged_at: AwareDatetime | None = None
    """When it was acknowledged, which a resolved group still shows; null if it was not."""
    acknowledged_by: str | None = None
    """Id of the user who acknowledged it; null if an alert did."""
    labels: tuple[labels_1.Label, ...] = ()
    """Its labels."""
    title: str | None = None
    """Title, made of the first alert; null after a wipe."""
    permalinks: Permalinks | None = None
    """Links to it."""
    silenced_at: AwareDatetime | None = None
    """When it was last silenced; null if it is not. Until when is not shown."""
    last_alert: Alert | None = None
    """Its latest alert; null if it has none."""
    alert_group_number: int | None = None
    """Number of the group in the organization. Grafana Cloud only."""
    root_alert_group_id: str | None = None
    """Id of the group that this one is attached to. Grafana Cloud only."""
    dependent_alert_group_ids: tuple[str, ...] = ()
    """Ids of the groups that are attached to this one. Grafana Cloud only."""

    def __repr__(self) -> str:
        return short_repr(self)

    def __hash__(self) -> int:
        return hash(self.id)


@attrs.frozen(kw_only=True, weakref_slot=False)
class AlertGroupSilence(Serializable):
    """How long to silence.

    Attributes:
        delay: Seconds; -1 for no end. Real servers accept 0 and never end it, and fail at
            numbers far beyond the maximum given here.
    """

    delay: int
    """Seconds; -1 for no end. Real servers accept 0 and never end it, and fail at numbers far
    beyond the maximum given here."""


class DeleteMode(OpenStrEnum):
    """`wipe` empties and resolves the group, and keeps its metadata; `delete` removes all of it."""

    WIPE = "wipe"
    DELETE = "delete"


@attrs.frozen(kw_only=True, weakref_slot=False)
class AlertGroupDelete(Serializable):
    """How to delete; the server wipes if mode is absent.

    Attributes:
        mode: Whether to wipe or to delete it.
    """

    mode: DeleteMode | UnsetType = UNSET
    """Whether to wipe or to delete it."""
