"""What is only read, on the wire: chat, alerts, the organization, the stack."""

from __future__ import annotations

from typing import Any

import pytest

from grafana_oncall.testing import FakeOnCall, RateLimit
from tests.support.fake_requests import ask, ids


@pytest.fixture
def engine(oss: FakeOnCall) -> FakeOnCall:
    """A server with what the examples name."""
    oss.add_slack_channel("alerts", slack_id="C0ALERTS")
    oss.add_slack_channel("general")
    oss.add_user_group("On call", handle="oncall", id="GK1").slack_id = "S0ONCALL"
    oss.add_user_group("others", id="GK2")
    group = oss.add_group(id="I1", payload={"Title": "Disk full"}, alerts_count=2)
    group.last_alert_id = "A1"
    return oss


def results(engine: FakeOnCall, path: str, query: str = "") -> list[Any]:
    """The objects of a list."""
    response = ask(engine, "GET", path, query=query)
    assert response.status == 200
    found: list[Any] = response.json()["results"]
    return found


def test_slack_channels(engine: FakeOnCall) -> None:
    """Their name, and their id in Slack."""
    assert results(engine, "slack_channels/", "channel_name=alerts") == [
        {"name": "alerts", "slack_id": "C0ALERTS"}
    ]
    assert len(results(engine, "slack_channels/", "channel_name=")) == 2
    assert results(engine, "slack_channels/", "channel_name=Alerts") == []


def test_user_groups(engine: FakeOnCall) -> None:
    """Their id in OnCall, and what Slack says of them."""
    slack = {"id": "S0ONCALL", "name": "On call", "handle": "oncall"}
    assert results(engine, "user_groups/", "slack_handle=oncall") == [
        {"id": "GK1", "type": "slack_based", "slack": slack}
    ]
    assert len(results(engine, "user_groups/", "slack_handle=")) == 2


@pytest.mark.parametrize("path", ["slack_channels/C0ALERTS/", "user_groups/GK1/", "alerts/A1/"])
def test_what_is_only_listed_has_no_path_for_one(engine: FakeOnCall, path: str) -> None:
    """An unknown route, in HTML."""
    response = ask(engine, "GET", path)
    assert response.status == 404
    assert response.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("", ["A1", "A11"], id="all"),
        pytest.param("alert_group_id=I1", ["A1", "A11"], id="of a group"),
        pytest.param("alert_group_id=INONE", [], id="of an unknown group"),
        pytest.param("id=A11", ["A11"], id="by id"),
        pytest.param("id=A12", [], id="by an unknown id"),
        pytest.param("search=dISK", ["A1", "A11"], id="a text in any case"),
        pytest.param("search=cpu", [], id="a text that is nowhere"),
        pytest.param("alert_group_id=&id=&search=", ["A1", "A11"], id="empty ones are ignored"),
    ],
)
def test_alerts(engine: FakeOnCall, query: str, found: list[str]) -> None:
    """Newest first."""
    assert ids(ask(engine, "GET", "alerts/", query=query)) == found


def test_an_alert(engine: FakeOnCall) -> None:
    """What the source sent, and when."""
    first, _ = results(engine, "alerts/")
    assert first == {
        "id": "A1",
        "alert_group_id": "I1",
        "created_at": "2026-03-02T09:30:00Z",
        "payload": {"Title": "Disk full"},
    }


def test_a_group_without_alerts_has_none(fake: FakeOnCall) -> None:
    """As a maintenance incident before its first alert."""
    fake.add_group(alerts_count=0)
    assert results(fake, "alerts/") == []


def test_the_organization(engine: FakeOnCall, fake: FakeOnCall) -> None:
    """The token's own, whatever the id; its list is broken in the engine."""
    (own,) = results(fake, "organizations/")
    for name in ("current", own["id"], "ONONE"):
        assert ask(engine, "GET", f"organizations/{name}/").json() == own
    assert ask(engine, "GET", "organizations/").status == 500


def test_info(engine: FakeOnCall) -> None:
    """The URL of the stack; service accounts are told that their token is invalid."""
    engine.add_token("glsa_1")
    assert ask(engine, "GET", "info/").json() == {"url": "https://stack.grafana.example"}
    refused = ask(engine, "GET", "info/", token="glsa_1")
    assert (refused.status, refused.json()) == (403, {"detail": "Invalid token."})


@pytest.mark.parametrize(
    ("path", "requests", "has_reset"),
    [
        pytest.param("users/", 2, True, id="most paths"),
        pytest.param("teams/", 2, False, id="teams"),
        pytest.param("info/", 100, False, id="info, with a limit of its own"),
    ],
)
def test_a_limit(oss: FakeOnCall, path: str, requests: int, *, has_reset: bool) -> None:
    """Counted per user; one header of two is not on all paths."""
    oss.rate_limit = RateLimit(requests=2)
    assert [ask(oss, "GET", path).status for _ in range(requests)] == [200] * requests
    refused = ask(oss, "GET", path)
    assert refused.status == 429
    assert refused.headers["Retry-After"] == "60"
    assert ("RateLimit-Reset" in refused.headers) is has_reset


def test_a_limit_of_its_own_does_not_count_other_requests(oss: FakeOnCall) -> None:
    """Nor do others count those."""
    oss.rate_limit = RateLimit(requests=1)
    assert [ask(oss, "GET", path).status for path in ("users/", "info/", "info/")] == [200] * 3
