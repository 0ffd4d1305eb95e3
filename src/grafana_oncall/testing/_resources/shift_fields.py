"""Members of on-call shifts: how the server reads each, and what each type of shift has."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast
from zoneinfo import available_timezones

from grafana_oncall.testing._server.fields import FieldError, as_list, integer, related_ids
from grafana_oncall.testing._server.responses import crashed, detail
from grafana_oncall.testing._server.state import FakeUser
from grafana_oncall.testing._server.time_fields import as_duration
from grafana_oncall.testing._server.world import World

from .positions import LARGEST

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_DAY_NAMES = ", ".join(map(repr, _DAYS))
_FREQUENCIES = ("hourly", "daily", "weekly", "monthly")
_BADTIME = "Invalid datetime format, should be \"yyyy-mm-dd'T'hh:mm:ss\""

RULE = ("frequency", "interval", "until", "week_start", "by_day", "by_month", "by_monthday")
MEMBERS = {
    "single_event": ("level", "users"),
    "recurrent_event": ("level", "users", *RULE),
    "rolling_users": ("level", "rolling_users", "start_rotation_from_user_index", *RULE),
    "override": ("users",),
}
"""What each type has beside what all have."""
TYPED = (*dict.fromkeys(name for names in MEMBERS.values() for name in names),)
"""What some types have."""


def one_of(values: tuple[str, ...], refusal: str) -> Callable[[Any], str]:
    """Return the check of a choice, which ends the request without a look at the rest."""

    def check(value: Any) -> str:
        if value is None:
            raise FieldError("This field may not be null.")
        if value not in values:
            raise detail(400, refusal)
        return str(value)

    return check


def as_type(value: Any) -> str:
    """Return the type of a shift."""
    return one_of((*MEMBERS,), "Invalid shift type")(value)


def as_frequency(value: Any) -> str | None:
    """Return a frequency or null."""
    return None if value is None else one_of(_FREQUENCIES, "Invalid frequency type")(value)


def as_week_start(value: Any) -> str:
    """Return a day of the week."""
    text = "Invalid day format for week start field. Should be one of the following: "
    return one_of(_DAYS, text + _DAY_NAMES)(value)


def as_interval(value: Any) -> int | None:
    """Return a whole number above zero, or null."""
    number = None if value is None else integer()(value)
    if number is not None and not 0 < number <= LARGEST:
        raise detail(400, "Invalid value for interval")
    return number


def as_seconds(value: Any) -> int:
    """Return whole seconds, from a number or from a clock; zero and less are accepted."""
    return int(as_duration(value).total_seconds())


def as_index(value: Any) -> int | None:
    """Return a whole number from zero, or null; it may be beyond the list."""
    return None if value is None else integer(0)(value)


def as_zone(value: Any) -> str | None:
    """Return the name of a time zone, or null."""
    if value is not None and str(value) not in available_timezones():
        raise FieldError("Invalid timezone")
    return None if value is None else str(value)


def items(fits: Callable[[Any], bool], refusal: str) -> Callable[[Any], list[Any] | None]:
    """Return the check of a list; an empty one counts as null."""

    def check(value: Any) -> list[Any] | None:
        if value is None or value == []:
            return None
        if not all(map(fits, as_list(value))):
            raise detail(400, refusal)
        return [*value]

    return check


def _whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and least <= value <= most


as_days = items(
    lambda day: day in _DAYS, f"Invalid day value in by_day field. Valid values: {_DAY_NAMES}"
)
as_months = items(
    lambda month: _whole(month, 1, 12),
    "Invalid month value in by_month field. Valid values: from 1 to 12",
)
as_monthdays = items(
    lambda day: _whole(day, -31, 31) and day != 0,
    "Invalid monthday value in by_monthday field. Valid values: from 1 to 31 and from -31 to -1",
)


def as_turns(world: World) -> Callable[[Any], list[list[str]] | None]:
    """Return the check of lists of ids of users, all of which must exist."""

    def turn(value: Any) -> list[str]:
        if not isinstance(value, str | list):
            raise crashed()
        unknown = {str(each) for each in cast("Iterable[object]", value)} - {*world.store(FakeUser)}
        if unknown:
            listed = ", ".join(map(repr, sorted(unknown)))
            raise FieldError(f"User does not exist {{{listed}}}")
        known: list[str] = related_ids(world.store(FakeUser))(value)  # sorted
        return known

    def check(value: Any) -> list[list[str]] | None:
        turns: list[list[str]] = []
        errors: dict[str, Any] = {}
        for number, each in enumerate([] if value is None else as_list(value)):
            try:
                turns.append(turn(each))
            except FieldError as error:
                errors[str(number)] = error.errors
        if errors:
            raise FieldError(errors)
        return turns or None

    return check
