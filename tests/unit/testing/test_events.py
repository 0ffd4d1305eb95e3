"""Events of outgoing webhooks: what the fake writes, the client's webhooks read."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, get_args

import httpx
import pytest

from grafana_oncall.changes import Acknowledged, Change
from grafana_oncall.models import EventType
from grafana_oncall.testing import Factory, FakeOnCall, VirtualClock
from grafana_oncall.testing._outgoing.bodies import EventName
from grafana_oncall.webhooks import Event, Router, parse
from tests.support import webhook_payloads as payloads
from tests.support.fake_requests import ask

HOUR = timedelta(hours=1)
AFTER = {
    "acknowledge": "acknowledged",
    "resolve": "resolved",
    "silence": "silenced",
    "escalation": "firing",
}
OF_THE_SENDING = {"escalation": {"time"}, "personal notification": {"time", "user"}}
"""Members of events that have no time of their own: when they are sent, and to whom."""
ACTED = {"acknowledge", "unacknowledge", "resolve", "unresolve", "silence", "unsilence"}
NAMES: tuple[EventName, ...] = get_args(EventName)


@pytest.mark.parametrize("name", NAMES)
def test_each_event_is_read_by_the_webhooks_of_the_client(
    fake: FakeOnCall, name: EventName
) -> None:
    """The group is as the event leaves it."""
    group = fake.add_group(title="Disk", labels={"team": "SRE"})
    event = parse(fake.event(group, name))
    assert (event.type, event.alert_group_id) == (name, group.id)
    assert event.group.state == AFTER.get(name, "firing")
    assert event.labels == {"team": "SRE"}
    assert group.state == "firing"


def test_there_is_an_event_of_each_type() -> None:
    """Of each that the client knows."""
    assert set(NAMES) == set(EventType)


@pytest.mark.parametrize("name", NAMES)
def test_an_event_has_the_members_of_a_real_one(fake: FakeOnCall, name: EventName) -> None:
    """Those that were observed, and no others."""
    made = json.loads(fake.event(fake.add_group(labels={"env": "staging"}), name))
    real = shape(payloads.payload(name))
    real["event"] |= OF_THE_SENDING.get(name, set())
    assert shape(made) == real
    assert (made["user"] is None) == (name not in ACTED)


def shape(payload: dict[str, Any]) -> dict[str, set[str]]:
    """The names of the members, and of those of the objects that are always present."""
    inner = ("event", "alert_group", "integration", "webhook")
    return {"": {*payload}} | {name: {*payload[name]} for name in inner}


def test_a_server_without_labels_omits_them(oss: FakeOnCall) -> None:
    """Except for the API's empty list, in the group."""
    body = json.loads(oss.event(oss.add_group(), "escalation"))
    assert body["alert_group"]["labels"] == []
    assert "labels" not in body["integration"]
    assert "webhook" not in body
    assert parse(json.dumps(body).encode()).labels == {}


def test_an_event_shows_its_user_and_time(fake: FakeOnCall, clock: VirtualClock) -> None:
    """Here what the API returns about the group, but numbers; acknowledged an hour ago."""
    ada = fake.add_token("ada", user="ada")
    group = fake.add_group(payload="text")
    path = f"alert_groups/{group.id}/"
    assert ask(fake, "POST", f"{path}acknowledge/", token="ada").status == 200
    began = clock.now()
    clock.advance(HOUR)
    event = parse(fake.event(group, "acknowledge"))
    assert event.time == began
    assert event.user == event.alert_group_acknowledged_by
    assert event.user is not None
    assert (event.user.id, event.user.username) == (ada.id, "ada")
    assert event.alert_payload == "text"
    shown = json.loads(event.raw)["alert_group"]
    listed = ask(fake, "GET", path).json() | {"labels": {}}
    assert shown == {name: listed[name] for name in shown}


def test_an_event_that_is_yet_to_come_shows_what_it_will_do(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """Now, and by the first user; silences never end unless the group has another."""
    group = fake.add_group(state="resolved")
    clock.advance(HOUR)
    event = parse(fake.event(group, "silence"))
    assert (event.time, event.until) == (clock.now(), None)
    assert event.user is not None
    assert event.user.id == fake.user.id
    assert event.alert_group.resolved_at is None
    group = fake.add_group(state="silenced")
    group.silenced_until = clock.now() + HOUR
    assert parse(fake.event(group, "silence")).until == clock.now() + HOUR
    assert parse(fake.event(group, "unsilence")).group.state == "firing"


def test_the_integration_is_shown_with_its_team(fake: FakeOnCall) -> None:
    """By name."""
    source = fake.add_integration(type="sentry", name="Sentry", team_id=fake.add_team("SRE"))
    source.labels.append(("env", "prod"))
    group = fake.add_group(integration=source)
    integration = parse(fake.event(group, "alert group created")).integration
    assert integration is not None
    assert (integration.type, integration.team) == ("sentry", "SRE")
    assert integration.labels == {"env": "prod"}


def test_making_an_event_leaves_the_server_as_it_was(fake: FakeOnCall) -> None:
    """Including its next ids."""
    group = fake.add_group(labels={"team": "SRE"})
    before = fake.to_json()
    for name in NAMES:
        fake.event(group, name)
    assert fake.to_json() == before


@pytest.mark.parametrize(
    ("group", "name", "kind", "complaint"),
    [
        pytest.param("I1", "resolve", TypeError, "group='I1': a FakeAlertGroup, as", id="an id"),
        pytest.param(
            None,
            "acknowledged",
            ValueError,
            "type='acknowledged': one of 'escalation', 'alert group created', 'acknowledge', ",
            id="a state",
        ),
        pytest.param(None, 5, TypeError, "type=5: one of 'escalation', ", id="a number"),
    ],
)
def test_an_unknown_event_is_refused(
    fake: FakeOnCall, group: Any, name: Any, kind: type[Exception], complaint: str
) -> None:
    """With the valid ones."""
    with pytest.raises(kind, match=f"^{complaint}"):
        fake.event(fake.add_group() if group is None else group, name)


async def test_a_router_takes_the_event(fake: FakeOnCall) -> None:
    """As a user's test posts it."""
    factory, seen = Factory(fake), list[Change]()
    router = Router(secret="s3cret")

    @router.on("acknowledge")
    async def acknowledged(event: Event) -> None:
        seen.extend(event.changes)

    group = factory.group()
    transport, headers = httpx.ASGITransport(router), {"Authorization": "s3cret"}
    async with router, httpx.AsyncClient(transport=transport, base_url="https://bot.test") as http:
        response = await http.post(
            "/", content=factory.event(group, "acknowledge"), headers=headers
        )
        assert response.status_code == 200
    (change,) = seen
    assert isinstance(change, Acknowledged)
    assert change.id == group.id
