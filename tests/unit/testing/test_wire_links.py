"""What the link of an integration answers; each row is what the open-source engine does."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from grafana_oncall.testing import (
    FakeIntegration,
    FakeOnCall,
    FakeRequest,
    FakeResponse,
    RateLimit,
    VirtualClock,
)
from tests.support.fake_requests import ask

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MULTIPART = {"Content-Type": "multipart/form-data; boundary=b"}
FIELD = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n'
FILE = b'--b\r\nContent-Disposition: form-data; name="a"; filename="f"\r\n\r\n1\r\n--b--\r\n'
HTML = "text/html; charset=utf-8"
DENIED = b"Integration key was not found. Permission denied."


def link(integration: FakeIntegration, kind: str | None = None) -> str:
    """The path of a link, of another type if one is given."""
    return f"/oncall/integrations/v1/{kind or integration.type}/{integration.secret}/"


def send(
    fake: FakeOnCall,
    path: str,
    raw: bytes = b"",
    headers: dict[str, str] | None = None,
    *,
    method: str = "POST",
    query: str = "",
) -> FakeResponse:
    """Send a request without a token."""
    return fake.handle(FakeRequest(method, path, query, headers or {}, raw))


def post(fake: FakeOnCall, integration: FakeIntegration, payload: Any) -> FakeResponse:
    """Post an alert."""
    return send(fake, link(integration), json.dumps(payload).encode(), JSON)


@pytest.fixture
def source(oss: FakeOnCall) -> FakeIntegration:
    """An integration of type webhook."""
    return oss.add_integration(name="ci")


@pytest.mark.parametrize(
    ("headers", "raw", "payload"),
    [
        pytest.param(JSON, b'{"a": 1}', {"a": 1}, id="an object"),
        pytest.param(JSON, b"{}", {}, id="an empty object"),
        pytest.param(JSON, b"[1]", [1], id="a list"),
        pytest.param(JSON, b"[]", [], id="an empty list"),
        pytest.param(JSON, b'"x"', "x", id="a text"),
        pytest.param(JSON, b"5", 5, id="a number"),
        pytest.param(JSON, b"false", False, id="false"),
        pytest.param(JSON, b'{"a": 1, "a": 2}', {"a": 2}, id="a key twice"),
        pytest.param(JSON, b"", {}, id="nothing"),
        pytest.param({}, b"", {}, id="nothing of no type"),
        pytest.param(FORM, b"a=1&b=2&b=3", {"a": "1", "b": "3"}, id="a form"),
        pytest.param(MULTIPART, FIELD, {"a": "1"}, id="multipart"),
        pytest.param({**JSON, "Authorization": "nonsense"}, b"{}", {}, id="a token"),
        pytest.param(
            {**JSON, "Transfer-Encoding": "chunked"}, b'{"a": 1}', {}, id="chunks, which are lost"
        ),
        pytest.param(
            {"Content-Type": "application/json; charset=latin-1"},
            b'{"a": "\xe4"}',
            {"a": "ä"},
            id="Latin-1",
        ),
    ],
)
def test_a_body_becomes_an_alert(
    oss: FakeOnCall, source: FakeIntegration, headers: dict[str, str], raw: bytes, payload: Any
) -> None:
    """The response says nothing about it."""
    response = send(oss, link(source), raw, headers, query="whatever=1")
    assert (response.status, response.body) == (200, b'"Ok."')
    assert response.headers["Allow"] == "GET, POST, HEAD, OPTIONS"
    (group,) = oss.groups.values()
    shown = ask(oss, "GET", f"alert_groups/{group.id}/").json()
    assert (shown["alerts_count"], shown["last_alert"]["payload"]) == (1, payload)
    assert shown["created_at"] == shown["last_alert"]["created_at"] == "2026-03-02T09:30:00Z"


@pytest.mark.parametrize(
    ("headers", "raw", "status", "body"),
    [
        pytest.param(JSON, b"null", 400, "Payload is required", id="null"),
        pytest.param(MULTIPART, FILE, 400, "File uploads are not allowed", id="a file"),
        pytest.param(
            JSON,
            b"{a",
            400,
            {
                "detail": "JSON parse error - Expecting property name enclosed in double quotes: "
                "line 1 column 2 (char 1)"
            },
            id="malformed",
        ),
        pytest.param(
            {"Content-Type": "text/plain"},
            b"x",
            415,
            {"detail": 'Unsupported media type "text/plain" in request.'},
            id="plain text",
        ),
        pytest.param(
            {}, b"x", 415, {"detail": 'Unsupported media type "" in request.'}, id="of no type"
        ),
        pytest.param(
            {**JSON, "Accept": "text/html"},
            b"{}",
            406,
            {"detail": "Could not satisfy the request Accept header."},
            id="an answer in HTML",
        ),
        pytest.param(JSON, b"[" * 100_000 + b"]" * 100_000, 500, None, id="very deep"),
        pytest.param(
            {"Content-Type": "application/json; charset=hex"},
            b"{}",
            500,
            None,
            id="in what is no encoding of texts",
        ),
    ],
)
def test_a_body_is_refused(
    oss: FakeOnCall,
    source: FakeIntegration,
    *,
    headers: dict[str, str],
    raw: bytes,
    status: int,
    body: Any,
) -> None:
    """And makes no group."""
    response = send(oss, link(source), raw, headers)
    assert response.status == status
    if isinstance(body, str):
        assert (response.headers["Content-Type"], response.body.decode()) == (HTML, body)
    elif body is not None:
        assert response.json() == body
    assert not oss.groups


@pytest.mark.parametrize(
    ("method", "status", "body"),
    [
        ("GET", 200, b"This is a Grafana OnCall integration link."),
        ("HEAD", 200, b""),
        ("PUT", 405, b'{"detail":"Method \\"PUT\\" not allowed."}'),
        ("DELETE", 405, b'{"detail":"Method \\"DELETE\\" not allowed."}'),
    ],
)
def test_a_link_takes_posts_only(
    oss: FakeOnCall, source: FakeIntegration, method: str, status: int, body: bytes
) -> None:
    """A reader learns what it is."""
    response = send(oss, link(source), method=method)
    assert (response.status, response.body) == (status, body)


def test_a_link_says_what_it_reads(oss: FakeOnCall, source: FakeIntegration) -> None:
    """To OPTIONS."""
    assert send(oss, link(source), method="OPTIONS").json() == {
        "name": "Universal Api",
        "description": "",
        "renders": ["application/json"],
        "parses": [
            "application/json",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
        ],
    }


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS"])
@pytest.mark.parametrize("kind", ["webhook", "alertmanager", "nonsense"])
def test_an_unknown_token_is_refused(oss: FakeOnCall, method: str, kind: str) -> None:
    """By whatever method and type."""
    response = send(oss, f"/integrations/v1/{kind}/unknown/", b"{}", JSON, method=method)
    assert (response.status, response.headers["Content-Type"]) == (403, HTML)
    assert response.body == DENIED


def test_the_token_is_case_sensitive(oss: FakeOnCall, source: FakeIntegration) -> None:
    """It has letters of both."""
    assert len(source.secret) == 25
    assert send(oss, link(source).lower(), b"{}", JSON).status == 403


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [("webhook/%s", "", 404), ("webhook/%s/", "format=xml", 404), ("webhook/%s/x/", "", 404)],
)
def test_other_paths_are_a_404(
    oss: FakeOnCall, source: FakeIntegration, path: str, query: str, status: int
) -> None:
    """The slash at the end is needed, and no other format than JSON is there."""
    found = send(oss, f"/integrations/v1/{path % source.secret}", b"{}", JSON, query=query)
    assert found.status == status


@pytest.mark.parametrize(
    ("own", "used", "text"),
    [
        ("webhook", "zabbix", "Webhook.Key is for Webhook"),
        ("webhook", "nonsense", "Webhook.Key is for Webhook"),
        ("alertmanager", "webhook", "Alertmanager.Key is for Alertmanager"),
        ("webhook", "alertmanager", "Webhook. Key is for Webhook"),
        ("webhook", "grafana_alerting", "Webhook. Key is for Webhook"),
        ("webhook", "grafana", "Grafana. Key is for Webhook"),
        ("formatted_webhook", "webhook", "Formatted Webhook.Key is for Formatted Webhook"),
    ],
)
def test_a_link_is_of_one_type(oss: FakeOnCall, own: str, used: str, text: str) -> None:
    """The text names the token's own."""
    response = send(oss, link(oss.add_integration(type=own), used), b"{}", JSON)
    assert response.status == 400
    assert response.body.decode() == f"This url is for integration with {text}"


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("alertmanager", [], 500),
        ("alertmanager", {"alerts": None}, 500),
        ("alertmanager", {"alerts": "x"}, 500),
        ("alertmanager", {"alerts": [1]}, 500),
        ("alertmanager", {}, 200),
        ("alertmanager", {"numFiring": 7, "alerts": [1]}, 200),
        ("grafana_alerting", [], 500),
        ("grafana", [], 500),
        ("grafana", {"attachments": []}, 500),
        ("grafana", {"attachments": [1]}, 200),
        ("grafana", {}, 200),
        ("webhook", {"alerts": "x"}, 200),
    ],
)
def test_some_shapes_crash_the_server(oss: FakeOnCall, kind: str, body: Any, status: int) -> None:
    """With a page of HTML."""
    response = post(oss, oss.add_integration(type=kind), body)
    assert response.status == status
    assert len(oss.groups) == (1 if status == 200 else 0)


def test_a_deleted_link_takes_alerts_for_five_seconds_and_loses_them(
    oss: FakeOnCall, source: FakeIntegration, clock: VirtualClock
) -> None:
    """Then it is refused."""
    assert ask(oss, "DELETE", f"integrations/{source.id}/").status == 204
    clock.advance(timedelta(seconds=4))
    assert post(oss, source, {}).status == 200
    clock.advance(timedelta(seconds=1))
    assert post(oss, source, {}).status == 403
    assert not oss.groups


@pytest.mark.parametrize(
    ("raw", "count"),
    [
        pytest.param(b'{"a": "\\u0000"}', 0, id="NUL"),
        pytest.param(b'{"a": "\\ud800"}', 0, id="half a character"),
        pytest.param(b'{"\\u0000": 1}', 0, id="NUL in a key"),
        pytest.param(b'{"a": [1e400]}', 0, id="infinity"),
        pytest.param(b'{"a": "\\ud83d\\ude00"}', 1, id="a face"),
        pytest.param(b'{"a": "\\\\u0000 Infinity"}', 1, id="what looks like them"),
    ],
)
def test_what_no_database_accepts_leaves_a_group_without_alerts(
    oss: FakeOnCall, source: FakeIntegration, raw: bytes, count: int
) -> None:
    """Its alert is retried for ever."""
    source.templates["grouping_key"] = "one"
    assert send(oss, link(source), raw, JSON).status == 200
    (group,) = oss.groups.values()
    shown = ask(oss, "GET", f"alert_groups/{group.id}/").json()
    assert (shown["alerts_count"], shown["last_alert"] is None) == (count, count == 0)
    assert send(oss, link(source), raw, JSON).status == 200
    assert [group.alerts_count for group in oss.groups.values()] == [2 * count]


@pytest.mark.parametrize("inner", [b"1", b'"x"', b"{}"])
@pytest.mark.parametrize(("levels", "groups"), [(498, 1), (500, 0), (700, 0)])
def test_what_is_nested_too_deeply_is_accepted_and_lost(
    oss: FakeOnCall, source: FakeIntegration, inner: bytes, levels: int, groups: int
) -> None:
    """The worker of a real server dies of it."""
    raw = b'{"a": [' * (levels // 2) + inner + b"]}" * (levels // 2)
    assert send(oss, link(source), raw, JSON).status == 200
    assert len(oss.groups) == groups


@pytest.mark.parametrize("levels", [500, 700, 100_000])
def test_an_alert_that_is_nested_too_deeply_cannot_be_added(
    oss: FakeOnCall, source: FakeIntegration, levels: int
) -> None:
    """There would be no group to return."""
    deep: list[Any] = []
    for _ in range(levels):
        deep = [deep]
    with pytest.raises(ValueError, match=r"makes no alert$|is refused by the server$"):
        oss.add_alert(source, deep)


@pytest.mark.parametrize("member", ["grouping_key", "title"])
def test_nul_in_key_or_title_leaves_no_group(
    oss: FakeOnCall, source: FakeIntegration, member: str
) -> None:
    """The response is the same."""
    block = source.templates if member == "grouping_key" else source.templates["web"]
    block[member] = "{{ payload.a }}"
    assert post(oss, source, {"a": "\0"}).status == 200
    assert not oss.groups
    with pytest.raises(ValueError, match="makes no alert"):
        oss.add_alert(source, {"a": "\0"})


TOO_MANY = (
    "Rate-limiting has been applied to your account because too many alerts were sent from your "
    "ci integration. Rate-limiting is activated so you will continue to receive alerts from other "
    "integrations. Read more about rate limits in our docs. "
)
TOO_MANY_IN_ALL = (
    "Rate-limiting has been applied to your account because too many alerts were sent from "
    "multiple integrations. Read more about rate limits in our docs. "
)


def test_an_integration_takes_three_hundred_posts_in_a_window(
    oss: FakeOnCall, source: FakeIntegration, clock: VirtualClock
) -> None:
    """Malformed ones count, refused ones and reads do not; a window is fixed."""
    oss.rate_limit = RateLimit()
    assert [send(oss, link(source), b"{", JSON).status for _ in range(300)] == [400] * 300
    assert send(oss, link(source), method="GET").status == 200
    refused = post(oss, source, {})
    assert (refused.status, refused.headers["Content-Type"]) == (429, HTML)
    assert "Retry-After" not in refused.headers
    assert refused.body.decode() == TOO_MANY
    assert send(oss, f"{link(source)}heartbeat/").status == 429
    waited = 0
    while post(oss, source, {}).status == 429:
        clock.advance(timedelta(seconds=1))
        waited += 1
    assert 0 < waited < 300
    assert len(oss.groups) == 1


def test_an_organization_takes_nine_hundred_posts_in_a_window(oss: FakeOnCall) -> None:
    """Those that its integrations had refused do not count."""
    oss.rate_limit = RateLimit()
    for _ in range(3):
        busy = oss.add_integration()
        statuses = [send(oss, link(busy), b"{", JSON).status for _ in range(350)]
        assert statuses == [400] * 300 + [429] * 50
    refused = post(oss, oss.add_integration(), {})
    assert (refused.status, refused.body.decode()) == (429, TOO_MANY_IN_ALL)


def test_without_a_rate_limit_nothing_is_counted(oss: FakeOnCall, source: FakeIntegration) -> None:
    """As for other requests."""
    assert {send(oss, link(source), b"{", JSON).status for _ in range(301)} == {400}
