"""Responses observed from the open-source engine; each row is a request, its status and body."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import attrs
import httpx
import pytest

from grafana_oncall.testing import FakeOnCall, FakeRequest, FakeResponse, VirtualClock, serve
from tests.support.fake_requests import ask, ids

CRASH: Any = object()
"""The body of a 500: an HTML page."""
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def said(response: FakeResponse) -> Any:
    """The body as in a row."""
    if response.status == 500:
        assert response.headers["Content-Type"].startswith("text/html")
        return CRASH
    return response.json()


@pytest.fixture
def team(oss: FakeOnCall) -> str:
    """A team, with an integration of its own; another integration has no team."""
    team = oss.add_team("SRE", id="T1")
    oss.add_integration(id="C1", name="ci", team_id=team)
    oss.add_integration(id="C2", name="cd")
    return team


def missing(name: str) -> dict[str, Any]:
    """The response for a related object that does not exist."""
    return {name: ["Object does not exist"]}


SLACK = {"detail": "Slack isn't connected to this workspace"}
NOT_BOOLEAN = {"slack": {"enabled": ["Must be a valid boolean."]}}
NULL = ["This field may not be null."]
BLANK = ["This field may not be blank."]
INVALID_TYPE = {"detail": "Invalid integration type"}
NO_DATA = {"non_field_errors": ["No data provided"]}
NO_GRAFANA = "Failed to create the integration with current Grafana Alerting. "


def no_dictionary(kind: str) -> dict[str, Any]:
    """The response for anything but an object with fields where one is required."""
    text = f"Invalid data. Expected a dictionary, but got {kind}."
    return {"slack": {"non_field_errors": [text]}}


def route(**blocks: Any) -> dict[str, Any]:
    """A creation with these blocks in its default route."""
    return {"type": "webhook", "default_route": blocks}


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        pytest.param(route(slack={"channel_id": "C1"}), 400, SLACK, id="Slack's channel"),
        pytest.param(route(slack={"enabled": "bogus"}), 400, NOT_BOOLEAN, id="no boolean"),
        pytest.param(route(slack={"enabled": []}), 400, NOT_BOOLEAN, id="a list as a boolean"),
        pytest.param(
            route(slack={"enabled": None}), 400, {"slack": {"enabled": NULL}}, id="null as boolean"
        ),
        pytest.param(route(slack="x"), 400, no_dictionary("str"), id="a text as a block"),
        pytest.param(route(slack=[]), 400, no_dictionary("list"), id="a list as a block"),
        pytest.param(route(slack=None), 400, {"slack": NULL}, id="null as a block"),
        pytest.param(
            route(telegram={"id": "X"}),
            400,
            {"detail": "Telegram channel does not exist"},
            id="Telegram's channel",
        ),
        pytest.param(
            route(escalation_chain_id="F404"), 400, missing("escalation_chain_id"), id="no chain"
        ),
        pytest.param({"type": "webhook", "team_id": "T404"}, 400, missing("team_id"), id="no team"),
        pytest.param({"type": ""}, 400, {"type": BLANK}, id="a blank type"),
        pytest.param(
            {"type": "webhook", "name": "a\0b"},
            400,
            {"name": ["Null characters are not allowed."]},
            id="NUL in a name",
        ),
        pytest.param({"type": "webhook", "name": "x" * 151}, 500, CRASH, id="a long name"),
        pytest.param(
            {"type": "grafana_alerting"},
            400,
            [f"{NO_GRAFANA}Please reach out to our support team"],
            id="without a Grafana",
        ),
        pytest.param(None, 400, NO_DATA, id="null as body"),
    ],
)
def test_a_creation_is_refused(oss: FakeOnCall, body: Any, status: int, expected: Any) -> None:
    """And leaves nothing."""
    response = ask(oss, "POST", "integrations/", body)
    assert (response.status, said(response)) == (status, expected)
    assert oss.integrations == {}


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        pytest.param({"team_id": "null"}, {"team_id": None}, id="the word null as team"),
        pytest.param({"team_id": ""}, {"team_id": None}, id="no text as team"),
        pytest.param({"name": "x" * 150}, {"name": "x" * 150}, id="the longest name"),
        pytest.param(route(escalation_chain_id=""), {}, id="no text as chain"),
        pytest.param(route(slack={"channel_id": None, "enabled": "off"}), {}, id="a word as false"),
        pytest.param(route(telegram={"id": None}), {}, id="no channel"),
        pytest.param({"type": "inbound_email"}, {"link": None}, id="no link for mail"),
        pytest.param({"type": "manual"}, {"link": None}, id="no link for what is made by hand"),
    ],
)
def test_a_creation_is_accepted(oss: FakeOnCall, body: Any, shown: dict[str, Any]) -> None:
    """As these rows show."""
    response = ask(oss, "POST", "integrations/", {"type": "webhook"} | body)
    assert response.status == 201
    assert response.json() == response.json() | shown
    assert response.json()["default_route"]["escalation_chain_id"] is None


@pytest.mark.parametrize("kind", ["amazon_sns", "datadog", "jira", "sentry", "zendesk"])
def test_some_types_are_of_cloud_only(oss: FakeOnCall, fake: FakeOnCall, kind: str) -> None:
    """The engine does not know them."""
    response = ask(oss, "POST", "integrations/", {"type": kind})
    assert (response.status, response.json()) == (400, INVALID_TYPE)
    assert ask(fake, "POST", "integrations/", {"type": kind}).status == 201


def test_grafana_alerting_needs_a_grafana(clock: VirtualClock) -> None:
    """That the engine can reach."""
    connected = FakeOnCall(clock=clock, flavour="oss", grafana_url="https://stack.example")
    assert ask(connected, "POST", "integrations/", {"type": "grafana_alerting"}).status == 201


def test_a_maintenance_integration_is_created_and_never_seen_again(oss: FakeOnCall) -> None:
    """It belongs to an incident, and is not listed."""
    made = ask(oss, "POST", "integrations/", {"type": "maintenance"})
    assert (made.status, made.json()["link"]) == (201, None)
    assert ids(ask(oss, "GET", "integrations/")) == []
    assert ask(oss, "GET", f"integrations/{made.json()['id']}/").status == 404


def test_an_integration_of_grafana_has_a_heartbeat(oss: FakeOnCall) -> None:
    """Like those of the types that can send one."""
    shown = ask(oss, "POST", "integrations/", {"type": "grafana"}).json()
    assert shown["heartbeat"] == {"link": f"{shown['link']}heartbeat/"}


CHOICE = {"team_id": ["Select a valid choice. That choice is not one of the available choices."]}


@pytest.mark.parametrize(
    ("query", "status", "expected"),
    [
        pytest.param("team_id=T1", 500, CRASH, id="a team"),
        pytest.param("team_id=null", 500, CRASH, id="no team"),
        pytest.param("team_id=T404", 400, CHOICE, id="an unknown team"),
        pytest.param("team_id=", 200, ["C1", "C2"], id="an empty team"),
        pytest.param("name=ci", 200, ["C1"], id="a name"),
        pytest.param("name=", 200, [], id="an empty name"),
        pytest.param("format=json", 200, ["C1", "C2"], id="JSON"),
        pytest.param("format=xml", 404, {"detail": "Not found."}, id="XML"),
    ],
)
@pytest.mark.usefixtures("team")
def test_a_list_of_integrations(oss: FakeOnCall, query: str, status: int, expected: Any) -> None:
    """Any team breaks it."""
    response = ask(oss, "GET", "integrations/", query=query)
    shown = ids(response) if response.status == 200 else said(response)
    assert (response.status, shown) == (status, expected)


def test_cloud_filters_integrations_by_team(fake: FakeOnCall) -> None:
    """No crash is known there."""
    team = fake.add_team("SRE")
    made = fake.add_integration(team_id=team)
    fake.add_integration()
    assert ids(ask(fake, "GET", "integrations/", query=f"team_id={team}")) == [made.id]


MULTIPART = {"Content-Type": "multipart/form-data; boundary=b"}
PART = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
NO_BOUNDARY = "Multipart form parse error - Invalid boundary in multipart: None"
BOM = "JSON parse error - Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)"


@pytest.mark.parametrize(
    ("headers", "raw", "status", "expected"),
    [
        pytest.param(FORM, b"type=webhook&name=a&name=b", 201, {"name": "b"}, id="a form"),
        pytest.param(
            MULTIPART,
            PART % (b"type", b"webhook") + PART % (b"name", b"b") + b"--b--\r\n",
            201,
            {"name": "b"},
            id="multipart",
        ),
        pytest.param(
            {"Content-Type": "multipart/form-data"},
            b"x",
            400,
            {"detail": NO_BOUNDARY},
            id="multipart without a boundary",
        ),
        pytest.param(JSON, b"\xef\xbb\xbf{}", 400, {"detail": BOM}, id="a byte order mark"),
        pytest.param(JSON, b"null", 400, NO_DATA, id="null"),
        pytest.param(JSON, b"[" * 100_000, 500, CRASH, id="a hundred thousand brackets"),
        pytest.param(
            {"Content-Type": "text/xml"},
            b"<a/>",
            415,
            {"detail": 'Unsupported media type "text/xml" in request.'},
            id="XML",
        ),
    ],
)
def test_a_body_is_json_or_a_form(
    oss: FakeOnCall, headers: dict[str, str], raw: bytes, status: int, expected: Any
) -> None:
    """Of repeated form fields, the last one counts."""
    response = ask(oss, "POST", "integrations/", raw=raw, headers=headers)
    found = said(response)
    assert response.status == status
    assert found == (found | expected if status == 201 else expected)


@pytest.mark.parametrize(
    ("method", "tail", "raw"),
    [
        pytest.param("POST", "silence/", b"delay=60", id="silence"),
        pytest.param("DELETE", "", b"mode=delete", id="delete"),
    ],
)
def test_an_action_takes_a_form(
    oss: FakeOnCall, clock: VirtualClock, method: str, tail: str, raw: bytes
) -> None:
    """As a shell script may send it."""
    group = oss.add_group()
    response = ask(oss, method, f"alert_groups/{group.id}/{tail}", raw=raw, headers=FORM)
    assert response.status in {200, 204}
    clock.advance(timedelta(seconds=1))
    assert group.state == "silenced" or group.id not in oss.groups


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        pytest.param("application/json", 200, id="JSON"),
        pytest.param("text/html, */*;q=0.1", 200, id="anything"),
        pytest.param("application/*", 200, id="any application"),
        pytest.param("text/html", 406, id="HTML"),
        pytest.param("application/xml, text/*", 406, id="XML"),
    ],
)
def test_only_json_is_returned(oss: FakeOnCall, accept: str, status: int) -> None:
    """Whatever the token, which is checked later."""
    response = ask(oss, "GET", "integrations/", headers={"Accept": accept})
    assert response.status == status
    if status == 406:
        assert said(response) == {"detail": "Could not satisfy the request Accept header."}
        assert ask(oss, "GET", "integrations/", token="", headers={"Accept": accept}).status == 406


@pytest.mark.parametrize(
    ("path", "token", "status"),
    [
        pytest.param("integrations/", None, 200, id="a list"),
        pytest.param("integrations/C404/", None, 404, id="an unknown object"),
        pytest.param("integrations/", "wrong", 403, id="without a token"),
    ],
)
@pytest.mark.usefixtures("team")
async def test_head_is_get_without_the_body(
    oss: FakeOnCall, path: str, token: str | None, status: int
) -> None:
    """In memory, over httpx, and on a socket, where a second request follows."""
    shown = ask(oss, "GET", path, token=token)
    head = ask(oss, "HEAD", path, token=token)
    length = {"Content-Length": str(len(shown.body))}
    assert head == attrs.evolve(shown, headers={**shown.headers, **length}, body=b"")
    assert (head.status, oss.calls[-1].operation) == (status, oss.calls[-2].operation)
    headers = {"Authorization": oss.token if token is None else token}
    async with serve(oss) as url:
        for transport in (oss.transport(), httpx.AsyncHTTPTransport()):
            async with httpx.AsyncClient(transport=transport, headers=headers) as client:
                response = await client.head(f"{url}/api/v1/{path}")
                assert (response.status_code, response.content) == (status, b"")
                assert response.headers["Content-Length"] == length["Content-Length"]
                assert (await client.get(f"{url}/api/v1/{path}")).content == shown.body


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_root_says_that_the_server_is_alive(oss: FakeOnCall, method: str) -> None:
    """Without a token, for load balancers."""
    response = oss.handle(FakeRequest(method, "/"))
    assert (response.status, response.body) == (200, b"Ok" if method == "GET" else b"")
    assert oss.handle(FakeRequest("POST", "/")).status == 404


def test_a_browser_may_ask_before_it_sends(oss: FakeOnCall) -> None:
    """The preflight of CORS; any other OPTIONS is a 500, like a wrong method."""
    asks = {"Origin": "https://x.example", "Access-Control-Request-Method": "GET"}
    assert ask(oss, "OPTIONS", "integrations/", headers=asks, token="").status == 200
    assert ask(oss, "OPTIONS", "integrations/").status == 500


@pytest.mark.parametrize("path", ["integrations/", "alert_groups/", "users/", "teams/"])
def test_a_token_of_role_none_reads_nothing(oss: FakeOnCall, path: str) -> None:
    """403, with the text about permissions."""
    oss.add_token("none", role="none")
    response = ask(oss, "GET", path, token="none")
    assert (response.status, response.json()) == (
        403,
        {"detail": "You do not have permission to perform this action."},
    )


@pytest.mark.parametrize(
    ("token", "stack", "status", "expected"),
    [
        pytest.param("glsa_known", None, 200, None, id="no URL"),
        pytest.param("glsa_known", "stack.example", 200, None, id="a URL without a scheme"),
        pytest.param("glsa_other", "nonsense", 403, "Invalid token.", id="an unknown token"),
        pytest.param(
            "glsa_known",
            "https://other.example",
            429,
            "Organization being synced, please retry.",
            id="another stack",
        ),
        pytest.param("tokén", None, 500, CRASH, id="a token beyond ASCII"),
    ],
)
def test_a_token_and_its_stack(
    clock: VirtualClock, token: str, stack: str | None, status: int, expected: Any
) -> None:
    """There is one stack, which any invalid URL falls back to."""
    oss = FakeOnCall(clock=clock, flavour="oss", grafana_url="https://stack.example")
    oss.add_token("glsa_known")
    headers = {} if stack is None else {"X-Grafana-URL": stack}
    response = ask(oss, "GET", "integrations/", token=token, headers=headers)
    assert response.status == status
    if status != 200:
        assert said(response) == (expected if expected is CRASH else {"detail": expected})


@pytest.mark.parametrize("path", ["integrations/%00/", "alert_groups/I%001/", "teams/%00/"])
def test_an_id_with_nul_crashes_the_server(oss: FakeOnCall, path: str) -> None:
    """The database does not accept it."""
    assert said(ask(oss, "GET", path)) is CRASH


def test_a_webhook_names_an_integration_by_name_and_type(oss: FakeOnCall) -> None:
    """And a user with the address in the API."""
    oss.user.email = "admin@example.org"
    source = oss.add_integration(type="formatted_webhook", name="storm")
    body = json.loads(oss.event(oss.add_group(integration=source), "acknowledge"))
    assert body["integration"]["name"] == "storm - Formatted Webhook"
    assert body["user"]["email"] == "admin@example.org"


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/api/v1/integrations/", "GET, POST, HEAD, OPTIONS"),
        ("GET", "/api/v1/integrations/C404/", "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"),
        ("POST", "/api/v1/alert_groups/I404/silence/", "POST, OPTIONS"),
        ("GET", "/nonsense/", None),
    ],
)
def test_a_response_has_the_headers_of_the_framework(
    oss: FakeOnCall, method: str, path: str, allow: str | None
) -> None:
    """Whatever its status; the methods only where there is a path."""
    headers = oss.handle(FakeRequest(method, path, "", {"Authorization": oss.token})).headers
    assert headers.get("Allow") == allow
    assert headers["Vary"] == "Origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_the_maintenance_of_an_integration_comes_first(oss: FakeOnCall) -> None:
    """In its response."""
    shown = ask(oss, "POST", "integrations/", {"type": "webhook"}).json()
    assert [*shown][:4] == [
        "maintenance_mode",
        "maintenance_started_at",
        "maintenance_end_at",
        "id",
    ]
