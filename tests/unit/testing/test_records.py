"""What a server that runs for days keeps of what has happened."""

from __future__ import annotations

from datetime import timedelta

from grafana_oncall.testing import FakeOnCall, FakeWebhook, VirtualClock
from grafana_oncall.testing._objects.pages import EscalationRun
from grafana_oncall.testing._server.state import keep
from tests.support.fake_requests import ask

KEPT = 10_000


def test_the_latest_records_are_kept() -> None:
    """However many are added at a time."""
    records = [*range(KEPT - 1)]
    keep(records, KEPT - 1)
    assert records == [*range(KEPT)]
    keep(records, KEPT, KEPT + 1)
    assert records == [*range(2, KEPT + 2)]


def test_pages_and_the_log_have_an_end(fake: FakeOnCall, clock: VirtualClock) -> None:
    """A storm at a server that nobody starts afresh; what is forgotten is the oldest."""
    people = [
        fake.add_user(f"{role}{number}", role=role).id
        for role in ("editor", "viewer")
        for number in range(101)
    ]
    chain = fake.add_escalation_chain("SRE")
    fake.add_escalation_policy(chain, "notify_persons", persons=people)
    fake.add_integration().default_route["escalation_chain_id"] = chain.id
    groups: list[str] = []
    for _ in range(100):
        groups.append(fake.add_group().id)
        clock.advance(timedelta(minutes=1))
    for records in (fake.pages, fake.escalation_log):
        assert len(records) == KEPT
        assert "editor0" not in {record.user for record in records if record.group == groups[0]}
        assert records[-1].group == groups[-1]


def test_deliveries_have_an_end(fake: FakeOnCall, clock: VirtualClock) -> None:
    """Also if none is sent."""
    for number in range(101):
        hook = fake.add_webhook(f"hook {number}", trigger_type="alert group created")
        hook.is_webhook_enabled = False
    groups = [fake.add_group().id for _ in range(100)]
    clock.advance(timedelta(seconds=1))
    assert len(fake.deliveries) == KEPT
    assert [fake.deliveries[place].group for place in (0, -1)] == [groups[0], groups[-1]]
    assert fake.deliveries[0].webhook != next(iter(fake.objects(FakeWebhook)))


def test_the_responses_of_a_webhook_have_an_end(fake: FakeOnCall) -> None:
    """Each webhook keeps its own."""
    webhook = fake.add_webhook("bot")
    for number in range(KEPT + 1):
        fake.add_webhook_response(webhook, content=str(number))
    assert [len(webhook.responses), webhook.responses[0].content] == [KEPT, "1"]


def test_what_a_server_knows_of_an_escalation_goes_with_its_group(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """Whether or not the chain has come to its end."""
    chain = fake.add_escalation_chain("SRE")
    fake.add_escalation_policy(chain, "wait", duration=60)
    fake.add_integration().default_route["escalation_chain_id"] = chain.id
    for seconds in (10, 100):
        group = fake.add_group()
        clock.advance(timedelta(seconds=seconds))
        assert [*fake.objects(EscalationRun)] == [group.id]
        ask(fake, "DELETE", f"alert_groups/{group.id}/", {"mode": "delete"})
        clock.advance(timedelta(minutes=5))
        assert fake.objects(EscalationRun) == {}


def test_links_of_deleted_integrations_are_forgotten(fake: FakeOnCall, clock: VirtualClock) -> None:
    """A test that makes and deletes integrations for days leaves nothing behind."""
    for _ in range(3):
        source = fake.add_integration()
        assert ask(fake, "DELETE", f"integrations/{source.id}/").status == 204
        clock.advance(timedelta(seconds=5))
    assert len(fake._world.deleted_links) == 1
