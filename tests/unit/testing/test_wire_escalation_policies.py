"""Escalation policies on the wire: requests, and what the open-source engine answers to them."""

from __future__ import annotations

from typing import Any, Final

import pytest

from grafana_oncall.testing import FakeEscalationChain, FakeEscalationPolicy, FakeOnCall
from tests.support.fake_requests import ask, ids

POLICIES: Final = "escalation_policies/"
REQUIRED: Final = ["This field is required."]
NULL: Final = ["This field may not be null."]
NO_OBJECT: Final = ["Object does not exist"]
NO_TYPE: Final = {"detail": "Invalid escalation step type"}
WRONG_TIME: Final = ["Time has wrong format. Use one of these formats instead: hh:mm:ssZ."]
TOO_SHORT: Final = ["Ensure this value is greater than or equal to 0:01:00."]
TOO_LONG: Final = ["Ensure this value is less than or equal to 1 day, 0:00:00."]
NO_NUMBER: Final = ["A valid number is required."]
NEGATIVE: Final = ["Ensure this value is greater than or equal to 0."]
BAD_POSITION: Final = {"detail": "Invalid value for position field"}


def policy(kind: str | None, position: int = 0, **members: Any) -> dict[str, Any]:
    """A policy as it is answered; its id is that of the examples."""
    return {
        "position": position,
        "id": "E1",
        "escalation_chain_id": "F1",
        "type": kind,
        **members,
    }


@pytest.fixture
def engine(oss: FakeOnCall) -> FakeOnCall:
    """A server with two users, a team, a user group, a schedule, a webhook, a chain."""
    oss.add_user("old", id="U1")
    oss.add_user("young", id="U2")
    oss.add_team("SRE", id="T1")
    oss.add_user_group("On call", id="G1")
    oss.add_schedule("Primary", id="S1")
    oss.add_webhook("bot", id="WH1")
    oss.add_escalation_chain("nights", id="F1")
    return oss


def _create(engine: FakeOnCall, **body: Any) -> tuple[int, Any]:
    """Send a creation in the chain; the id of the answer is that of the examples."""
    response = ask(engine, "POST", POLICIES, {"escalation_chain_id": "F1", **body})
    if response.status == 500:
        return 500, None
    answer = response.json()
    return response.status, {**answer, "id": "E1"} if response.status == 201 else answer


@pytest.mark.parametrize(
    ("body", "made"),
    [
        pytest.param({"type": "wait", "duration": 300}, {"duration": 300}, id="a wait"),
        pytest.param({"type": "wait"}, {"duration": None}, id="... of no duration"),
        pytest.param({"type": "wait", "duration": None}, {"duration": None}, id="... of null"),
        pytest.param({"type": "wait", "duration": 61.9}, {"duration": 61}, id="... with a part"),
        pytest.param({"type": "wait", "duration": "300"}, {"duration": 300}, id="... as a text"),
        pytest.param(
            {"type": "notify_persons", "persons_to_notify": ["U2", "UX", "U1"]},
            {"persons_to_notify": ["U1", "U2"], "important": False},
            id="persons: unknown ones are dropped, and their order",
        ),
        pytest.param(
            {"type": "notify_persons", "persons_to_notify": None, "important": "yes"},
            {"persons_to_notify": [], "important": True},
            id="persons that are null",
        ),
        pytest.param(
            {"type": "notify_persons", "persons_to_notify": "U1"},
            {"persons_to_notify": [], "important": False},
            id="persons that are a text",
        ),
        pytest.param(
            {"type": "notify_person_next_each_time", "persons_to_notify_next_each_time": ["U1"]},
            {"persons_to_notify_next_each_time": ["U1"], "important": False},
            id="one person after the other",
        ),
        pytest.param(
            {"type": "notify_on_call_from_schedule", "notify_on_call_from_schedule": "S1"},
            {"notify_on_call_from_schedule": "S1", "important": False},
            id="a schedule",
        ),
        pytest.param(
            {"type": "notify_on_call_from_schedule"},
            {"notify_on_call_from_schedule": None, "important": False},
            id="no schedule",
        ),
        pytest.param(
            {"type": "notify_user_group", "group_to_notify": "G1", "important": True},
            {"group_to_notify": "G1", "important": True},
            id="a user group",
        ),
        pytest.param(
            {"type": "notify_team_members", "team_to_notify": "T1", "duration": 60},
            {"team_to_notify": "T1", "important": False},
            id="a team, and a member of another type",
        ),
        pytest.param({"type": "trigger_webhook"}, {"action_to_trigger": None}, id="no webhook"),
        pytest.param(
            {"type": "trigger_webhook", "action_to_trigger": "WH1"},
            {"action_to_trigger": "WH1"},
            id="a webhook",
        ),
        pytest.param(
            {"type": "notify_if_time_from_to", "notify_if_time_from": "09:00:00Z"},
            {"notify_if_time_from": "09:00:00Z", "notify_if_time_to": None},
            id="times",
        ),
        pytest.param(
            {"type": "notify_if_num_alerts_in_window", "num_alerts_in_window": 3},
            {"num_alerts_in_window": 3, "num_minutes_in_window": None},
            id="numbers",
        ),
        pytest.param({"type": "resolve", "id": "E9", "colour": 1}, {}, id="the end"),
        pytest.param({"type": "repeat_escalation"}, {}, id="a repeat"),
        pytest.param({"type": None}, {}, id="no type"),
    ],
)
def test_a_creation_shows_the_members_of_its_type(
    engine: FakeOnCall, body: dict[str, Any], made: dict[str, Any]
) -> None:
    """And no other; none of them is required."""
    assert _create(engine, **body) == (201, policy(body["type"], **made))


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        pytest.param({}, {"type": REQUIRED}, id="no type"),
        pytest.param({"type": ""}, {"type": ["This field may not be blank."]}, id="a blank type"),
        pytest.param({"type": "trigger_action"}, NO_TYPE, id="a type of old"),
        pytest.param({"type": "fax"}, NO_TYPE, id="an unknown type"),
        pytest.param(
            {"type": "notify_whole_channel"},
            {"detail": "Invalid escalation step type: step is Slack-specific"},
            id="Slack, which is not connected",
        ),
        pytest.param(
            {"type": "declare_incident"},
            {"detail": "Invalid escalation step type: step is not enabled"},
            id="incidents, which are not enabled",
        ),
        pytest.param({"type": "wait", "duration": 59}, {"duration": TOO_SHORT}, id="59 seconds"),
        pytest.param({"type": "wait", "duration": 86401}, {"duration": TOO_LONG}, id="a day and 1"),
        pytest.param({"type": "wait", "duration": "abc"}, {"duration": NO_NUMBER}, id="letters"),
        pytest.param({"type": "resolve", "important": None}, {"important": NULL}, id="important"),
        pytest.param(
            {"type": "notify_if_time_from_to", "notify_if_time_from": "09:00"},
            {"notify_if_time_from": WRONG_TIME},
            id="a time without seconds",
        ),
        pytest.param(
            {"type": "notify_if_time_from_to", "notify_if_time_to": None},
            {"notify_if_time_to": NULL},
            id="a time that is null",
        ),
        pytest.param(
            {"type": "notify_if_num_alerts_in_window", "num_alerts_in_window": -1},
            {"num_alerts_in_window": NEGATIVE},
            id="a negative number",
        ),
        pytest.param(
            {"type": "notify_team_members", "team_to_notify": None},
            {"team_to_notify": NULL},
            id="a team that is null",
        ),
        pytest.param(
            {"type": "notify_team_members", "team_to_notify": "TX"},
            {"team_to_notify": NO_OBJECT},
            id="an unknown team",
        ),
        pytest.param(
            {"escalation_chain_id": "FX", "type": "resolve"},
            {"escalation_chain_id": NO_OBJECT},
            id="an unknown chain",
        ),
        pytest.param(
            {"type": "resolve", "position": "x"},
            {"position": ["A valid integer is required."]},
            id="a position that is a text",
        ),
        pytest.param({"type": "resolve", "position": None}, {"position": NULL}, id="... null"),
    ],
)
def test_a_creation_that_is_refused_leaves_nothing(
    engine: FakeOnCall, body: dict[str, Any], answer: Any
) -> None:
    """When one member by itself is wrong."""
    assert _create(engine, **body) == (400, answer)
    assert ids(ask(engine, "GET", POLICIES)) == []


@pytest.mark.parametrize("position", [-2, 2**31])
def test_a_bad_position_leaves_the_step_at_the_end(engine: FakeOnCall, position: int) -> None:
    """Although the creation is refused."""
    assert _create(engine, type="resolve") == (201, policy("resolve"))
    assert _create(engine, type="wait", position=position) == (400, BAD_POSITION)
    left = ask(engine, "GET", POLICIES).json()["results"]
    assert [(each["type"], each["position"]) for each in left] == [("resolve", 0), ("wait", 1)]


def test_persons_of_both_kinds_crash_the_server_and_take_a_position(engine: FakeOnCall) -> None:
    """If they differ."""
    crash = {"persons_to_notify": ["U1"], "persons_to_notify_next_each_time": ["U2"]}
    assert _create(engine, type="notify_person_next_each_time", **crash) == (500, None)
    assert _create(engine, type="resolve") == (201, policy("resolve", 1))


@pytest.mark.parametrize("body", [[], "x"])
def test_a_body_that_is_no_object_crashes_the_server(engine: FakeOnCall, body: Any) -> None:
    """Unlike that of a chain; so does a number for persons."""
    assert ask(engine, "POST", POLICIES, body).status == 500
    assert _create(engine, type="notify_persons", persons_to_notify=5) == (500, None)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize(
    ("body", "changed"),
    [
        pytest.param({}, {}, id="nothing"),
        pytest.param({"important": True}, {"important": True}, id="important alone"),
        pytest.param({"persons_to_notify": ["U2"]}, {"persons_to_notify": ["U2"]}, id="persons"),
        pytest.param({"persons_to_notify": None}, {"persons_to_notify": []}, id="no persons"),
        pytest.param({"escalation_chain_id": "FX"}, {}, id="another chain is ignored"),
        pytest.param({"duration": 60}, {}, id="a member of another type is ignored"),
    ],
)
def test_an_update_merges(
    engine: FakeOnCall, method: str, body: dict[str, Any], changed: dict[str, Any]
) -> None:
    """By both methods."""
    chain = engine.objects(FakeEscalationChain)["F1"]
    engine.add_escalation_policy(chain, "notify_persons", id="E1", persons=["U1"])
    response = ask(engine, method, f"{POLICIES}E1/", body)
    kept = policy("notify_persons", persons_to_notify=["U1"], important=False)
    assert (response.status, response.json()) == (200, {**kept, **changed})


def test_another_type_clears_the_members_of_the_old_one(engine: FakeOnCall) -> None:
    """They do not come back with the old type; null is a type as well."""
    chain = engine.objects(FakeEscalationChain)["F1"]
    engine.add_escalation_policy(chain, "wait", id="E1", duration=300)
    for body, answer in (
        ({"type": "notify_team_members", "team_to_notify": "T1"}, {"team_to_notify": "T1"}),
        ({"type": "wait"}, {"duration": None}),
        ({"type": None}, {}),
    ):
        response = ask(engine, "PUT", f"{POLICIES}E1/", body)
        important = {"important": False} if "team_to_notify" in answer else {}
        assert response.status == 200
        assert response.json() == policy(body["type"], **answer, **important)


def test_an_important_step_for_one_person_at_a_time_is_hidden(engine: FakeOnCall) -> None:
    """The open-source engine crashes, and keeps what its API cannot show; its place is taken."""
    body = {"type": "notify_person_next_each_time", "important": True}
    assert _create(engine, **body) == (500, None)
    (hidden,) = engine.objects(FakeEscalationPolicy).values()
    assert ids(ask(engine, "GET", POLICIES)) == []
    for method in ("GET", "PUT", "DELETE"):
        assert ask(engine, method, f"{POLICIES}{hidden.id}/", {}).status == 404
    assert _create(engine, type="resolve") == (201, policy("resolve", 1))


def test_an_update_hides_such_a_step_too(engine: FakeOnCall, fake: FakeOnCall) -> None:
    """Not on Grafana Cloud."""
    for server, status in ((engine, 500), (fake, 200)):
        chain = server.add_escalation_chain("days")
        step = server.add_escalation_policy(chain, "notify_person_next_each_time")
        path = f"{POLICIES}{step.id}/"
        assert ask(server, "PATCH", path, {"important": True}).status == status
        assert ask(server, "GET", path).status == (200 if status == 200 else 404)


def test_steps_are_listed_by_chain_and_position(engine: FakeOnCall) -> None:
    """And selected by chain."""
    other = engine.add_escalation_chain("days", id="F2")
    engine.add_escalation_policy(other, id="E1")
    for body in (
        {"type": "wait"},
        {"type": "resolve"},
        {"type": "repeat_escalation", "position": 0},
    ):
        _create(engine, **body)
    listed = ask(engine, "GET", POLICIES).json()["results"]
    kinds = [(each["escalation_chain_id"], each["type"], each["position"]) for each in listed]
    assert kinds == [
        ("F1", "repeat_escalation", 0),
        ("F1", "wait", 1),
        ("F1", "resolve", 2),
        ("F2", "wait", 0),
    ]
    assert ids(ask(engine, "GET", POLICIES, query="escalation_chain_id=F2")) == ["E1"]
    assert ids(ask(engine, "GET", POLICIES, query="escalation_chain_id=FX")) == []


def test_the_steps_go_with_their_chain(engine: FakeOnCall) -> None:
    """All of them."""
    chain = engine.objects(FakeEscalationChain)["F1"]
    engine.add_escalation_policy(chain, id="E1")
    assert ask(engine, "DELETE", "escalation_chains/F1/").status == 204
    assert ask(engine, "GET", f"{POLICIES}E1/").status == 404
