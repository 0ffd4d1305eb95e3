"""Who is on call by the shifts of a schedule: worked examples, and properties across the year."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grafana_oncall.testing._objects.schedules import FakeSchedule, FakeShift, FakeSpan
from grafana_oncall.testing._on_call.spans import spans_of
from tests.support.budget import budget

BERLIN = ZoneInfo("Europe/Berlin")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TURNS = [["ana"], ["bob"], ["eve"]]
EXAMPLES = budget(40, hunt=5_000)


def shift(start: str, hours: float = 8, **members: Any) -> FakeShift:
    """A shift of Ana, who takes turns with others if it has `rolling_users`."""
    kind = "recurrent_event" if "frequency" in members else "single_event"
    kind = "rolling_users" if "rolling_users" in members else kind
    given = {"id": "O1", "type": kind, "users": ["ana"], "duration": int(hours * 3600)}
    return FakeShift(**{**given, "start": start, **members})


def schedule(**members: Any) -> FakeSchedule:
    """A calendar, by UTC unless another zone is given."""
    return FakeSchedule(**{"id": "S1", "name": "x", "type": "calendar", **members})


def spans(
    *shifts: FakeShift, start: str = "2026-01-01", days: float = 365, **members: Any
) -> list[FakeSpan]:
    """Who is on call, by a schedule of these members, from midnight of a day on."""
    begin = datetime.fromisoformat(start).replace(tzinfo=UTC)
    return spans_of(schedule(**members), shifts, begin, begin + days * DAY)


def shown(found: list[FakeSpan]) -> list[str]:
    """Spans as `ana 02-01 09:00-17:00`, the end without its day."""
    return [f"{each.user} {each.start:%m-%d %H:%M}-{each.end:%H:%M}" for each in found]


def days(found: list[FakeSpan]) -> str:
    """The days on which spans start."""
    return " ".join(f"{each.start:%m-%d}" for each in found)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"frequency": "daily", "interval": 3}, "03-02 03-05 03-08 03-11 03-14"),
        ({"frequency": "daily", "by_day": ["SA", "SU"]}, "03-02 03-07 03-08 03-14 03-15"),
        ({"frequency": "weekly", "by_day": ["MO", "WE"]}, "03-02 03-04 03-09 03-11 03-16"),
        ({"frequency": "weekly", "until": "2026-03-09T09:00:00"}, "03-02 03-09"),
        ({"frequency": "weekly", "until": "2026-03-09T08:59:59"}, "03-02"),
        ({"frequency": "monthly", "by_monthday": [-17, 10]}, "03-02 03-10 03-15"),
        ({"frequency": "weekly", "by_month": [4]}, "03-02"),
        ({"frequency": "hourly", "interval": 120}, "03-02 03-07 03-12"),
        ({}, "03-02"),
    ],
)
def test_a_shift_recurs_by_its_rule(members: dict[str, Any], expected: str) -> None:
    """From its start on, which is one of its times even if the rule would not have it."""
    found = spans(shift("2026-03-02T09:00:00", **members), start="2026-02-20", days=25)
    assert days(found) == expected


@pytest.mark.parametrize(
    ("first_day", "expected"),
    [
        ("SU", "08-02 08-04 08-16 08-18 08-30 09-01"),
        (None, "08-02 08-04 08-16 08-18 08-30 09-01"),
        ("MO", "08-02 08-11 08-16 08-25 08-30"),
    ],
)
def test_weeks_begin_on_the_day_that_a_shift_says(first_day: str | None, expected: str) -> None:
    """By default on Sunday; it counts where only every second week has shifts."""
    members: dict[str, Any] = {"frequency": "weekly", "interval": 2, "by_day": ["SU", "TU"]}
    found = spans(shift("2026-08-02T09:00:00", week_start=first_day, **members), days=245)
    assert days(found) == expected


def test_months_without_such_a_day_have_no_shift() -> None:
    """The 31st is not moved; the last day is -1."""
    by_date = shift("2026-01-31T00:00:00", frequency="monthly")
    assert days(spans(by_date, days=200)) == "01-31 03-31 05-31"
    last = shift("2026-01-31T00:00:00", frequency="monthly", by_monthday=[-1])
    assert days(spans(last, days=150)) == "01-31 02-28 03-31 04-30"


@pytest.mark.parametrize(
    ("of_shift", "of_schedule", "start"),
    [
        (None, {"time_zone": "Europe/Berlin"}, "08:00"),
        ("America/New_York", {"time_zone": "Europe/Berlin"}, "14:00"),
        (None, {"time_zone": "Europe/Berlin", "type": "web"}, "09:00"),
        ("Europe/Berlin", {"time_zone": "UTC", "type": "web"}, "08:00"),
        (None, {"time_zone": None}, "09:00"),
    ],
)
def test_a_shift_is_in_its_own_zone_or_in_that_of_a_calendar_schedule(
    of_shift: str | None, of_schedule: dict[str, Any], start: str
) -> None:
    """The server reads the shifts of a web schedule by UTC."""
    [found] = spans(shift("2026-01-05T09:00:00", time_zone=of_shift), **of_schedule)
    assert f"{found.start:%H:%M}" == start


def test_a_shift_keeps_its_hours_when_the_clocks_change() -> None:
    """Berlin went forward on 29 March and back on 25 October."""
    nights = shift("2026-03-01T22:00:00", 8, frequency="daily", time_zone="Europe/Berlin")
    assert shown(spans(nights, start="2026-03-28T12:00", days=2)) == [
        "ana 03-28 21:00-04:00",
        "ana 03-29 20:00-04:00",
    ]
    assert shown(spans(nights, start="2026-10-24T12:00", days=2)) == [
        "ana 10-24 20:00-05:00",
        "ana 10-25 21:00-05:00",
    ]


def test_a_shift_whose_first_time_lost_an_hour_is_an_hour_short_for_good() -> None:
    """As on the server, which takes the length of the first one."""
    members = {"frequency": "daily", "time_zone": "Europe/Berlin"}
    found = spans(shift("2026-03-28T22:00:00", 8, **members), start="2026-03-28", days=3)
    assert shown(found) == [
        "ana 03-28 21:00-03:00",
        "ana 03-29 20:00-03:00",
        "ana 03-30 20:00-00:00",
    ]


def test_an_hour_that_the_clock_shows_twice_or_never_is_read_as_standard_time() -> None:
    """02:30 in Berlin, on the nights when the clocks change."""
    odd = [
        shift(f"2026-{day}T02:30:00", 3, time_zone="Europe/Berlin") for day in ("03-29", "10-25")
    ]
    assert [f"{each.start:%H:%M}" for each in spans(*odd)] == ["01:30"] * 2


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, "ana bob eve ana bob eve ana bob"),
        ({"start_rotation_from_user_index": 2}, "eve ana bob eve ana bob eve ana"),
        ({"start_rotation_from_user_index": 7}, "ana bob eve ana bob eve ana bob"),
        ({"interval": 2}, "ana - bob - eve - ana -"),
        ({"rotation_start": "2026-03-03T09:00:00"}, "- bob eve ana bob eve ana bob"),
        ({"by_day": ["MO", "TU", "TH"]}, "ana bob - eve - - - ana"),
        ({"by_day": ["MO", "TU", "TH"], "interval": 2}, "ana ana - bob - - - bob"),
        (
            {"frequency": "weekly", "by_day": ["MO", "SU"], "week_start": "MO"},
            "ana - - - - - ana bob",
        ),
        (
            {"frequency": "weekly", "by_day": ["MO", "SU"], "week_start": "SU"},
            "ana - - - - - bob bob",
        ),
        ({"frequency": "weekly", "by_day": ["WE", "FR"], "week_start": "FR"}, "- - - - ana - - -"),
        (
            {
                "frequency": "weekly",
                "by_day": ["MO", "WE"],
                "week_start": "MO",
                "rotation_start": "2026-03-04T09:00:00",
            },
            "- - ana - - - - bob",
        ),
        ({"rotation_start": "9999-12-31T09:00:00"}, "- - - - - - - -"),
        ({"until": "2026-03-04T12:00:00"}, "ana bob eve - - - - -"),
        ({"rolling_users": [["ana"], []]}, "ana - ana - ana - ana -"),
        ({"frequency": None}, "ana - - - - - - -"),
        ({"rolling_users": None}, "- - - - - - - -"),
    ],
)
def test_users_take_turns(members: dict[str, Any], expected: str) -> None:
    """Who has each day from Monday, 2 March 2026, on."""
    rule = {"frequency": "daily", "rolling_users": TURNS, "start_rotation_from_user_index": 0}
    found = spans(shift("2026-03-02T09:00:00", **{**rule, **members}), start="2026-03-01", days=9)
    by_day = {each.start.day: each.user for each in found}
    assert " ".join(by_day.get(day, "-") for day in range(2, 10)) == expected


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        (1, "ana bob ana - - bob ana bob - - ana bob ana - - bob ana bob - -"),
        (2, "ana ana bob - - bob ana ana - - bob bob ana - - ana bob bob - -"),
    ],
)
def test_turns_of_days_go_on_in_the_next_week(interval: int, expected: str) -> None:
    """Mondays, Tuesdays and Wednesdays, for as long as the shift recurs: here eight weeks."""
    members: dict[str, Any] = {
        "frequency": "daily",
        "by_day": ["MO", "TU", "WE"],
        "interval": interval,
    }
    turns = shift("2026-03-02T09:00:00", rolling_users=TURNS[:2], **members)
    found = spans(turns, start="2026-03-01", days=57)
    by_day = {each.start.date(): each.user for each in found}
    weekdays = [date(2026, 3, 2) + DAY * (7 * week + day) for week in range(8) for day in range(5)]
    assert len(found) == 24
    assert " ".join(by_day.get(day, "-") for day in weekdays) == f"{expected} {expected}"


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (
            {"by_monthday": [15, 31]},
            "ana 01-31, bob 02-15, ana 03-15, ana 03-31, bob 04-15, ana 05-15, ana 05-31",
        ),
        ({"by_monthday": [31]}, "ana 01-31, bob 02-01, ana 03-31, ana 05-31"),
        ({"by_monthday": [-1], "interval": 2}, "ana 01-31, bob 03-31, ana 05-31"),
        ({"by_monthday": [15], "until": "2026-02-10T09:00:00"}, "ana 01-31, bob 02-01"),
    ],
)
def test_turns_of_months_begin_with_the_month(members: dict[str, Any], expected: str) -> None:
    """Whose first month has no such day has the first of that month instead."""
    rule = {"frequency": "monthly", "rolling_users": TURNS[:2], **members}
    found = spans(shift("2026-01-31T09:00:00", **rule), days=151)
    assert ", ".join(f"{each.user} {each.start:%m-%d}" for each in found) == expected


def test_a_long_shift_is_seen_from_its_middle() -> None:
    """Cut to what was asked for."""
    week = shift("2026-01-05T09:00:00", 7 * 24, frequency="weekly")
    assert shown(spans(week, start="2026-03-06", days=0.5)) == ["ana 03-06 00:00-12:00"]


def test_a_group_has_its_turn_together() -> None:
    """One span for each user; hours are turns too."""
    pairs = [["ana", "bob"], ["eve"]]
    members: dict[str, Any] = {"frequency": "hourly", "interval": 6, "rolling_users": pairs}
    found = spans(shift("2026-03-02T00:00:00", 6, **members), start="2026-03-02", days=0.75)
    assert shown(found) == [
        "ana 03-02 00:00-06:00",
        "bob 03-02 00:00-06:00",
        "eve 03-02 06:00-12:00",
        "ana 03-02 12:00-18:00",
        "bob 03-02 12:00-18:00",
    ]


def test_a_higher_level_wins_and_an_override_before_all() -> None:
    """For as long as they last; between them are the others, and otherwise nobody."""
    found = spans(
        shift("2026-03-02T08:00:00", 10),
        shift("2026-03-02T09:00:00", 2, users=["bob"], level=1),
        shift("2026-03-02T16:00:00", 4, users=["eve", "bob"], level=-1),
        shift("2026-03-02T10:00:00", 2, type="override", rolling_users=[["dan"]]),
        shift("2026-03-02T11:00:00", 1, users=["bob"], level=99),
        shift("2026-03-02T08:00:00", 1, users=[], level=99),
    )
    assert shown(found) == [
        "ana 03-02 08:00-09:00",
        "bob 03-02 09:00-10:00",
        "dan 03-02 10:00-12:00",
        "ana 03-02 12:00-18:00",
        "eve 03-02 16:00-20:00",
        "bob 03-02 16:00-20:00",
    ]


@pytest.mark.parametrize("hours", [0, -1])
def test_a_shift_without_length_puts_nobody_on_call(hours: int) -> None:
    """The server accepts them."""
    assert spans(shift("2026-03-02T09:00:00", hours)) == []


def test_a_shift_that_was_ended_in_its_first_time_is_cut() -> None:
    """As those of web schedules are when somebody deletes them."""
    found = spans(
        shift(
            "2026-03-02T09:00:00",
            type="override",
            rolling_users=[["ana"]],
            until="2026-03-02T10:30:00",
        )
    )
    assert shown(found) == ["ana 03-02 09:00-10:30"]


anywhere = st.datetimes(datetime(2026, 1, 1), datetime(2027, 3, 1)).map(  # noqa: DTZ001  # of a shift
    lambda at: at.replace(minute=0, second=0, microsecond=0)
)
moments = anywhere.map(lambda at: at.replace(tzinfo=UTC))
zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
some_days = st.none() | st.lists(st.sampled_from(["MO", "WE", "SA", "SU"]), min_size=1, unique=True)


@st.composite
def shifts(draw: st.DrawFn) -> FakeShift:
    """Any shift."""
    kind = draw(st.sampled_from(["single_event", "recurrent_event", "rolling_users", "override"]))
    rule = {
        "frequency": draw(st.sampled_from(["hourly", "daily", "weekly", "monthly"])),
        "interval": draw(st.integers(1, 3)),
        "by_day": draw(some_days),
        "week_start": draw(st.sampled_from(["MO", "SU"])),
        "until": draw(st.none() | anywhere.map(datetime.isoformat)),
    }
    return shift(
        draw(anywhere).isoformat(),
        draw(st.integers(1, 200)),
        type=kind,
        level=draw(st.integers(0, 2)),
        time_zone=draw(zones),
        users=draw(st.lists(st.sampled_from("abc"), unique=True)),
        rolling_users=draw(st.lists(st.lists(st.sampled_from("abc"), unique=True), max_size=3)),
        **(rule if kind in {"recurrent_event", "rolling_users"} else {}),
    )


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(shifts(), max_size=3), moments, st.integers(0, 20), st.integers(1, 240))
def test_a_part_of_the_time_shows_what_the_whole_does(
    several: list[FakeShift], start: datetime, before: int, hours: int
) -> None:
    """A span depends on nothing but the shifts: it is only cut."""
    end = start + hours * HOUR
    whole = spans_of(schedule(), several, start - before * DAY, end + before * DAY)
    cut = [FakeSpan(each.user, max(each.start, start), min(each.end, end)) for each in whole]
    part = spans_of(schedule(), several, start, end)
    assert sorted(part, key=repr) == sorted((e for e in cut if e.start < e.end), key=repr)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(shifts(), min_size=2, max_size=4), moments)
def test_at_any_moment_those_of_the_highest_shifts_are_on_call(
    several: list[FakeShift], start: datetime
) -> None:
    """Worked out without any splitting: each shift alone, and then the best of those."""
    end = start + 4 * DAY
    alone = [(each, spans_of(schedule(), [each], start, end)) for each in several]
    found = spans_of(schedule(), several, start, end)
    for hour in range(4 * 24):
        at = start + (hour + 0.25) * HOUR
        on = [
            (s.type == "override", s.level, e.user)
            for s, es in alone
            for e in es
            if e.start <= at < e.end
        ]
        best = {user for *rank, user in on if rank == [*max(on)[:2]]}
        assert {each.user for each in found if each.start <= at < each.end} == best


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    anywhere.map(lambda at: at.replace(hour=12)),
    st.sampled_from([("daily", 1), ("weekly", 7)]),
    st.integers(1, 3),
    st.integers(1, 4),
    zones,
)
def test_a_rotation_around_the_clock_has_one_user_at_a_time(
    begin: datetime, unit: tuple[str, int], interval: int, count: int, zone: str
) -> None:
    """Handed over at the same hour by the clock of its zone, across months and clock changes."""
    frequency, length = unit
    users = [[f"user {number}"] for number in range(count)]
    members = {"frequency": frequency, "interval": interval, "rolling_users": users}
    day = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")[begin.weekday()]
    turns = shift(begin.isoformat(), 1, week_start=day, time_zone=zone, **members)
    start = begin.replace(tzinfo=UTC) - DAY
    for span in spans_of(schedule(), [turns], start, start + 200 * DAY):
        shown_at = span.start.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        past, rest = divmod(shown_at - begin, interval * length * DAY)
        assert (rest, span.user) == (timedelta(), f"user {past % count}")
        assert span.end - span.start == HOUR
