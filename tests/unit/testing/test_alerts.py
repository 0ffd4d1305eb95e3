"""Which group an alert joins, and what it does to it, as on the open-source engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from grafana_oncall.testing import (
    Factory,
    FakeAlertGroup,
    FakeIntegration,
    FakeOnCall,
    FakeRequest,
    VirtualClock,
    serve,
)
from tests.support.fake_requests import ask, ids

POSTED = Path(__file__).parent / "posted"
"""What Alertmanager 0.25 posted, byte for byte, and what Grafana's documentation says it posts."""

PLAIN: dict[str, Any] = {}
RESOLVE, ACKNOWLEDGE = {"resolve": "1"}, {"acknowledge": "1"}
BOTH = RESOLVE | ACKNOWLEDGE


@pytest.fixture
def source(fake: FakeOnCall) -> FakeIntegration:
    """An integration whose alerts go into one group, and may resolve and acknowledge it."""
    made = fake.add_integration(id="C1", name="ci")
    made.templates.update(
        grouping_key="{{ payload.key or 'one' }}",
        resolve_signal="{{ payload.resolve }}",
        acknowledge_signal="{{ payload.acknowledge }}",
    )
    return made


@pytest.fixture
def heard(fake: FakeOnCall) -> Callable[[], list[str]]:
    """Returns the events of groups so far."""
    events: list[str] = []
    fake._world.subscribers.append(lambda _, event: events.append(event.type))
    return lambda: events


def act(fake: FakeOnCall, group: FakeAlertGroup, *actions: str) -> None:
    """Do these actions as the administrator."""
    for action in actions:
        body = {"delay": -1} if action == "silence" else {}
        assert ask(fake, "POST", f"alert_groups/{group.id}/{action}/", body).status == 200


@pytest.mark.parametrize(
    ("actions", "alert", "state"),
    [
        pytest.param((), PLAIN, "firing", id="firing, plain"),
        pytest.param(("acknowledge",), PLAIN, "acknowledged", id="acknowledged, plain"),
        pytest.param(("silence",), PLAIN, "silenced", id="silenced, plain"),
        pytest.param((), RESOLVE, "resolved", id="firing, resolve"),
        pytest.param(("acknowledge",), RESOLVE, "resolved", id="acknowledged, resolve"),
        pytest.param(("silence",), RESOLVE, "resolved", id="silenced, resolve"),
        pytest.param((), ACKNOWLEDGE, "acknowledged", id="firing, acknowledge"),
        pytest.param(("acknowledge",), ACKNOWLEDGE, "acknowledged", id="acknowledged, acknowledge"),
        pytest.param(("silence",), ACKNOWLEDGE, "acknowledged", id="silenced, acknowledge"),
        pytest.param((), BOTH, "resolved", id="firing, both"),
        pytest.param(("resolve",), RESOLVE, "resolved", id="resolved, resolve"),
    ],
)
def test_an_alert_joins_a_group(
    fake: FakeOnCall,
    source: FakeIntegration,
    clock: VirtualClock,
    *,
    actions: tuple[str, ...],
    alert: dict[str, str],
    state: str,
) -> None:
    """And changes its state by a signal only."""
    group = fake.add_alert(source, PLAIN)
    act(fake, group, *actions)
    before = group.resolved_at
    clock.advance(timedelta(seconds=1))
    assert fake.add_alert(source, alert) is group
    assert (group.state, group.alerts_count, len(fake.groups)) == (state, 2, 1)
    assert group.last_alert_at == clock.now()
    assert (group.silenced_at is None) is (state != "silenced")
    assert before in {None, group.resolved_at}


@pytest.mark.parametrize(
    ("actions", "alert", "state"),
    [
        pytest.param(("resolve",), PLAIN, "firing", id="resolved, plain"),
        pytest.param(("resolve",), ACKNOWLEDGE, "acknowledged", id="resolved, acknowledge"),
        pytest.param(("resolve", "unresolve"), PLAIN, "firing", id="unresolved, plain"),
        pytest.param(("resolve", "unresolve"), RESOLVE, "resolved", id="unresolved, resolve"),
    ],
)
def test_a_group_that_was_resolved_takes_no_alerts(
    fake: FakeOnCall,
    source: FakeIntegration,
    actions: tuple[str, ...],
    alert: dict[str, str],
    state: str,
) -> None:
    """Not even after it is unresolved: there is a new group beside it."""
    group = fake.add_alert(source, PLAIN)
    act(fake, group, *actions)
    other = fake.add_alert(source, alert)
    assert other is not group
    assert (other.state, other.alerts_count, group.alerts_count) == (state, 1, 1)
    assert fake.add_alert(source, PLAIN) is not group


@pytest.mark.parametrize(
    ("alert", "state"),
    [(PLAIN, "firing"), (RESOLVE, "resolved"), (ACKNOWLEDGE, "acknowledged"), (BOTH, "resolved")],
)
def test_a_group_is_born_in_the_state_that_its_alert_says(
    fake: FakeOnCall, source: FakeIntegration, alert: dict[str, str], state: str
) -> None:
    """Acknowledged and resolved by nobody."""
    group = fake.add_alert(source, alert)
    assert (group.state, group.acknowledged_by, group.resolved_by) == (state, None, None)
    assert (group.acknowledged_at is None) is ("acknowledge" not in alert)


def test_a_resolve_signal_joins_the_newest_resolved_group(
    fake: FakeOnCall, source: FakeIntegration, clock: VirtualClock
) -> None:
    """Of several."""
    groups: list[FakeAlertGroup] = []
    for _ in range(3):
        groups.append(fake.add_alert(source, PLAIN))
        act(fake, groups[-1], "resolve")
        clock.advance(timedelta(minutes=1))
    assert fake.add_alert(source, RESOLVE) is groups[-1]


@pytest.mark.parametrize("mode", ["wipe", "delete"])
def test_a_wiped_or_deleted_group_takes_no_alerts(
    fake: FakeOnCall, source: FakeIntegration, clock: VirtualClock, mode: str
) -> None:
    """The next one makes a new group; a wiped alert has no payload left."""
    group = fake.add_alert(source, {"secret": "x"})
    assert ask(fake, "DELETE", f"alert_groups/{group.id}/", {"mode": mode}).status == 204
    clock.advance(timedelta(seconds=1))
    assert fake.add_alert(source, PLAIN) is not group
    assert "secret" not in ask(fake, "GET", "alerts/").body.decode()


def test_another_route_is_another_group(fake: FakeOnCall, source: FakeIntegration) -> None:
    """Also for the same key, and when the route is deleted."""
    route = fake.add_route(source, '"urgent": true')
    urgent, normal = fake.add_alert(source, {"urgent": True}), fake.add_alert(source, PLAIN)
    assert (urgent.route_id, normal.route_id) == (route.id, source.default_route["id"])
    assert ask(fake, "DELETE", f"routes/{route.id}/").status == 204
    assert urgent.route_id is None
    assert fake.add_alert(source, {"urgent": True}) is normal


def test_another_integration_is_another_group(fake: FakeOnCall, source: FakeIntegration) -> None:
    """Whatever the key."""
    other = fake.add_integration()
    other.templates["grouping_key"] = "one"
    assert fake.add_alert(source, PLAIN) is not fake.add_alert(other, PLAIN)


def test_a_group_that_a_test_added_takes_no_alerts(
    fake: FakeOnCall, source: FakeIntegration
) -> None:
    """It has no key that an alert could have."""
    group = fake.add_group(integration=source)
    assert fake.add_alert(source, PLAIN) is not group


@pytest.mark.parametrize(
    ("kind", "expression", "payload", "matches"),
    [
        ("regex", "urgent", {"urgent": True}, True),
        ("regex", "URGENT", {"urgent": True}, False),
        ("regex", "(?i)URGENT", {"urgent": True}, True),
        ("regex", '^{"first": 1, "n": null}$', {"first": 1, "n": None}, True),
        ("regex", "ä", {"a": "ä"}, False),
        ("regex", r"\\u00e4", {"a": "ä"}, True),
        ("regex", r"tail\}$", {"b": "tail"}, False),
        ("jinja2", "{{ payload.flag }}", {"flag": True}, True),
        ("jinja2", "{{ payload.flag }}", {"flag": 1}, True),
        ("jinja2", "{{ payload.flag }}", {"flag": "yes"}, False),
        ("jinja2", "{{ payload.nope.deeper }}", {}, False),
        ("jinja2", "{{ labels.team == 'SRE' }}", {}, True),
    ],
)
def test_a_route_takes_the_alerts_that_match(
    fake: FakeOnCall, kind: str, expression: str, payload: Any, *, matches: bool
) -> None:
    """A regular expression is searched in the payload as JSON, in ASCII."""
    integration = fake.add_integration()
    integration.labels = [("team", "SRE")]
    route = fake.add_route(integration, expression, type=kind)
    fake.add_route(integration, ".*")
    assert (fake.add_alert(integration, payload).route_id == route.id) is matches


def test_the_first_route_by_position_takes_an_alert(fake: FakeOnCall) -> None:
    """Which is not always the first one that was made."""
    integration = fake.add_integration()
    made = [fake.add_route(integration, "x") for _ in range(2)]
    made[1].position, made[0].position = 0, 1
    assert fake.add_alert(integration, {"x": 1}).route_id == made[1].id


def test_an_expression_that_is_none_is_refused(fake: FakeOnCall) -> None:
    """When the test adds it, and not when an alert arrives."""
    with pytest.raises(ValueError, match=r"expression='\('"):
        fake.add_route(fake.add_integration(), "(")
    with pytest.raises(ValueError, match="expression="):
        fake.add_route(fake.add_integration(), "{% if %}", type="jinja2")


def test_labels_are_those_of_the_integration_and_of_templates(fake: FakeOnCall) -> None:
    """Later ones override, those without a value are left out, and routes and titles see them."""
    integration = fake.add_integration()
    integration.labels = [("team", "SRE"), ("env", "static")]
    integration.dynamic_labels = [
        ("env", "{{ payload.env }}"),
        ("none", "{{ None }}"),
        ("empty", ""),
        ("long", "{{ 'x' * 201 }}"),
        ("failed", "{{ payload.nope.deeper }}"),
        ("Zone", "{{ payload.zone }}"),
    ]
    integration.templates["web"]["title"] = "{{ labels.env }}"
    group = fake.add_alert(integration, {"env": "prod", "zone": "b"})
    assert (group.title, group.labels) == (
        "prod",
        [("Zone", "b"), ("env", "prod"), ("team", "SRE")],
    )
    assert ids(ask(fake, "GET", "alert_groups/", query="label=Zone:b")) == [group.id]


def test_a_group_keeps_fifteen_labels(fake: FakeOnCall) -> None:
    """Those late in the alphabet fall away; a title may use them all."""
    integration = fake.add_integration()
    integration.labels = [("team", "SRE")]
    integration.dynamic_labels = [(f"l{number:02}", "x") for number in range(15)]
    integration.templates["web"]["title"] = "{{ labels.team }}"
    group = fake.add_alert(integration, {})
    assert (group.title, len(group.labels), group.labels[-1]) == ("SRE", 15, ("l14", "x"))


def test_the_open_source_engine_has_no_labels(oss: FakeOnCall) -> None:
    """Templates see none."""
    integration = oss.add_integration()
    integration.labels = [("team", "SRE")]
    integration.templates["web"]["title"] = "{{ labels }} {{ labels.team }}"
    group = oss.add_alert(integration, {})
    assert (group.title, group.labels) == ("None ", [])


def test_alerts_are_listed_with_their_own_payloads(
    fake: FakeOnCall, source: FakeIntegration, clock: VirtualClock
) -> None:
    """Newest first; a search finds the alert, and not the whole group."""
    group = fake.add_alert(source, {"n": "first"})
    clock.advance(timedelta(seconds=90))
    fake.add_alert(source, {"n": "second"})
    page = ask(fake, "GET", "alerts/", query=f"alert_group_id={group.id}").json()["results"]
    assert [(alert["payload"], alert["created_at"]) for alert in page] == [
        ({"n": "second"}, "2026-03-02T09:31:30Z"),
        ({"n": "first"}, "2026-03-02T09:30:00Z"),
    ]
    shown = ask(fake, "GET", f"alert_groups/{group.id}/").json()
    assert shown["last_alert"] == page[0]
    assert ids(ask(fake, "GET", "alerts/", query="search=FIRST")) == [page[1]["id"]]
    assert json.loads(fake.event(group, "alert group created"))["alert_payload"] == {"n": "first"}


@pytest.mark.parametrize("kind", ["alertmanager", "grafana_alerting"])
async def test_what_an_alertmanager_posts_fires_and_is_resolved(
    fake: FakeOnCall, kind: str
) -> None:
    """In process and over a socket, unchanged; the server counts its alerts."""
    integration = fake.add_integration(type=kind)
    integration.dynamic_labels = [("severity", "{{ payload.commonLabels.severity }}")]
    path = ask(fake, "GET", f"integrations/{integration.id}/").json()["link"].split("/oncall")[1]
    posted, over = ((POSTED / f"{kind}{end}.json").read_bytes() for end in ("", "_resolved"))
    headers = {"Content-Type": "application/json"}
    async with httpx.AsyncClient(transport=fake.transport(), base_url="https://x") as inside:
        assert (await inside.post(path, content=posted, headers=headers)).text == '"Ok."'
    (group,) = fake.groups.values()
    firing = json.loads(posted)
    number = len(firing["alerts"])
    assert (
        group.title
        == {
            "alertmanager": "NodeFilesystemAlmostFull (node)",
            "grafana_alerting": "Checkout error rate (Shop)",
        }[kind]
    )
    assert group.payload == {**firing, "numFiring": number, "numResolved": 0}
    assert (group.state, group.labels) == ("firing", [("severity", "critical")])
    async with serve(fake) as url, httpx.AsyncClient() as outside:
        assert (await outside.post(f"{url}{path}", content=over, headers=headers)).text == '"Ok."'
    assert [*fake.groups.values()] == [group]
    assert (group.state, group.alerts_count) == ("resolved", 2)
    assert group.payload["numResolved"] == number


def batch(*alerts: tuple[str, str]) -> dict[str, Any]:
    """What Grafana's own contact point posts: states and instances."""
    return {
        "alerts": [
            {"status": status, "labels": {"alertname": "Z", "instance": instance}}
            for status, instance in alerts
        ]
    }


@pytest.mark.parametrize(
    ("alerts", "state"),
    [
        pytest.param([("firing", "1"), ("firing", "2"), ("resolved", "1")], "firing", id="one"),
        pytest.param(
            [("firing", "1"), ("firing", "2"), ("resolved", "1"), ("resolved", "2")],
            "resolved",
            id="all",
        ),
        pytest.param(
            [("firing", "1"), ("resolved", "1"), ("firing", "1")], "firing", id="fires again"
        ),
        pytest.param([("resolved", "1")] * 500, "resolved", id="many"),
        pytest.param([("resolved", "1")] * 501, "firing", id="too many"),
    ],
)
def test_a_batch_resolves_its_group_five_seconds_after_the_last_alert(
    fake: FakeOnCall, clock: VirtualClock, alerts: list[tuple[str, str]], state: str
) -> None:
    """If nothing fires in it any more."""
    group = fake.add_alert(fake.add_integration(type="grafana"), batch(*alerts))
    assert (group.state, group.alerts_count, len(fake.groups)) == ("firing", len(alerts), 1)
    clock.advance(timedelta(seconds=4.9))
    assert fake.group(group.id).state == "firing"
    clock.advance(timedelta(seconds=0.1))
    assert fake.group(group.id).state == state


def test_an_empty_batch_is_accepted_and_makes_nothing(fake: FakeOnCall) -> None:
    """For a request that is a success."""
    with pytest.raises(ValueError, match="makes no alert"):
        fake.add_alert(fake.add_integration(type="grafana"), {"alerts": []})
    assert not fake.groups


def test_a_factory_posts_an_alert(fake: FakeOnCall, source: FakeIntegration) -> None:
    """As its server does, with a copy of the payload."""
    payload: dict[str, Any] = {"a": [1]}
    group = Factory(fake).alert(source, payload)
    payload["a"].append(2)
    assert (group.payload, fake.groups[group.id]) == ({"a": [1]}, group)


def test_an_alert_that_cannot_arrive_is_refused(fake: FakeOnCall) -> None:
    """With the name of the argument."""
    alertmanager = fake.add_integration(type="alertmanager")
    with pytest.raises(ValueError, match=r"payload=\[\] for .* 'alertmanager' is refused"):
        fake.add_alert(alertmanager, [])
    wrong: Any = "C1"
    with pytest.raises(TypeError, match="integration='C1'"):
        fake.add_alert(wrong, {})


@pytest.mark.parametrize("reset", [False, True])
def test_a_saved_state_takes_the_next_alert(
    fake: FakeOnCall, source: FakeIntegration, clock: VirtualClock, *, reset: bool
) -> None:
    """Into the group that was open, and not into one that was resolved once."""
    group = fake.add_alert(source, {"n": 1})
    act(fake, group, *(("resolve", "unresolve") if reset else ()))
    loaded = FakeOnCall.from_json(fake.to_json(), clock=clock)
    joined = loaded.add_alert(loaded.integration("C1"), {"n": 2})
    assert (joined.id == group.id) is not reset
    assert loaded.group(group.id).first_payload == {"n": 1}


def test_an_alert_follows_an_action_in_the_order_of_the_clock(
    fake: FakeOnCall, source: FakeIntegration, clock: VirtualClock
) -> None:
    """A silence that has ended by then is over."""
    group: FakeAlertGroup = fake.add_alert(source, PLAIN)
    ask(fake, "POST", f"alert_groups/{group.id}/silence/", {"delay": 60})
    clock.advance(timedelta(seconds=60))
    assert fake.add_alert(source, PLAIN) is group
    assert (group.state, group.silenced_until) == ("firing", None)


def test_every_alert_says_what_it_did(
    fake: FakeOnCall, source: FakeIntegration, heard: Callable[[], list[str]]
) -> None:
    """To what follows from it."""
    for alert in (PLAIN, PLAIN, BOTH):
        fake.add_alert(source, alert)
    assert heard() == [
        "alert group created",
        "alert added",
        "alert added",
        "acknowledge",
        "resolve",
    ]


def test_an_alert_pages_people_until_a_signal_ends_it(
    fake: FakeOnCall, source: FakeIntegration, clock: VirtualClock
) -> None:
    """By the chain of the route that it took; alerts that join start nothing."""
    ana = fake.add_user("ana", role="editor", email="ana@example.org")
    fake.add_personal_notification_rule(ana, "notify_by_email")
    chain = fake.add_escalation_chain("urgent")
    for _ in range(2):
        fake.add_escalation_policy(chain, "notify_persons", persons=[ana.id])
        fake.add_escalation_policy(chain, "wait", duration=600)
    fake.add_route(source, "urgent", chain=chain)
    fake.add_alert(source, PLAIN)
    group = fake.add_alert(source, {"urgent": True})
    fake.add_alert(source, {"urgent": True})
    clock.advance(timedelta(minutes=1))
    assert [(page.user, page.group) for page in fake.pages] == [("ana", group.id)]
    fake.add_alert(source, {"urgent": True} | RESOLVE)
    clock.advance(timedelta(hours=1))
    assert len(fake.pages) == 1


def test_nobody_is_paged_in_a_maintenance(
    fake: FakeOnCall, source: FakeIntegration, clock: VirtualClock
) -> None:
    """Of either mode."""
    ana = fake.add_user("ana", role="editor", email="ana@example.org")
    chain = fake.add_escalation_chain("urgent")
    fake.add_escalation_policy(chain, "notify_persons", persons=[ana.id])
    fake.add_route(source, "urgent", chain=chain)
    for mode in ("debug", "maintenance"):
        path = "integrations/C1/maintenance"
        ask(fake, "POST", f"{path}_start/", {"mode": mode, "duration": 3600})
        fake.add_alert(source, {"urgent": True, "key": mode})
        clock.advance(timedelta(minutes=5))
        assert ask(fake, "POST", f"{path}_stop/").status == 200
    assert fake.pages == []


def test_a_saved_state_resolves_a_batch_and_misses_a_heartbeat(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """What was planned goes on after it is loaded."""
    grafana, other = fake.add_integration(type="grafana"), fake.add_integration(name="ci")
    group = fake.add_alert(grafana, batch(("resolved", "1")))
    link = f"/integrations/v1/webhook/{other.secret}/heartbeat/"
    assert fake.handle(FakeRequest("POST", link)).status == 200
    loaded = FakeOnCall.from_json(fake.to_json(), clock=clock)
    clock.advance(timedelta(minutes=12))
    assert loaded.group(group.id).state == "resolved"
    assert [each.payload.get("title") for each in loaded.groups.values()][1:] == [
        "Webhook heartbeat is missing"
    ]


def test_the_pages_of_all_alerts_are_in_order_and_complete(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """Whatever page is asked for, and after each alert; a group without alerts has none there."""
    source = fake.add_integration(type="formatted_webhook")
    fake.add_group(alerts_count=0)
    for number in range(40):
        fake.add_alert(source, {"alert_uid": str(number * number % 11)})
        clock.advance(timedelta(seconds=7))
        if number % 10 == 0:
            fake.add_group(started_at=clock.now() - timedelta(minutes=1), alerts_count=3)
        found = [
            alert
            for page in range(1, 10)
            for alert in ask(fake, "GET", "alerts/", query=f"perpage=7&page={page}").json()[
                "results"
            ]
        ]
        made = sum(group.alerts_count for group in fake.groups.values())
        assert len({alert["id"] for alert in found}) == made
        times = [alert["created_at"] for alert in found[:made]]
        assert times == sorted(times, reverse=True)
