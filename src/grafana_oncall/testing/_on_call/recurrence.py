"""When a shift recurs, by the clock of its time zone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from itertools import takewhile
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

import attrs

from grafana_oncall.testing._objects.schedules import FakeShift

if TYPE_CHECKING:
    from dateutil.rrule import rrule

MISSING = (
    "who is on call by shifts that recur needs python-dateutil: "
    "pip install '.[testing]', in a checkout of grafana-oncall-sdk"
)
_MARGIN = 86_400  # seconds: more than a clock is ever changed by
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_FREQUENCIES: Mapping[str, Literal[1, 2, 3, 4]] = {
    "monthly": 1,
    "weekly": 2,
    "daily": 3,
    "hourly": 4,
}
"""As dateutil numbers them."""
_PERIODS = {"hourly": 3600, "daily": 86_400, "weekly": 7 * 86_400}
"""Their lengths in seconds, where all have the same."""


def clock_time(text: str) -> datetime:
    """Return a time of a shift, which has no zone."""
    return datetime.fromisoformat(text).replace(tzinfo=None)


def week_start(shift: FakeShift) -> int:
    """Return the first day of a shift's weeks, counted from Monday; it is Sunday if not given."""
    return DAYS.index(shift.week_start or "SU")


def plus(moment: datetime, **amount: float) -> datetime:
    """Return a time that is so much later, no further than the calendar goes."""
    try:
        return moment + timedelta(**amount)
    except OverflowError:
        return _end_of_time(later=sum(amount.values()) > 0, zone=moment.tzinfo)


def _end_of_time(*, later: bool, zone: tzinfo | None) -> datetime:
    end = datetime(MAXYEAR, 12, 31, 23, 59, 59, tzinfo=zone)
    return end if later else datetime(MINYEAR, 1, 1, tzinfo=zone)


def _by_clock_of(moment: datetime, zone: tzinfo) -> datetime:
    """Return what a clock of a zone shows, no further than the calendar goes."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return _end_of_time(later=moment.year > MINYEAR, zone=zone)


def moment(shown: datetime, zone: ZoneInfo) -> datetime:
    """Return when a clock of a zone shows a time.

    Standard time is meant where the clock shows it twice or, as summer time begins, never.
    """
    readings = (shown.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    return max(_by_clock_of(reading, UTC) for reading in readings)


def starts(shift: FakeShift, first: datetime, last: datetime) -> Iterable[datetime]:
    """Return the starts between two times, both included; that of the shift is always one."""
    start = clock_time(shift.start)
    itself = [start] if first <= start <= last else []
    if shift.frequency is None:
        return itself
    found = _between(_rule(shift, start, first), first, last)
    return [*itself, *(each for each in found if each != start)]


def _between(rule: rrule, first: datetime, last: datetime) -> Iterator[datetime]:
    with suppress(ValueError):  # of dateutil, for the days of a week after the last of the calendar
        yield from takewhile(lambda each: each <= last, rule.xafter(first, inc=True))


def _rule(shift: FakeShift, start: datetime, first: datetime) -> rrule:
    """Return the rule of a shift, for the times from one on."""
    try:
        # An extra, imported only when it is used.
        from dateutil.rrule import rrule  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(MISSING) from error
    return rrule(
        _FREQUENCIES[shift.frequency or ""],
        dtstart=_latest_period(shift, start, first),
        interval=shift.interval or 1,
        wkst=week_start(shift),
        byweekday=[DAYS.index(day) for day in shift.by_day] if shift.by_day else None,
        bymonth=shift.by_month,
        bymonthday=shift.by_monthday,
    )


def _latest_period(shift: FakeShift, start: datetime, before: datetime) -> datetime:
    """Return the start, or that of a later period before a time: a rule counts from there on."""
    passed = int((before - start).total_seconds())
    if shift.frequency not in _PERIODS or passed <= 0:
        return start
    length = _PERIODS[shift.frequency] * (shift.interval or 1)
    return plus(start, seconds=passed // length * length)


@attrs.frozen
class Dated:
    """A shift as a key of what is remembered: those are equal that say the same about times."""

    said: tuple[object, ...]
    shift: FakeShift = attrs.field(eq=False)

    @classmethod
    def of(cls, shift: FakeShift) -> Dated:
        """Return the key of a shift as it is now."""
        plain = (shift.type, shift.start, shift.duration, shift.frequency, shift.interval)
        more = (shift.week_start, shift.until, shift.rotation_start)
        lists = (shift.by_day, shift.by_month, shift.by_monthday)
        return cls((*plain, *more, *(each and tuple(each) for each in lists)), shift)


def occurrences(
    shift: Dated, zone: ZoneInfo, start: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    """Return from when until when a shift is, each time that it is between two moments."""
    found = _on_days(shift, zone, start.date(), end.date())
    return [(since, to) for since, to in found if since < end and start < to]


@lru_cache(maxsize=512)
def _on_days(
    dated: Dated, zone: ZoneInfo, first: date, last: date
) -> tuple[tuple[datetime, datetime], ...]:
    """Return the times of a shift on these days of UTC, those between, and a few around them."""
    shift = dated.shift
    begin, until = clock_time(shift.start), end_of(shift)
    finish = plus(begin, seconds=shift.duration)
    finish = min(finish, until or finish)
    # The server takes the length of the first one, and changes of the clock count in that.
    length = (moment(finish, zone) - moment(begin, zone)).total_seconds()
    earliest = plus(datetime.combine(first, time.min), seconds=-max(length, _MARGIN) - 2 * _MARGIN)
    latest = plus(datetime.combine(last, time.max), seconds=2 * _MARGIN)
    found = starts(shift, earliest, latest)
    spans = [(moment(each, zone), moment(plus(each, seconds=length), zone)) for each in found]
    last_start = until.replace(tzinfo=UTC) if until and shift.frequency else None
    return tuple(
        (since, to)
        for since, to in spans
        if since < to and (last_start is None or since <= last_start)
    )


def end_of(shift: FakeShift) -> datetime | None:
    """Return when a shift stops recurring, in UTC on the server."""
    return clock_time(shift.until) if shift.until else None
