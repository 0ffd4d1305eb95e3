"""Durations and times as people write them. Pure: the present moment is an argument."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from grafana_oncall import FOREVER
from grafana_oncall._core.text import shown
from grafana_oncall._validation.arguments import Forever

_UNITS: Final = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}
_DURATION: Final = re.compile(r"(?:\d+[wdhms])+")
_PART: Final = re.compile(r"(\d+)([wdhms])")
_CLOCK: Final = re.compile(r"(?:(today|tomorrow|yesterday) )?(\d{1,2}):(\d\d)(?::(\d\d))?")
_DAYS: Final = {"yesterday": -1, "today": 0, "tomorrow": 1}


def duration(text: str) -> timedelta:
    """Return the duration of a text such as `90s`, `2h` or `1d12h`.

    Raises:
        ValueError: It is none, or it is zero or longer than 68 years.
    """
    word = text.strip().lower()
    if not _DURATION.fullmatch(word):
        message = f"{shown(text)} is no duration; write it as in 90s, 30m, 2h, 1d12h or 2w."
        raise ValueError(message)
    try:
        total = sum((int(n) * _UNITS[unit] for n, unit in _PART.findall(word)), timedelta(0))
    except OverflowError:
        total = timedelta.max
    if not timedelta(0) < total <= timedelta(seconds=2**31 - 1):
        raise ValueError(f"{shown(text)}: a duration is from one second to 68 years.")
    return total


def silence(text: str) -> timedelta | Forever:
    """Return a duration, or `FOREVER` for that word."""
    return FOREVER if text.strip().lower() == "forever" else duration(text)


def moment(text: str, *, now: datetime, zone: tzinfo | None) -> datetime:
    """Return the moment of a text, aware.

    `now`; ISO 8601, such as `2026-03-02T09:00Z`, in `zone` without an offset; `9:00`, which is
    today; `today`, `tomorrow` or `yesterday 9:00`; and `2h ago` or `in 2h`.

    Args:
        text: What somebody wrote.
        now: The present moment, aware.
        zone: The zone of times that name none; None for that of this machine.

    Raises:
        ValueError: It is none of these, or it does not name one moment: it is a whole day, or
            clocks are set at that time.
    """
    word = _word(text)
    try:
        if word == "now":
            return now
        if word.startswith("in "):
            return now + duration(word.removeprefix("in "))
        if word.endswith(" ago"):
            return now - duration(word.removesuffix(" ago"))
        if found := _CLOCK.fullmatch(word):
            return _on_clock(text, found, now.astimezone(zone).date(), zone)
    except OverflowError:
        raise _bad(text) from None
    if _DURATION.fullmatch(word):
        raise ValueError(f"{shown(text)} is no time; write {word} ago or in {word}.")
    if _day(word, now, zone) is not None:
        raise ValueError(f"{shown(text)} is a whole day; write a time of it, as in {word} 9:00.")
    return _iso(text, zone)


def past(text: str, *, now: datetime, zone: tzinfo | None) -> datetime:
    """Return the moment of a text where only the past makes sense: `2h` is `2h ago`."""
    word = _word(text)
    return moment(f"{word} ago" if _DURATION.fullmatch(word) else text, now=now, zone=zone)


def past_start(text: str, *, now: datetime, zone: tzinfo | None) -> datetime:
    """Return the moment of a text from which something counts: that of a day is its start."""
    day = _day(_word(text), now, zone)
    if day is None:
        return past(text, now=now, zone=zone)
    return _in_zone(text, datetime.combine(day, time()), zone)


def _word(text: str) -> str:
    return " ".join(text.split()).lower()


def _day(word: str, now: datetime, zone: tzinfo | None) -> date | None:
    """Return the day that a text names without a time."""
    if word in _DAYS:
        return now.astimezone(zone).date() + timedelta(days=_DAYS[word])
    try:
        return date.fromisoformat(word.upper())
    except ValueError:
        return None


def _on_clock(text: str, found: re.Match[str], today: date, zone: tzinfo | None) -> datetime:
    day, hour, minute, second = found.groups()
    on = today + timedelta(days=_DAYS[day or "today"])
    try:
        local = datetime(on.year, on.month, on.day, int(hour), int(minute), int(second or 0))  # noqa: DTZ001  # of `zone`
    except ValueError:
        raise _bad(text) from None
    return _in_zone(text, local, zone)


def _iso(text: str, zone: tzinfo | None) -> datetime:
    try:
        local = datetime.fromisoformat(text.strip().upper())
    except ValueError:
        raise _bad(text) from None
    return local if local.tzinfo is not None else _in_zone(text, local, zone)


def _in_zone(text: str, local: datetime, zone: tzinfo | None) -> datetime:
    """Return the moment when the clocks of a zone show a time, if they do so once."""
    try:
        first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    except (OverflowError, ValueError):  # at the ends of the calendar
        raise _bad(text) from None
    if first == second:
        return first
    # Clocks that are set forward never show the time: there and back again, it is another one.
    back = first.astimezone(zone).replace(tzinfo=None, fold=0)
    how = "comes twice" if back == local else "does not exist"
    message = (
        f"{shown(text)} {how} in this time zone, because clocks are set: give its offset, as in "
        "2026-10-25T02:30+01:00."
    )
    raise ValueError(message)


def _bad(text: str) -> ValueError:
    return ValueError(
        f"{shown(text)} is no time; write it as in now, 9:00, tomorrow 9:00, 2026-03-02T09:00Z, "
        "2h ago or in 2h."
    )
