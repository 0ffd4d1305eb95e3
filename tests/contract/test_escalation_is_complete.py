"""The fake escalates by every type of steps and rules in the specification, or says that it cannot.

A type that is added there must be modelled, or named here and in the guide.
"""

from datetime import timedelta

import pytest

from grafana_oncall.testing import FakeOnCall, VirtualClock
from tests.contract.specification import ROOT

SCHEMAS = ROOT["components"]["schemas"]
STEPS = SCHEMAS["escalation_policies.PolicyType"]["x-known-values"]
RULES = SCHEMAS["personal_notification_rules.RuleType"]["x-known-values"]
NOT_MODELLED = {"notify_next_on_call_from_schedule"}


def is_modelled(fake: FakeOnCall) -> bool:
    """Whether the pages can be asked for."""
    try:
        _ = fake.pages
    except NotImplementedError:
        return False
    return True


@pytest.mark.parametrize("kind", STEPS)
def test_every_type_of_steps_is_modelled_or_named(kind: str) -> None:
    """What is modelled leaves a record."""
    clock = VirtualClock()
    fake = FakeOnCall(clock=clock)
    chain = fake.add_escalation_chain("SRE")
    fake.add_escalation_policy(chain, kind)
    fake.add_integration().default_route["escalation_chain_id"] = chain.id
    fake.add_group()
    clock.advance(timedelta(seconds=1))
    assert is_modelled(fake) is (kind not in NOT_MODELLED)
    if kind not in NOT_MODELLED:
        assert [record.type for record in fake.escalation_log] == [kind]


@pytest.mark.parametrize("kind", RULES)
def test_every_type_of_rules_but_a_wait_pages(kind: str) -> None:
    """By its channel."""
    clock = VirtualClock()
    fake = FakeOnCall(clock=clock)
    ana = fake.add_user("ana", role="editor")
    ana.is_phone_number_verified, ana.slack = True, {"user_id": "U0", "team_id": "T0"}
    fake.add_personal_notification_rule(ana, kind)
    chain = fake.add_escalation_chain("SRE")
    fake.add_escalation_policy(chain, "notify_persons", persons=[ana.id])
    fake.add_integration().default_route["escalation_chain_id"] = chain.id
    fake.add_group()
    clock.advance(timedelta(seconds=1))
    expected = [] if kind == "wait" else [kind.removeprefix("notify_by_")]
    assert [page.how for page in fake.pages] == expected
