"""Schedules."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from grafana_oncall._core.keywords import explain_keywords
from grafana_oncall.testing._objects.chat import FakeSlackChannel, FakeUserGroup
from grafana_oncall.testing._objects.schedules import (
    FakeSchedule,
    FakeShift,
    FakeSpan,
    ScheduleType,
)
from grafana_oncall.testing._server.additions import Additions
from grafana_oncall.testing._server.arguments import MOMENT, NAME, one_of
from grafana_oncall.testing._server.context import Context, Operation
from grafana_oncall.testing._server.fields import (
    Check,
    FieldError,
    as_bool,
    as_mapping,
    as_text,
    checked,
    is_mapping,
    nullable,
    related_ids,
    team,
    text,
)
from grafana_oncall.testing._server.responses import FakeResponse, detail, json_response, refused
from grafana_oncall.testing._server.state import FakeTeam, FakeUser
from grafana_oncall.testing._server.world import World
from grafana_oncall.testing.clock import seconds_stamp

from .calendars import EXPORT_SCHEDULE
from .collection import Collection
from .selection import all_of, equal_or_empty, in_team
from .swapping import final_spans, on_call_at
from .writes import Writes, set_fields

_TYPE = one_of(get_args(ScheduleType))
_TIMES = ("%Y-%m-%dT%H:%M", "%Y-%m-%d")
_LONGEST = timedelta(days=365)
_REQUIRED: dict[str, tuple[str, ...]] = {
    "calendar": ("name", "time_zone"),
    "ical": ("name", "ical_url_primary"),
    "web": ("name", "time_zone"),
}
_SHOWN: dict[str, tuple[str, ...]] = {
    "calendar": ("time_zone", "shifts", "ical_url_overrides", "enable_web_overrides"),
    "ical": ("ical_url_primary", "ical_url_overrides"),
    "web": ("time_zone", "shifts"),
}


def _time_zone(value: Any) -> str:
    name = as_text(value)
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError) as error:
        raise FieldError("Invalid timezone") from error


def _calendar_url(value: Any) -> str:
    """Return the URL of a calendar; the server cannot download any of a host in `.invalid`."""
    url = as_text(value)
    host = urlsplit(url).hostname or ""
    if not url.startswith(("http://", "https://")) or host.endswith(".invalid"):
        raise FieldError("Ical download failed")
    return url


def _slack(world: World) -> Check:
    channels = {each.slack_id for each in world.store(FakeSlackChannel).values()}
    groups = {each.slack_id for each in world.store(FakeUserGroup).values()}

    def known(value: Any, ids: set[str], noun: str) -> str | None:
        if value is None:
            return None
        if not ids:
            raise detail(400, "Slack isn't connected to this workspace")
        if not isinstance(value, str):
            raise FieldError({f"{noun}_id": [f"Invalid Slack {noun.replace('_', ' ')}"]})
        if value.upper() not in ids:
            text = f"Slack {noun.replace('_', ' ')} does not exist"
            raise FieldError({f"{noun}_id": [text]})
        return value.upper()

    def check(value: Any) -> dict[str, str | None]:
        given = as_mapping(value)
        nouns = {"channel": channels, "user_group": groups}
        return {
            f"{noun}_id": known(given[f"{noun}_id"], ids, noun)
            for noun, ids in nouns.items()
            if f"{noun}_id" in given
        }

    return check


def _checks(world: World, kind: str) -> dict[str, Check]:
    checks = {
        "time_zone": _time_zone,
        "shifts": related_ids(world.store(FakeShift)),
        "ical_url_primary": _calendar_url,
        "ical_url_overrides": nullable(_calendar_url if kind == "ical" else as_text),
        "enable_web_overrides": as_bool,
    }
    return {
        "name": text(200),
        "team_id": team(world.store(FakeTeam)),
        "slack": _slack(world),
        **{name: checks[name] for name in _SHOWN[kind]},
    }


def _fields(context: Context, item: FakeSchedule | None) -> dict[str, Any]:
    body = context.data()
    if item is not None:
        return checked(_checks(context.world, item.type), body)
    if not is_mapping(body):
        return checked({}, body)
    if "type" not in body:
        raise refused(400, {"type": "This field is required"})
    kind = body["type"]
    if not isinstance(kind, str) or kind not in _REQUIRED:
        raise refused(400, {"type": "Invalid type"})
    return {"type": kind, **checked(_checks(context.world, kind), body, _REQUIRED[kind])}


def _check(context: Context, item: FakeSchedule | None, given: dict[str, Any]) -> None:
    kind = given["type"] if item is None else item.type
    shifts = context.world.store(FakeShift)
    if kind == "calendar" and any(
        shifts[each].type == "override" for each in given.get("shifts", [])
    ):
        raise detail(400, "Shifts of type override are not supported in this schedule")
    if item is not None and kind == "web" and context.world.flavour == "oss":
        raise detail(400, "Web schedule update is not enabled through API")


def _update(context: Context, item: FakeSchedule, given: dict[str, Any]) -> None:
    set_fields(context, item, {**given, "slack": {**item.slack, **given.get("slack", {})}})


def _create(context: Context, given: dict[str, Any]) -> FakeSchedule:
    slack = given.pop("slack", {})
    item = context.world.add(FakeSchedule(id=context.world.ids.new("S"), **given))
    item.slack |= slack
    return item


def _show(world: World, item: FakeSchedule) -> dict[str, Any]:
    return {
        "id": item.id,
        "team_id": item.team_id,
        "name": item.name,
        **{name: getattr(item, name) for name in _SHOWN[item.type]},
        "on_call_now": on_call_at(world, item, world.clock()),
        "slack": item.slack,
        "type": item.type,
    }


def _date(value: Any) -> datetime:
    """Return the beginning of a day; the time is dropped."""
    for form in _TIMES:
        try:
            return datetime.strptime(str(value), form).replace(hour=0, minute=0, tzinfo=UTC)
        except ValueError:
            continue
    text = "Date has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm, YYYY-MM-DD."
    raise FieldError(text)


def final_shifts(context: Context) -> FakeResponse:
    """List who is on call when, on one page."""
    item, names = SCHEDULES.find(context), ("start_date", "end_date")
    given = {name: context.last(name) for name in names if name in context.query}
    days = checked(dict.fromkeys(names, _date), given, names)
    start, end = days["start_date"], days["end_date"]
    if start > end:
        problem = "start_date must be less than or equal to end_date"
        raise refused(400, {"non_field_errors": [problem]})
    if end - start > _LONGEST:
        problem = "The difference between start_date and end_date must be less than one year"
        raise refused(400, {"non_field_errors": [f"{problem} (365 days)"]})
    last = end + timedelta(hours=23, minutes=59, seconds=59)
    found = final_spans(context.world, item, start, last)
    envelope = {"page_size": 50, "current_page_number": 1, "total_pages": 1}
    results = [_show_span(context.world, span) for span in found]
    links = {"count": len(found), "next": None, "previous": None}
    return json_response(200, {**links, "results": results, **envelope})


def _show_span(world: World, span: FakeSpan) -> dict[str, str | None]:
    user = world.store(FakeUser)[span.user]
    return {
        "user_pk": user.id,
        "user_email": user.email,
        "user_username": user.username,
        "shift_start": seconds_stamp(span.start),
        "shift_end": seconds_stamp(span.end),
    }


SCHEDULES = Collection(
    name="schedules",
    kind=FakeSchedule,
    show=_show,
    filters=all_of(equal_or_empty("name"), in_team),
    writes=Writes(
        prefix="S",
        role="editor",
        fields=_fields,
        check=_check,
        create=_create,
        update=_update,
    ),
    extra=(
        Operation(
            "list_final_shifts", "GET", "schedules/{id}/final_shifts", "viewer", final_shifts
        ),
        EXPORT_SCHEDULE,
    ),
)


class AddSchedules(Additions):
    """Add schedules."""

    @explain_keywords
    def add_schedule(
        self,
        name: str,
        *,
        type: ScheduleType = "calendar",
        on_call: Iterable[FakeUser] = (),
        spans: Iterable[tuple[FakeUser, datetime, datetime]] = (),
        time_zone: str = "UTC",
        team_id: str | None = None,
        id: str | None = None,
    ) -> FakeSchedule:
        """Add a schedule; a test says who is on call, now and when, or leaves it to shifts.

        `on_call` are on call at all times, and each user of `spans` from a start to an end. Both
        can be changed later, as the attributes of these names. While both are empty, who is on call
        follows from the shifts whose ids are in the attribute `shifts`.
        """
        NAME(name=name, time_zone=time_zone)
        NAME.or_none(team_id=team_id, id=id)
        _TYPE(type=type)
        found = [FakeSpan(user.id, start, end) for user, start, end in spans]
        for span in found:
            MOMENT(start=span.start, end=span.end)
        schedule = FakeSchedule(
            id=id or self._world.ids.new("S"),
            name=name,
            type=type,
            team_id=team_id,
            time_zone=None if type == "ical" else time_zone,
            ical_url_primary=f"https://calendar.test/{name}.ics" if type == "ical" else None,
            on_call=[user.id for user in on_call],
            spans=found,
        )
        return self._world.add(schedule)
