"""The objects on the fake server, which a test may read and change."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypeVar

import attrs

from grafana_oncall._core.field_texts import DocumentedFields

T = TypeVar("T")

KEPT = 10_000
"""The most records of one kind that a server keeps, which may run for days."""
Flavour = Literal["cloud", "oss"]
Role = Literal["viewer", "editor", "admin", "none"]
State = Literal["firing", "acknowledged", "resolved", "silenced"]
GroupEventType = Literal[
    "alert group created",
    "alert added",
    "acknowledge",
    "unacknowledge",
    "resolve",
    "unresolve",
    "silence",
    "unsilence",
    "escalation",
    "personal notification",
    "wipe",
    "delete",
]
"""What happens to a group, named as in outgoing webhooks where these know it."""


class Changes(dict["FakeAlertGroup", None]):
    """The groups that changed since the server last caught up, in order."""

    def __reduce__(self) -> tuple[type[Changes], tuple[()]]:
        return Changes, ()  # a copy of a group is not on the server


def _note_change(group: FakeAlertGroup, _: attrs.Attribute[Any], value: Any) -> Any:
    group.changes[group] = None
    return value


def _close(group: FakeAlertGroup, _: attrs.Attribute[Any], resolved_at: Any) -> Any:
    group.is_closed = group.is_closed or resolved_at is not None
    return resolved_at


@attrs.define(kw_only=True, eq=False)
class FakeUser(DocumentedFields):
    """A user of the organization, who may own tokens; the rate limit counts per user."""

    id: str
    username: str
    grafana_id: int
    email: str | None
    role: Role
    timezone: str | None = None
    teams: list[str] = attrs.field(factory=list[str])
    """Ids of the user's teams."""
    slack: dict[str, str] | None = None
    """The Slack account: `user_id` and `team_id`."""
    is_phone_number_verified: bool = False
    export_token: str | None = None
    """Token of the iCalendar export of the user's shifts; None if there is none."""
    webhook: str | None = None
    """Id of the webhook that `notify_by_webhook` rules send, which the API does not show."""


@attrs.define(kw_only=True, eq=False)
class FakeTeam:
    """A team of the organization."""

    id: str
    name: str
    grafana_id: int
    email: str | None = None
    avatar_url: str = attrs.Factory(lambda self: f"/avatar/{self.id}", takes_self=True)


def _brief(item: object, *names: str) -> str:
    """Return a repr with these attributes: pytest prints lists of hundreds of objects."""
    members = ", ".join(f"{name}={getattr(item, name)!r}" for name in names)
    return f"{type(item).__name__}({members})"


@attrs.define(kw_only=True, eq=False)
class FakeIntegration(DocumentedFields):
    """A source of alerts; `templates` and `default_route` have the shape of the API."""

    id: str
    type: str
    name: str
    secret: str
    """What the URL for its alerts ends in."""
    created_at: datetime
    """When it was made."""
    templates: dict[str, Any]
    default_route: dict[str, Any]
    team_id: str | None = None
    description_short: str | None = None
    labels: list[tuple[str, str]] = attrs.field(factory=list[tuple[str, str]])
    dynamic_labels: list[tuple[str, str]] = attrs.field(factory=list[tuple[str, str]])
    maintenance_mode: str | None = None
    maintenance_started_at: datetime | None = None
    maintenance_end_at: datetime | None = None
    maintenance_group_id: str | None = None
    """The group that collects those of the maintenance."""
    heartbeat_at: datetime | None = None
    """When the last heartbeat arrived."""
    heartbeat_is_missing: bool = False
    """Whether the server has made an alert of its absence."""

    def end_maintenance(self) -> None:
        """Let the maintenance be over, if there is one."""
        self.maintenance_mode = self.maintenance_started_at = self.maintenance_end_at = None
        self.maintenance_group_id = None

    def __repr__(self) -> str:
        return _brief(self, "id", "type", "name")


@attrs.define(kw_only=True, eq=False)
class FakeAlert:
    """An alert that arrived."""

    id: str
    created_at: datetime
    """When it arrived."""
    payload: Any
    """What was posted."""


@attrs.define(kw_only=True, eq=False, on_setattr=_note_change)
class FakeAlertGroup(DocumentedFields):
    """An alert group; its state follows from its times, as in the real database."""

    id: str
    integration: FakeIntegration
    """The integration that it belongs to."""
    route_id: str | None
    started_at: datetime
    """When its first alert arrived."""
    title: str | None
    payload: Any
    """The body of its latest alert; of all of them, if they did not arrive one by one."""
    last_alert_id: str
    """Id of its latest alert."""
    last_alert_at: datetime
    """When its latest alert arrived."""
    number: int = 0
    """Number in the organization, which the server gives it."""
    alerts_count: int = 1
    labels: list[tuple[str, str]] = attrs.field(factory=list[tuple[str, str]])
    permalinks: dict[str, str | None] = attrs.field(factory=dict[str, str | None])
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    resolved_at: datetime | None = attrs.field(default=None, on_setattr=[_note_change, _close])
    resolved_by: str | None = None
    silenced_at: datetime | None = None
    silenced_until: datetime | None = None
    """When the silence ends; None for never."""
    root: FakeAlertGroup | None = None
    """The group that it is attached to."""
    maintenance: bool = False
    """Whether it stands for a maintenance."""
    wipe_requested_at: datetime | None = None
    """When it was asked to be wiped."""
    wiped_at: datetime | None = None
    """When it was wiped."""
    delete_requested_at: datetime | None = None
    """When it was asked to be deleted."""
    alerts: list[FakeAlert] = attrs.field(factory=list[FakeAlert])
    """Those that arrived, oldest first; a group that a test added has none of them."""
    grouping_key: str | None = None
    """What an alert must have to join it, as a hash; None if none can."""
    is_closed: bool = False
    """Whether it was ever resolved, after which no firing alert joins it."""
    changes: Changes = attrs.field(
        factory=Changes, init=False, repr=False, on_setattr=attrs.setters.NO_OP
    )
    """Where changes of attributes are noted; set by the server of this group."""

    def __repr__(self) -> str:
        return _brief(self, "id", "title", "state")

    @property
    def state(self) -> State:
        """The state, as in responses (`firing` is `new` in filters)."""
        if self.resolved_at:
            return "resolved"
        if self.acknowledged_at:
            return "acknowledged"
        return "silenced" if self.silenced_at else "firing"

    @property
    def first_payload(self) -> Any:
        """The body of its first alert."""
        return self.alerts[0].payload if self.alerts else self.payload

    @property
    def integration_id(self) -> str:
        """Id of the integration, which may be deleted."""
        return self.integration.id

    @property
    def team_id(self) -> str | None:
        """The team of the integration."""
        return self.integration.team_id


@attrs.frozen(kw_only=True)
class GroupEvent:
    """Something that has just happened to an alert group."""

    type: GroupEventType
    group: FakeAlertGroup
    at: datetime
    by: str | None = None
    """Id of the user who did it, or who is notified; None for the server."""
    webhook: str | None = None
    """Id of the webhook that a step of an escalation triggers."""


def keep(records: list[T], *new: T) -> None:
    """Add what has just happened, and forget what is oldest if there is too much."""
    records.extend(new)
    del records[:-KEPT]
