"""The storm: plausible, varied, reproducible."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from grafana_oncall.testing import FakeOnCall, VirtualClock, seed_storm
from grafana_oncall.testing._resources.integration_fields import TYPES
from grafana_oncall.testing.factory import seed_arrival
from tests.support.fake_requests import ask


def test_a_storm_has_all_states_labels_and_teams(fake: FakeOnCall, clock: VirtualClock) -> None:
    """Within the last day."""
    groups = seed_storm(fake, 500)
    assert len(groups) == len(fake.groups) == 500
    states = Counter(group.state for group in groups)
    assert set(states) == {"firing", "acknowledged", "resolved", "silenced"}
    assert states["firing"] > 150
    assert all(clock.now() - group.started_at <= timedelta(days=1) for group in groups)
    assert len({group.team_id for group in groups}) == 4
    assert all(dict(group.labels).keys() >= {"team", "severity", "environment"} for group in groups)
    page = ask(fake, "GET", "alert_groups/", query="state=new&label=team:SRE").json()
    assert 20 < page["count"] < 200


def test_a_storm_can_be_labelled_further(fake: FakeOnCall) -> None:
    """Its repository is filled."""
    group = seed_storm(fake, 3)[0]
    group.labels.clear()
    body = {"key": {"name": "severity"}, "value": {"name": "info"}}
    assert ask(fake, "POST", f"alert_groups/{group.id}/labels/", body).status == 201


def test_the_same_seed_gives_the_same_storm() -> None:
    """Byte by byte."""
    bodies: list[bytes] = []
    for seed in (7, 7, 8):
        fake = FakeOnCall(seed=seed, clock=VirtualClock())
        seed_storm(fake, 40)
        bodies.append(ask(fake, "GET", "alert_groups/").body)
    assert bodies[0] == bodies[1] != bodies[2]


def test_a_storm_without_groups_still_has_its_integrations(fake: FakeOnCall) -> None:
    """Integrations without groups."""
    assert seed_storm(fake, 0) == []
    assert len(fake.integrations) == 5


def test_nothing_in_a_storm_happened_before_it_started_or_will_happen(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """A group that began a minute ago was not resolved a quarter of an hour from now."""
    for group in seed_storm(fake, 2000):
        moments = [group.acknowledged_at, group.resolved_at, group.silenced_at]
        order = [group.started_at, *(each for each in moments if each), clock.now()]
        assert order == sorted(order)


def test_an_arrival_fires_in_an_integration_of_the_fake(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """An empty fake gets the storm's integrations first; no two arrivals are the same."""
    groups = [seed_arrival(fake) for _ in range(3)]
    assert [group.state for group in groups] == ["firing"] * 3
    assert all(group.integration.id in fake.integrations for group in groups)
    assert len(fake.integrations) == 5
    assert len({str(group.payload) for group in groups}) == 3
    assert all((clock.now() - group.started_at).total_seconds() < 1 for group in groups)


def test_the_integrations_of_a_storm_are_of_types_that_both_flavours_have(oss: FakeOnCall) -> None:
    """So a program that copies them can be tried on either."""
    seed_storm(oss, 0)
    assert all(TYPES[source.type].oss for source in oss.integrations.values())


def test_two_people_of_a_storm_are_on_call_in_turn(fake: FakeOnCall, clock: VirtualClock) -> None:
    """The first for at least three days more, so that documents can name her."""
    seed_storm(fake, 0)
    shown = ask(fake, "GET", "schedules/").json()["results"]
    ana, bob = (user["id"] for user in ask(fake, "GET", "users/").json()["results"][-2:])
    assert [(each["name"], each["on_call_now"]) for each in shown] == [("Primary", [ana])]
    clock.advance(timedelta(days=3))
    assert ask(fake, "GET", "schedules/").json()["results"][0]["on_call_now"] == [ana]
    clock.advance(timedelta(days=2))
    assert ask(fake, "GET", "schedules/").json()["results"][0]["on_call_now"] == [bob]


def test_an_alert_to_a_storm_pages_whoever_is_on_call_and_then_somebody_else(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """At any integration, so that there is something to see; what was there before pages nobody."""
    seed_storm(fake, 20)
    groups = [fake.add_alert(source, {}).id for source in fake.integrations.values()]
    clock.advance(timedelta(seconds=10))
    assert [(page.group, page.user, page.how) for page in fake.pages] == [
        (group, "ana", "mobile_app") for group in groups
    ]
    assert [delivery.event for delivery in fake.deliveries] == ["escalation"] * len(groups)
    clock.advance(timedelta(hours=1))
    later = [(page.user, page.how) for page in fake.pages if page.group == groups[0]]
    assert later == [("ana", "mobile_app"), ("ana", "phone_call"), ("responder", "phone_call")]
    assert {record.event for record in fake.escalation_log} == {"triggered", "finished"}


def test_an_arrival_pages_as_an_alert_does(fake: FakeOnCall, clock: VirtualClock) -> None:
    """It is one more alert of the storm."""
    seed_storm(fake, 0)
    group = seed_arrival(fake)
    clock.advance(timedelta(seconds=1))
    assert [(page.group, page.user) for page in fake.pages] == [(group.id, "ana")]
