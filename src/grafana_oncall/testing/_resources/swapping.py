"""Who is on call in a schedule, once its shift swaps are applied."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import takewhile
from operator import attrgetter

from grafana_oncall.testing._objects.schedules import FakeSchedule, FakeShift, FakeSpan
from grafana_oncall.testing._objects.swaps import FakeShiftSwap
from grafana_oncall.testing._on_call.spans import spans_of
from grafana_oncall.testing._server.world import World


def final_spans(
    world: World,
    schedule: FakeSchedule,
    start: datetime,
    end: datetime,
    *,
    before: FakeShiftSwap | None = None,
) -> list[FakeSpan]:
    """Return who is on call between these times, in order, cut to them.

    Swaps are applied one after the other; with `before`, only those that are older than this one.
    """
    spans = _spans(world, schedule, start, end)
    swaps: Iterable[FakeShiftSwap] = world.store(FakeShiftSwap).values()
    if before is not None:
        swaps = takewhile(lambda swap: swap is not before, swaps)
    taken = [swap for swap in swaps if swap.benefactor and swap.schedule == schedule.id]
    for swap in taken:
        spans = [part for span in spans for part in swap.applied(span)]
    return sorted(spans, key=attrgetter("start"))


def may_be_on_call(world: World, schedule: FakeSchedule, user: str) -> bool:
    """Whether a user is ever on call in a schedule, as far as its shifts and swaps name people."""
    shifts = [world.store(FakeShift)[each] for each in schedule.shifts]
    turns = [turn for shift in shifts for turn in (shift.users, *(shift.rolling_users or ()))]
    swaps = world.store(FakeShiftSwap).values()
    takers = [swap.benefactor for swap in swaps if swap.schedule == schedule.id]
    spans = [span.user for span in schedule.spans]
    return any(user in people for people in (schedule.on_call, spans, takers, *turns))


def _spans(world: World, schedule: FakeSchedule, start: datetime, end: datetime) -> list[FakeSpan]:
    """Return what a test says, or if it says nothing, what the shifts do."""
    if schedule.on_call or schedule.spans:
        return schedule.within(start, end)
    shifts = world.store(FakeShift)
    return spans_of(schedule, [shifts[each] for each in schedule.shifts], start, end)


def on_call_at(world: World, schedule: FakeSchedule, moment: datetime) -> list[str]:
    """Return the ids of the users who are on call at a moment."""
    spans = final_spans(world, schedule, moment, moment + timedelta.resolution)
    return [*dict.fromkeys(span.user for span in spans)]
