"""Webhooks of every trigger in the specification are sent by the fake, or the guide denies it.

A trigger that is added there must be modelled, or named here and in the guide.
"""

from datetime import timedelta

import pytest

from grafana_oncall.testing import FakeOnCall, FakeWebhook, VirtualClock
from grafana_oncall.testing._resources.actions import ACTIONS, ActionContext, perform
from tests.contract.specification import ROOT
from tests.support.documents import document

TRIGGERS = ROOT["components"]["schemas"]["webhooks.TriggerType"]["x-known-values"]
NOT_MODELLED = {
    "incident changed",
    "incident declared",
    "incident resolved",
    "resolution note added",
}


def do_everything(fake: FakeOnCall, clock: VirtualClock, webhook_id: str) -> None:
    """Let everything happen to a group that webhooks can be sent for."""
    ana = fake.add_user("ana", role="editor")
    ana.webhook = webhook_id
    fake.add_personal_notification_rule(ana, "notify_by_webhook")
    chain = fake.add_escalation_chain("SRE")
    fake.add_escalation_policy(chain, "notify_persons", persons=[ana.id])
    if fake.objects(FakeWebhook)[webhook_id].trigger_type == "escalation":
        step = fake.add_escalation_policy(chain, "trigger_webhook")
        step.action_to_trigger = webhook_id
    fake.add_integration().default_route["escalation_chain_id"] = chain.id
    group = fake.add_group()
    clock.advance(timedelta(minutes=1))
    for name in ACTIONS:
        perform(fake._world, name, group, ActionContext(by=ana.id, at=clock.now()))
    clock.advance(timedelta(minutes=1))


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_webhooks_of_every_trigger_are_sent_or_the_guide_says_that_they_are_not(
    trigger: str,
) -> None:
    """By everything that happens to a group."""
    clock = VirtualClock()
    fake = FakeOnCall(clock=clock)
    webhook = fake.add_webhook("hook", trigger_type=trigger)
    do_everything(fake, clock, webhook.id)
    sent = {each.event for each in fake.deliveries if each.webhook == webhook.id}
    expected = {"status change": {*ACTIONS}}.get(trigger, {trigger})
    assert sent == (set() if trigger in NOT_MODELLED else expected)
    guide = " ".join(document("docs/guides/testing.md").text.split())
    assert (f"`{trigger}`" in guide) == (trigger in NOT_MODELLED)
