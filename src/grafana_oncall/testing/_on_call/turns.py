"""Turns: the shift of users who take turns is, as on the server, a recurrent one for each turn."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import MAXYEAR, date, datetime, time
from functools import lru_cache
from itertools import cycle, islice
from math import lcm

import attrs

from grafana_oncall.testing._objects.schedules import FakeShift

from .recurrence import DAYS, Dated, clock_time, end_of, plus, starts, week_start

_FEW = 31  # days


def recurrent(shift: FakeShift, end: datetime) -> Sequence[Dated]:
    """Return the shifts that together are this one until a moment, each with `users` of its own."""
    if shift.type in {"single_event", "recurrent_event"}:
        return [Dated.of(shift)]
    turns = tuple(tuple(users) for users in shift.rolling_users or ())
    return _recurrent(Dated.of(shift), turns, shift.start_rotation_from_user_index, end.date())


@lru_cache(maxsize=512)
def _recurrent(
    dated: Dated, _turns: tuple[tuple[str, ...], ...], _index: int | None, last: date
) -> Sequence[Dated]:
    return [*map(Dated.of, _made(dated.shift, last))]


def _made(shift: FakeShift, last: date) -> list[FakeShift]:
    turns, index = shift.rolling_users or [], shift.start_rotation_from_user_index or 0
    turns = [*turns[index:], *turns[:index]]
    if not turns or shift.frequency is None:
        return [_turn(shift, users, clock_time(shift.start)) for users in turns[:1]]
    if shift.frequency == "daily" and shift.by_day:
        return [*_by_days(shift, turns)]
    # The clock of no zone is ahead of UTC by more than a day.
    return [*_by_periods(shift, turns, plus(datetime.combine(last, time.max), days=1))]


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
        islice(starts(each_day, begin, plus(begin, weeks=count)), count)
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
    return plus(start, days=(wanted - start.weekday()) % 7)


def _found(shift: FakeShift, lower: datetime) -> datetime:
    """Return the first start from a time on, in its week or month; the time itself if none is."""
    earliest, latest = lower, plus(lower, days=_FEW)
    if shift.frequency in {"weekly", "monthly"}:
        earliest = max(lower, clock_time(shift.rotation_start))
        latest = _last_day(shift, lower)
    latest = min(latest, end_of(shift) or latest)
    return next(iter(starts(shift, earliest, latest)), lower)


def _last_day(shift: FakeShift, day: datetime) -> datetime:
    if shift.frequency == "weekly":
        return plus(day, days=(week_start(shift) - day.weekday() - 1) % 7)
    return day.replace(day=monthrange(day.year, day.month)[1])


def _next_period(shift: FakeShift, start: datetime) -> datetime:
    """Return from when on the next turn can start; of hours and days, the rule has the interval."""
    if shift.frequency == "hourly":
        return plus(start, hours=1)
    if shift.frequency == "daily":
        return plus(start, days=1)
    interval = shift.interval or 1
    if shift.frequency == "weekly":
        return plus(_last_day(shift, start), days=1, weeks=interval - 1)
    years, month = divmod(start.month - 1 + interval, 12)
    if start.year + years > MAXYEAR:
        return plus(start, weeks=5 * interval)  # which is later still
    return start.replace(year=start.year + years, month=month + 1, day=1)
