"""Validation of durations and times, with the messages of Django REST framework."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from .fields import Check, FieldError, within
from .responses import detail

_LOCAL = "%Y-%m-%dT%H:%M:%S"
_AWARE = (f"{_LOCAL}Z", f"{_LOCAL}.%fZ", f"{_LOCAL}%z", f"{_LOCAL}.%f%z")
_CLOCK = re.compile(r"(?:(\d{1,9}) )?(?:(?:(\d{1,9}):)?(\d{1,9}):)?(-?\d{1,9}(?:\.\d+)?)")


def seconds(least: int | None = None, most: int | None = None) -> Check:
    """Return the check of a number of seconds, also in a string; fractions are cut."""

    def check(value: Any) -> int:
        if value is None:
            raise FieldError("This field may not be null.")
        try:
            number = int(float(value))
        except (TypeError, ValueError, OverflowError) as error:
            raise FieldError("A valid number is required.") from error
        return within(number, least, most, lambda limit: timedelta(seconds=limit))

    return check


def as_duration(value: Any) -> timedelta:
    """Return a duration of seconds, or written as `[DD] [HH:[MM:]]ss[.uuuuuu]`; also a negative."""
    if value is None:
        raise FieldError("This field may not be null.")
    match = _CLOCK.fullmatch(str(value))
    if match is None:
        wanted = "[DD] [HH:[MM:]]ss[.uuuuuu]"
        text = f"Duration has wrong format. Use one of these formats instead: {wanted}."
        raise FieldError(text)
    days, hours, minutes, rest = (float(part or 0) for part in match.groups())
    try:
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=rest)
    except OverflowError as error:
        most = timedelta.max.days
        raise FieldError(f"The number of days must be between {-most} and {most}.") from error


def as_time_utc(value: Any) -> str:
    """Return a time of day in UTC, such as `09:00:00Z`."""
    if value is None:
        raise FieldError("This field may not be null.")
    try:
        return datetime.strptime(value, "%H:%M:%SZ").strftime("%H:%M:%SZ")  # noqa: DTZ007  # it has no date
    except (TypeError, ValueError) as error:
        text = "Time has wrong format. Use one of these formats instead: hh:mm:ssZ."
        raise FieldError(text) from error


def as_local_time(value: Any) -> str:
    """Return a date and time without a zone, such as `2026-12-01T09:00:00`."""
    try:
        return datetime.strptime(value, _LOCAL).isoformat()  # noqa: DTZ007  # it has no zone
    except (TypeError, ValueError) as error:
        wanted = "Invalid datetime format, should be \"yyyy-mm-dd'T'hh:mm:ss\""
        raise detail(400, wanted) from error


def as_aware_time(value: Any) -> datetime:
    """Return a date and time with seconds and a zone, in one of the four forms that are taken."""
    if value is None:
        raise FieldError("This field may not be null.")
    for form in _AWARE:
        try:
            moment = datetime.strptime(str(value), form)  # noqa: DTZ007  # the zone may be a letter
            return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
        except OverflowError as error:
            raise FieldError("Datetime value out of range.") from error
        except ValueError:
            continue
    day, clock = "YYYY-MM-DDThh:mm:ss", "[+HHMM|-HHMM]"
    wanted = ", ".join((f"{day}Z", f"{day}.uuuuuuZ", f"{day}{clock}", f"{day}.uuuuuu{clock}"))
    raise FieldError(f"Datetime has wrong format. Use one of these formats instead: {wanted}.")
