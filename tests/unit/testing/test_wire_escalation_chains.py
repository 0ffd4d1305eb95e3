"""Escalation chains on the wire: requests, and what the open-source engine answers to them."""

from __future__ import annotations

from typing import Any, Final

import pytest

from grafana_oncall.testing import FakeEscalationChain, FakeOnCall
from tests.support.fake_requests import NOTHING, ask, ids

NO_SUCH: Final = {"detail": "Not found."}
TAKEN: Final = {"non_field_errors": ["The fields organization, name must make a unique set."]}
REQUIRED: Final = {"name": ["This field is required."]}
NULL: Final = {"name": ["This field may not be null."]}
BLANK: Final = {"name": ["This field may not be blank."]}
LONG: Final = {"name": ["Ensure this field has no more than 100 characters."]}
NO_DATA: Final = {"non_field_errors": ["No data provided"]}
NO_TEAM: Final = {"team_id": ["Object does not exist"]}
NO_CHOICE: Final = {
    "team_id": ["Select a valid choice. That choice is not one of the available choices."]
}


def _not_a_dictionary(kind: str) -> dict[str, list[str]]:
    return {"non_field_errors": [f"Invalid data. Expected a dictionary, but got {kind}."]}


def chain(name: str = "nights", team_id: str | None = None) -> dict[str, Any]:
    """A chain as it is answered; its id is that of the example."""
    return {"id": "F1", "name": name, "team_id": team_id}


@pytest.fixture
def engine(oss: FakeOnCall) -> FakeOnCall:
    """A server with a team and two chains, one of which is the team's."""
    team = oss.add_team("SRE", id="T1")
    oss.add_escalation_chain("nights", id="F1")
    oss.add_escalation_chain("days", id="F2", team_id=team)
    return oss


@pytest.mark.parametrize(
    ("body", "status", "answer"),
    [
        pytest.param({"name": "x"}, 201, chain("x"), id="a name"),
        pytest.param({"name": 5}, 201, chain("5"), id="a number becomes a text"),
        pytest.param({"name": "x", "team_id": "T1"}, 201, chain("x", "T1"), id="of a team"),
        pytest.param({"name": "x", "team_id": None}, 201, chain("x"), id="of no team"),
        pytest.param({"name": "x", "team_id": "null"}, 201, chain("x"), id="of no team, as text"),
        pytest.param({"name": "x", "team_id": ""}, 201, chain("x"), id="of no team, blank"),
        pytest.param({"name": "x", "id": "F9", "a": 1}, 201, chain("x"), id="other members"),
        pytest.param({"name": "x" * 100}, 201, chain("x" * 100), id="the longest name"),
        pytest.param({"name": "x" * 101}, 400, LONG, id="a name too long"),
        pytest.param({"name": "nights"}, 400, TAKEN, id="a name that exists"),
        pytest.param({"name": "nights", "team_id": "T1"}, 400, TAKEN, id="... in another team"),
        pytest.param({}, 400, REQUIRED, id="no name"),
        pytest.param({"name": None}, 400, NULL, id="null"),
        pytest.param({"name": " "}, 400, BLANK, id="blank"),
        pytest.param({"name": "x", "team_id": "TNONE"}, 400, NO_TEAM, id="an unknown team"),
        pytest.param({"team_id": "TNONE"}, 400, {**REQUIRED, **NO_TEAM}, id="two errors"),
        pytest.param([], 400, _not_a_dictionary("list"), id="a list"),
        pytest.param("x", 400, _not_a_dictionary("str"), id="a text"),
        pytest.param(None, 400, NO_DATA, id="nothing"),
    ],
)
def test_a_creation(engine: FakeOnCall, body: Any, status: int, answer: Any) -> None:
    """The chain as it is kept, or all that is wrong; then nothing is kept."""
    response = ask(engine, "POST", "escalation_chains/", body)
    made = response.json()
    assert (response.status, {**made, "id": "F1"} if status == 201 else made) == (status, answer)
    listed = ask(engine, "GET", "escalation_chains/")
    assert ids(listed)[2:] == ([made["id"]] if status == 201 else [])


@pytest.mark.parametrize(
    ("sent", "body", "status", "answer"),
    [
        pytest.param("PUT F1", {"name": "x"}, 200, chain("x"), id="a new name"),
        pytest.param("PUT F1", {"name": "nights"}, 200, chain(), id="its own name"),
        pytest.param(
            "PUT F1", {"name": "nights", "team_id": "T1"}, 200, chain(team_id="T1"), id="a team"
        ),
        pytest.param(
            "PUT F2", {"name": "x"}, 200, {**chain("x", "T1"), "id": "F2"}, id="the team is kept"
        ),
        pytest.param("PUT F1", {"name": "days"}, 400, TAKEN, id="the name of another"),
        pytest.param("PUT F1", {}, 400, REQUIRED, id="a PUT needs the name"),
        pytest.param("PUT F1", {"team_id": None}, 400, REQUIRED, id="... also for a team"),
        pytest.param("PATCH F1", {}, 200, chain(), id="a PATCH merges"),
        pytest.param(
            "PATCH F1", {"team_id": "T1"}, 200, chain(team_id="T1"), id="a PATCH of the team"
        ),
        pytest.param("PATCH F1", None, 400, NO_DATA, id="a PATCH of nothing"),
        pytest.param("PUT FNONE", {"name": "x"}, 404, NO_SUCH, id="an unknown chain"),
    ],
)
def test_an_update(engine: FakeOnCall, sent: str, body: Any, status: int, answer: Any) -> None:
    """Both methods keep the team; only a PUT asks for the name."""
    method, path = sent.split()
    response = ask(engine, method, f"escalation_chains/{path}/", body)
    assert (response.status, response.json()) == (status, answer)


def test_a_deletion(engine: FakeOnCall) -> None:
    """Of a chain that is there; a default route that led to it stays, and leads nowhere."""
    source = engine.add_integration()
    source.default_route["escalation_chain_id"] = "F1"
    deleted = ask(engine, "DELETE", "escalation_chains/F1/")
    assert (deleted.status, deleted.body) == (204, b"")
    assert source.default_route["escalation_chain_id"] is None
    for method in ("DELETE", "GET"):
        response = ask(engine, method, "escalation_chains/F1")
        assert (response.status, response.json()) == (404, NO_SUCH)
    assert [*engine.objects(FakeEscalationChain)] == ["F2"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("", ["F1", "F2"], id="all, oldest first"),
        pytest.param("name=days", ["F2"], id="a name"),
        pytest.param("name=Days", [], id="... in its case"),
        pytest.param("name=", [], id="the empty name"),
        pytest.param("team_id=", ["F1", "F2"], id="an empty team is ignored"),
        pytest.param("colour=red", ["F1", "F2"], id="an unknown parameter is ignored"),
        pytest.param("perpage=1&page=9", ["F2"], id="past the end, the last page"),
        pytest.param("page=abc", ["F1", "F2"], id="a page that is no number"),
    ],
)
def test_a_list(engine: FakeOnCall, query: str, found: list[str]) -> None:
    """Of fifty a page."""
    response = ask(engine, "GET", "escalation_chains/", query=query)
    assert response.status == 200
    assert ids(response) == found
    assert response.json()["page_size"] == (1 if "perpage" in query else 50)


@pytest.mark.parametrize("team", ["T1", "null"])
def test_a_filter_on_teams_breaks_the_open_source_engine(
    engine: FakeOnCall, fake: FakeOnCall, team: str
) -> None:
    """And works on Cloud."""
    assert ask(engine, "GET", "escalation_chains/", query=f"team_id={team}").status == 500
    fake.add_team("SRE", id="T1")
    made = fake.add_escalation_chain("nights", team_id=None if team == "null" else team)
    fake.add_escalation_chain("other", team_id="T1" if team == "null" else None)
    assert ids(ask(fake, "GET", "escalation_chains/", query=f"team_id={team}")) == [made.id]


def test_a_filter_on_an_unknown_team_is_refused(engine: FakeOnCall) -> None:
    """As no choice."""
    response = ask(engine, "GET", "escalation_chains/", query="team_id=TNONE")
    assert (response.status, response.json()) == (400, NO_CHOICE)


@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_writes_need_an_admin(engine: FakeOnCall, role: Any) -> None:
    """Everybody else reads."""
    engine.add_token("other", role=role)
    for method, path, body in (
        ("POST", "escalation_chains/", {"name": "x"}),
        ("PUT", "escalation_chains/F1/", {"name": "x"}),
        ("PATCH", "escalation_chains/F1/", {"name": "x"}),
        ("DELETE", "escalation_chains/F1/", NOTHING),
    ):
        assert ask(engine, method, path, body, token="other").status == 403
    assert ask(engine, "GET", "escalation_chains/F1/", token="other").json() == chain()


def test_a_service_account_may_do_all(engine: FakeOnCall) -> None:
    """On the open-source engine without naming a stack."""
    engine.add_token("glsa_1")
    made = ask(engine, "POST", "escalation_chains/", {"name": "x"}, token="glsa_1")
    assert made.status == 201
    path = f"escalation_chains/{made.json()['id']}"
    assert ask(engine, "DELETE", path, token="glsa_1").status == 204


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        pytest.param("DELETE", "escalation_chains/", {}, 500, id="a wrong method"),
        pytest.param("OPTIONS", "escalation_chains/F9/", {}, 500, id="... on an unknown chain"),
        pytest.param("GET", "escalation_chains/F1/steps/", {}, 404, id="an unknown route"),
        pytest.param("POST", "escalation_chains/", {"Content-Type": "text/plain"}, 415, id="text"),
        pytest.param("GET", "escalation_chains/", {"Accept": "text/html"}, 406, id="HTML"),
    ],
)
def test_other_requests(
    engine: FakeOnCall, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    """Without a body, unless it is text."""
    raw = b"x" if headers else b""
    assert ask(engine, method, path, headers=headers, raw=raw).status == status


def test_a_form_is_a_body_too(engine: FakeOnCall) -> None:
    """Its values are texts."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    made = ask(engine, "POST", "escalation_chains/", headers=form, raw=b"name=x&team_id=T1")
    assert (made.status, {**made.json(), "id": "F1"}) == (201, chain("x", "T1"))
