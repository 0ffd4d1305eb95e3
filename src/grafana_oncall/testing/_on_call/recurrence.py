"""When a shift recurs, by the clock of its time zone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from grafana_oncall.testing._objects.schedules import FakeShift

if TYPE_CHECKING:
    from dateutil.rrule import rrule

MISSING = (
    "who is on call by shifts that recur needs python-dateutil: "
    "pip install '.[testing]', in a checkout of grafana-oncall-sdk"
)
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_FREQUENCIES: Mapping[str, Literal[1, 2, 3, 4]] = {
    "monthly": 1,
    "weekly": 2,
    "daily": 3,
    "hourly": 4,
}
"""As dateutil numbers them."""


def clock_time(text: str) -> datetime:
    """Return a time of a shift, which has no zone."""
    return datetime.fromisoformat(text).replace(tzinfo=None)


def week_start(shift: FakeShift) -> int:
    """Return the first day of a shift's weeks, counted from Monday; it is Sunday if not given."""
    return DAYS.index(shift.week_start or "SU")


def moment(time: datetime, zone: ZoneInfo) -> datetime:
    """Return when a clock of a zone shows a time.

    Standard time is meant where the clock shows it twice or, as summer time begins, never.
    """
    readings = (time.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    return max(reading.astimezone(UTC) for reading in readings)


def starts(shift: FakeShift, first: datetime, last: datetime) -> Iterable[datetime]:
    """Return the starts between two times, both included; that of the shift is always one."""
    start = clock_time(shift.start)
    itself = [start] if first <= start <= last else []
    if shift.frequency is None:
        return itself
    found = _rule(shift, start).between(first, last, inc=True)
    return [*itself, *(each for each in found if each != start)]


def _rule(shift: FakeShift, start: datetime) -> rrule:
    try:
        # An extra, imported only when it is used.
        from dateutil.rrule import rrule  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(MISSING) from error
    return rrule(
        _FREQUENCIES[shift.frequency or ""],
        dtstart=start,
        interval=shift.interval or 1,
        wkst=week_start(shift),
        byweekday=[DAYS.index(day) for day in shift.by_day] if shift.by_day else None,
        bymonth=shift.by_month,
        bymonthday=shift.by_monthday,
    )


def occurrences(
    shift: FakeShift, zone: ZoneInfo, start: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    """Return from when until when a shift is, each time that it is between two moments."""
    begin, until = clock_time(shift.start), end_of(shift)
    finish = begin + timedelta(seconds=shift.duration)
    finish = min(finish, until or finish)
    # The server takes the length of the first one, and changes of the clock count in that.
    length = moment(finish, zone) - moment(begin, zone)
    margin = timedelta(days=1)  # more than a clock is ever changed by
    found = starts(
        shift, _shown(start, zone) - max(length, margin) - margin, _shown(end, zone) + margin
    )
    spans = [(moment(each, zone), moment(each + length, zone)) for each in found]
    last = until.replace(tzinfo=UTC) if until and shift.frequency else None
    return [
        (since, to)
        for since, to in spans
        if since < to and since < end and start < to and (last is None or since <= last)
    ]


def end_of(shift: FakeShift) -> datetime | None:
    """Return when a shift stops recurring, in UTC on the server."""
    return clock_time(shift.until) if shift.until else None


def _shown(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)
