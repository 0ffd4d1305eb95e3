"""On-call shifts on the wire: requests, and what the open-source engine answers to them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import pytest

from grafana_oncall.testing import FakeOnCall
from tests.support.fake_requests import NOTHING, ask, ids

REQUIRED: Final = ["This field is required."]
NULL: Final = ["This field may not be null."]
TIME: Final = {"detail": "Invalid datetime format, should be \"yyyy-mm-dd'T'hh:mm:ss\""}
FREQUENCY: Final = {"detail": "Field 'frequency' is required for this on-call shift type"}
WEEK: Final = {"detail": "Field 'week_start' is required for frequency type 'weekly'"}
TURN: Final = {
    "detail": "Field 'start_rotation_from_user_index' is required for this on-call shift type"
}
DAYS: Final = {
    "detail": "Invalid day value in by_day field. "
    "Valid values: 'MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'"
}
LIMITS: Final = {
    "detail": "Day limits are temporarily disabled for on-call shifts with type 'rolling_users' "
    "and frequency 'daily'"
}
START: Final = "2026-12-01T09:00:00"

EVENT: Final = {"type": "single_event", "start": START, "duration": 3600}
RULE: Final = {**EVENT, "type": "recurrent_event", "frequency": "daily"}
WEEKLY: Final = {**RULE, "frequency": "weekly", "week_start": "MO"}
TURNS: Final = {
    **RULE,
    "type": "rolling_users",
    "start_rotation_from_user_index": 0,
    "rolling_users": [["U1"], ["U2", "U1"]],
}
OVERRIDE: Final = {**EVENT, "type": "override"}


def shift(**members: Any) -> dict[str, Any]:
    """A shift of type single_event as it is answered."""
    return {
        "id": "O9",
        "team_id": None,
        "schedule": None,
        "name": None,
        "type": "single_event",
        "time_zone": None,
        "level": 0,
        "start": START,
        "duration": 3600,
        "rotation_start": START,
        "users": [],
        **members,
    }


def recurrent(**members: Any) -> dict[str, Any]:
    """One that comes again each day."""
    rule = {
        "frequency": "daily",
        "interval": 1,
        "until": None,
        "by_day": None,
        "by_month": None,
        "by_monthday": None,
    }
    return shift(type="recurrent_event", **{**rule, **members})


def rolling(**members: Any) -> dict[str, Any]:
    """One whose people take turns."""
    made = recurrent(
        rolling_users=[["U1"], ["U1", "U2"]], start_rotation_from_user_index=0, **members
    )
    return {name: value for name, value in made.items() if name != "users"} | {
        "type": "rolling_users"
    }


def override(**members: Any) -> dict[str, Any]:
    """An override."""
    return {name: value for name, value in shift(**members).items() if name != "level"} | {
        "type": "override"
    }


@pytest.fixture
def engine(oss: FakeOnCall) -> FakeOnCall:
    """A server with two users and a team."""
    oss.add_user("one", id="U1")
    oss.add_user("two", id="U2")
    oss.add_team("SRE", id="T1")
    return oss


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        pytest.param(EVENT, shift(), id="an event"),
        pytest.param(RULE, recurrent(), id="a recurrent event"),
        pytest.param(WEEKLY, recurrent(frequency="weekly", week_start="MO"), id="weekly"),
        pytest.param(TURNS, rolling(), id="turns, whose users are sorted by age"),
        pytest.param(OVERRIDE, override(), id="an override"),
        pytest.param({**EVENT, "name": None}, shift(), id="name null"),
        pytest.param({**EVENT, "name": "x", "team_id": "T1"}, shift(name="x", team_id="T1")),
        pytest.param({**EVENT, "duration": "3600"}, shift(), id="a number in a string"),
        pytest.param({**EVENT, "duration": "01:00:00"}, shift(), id="a clock"),
        pytest.param({**EVENT, "duration": 1.5}, shift(duration=1), id="a fraction"),
        pytest.param({**EVENT, "duration": 0}, shift(duration=0), id="no duration"),
        pytest.param({**EVENT, "duration": -5}, shift(duration=-5), id="a negative duration"),
        pytest.param({**EVENT, "level": -7}, shift(level=-7), id="any level"),
        pytest.param(
            {**EVENT, "users": ["U2", "UX", "U1"]}, shift(users=["U1", "U2"]), id="an unknown user"
        ),
        pytest.param({**EVENT, "users": None}, shift(), id="users null"),
        pytest.param({**EVENT, "frequency": "daily", "interval": 3}, shift(), id="another's"),
        pytest.param({**RULE, "by_day": []}, recurrent(), id="an empty list"),
        pytest.param({**RULE, "by_day": ["MO"]}, recurrent(by_day=["MO"]), id="a day"),
        pytest.param({**RULE, "until": START}, recurrent(until=START), id="an end"),
        pytest.param(
            {**TURNS, "rolling_users": None},
            rolling() | {"rolling_users": None},
            id="nobody takes turns",
        ),
        pytest.param(
            {**TURNS, "rolling_users": [["U1"], []]},
            rolling() | {"rolling_users": [["U1"], []]},
            id="nobody's turn",
        ),
        pytest.param(
            {**TURNS, "start_rotation_from_user_index": 9},
            rolling() | {"start_rotation_from_user_index": 9},
            id="beyond the list",
        ),
    ],
)
def test_a_shift_is_created(
    engine: FakeOnCall, body: dict[str, Any], answer: dict[str, Any]
) -> None:
    """With the members of its type, and no others."""
    made = ask(engine, "POST", "on_call_shifts", body)
    assert (made.status, made.json() | {"id": "O9"}) == (201, answer)
    assert made.json()["id"].startswith("O")


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        pytest.param({}, {"type": REQUIRED, "start": REQUIRED, "duration": REQUIRED}, id="nothing"),
        pytest.param({**EVENT, "start": f"{START}Z"}, TIME, id="a zone"),
        pytest.param({**EVENT, "rotation_start": None}, TIME, id="rotation_start null"),
        pytest.param({**EVENT, "duration": None}, {"duration": NULL}, id="duration null"),
        pytest.param(
            {**EVENT, "name": ""}, {"name": ["This field may not be blank."]}, id="a blank name"
        ),
        pytest.param(
            {**RULE, "frequency": "yearly"}, {"detail": "Invalid frequency type"}, id="a frequency"
        ),
        pytest.param({**RULE, "frequency": None}, FREQUENCY, id="frequency null"),
        pytest.param({**EVENT, "type": "recurrent_event"}, FREQUENCY, id="no frequency"),
        pytest.param({**RULE, "frequency": "weekly"}, WEEK, id="no first day of the week"),
        pytest.param(
            {**RULE, "interval": 0}, {"detail": "Invalid value for interval"}, id="interval zero"
        ),
        pytest.param(
            {**RULE, "interval": None},
            {"detail": "Field 'interval' must be a positive integer"},
            id="interval null",
        ),
        pytest.param({**RULE, "by_day": ["XX"]}, DAYS, id="no day"),
        pytest.param({**RULE, "type": "rolling_users"}, TURN, id="nobody is first"),
        pytest.param(
            {**TURNS, "start_rotation_from_user_index": -1},
            {
                "start_rotation_from_user_index": [
                    "Ensure this value is greater than or equal to 0."
                ]
            },
            id="a negative index",
        ),
        pytest.param(
            {**TURNS, "rolling_users": [["UX"]]},
            {"rolling_users": {"0": ["User does not exist {'UX'}"]}},
            id="an unknown user takes turns",
        ),
        pytest.param({**TURNS, "by_monthday": [1]}, LIMITS, id="a day of the month"),
        pytest.param(
            {**TURNS, "by_day": ["MO"], "interval": 2},
            {"detail": "Interval must be less than or equal to the number of selected days"},
            id="more days than there are",
        ),
    ],
)
def test_a_shift_is_refused(engine: FakeOnCall, body: dict[str, Any], answer: Any) -> None:
    """With the words of the engine; nothing is created."""
    refusal = ask(engine, "POST", "on_call_shifts", body)
    assert (refusal.status, refusal.json()) == (400, answer)
    assert ask(engine, "GET", "on_call_shifts").json()["count"] == 0


@pytest.mark.parametrize("body", [[], "x"])
def test_a_body_that_is_no_object_crashes_the_engine(engine: FakeOnCall, body: object) -> None:
    """It looks for members in it."""
    assert ask(engine, "POST", "on_call_shifts", body).status == 500


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        pytest.param(RULE, {}, recurrent(), id="nothing"),
        pytest.param(RULE, {"duration": 60}, recurrent(duration=60), id="one member"),
        pytest.param(RULE, {"interval": None}, recurrent(interval=None), id="interval null"),
        pytest.param(
            EVENT,
            {"type": "rolling_users"},
            rolling()
            | {
                "frequency": None,
                "interval": None,
                "rolling_users": None,
                "start_rotation_from_user_index": None,
            },
            id="another type",
        ),
        pytest.param({**EVENT, "users": ["U1"]}, {"type": "override"}, override(users=["U1"])),
        pytest.param(TURNS, {"type": "single_event"}, shift(), id="back to an event"),
    ],
)
def test_an_update_merges(
    engine: FakeOnCall,
    method: str,
    before: dict[str, Any],
    change: dict[str, Any],
    after: dict[str, Any],
) -> None:
    """By either method; what the new type lacks is cleared."""
    made = ask(engine, "POST", "on_call_shifts", before).json()["id"]
    changed = ask(engine, method, f"on_call_shifts/{made}", change)
    assert (changed.status, changed.json() | {"id": "O9"}) == (200, after)


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({"name": None}, {"name": NULL}),
        ({"frequency": "weekly"}, WEEK),
        ({"interval": 0}, {"detail": "Invalid value for interval"}),
    ],
)
def test_an_update_is_refused(engine: FakeOnCall, change: dict[str, Any], answer: Any) -> None:
    """It is checked less than a creation."""
    made = ask(engine, "POST", "on_call_shifts", {**RULE, "name": "x"}).json()["id"]
    refusal = ask(engine, "PUT", f"on_call_shifts/{made}", change)
    assert (refusal.status, refusal.json()) == (400, answer)


def test_a_shift_of_two_schedules_is_listed_and_counted_twice(engine: FakeOnCall) -> None:
    """Its own `schedule` is the first; the filter finds it by either."""
    one, two = engine.add_schedule("one", id="S1"), engine.add_schedule("two", id="S2")
    both = engine.add_shift("both", start=datetime(2026, 12, 1, 9, tzinfo=UTC), id="O1")
    engine.add_shift("alone", start=datetime(2026, 12, 1, 9, tzinfo=UTC), id="O2")
    one.shifts.append(both.id)
    two.shifts.append(both.id)
    page = ask(engine, "GET", "on_call_shifts")
    assert (page.json()["count"], ids(page)) == (3, ["O2", "O1", "O1"])
    assert ask(engine, "GET", "on_call_shifts/O1").json()["schedule"] == "S1"
    assert ids(ask(engine, "GET", "on_call_shifts", query="schedule_id=S2")) == ["O1", "O1"]
    assert ids(ask(engine, "GET", "on_call_shifts", query="name=alone")) == ["O2"]
    assert ids(ask(engine, "GET", "on_call_shifts", query="name=")) == ["O2", "O1", "O1"]


@pytest.mark.parametrize(("type", "left"), [("web", True), ("calendar", False)])
def test_a_started_shift_of_a_web_schedule_is_only_ended(
    engine: FakeOnCall, type: Any, *, left: bool
) -> None:
    """It stays readable, with an end."""
    shift_id = engine.add_shift(start=datetime(2020, 1, 1, 9, tzinfo=UTC)).id
    engine.add_schedule("x", type=type).shifts.append(shift_id)
    assert ask(engine, "DELETE", f"on_call_shifts/{shift_id}", NOTHING).status == 204
    got = ask(engine, "GET", f"on_call_shifts/{shift_id}")
    assert (got.status == 200) is left


def test_a_shift_that_has_not_started_is_deleted(engine: FakeOnCall) -> None:
    """Its schedules lose it."""
    schedule = engine.add_schedule("x", type="web")
    shift_id = engine.add_shift(start=datetime(2100, 1, 1, 9, tzinfo=UTC)).id
    schedule.shifts.append(shift_id)
    ask(engine, "DELETE", f"on_call_shifts/{shift_id}")
    assert ask(engine, "GET", f"on_call_shifts/{shift_id}").status == 404
    assert schedule.shifts == []
