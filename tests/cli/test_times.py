"""Durations and times as people write them."""

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall import FOREVER
from grafana_oncall._cli.times import duration, moment, past, past_start, silence

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)


def read(text: str) -> datetime:
    """The moment of a text, for somebody in Berlin."""
    return moment(text, now=NOW, zone=BERLIN)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        (" 2H ", timedelta(hours=2)),
        ("1d12h", timedelta(hours=36)),
        ("2w", timedelta(weeks=2)),
    ],
)
def test_a_duration_is_written_with_units(text: str, expected: timedelta) -> None:
    """They add up."""
    assert duration(text) == expected


@pytest.mark.parametrize(
    "text", ["", "2", "h", "-2h", "2 h", "1.5h", "0s", "99999w", "9" * 30 + "w"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    """A number without a unit would mean minutes to some, and seconds to others."""
    with pytest.raises(ValueError, match="duration"):
        duration(text)


def test_a_silence_may_be_without_end() -> None:
    """By a word that no miscalculation produces."""
    assert silence("forever") is FOREVER
    assert silence("2h") == timedelta(hours=2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", NOW),
        ("9:00", datetime(2026, 3, 2, 9, tzinfo=BERLIN)),
        ("today 23:59:01", datetime(2026, 3, 2, 23, 59, 1, tzinfo=BERLIN)),
        ("tomorrow  9:00", datetime(2026, 3, 3, 9, tzinfo=BERLIN)),
        ("Yesterday 9:00", datetime(2026, 3, 1, 9, tzinfo=BERLIN)),
        ("2026-03-09T08:00", datetime(2026, 3, 9, 8, tzinfo=BERLIN)),
        ("2026-03-09 08:00", datetime(2026, 3, 9, 8, tzinfo=BERLIN)),
        ("2026-03-09t08:00z", datetime(2026, 3, 9, 8, tzinfo=UTC)),
        ("2h ago", NOW - timedelta(hours=2)),
        ("in 1d", NOW + timedelta(days=1)),
    ],
)
def test_a_time_is_that_of_the_clock_on_the_wall(text: str, expected: datetime) -> None:
    """Unless it has an offset of its own."""
    assert read(text) == expected


@pytest.mark.parametrize(
    "text", ["", "soon", "25:00", "9", "noon", "2026-13-01", "in 2", "ago", "3/2/2026", "monday"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    """The error shows how times are written."""
    with pytest.raises(ValueError, match="write it as in"):
        read(text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("2h", "write 2h ago or in 2h"),
        ("tomorrow", "as in tomorrow 9:00"),
        ("2026-03-09", "as in 2026-03-09 9:00"),
    ],
)
def test_what_may_mean_several_times_is_refused(text: str, hint: str) -> None:
    """The error has what it may have meant."""
    with pytest.raises(ValueError, match=hint):
        read(text)


def test_where_only_the_past_makes_sense_a_duration_is_ago() -> None:
    """A day still has many times, unless it is where something begins."""
    assert past("2h", now=NOW, zone=BERLIN) == past_start("2h", now=NOW, zone=BERLIN)
    assert past("2h", now=NOW, zone=BERLIN) == NOW - timedelta(hours=2)
    with pytest.raises(ValueError, match="is a whole day"):
        past("yesterday", now=NOW, zone=BERLIN)
    for text in ("yesterday", "2026-03-01", " Yesterday "):
        found = past_start(text, now=NOW, zone=BERLIN)
        assert found == datetime(2026, 3, 1, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("text", "now"),
    [
        ("2000w ago", datetime(20, 1, 1, tzinfo=UTC)),
        ("in 2000w", datetime(9990, 1, 1, tzinfo=UTC)),
        ("tomorrow 9:00", datetime(9999, 12, 31, tzinfo=UTC)),
        ("0001-01-01T00:00", NOW),
    ],
)
def test_a_time_outside_the_calendar_is_refused(text: str, now: datetime) -> None:
    """At both of its ends."""
    with pytest.raises(ValueError, match="write it as in"):
        moment(text, now=now, zone=BERLIN)


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="Windows has no TZ")
def test_times_are_those_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the clocks of the day that is meant, not by those of today."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        assert moment("2026-07-01T09:00", now=NOW, zone=None) == datetime(2026, 7, 1, 7, tzinfo=UTC)
        with pytest.raises(ValueError, match="comes twice"):
            moment("2026-10-25T02:30", now=NOW, zone=None)
        with pytest.raises(ValueError, match="does not exist"):
            moment("2026-03-29T02:30", now=NOW, zone=None)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_time_that_clocks_never_show_is_refused() -> None:
    """In the night in which they are set forward."""
    with pytest.raises(ValueError, match="does not exist"):
        read("2026-03-29T02:30")


def test_a_time_that_clocks_show_twice_is_refused() -> None:
    """In the night in which they are set back; with an offset it is one moment."""
    with pytest.raises(ValueError, match="comes twice"):
        read("2026-10-25T02:30")
    assert read("2026-10-25T02:30+02:00") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@given(st.integers(0, 20 * 365 * 24 * 60))
def test_every_time_is_one_moment_or_refused(minutes: int) -> None:
    """What is read is what the clocks of the zone show then."""
    text = (NOW + timedelta(minutes=minutes)).replace(tzinfo=None).isoformat()
    try:
        found = read(text)
    except ValueError:
        return
    assert found.astimezone(UTC).astimezone(BERLIN).replace(tzinfo=None).isoformat() == text
