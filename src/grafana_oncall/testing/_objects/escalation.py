"""Escalation chains and what belongs to them."""

from __future__ import annotations

import attrs

from grafana_oncall._core.field_texts import DocumentedFields

from .references import refers_to
from .schedules import FakeSchedule
from .webhooks import FakeWebhook


@attrs.define(kw_only=True, eq=False)
class FakeEscalationChain(DocumentedFields):
    """A chain of steps that an alert group goes through until somebody acts."""

    id: str
    name: str
    team_id: str | None = None


@attrs.define(kw_only=True, eq=False)
class FakeEscalationPolicy(DocumentedFields):
    """A step of a chain; members of other types than its own are not shown."""

    id: str
    escalation_chain_id: str = attrs.field(metadata=refers_to(FakeEscalationChain, "deleted"))
    type: str | None
    position: int = 0
    duration: int | None = None
    important: bool = False
    persons: list[str] = attrs.field(factory=list[str])
    """Ids of users, of both types that notify persons."""
    notify_on_call_from_schedule: str | None = attrs.field(
        default=None, metadata=refers_to(FakeSchedule, "cleared")
    )
    team_to_notify: str | None = None
    group_to_notify: str | None = None
    action_to_trigger: str | None = attrs.field(
        default=None, metadata=refers_to(FakeWebhook, "cleared")
    )
    notify_if_time_from: str | None = None
    notify_if_time_to: str | None = None
    num_alerts_in_window: int | None = None
    num_minutes_in_window: int | None = None
    severity: str | None = None
    last_notified: str | None = None
    """Id of the user whose turn it was last, of the type that notifies one person each time."""
