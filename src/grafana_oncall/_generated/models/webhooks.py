# Written by `make codegen` from openapi.yaml. Do not edit.

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from grafana_oncall._core.serializable import Serializable
from grafana_oncall._core.types import AwareDatetime, OpenStrEnum

from . import alert_groups


class EventType(OpenStrEnum):
    """What happened to an alert group.

    A webhook for status changes says which change it was."""

    ESCALATION = "escalation"
    ALERT_GROUP_CREATED = "alert group created"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    SILENCE = "silence"
    UNSILENCE = "unsilence"
    UNRESOLVE = "unresolve"
    UNACKNOWLEDGE = "unacknowledge"
    PERSONAL_NOTIFICATION = "personal notification"


@attrs.frozen(kw_only=True)
class EventHeader(Serializable):
    """What happened, and when."""

    type: EventType
    time: AwareDatetime | None = None
    """When, where the type is alert group created, acknowledge, resolve or silence."""
    until: AwareDatetime | None = None
    """When a silence ends; null for a silence without end."""


@attrs.frozen(kw_only=True)
class EventUser(Serializable):
    """A user in the payload of a webhook."""

    id: str
    username: str | None = None
    email: str | None = None

    def __hash__(self) -> int:
        return hash(self.id)


@attrs.frozen(kw_only=True)
class EventAlertGroup(Serializable):
    """An alert group in the payload of a webhook. It may have changed since the event."""

    id: str
    integration_id: str
    alerts_count: int
    state: alert_groups.AlertGroupState
    created_at: AwareDatetime
    team_id: str | None = None
    route_id: str | None = None
    resolved_at: AwareDatetime | None = None
    resolved_by: str | None = None
    """Id of the user who resolved it."""
    acknowledged_at: AwareDatetime | None = None
    acknowledged_by: str | None = None
    """Id of the user who acknowledged it."""
    labels: Any = None
    """Values by key, where the API has a list; a server without labels sends the API's list."""
    title: str | None = None
    permalinks: alert_groups.Permalinks | None = None
    silenced_at: AwareDatetime | None = None
    last_alert: alert_groups.Alert | None = None

    def __hash__(self) -> int:
        return hash(self.id)


@attrs.frozen(kw_only=True)
class EventIntegration(Serializable):
    """The integration of an alert group in the payload of a webhook."""

    id: str
    type: str | None = None
    """Such as webhook, alertmanager or grafana."""
    name: str | None = None
    team: str | None = None
    """Name of its team."""
    labels: Any = None
    """Values by key; absent on a server without labels."""

    def __hash__(self) -> int:
        return hash(self.id)


@attrs.frozen(kw_only=True)
class EventWebhook(Serializable):
    """The webhook that was triggered."""

    id: str
    name: str | None = None
    labels: Any = None
    """Values by key."""

    def __hash__(self) -> int:
        return hash(self.id)


@attrs.frozen(kw_only=True)
class WebhookEvent(Serializable):
    """What an outgoing webhook sends when something happens to an alert group."""

    event: EventHeader
    alert_group: EventAlertGroup
    alert_group_id: str
    user: EventUser | None = None
    """The user who did it; null if no user did."""
    alert_payload: Any = attrs.field(default=None, hash=False)
    """Payload of the group's first alert; any JSON."""
    integration: EventIntegration | None = None
    notified_users: tuple[EventUser, ...] = ()
    """The users who have been notified of the group."""
    users_to_be_notified: tuple[EventUser, ...] = ()
    """The users whom the escalation is going to notify."""
    alert_group_acknowledged_by: EventUser | None = None
    alert_group_resolved_by: EventUser | None = None
    webhook: EventWebhook | None = None
    """Absent on a server without labels."""
    responses: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    """The responses to other webhooks, by webhook id; absent if there are none."""
    external_id: str | None = None
