"""Schedules on the wire: requests, and what the open-source engine answers to them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from grafana_oncall.testing import FakeOnCall
from grafana_oncall.testing._objects.schedules import FakeShift
from tests.support.fake_requests import NOTHING, ask, ids

DAY: Final = datetime(2026, 12, 1, tzinfo=UTC)
REQUIRED: Final = ["This field is required."]
NULL: Final = ["This field may not be null."]
FAILED: Final = ["Ical download failed"]
OVERRIDE: Final = {"detail": "Shifts of type override are not supported in this schedule"}
NO_SLACK: Final = {"detail": "Slack isn't connected to this workspace"}
WEB: Final = {"detail": "Web schedule update is not enabled through API"}
ICS: Final = "https://calendar.example/a.ics"
GONE: Final = "https://calendar.invalid/a.ics"


def calendar(**members: Any) -> dict[str, Any]:
    """A schedule of type calendar as it is answered; its id is that of the example."""
    return {
        "id": "S1",
        "team_id": None,
        "name": "x",
        "time_zone": "UTC",
        "shifts": [],
        "ical_url_overrides": None,
        "enable_web_overrides": False,
        "on_call_now": [],
        "slack": {"channel_id": None, "user_group_id": None},
        "type": "calendar",
        **members,
    }


def ical(**members: Any) -> dict[str, Any]:
    """One of type ical."""
    found = calendar(type="ical", ical_url_primary=ICS, **members)
    without = {"time_zone", "shifts", "enable_web_overrides"}
    return {name: value for name, value in found.items() if name not in without}


def web(**members: Any) -> dict[str, Any]:
    """One of type web."""
    found = calendar(type="web", **members)
    without = {"ical_url_overrides", "enable_web_overrides"}
    return {name: value for name, value in found.items() if name not in without}


CALENDAR: Final = {"type": "calendar", "name": "x", "time_zone": "UTC"}
ICAL: Final = {"type": "ical", "name": "x", "ical_url_primary": ICS}


@pytest.fixture
def engine(oss: FakeOnCall) -> FakeOnCall:
    """A server with a team, two shifts, and a schedule of each type."""
    oss.add_team("SRE", id="T1")
    world = oss._world  # shifts are added by requests to another resource
    world.add(FakeShift(id="O1", type="single_event", start="2026-12-01T09:00:00", duration=3600))
    world.add(FakeShift(id="O2", type="override", start="2026-12-01T09:00:00", duration=3600))
    oss.add_schedule("x", id="S1", on_call=[oss.user])
    oss.add_schedule("y", id="S2", type="ical", team_id="T1")
    oss.add_schedule("z", id="S3", type="web")
    return oss


@pytest.mark.parametrize(
    ("body", "status", "answer"),
    [
        pytest.param(CALENDAR, 201, calendar(), id="calendar"),
        pytest.param(ICAL, 201, ical(), id="ical"),
        pytest.param({**CALENDAR, "type": "web"}, 201, web(), id="web"),
        pytest.param({**CALENDAR, "id": "S9", "a": 1}, 201, calendar(), id="other members"),
        pytest.param({**ICAL, "time_zone": "?"}, 201, ical(), id="members of other types"),
        pytest.param({**CALENDAR, "team_id": "T1"}, 201, calendar(team_id="T1"), id="a team"),
        pytest.param({**CALENDAR, "name": "y"}, 201, calendar(name="y"), id="a double"),
        pytest.param({"name": "x"}, 400, {"type": "This field is required"}, id="no type"),
        pytest.param({"type": None}, 400, {"type": "Invalid type"}, id="type null"),
        pytest.param({"type": "x"}, 400, {"type": "Invalid type"}, id="an unknown type"),
        pytest.param(
            {"type": "calendar"}, 400, {"name": REQUIRED, "time_zone": REQUIRED}, id="no members"
        ),
        pytest.param(
            {"type": "ical"}, 400, {"name": REQUIRED, "ical_url_primary": REQUIRED}, id="of ical"
        ),
        pytest.param({"type": "web"}, 400, {"name": REQUIRED, "time_zone": REQUIRED}, id="of web"),
        pytest.param(
            {**CALENDAR, "name": "x" * 201},
            400,
            {"name": ["Ensure this field has no more than 200 characters."]},
            id="a name too long",
        ),
        pytest.param(
            {**CALENDAR, "time_zone": "Mars/One"},
            400,
            {"time_zone": ["Invalid timezone"]},
            id="a wrong zone",
        ),
        pytest.param(
            {**CALENDAR, "shifts": ["O1", "O9"]},
            201,
            calendar(shifts=["O1"]),
            id="an unknown shift is dropped",
        ),
        pytest.param({**CALENDAR, "shifts": None}, 201, calendar(), id="null shifts"),
        pytest.param({**CALENDAR, "shifts": ["O2"]}, 400, OVERRIDE, id="an override"),
        pytest.param(
            {**CALENDAR, "type": "web", "shifts": ["O2"]},
            201,
            web(shifts=["O2"]),
            id="... in a web schedule",
        ),
        pytest.param(
            {**ICAL, "ical_url_primary": GONE},
            400,
            {"ical_url_primary": FAILED},
            id="no such calendar",
        ),
        pytest.param(
            {**ICAL, "ical_url_overrides": GONE},
            400,
            {"ical_url_overrides": FAILED},
            id="... of overrides",
        ),
        pytest.param(
            {**CALENDAR, "ical_url_overrides": GONE},
            201,
            calendar(ical_url_overrides=GONE),
            id="... which a calendar does not check",
        ),
        pytest.param({**CALENDAR, "slack": None}, 400, {"slack": NULL}, id="slack null"),
        pytest.param(
            {**CALENDAR, "slack": {"channel_id": None}}, 201, calendar(), id="no channel of slack"
        ),
        pytest.param(
            {**CALENDAR, "slack": {"channel_id": "C1"}}, 400, NO_SLACK, id="slack is not connected"
        ),
        pytest.param(
            [],
            400,
            {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]},
            id="a list",
        ),
    ],
)
def test_a_creation(engine: FakeOnCall, body: Any, status: int, answer: Any) -> None:
    """The schedule as it is kept, or what is wrong."""
    response = ask(engine, "POST", "schedules/", body)
    made = response.json()
    assert (response.status, {**made, "id": "S1"} if status == 201 else made) == (status, answer)


@pytest.mark.parametrize(
    ("sent", "body", "status", "answer"),
    [
        pytest.param("PUT S1", {"name": "n"}, 200, {"name": "n", "time_zone": "UTC"}, id="a name"),
        pytest.param("PATCH S1", {"name": "n"}, 200, {"name": "n"}, id="a PATCH is the same"),
        pytest.param("PUT S1", {"type": "web"}, 200, {"type": "calendar"}, id="no other type"),
        pytest.param("PUT S1", {"shifts": ["O1"]}, 200, {"shifts": ["O1"]}, id="shifts"),
        pytest.param("PUT S1", {"shifts": ["O9"]}, 200, {"shifts": []}, id="an unknown shift"),
        pytest.param("PUT S1", {"shifts": ["O2"]}, 400, OVERRIDE, id="an override"),
        pytest.param("PUT S1", {"time_zone": None}, 400, {"time_zone": NULL}, id="no zone"),
        pytest.param("PUT S1", {"name": None}, 400, {"name": NULL}, id="no name"),
        pytest.param("PUT S1", {"slack": None}, 400, {"slack": NULL}, id="slack null"),
        pytest.param("PUT S2", {"ical_url_primary": ICS}, 200, {"ical_url_primary": ICS}, id="url"),
        pytest.param(
            "PUT S2", {"ical_url_primary": GONE}, 400, {"ical_url_primary": FAILED}, id="gone"
        ),
        pytest.param(
            "PUT S2", {"ical_url_primary": None}, 400, {"ical_url_primary": NULL}, id="url null"
        ),
        pytest.param("PUT S3", {"name": "n"}, 400, WEB, id="a web schedule"),
        pytest.param("PUT S3", {"name": None}, 400, {"name": NULL}, id="... is checked first"),
        pytest.param("PUT S9", {}, 404, {"detail": "Not found."}, id="an unknown schedule"),
    ],
)
def test_an_update(engine: FakeOnCall, sent: str, body: Any, status: int, answer: Any) -> None:
    """It merges."""
    method, path = sent.split()
    response = ask(engine, method, f"schedules/{path}/", body)
    found = response.json()
    shown = {name: found[name] for name in answer} if status == 200 else found
    assert (response.status, shown) == (status, answer)


def test_cloud_updates_web_schedules(fake: FakeOnCall) -> None:
    """Unlike the open-source engine."""
    schedule = fake.add_schedule("z", type="web")
    response = ask(fake, "PUT", f"schedules/{schedule.id}/", {"name": "n"})
    assert (response.status, schedule.name) == (200, "n")


@pytest.mark.parametrize(
    ("slack", "status", "answer"),
    [
        pytest.param({"channel_id": "c0alerts"}, 200, ("C0ALERTS", "S0"), id="in any case"),
        pytest.param({"user_group_id": None}, 200, (None, None), id="null takes it out"),
        pytest.param(
            {"channel_id": "C9"}, 400, {"channel_id": ["Slack channel does not exist"]}, id="none"
        ),
        pytest.param({"channel_id": 5}, 400, {"channel_id": ["Invalid Slack channel"]}, id="5"),
        pytest.param(
            {"user_group_id": "S9"},
            400,
            {"user_group_id": ["Slack user group does not exist"]},
            id="no group",
        ),
    ],
)
def test_slack_of_an_update(engine: FakeOnCall, slack: Any, status: int, answer: Any) -> None:
    """What is not named is kept."""
    engine.add_slack_channel("alerts", slack_id="C0ALERTS")
    group = engine.add_user_group("oncall").slack_id
    ask(engine, "PUT", "schedules/S1/", {"slack": {"user_group_id": group}})
    response = ask(engine, "PUT", "schedules/S1/", {"slack": slack})
    found = response.json()["slack"]
    if status == 200:
        assert (found["channel_id"], found["user_group_id"] and "S0") == answer
    assert response.status == status
    assert status == 200 or found == answer


def test_who_is_on_call_is_worked_out_at_each_read(engine: FakeOnCall) -> None:
    """By the server's clock."""
    ana, bob, now = engine.add_user("ana"), engine.add_user("bob"), engine.now()
    hour = timedelta(hours=1)
    spans = [(ana, now - hour, now), (bob, now, now + hour), (ana, now + hour, now + 2 * hour)]
    engine.add_schedule("shifts", id="S4", spans=spans)
    assert ask(engine, "GET", "schedules/S4/").json()["on_call_now"] == [bob.id]
    listed = ask(engine, "GET", "schedules/", query="name=shifts").json()["results"]
    assert listed[0]["on_call_now"] == [bob.id]
    assert ask(engine, "GET", "schedules/S1/").json()["on_call_now"] == [engine.user.id]


def test_final_shifts_are_on_one_page_whatever_it_says(engine: FakeOnCall) -> None:
    """Cut to the days that are asked for, both included."""
    ana, bob = engine.add_user("ana"), engine.add_user("bob")
    hour = timedelta(hours=1)
    spans = [(bob, DAY + number * hour, DAY + (number + 1) * hour) for number in range(60)]
    engine.add_schedule("a", id="S4", spans=[*spans, (ana, DAY - hour, DAY + hour)])
    query = "start_date=2026-12-01&end_date=2026-12-02T09:00&perpage=1&page=2"
    page = ask(engine, "GET", "schedules/S4/final_shifts/", query=query).json()
    results = page.pop("results")
    assert page == {
        "count": 49,
        "next": None,
        "previous": None,
        "page_size": 50,
        "current_page_number": 1,
        "total_pages": 1,
    }
    assert results[1] == {
        "user_pk": ana.id,
        "user_email": "ana@example.com",
        "user_username": "ana",
        "shift_start": "2026-12-01T00:00:00Z",
        "shift_end": "2026-12-01T01:00:00Z",
    }
    assert results[-1]["shift_end"] == "2026-12-02T23:59:59Z"


def _of_range(problem: str) -> dict[str, list[str]]:
    return {"non_field_errors": [problem]}


@pytest.mark.parametrize(
    ("query", "status", "answer"),
    [
        pytest.param("", 400, {"start_date": REQUIRED, "end_date": REQUIRED}, id="no range"),
        pytest.param(
            "start_date=2026-12-02&end_date=2026-12-01",
            400,
            _of_range("start_date must be less than or equal to end_date"),
            id="reversed",
        ),
        pytest.param(
            "start_date=2025-12-01&end_date=2026-12-02",
            400,
            _of_range(
                "The difference between start_date and end_date must be less than one year "
                "(365 days)"
            ),
            id="more than a year",
        ),
        pytest.param("start_date=2025-12-01&end_date=2026-12-01", 200, None, id="a year"),
        pytest.param("start_date=2026-12-01&end_date=2026-12-01", 200, None, id="a day"),
        pytest.param("start_date=now&end_date=2026-12-01", 400, None, id="no date"),
    ],
)
def test_the_range_of_final_shifts(
    engine: FakeOnCall, query: str, status: int, answer: Any
) -> None:
    """At most 365 days."""
    response = ask(engine, "GET", "schedules/S1/final_shifts/", query=query)
    assert response.status == status
    assert answer is None or response.json() == answer


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("", ["S1", "S2", "S3"], id="all, oldest first"),
        pytest.param("name=y", ["S2"], id="a name"),
        pytest.param("name=Y", [], id="... in its case"),
        pytest.param("name=", [], id="the empty name"),
        pytest.param("type=web", ["S1", "S2", "S3"], id="types are ignored"),
        pytest.param("team_id=", ["S1", "S2", "S3"], id="an empty team is ignored"),
    ],
)
def test_a_list(engine: FakeOnCall, query: str, found: list[str]) -> None:
    """Of fifty a page."""
    response = ask(engine, "GET", "schedules/", query=query)
    assert (ids(response), response.json()["page_size"]) == (found, 50)


def test_a_filter_on_teams_breaks_the_open_source_engine(engine: FakeOnCall) -> None:
    """As for every resource."""
    assert ask(engine, "GET", "schedules/", query="team_id=T1").status == 500


def test_a_deletion(engine: FakeOnCall) -> None:
    """Of web schedules too."""
    assert ask(engine, "DELETE", "schedules/S3/").status == 204
    assert ask(engine, "GET", "schedules/S3/").status == 404
    assert ask(engine, "GET", "schedules/S3/final_shifts/").status == 404


def test_writes_need_an_editor(engine: FakeOnCall) -> None:
    """A viewer reads, final shifts as well."""
    engine.add_token("editor", role="editor")
    engine.add_token("viewer", role="viewer")
    assert ask(engine, "PUT", "schedules/S1/", {}, token="editor").status == 200
    for method, path, body in (
        ("POST", "schedules/", CALENDAR),
        ("PUT", "schedules/S1/", {}),
        ("DELETE", "schedules/S1/", NOTHING),
    ):
        assert ask(engine, method, path, body, token="viewer").status == 403
    query = "start_date=2026-12-01&end_date=2026-12-01"
    path = "schedules/S1/final_shifts/"
    assert ask(engine, "GET", path, query=query, token="viewer").status == 200
