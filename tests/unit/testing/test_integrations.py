"""Integrations: creation, the merging PUT, templates, routes, labels, errors."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from grafana_oncall.testing import FakeIntegration, FakeOnCall
from tests.support.fake_requests import ask, ids

BLANK = {"title": None, "message": None, "image_url": None}


@pytest.fixture
def webhook(fake: FakeOnCall) -> FakeIntegration:
    """An integration that exists."""
    return fake.add_integration(name="ci")


def put(fake: FakeOnCall, integration: FakeIntegration, body: Any) -> tuple[int, Any]:
    """Return the status and the parsed response."""
    response = ask(fake, "PUT", f"integrations/{integration.id}/", body)
    return response.status, response.json()


def create(fake: FakeOnCall, **body: Any) -> tuple[int, Any]:
    """Return the status and the parsed response."""
    response = ask(fake, "POST", "integrations/", body)
    return response.status, response.json()


def test_a_created_integration_has_every_key_of_the_real_response(fake: FakeOnCall) -> None:
    """The server chooses the name; the templates are the default ones."""
    status, made = create(fake, type="webhook")
    assert status == 201
    kept = fake.integrations[made["id"]]
    link = f"http://engine.internal:8080/oncall/integrations/v1/webhook/{kept.secret}/"
    off = {"id": None, "enabled": False}
    assert made == {
        "id": kept.id,
        "name": kept.name,
        "description_short": None,
        "team_id": None,
        "link": link,
        "inbound_email": None,
        "type": "webhook",
        "default_route": {
            "id": kept.default_route["id"],
            "escalation_chain_id": None,
            "slack": {"channel_id": None, "enabled": True},
            "telegram": off,
            "mobile_app": off,
            "mobile_app_critical": off,
            "email": off,
            "webhook": off,
            "msteams": off,
        },
        "templates": {
            "grouping_key": None,
            "resolve_signal": None,
            "acknowledge_signal": None,
            "source_link": None,
            "slack": BLANK,
            "web": BLANK,
            "sms": {"title": None},
            "phone_call": {"title": None},
            "telegram": BLANK,
            "mobile_app": {"title": None, "message": None},
            "email": {"title": None, "message": None},
            "webhook": BLANK,
            "msteams": BLANK,
        },
        "heartbeat": {"link": f"{link}heartbeat/"},
        "maintenance_mode": None,
        "maintenance_started_at": None,
        "maintenance_end_at": None,
        "labels": [],
        "dynamic_labels": [],
    }
    assert ask(fake, "GET", f"integrations/{kept.id}").json() == made


def test_creation_is_not_idempotent_and_each_gets_its_own_name(fake: FakeOnCall) -> None:
    """Even more integrations than there are emoji."""
    names = {create(fake, type="webhook")[1]["name"] for _ in range(20)}
    assert len(names) == len(fake.integrations) == 20


def test_creation_takes_every_field(fake: FakeOnCall) -> None:
    """In one request."""
    team, chain = fake.add_team("SRE"), fake.add_escalation_chain("day").id
    status, made = create(
        fake,
        type="inbound_email",
        name=" mail ",
        team_id=team,
        description_short="letters",
        templates={"slack": {"title": "{{ payload.x | regex_search('a') }}"}, "grouping_key": ""},
        default_route={
            "escalation_chain_id": chain,
            "slack": {"channel_id": "ch23212d", "enabled": 0},
            "telegram": {"enabled": True},
        },
        unknown="ignored",
    )
    assert status == 201
    assert (made["name"], made["team_id"], made["description_short"]) == ("mail", team, "letters")
    assert made["templates"]["slack"]["title"].startswith("{{")
    assert made["templates"]["grouping_key"] == ""
    route = made["default_route"]
    assert route["escalation_chain_id"] == chain
    assert route["slack"] == {"channel_id": "CH23212D", "enabled": False}
    assert route["telegram"] == {"id": None, "enabled": True}
    assert made["inbound_email"].endswith("@inbound.oncall.example")
    assert made["heartbeat"] is None


def test_the_open_source_engine_ignores_labels_and_has_no_msteams(oss: FakeOnCall) -> None:
    """Even labels that Cloud refuses."""
    status, made = create(
        oss, type="webhook", labels="nonsense", templates={"msteams": {"title": 5}, "pigeon": 1}
    )
    assert status == 201
    assert "labels" not in made
    assert "msteams" not in made["templates"]
    assert "msteams" not in made["default_route"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param({}, {"type": ["This field is required."]}, id="no type"),
        pytest.param({"type": None}, {"type": ["This field may not be null."]}, id="null type"),
        pytest.param({"type": "pigeon"}, {"detail": "Invalid integration type"}, id="type"),
        pytest.param({"type": 5}, {"detail": "Invalid integration type"}, id="a number as type"),
        pytest.param(
            {"type": "legacy_alertmanager"},
            {"detail": "This integration type is deprecated"},
            id="deprecated",
        ),
        pytest.param(
            {"type": "direct_paging"},
            {"detail": "Direct paging integrations can't be created"},
            id="direct paging",
        ),
        pytest.param(
            {"type": "webhook", "team_id": "T404"},
            {"team_id": ["Object does not exist"]},
            id="team",
        ),
        pytest.param(
            {"type": "webhook", "name": "ci"},
            {"detail": "An integration with this name already exists for this team"},
            id="name",
        ),
        pytest.param(
            {"name": "", "team_id": 5},
            {
                "name": ["This field may not be blank."],
                "team_id": ["Object does not exist"],
                "type": ["This field is required."],
            },
            id="several at once",
        ),
        pytest.param(
            {"type": "webhook", "default_route": {"escalation_chain_id": "F404"}},
            {"escalation_chain_id": ["Object does not exist"]},
            id="escalation chain",
        ),
        pytest.param(
            [],
            {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]},
            id="a list",
        ),
    ],
)
@pytest.mark.usefixtures("webhook")
def test_a_bad_creation_is_refused_and_leaves_nothing(
    fake: FakeOnCall, body: Any, error: Any
) -> None:
    """400 in one of the shapes."""
    response = ask(fake, "POST", "integrations/", body)
    assert (response.status, response.json()) == (400, error)
    assert len(fake.integrations) == 1


@pytest.mark.parametrize(
    "kind", [pytest.param(["webhook"], id="list"), pytest.param({"webhook": 1}, id="object")]
)
def test_a_type_that_cannot_be_looked_up_crashes_the_server(fake: FakeOnCall, kind: Any) -> None:
    """500 and HTML."""
    response = ask(fake, "POST", "integrations/", {"type": kind})
    assert (response.status, b"<!doctype html>" in response.body) == (500, True)


def test_the_same_name_is_free_in_another_team(fake: FakeOnCall, webhook: FakeIntegration) -> None:
    """And an update may repeat its own."""
    team = fake.add_team("SRE")
    status, made = create(fake, type="webhook", name="ci", team_id=team)
    assert status == 201
    assert put(fake, webhook, {"name": "ci"})[0] == 200
    assert put(fake, webhook, {"name": "ci", "team_id": team})[0] == 400
    # The server does not check when only the team changes.
    assert put(fake, fake.integrations[made["id"]], {"team_id": None})[0] == 200


def test_a_put_merges(fake: FakeOnCall, webhook: FakeIntegration) -> None:
    """Absent keeps, null resets one or a block, an empty string is stored, `type` is ignored."""
    put(
        fake,
        webhook,
        {"templates": {"slack": {"title": "t", "message": "m"}, "sms": {"title": "s"}}},
    )
    status, shown = put(
        fake,
        webhook,
        {
            "type": "grafana",
            "templates": {"slack": {"title": None}, "sms": None, "email": {"title": ""}},
        },
    )
    assert (status, shown["type"], shown["name"]) == (200, "webhook", "ci")
    assert shown["templates"]["slack"] == {"title": None, "message": "m", "image_url": None}
    assert shown["templates"]["sms"] == {"title": None}
    assert shown["templates"]["email"] == {"title": "", "message": None}


def test_patch_does_the_same(fake: FakeOnCall, webhook: FakeIntegration) -> None:
    """Under the same name."""
    response = ask(fake, "PATCH", f"integrations/{webhook.id}/", {"description_short": None})
    assert (response.status, response.json()["name"]) == (200, "ci")
    assert fake.calls[-1].operation == "update_integration"


def test_the_default_route_merges_too(fake: FakeOnCall, webhook: FakeIntegration) -> None:
    """Its id does not change."""
    route_id = webhook.default_route["id"]
    put(fake, webhook, {"default_route": {"slack": {"channel_id": "C1"}, "id": "RX", "fax": {}}})
    _, shown = put(
        fake, webhook, {"default_route": {"slack": {"enabled": False}, "escalation_chain_id": None}}
    )
    assert shown["default_route"]["slack"] == {"channel_id": "C1", "enabled": False}
    assert shown["default_route"]["id"] == route_id


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param(
            {"templates": None}, {"templates": ["This field may not be null."]}, id="templates null"
        ),
        pytest.param({"name": None}, {"name": ["This field may not be null."]}, id="name null"),
        pytest.param({"name": []}, {"name": ["Not a valid string."]}, id="name a list"),
        pytest.param(
            {"default_route": None},
            {"default_route": ["This field may not be null."]},
            id="route null",
        ),
        pytest.param(
            {"default_route": {"slack": None}},
            {"slack": ["This field may not be null."]},
            id="route slack null",
        ),
        pytest.param(
            {"default_route": "x"},
            {"default_route": ['Expected a dictionary of items but got type "str".']},
            id="route a string",
        ),
        pytest.param(
            {"description_short": "x" * 251},
            {"description_short": ["Ensure this field has no more than 250 characters."]},
            id="long description",
        ),
        pytest.param(
            {"templates": {"slack": "x"}},
            {"detail": "Invalid slack template data"},
            id="slack a string",
        ),
        pytest.param(
            {"templates": {"slack": {"title": "{{ x"}}},
            {"detail": "invalid slack title template"},
            id="slack syntax",
        ),
        pytest.param(
            {"templates": {"slack": {"title": "{{ x | nosuchfilter }}"}}},
            {"detail": "invalid slack title template"},
            id="unknown filter",
        ),
        pytest.param(
            {"templates": {"slack": {"subtitle": "x"}}},
            {"detail": "Invalid template data"},
            id="unknown member",
        ),
        pytest.param(
            {"templates": {"grouping_key": "{% if %}"}},
            {"detail": "Invalid grouping_key template data"},
            id="grouping key syntax",
        ),
        pytest.param(
            {"templates": {"grouping_key": f"{{{{ {'9' * 5000} }}}}"}},
            {"detail": "Invalid grouping_key template data"},
            id="grouping key of too many digits",
        ),
        pytest.param(
            {"templates": {"resolve_signal": 5}},
            {"detail": "Invalid resolve_signal template data"},
            id="resolve signal a number",
        ),
        pytest.param(
            {"name": "taken"},
            {"detail": "An integration with this name already exists for this team"},
            id="taken name",
        ),
    ],
)
def test_a_bad_update_is_refused_and_changes_nothing(
    fake: FakeOnCall, webhook: FakeIntegration, body: Any, error: Any
) -> None:
    """Including the valid parts."""
    fake.add_integration(name="taken")
    before = ask(fake, "GET", f"integrations/{webhook.id}/").json()
    assert put(fake, webhook, {"description_short": "new", **body}) == (400, error)
    assert ask(fake, "GET", f"integrations/{webhook.id}/").json() == before


def test_an_unknown_member_of_a_younger_channel_is_ignored(
    fake: FakeOnCall, webhook: FakeIntegration
) -> None:
    """Email is stored differently from Slack."""
    status, shown = put(fake, webhook, {"templates": {"email": {"subject": "x", "title": None}}})
    assert (status, shown["templates"]["email"]) == (200, {"title": None, "message": None})


def test_a_number_as_a_template_crashes_the_server(
    fake: FakeOnCall, webhook: FakeIntegration
) -> None:
    """500 and HTML."""
    body = {"templates": {"slack": {"title": 5}}}
    assert ask(fake, "PUT", f"integrations/{webhook.id}/", body).status == 500


def named(key: str, value: str) -> dict[str, Any]:
    """A label as in requests."""
    return {"key": {"name": key}, "value": {"name": value}}


def test_labels_are_kept_on_cloud(fake: FakeOnCall, webhook: FakeIntegration) -> None:
    """A list replaces a list."""
    put(fake, webhook, {"labels": [named("team", "SRE"), named("env", "prod.eu-1a")]})
    status, shown = put(
        fake,
        webhook,
        {
            "labels": [named("team", "Ops")],
            "dynamic_labels": [named("severity", "{{ payload.get('severity') }}")],
        },
    )
    assert status == 200
    assert [each["value"]["name"] for each in shown["labels"]] == ["Ops"]
    assert shown["dynamic_labels"][0]["key"] == {"id": "severity", "name": "severity"}


@pytest.mark.parametrize(
    ("labels", "error"),
    [
        pytest.param(None, 'Expected a list of items but got type "NoneType".', id="null"),
        pytest.param([named("1a", "x")], "Invalid label key '1a'", id="key"),
        pytest.param([named("a" * 64, "x")], f"Invalid label key '{'a' * 64}'", id="long key"),
        pytest.param([named("a", "x1")], "Invalid label value 'x1'", id="value"),
        pytest.param([named("a", "x"), named("a", "y")], "Label keys must be unique", id="double"),
    ],
)
def test_bad_labels_are_refused_on_cloud(
    fake: FakeOnCall, webhook: FakeIntegration, labels: Any, error: str
) -> None:
    """By the documented constraints."""
    assert put(fake, webhook, {"labels": labels}) == (400, {"labels": [error]})


def test_a_label_needs_key_and_value(fake: FakeOnCall, webhook: FakeIntegration) -> None:
    """Named ones."""
    status, error = put(fake, webhook, {"labels": [{"key": {}}]})
    required = ["This field is required."]
    assert (status, error) == (400, {"labels": {"key": {"name": required}, "value": required}})


def test_a_dynamic_label_must_be_jinja(fake: FakeOnCall, webhook: FakeIntegration) -> None:
    """Its syntax only."""
    status, error = put(fake, webhook, {"dynamic_labels": [named("a", "{{ x")]})
    assert (status, error) == (400, {"dynamic_labels": ["Invalid label value '{{ x'"]})


def test_the_list_is_filtered_by_name_and_team(fake: FakeOnCall, webhook: FakeIntegration) -> None:
    """Oldest first; no integration has an empty name."""
    team = fake.add_team("SRE")
    other = fake.add_integration(team_id=team)
    assert ids(ask(fake, "GET", "integrations/")) == [webhook.id, other.id]
    assert ids(ask(fake, "GET", "integrations/", query="name=ci")) == [webhook.id]
    assert ids(ask(fake, "GET", "integrations/", query="name=c")) == []
    assert ids(ask(fake, "GET", "integrations/", query=f"team_id={team}")) == [other.id]
    assert ids(ask(fake, "GET", "integrations/", query="team_id=null")) == [webhook.id]
    assert ask(fake, "GET", "integrations/", query="team_id=T404").status == 400
    assert ids(ask(fake, "GET", "integrations/", query="team_id=")) == [webhook.id, other.id]
    assert ids(ask(fake, "GET", "integrations/", query="name=")) == []


def test_deleting_an_integration_keeps_its_groups(
    fake: FakeOnCall, webhook: FakeIntegration
) -> None:
    """They are listed, and refer to it."""
    group = fake.add_group(integration=webhook)
    response = ask(fake, "DELETE", f"integrations/{webhook.id}/")
    assert (response.status, response.body) == (204, b"")
    assert ask(fake, "DELETE", f"integrations/{webhook.id}/").json() == {"detail": "Not found."}
    shown = ask(fake, "GET", f"alert_groups/{group.id}/").json()
    assert shown["integration_id"] == webhook.id


def test_direct_paging_cannot_be_deleted(fake: FakeOnCall) -> None:
    """Nor created, by request."""
    integration = fake.add_integration(type="direct_paging")
    assert ask(fake, "DELETE", f"integrations/{integration.id}/").status == 400
    assert integration.id in fake.integrations


def test_maintenance_is_shown(fake: FakeOnCall, webhook: FakeIntegration) -> None:
    """No request sets it, but a test may."""
    webhook.maintenance_mode = "debug"
    webhook.maintenance_started_at = datetime(2026, 3, 2, tzinfo=UTC)
    shown = ask(fake, "GET", f"integrations/{webhook.id}/").json()
    assert (shown["maintenance_mode"], shown["maintenance_started_at"]) == (
        "debug",
        "2026-03-02T00:00:00Z",
    )
