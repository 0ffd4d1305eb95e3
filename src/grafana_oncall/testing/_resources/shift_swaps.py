"""Shift swaps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from operator import attrgetter
from typing import Any

from grafana_oncall._core.keywords import explain_keywords
from grafana_oncall.testing._objects.schedules import FakeSchedule, FakeSpan
from grafana_oncall.testing._objects.swaps import FakeShiftSwap
from grafana_oncall.testing._server.additions import Additions
from grafana_oncall.testing._server.arguments import MOMENT, NAME
from grafana_oncall.testing._server.context import Context, Operation
from grafana_oncall.testing._server.fields import (
    Check,
    FieldError,
    checked,
    is_mapping,
    nullable,
    related,
    text,
)
from grafana_oncall.testing._server.responses import FakeResponse, crashed, detail, refused
from grafana_oncall.testing._server.state import FakeUser
from grafana_oncall.testing._server.time_fields import as_aware_time
from grafana_oncall.testing._server.world import World
from grafana_oncall.testing.clock import micros_stamp, seconds_stamp

from .collection import Collection
from .selection import all_of, equal
from .swapping import final_spans
from .writes import Writes, set_fields

_TIMES = ("swap_start", "swap_end")


def _checks(world: World) -> dict[str, Check]:
    return {
        "schedule": related(world.store(FakeSchedule)),
        "swap_start": as_aware_time,
        "swap_end": as_aware_time,
        "description": nullable(text(3000)),
    }


def _fields(context: Context, item: FakeShiftSwap | None) -> dict[str, Any]:
    body = context.data()
    is_partial = context.request.method == "PATCH"
    given = checked(_checks(context.world), body, () if is_partial else ("schedule", *_TIMES))
    _check_times(context, given)
    if item is None:
        return {**given, "beneficiary": _user(context, body, "beneficiary")}
    return given


def _check_times(context: Context, given: dict[str, Any]) -> None:
    start, end = (given.get(name) for name in _TIMES)
    if start is None and end is None:
        return
    if start is None or end is None:
        problem = (
            "when doing a partial update on time related fields, both start and end times must be "
            "specified"
        )
    elif context.now > start:
        problem = "swap_start must be a datetime in the future"
    elif start > end:
        problem = "swap_end must occur after swap_start"
    else:
        return
    raise refused(400, {"non_field_errors": [problem]})


def _user(context: Context, body: Any, name: str) -> str:
    if body is None:
        body = {}
    if not is_mapping(body):
        raise crashed()
    user = body.get(name)
    if not user:
        raise detail(400, f"{name} user ID is required")
    if not isinstance(user, str) or user not in context.world.store(FakeUser):
        raise detail(400, f"Invalid {name} user ID")
    return user


def _update(context: Context, item: FakeShiftSwap, given: dict[str, Any]) -> None:
    set_fields(context, item, {**given, "updated_at": context.now})


def _take(context: Context) -> FakeResponse:
    """Let a user take the shifts."""
    item = SHIFT_SWAPS.find(context)
    user = _user(context, context.data(), "benefactor")
    if user == item.beneficiary:
        raise detail(400, "A shift swap request cannot be created and taken by the same user")
    if item.status_at(context.now) != "open":
        raise detail(400, "The shift swap request is not in a state which allows it to be taken")
    _update(context, item, {"benefactor": user})
    return SHIFT_SWAPS.respond(200, context, item)


def _starting_after(context: Context) -> Callable[[FakeShiftSwap], bool]:
    """Return the filter that, by default, hides what has started, also from its own path."""
    since, text = context.now, context.last("starting_after")
    if text:
        try:
            since = as_aware_time(text)
        except FieldError as error:
            raise refused(400, error.errors) from error
    return lambda item: item.swap_start >= since


def _selected(context: Context) -> Callable[[FakeShiftSwap], bool]:
    schedule = context.last("schedule_id")
    only_open = context.last("open_only") == "true"
    return lambda item: (
        schedule in {"", item.schedule}
        and not (only_open and item.status_at(context.now) != "open")
    )


def _by_start(_: World, items: Iterable[FakeShiftSwap]) -> list[FakeShiftSwap]:
    return sorted(items, key=attrgetter("swap_start"))


def _show_listed(world: World, item: FakeShiftSwap) -> dict[str, Any]:
    return {
        "id": item.id,
        "created_at": micros_stamp(item.created_at),
        "updated_at": micros_stamp(item.updated_at),
        "status": item.status_at(world.clock()),
        "schedule": item.schedule,
        "swap_start": micros_stamp(item.swap_start),
        "swap_end": micros_stamp(item.swap_end),
        "description": item.description,
        "beneficiary": item.beneficiary,
        "benefactor": item.benefactor,
    }


def _show(world: World, item: FakeShiftSwap) -> dict[str, Any]:
    schedule = world.store(FakeSchedule)[item.schedule]
    spans = final_spans(world, schedule, item.swap_start, item.swap_end, before=item)
    is_over = item.status_at(world.clock()) == "past_due"
    shifts = [_show_shift(world, item, span) for span in spans if item.concerns(span)]
    return {**_show_listed(world, item), "shifts": [] if is_over else shifts}


def _show_shift(world: World, item: FakeShiftSwap, span: FakeSpan) -> dict[str, Any]:
    """Return an event of the schedule; a fake does not know which of the shifts it comes from."""
    swap: dict[str, Any] = {"pk": item.id}
    if item.benefactor is not None:
        swap["user"] = _show_user(world, item.beneficiary)
    user = _show_user(world, item.benefactor or item.beneficiary)
    return {
        "all_day": False,
        "start": seconds_stamp(span.start),
        "end": seconds_stamp(span.end),
        "users": [{**user, "swap_request": swap}],
        "missing_users": [],
        "priority_level": 0,
        "source": "api",
        "calendar_type": 0,
        "is_empty": False,
        "is_gap": False,
        "is_override": False,
        "shift": {"pk": None},
    }


def _show_user(world: World, id: str) -> dict[str, str | None]:
    user = world.store(FakeUser)[id]
    return {
        "display_name": user.username,
        "email": user.email,
        "pk": user.id,
        "avatar_full": f"{world.stack_url}/avatar/{user.id}",
    }


SHIFT_SWAPS = Collection(
    name="shift_swaps",
    kind=FakeShiftSwap,
    show=_show,
    show_listed=lambda context, item: _show_listed(context.world, item),
    filters=all_of(_selected, equal("beneficiary", "benefactor")),
    visible=_starting_after,
    order=_by_start,
    writes=Writes(
        prefix="SSR",
        role="editor",
        fields=_fields,
        defaults=lambda context: {"created_at": context.now},
        update=_update,
    ),
    extra=(Operation("take_shift_swap", "POST", "shift_swaps/{id}/take", "editor", _take),),
)


class AddShiftSwaps(Additions):
    """Add shift swaps."""

    @explain_keywords
    def add_shift_swap(
        self,
        schedule: FakeSchedule,
        beneficiary: FakeUser,
        *,
        start: datetime,
        end: datetime,
        benefactor: FakeUser | None = None,
        description: str | None = None,
        id: str | None = None,
    ) -> FakeShiftSwap:
        """Add a swap of the shifts of a user, also one of the past; with a benefactor, it is taken.

        Who is on call follows from it: in `final_shifts`, `on_call_now` and exports.
        """
        MOMENT(start=start, end=end)
        NAME.or_none(description=description, id=id)
        swap = FakeShiftSwap(
            id=id or self._world.ids.new("SSR"),
            schedule=schedule.id,
            swap_start=start,
            swap_end=end,
            beneficiary=beneficiary.id,
            benefactor=None if benefactor is None else benefactor.id,
            description=description,
            created_at=self._world.clock(),
        )
        return self._world.add(swap)
