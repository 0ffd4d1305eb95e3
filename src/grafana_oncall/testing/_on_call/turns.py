"""Turns: the shift of users who take turns is, as on the server, a recurrent one for each turn."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import cycle, islice
from math import lcm

import attrs

from grafana_oncall.testing._objects.schedules import FakeShift

from .recurrence import DAYS, clock_time, end_of, starts, week_start

_DAY = timedelta(days=1)
_FEW = 31 * _DAY


def recurrent(shift: FakeShift, last: datetime) -> list[FakeShift]:
    """Return the shifts that together are this one until a time, each with `users` of its own."""
    if shift.type in {"single_event", "recurrent_event"}:
        return [shift]
    turns, index = shift.rolling_users or [], shift.start_rotation_from_user_index or 0
    turns = [*turns[index:], *turns[:index]]
    if not turns or shift.frequency is None:
        return [_turn(shift, users, clock_time(shift.start)) for users in turns[:1]]
    if shift.frequency == "daily" and shift.by_day:
        return [*_by_days(shift, turns)]
    return [*_by_periods(shift, turns, last)]


def _turn(shift: FakeShift, users: list[str], start: datetime) -> FakeShift:
    return attrs.evolve(shift, users=users, start=start.isoformat())


def _by_days(shift: FakeShift, turns: list[list[str]]) -> Iterator[FakeShift]:
    """Yield a weekly shift for each day and turn, which is as many of the days as the interval."""
    days, interval = {*(shift.by_day or ())}, shift.interval or 1
    count = lcm(interval * len(turns), len(days))
    each_day = attrs.evolve(shift, interval=1, start=_first(shift).isoformat())
    begin = clock_time(each_day.start)
    weekly = attrs.evolve(shift, frequency="weekly", interval=count // len(days))
    for number, start in enumerate(
        islice(starts(each_day, begin, begin + count * 7 * _DAY), count)
    ):
        turn = _turn(weekly, turns[number // interval % len(turns)], start)
        yield attrs.evolve(turn, by_day=[DAYS[start.weekday()]])


def _by_periods(shift: FakeShift, turns: list[list[str]], last: datetime) -> Iterator[FakeShift]:
    """Yield a shift for each turn, which is an hour, day, week or month, or several of them.

    Turns before the start of the rotation are passed over.
    """
    start, made = _first(shift), 0
    spaced = attrs.evolve(shift, interval=(shift.interval or 1) * len(turns))
    for users in cycle(turns):
        if start >= clock_time(shift.rotation_start):
            yield _turn(spaced, users, start)
            made += 1
        start = _found(attrs.evolve(shift, start=start.isoformat()), _next_period(shift, start))
        if made == len(turns) or start > last:
            return


def _first(shift: FakeShift) -> datetime:
    """Return the first start; if it is on no day of the shift, it moves to the first in a week."""
    start = _found(shift, clock_time(shift.start))
    if not shift.by_day or DAYS[start.weekday()] in shift.by_day:
        return start
    first_day = week_start(shift)
    wanted = min((DAYS.index(day) - first_day) % 7 for day in shift.by_day) + first_day
    return start + (wanted - start.weekday()) % 7 * _DAY


def _found(shift: FakeShift, lower: datetime) -> datetime:
    """Return the first start from a time on, in its week or month; the time itself if none is."""
    earliest, latest = lower, lower + _FEW
    if shift.frequency in {"weekly", "monthly"}:
        earliest = max(lower, clock_time(shift.rotation_start))
        latest = _last_day(shift, lower)
    latest = min(latest, end_of(shift) or latest)
    return next(iter(starts(shift, earliest, latest)), lower)


def _last_day(shift: FakeShift, day: datetime) -> datetime:
    if shift.frequency == "weekly":
        return day + (week_start(shift) - day.weekday() - 1) % 7 * _DAY
    return day.replace(day=monthrange(day.year, day.month)[1])


def _next_period(shift: FakeShift, start: datetime) -> datetime:
    """Return from when on the next turn can start; of hours and days, the rule has the interval."""
    if shift.frequency == "hourly":
        return start + timedelta(hours=1)
    if shift.frequency == "daily":
        return start + _DAY
    last, more = _last_day(shift, start), (shift.interval or 1) - 1
    if shift.frequency == "weekly":
        return last + _DAY + more * 7 * _DAY
    for _ in range(more):
        last = _last_day(shift, last + _DAY)
    return last + _DAY
