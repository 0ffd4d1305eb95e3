"""Resolution notes on the wire: requests, and what the open-source engine answers to them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest

from grafana_oncall.testing import FakeOnCall, VirtualClock
from tests.support.fake_requests import ask, ids

REQUIRED: Final = ["This field is required."]
NULL: Final = ["This field may not be null."]
BLANK: Final = ["This field may not be blank."]
NO_GROUP: Final = {"alert_group_id": ["Object does not exist"]}
SOURCE: Final = {"detail": "Cannot update message with this source type"}


@pytest.fixture
def engine(oss: FakeOnCall, clock: VirtualClock) -> FakeOnCall:
    """A server with two groups, each with a note; one note is of Slack."""
    old, new = oss.add_group(id="I1"), oss.add_group(id="I2")
    new.started_at = clock() + timedelta(minutes=1)
    oss.add_resolution_note(old, "first", id="M1", author=oss.user.id)
    oss.add_resolution_note(new, "second", id="M2", source="Slack")
    return oss


def note(engine: FakeOnCall, **members: Any) -> dict[str, Any]:
    """A note as it is answered."""
    return {
        "id": "M1",
        "alert_group_id": "I1",
        "author": engine.user.id,
        "source": "Web",
        "created_at": "2026-03-02T09:30:00Z",
        "text": "first",
        **members,
    }


@pytest.mark.parametrize(
    ("body", "status", "answer"),
    [
        pytest.param({"alert_group_id": "I1", "text": "x"}, 201, {"text": "x"}, id="a note"),
        pytest.param({"alert_group_id": "I1", "text": 5}, 201, {"text": "5"}, id="a number"),
        pytest.param(
            {"alert_group_id": "I1", "text": "x", "author": "U9", "source": "Slack"},
            201,
            {"text": "x"},
            id="what the server sets itself",
        ),
        pytest.param({}, 400, {"alert_group_id": REQUIRED, "text": REQUIRED}, id="nothing"),
        pytest.param({"alert_group_id": "I1", "text": None}, 400, {"text": NULL}, id="null"),
        pytest.param({"alert_group_id": "I1", "text": " "}, 400, {"text": BLANK}, id="blank"),
        pytest.param({"alert_group_id": "I9", "text": "x"}, 400, NO_GROUP, id="no such group"),
    ],
)
def test_a_creation(engine: FakeOnCall, body: Any, status: int, answer: dict[str, Any]) -> None:
    """The note as it is kept, or all that is wrong."""
    response = ask(engine, "POST", "resolution_notes/", body)
    made = response.json()
    assert response.status == status
    expected = note(engine, id=made.get("id"), **answer) if status == 201 else answer
    assert made == expected


def test_a_service_account_is_no_author(engine: FakeOnCall) -> None:
    """Its notes have none."""
    engine.add_token("glsa_1")
    body = {"alert_group_id": "I1", "text": "x"}
    made = ask(engine, "POST", "resolution_notes/", body, token="glsa_1")
    assert (made.status, made.json()["author"]) == (201, None)


@pytest.mark.parametrize(
    ("sent", "body", "status", "answer"),
    [
        pytest.param("PUT M1", {"text": "x"}, 200, {"text": "x"}, id="a text"),
        pytest.param(
            "PUT M1", {"text": "x", "alert_group_id": "I2"}, 200, {"text": "x"}, id="not a group"
        ),
        pytest.param("PUT M1", {}, 400, {"text": REQUIRED}, id="a PUT needs a text"),
        pytest.param("PATCH M1", {"text": "x"}, 200, {"text": "x"}, id="a PATCH"),
        pytest.param("PATCH M1", {}, 500, None, id="a PATCH of nothing"),
        pytest.param("PUT M2", {"text": "x"}, 400, SOURCE, id="of Slack"),
        pytest.param("PUT M9", {"text": "x"}, 404, {"detail": "Not found."}, id="unknown"),
    ],
)
def test_an_update(
    engine: FakeOnCall, sent: str, body: Any, status: int, answer: dict[str, Any] | None
) -> None:
    """Of the text, if the note was written in the web."""
    method, name = sent.split()
    response = ask(engine, method, f"resolution_notes/{name}/", body)
    assert response.status == status
    if answer is not None:
        assert response.json() == (note(engine, **answer) if status == 200 else answer)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("", ["M2", "M1"], id="those of the newest group first"),
        pytest.param("alert_group_id=I1", ["M1"], id="of a group"),
        pytest.param("alert_group_id=I9", [], id="of an unknown group"),
    ],
)
def test_a_list(engine: FakeOnCall, query: str, found: list[str]) -> None:
    """Fifty a page."""
    assert ids(ask(engine, "GET", "resolution_notes/", query=query)) == found


def test_a_deletion(engine: FakeOnCall) -> None:
    """Of a note, whatever its source; and of its group, with which it goes."""
    assert [ask(engine, "DELETE", "resolution_notes/M2/").status for _ in range(2)] == [204, 404]
    del engine.groups["I1"]
    assert ask(engine, "GET", "resolution_notes/M1/").status == 404
    assert ids(ask(engine, "GET", "resolution_notes/")) == []


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("editor", 201)])
def test_writes_need_an_editor(engine: FakeOnCall, role: Any, status: int) -> None:
    """Everybody else reads."""
    engine.add_token("other", role=role)
    body = {"alert_group_id": "I1", "text": "x"}
    assert ask(engine, "POST", "resolution_notes/", body, token="other").status == status
    assert ask(engine, "GET", "resolution_notes/M1/", token="other").status == 200
