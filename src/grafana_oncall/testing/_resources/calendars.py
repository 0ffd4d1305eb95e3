"""Exports as iCalendar, each with a token of its own."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from grafana_oncall.testing._objects.schedules import FakeSchedule, FakeSpan
from grafana_oncall.testing._server.context import Context, Operation
from grafana_oncall.testing._server.responses import FakeResponse
from grafana_oncall.testing._server.state import FakeUser
from grafana_oncall.testing.clock import seconds_stamp

from .swapping import final_spans, may_be_on_call

_KIND = {"Content-Type": "text/calendar"}
_EXPORTED = timedelta(days=90)


def _calendar(context: Context, spans: Iterable[FakeSpan]) -> FakeResponse:
    users = context.world.store(FakeUser)
    events = [
        line
        for span in spans
        for line in (
            "BEGIN:VEVENT",
            f"SUMMARY:{users[span.user].username}",
            f"DTSTART:{_moment(span.start)}",
            f"DTEND:{_moment(span.end)}",
            "END:VEVENT",
        )
    ]
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//oncall//", *events, "END:VCALENDAR", ""]
    return FakeResponse(200, _KIND, "\r\n".join(lines).encode())


def _moment(moment: datetime) -> str:
    return seconds_stamp(moment).replace("-", "").replace(":", "")


def _spans(context: Context, schedules: Iterable[FakeSchedule]) -> list[FakeSpan]:
    start, end = context.now - _EXPORTED, context.now + _EXPORTED
    return [span for each in schedules for span in final_spans(context.world, each, start, end)]


def _refused() -> FakeResponse:
    return FakeResponse(403, _KIND, json.dumps({"detail": "Invalid token."}).encode())


def _is_token(context: Context, owner: FakeSchedule | FakeUser | None) -> bool:
    return owner is not None and context.last("token") == (owner.export_token or object())


def _schedule(context: Context) -> FakeResponse:
    schedule = context.world.store(FakeSchedule).get(context.id)
    if schedule is None or not _is_token(context, schedule):
        return _refused()
    return _calendar(context, _spans(context, [schedule]))


def _user(context: Context) -> FakeResponse:
    user = context.world.store(FakeUser).get(context.id)
    if user is None or not _is_token(context, user):
        return _refused()
    everything = context.world.store(FakeSchedule).values()
    schedules = [each for each in everything if may_be_on_call(context.world, each, user.id)]
    return _calendar(context, [span for span in _spans(context, schedules) if span.user == user.id])


EXPORT_SCHEDULE = Operation(
    "export_schedule",
    "GET",
    "schedules/{id}/export",
    "none",
    _schedule,
    has_own_token=True,
)
EXPORT_USER_SCHEDULE = Operation(
    "export_user_schedule",
    "GET",
    "users/{id}/schedule_export",
    "none",
    _user,
    has_own_token=True,
)
