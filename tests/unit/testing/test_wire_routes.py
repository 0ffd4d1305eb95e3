"""Routes on the wire: requests, and what the open-source engine answers to them."""

from __future__ import annotations

from typing import Any, Final

import pytest

from grafana_oncall.testing import FakeOnCall, FakeRoute
from tests.support.fake_requests import ask, ids

ROUTES: Final = "routes/"
CHANNELS: Final = ("telegram", "mobile_app", "mobile_app_critical", "email", "webhook")
BLOCKS: Final[dict[str, Any]] = {
    "slack": {"channel_id": None, "enabled": True},
    **{name: {"id": None, "enabled": False} for name in CHANNELS},
}
REQUIRED: Final = ["This field is required."]
NULL: Final = ["This field may not be null."]
BLANK: Final = ["This field may not be blank."]
NO_OBJECT: Final = ["Object does not exist"]
BAD_REGEX: Final = {"non_field_errors": ["Regular expression is incorrect"]}
BAD_TEMPLATE: Final = {"non_field_errors": ["Jinja template is incorrect"]}
NO_SLACK: Final = {"detail": "Slack isn't connected to this workspace"}
TOO_LONG: Final = {
    "non_field_errors": [
        "Expression is too long. Maximum length: 1024 characters, current length: 1025"
    ]
}


def route(expression: str | None, position: int = 0, **members: Any) -> dict[str, Any]:
    """A route as it is answered; its id is that of the examples."""
    return {
        "position": position,
        "id": "R1",
        "integration_id": "C1",
        "escalation_chain_id": None,
        "routing_type": "regex",
        "routing_regex": expression,
        "is_the_last_route": expression is None,
        **BLOCKS,
        **members,
    }


@pytest.fixture
def engine(oss: FakeOnCall) -> FakeOnCall:
    """A server with a chain and an integration, which has its default route only."""
    oss.add_escalation_chain("nights", id="F1")
    oss.add_integration(id="C1")
    return oss


def _default(server: FakeOnCall) -> str:
    """The id of the default route of the integration."""
    return str(server.integrations["C1"].default_route["id"])


def _create(server: FakeOnCall, **body: Any) -> tuple[int, Any]:
    """Create a route of the integration; the id of the answer is that of the examples."""
    sent = {"integration_id": "C1", "escalation_chain_id": None, "routing_regex": "a", **body}
    response = ask(server, "POST", ROUTES, {name: sent[name] for name in sent if sent[name] != ...})
    answer = response.json()
    return response.status, {**answer, "id": "R1"} if response.status == 201 else answer


@pytest.mark.parametrize(
    ("body", "made"),
    [
        pytest.param({}, {}, id="the least"),
        pytest.param({"escalation_chain_id": "F1"}, {"escalation_chain_id": "F1"}, id="a chain"),
        pytest.param({"routing_type": "jinja2"}, {"routing_type": "jinja2"}, id="a template"),
        pytest.param(
            {"slack": {"enabled": False}},
            {"slack": {"channel_id": None, "enabled": False}},
            id="no Slack",
        ),
        pytest.param(
            {"email": {"id": "any", "enabled": True}},
            {"email": {"id": "any", "enabled": True}},
            id="an id that is not checked",
        ),
        pytest.param({"id": "R9", "is_the_last_route": True, "colour": 1}, {}, id="other members"),
    ],
)
def test_a_creation(engine: FakeOnCall, body: dict[str, Any], made: dict[str, Any]) -> None:
    """Of a route before the default one; doubles of an expression are allowed."""
    assert _create(engine, **body) == (201, route("a", **made))
    assert _create(engine, **body) == (201, route("a", 1, **made))
    assert ids(ask(engine, "GET", ROUTES))[2] == _default(engine)


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        pytest.param({"integration_id": ...}, {"integration_id": REQUIRED}, id="no integration"),
        pytest.param({"integration_id": "CX"}, {"integration_id": NO_OBJECT}, id="an unknown one"),
        pytest.param(
            {"escalation_chain_id": ...}, {"escalation_chain_id": REQUIRED}, id="no chain"
        ),
        pytest.param(
            {"escalation_chain_id": "FX"}, {"escalation_chain_id": NO_OBJECT}, id="an unknown chain"
        ),
        pytest.param({"routing_regex": ...}, {"routing_regex": REQUIRED}, id="no expression"),
        pytest.param({"routing_regex": None}, {"routing_regex": NULL}, id="... null"),
        pytest.param({"routing_regex": ""}, {"routing_regex": BLANK}, id="... blank"),
        pytest.param({"routing_regex": "("}, BAD_REGEX, id="no regular expression"),
        pytest.param({"routing_regex": f"a{{{10**20}}}"}, BAD_REGEX, id="too many repetitions"),
        pytest.param(
            {"routing_regex": "{{ a", "routing_type": "jinja2"}, BAD_TEMPLATE, id="no template"
        ),
        pytest.param({"routing_regex": "a" * 1025}, TOO_LONG, id="an expression too long"),
        pytest.param({"routing_type": "x"}, {"detail": "Invalid route type"}, id="a type"),
        pytest.param(
            {"routing_type": "labels"},
            {"non_field_errors": ["Expression type is incorrect"]},
            id="a type that is only read",
        ),
        pytest.param({"slack": None}, {"slack": NULL}, id="Slack that is null"),
        pytest.param({"slack": {"channel_id": "C2"}}, NO_SLACK, id="a channel without Slack"),
        pytest.param(
            {"telegram": {"id": "T1"}},
            {"detail": "Telegram channel does not exist"},
            id="an unknown channel of Telegram",
        ),
        pytest.param(
            {"position": "x"}, {"position": ["A valid integer is required."]}, id="a position"
        ),
    ],
)
def test_a_creation_that_is_refused(engine: FakeOnCall, body: dict[str, Any], answer: Any) -> None:
    """It leaves nothing."""
    assert _create(engine, **body) == (400, answer)
    assert ids(ask(engine, "GET", ROUTES)) == [_default(engine)]


@pytest.mark.parametrize("position", [-2, 2**31])
def test_a_bad_position_leaves_the_route_at_the_end(engine: FakeOnCall, position: int) -> None:
    """Although the creation is refused."""
    _create(engine)
    refused = {"detail": "Invalid value for position field"}
    assert _create(engine, routing_regex="b", position=position) == (400, refused)
    left = ask(engine, "GET", ROUTES).json()["results"]
    assert [(each["routing_regex"], each["position"]) for each in left] == [
        ("a", 0),
        ("b", 1),
        (None, 0),
    ]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize(
    ("body", "status", "changed"),
    [
        pytest.param({}, 200, {}, id="nothing"),
        pytest.param(
            {"escalation_chain_id": "F1"}, 200, {"escalation_chain_id": "F1"}, id="a chain"
        ),
        pytest.param({"routing_regex": "b"}, 200, {"routing_regex": "b"}, id="an expression"),
        pytest.param(
            {"routing_regex": "{{ b }}", "routing_type": "jinja2"},
            200,
            {"routing_regex": "{{ b }}", "routing_type": "jinja2"},
            id="an expression with its type",
        ),
        pytest.param(
            {"webhook": {"id": "W1"}},
            200,
            {"webhook": {"id": "W1", "enabled": False}},
            id="a member of a block",
        ),
        pytest.param({"integration_id": "CX", "is_the_last_route": True}, 200, {}, id="fixed ones"),
        pytest.param({"escalation_chain_id": None}, 400, {"escalation_chain_id": NULL}, id="null"),
        pytest.param({"routing_type": "jinja2"}, 500, {}, id="a type without an expression"),
        pytest.param({"routing_regex": None}, 400, {"routing_regex": NULL}, id="no expression"),
    ],
)
def test_an_update(
    engine: FakeOnCall, method: str, body: dict[str, Any], status: int, changed: dict[str, Any]
) -> None:
    """Both methods merge."""
    engine.add_route(engine.integrations["C1"], "a", id="R1")
    response = ask(engine, method, "routes/R1/", body)
    assert response.status == status
    if status < 500:
        assert response.json() == ({**route("a"), **changed} if status == 200 else changed)


def test_an_expression_without_its_type_is_checked_as_a_regex(engine: FakeOnCall) -> None:
    """Even if the route has a template."""
    engine.add_route(engine.integrations["C1"], "{{ a }}", type="jinja2", id="R1")
    refused = ask(engine, "PUT", "routes/R1/", {"routing_regex": "{{ a == '(' }}"})
    assert (refused.status, refused.json()) == (400, BAD_REGEX)


def test_a_chain_may_be_taken_away_on_grafana_cloud(fake: FakeOnCall) -> None:
    """And left out of a creation."""
    fake.add_integration(id="C1")
    chain = fake.add_escalation_chain("nights")
    fake.add_route(fake.integrations["C1"], "a", chain=chain, id="R1")
    assert ask(fake, "GET", "routes/R1/").json()["escalation_chain_id"] == chain.id
    changed = ask(fake, "PUT", "routes/R1/", {"escalation_chain_id": None})
    assert (changed.status, changed.json()["escalation_chain_id"]) == (200, None)
    assert _create(fake, escalation_chain_id=...)[0] == 201


def test_the_default_route_is_listed_last_and_stays(engine: FakeOnCall) -> None:
    """It has a position of its own, and no expression whatever it is given."""
    _create(engine)
    one = f"routes/{_default(engine)}/"
    assert {**ask(engine, "GET", one).json(), "id": "R1"} == route(None)
    changed = ask(engine, "PUT", one, {"routing_regex": "x", "escalation_chain_id": "F1"})
    assert {**changed.json(), "id": "R1"} == route(None, escalation_chain_id="F1")
    refused = ask(engine, "DELETE", one)
    assert (refused.status, refused.json()) == (400, {"detail": "Unable to delete default filter"})
    assert ids(ask(engine, "GET", ROUTES))[1] == _default(engine)


def test_the_default_route_is_that_of_its_integration(engine: FakeOnCall) -> None:
    """A change of one shows in the other, also after the state was saved."""
    loaded = FakeOnCall.from_json(engine.to_json())
    for server in (engine, loaded):
        one = f"routes/{_default(server)}/"
        ask(server, "PUT", one, {"escalation_chain_id": "F1", "slack": {"enabled": False}})
        shown = ask(server, "GET", "integrations/C1/").json()["default_route"]
        assert (shown["escalation_chain_id"], shown["slack"]["enabled"]) == ("F1", False)
        ask(server, "PUT", "integrations/C1/", {"default_route": {"escalation_chain_id": None}})
        assert ask(server, "GET", one).json()["escalation_chain_id"] is None


def test_routes_move(engine: FakeOnCall) -> None:
    """One moves and the others shift; the default route keeps its place."""
    for expression in "abcd":
        engine.add_route(engine.integrations["C1"], expression, id=f"R{expression}")
    ask(engine, "PUT", "routes/Ra/", {"position": 3})
    listed = ask(engine, "GET", ROUTES).json()["results"]
    assert [each["routing_regex"] for each in listed] == ["b", "c", "d", "a", None]


def test_routes_are_listed_by_integration_and_expression(engine: FakeOnCall) -> None:
    """Exactly, 25 a page."""
    other = engine.add_integration(id="C2")
    engine.add_route(other, "a", id="R2")
    for _ in range(30):
        _create(engine)
    assert len(ids(ask(engine, "GET", ROUTES))) == 25
    assert ask(engine, "GET", ROUTES).json()["page_size"] == 25
    assert len(ids(ask(engine, "GET", ROUTES, query="integration_id=C2"))) == 2
    assert ids(ask(engine, "GET", ROUTES, query="integration_id=CX")) == []
    assert ask(engine, "GET", ROUTES, query="routing_regex=a").json()["count"] == 31
    assert ids(ask(engine, "GET", ROUTES, query="routing_regex=A")) == []


def test_routes_go_with_their_integration_and_outlive_their_chain(engine: FakeOnCall) -> None:
    """Those of a deleted integration are a 404."""
    chain = ask(engine, "GET", "escalation_chains/F1/").json()["id"]
    assert _create(engine, escalation_chain_id=chain)[0] == 201
    assert ask(engine, "DELETE", "escalation_chains/F1/").status == 204
    listed = ask(engine, "GET", ROUTES).json()["results"]
    assert [each["escalation_chain_id"] for each in listed] == [None, None]
    assert ask(engine, "DELETE", "integrations/C1/").status == 204
    assert ids(ask(engine, "GET", ROUTES)) == []
    assert ask(engine, "GET", f"routes/{listed[0]['id']}/").status == 404
    assert not engine.objects(FakeRoute)


def test_a_route_is_deleted(engine: FakeOnCall) -> None:
    """And leaves a gap."""
    for expression in "ab":
        engine.add_route(engine.integrations["C1"], expression, id=f"R{expression}")
    assert ask(engine, "DELETE", "routes/Ra/").status == 204
    assert ask(engine, "DELETE", "routes/Ra/").status == 404
    assert ask(engine, "GET", "routes/Rb/").json()["position"] == 1
