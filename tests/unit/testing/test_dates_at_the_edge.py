"""Dates and durations of requests as far as the calendar goes, and further."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grafana_oncall.testing import FakeOnCall, VirtualClock
from tests.support.budget import budget
from tests.support.fake_requests import ask

_DATES = st.sampled_from(
    [f"{day}T{time}" for day in ("0001-01-01", "0999-02-28") for time in ("00:00:00", "12:34:56")]
    + [f"{day}T{time}" for day in ("9999-12-31", "9999-11-30") for time in ("00:00:00", "23:59:59")]
    + ["2026-03-01T09:00:00"]
)
_LENGTHS = st.sampled_from([-(10**8), 0, 3600, 10**7])
_ANY_LENGTHS = _LENGTHS | st.sampled_from(["999999999 23:00:00", "999999999 999:00:00"])
_ZONES = st.sampled_from([None, "UTC", "Asia/Tokyo", "America/New_York", "Pacific/Kiritimati"])
_RULES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "frequency": st.sampled_from(["daily", "weekly", "monthly"]),
        "interval": st.sampled_from([1, 7, 2**31 - 1]),
        "week_start": st.sampled_from(["MO", "SU"]),
        "start_rotation_from_user_index": st.just(0),
    },
    optional={
        "until": _DATES,
        "by_day": st.sampled_from([["MO"], ["SA", "SU"]]),
        "by_month": st.just([2]),
        "by_monthday": st.just([-1, 31]),
    },
)
_SHIFTS = st.fixed_dictionaries(
    {"type": st.just("single_event"), "start": _DATES, "duration": _ANY_LENGTHS}
) | st.builds(
    lambda shift, rule: {**shift, **rule},
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["recurrent_event", "rolling_users"]),
            "start": _DATES,
            "duration": _LENGTHS,
        }
    ),
    _RULES,
)
_DAYS = st.sampled_from(
    [("0001-01-01", "0001-12-31"), ("9999-01-01", "9999-12-31"), ("2026-03-01", "2026-03-08")]
)
_EXAMPLES = budget(20, hunt=5_000)


@settings(max_examples=_EXAMPLES)
@given(shift=_SHIFTS, zone=_ZONES, days=_DAYS)
def test_a_schedule_of_any_shift_says_who_is_on_call_on_any_day(
    shift: dict[str, Any], zone: str | None, days: tuple[str, str]
) -> None:
    """The end of the calendar ends a shift; what no calendar has is refused."""
    fake = FakeOnCall(clock=VirtualClock())
    who: dict[str, Any] = {"users": [fake.user.id], "rolling_users": [[fake.user.id], []]}
    made = ask(fake, "POST", "on_call_shifts/", {"name": "x", "time_zone": zone, **who, **shift})
    assert made.status in {201, 400}
    if made.status == 201:
        check_schedule(fake, made.json()["id"], *days)


def check_schedule(fake: FakeOnCall, shift: str, first: str, last: str) -> None:
    """A schedule of this shift shows spans within these days, and who is on call now."""
    asked = {"name": "x", "type": "calendar", "time_zone": "UTC", "shifts": [shift]}
    path = f"schedules/{ask(fake, 'POST', 'schedules/', asked).json()['id']}/"
    query = urlencode({"start_date": first, "end_date": last})
    shown = ask(fake, "GET", f"{path}final_shifts/", query=query)
    assert (shown.status, ask(fake, "GET", path).status) == (200, 200)
    spans = [(span["shift_start"], span["shift_end"]) for span in shown.json()["results"]]
    assert all(first <= since < until <= f"{last}T23:59:59Z" for since, until in spans)


@pytest.mark.parametrize(
    ("members", "days", "expected"),
    [
        ({"duration": "999999999 00:00:00"}, ("9999-12-30", "9999-12-31"), 1),
        ({"duration": 60, "frequency": "daily"}, ("9999-12-30", "9999-12-31"), 2),
        ({"duration": 60, "frequency": "weekly"}, ("9999-12-27", "9999-12-31"), 1),
        ({"duration": 60, "frequency": "monthly", "interval": 2**31 - 1}, ("9999-01-01",) * 2, 0),
    ],
)
def test_a_shift_goes_on_until_the_last_day_of_the_calendar(
    fake: FakeOnCall, members: dict[str, Any], days: tuple[str, str], expected: int
) -> None:
    """Those who are on call then are shown."""
    kind = "recurrent_event" if "frequency" in members else "single_event"
    shift = {"name": "x", "type": kind, "start": "2026-03-02T00:00:00", "week_start": "MO"}
    body = {**shift, "users": [fake.user.id], **members}
    made = ask(fake, "POST", "on_call_shifts/", body)
    schedule = fake.add_schedule("Primary")
    schedule.shifts = [made.json()["id"]]
    query = urlencode({"start_date": days[0], "end_date": days[1]})
    shown = ask(fake, "GET", f"schedules/{schedule.id}/final_shifts/", query=query)
    assert shown.json()["count"] == expected


def test_a_rule_that_began_long_ago_is_as_quick_as_a_new_one(fake: FakeOnCall) -> None:
    """The weeks of a thousand years are passed over, not gone through, and their count stays."""
    every_third = {"frequency": "weekly", "interval": 3, "week_start": "MO", "by_day": ["MO", "SU"]}
    found: list[Any] = []
    recent = datetime(2026, 2, 3, 8)  # noqa: DTZ001  # shifts have no zone
    for start in (recent, recent - timedelta(weeks=3 * 17_000)):
        shift = {"type": "recurrent_event", "start": start.isoformat(), "duration": 60, "name": "x"}
        made = ask(
            fake, "POST", "on_call_shifts/", {**shift, **every_third, "users": [fake.user.id]}
        )
        schedule = fake.add_schedule("Primary")
        schedule.shifts = [made.json()["id"]]
        query = "start_date=2026-02-16&end_date=2026-06-30"
        path = f"schedules/{schedule.id}/final_shifts/"
        found.append(ask(fake, "GET", path, query=query).json()["results"])
    assert found[0] == found[1]
    assert len(found[0]) == 13


def test_no_duration_is_longer_than_any_calendar(fake: FakeOnCall) -> None:
    """The server's words for it."""
    shift = {"name": "x", "type": "single_event", "start": "2026-03-02T00:00:00"}
    refused = ask(fake, "POST", "on_call_shifts/", {**shift, "duration": "999999999 24:00:00"})
    assert refused.status == 400
    assert "between -999999999 and 999999999" in refused.json()["duration"][0]


@pytest.mark.parametrize(
    "since", ["0001-01-01T00:00:00", "9999-12-31T23:59:59", "2026-03-02T00:00:00"]
)
@pytest.mark.parametrize("until", ["0001-01-01T00:00:00", "9999-12-31T23:59:59"])
def test_groups_of_any_time_can_be_asked_for(fake: FakeOnCall, since: str, until: str) -> None:
    """In the wrong order they are refused."""
    group = fake.add_group()
    found = ask(fake, "GET", "alert_groups/", query=f"started_at={since}_{until}")
    assert found.status == (200 if since <= until else 400)
    is_in = since <= f"{group.started_at:%Y-%m-%dT%H:%M:%S}" <= until
    assert found.status == 400 or found.json()["count"] == is_in


@pytest.mark.parametrize("end", ["9999-12-31T23:59:59Z", "9999-12-31T12:00:00-1400"])
def test_a_swap_may_be_for_ever(fake: FakeOnCall, end: str) -> None:
    """But not for longer."""
    schedule = fake.add_schedule("Primary", on_call=[fake.user])
    body = {
        "schedule": schedule.id,
        "beneficiary": fake.user.id,
        "swap_start": "2026-04-01T00:00:00Z",
        "swap_end": end,
    }
    assert ask(fake, "POST", "shift_swaps/", body).status == (201 if end.endswith("Z") else 400)
