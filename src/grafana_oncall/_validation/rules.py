"""Rules for several members of a body together: the specification names one with `x-rules`.

Each gets the valid members, and yields what the server certainly refuses: a problem in words, and
the member to change.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any


def swap_period(members: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield that a shift swap does not end after its start."""
    match members:
        case {"swap_start": datetime() as start, "swap_end": datetime() as end} if end <= start:
            yield "it must be after swap_start", "swap_end"
        case _:
            pass


def recurrence(members: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield that an on-call shift cannot come again in this way."""
    match members:
        case {"frequency": "weekly", **others} if "week_start" not in others:
            yield "needed for a weekly frequency", "week_start"
        case {"type": "rolling_users", "frequency": "daily", **others}:
            yield from _daily_turns(others)
        case _:
            pass


def _daily_turns(members: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if members.get("by_monthday"):
        yield "people who take turns daily cannot be limited to days of the month", "by_monthday"
    days = members.get("by_day")
    if days and members.get("interval", 1) > len(days):
        yield "it must not exceed the number of days in by_day", "interval"
