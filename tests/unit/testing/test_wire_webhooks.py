"""Outgoing webhooks on the wire: requests, and what the open-source engine answers to them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest

from grafana_oncall.testing import FakeOnCall, FakeWebhook, VirtualClock
from tests.support.fake_requests import ask, ids

MASK: Final = "*" * 16
NEEDED: Final = {
    "name": "x",
    "url": "https://bot.example/",
    "http_method": "POST",
    "trigger_type": "acknowledge",
}
TAKEN: Final = {"non_field_errors": ["The fields name, organization must make a unique set."]}
PRESET: Final = {"preset": ["Preset webhooks must be modified through web UI"]}
METHOD: Final = {
    "http_method": ["Must be one of ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']"]
}
REQUIRED: Final = {name: ["This field is required."] for name in NEEDED}
NULL: Final = ["This field may not be null."]
LONG: Final = ["Ensure this field has no more than 100 characters."]
BLANK: Final = ["This field may not be blank."]
NO_INTEGRATION: Final = {"integration_filter": ["Integration does not exist"]}
TEMPLATE: Final = ["Template Error: the template is not valid"]
DEFAULTS: Final = {
    "is_webhook_enabled": True,
    "team": None,
    "data": None,
    "username": None,
    "password": None,
    "authorization_header": None,
    "trigger_template": None,
    "headers": None,
    "forward_all": True,
    "integration_filter": None,
    "preset": None,
}


@pytest.fixture
def engine(oss: FakeOnCall) -> FakeOnCall:
    """A server with a team, an integration and two webhooks, one of which has all that is reset."""
    oss.add_team("SRE", id="T1")
    oss.add_integration(name="ci", id="C1")
    oss.add_webhook("bot", id="WH1", url="https://bot.example/")
    full = oss.add_webhook("full", id="WH2", team_id="T1", integration_filter=["C1"])
    full.password, full.authorization_header = "secret", "Bearer secret"
    return oss


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        pytest.param({}, {}, id="defaults"),
        pytest.param({"name": 5}, {"name": "5"}, id="a number becomes a text"),
        pytest.param({"team": "T1"}, {"team": "T1"}, id="of a team"),
        pytest.param({"team": ""}, {}, id="of no team, blank"),
        pytest.param({"team_id": "T1"}, {}, id="the name of the filter is no field"),
        pytest.param({"data": "", "trigger_template": "", "headers": ""}, {}, id="blank is null"),
        pytest.param({"authorization_header": ""}, {"authorization_header": ""}, id="blank stays"),
        pytest.param({"password": "s3"}, {"password": MASK}, id="a password is masked"),
        pytest.param(
            {"authorization_header": "Bearer s3"}, {"authorization_header": MASK}, id="a header too"
        ),
        pytest.param({"headers": '{"a": "b"}'}, {"headers": '{"a": "b"}'}, id="headers as text"),
        pytest.param({"integration_filter": ["C1"]}, {"integration_filter": ["C1"]}, id="a filter"),
        pytest.param({"integration_filter": []}, {}, id="an empty filter"),
        pytest.param({"integration_filter": None}, {}, id="no filter"),
        pytest.param(
            {"url": "{{ alert_payload.url }}"}, {"url": "{{ alert_payload.url }}"}, id="t"
        ),
        pytest.param({"id": "WH9", "colour": "red"}, {}, id="other members"),
    ],
)
def test_a_creation(engine: FakeOnCall, given: dict[str, Any], shown: dict[str, Any]) -> None:
    """The webhook as it is kept."""
    response = ask(engine, "POST", "webhooks/", {**NEEDED, **given})
    assert response.status == 201
    made = response.json()
    assert made.pop("id").startswith("WH")
    assert made == {**NEEDED, **DEFAULTS, **shown}
    assert len(ids(ask(engine, "GET", "webhooks/"))) == 3


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        pytest.param({"name": "bot"}, TAKEN, id="a name that exists"),
        pytest.param({"name": "x" * 101}, {"name": LONG}, id="a name too long"),
        pytest.param({"url": None}, {"url": NULL}, id="no url"),
        pytest.param({"url": ""}, {"url": BLANK}, id="a blank url"),
        pytest.param({"url": "{{"}, {"url": TEMPLATE}, id="a template that is none"),
        pytest.param({"data": "{% if %}"}, {"data": TEMPLATE}, id="a body that is none"),
        pytest.param({"http_method": "HEAD"}, METHOD, id="another method"),
        pytest.param({"preset": "simple_webhook"}, PRESET, id="a preset"),
        pytest.param({"preset": None}, PRESET, id="a preset that is null"),
        pytest.param({"integration_filter": ["C9"]}, NO_INTEGRATION, id="no such integration"),
        pytest.param({"team": "T9"}, {"team": ["Object does not exist"]}, id="no such team"),
    ],
)
def test_a_creation_that_is_refused(
    engine: FakeOnCall, given: dict[str, Any], answer: dict[str, Any]
) -> None:
    """It leaves nothing."""
    response = ask(engine, "POST", "webhooks/", {**NEEDED, **given})
    assert response.status == 400
    assert response.json() == answer
    assert len(ids(ask(engine, "GET", "webhooks/"))) == 2


def test_what_a_creation_needs(engine: FakeOnCall) -> None:
    """Four members."""
    response = ask(engine, "POST", "webhooks/", {})
    assert (response.status, response.json()) == (400, REQUIRED)


def test_an_unknown_trigger_is_refused_with_the_known_ones(
    engine: FakeOnCall, fake: FakeOnCall
) -> None:
    """Of which Cloud has more."""
    for server, trigger in ((engine, "incident declared"), (fake, "moon")):
        response = ask(server, "POST", "webhooks/", {**NEEDED, "trigger_type": trigger})
        assert response.status == 400
        assert response.json()["detail"].startswith("trigger_type must one of ['escalation', ")
    made = ask(fake, "POST", "webhooks/", {**NEEDED, "trigger_type": "incident declared"})
    assert made.status == 201


@pytest.mark.parametrize(
    "body",
    [
        pytest.param([], id="a list"),
        pytest.param("x", id="a text"),
        pytest.param({**NEEDED, "password": MASK}, id="a masked password"),
        pytest.param({**NEEDED, "authorization_header": MASK}, id="a masked header"),
    ],
)
def test_what_crashes_the_server(engine: FakeOnCall, body: Any) -> None:
    """Asterisks stand for a secret, of which a new webhook has none."""
    assert ask(engine, "POST", "webhooks/", body).status == 500


@pytest.mark.parametrize(
    ("sent", "body", "changed"),
    [
        pytest.param("PUT WH1", {"name": "y"}, {"name": "y"}, id="a name"),
        pytest.param("PUT WH1", {"name": "bot"}, {}, id="its own name"),
        pytest.param("PUT WH1", {}, {}, id="nothing, of what has nothing to reset"),
        pytest.param("PUT WH2", {}, {"team": None, "integration_filter": None}, id="PUT resets"),
        pytest.param("PATCH WH2", {}, {"integration_filter": None}, id="PATCH keeps the team"),
        pytest.param(
            "PUT WH2",
            {"team": "T1", "integration_filter": ["C1"]},
            {},
            id="what is sent along is kept",
        ),
        pytest.param("PATCH WH2", {"integration_filter": ["C1"]}, {}, id="... by PATCH"),
        pytest.param(
            "PATCH WH2",
            {"password": MASK, "authorization_header": MASK, "integration_filter": ["C1"]},
            {},
            id="asterisks keep the secrets",
        ),
        pytest.param(
            "PATCH WH2",
            {"password": None, "integration_filter": ["C1"]},
            {"password": None},
            id="null forgets one",
        ),
    ],
)
def test_an_update(
    engine: FakeOnCall, sent: str, body: dict[str, Any], changed: dict[str, Any]
) -> None:
    """It merges, but for the filter, and the team of a PUT."""
    method, name = sent.split()
    before = ask(engine, "GET", f"webhooks/{name}/").json()
    response = ask(engine, method, f"webhooks/{name}/", body)
    assert (response.status, response.json()) == (200, {**before, **changed})


def test_asterisks_keep_a_secret(engine: FakeOnCall) -> None:
    """And so does a request that does not name it; no repr shows it."""
    webhook = engine.objects(FakeWebhook)["WH2"]
    for body in ({"password": MASK}, {"name": "y"}):
        ask(engine, "PUT", "webhooks/WH2/", body)
        assert webhook.password == "secret"
    assert "secret" not in repr(webhook)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("", ["WH1", "WH2"], id="all, oldest first"),
        pytest.param("name=full", ["WH2"], id="a name"),
        pytest.param("name=Full", [], id="... in its case"),
        pytest.param("name=", ["WH1", "WH2"], id="an empty one is ignored"),
        pytest.param("team_id=", ["WH1", "WH2"], id="an empty team too"),
    ],
)
def test_a_list(engine: FakeOnCall, query: str, found: list[str]) -> None:
    """By name."""
    assert ids(ask(engine, "GET", "webhooks/", query=query)) == found


def test_a_filter_on_a_team_breaks_the_open_source_engine(
    engine: FakeOnCall, fake: FakeOnCall
) -> None:
    """And works on Cloud."""
    assert ask(engine, "GET", "webhooks/", query="team_id=T1").status == 500
    fake.add_team("SRE", id="T1")
    made = fake.add_webhook("a", team_id="T1")
    fake.add_webhook("b")
    assert ids(ask(fake, "GET", "webhooks/", query="team_id=T1")) == [made.id]


def test_a_deletion(engine: FakeOnCall) -> None:
    """Once."""
    assert [ask(engine, "DELETE", "webhooks/WH1/").status for _ in range(2)] == [204, 404]


def test_the_filter_forgets_an_integration_that_is_deleted(engine: FakeOnCall) -> None:
    """And then filters nothing."""
    assert ask(engine, "DELETE", "integrations/C1/").status == 204
    assert ask(engine, "GET", "webhooks/WH2/").json()["integration_filter"] is None


def test_responses(engine: FakeOnCall, clock: VirtualClock) -> None:
    """Newest first, of the present trigger; a former one's come back with it."""
    webhook = engine.add_webhook("third", id="WH3", trigger_type="resolve")
    engine.add_webhook_response(webhook, status_code=500, content="no")
    clock.advance(timedelta(minutes=1))
    engine.add_webhook_response(webhook, status_code=None, content=None)
    response = ask(engine, "GET", "webhooks/WH3/responses/")
    assert response.json()["results"] == [
        {
            "timestamp": f"2026-03-02T09:{minute}:00Z",
            "url": "https://hooks.example/",
            "request_trigger": "",
            "request_headers": "{}",
            "request_data": "{}",
            "status_code": status,
            "content": content,
            "event_data": "{}",
        }
        for minute, status, content in ((31, None, None), (30, 500, "no"))
    ]
    assert ask(engine, "PUT", "webhooks/WH3/", {"trigger_type": "silence"}).status == 200
    assert ask(engine, "GET", "webhooks/WH3/responses/").json()["count"] == 0
    assert ask(engine, "GET", "webhooks/WH9/responses/").status == 404


@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_writes_need_an_admin(engine: FakeOnCall, role: Any) -> None:
    """Everybody else reads."""
    engine.add_token("other", role=role)
    for method, path in (("POST", ""), ("PUT", "WH1/"), ("PATCH", "WH1/"), ("DELETE", "WH1/")):
        assert ask(engine, method, f"webhooks/{path}", NEEDED, token="other").status == 403
    assert ask(engine, "GET", "webhooks/WH1/", token="other").status == 200
