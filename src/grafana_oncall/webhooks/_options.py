"""Checks of the times that a router is made with."""

import math
from datetime import timedelta

from grafana_oncall._core.text import shown
from grafana_oncall.errors import InvalidArgument


def seconds(name: str, value: object) -> float:
    """A time in seconds, zero or more."""
    number = value.total_seconds() if isinstance(value, timedelta) else value
    if isinstance(number, int | float) and not isinstance(number, bool) and 0 <= number < math.inf:
        return float(number)
    message = f"{name}={shown(value)}: seconds or a timedelta, zero or more, is needed."
    raise InvalidArgument(message, argument=name)


def seconds_or_none(name: str, value: object) -> float | None:
    """A time in seconds, or None for as long as it takes."""
    return None if value is None else seconds(name, value)
