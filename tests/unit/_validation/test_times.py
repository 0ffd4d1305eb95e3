"""Times in queries: checked, and written as the server reads them."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from grafana_oncall import UNSET
from grafana_oncall._validation.times import day, moment, time_range
from grafana_oncall.errors import InvalidArgument, TimeRangeError

WIRE = "%Y-%m-%dT%H:%M:%S"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
IN_BERLIN = datetime(2026, 3, 1, 12, 0, 59, 500000, tzinfo=timezone(timedelta(hours=1)))


@pytest.mark.parametrize(
    ("start", "end", "wire"),
    [
        pytest.param(
            NOON,
            NOON + timedelta(hours=1),
            "2026-03-01T12:00:00_2026-03-01T13:00:00",
            id="whole seconds",
        ),
        pytest.param(NOON, NOON, "2026-03-01T12:00:00_2026-03-01T12:00:00", id="one moment"),
        pytest.param(
            NOON + timedelta(microseconds=1),
            NOON + timedelta(microseconds=2),
            "2026-03-01T12:00:00_2026-03-01T12:00:01",
            id="fractions are widened",
        ),
        pytest.param(
            datetime(2026, 3, 1, 0, tzinfo=timezone(timedelta(hours=2))),
            datetime(2026, 3, 1, 0, tzinfo=timezone(timedelta(hours=-5, minutes=-30))),
            "2026-02-28T22:00:00_2026-03-01T05:30:00",
            id="other zones",
        ),
        pytest.param(
            datetime(999, 1, 1, tzinfo=UTC),
            NOON,
            "0999-01-01T00:00:00_2026-03-01T12:00:00",
            id="a year of three digits",
        ),
    ],
)
def test_a_time_range_is_sent_in_utc(start: datetime, end: datetime, wire: str) -> None:
    """The server accepts neither time zones nor fractions."""
    assert time_range((start, end)) == wire
    assert time_range([start, end]) == wire


class Nowhere(tzinfo):
    """A time zone that does not know its offset."""

    def utcoffset(self, _: datetime | None, /) -> None:
        """Return None: unknown."""

    def dst(self, _: datetime | None, /) -> None:
        """Return None: unknown."""

    def tzname(self, _: datetime | None, /) -> None:
        """Return None: unknown."""


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param((NOON.replace(tzinfo=None), NOON), "it is naive", id="naive start"),
        pytest.param((NOON, NOON.replace(tzinfo=None)), "it is naive", id="naive end"),
        pytest.param((NOON.replace(tzinfo=Nowhere()), NOON), "it is naive", id="no offset"),
        pytest.param((NOON, NOON - timedelta(seconds=1)), "it ends before", id="reversed"),
        pytest.param(
            (NOON + timedelta(microseconds=2), NOON + timedelta(microseconds=1)),
            "it ends before",
            id="reversed within a second",
        ),
        pytest.param((NOON,), "a pair", id="one"),
        pytest.param((NOON, NOON, NOON), "a pair", id="three"),
        pytest.param((None, NOON), "a pair", id="open start"),
        pytest.param((NOON, None), "a pair", id="open end"),
        pytest.param((date(2026, 3, 1), date(2026, 3, 2)), "a pair", id="dates"),
        pytest.param("2026-03-01T00:00:00_2026-03-02T00:00:00", "a pair", id="the wire's string"),
        pytest.param(("2026-03-01", "2026-03-02"), "a pair", id="strings"),
        pytest.param(NOON, "a pair", id="a moment"),
        pytest.param({"start": NOON, "end": NOON}, "a pair", id="mapping"),
        pytest.param((1, 2), "a pair", id="numbers"),
        pytest.param(
            (datetime.min.replace(tzinfo=timezone(timedelta(hours=1))), NOON),
            "outside the calendar",
            id="before year one in UTC",
        ),
        pytest.param(
            (NOON, datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))),
            "outside the calendar",
            id="after year 9999 in UTC",
        ),
        pytest.param(
            (NOON, datetime.max.replace(tzinfo=UTC)),
            "outside the calendar",
            id="after year 9999 when widened",
        ),
    ],
)
def test_a_bad_time_range_is_refused(value: object, reason: str) -> None:
    """With its own error class, which is a ValueError."""
    with pytest.raises(TimeRangeError, match=rf"^started_at=.*{reason}") as info:
        time_range(value)
    assert info.value.argument == "started_at"
    assert isinstance(info.value, ValueError)


ZONES = st.timezones() | st.integers(-1439, 1439).map(lambda m: timezone(timedelta(minutes=m)))
MOMENTS = st.datetimes(
    datetime(1000, 1, 2),  # noqa: DTZ001  # hypothesis gives the zone
    datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=ZONES,
)


@given(MOMENTS, MOMENTS)
def test_the_range_sent_includes_the_range_requested(start: datetime, end: datetime) -> None:
    """It can be parsed, is in UTC, and not a second wider than needed."""
    assume(start.astimezone(UTC) <= end.astimezone(UTC))
    sent = time_range((start, end))
    assert isinstance(sent, str)
    first, last = (
        datetime.strptime(moment, WIRE).replace(tzinfo=UTC) for moment in sent.split("_")
    )
    assert timedelta(0) <= start.astimezone(UTC) - first < timedelta(seconds=1)
    assert timedelta(0) <= last - end.astimezone(UTC) < timedelta(seconds=1)


@pytest.mark.parametrize(
    ("check", "value", "wire"),
    [
        pytest.param(moment, NOON, "2026-03-01T12:00:00Z", id="a moment"),
        pytest.param(moment, IN_BERLIN, "2026-03-01T11:00:59.500000Z", id="in another zone"),
        pytest.param(day, date(2026, 3, 1), "2026-03-01", id="a date"),
        pytest.param(day, NOON, "2026-03-01T12:00", id="a day with its time"),
        pytest.param(day, IN_BERLIN, "2026-03-01T11:00", id="whole minutes of UTC"),
        pytest.param(moment, None, UNSET, id="no moment"),
        pytest.param(day, None, UNSET, id="no day"),
    ],
)
def test_a_time_is_sent_in_utc(check: Callable[..., object], value: object, wire: object) -> None:
    """None is left out."""
    assert check("start", value) == wire


@pytest.mark.parametrize("value", ["2026-03-01", 5, True, timedelta(1), [NOON], b"2026-03-01"])
@pytest.mark.parametrize("check", [moment, day])
def test_what_is_no_time_is_refused(check: Callable[..., object], value: object) -> None:
    """Also the text that would be sent, of which nobody knows the zone."""
    with pytest.raises(InvalidArgument, match=r"^start=.*an aware datetime.* is needed") as info:
        check("start", value)
    assert info.value.argument == "start"


def test_a_date_is_no_moment() -> None:
    """It has no time."""
    with pytest.raises(InvalidArgument, match="an aware datetime is needed"):
        moment("start", date(2026, 3, 1))


@pytest.mark.parametrize("check", [moment, day])
def test_a_naive_time_is_refused_by_its_name(check: Callable[..., object]) -> None:
    """As everywhere."""
    with pytest.raises(TimeRangeError, match=r"^start=.*it is naive; give it a time zone") as info:
        check("start", NOON.replace(tzinfo=None))
    assert info.value.argument == "start"
