"""On-call shifts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, get_args
from zoneinfo import ZoneInfo

from grafana_oncall._core.keywords import explain_keywords
from grafana_oncall.testing._objects.schedules import FakeSchedule, FakeShift, ShiftType
from grafana_oncall.testing._server.additions import Additions
from grafana_oncall.testing._server.arguments import NAME, WHOLE, one_of
from grafana_oncall.testing._server.context import Context
from grafana_oncall.testing._server.fields import (
    Check,
    checked,
    integer,
    is_mapping,
    nullable,
    related_ids,
    team,
    text,
)
from grafana_oncall.testing._server.responses import crashed, detail
from grafana_oncall.testing._server.state import FakeTeam, FakeUser
from grafana_oncall.testing._server.time_fields import as_local_time
from grafana_oncall.testing._server.world import World
from grafana_oncall.testing.clock import local_stamp

from .collection import Collection
from .selection import all_of, equal, in_team
from .shift_fields import (
    MEMBERS,
    TYPED,
    as_days,
    as_frequency,
    as_index,
    as_interval,
    as_monthdays,
    as_months,
    as_seconds,
    as_turns,
    as_type,
    as_week_start,
    as_zone,
)
from .writes import Writes, remove, set_fields

_TYPE = one_of(get_args(ShiftType))
_WEB = 0
_COMMON = ("name", "type", "time_zone", "level", "start", "duration", "rotation_start")


def _checks(world: World) -> dict[str, Check]:
    return {
        "type": as_type,
        "name": text(200),
        "team_id": team(world.store(FakeTeam)),
        "time_zone": as_zone,
        "level": integer(),
        "start": as_local_time,
        "duration": as_seconds,
        "rotation_start": as_local_time,
        "users": related_ids(world.store(FakeUser)),
        "rolling_users": as_turns(world),
        "start_rotation_from_user_index": as_index,
        "frequency": as_frequency,
        "interval": as_interval,
        "week_start": as_week_start,
        "until": nullable(as_local_time),
        "by_day": as_days,
        "by_month": as_months,
        "by_monthday": as_monthdays,
    }


def _fields(context: Context, item: FakeShift | None) -> dict[str, Any]:
    body = context.data()
    if not (body is None or is_mapping(body)):
        raise crashed()
    checks = _checks(context.world)
    if item is None:
        checks["name"] = nullable(text(200))
        given = checked(checks, body, ("type", "start", "duration"))
        given = _of_type(given["type"], given)
        _check_new(given, body or {})
    else:
        given = _of_type(body.get("type", item.type) if body else item.type, checked(checks, body))
        _check_week(given)
    _check_rolling(given if item is None else {**_members(item), **given})
    if given.get("type", item and item.type) == "override":
        users = given.get("users", item.users if item else [])
        given["rolling_users"] = _turns_of_override(body or {}, users)
    return given


def _turns_of_override(body: dict[str, Any], users: list[str]) -> list[list[str]] | None:
    """Return whom an override puts on call: only one that says it is of the web has anybody."""
    return [[user] for user in users] or None if body.get("source") == _WEB else None


def _of_type(kind: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that this type of shifts has; the server clears the others."""
    others = {*TYPED} - {*MEMBERS[kind]}
    return {name: value for name, value in given.items() if name not in others}


def _check_new(given: dict[str, Any], body: dict[str, Any]) -> None:
    if "frequency" not in MEMBERS[given["type"]]:
        return
    _need(given, "frequency")
    _check_week(given)
    if "interval" in body and body["interval"] is None:
        raise detail(400, "Field 'interval' must be a positive integer")
    given.setdefault("interval", 1)
    if given["type"] == "rolling_users":
        _need(given, "start_rotation_from_user_index")


def _need(given: dict[str, Any], name: str) -> None:
    if given.get(name) is None:
        raise detail(400, f"Field '{name}' is required for this on-call shift type")


def _check_week(given: dict[str, Any]) -> None:
    if given.get("frequency") == "weekly" and "week_start" not in given:
        raise detail(400, "Field 'week_start' is required for frequency type 'weekly'")


def _check_rolling(given: dict[str, Any]) -> None:
    if given["type"] != "rolling_users" or given.get("frequency") != "daily":
        return
    if given.get("by_monthday"):
        raise detail(
            400,
            "Day limits are temporarily disabled for on-call shifts with type 'rolling_users' and "
            "frequency 'daily'",
        )
    if given.get("by_day") and (given.get("interval") or 1) > len(given["by_day"]):
        raise detail(400, "Interval must be less than or equal to the number of selected days")


def _members(item: FakeShift) -> dict[str, Any]:
    return {name: getattr(item, name) for name in ("type", *TYPED)}


def _update(context: Context, item: FakeShift, given: dict[str, Any]) -> None:
    before = item.type
    set_fields(context, item, given)
    if item.type != before:
        for name in {*TYPED} - {*MEMBERS[item.type]} - {*given}:
            set_fields(context, item, {name: _EMPTY.get(name)})


_EMPTY: dict[str, Any] = {"level": 0, "users": []}


def _schedules(world: World, item: FakeShift) -> Iterator[FakeSchedule]:
    return (each for each in world.store(FakeSchedule).values() if item.id in each.shifts)


def _show(world: World, item: FakeShift) -> dict[str, Any]:
    first = next(_schedules(world, item), None)
    names = [*_COMMON, *MEMBERS[item.type]]
    shown = {name: getattr(item, name) for name in dict.fromkeys(names)}
    if item.frequency != "weekly":
        shown.pop("week_start", None)
    if item.type == "override":
        del shown["level"]
    return {
        "id": item.id,
        "team_id": item.team_id,
        "schedule": first and first.id,
        **shown,
    }


def _in_schedule(context: Context) -> Callable[[FakeShift], bool]:
    wanted = context.last("schedule_id")
    return lambda item: (
        not wanted or any(each.id == wanted for each in _schedules(context.world, item))
    )


def _by_shift(world: World) -> Mapping[str, list[str]]:
    """Return the ids of the schedules of each shift that has any."""
    found: dict[str, list[str]] = {}
    for schedule in world.store(FakeSchedule).values():
        for shift in dict.fromkeys(schedule.shifts):
            found.setdefault(shift, []).append(schedule.id)
    return found


def _by_schedule(world: World, items: Iterable[FakeShift]) -> Iterator[FakeShift]:
    """Yield a shift once for each of its schedules, as the join of the real server does."""
    schedules = _by_shift(world)
    pairs = [(schedule_id, item) for item in items for schedule_id in schedules.get(item.id, [""])]
    return (item for _, item in sorted(pairs, key=lambda pair: pair[0]))


def _delete(context: Context, item: FakeShift) -> None:
    """Delete a shift; one of a web schedule that has started is only ended."""
    schedules = [*_schedules(context.world, item)]
    zones = [item.time_zone, *(each.time_zone for each in schedules), "UTC"]
    zone = ZoneInfo(next(filter(None, zones)))
    started = datetime.fromisoformat(item.start).replace(tzinfo=zone) <= context.now
    if started and any(each.type == "web" for each in schedules):
        item.until = local_stamp(context.now.astimezone(UTC))
    else:
        remove(context, item)


ON_CALL_SHIFTS = Collection(
    name="on_call_shifts",
    kind=FakeShift,
    show=_show,
    filters=all_of(equal("name"), _in_schedule, in_team),
    order=_by_schedule,
    writes=Writes(prefix="O", role="editor", fields=_fields, update=_update, delete=_delete),
)


class AddShifts(Additions):
    """Add on-call shifts."""

    @explain_keywords
    def add_shift(
        self,
        name: str | None = None,
        *,
        type: ShiftType = "single_event",
        start: datetime,
        duration: int = 3600,
        users: Iterable[FakeUser] = (),
        id: str | None = None,
    ) -> FakeShift:
        """Add a shift; `start` has no zone, and `duration` is in seconds.

        A schedule has it when its `shifts` name it. What else a shift says, such as how often it
        recurs, are its attributes.
        """
        NAME.or_none(name=name, id=id)
        WHOLE(duration=duration)
        _TYPE(type=type)
        shift = FakeShift(
            id=id or self._world.ids.new("O"),
            type=type,
            name=name,
            start=local_stamp(start),
            duration=duration,
            users=[user.id for user in users],
        )
        if type == "override":
            shift.rolling_users = [shift.users]
        return self._world.add(shift)
