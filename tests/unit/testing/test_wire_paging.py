"""Direct paging and phones on the wire: requests, and what the open-source engine answers."""

from __future__ import annotations

from typing import Any, Final

import pytest

from grafana_oncall.testing import FakeOnCall, RateLimit
from tests.support.fake_requests import ask

ANA: Final = {"id": "U1", "important": True}
REQUIRED: Final = ["This field is required."]
EXCLUDED: Final = "users and team are mutually exclusive"
TAKEN: Final = "alert_group_id and (title, message, source_url) are mutually exclusive"
URL: Final = {"source_url": ["Enter a valid URL."]}
USER: Final = {"users": [{"non_field_errors": ["User UX does not exist"]}]}


def _fault(text: str) -> dict[str, list[str]]:
    return {"non_field_errors": [text]}


@pytest.fixture
def engine(oss: FakeOnCall) -> FakeOnCall:
    """A server with a team, two users and two groups, one of which is resolved."""
    oss.add_team("SRE", id="T1")
    oss.add_user("ana", id="U1").is_phone_number_verified = True
    oss.add_user("ben", id="U2")
    oss.add_group(id="I1")
    oss.add_group(id="I2", state="resolved")
    return oss


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        pytest.param({}, {"detail": "No team or user(s) specified"}, id="nobody"),
        pytest.param({"users": []}, {"detail": "No team or user(s) specified"}, id="no users"),
        pytest.param({"users": [ANA], "team": "T1"}, _fault(EXCLUDED), id="users and a team"),
        pytest.param(
            {"users": [ANA], "alert_group_id": "I1", "title": "t"}, _fault(TAKEN), id="a title"
        ),
        pytest.param(
            {"users": [ANA], "alert_group_id": "INOSUCH"},
            _fault("Alert group INOSUCH does not exist"),
            id="an unknown group",
        ),
        pytest.param(
            {"users": [ANA], "alert_group_id": "I2"},
            {"detail": "Cannot add responders for a resolved alert group"},
            id="a resolved group",
        ),
        pytest.param({"users": [{"id": "UX", "important": False}]}, USER, id="an unknown user"),
        pytest.param(
            {"users": [ANA, {"id": "U2"}]},
            {"users": [{}, {"important": REQUIRED}]},
            id="a user without importance",
        ),
        pytest.param({"team": "T9"}, {"team": ["Object does not exist"]}, id="an unknown team"),
        pytest.param({"team": "T1", "source_url": "x"}, URL, id="no URL"),
        pytest.param({"team": "T1", "source_url": "http://x/"}, URL, id="a host without a dot"),
        pytest.param(
            [],
            {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]},
            id="a list",
        ),
    ],
)
def test_a_page_that_is_refused(engine: FakeOnCall, body: Any, answer: dict[str, Any]) -> None:
    """It makes no group."""
    response = ask(engine, "POST", "escalation/", body)
    assert (response.status, response.json()) == (400, answer)
    assert len(engine.groups) == 2


def test_a_page_of_users(engine: FakeOnCall) -> None:
    """A new group, as in alert_groups, of an integration that is made when it is needed."""
    body = {"title": "t", "message": "m", "users": [ANA], "source_url": "https://a.example/b"}
    response = ask(engine, "POST", "escalation/", body)
    assert response.status == 200
    made = response.json()
    assert (made["title"], made["state"], made["team_id"]) == ("t", "firing", None)
    assert made == ask(engine, "GET", f"alert_groups/{made['id']}/").json()
    source = engine.integration(made["integration_id"])
    assert (source.type, source.name) == ("direct_paging", "Direct paging (No team)")


def test_a_page_of_a_team(engine: FakeOnCall) -> None:
    """Its groups have one integration; without a title, the server makes one."""
    body = {"team": "T1", "important_team_escalation": True}
    first, second = [ask(engine, "POST", "escalation/", body).json() for _ in range(2)]
    assert first["title"] == "admin is paging SRE team to join escalation"
    assert first["team_id"] == "T1"
    assert first["last_alert"]["payload"]["oncall"]["important"] is True
    assert first["integration_id"] == second["integration_id"]
    assert engine.integration(first["integration_id"]).name == "Direct paging (SRE team)"


def test_responders_are_added_to_a_group(engine: FakeOnCall) -> None:
    """Which comes back."""
    response = ask(engine, "POST", "escalation/", {"users": [ANA], "alert_group_id": "I1"})
    assert (response.status, response.json()["id"]) == (200, "I1")


def test_cloud_takes_names(fake: FakeOnCall) -> None:
    """In place of ids, and more about it."""
    fake.add_user("ana")
    body = {"users": [{"username": "ana", "important": False}], "metadata": {"service": "shop"}}
    made = ask(fake, "POST", "escalation/", body)
    assert made.json()["title"] == "admin is paging ana to join escalation"


@pytest.mark.parametrize(
    ("path", "email", "status", "answer"),
    [
        pytest.param("make_call", "ana@example.com", 200, {}, id="a call"),
        pytest.param("send_sms", "ana@example.com", 200, {}, id="a message"),
        *(
            pytest.param(
                path, "eve@example.com", 404, {"error": "user-not-found"}, id=f"{path}: no"
            )
            for path in ("make_call", "send_sms")
        ),
        pytest.param(
            *("make_call", "ben@example.com", 400, {"error": "number-not-verified"}), id="no number"
        ),
        pytest.param(
            *("send_sms", "ben@example.com", 404, {"error": "user-not-found"}), id="no number, SMS"
        ),
        pytest.param(
            *("make_call", "ben", 400, {"email": ["Enter a valid email address."]}), id="no address"
        ),
    ],
)
def test_phones(
    engine: FakeOnCall, path: str, email: str, status: int, answer: dict[str, Any]
) -> None:
    """By the address of their user."""
    response = ask(engine, "POST", f"{path}/", {"email": email, "message": "m"})
    assert (response.status, response.json()) == (status, answer)


def test_a_message_for_a_phone_is_short(engine: FakeOnCall) -> None:
    """And needed."""
    for message, fault in (
        ("x" * 1025, "Ensure this field has no more than 1024 characters."),
        ("", "This field may not be blank."),
    ):
        body = {"email": "ana@example.com", "message": message}
        assert ask(engine, "POST", "make_call/", body).json() == {"message": [fault]}


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("make_call", "GET", 405), ("send_sms", "DELETE", 405), ("escalation", "GET", 500)],
)
def test_a_wrong_method(engine: FakeOnCall, path: str, method: str, status: int) -> None:
    """Is refused by name at phones, and else crashes the server."""
    response = ask(engine, method, f"{path}/")
    assert response.status == status
    if status == 405:
        assert response.json() == {"detail": f'Method "{method}" not allowed.'}


def test_who_may_page(engine: FakeOnCall) -> None:
    """Users only; any of them may use phones, and an editor may page."""
    engine.add_token("glsa_1")
    engine.add_token("viewer", role="viewer")
    engine.add_token("none", role="none")
    sms = {"email": "ana@example.com", "message": "m"}
    refused = ask(engine, "POST", "escalation/", {"team": "T1"}, token="glsa_1")
    assert (refused.status, refused.json()) == (403, {"detail": "Invalid token."})
    assert ask(engine, "POST", "send_sms/", sms, token="glsa_1").status == 403
    assert ask(engine, "POST", "escalation/", {"team": "T1"}, token="viewer").status == 403
    assert ask(engine, "POST", "send_sms/", sms, token="none").status == 200


def test_phones_share_a_limit(engine: FakeOnCall) -> None:
    """Of 60 a minute; other requests do not count."""
    engine.rate_limit = RateLimit(requests=1)
    body = {"email": "ana@example.com", "message": "m"}
    paths = ["make_call/", "send_sms/"] * 30
    assert {ask(engine, "POST", path, body).status for path in paths} == {200}
    refused = ask(engine, "POST", "send_sms/", body)
    assert (refused.status, "RateLimit-Reset" in refused.headers) == (429, False)
    assert ask(engine, "GET", "users/").status == 200
