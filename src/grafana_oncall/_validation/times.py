"""Times in queries: each function returns what is sent, or raises InvalidArgument."""

from datetime import UTC, date, datetime, timedelta

from grafana_oncall._core.text import shown
from grafana_oncall._core.types import UNSET, UnsetType
from grafana_oncall.errors import InvalidArgument, TimeRangeError


def moment(name: str, value: object) -> str | UnsetType:
    """Return an aware datetime as ISO 8601 in UTC; None is left out."""
    if value is None:
        return UNSET
    if not isinstance(value, datetime):
        message = f"{name}={shown(value)}: an aware datetime is needed."
        raise InvalidArgument(message, argument=name)
    return _in_utc(name, value).replace(tzinfo=None).isoformat() + "Z"


def day(name: str, value: object) -> str | UnsetType:
    """Return a date, or an aware datetime as whole minutes of UTC; None is left out."""
    match value:
        case None:
            return UNSET
        case datetime():
            in_utc = _in_utc(name, value).replace(tzinfo=None)
            return in_utc.isoformat(timespec="minutes")
        case date():
            return value.isoformat()
        case _:
            message = f"{name}={shown(value)}: a date, or an aware datetime, is needed."
            raise InvalidArgument(message, argument=name)


def time_range(started_at: object) -> str | UnsetType:
    """Return `start_end` in UTC, widened to whole seconds; the server includes both ends."""
    match started_at:
        case None:
            return UNSET
        case (datetime() as start, datetime() as end):
            first, last = _in_utc("started_at", start), _in_utc("started_at", end)
        case _:
            raise _bad_time(
                "started_at", started_at, "a pair (start, end) of aware datetimes is needed"
            )
    if first > last:
        raise _bad_time("started_at", started_at, "it ends before it starts")
    if last.microsecond:
        last = _in_utc("started_at", end, later=timedelta(seconds=1))
    return f"{_wire_time(first)}_{_wire_time(last)}"


def _wire_time(time: datetime) -> str:
    return time.replace(microsecond=0, tzinfo=None).isoformat()


def _in_utc(name: str, time: datetime, later: timedelta = timedelta(0)) -> datetime:
    if time.utcoffset() is None:
        raise _bad_time(name, time, "it is naive; give it a time zone, as in datetime.now(UTC)")
    try:
        return time.astimezone(UTC) + later
    except OverflowError:
        raise _bad_time(name, time, "it is outside the calendar") from None


def _bad_time(name: str, value: object, reason: str) -> TimeRangeError:
    return TimeRangeError(f"{name}={shown(value)}: {reason}.", argument=name)
