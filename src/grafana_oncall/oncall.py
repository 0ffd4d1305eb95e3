"""Who is on call when: pure arithmetic, spans in and spans out.

    timeline = Timeline(
        start=datetime(2026, 3, 2, tzinfo=UTC),
        end=datetime(2026, 3, 9, tzinfo=UTC),
        spans=[OnCallSpan("alice", monday, thursday), OnCallSpan("bob", thursday, saturday)],
    )
    timeline.at(tuesday)            # ("alice",)
    timeline.gaps()                 # (Stretch(users=(), start=saturday, …),)
    timeline.hours_per_user()       # {"alice": 72.0, "bob": 48.0}

A start belongs to its span, an end does not. Times are kept in UTC: two times of one zone differ by
what its clocks show, which are set forward and back.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Generator, Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import attrs

from grafana_oncall._core.serializable import Serializable
from grafana_oncall._core.text import shown
from grafana_oncall._core.tracebacks import ShortTracebacks
from grafana_oncall._core.types import AwareDatetime
from grafana_oncall.errors import InvalidArgument

__all__ = ["OnCallSpan", "Stretch", "Timeline"]


def __dir__() -> list[str]:
    return sorted(__all__)


_HOUR = timedelta(hours=1)


def _utc(time: object) -> datetime:
    if not isinstance(time, datetime) or time.utcoffset() is None:
        message = f"{shown(time)}: an aware datetime is needed, as in datetime.now(UTC)."
        raise InvalidArgument(message, argument="time")
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise InvalidArgument(f"{shown(time)} is outside the calendar.", argument="time") from None


def _check_order(start: datetime, end: datetime) -> None:
    if end < start:
        message = f"end={end.isoformat()}: it is before start={start.isoformat()}."
        raise InvalidArgument(message, argument="end")


@attrs.frozen
class OnCallSpan(ShortTracebacks, Serializable):
    """One person who is on call from a start to an end."""

    user: str
    """Name of the user."""
    start: AwareDatetime = attrs.field(converter=_utc)
    """In UTC, whatever zone it was given in."""
    end: AwareDatetime = attrs.field(converter=_utc)
    """In UTC; it does not belong to the span any more."""
    user_id: str | None = None
    """Id of the user, where it is known."""

    def __attrs_post_init__(self) -> None:
        _check_order(self.start, self.end)

    @property
    def duration(self) -> timedelta:
        """Elapsed time, whatever clocks were set forward or back meanwhile."""
        return self.end - self.start


@attrs.frozen
class Stretch(Serializable):
    """A time during which the same people are on call, if any, and no others."""

    users: tuple[str, ...]
    """Their names, sorted."""
    start: AwareDatetime = attrs.field(converter=_utc)
    """In UTC."""
    end: AwareDatetime = attrs.field(converter=_utc)
    """In UTC; it does not belong to the stretch any more."""

    @property
    def duration(self) -> timedelta:
        """Elapsed time."""
        return self.end - self.start


def _as_tuple(spans: Iterable[OnCallSpan]) -> tuple[OnCallSpan, ...]:
    return tuple(spans)


@attrs.frozen
class Timeline(ShortTracebacks, Serializable):
    """Who is on call within a window.

    Spans are cut to the window, those of one user that touch or overlap are merged, and those of no
    length are dropped.
    """

    start: AwareDatetime = attrs.field(converter=_utc)
    """Start of the window, in UTC."""
    end: AwareDatetime = attrs.field(converter=_utc)
    """End of the window, in UTC; it does not belong to the window any more."""
    spans: tuple[OnCallSpan, ...] = attrs.field(converter=_as_tuple)
    """Sorted by start, then by name."""

    def __attrs_post_init__(self) -> None:
        _check_order(self.start, self.end)
        object.__setattr__(self, "spans", tuple(_merged(self._cut())))

    def _cut(self) -> Generator[OnCallSpan]:
        for span in self.spans:
            start, end = max(span.start, self.start), min(span.end, self.end)
            if start < end:
                yield attrs.evolve(span, start=start, end=end)

    def stretches(self) -> tuple[Stretch, ...]:
        """Cut the window wherever who is on call changes; the stretches cover all of it."""
        if self.start == self.end:
            return ()
        changes = {self.start: Counter[str](), self.end: Counter[str]()}
        for span in self.spans:
            changes.setdefault(span.start, Counter())[span.user] += 1
            changes.setdefault(span.end, Counter())[span.user] -= 1
        present, found = Counter[str](), list[Stretch]()
        for start, end in pairwise(sorted(changes)):
            present.update(changes[start])
            users = tuple(sorted(+present))
            if found and found[-1].users == users:
                found[-1] = attrs.evolve(found[-1], end=end)
            else:
                found.append(Stretch(users, start, end))
        return tuple(found)

    def gaps(self) -> tuple[Stretch, ...]:
        """Return when nobody is on call."""
        return tuple(stretch for stretch in self.stretches() if not stretch.users)

    def overlaps(self) -> tuple[Stretch, ...]:
        """Return when several people are on call at once."""
        return tuple(stretch for stretch in self.stretches() if len(stretch.users) > 1)

    def at(self, moment: datetime) -> tuple[str, ...]:
        """Return the names of those who are on call at a moment of the window.

        Raises:
            InvalidArgument: The moment is naive, or outside the window.
        """
        time, stretches = self._within(moment), self.stretches()
        starts = [stretch.start for stretch in stretches]
        return stretches[bisect_right(starts, time) - 1].users

    def next_after(self, moment: datetime) -> tuple[OnCallSpan, ...]:
        """Return the spans that are the first to start after a moment; none if none does.

        They are several where several people start at once. Whoever is on call already, and goes
        on, is not among them.

        Raises:
            InvalidArgument: The moment is naive, or outside the window.
        """
        time = self._within(moment)
        later = [span for span in self.spans if span.start > time]
        return tuple(span for span in later if span.start == later[0].start)

    def hours_per_user(self) -> dict[str, float]:
        """Return the elapsed hours that each user is on call, sorted by name.

        A day on which clocks are set has 23 or 25. Hours of several people at once count for each.
        """
        total: dict[str, timedelta] = {}
        for stretch in self.stretches():
            for user in stretch.users:
                total[user] = total.get(user, timedelta(0)) + stretch.duration
        return {user: total[user] / _HOUR for user in sorted(total)}

    def _within(self, moment: datetime) -> datetime:
        time = _utc(moment)
        if not self.start <= time < self.end:
            message = (
                f"{shown(moment)}: it is not within {self.start.isoformat()} and "
                f"{self.end.isoformat()}, which this timeline knows."
            )
            raise InvalidArgument(message, argument="moment")
        return time


def _merged(spans: Iterable[OnCallSpan]) -> Iterable[OnCallSpan]:
    """Merge spans of one user that touch or overlap."""
    open_spans: dict[tuple[str, str | None], OnCallSpan] = {}
    found: list[OnCallSpan] = []
    for span in sorted(spans, key=lambda span: span.start):
        who = span.user, span.user_id
        before = open_spans.get(who)
        if before is not None and span.start <= before.end:
            open_spans[who] = attrs.evolve(before, end=max(before.end, span.end))
            continue
        if before is not None:
            found.append(before)
        open_spans[who] = span
    return sorted([*found, *open_spans.values()], key=lambda span: (span.start, span.user))
