"""What who is on call is worked out from: windows, their ranges of days, and final shifts."""

from collections.abc import Generator, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final, TypeAlias, cast

from grafana_oncall._core.text import shown
from grafana_oncall._generated.models.schedules import FinalShift, Schedule
from grafana_oncall._generated.models.users import User, UserRole
from grafana_oncall.errors import InvalidArgument
from grafana_oncall.oncall import OnCallSpan, Timeline

ScheduleLike: TypeAlias = str | Schedule
"""Id or exact name of a schedule, or the object."""

LONGEST: Final = timedelta(days=365)
"""What the server takes at once."""
_END: Final = datetime.max.replace(tzinfo=UTC)
_UNKNOWN: Final = UserRole("unknown")


def window_of(start: datetime, length: timedelta) -> Timeline:
    """Return the window of this length, within the calendar, from an aware moment on."""
    first = Timeline(start, start, ()).start
    return Timeline(first, first + min(length, _END - first), ())


def span_of(shift: FinalShift) -> OnCallSpan:
    """Return a final shift as a span with the name of its user."""
    return OnCallSpan(
        user=shift.user_username or shift.user_email or shift.user_pk,
        start=shift.shift_start,
        end=max(shift.shift_start, shift.shift_end),  # the server takes negative durations
        user_id=shift.user_pk,
    )


def unknown_user(user_id: str, name: str) -> User:
    """Return what is known of a user whom the list of users does not have."""
    return User(id=user_id, username=name, role=_UNKNOWN)


def years(window: Timeline) -> Generator[tuple[date, date]]:
    """Yield ranges of at most 365 days that cover a window.

    The server leaves out the last second of a range, so each begins on the last day of the one
    before, and the last one ends a day later.
    """
    first = window.start.date()
    last = min(window.end, _END - timedelta(days=1)).date() + timedelta(days=1)
    while True:
        end = first + min(LONGEST, last - first)
        yield first, end
        if end == last:
            return
        first = end


def checked(item: object) -> ScheduleLike:
    """Return what can stand for a schedule."""
    if isinstance(item, Schedule) or (isinstance(item, str) and item):
        return item
    message = f"schedules={shown(item)}: ids, names or objects of schedules are needed."
    raise InvalidArgument(message, argument="schedules")


def several(schedules: ScheduleLike | Iterable[ScheduleLike]) -> list[ScheduleLike]:
    """Return one schedule or several, each once."""
    given = cast("object", schedules)
    if isinstance(given, Iterable) and not isinstance(given, str | Schedule):
        return [*dict.fromkeys(map(checked, cast("Iterable[object]", given)))]
    return [checked(given)]


def day_of(value: date) -> date:
    """Return the day in UTC."""
    return value.astimezone(UTC).date() if isinstance(value, datetime) else value
