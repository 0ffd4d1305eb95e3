"""Personal notification rules: who may, what is refused before it is sent, and what is fixed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import (
    BadRequest,
    FilterIgnored,
    InvalidArgument,
    NotFound,
    OutcomeUnknown,
    UserTokenRequired,
)
from grafana_oncall.models import (
    NotifyByEmailRule,
    NotifyBySmsRule,
    PersonalNotificationRule,
    WaitRule,
)
from grafana_oncall.testing import FakeOnCall, FakePersonalNotificationRule, FakeUser, reset
from tests.support.clients import made
from tests.support.samples import BASE, STACK, one_page


@pytest.fixture
def ana(fake: FakeOnCall) -> FakeUser:
    """A user without rules."""
    return fake.add_user("ana")


async def test_a_rule_is_made_read_changed_and_deleted(ana: FakeUser, oncall: OnCallClient) -> None:
    """A duration is a timedelta or seconds; it is five minutes by default."""
    rules = oncall.personal_notification_rules
    rule = await rules.create(WaitRule(user_id=ana.id, duration=timedelta(minutes=15)))
    assert rule == PersonalNotificationRule(
        id=rule.id, user_id=ana.id, position=0, type="wait", important=False, duration=900
    )
    assert await rules.get(rule) == rule
    assert (await rules.update(rule, duration=timedelta(hours=1))).duration == 3600
    assert (await rules.create({"type": "wait", "user_id": ana.id})).duration == 300
    await rules.delete(rule)
    with pytest.raises(NotFound):
        await rules.get(rule.id)


async def test_another_type_loses_the_duration(ana: FakeUser, oncall: OnCallClient) -> None:
    """It is five minutes when the rule waits again."""
    rules = oncall.personal_notification_rules
    rule = await rules.create(WaitRule(user_id=ana.id, duration=60))
    assert (await rules.update(rule, type="notify_by_sms")).duration is None
    assert (await rules.update(rule, type="wait")).duration == 300
    says = " ".join((rules.update.__doc__ or "").split())
    assert "Another `type` loses the duration" in says


async def test_importances_have_positions_of_their_own(ana: FakeUser, oncall: OnCallClient) -> None:
    """The filters tell the lists apart."""
    rules = oncall.personal_notification_rules
    for rule in (
        NotifyByEmailRule(user_id=ana.id),
        NotifyBySmsRule(user_id=ana.id, position=0),
        NotifyBySmsRule(user_id=ana.id, important=True),
    ):
        await rules.create(rule)
    plain = await rules.list(user_id=ana.id, important=False).collect()
    assert [(one.type, one.position) for one in plain] == [
        ("notify_by_sms", 0),
        ("notify_by_email", 1),
    ]
    (urgent,) = await rules.list(user_id=ana.id, important=True).collect()
    assert (urgent.type, urgent.position) == ("notify_by_sms", 0)


@pytest.mark.parametrize("duration", [0, 61, 300.0, True, "300", None, timedelta(minutes=2)])
async def test_a_duration_that_the_server_lacks_is_refused_before_anything_is_sent(
    fake: FakeOnCall, oncall: OnCallClient, duration: Any
) -> None:
    """In a creation and in a change; the error lists what there is."""
    rules = oncall.personal_notification_rules
    with pytest.raises(InvalidArgument, match="duration"):
        await rules.create({"type": "wait", "user_id": "U1", "duration": duration})
    with pytest.raises(InvalidArgument, match="duration"):
        await rules.update("N1", duration=duration)
    with pytest.raises(InvalidArgument, match="Expected one of 60, 300, 900, 1800, 3600"):
        await rules.update("N1", duration=61)
    assert not fake.calls


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        pytest.param({"user_id": "U1"}, "known: wait, notify_by_slack", id="no type"),
        pytest.param({"type": "fax", "user_id": "U1"}, "known: wait", id="an unknown type"),
        pytest.param({"type": "wait"}, "user_id", id="no user"),
        pytest.param({"type": "wait", "user_id": ""}, "user_id", id="an empty id"),
        pytest.param(
            {"type": "notify_by_sms", "user_id": "U1", "duration": 60}, "duration", id="no wait"
        ),
        pytest.param({"type": "wait", "user_id": "U1", "position": -2}, "position", id="-2"),
        pytest.param({"type": "wait", "user_id": "U1", "position": 2**31}, "position", id="large"),
        pytest.param(
            {"type": "wait", "user_id": "U1", "manual_order": True}, "manual_order", id="swaps"
        ),
    ],
)
async def test_a_bad_rule_is_refused_before_anything_is_sent(
    fake: FakeOnCall, oncall: OnCallClient, rule: Any, problem: str
) -> None:
    """A server would refuse a bad position, and keep the rule all the same."""
    with pytest.raises(InvalidArgument, match=problem):
        await oncall.personal_notification_rules.create(rule)
    assert not fake.calls


async def test_a_bad_position_of_a_change_is_refused_before_anything_is_sent(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """As in a creation."""
    for position in (-2, 2**31):
        with pytest.raises(InvalidArgument, match="position"):
            await oncall.personal_notification_rules.update("N1", position=position)
    assert not fake.calls


@pytest.mark.parametrize("members", [{"user_id": "U2"}, {"important": True}])
async def test_the_user_and_the_importance_are_fixed(oncall: OnCallClient, members: Any) -> None:
    """The server would ignore them, so there are no such arguments."""
    with pytest.raises(TypeError, match=next(iter(members))):
        await oncall.personal_notification_rules.update("N1", **members)


async def test_an_unknown_user_is_a_bad_request(oncall: OnCallClient) -> None:
    """Also as a filter, which is not simply without results."""
    rules = oncall.personal_notification_rules
    with pytest.raises(BadRequest, match="User does not exist"):
        await rules.create(WaitRule(user_id="UNONE"))
    with pytest.raises(BadRequest, match="User not found"):
        await rules.list(user_id="UNONE").collect()


async def test_a_channel_that_the_server_lacks_is_a_bad_request() -> None:
    """The open-source engine has no Microsoft Teams."""
    oss = FakeOnCall(flavour="oss")
    rule = {"type": "notify_by_msteams", "user_id": oss.user.id}
    async with OnCallClient(url=BASE, token=oss.token, transport=oss.transport()) as client:
        with pytest.raises(BadRequest, match="Invalid type"):
            await client.personal_notification_rules.create(rule)


async def test_a_service_account_needs_a_user_token_beside_it(
    fake: FakeOnCall, ana: FakeUser
) -> None:
    """It is refused; the user's token is used where it is given."""
    fake.add_token("glsa_1")
    common: Any = {"url": BASE, "token": "glsa_1", "grafana_url": STACK}
    async with OnCallClient(**common, transport=fake.transport()) as client:
        with pytest.raises(UserTokenRequired):
            await client.personal_notification_rules.create(WaitRule(user_id=ana.id))
    both: Any = {**common, "user_token": fake.token}
    async with OnCallClient(**both, transport=fake.transport()) as client:
        await client.personal_notification_rules.create(WaitRule(user_id=ana.id))


async def test_a_creation_without_a_response_is_not_repeated(
    fake: FakeOnCall, ana: FakeUser, oncall: OnCallClient
) -> None:
    """The user would be notified twice."""
    fake.faults.add(reset(applied=True), operation="create_personal_notification_rule")
    with pytest.raises(OutcomeUnknown, match="list the rules of the user"):
        await oncall.personal_notification_rules.create(NotifyBySmsRule(user_id=ana.id))
    assert len(fake.objects(FakePersonalNotificationRule)) == 1


async def test_a_move_and_a_deletion_survive_a_lost_response(
    fake: FakeOnCall, ana: FakeUser, oncall: OnCallClient
) -> None:
    """The rule is there already, or gone already."""
    rules = oncall.personal_notification_rules
    first, _, _ = (fake.add_personal_notification_rule(ana) for _ in range(3))
    fake.faults.add(reset(applied=True), operation="update_personal_notification_rule")
    assert (await rules.update(first.id, position=1)).position == 1
    assert [one.id async for one in rules.list()][1] == first.id
    fake.faults.add(reset(applied=True), operation="delete_personal_notification_rule")
    await rules.delete(first.id)
    assert len(fake.objects(FakePersonalNotificationRule)) == 2


async def test_rules_of_another_user_are_not_returned() -> None:
    """A server that ignores the filters is detected."""
    rule = {"id": "N1", "user_id": "U2", "position": 0, "type": "wait", "important": False}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=one_page(rule)))
    async with made(transport=transport) as client:
        rules = client.personal_notification_rules
        for filters, unmet in (({"user_id": "U1"}, "user_id=U1"), ({}, "important=true")):
            given: Any = filters or {"important": True}
            with pytest.raises(FilterIgnored) as ignored:
                await rules.list(**given).collect()
            assert ignored.value.unmet == unmet
