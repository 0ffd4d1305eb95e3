"""Shift swaps on the wire: requests, and what the open-source engine answers to them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest

from grafana_oncall.testing import FakeOnCall, FakeSchedule, FakeShiftSwap, FakeSpan, VirtualClock
from tests.support.fake_requests import ask, ids

NEXT: Final = {
    "schedule": "S1",
    "swap_start": "2026-03-09T09:00:00Z",
    "swap_end": "2026-03-10T09:00:00Z",
}
NEW: Final = {**NEXT, "beneficiary": "U1"}
REQUIRED: Final = ["This field is required."]
NULL: Final = ["This field may not be null."]
_FORMS: Final = (
    "YYYY-MM-DDThh:mm:ssZ, YYYY-MM-DDThh:mm:ss.uuuuuuZ, YYYY-MM-DDThh:mm:ss[+HHMM|-HHMM], "
    "YYYY-MM-DDThh:mm:ss.uuuuuu[+HHMM|-HHMM]"
)
FORM: Final = [f"Datetime has wrong format. Use one of these formats instead: {_FORMS}."]
BOTH: Final = (
    "when doing a partial update on time related fields, both start and end times must be specified"
)
SAME: Final = {"detail": "A shift swap request cannot be created and taken by the same user"}
NOT_OPEN: Final = {"detail": "The shift swap request is not in a state which allows it to be taken"}


def of_all(problem: str) -> dict[str, list[str]]:
    """A refusal of the times together."""
    return {"non_field_errors": [problem]}


@pytest.fixture
def engine(oss: FakeOnCall, clock: VirtualClock) -> FakeOnCall:
    """It is Monday, half past nine; there are a swap of yesterday, an open and a taken one."""
    ana, ben = oss.add_user("ana", id="U1"), oss.add_user("ben", id="U2")
    primary, other = oss.add_schedule("Primary", id="S1"), oss.add_schedule("Other", id="S2")
    day, now = timedelta(days=1), clock()
    oss.add_shift_swap(
        other, ana, start=now + 2 * day, end=now + 3 * day, benefactor=ben, id="SSR3"
    )
    oss.add_shift_swap(primary, ana, start=now + day, end=now + 2 * day, id="SSR2")
    oss.add_shift_swap(primary, ben, start=now - day, end=now, id="SSR1")
    return oss


def swap(**members: Any) -> dict[str, Any]:
    """The open swap as it is listed."""
    return {
        "id": "SSR2",
        "created_at": "2026-03-02T09:30:00.000000Z",
        "updated_at": "2026-03-02T09:30:00.000000Z",
        "status": "open",
        "schedule": "S1",
        "swap_start": "2026-03-03T09:30:00.000000Z",
        "swap_end": "2026-03-04T09:30:00.000000Z",
        "description": None,
        "beneficiary": "U1",
        "benefactor": None,
        **members,
    }


MADE: Final = {
    "swap_start": "2026-03-09T09:00:00.000000Z",
    "swap_end": "2026-03-10T09:00:00.000000Z",
    "shifts": [],
}


@pytest.mark.parametrize(
    ("body", "status", "answer"),
    [
        pytest.param(NEW, 201, {}, id="a swap"),
        pytest.param({**NEW, "description": "x"}, 201, {"description": "x"}, id="described"),
        pytest.param({**NEW, "description": ""}, 400, None, id="a blank description"),
        pytest.param({**NEW, "description": "x" * 3001}, 400, None, id="a long description"),
        pytest.param(
            {**NEW, "swap_end": "2026-03-09T10:00:00.5+01:00"},
            201,
            {"swap_end": "2026-03-09T09:00:00.500000Z"},
            id="an offset and a fraction",
        ),
        pytest.param(
            {**NEW, "swap_end": NEW["swap_start"]},
            201,
            {"swap_end": MADE["swap_start"]},
            id="of no time",
        ),
        pytest.param(
            {**NEW, "benefactor": "U2", "status": "taken"}, 201, {}, id="what it sets itself"
        ),
        pytest.param(
            {**NEW, "swap_start": "2026-03-02T09:30:00Z"},
            201,
            {"swap_start": "2026-03-02T09:30:00.000000Z"},
            id="from now on",
        ),
        pytest.param(
            {**NEW, "swap_start": "2026-03-02T09:29:59Z"},
            400,
            of_all("swap_start must be a datetime in the future"),
            id="past",
        ),
        pytest.param(
            {**NEW, "swap_end": "2026-03-09T08:59:59Z"},
            400,
            of_all("swap_end must occur after swap_start"),
            id="reversed",
        ),
        pytest.param(
            {**NEW, "swap_end": "2026-03-10T09:00:00"}, 400, {"swap_end": FORM}, id="naive"
        ),
        pytest.param({**NEW, "swap_end": 5}, 400, {"swap_end": FORM}, id="a number"),
        pytest.param(
            {**NEW, "swap_end": "0001-01-01T00:00:00+01:00"},
            400,
            {"swap_end": ["Datetime value out of range."]},
            id="before the calendar",
        ),
        pytest.param({**NEW, "swap_end": None}, 400, {"swap_end": NULL}, id="null"),
        pytest.param(
            {**NEW, "schedule": "S9"}, 400, {"schedule": ["Object does not exist"]}, id="unknown"
        ),
        pytest.param({}, 400, dict.fromkeys(NEXT, REQUIRED), id="nothing"),
        pytest.param(NEXT, 400, {"detail": "beneficiary user ID is required"}, id="no beneficiary"),
        pytest.param(
            {**NEW, "beneficiary": "U9"},
            400,
            {"detail": "Invalid beneficiary user ID"},
            id="an unknown beneficiary",
        ),
    ],
)
def test_a_creation(engine: FakeOnCall, body: Any, status: int, answer: Any) -> None:
    """The swap as it is kept, or what is wrong: members first, then the user."""
    response = ask(engine, "POST", "shift_swaps/", body)
    made = response.json()
    assert response.status == status
    if status == 201:
        assert made == swap(id=made["id"], **{**MADE, **answer})
        assert made["id"].startswith("SSR")
    elif answer is not None:
        assert made == answer
    else:
        assert [*made] == ["description"]


@pytest.mark.parametrize(
    ("sent", "body", "status", "answer"),
    [
        pytest.param("PUT SSR2", NEXT, 200, MADE, id="new times"),
        pytest.param(
            "PUT SSR2", {**NEXT, "beneficiary": "U2"}, 200, MADE, id="never another beneficiary"
        ),
        pytest.param(
            "PUT SSR2", {**NEXT, "schedule": "S2"}, 200, {**MADE, "schedule": "S2"}, id="schedule"
        ),
        pytest.param(
            "PUT SSR2", {"description": "x"}, 400, dict.fromkeys(NEXT, REQUIRED), id="too little"
        ),
        pytest.param(
            "PATCH SSR2",
            {"description": "x"},
            200,
            {"description": "x", "shifts": []},
            id="a PATCH",
        ),
        pytest.param(
            "PATCH SSR2", {"swap_end": NEXT["swap_end"]}, 400, of_all(BOTH), id="half a PATCH"
        ),
        pytest.param("PUT SSR1", NEXT, 404, {"detail": "Not found."}, id="of the past"),
        pytest.param(
            "PUT SSR1?starting_after=1970-01-01T00:00:00Z",
            NEXT,
            200,
            {**MADE, "id": "SSR1", "beneficiary": "U2"},
            id="of the past, on request",
        ),
        pytest.param("PUT SSR9", NEXT, 404, {"detail": "Not found."}, id="unknown"),
    ],
)
def test_an_update(engine: FakeOnCall, sent: str, body: Any, status: int, answer: Any) -> None:
    """Of all but its users; a PUT says all anew, and a PATCH both times or none."""
    for each in engine.objects(FakeShiftSwap).values():
        each.updated_at = each.created_at - timedelta(days=1)
    method, _, target = sent.partition(" ")
    name, _, query = target.partition("?")
    response = ask(engine, method, f"shift_swaps/{name}/", body, query=query)
    assert response.status == status
    assert response.json() == (swap(**answer) if status == 200 else answer)


ALL: Final = "starting_after=1970-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("", ["SSR2", "SSR3"], id="that start from now on, by start"),
        pytest.param("starting_after=", ["SSR2", "SSR3"], id="an empty start"),
        pytest.param(ALL, ["SSR1", "SSR2", "SSR3"], id="from a start"),
        pytest.param("starting_after=2026-03-03T09:30:00Z", ["SSR2", "SSR3"], id="inclusive"),
        pytest.param("starting_after=2026-03-03T10:30:01%2B01:00", ["SSR3"], id="an offset"),
        pytest.param("schedule_id=S2", ["SSR3"], id="of a schedule"),
        pytest.param("schedule_id=S9", [], id="of an unknown schedule"),
        pytest.param(f"{ALL}&beneficiary=U2", ["SSR1"], id="of a beneficiary"),
        pytest.param("benefactor=U2", ["SSR3"], id="of a benefactor"),
        pytest.param(f"{ALL}&open_only=true", ["SSR2"], id="open ones"),
        pytest.param("open_only=True", ["SSR2", "SSR3"], id="another spelling filters nothing"),
    ],
)
def test_a_list(engine: FakeOnCall, query: str, found: list[str]) -> None:
    """Sorted by start."""
    assert ids(ask(engine, "GET", "shift_swaps/", query=query)) == found


@pytest.mark.parametrize("path", ["shift_swaps/", "shift_swaps/SSR2/"])
def test_a_bad_start_is_refused(engine: FakeOnCall, path: str) -> None:
    """With a bare list, wherever the filter is applied."""
    response = ask(engine, "GET", path, query="starting_after=2026-03-03")
    assert (response.status, response.json()) == (400, FORM)


def test_a_list_has_no_shifts(engine: FakeOnCall) -> None:
    """Only a single swap has."""
    (first, _) = ask(engine, "GET", "shift_swaps/").json()["results"]
    assert first == swap()
    assert ask(engine, "GET", "shift_swaps/SSR2/").json() == swap(shifts=[])


@pytest.mark.parametrize(
    ("name", "body", "status", "answer"),
    [
        pytest.param("SSR2", {"benefactor": "U2"}, 200, None, id="taken"),
        pytest.param("SSR2", {"benefactor": "U1"}, 400, SAME, id="by its beneficiary"),
        pytest.param("SSR3", {"benefactor": "U2"}, 400, NOT_OPEN, id="again"),
        pytest.param("SSR3", {"benefactor": "U1"}, 400, SAME, id="again, by its beneficiary"),
        pytest.param(f"SSR1 {ALL}", {"benefactor": "U1"}, 400, NOT_OPEN, id="too late"),
        pytest.param("SSR1", {"benefactor": "U1"}, 404, {"detail": "Not found."}, id="of the past"),
        pytest.param("SSR2", {}, 400, {"detail": "benefactor user ID is required"}, id="by nobody"),
        pytest.param(
            "SSR2", None, 400, {"detail": "benefactor user ID is required"}, id="a null body"
        ),
        pytest.param(
            "SSR2", {"benefactor": 5}, 400, {"detail": "Invalid benefactor user ID"}, id="no id"
        ),
        pytest.param("SSR2", [], 500, None, id="a list"),
    ],
)
def test_a_swap_is_taken(
    engine: FakeOnCall, name: str, body: Any, status: int, answer: Any
) -> None:
    """Once, before it starts, by another user."""
    path, _, query = name.partition(" ")
    response = ask(engine, "POST", f"shift_swaps/{path}/take/", body, query=query)
    assert response.status == status
    if status == 200:
        assert response.json() == swap(status="taken", benefactor="U2", shifts=[])
    elif answer is not None:
        assert response.json() == answer


def test_a_swap_that_has_started_is_past_due_unless_it_is_taken(
    engine: FakeOnCall, clock: VirtualClock
) -> None:
    """By the clock of the server, one moment after its start."""

    def statuses() -> list[str]:
        results = ask(engine, "GET", "shift_swaps/", query=ALL).json()["results"]
        return [each["status"] for each in results]

    clock.advance(timedelta(days=1))
    assert statuses() == ["past_due", "open", "taken"]
    clock.advance(timedelta(days=1, seconds=1))
    assert statuses() == ["past_due", "past_due", "taken"]


def test_a_deletion(engine: FakeOnCall) -> None:
    """Of a swap, and of its schedule, with which it goes."""
    assert [ask(engine, "DELETE", "shift_swaps/SSR2/").status for _ in range(2)] == [204, 404]
    assert ask(engine, "DELETE", "shift_swaps/SSR1/").status == 404
    assert ask(engine, "DELETE", "schedules/S2/").status == 204
    assert ids(ask(engine, "GET", "shift_swaps/", query=ALL)) == ["SSR1"]


def _user(name: str, id: str) -> dict[str, str]:
    return {
        "display_name": name,
        "email": f"{name}@example.com",
        "pk": id,
        "avatar_full": f"https://stack.grafana.example/avatar/{id}",
    }


def test_a_swap_has_the_parts_of_shifts_that_it_concerns(engine: FakeOnCall) -> None:
    """Those of its beneficiary; with the users of both sides once it is taken."""
    start = engine.now()
    spans = [FakeSpan("U1", start, start + timedelta(days=9)), FakeSpan("U2", start, start)]
    engine.objects(FakeSchedule)["S1"].spans = spans
    (shift,) = ask(engine, "GET", "shift_swaps/SSR2/").json()["shifts"]
    assert (shift["start"], shift["end"]) == ("2026-03-03T09:30:00Z", "2026-03-04T09:30:00Z")
    assert shift["users"] == [{**_user("ana", "U1"), "swap_request": {"pk": "SSR2"}}]
    taken = ask(engine, "POST", "shift_swaps/SSR2/take/", {"benefactor": "U2"}).json()
    request = {"pk": "SSR2", "user": _user("ana", "U1")}
    assert taken["shifts"][0]["users"] == [{**_user("ben", "U2"), "swap_request": request}]


def test_a_swap_that_is_past_due_concerns_no_shifts(
    engine: FakeOnCall, clock: VirtualClock
) -> None:
    """Nobody can take them any more."""
    engine.objects(FakeSchedule)["S1"].on_call = ["U1"]
    assert len(ask(engine, "GET", "shift_swaps/SSR2/").json()["shifts"]) == 1
    clock.advance(timedelta(days=1, seconds=1))
    assert ask(engine, "GET", "shift_swaps/SSR2/", query=ALL).json()["shifts"] == []


def _on_call(engine: FakeOnCall) -> list[tuple[str, str, str]]:
    """Who is on call in the next days."""
    query = "start_date=2026-03-03&end_date=2026-03-04"
    shifts = ask(engine, "GET", "schedules/S1/final_shifts/", query=query).json()["results"]
    return [(one["user_pk"], one["shift_start"], one["shift_end"]) for one in shifts]


def test_a_swap_that_is_taken_changes_who_is_on_call(
    engine: FakeOnCall, clock: VirtualClock
) -> None:
    """In final shifts, at the moment and in exports; an open one, or one of another, does not."""
    schedule = engine.objects(FakeSchedule)["S1"]
    schedule.on_call, schedule.export_token = ["U1"], "secret"
    first, last = "2026-03-03T00:00:00Z", "2026-03-04T23:59:59Z"
    assert _on_call(engine) == [("U1", first, last)]
    ask(engine, "POST", "shift_swaps/SSR2/take/", {"benefactor": "U2"})
    start, end = "2026-03-03T09:30:00Z", "2026-03-04T09:30:00Z"
    swapped = [("U1", first, start), ("U2", start, end), ("U1", end, last)]
    assert _on_call(engine) == swapped
    export = ask(engine, "GET", "schedules/S1/export/", query="token=secret").body.decode()
    assert "SUMMARY:ben\r\nDTSTART:20260303T093000Z\r\nDTEND:20260304T093000Z" in export
    for user in ("U1", "U2", "U1"):
        assert ask(engine, "GET", "schedules/S1/").json()["on_call_now"] == [user]
        clock.advance(timedelta(days=1))
    ask(engine, "DELETE", "shift_swaps/SSR2/", query=ALL)
    assert _on_call(engine) == [("U1", first, last)]


def test_what_a_benefactor_has_taken_can_be_swapped_again(engine: FakeOnCall) -> None:
    """Swaps are applied in the order in which they were asked for."""
    schedule, ben = engine.objects(FakeSchedule)["S1"], engine.users["U2"]
    schedule.on_call = ["U1"]
    ask(engine, "POST", "shift_swaps/SSR2/take/", {"benefactor": "U2"})
    start = engine.now() + timedelta(days=1, hours=12)
    engine.add_shift_swap(
        schedule, ben, start=start, end=start + timedelta(days=9), benefactor=engine.user, id="SSR4"
    )
    (shift,) = ask(engine, "GET", "shift_swaps/SSR4/").json()["shifts"]
    assert (shift["start"], shift["end"]) == ("2026-03-03T21:30:00Z", "2026-03-04T09:30:00Z")
    (own,) = ask(engine, "GET", "shift_swaps/SSR2/").json()["shifts"]
    assert own["users"][0]["pk"] == "U2"
    assert [user for user, *_ in _on_call(engine)] == ["U1", "U2", engine.user.id, "U1"]


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("editor", 201)])
def test_writes_need_an_editor(engine: FakeOnCall, role: Any, status: int) -> None:
    """Everybody else reads."""
    engine.add_token("other", role=role)
    assert ask(engine, "POST", "shift_swaps/", NEW, token="other").status == status
    assert ask(engine, "GET", "shift_swaps/SSR2/", token="other").status == 200
