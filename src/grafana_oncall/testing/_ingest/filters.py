"""The filters of templates that Jinja does not have: the server's own.

Where a value does not fit, all of them give `None`, as on the server, and the template goes on.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

_CLOCK = "%H:%M / %d-%m-%Y"
_AMOUNT = re.compile(r"(-?\d+)([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def _or_none(convert: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(convert)
    def filtered(*args: Any, **kwargs: Any) -> Any:
        with suppress(AttributeError, KeyError, OSError, OverflowError, TypeError, ValueError):
            return convert(*args, **kwargs)
        return None

    return filtered


def _decode(value: str) -> str:
    return base64.b64decode(value).decode()


def _format(value: Any, format: str = _CLOCK) -> str:
    return str(value.strftime(format))


def _format_in_zone(value: Any, format: str = _CLOCK, tz: str = "UTC") -> str:
    return _format(value.astimezone(ZoneInfo(tz)), format)


def _match(value: str, pattern: str) -> bool:
    return bool(re.match(pattern, value))


def _moment(value: float) -> datetime:
    return datetime.fromtimestamp(value, UTC)


def _parse(value: str, format: str = _CLOCK) -> datetime:
    return datetime.strptime(value, format)  # noqa: DTZ007  # the format may have a zone, or none


def _parse_timedelta(value: str) -> timedelta | None:
    match = _AMOUNT.fullmatch(value)
    return match and timedelta(**{_UNITS[match[2]]: int(match[1])})


def _pretty(value: Any) -> str:
    return json.dumps(value, sort_keys=True, indent=4, ensure_ascii=False)


def _replace(value: str, find: str, replace: str) -> str:
    return re.sub(find, replace, value)


def _search(value: str, pattern: str) -> bool:
    return bool(re.search(pattern, value))


_CONVERSIONS: dict[str, Callable[..., Any]] = {
    "b64decode": _decode,
    "datetimeformat": _format,
    "datetimeformat_as_timezone": _format_in_zone,
    "datetimeparse": _parse,
    "iso8601_to_time": datetime.fromisoformat,
    "json_dumps": json.dumps,
    "parse_json": json.loads,
    "regex_match": _match,
    "regex_replace": _replace,
    "regex_search": _search,
    "timedeltaparse": _parse_timedelta,
    "timestamp_to_datetime": _moment,
    "tojson_pretty": _pretty,
}
FILTERS = {name: _or_none(convert) for name, convert in _CONVERSIONS.items()}
"""Each by its name in templates; any other, besides Jinja's, is a syntax error."""
