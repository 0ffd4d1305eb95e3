"""Schedules and their shifts."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import attrs

from grafana_oncall._core.field_texts import DocumentedFields

from .references import refers_to

ScheduleType = Literal["calendar", "ical", "web"]
ShiftType = Literal["single_event", "recurrent_event", "rolling_users", "override"]


@attrs.define(kw_only=True, eq=False)
class FakeShift(DocumentedFields):
    """An on-call shift, which schedules name."""

    id: str
    type: ShiftType
    start: str
    """Without a zone, such as `2026-12-01T09:00:00`."""
    duration: int
    """In seconds."""
    name: str | None = None
    team_id: str | None = None
    time_zone: str | None = None
    """None for that of the schedule."""
    level: int = 0
    rotation_start: str = attrs.Factory(lambda self: self.start, takes_self=True)
    users: list[str] = attrs.field(factory=list[str])
    """Ids of users, unless they take turns."""
    frequency: str | None = None
    interval: int | None = None
    week_start: str | None = None
    until: str | None = None
    by_day: list[str] | None = None
    by_month: list[int] | None = None
    by_monthday: list[int] | None = None
    rolling_users: list[list[str]] | None = None
    """Ids of users who take turns."""
    start_rotation_from_user_index: int | None = None


@attrs.define
class FakeSpan(DocumentedFields):
    """A user, by id, who is on call from a start to an end."""

    user: str
    """Who is on call."""
    start: datetime
    """From when on."""
    end: datetime
    """Until when."""


@attrs.define(kw_only=True, eq=False)
class FakeSchedule(DocumentedFields):
    """A schedule; who is on call is what a test says, and otherwise follows from its shifts.

    Shift swaps that are taken change it.
    """

    id: str
    name: str
    type: ScheduleType
    team_id: str | None = None
    time_zone: str | None = None
    slack: dict[str, str | None] = attrs.Factory(
        lambda: dict[str, str | None](channel_id=None, user_group_id=None)
    )
    shifts: list[str] = attrs.field(factory=list[str], metadata=refers_to(FakeShift, "dropped"))
    """Ids of its shifts."""
    ical_url_primary: str | None = None
    ical_url_overrides: str | None = None
    enable_web_overrides: bool = False
    on_call: list[str] = attrs.field(factory=list[str])
    """Ids of the users who are always on call."""
    spans: list[FakeSpan] = attrs.field(factory=list[FakeSpan])
    """Who else is on call when."""
    export_token: str | None = None
    """Token of its iCalendar export; None if it is not exported."""

    def within(self, start: datetime, end: datetime) -> list[FakeSpan]:
        """Return who is on call between these times but for swaps, in order, cut to them."""
        always = [FakeSpan(user, start, end) for user in self.on_call]
        cut = [
            FakeSpan(span.user, max(span.start, start), min(span.end, end)) for span in self.spans
        ]
        found = [*always, *(span for span in cut if span.start < span.end)]
        return sorted(found, key=lambda span: span.start)
