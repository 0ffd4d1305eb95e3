"""Pages, and the escalations and notifications that send them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import attrs

from grafana_oncall._core.field_texts import DocumentedFields

from .escalation import FakeEscalationPolicy


@attrs.frozen(kw_only=True)
class Page(DocumentedFields):
    """A user was paged: who, how, when and why."""

    user: str
    """Username."""
    how: str
    """The channel, such as `"sms"` or `"mobile_app"`: the type of a rule without `notify_by_`."""
    at: datetime
    """When it was sent."""
    group: str
    """Id of the alert group."""
    important: bool = False
    """Whether the user's important rules applied."""
    step: str | None = None
    """Id of the step of the escalation chain; None if somebody paged the user directly."""
    rule: str | None = None
    """Id of the user's notification rule; None for the e-mail to a user without rules."""


@attrs.frozen(kw_only=True)
class EscalationRecord(DocumentedFields):
    """An entry in the log of an escalation: a step ran or failed, or a user was not reached."""

    event: Literal["triggered", "failed", "finished"]
    """What happened: a step ran, a step or page failed, or the chain came to its end."""
    at: datetime
    """When it happened."""
    group: str
    """Id of the alert group."""
    type: str | None = None
    """Type of the step or rule, such as `"notify_persons"` or `"notify_by_sms"`."""
    reason: str | None = None
    """Why it failed."""
    step: str | None = None
    """Id of the step of the escalation chain; None if somebody paged the user directly."""
    rule: str | None = None
    """Id of the notification rule that failed."""
    user: str | None = None
    """Username of the user who was not reached."""


@attrs.define
class Paging:
    """What escalations have done."""

    pages: list[Page] = attrs.field(factory=list[Page])
    log: list[EscalationRecord] = attrs.field(factory=list[EscalationRecord])
    unmodelled: list[str] = attrs.field(factory=list[str])
    """What they came to that the fake cannot do, each in a sentence."""


@attrs.define(kw_only=True, eq=False)
class EscalationRun:
    """The escalation of an alert group, which has its id."""

    id: str
    steps: list[FakeEscalationPolicy]
    """Copies, because changes of the chain do not touch a run."""
    place: int = 0
    """Number of the next step."""
    repeats: dict[str, int] = attrs.field(factory=dict[str, int])
    """How often each step of type `repeat_escalation` has led to the beginning."""
    is_paused: bool = False
    """Whether it waits for more alerts."""


@attrs.define(kw_only=True, eq=False)
class NotificationRun:
    """The notification of a user about an alert group; a newer one replaces it."""

    id: str
    """The ids of the group and of the user, with a slash between."""
    group: str
    user: str
    important: bool
    step: str | None
    is_direct: bool
    """Whether it goes on though the group is acknowledged or silenced."""
    rule: str | None = None
    """Id of the latest rule."""


@attrs.define(kw_only=True, eq=False)
class SmsBundle:
    """Text messages to a user, which follow each other at intervals."""

    id: str
    sent_at: datetime
    waiting: list[Page] = attrs.field(factory=list[Page])
