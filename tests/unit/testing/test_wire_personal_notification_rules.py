"""Personal notification rules on the wire: requests, and what the open-source engine answers."""

from __future__ import annotations

from typing import Any, Final

import pytest

from grafana_oncall.testing import FakeOnCall, FakePersonalNotificationRule
from tests.support.fake_requests import ask, ids

RULES: Final = "personal_notification_rules/"
REQUIRED: Final = ["This field is required."]
NULL: Final = ["This field may not be null."]
NO_TYPE: Final = {"type": "Invalid type"}
NO_USER: Final = {"detail": "User does not exist"}
NO_FORMAT: Final = {"detail": "Invalid duration format"}
NOT_SET: Final = {"duration": "Duration can't be set"}
BAD_POSITION: Final = {"detail": "Invalid value for position field"}
WAIT: Final = {"type": "wait", "user_id": "U1"}
SMS: Final = {"type": "notify_by_sms", "user_id": "U1"}


def rule(type: str = "wait", **members: Any) -> dict[str, Any]:
    """A rule as it is answered; its id is that of the examples."""
    wait = {"duration": 300} if type == "wait" else {}
    own = {"position": 0, "id": "N1", "user_id": "U1", "important": False, "type": type}
    return {**own, **wait, **members}


@pytest.fixture
def engine(oss: FakeOnCall) -> FakeOnCall:
    """A server with two users."""
    oss.add_user("old", id="U1")
    oss.add_user("young", id="U2")
    return oss


def _create(engine: FakeOnCall, body: dict[str, Any]) -> tuple[int, Any]:
    """Send a creation; the id of the answer is that of the examples."""
    response = ask(engine, "POST", RULES, body)
    answer = response.json()
    return response.status, {**answer, "id": "N1"} if response.status == 201 else answer


def _places(engine: FakeOnCall, query: str = "") -> list[tuple[str, int]]:
    listed = ask(engine, "GET", RULES, query=query).json()["results"]
    return [(each["type"].removeprefix("notify_by_"), each["position"]) for each in listed]


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        pytest.param(WAIT, rule(), id="a wait, of five minutes"),
        pytest.param({**WAIT, "duration": 3600}, rule(duration=3600), id="... of an hour"),
        pytest.param({**WAIT, "duration": "0:05:00"}, rule(), id="... as a text"),
        pytest.param({**WAIT, "important": True}, rule(important=True), id="an important one"),
        pytest.param({**WAIT, "id": "N9", "colour": 1}, rule(), id="other members are ignored"),
        *(
            pytest.param({**SMS, "type": kind}, rule(kind), id=kind)
            for kind in (
                "notify_by_slack",
                "notify_by_sms",
                "notify_by_phone_call",
                "notify_by_telegram",
                "notify_by_email",
                "notify_by_mobile_app",
                "notify_by_mobile_app_critical",
                "notify_by_webhook",
            )
        ),
    ],
)
def test_a_rule_is_created(engine: FakeOnCall, body: dict[str, Any], answer: Any) -> None:
    """Only a wait has a duration."""
    assert _create(engine, body) == (201, answer)


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        pytest.param({**SMS, "type": "fax"}, NO_TYPE, id="an unknown type"),
        pytest.param({**SMS, "type": "notify_by_msteams"}, NO_TYPE, id="a type of Grafana Cloud"),
        pytest.param({"user_id": "U1"}, {"type": "Type is required"}, id="no type"),
        pytest.param({"type": "wait"}, {"user_id": REQUIRED}, id="no user"),
        pytest.param({**WAIT, "user_id": "UX"}, NO_USER, id="an unknown user"),
        pytest.param(
            {**WAIT, "duration": 61},
            {"duration": ['"0:01:01" is not a valid choice.']},
            id="61 seconds",
        ),
        pytest.param({**WAIT, "duration": None}, NO_FORMAT, id="a duration that is null"),
        pytest.param({**WAIT, "duration": "abc"}, NO_FORMAT, id="letters"),
        pytest.param({**SMS, "duration": 60}, NOT_SET, id="a duration of another type"),
        pytest.param({**WAIT, "position": None}, {"position": NULL}, id="a position of null"),
        pytest.param(
            {**WAIT, "position": "x"},
            {"position": ["A valid integer is required."]},
            id="a position that is a text",
        ),
    ],
)
def test_a_creation_that_is_refused_leaves_nothing(
    engine: FakeOnCall, body: dict[str, Any], answer: Any
) -> None:
    """When one member by itself is wrong."""
    assert _create(engine, body) == (400, answer)
    assert ids(ask(engine, "GET", RULES)) == []


@pytest.mark.parametrize("position", [-2, 2**31])
def test_a_bad_position_leaves_the_rule_at_the_end(engine: FakeOnCall, position: int) -> None:
    """Although the creation is refused."""
    _create(engine, SMS)
    assert _create(engine, {**WAIT, "position": position}) == (400, BAD_POSITION)
    assert _places(engine) == [("sms", 0), ("wait", 1)]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize(
    ("body", "changed"),
    [
        pytest.param({}, {}, id="nothing"),
        pytest.param({"duration": 900}, {"duration": 900}, id="the duration"),
        pytest.param({"user_id": "U2", "important": True}, {}, id="what is fixed"),
        pytest.param({"type": "wait"}, {}, id="the same type"),
    ],
)
def test_an_update_merges(
    engine: FakeOnCall, method: str, body: dict[str, Any], changed: dict[str, Any]
) -> None:
    """By both methods."""
    engine.add_personal_notification_rule(engine.users["U1"], "wait", id="N1", duration=60)
    response = ask(engine, method, f"{RULES}N1/", body)
    assert (response.status, response.json()) == (200, {**rule(duration=60), **changed})


def test_another_type_resets_the_duration(engine: FakeOnCall) -> None:
    """And a duration is refused for a rule that does not wait."""
    engine.add_personal_notification_rule(engine.users["U1"], "wait", id="N1", duration=60)
    path = f"{RULES}N1/"
    sms = {"type": "notify_by_sms"}
    assert ask(engine, "PUT", path, {**sms, "duration": 60}).json() == NOT_SET
    assert ask(engine, "PUT", path, sms).json() == rule("notify_by_sms")
    assert ask(engine, "PUT", path, {"duration": 60}).json() == NOT_SET
    assert ask(engine, "PUT", path, {"type": "wait"}).json() == rule()


def test_importances_and_users_have_lists_of_their_own(engine: FakeOnCall) -> None:
    """Each with positions from 0, by which rules are listed."""
    for body in (SMS, WAIT, {**SMS, "important": True}, {**SMS, "user_id": "U2"}):
        _create(engine, body)
    _create(engine, {**SMS, "type": "notify_by_email", "position": 0})
    plain = [("email", 0), ("sms", 1), ("wait", 2)]
    assert _places(engine, "user_id=U1&important=false") == plain
    assert _places(engine, "user_id=U1&important=true") == [("sms", 0)]
    assert _places(engine, "user_id=U2") == [("sms", 0)]
    assert _places(engine) == [*plain, ("sms", 0), ("sms", 0)]


def test_a_position_beyond_the_end_is_kept_and_a_deletion_leaves_a_gap(engine: FakeOnCall) -> None:
    """New rules come after the largest position; an occupied place shifts all after it."""
    for body in (SMS, WAIT, {**WAIT, "position": 9}):
        _create(engine, body)
    _create(engine, {**SMS, "position": 1})
    assert _places(engine) == [("sms", 0), ("sms", 1), ("wait", 2), ("wait", 10)]
    (_, second, *_) = ids(ask(engine, "GET", RULES))
    assert ask(engine, "DELETE", f"{RULES}{second}/").status == 204
    assert ask(engine, "DELETE", f"{RULES}{second}/").status == 404
    assert _create(engine, SMS)[1]["position"] == 11
    assert [place for _, place in _places(engine)] == [0, 2, 10, 11]


@pytest.mark.parametrize(
    ("body", "after"),
    [
        pytest.param({"position": 3}, "bcda", id="to the end"),
        pytest.param({"position": 2}, "bcad", id="before the end"),
        pytest.param({"position": -1}, "bcda", id="to the last place"),
        pytest.param({"position": 2, "manual_order": True}, "cbad", id="a swap"),
    ],
)
def test_a_rule_moves(engine: FakeOnCall, body: dict[str, Any], after: str) -> None:
    """Those between shift by one."""
    for name in "abcd":
        engine.add_personal_notification_rule(engine.users["U1"], id=f"N{name}")
    assert ask(engine, "PUT", f"{RULES}Na/", body).status == 200
    assert ids(ask(engine, "GET", RULES)) == [f"N{name}" for name in after]


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        pytest.param("user_id=UX", "User not found.", id="an unknown user"),
        pytest.param("important=True", "Important is not bool", id="a spelling of true"),
        pytest.param("important=1", "Important is not bool", id="a number"),
    ],
)
def test_a_filter_may_be_refused(engine: FakeOnCall, query: str, answer: str) -> None:
    """Unlike those of other lists."""
    response = ask(engine, "GET", RULES, query=query)
    assert (response.status, response.json()) == (400, {"detail": answer})


def test_a_service_account_is_refused_and_an_editor_writes_rules_of_others(
    engine: FakeOnCall,
) -> None:
    """As if the token were unknown; a viewer may only read."""
    engine.add_token("glsa_1")
    engine.add_token("editor", role="editor")
    engine.add_token("viewer", role="viewer")
    refused = ask(engine, "GET", RULES, token="glsa_1")
    assert (refused.status, refused.json()) == (403, {"detail": "Invalid token."})
    assert ask(engine, "POST", RULES, SMS, token="editor").status == 201
    assert ask(engine, "POST", RULES, SMS, token="viewer").status == 403
    assert ask(engine, "GET", RULES, token="viewer").status == 200
    assert len(engine.objects(FakePersonalNotificationRule)) == 1
