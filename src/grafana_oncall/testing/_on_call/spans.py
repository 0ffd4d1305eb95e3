"""Who is on call by shifts: overrides come first, then higher levels before lower ones."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter, itemgetter
from zoneinfo import ZoneInfo

from grafana_oncall.testing._objects.schedules import FakeSchedule, FakeShift, FakeSpan

from .recurrence import occurrences
from .turns import recurrent

_Interval = tuple[datetime, datetime]


def spans_of(
    schedule: FakeSchedule, shifts: Iterable[FakeShift], start: datetime, end: datetime
) -> list[FakeSpan]:
    """Return who is on call between these times by the shifts of a schedule, in order, cut to them.

    Users of the same level are on call together.
    """
    found: list[FakeSpan] = []
    for _, level in groupby(sorted(shifts, key=_rank, reverse=True), key=_rank):
        spans = [span for shift in level for span in _spans(schedule, shift, start, end)]
        busy = _merged(found)
        found += [part for span in spans for part in _outside(span, busy)] if busy else spans
    return sorted(found, key=attrgetter("start"))


def _rank(shift: FakeShift) -> tuple[bool, int]:
    return shift.type == "override", max(shift.level, 0)


def _spans(
    schedule: FakeSchedule, shift: FakeShift, start: datetime, end: datetime
) -> Iterator[FakeSpan]:
    # The server takes UTC, and not the zone of the schedule, for the shifts of a web schedule.
    zone = ZoneInfo(shift.time_zone or (schedule.type != "web" and schedule.time_zone) or "UTC")
    for turn in recurrent(shift, end):
        users = dict.fromkeys(turn.shift.users)
        for since, until in occurrences(turn, zone, start, end) if users else ():
            for user in users:
                yield FakeSpan(user, max(since, start), min(until, end))


def _merged(spans: Iterable[FakeSpan]) -> list[_Interval]:
    merged: list[_Interval] = []
    for since, until in sorted((span.start, span.end) for span in spans):
        if merged and since <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], until))
        else:
            merged.append((since, until))
    return merged


def _outside(span: FakeSpan, busy: Sequence[_Interval]) -> Iterator[FakeSpan]:
    """Yield the parts of a span in which nobody is on call yet."""
    start = span.start
    for since, until in busy[bisect_right(busy, start, key=itemgetter(1)) :]:
        if since >= span.end:
            break
        if start < since:
            yield FakeSpan(span.user, start, since)
        start = until
    if start < span.end:
        yield FakeSpan(span.user, start, span.end)
