"""Escalation policies: add, move and change steps, and what the servers do to a careless call."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, time, timedelta, timezone
from typing import Any, Final

import httpx
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import (
    BadRequest,
    FilterIgnored,
    Forbidden,
    IdsDropped,
    InvalidArgument,
    NotFound,
    OutcomeUnknown,
)
from grafana_oncall.models import (
    EscalationPolicy,
    NotifyIfTimeFromToPolicy,
    NotifyPersonNextEachTimePolicy,
    NotifyPersonsPolicy,
    ResolvePolicy,
    WaitPolicy,
)
from grafana_oncall.testing import FakeEscalationChain, FakeEscalationPolicy, FakeOnCall, reset
from tests.support.clients import made
from tests.support.samples import BASE, one_page

QUEUE: Final = "notify_person_next_each_time"


@pytest.fixture
def chain(fake: FakeOnCall) -> FakeEscalationChain:
    """A chain without steps."""
    return fake.add_escalation_chain("nights")


@pytest.fixture
def oss() -> FakeOnCall:
    """An open-source server with a chain."""
    server = FakeOnCall(flavour="oss")
    server.add_escalation_chain("nights", id="F1")
    return server


@pytest.fixture
async def on_oss(oss: FakeOnCall) -> AsyncGenerator[OnCallClient]:
    """A client of the open-source server."""
    async with OnCallClient(url=BASE, token=oss.token, transport=oss.transport()) as client:
        yield client


async def _types(client: OnCallClient, chain: str) -> list[str | None]:
    """The types of the steps of a chain, in order."""
    listed = client.escalation_policies.list(escalation_chain_id=chain)
    return [step.type async for step in listed]


async def test_a_step_is_made_read_changed_and_deleted(
    chain: FakeEscalationChain, oncall: OnCallClient
) -> None:
    """Only the members of its type have a value."""
    step = await oncall.escalation_policies.create(
        WaitPolicy(escalation_chain_id=chain.id, duration=timedelta(minutes=5))
    )
    assert step == EscalationPolicy(
        id=step.id, escalation_chain_id=chain.id, position=0, type="wait", duration=300
    )
    assert await oncall.escalation_policies.get(step) == step
    changed = await oncall.escalation_policies.update(step, duration=timedelta(hours=1))
    assert changed.duration == 3600
    await oncall.escalation_policies.delete(step)
    with pytest.raises(NotFound):
        await oncall.escalation_policies.get(step.id)


async def test_a_step_may_be_a_mapping(chain: FakeEscalationChain, oncall: OnCallClient) -> None:
    """As JSON has it."""
    policy = {"type": "wait", "escalation_chain_id": chain.id, "duration": 60}
    assert (await oncall.escalation_policies.create(policy)).duration == 60


async def test_a_time_of_day_is_in_utc(chain: FakeEscalationChain, oncall: OnCallClient) -> None:
    """On both ways."""
    policy = NotifyIfTimeFromToPolicy(
        escalation_chain_id=chain.id,
        notify_if_time_from=time(9, tzinfo=UTC),
        notify_if_time_to=time(18, 30, tzinfo=UTC),
    )
    step = await oncall.escalation_policies.create(policy)
    assert step.notify_if_time_from == time(9, tzinfo=UTC)
    changed = await oncall.escalation_policies.update(step, notify_if_time_to=time(7, tzinfo=UTC))
    assert changed.notify_if_time_to == time(7, tzinfo=UTC)


def _wait(**members: Any) -> dict[str, Any]:
    return {"type": "wait", "escalation_chain_id": "F1", "duration": 60, **members}


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        pytest.param({"escalation_chain_id": "F1"}, "known: wait, notify_persons", id="no type"),
        pytest.param(_wait(type="fax"), "known: wait, notify_persons", id="an unknown type"),
        pytest.param(_wait(type=None), "known: wait", id="the type null"),
        pytest.param(None, "known: wait", id="nothing"),
        pytest.param(_wait(duration=59), "duration", id="59 seconds"),
        pytest.param(_wait(duration=86401), "duration", id="more than a day"),
        pytest.param(_wait(position=-2), "position", id="a position before the start"),
        pytest.param(_wait(position=2**31), "position", id="a position too large"),
        pytest.param(_wait(position=None), "position", id="a position that is null"),
        pytest.param(_wait(important=True), "important", id="a member of another type"),
        pytest.param(
            {"type": QUEUE, "escalation_chain_id": "F1", "important": True},
            "important",
            id="hidden",
        ),
        pytest.param(
            {"type": "notify_persons", "escalation_chain_id": "F1"},
            "persons_to_notify",
            id="no persons",
        ),
        pytest.param(
            {"type": "notify_persons", "escalation_chain_id": "F1", "persons_to_notify": "U1"},
            "persons_to_notify",
            id="persons that are a text",
        ),
        pytest.param(
            {
                "type": "notify_if_time_from_to",
                "escalation_chain_id": "F1",
                "notify_if_time_from": time(9),
                "notify_if_time_to": time(9, tzinfo=timezone(timedelta(hours=1))),
            },
            "notify_if_time_from",
            id="times of other zones",
        ),
    ],
)
async def test_a_bad_step_is_refused_before_anything_is_sent(
    fake: FakeOnCall, oncall: OnCallClient, policy: Any, problem: str
) -> None:
    """A server would keep some of them, and refuse the call all the same."""
    with pytest.raises(InvalidArgument, match=problem):
        await oncall.escalation_policies.create(policy)
    assert not fake.calls


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"duration": timedelta(seconds=59)}, id="59 seconds"),
        pytest.param({"position": -2}, id="a position before the start"),
        pytest.param({"position": 2**31}, id="a position too large"),
        pytest.param({"type": None}, id="no type"),
        pytest.param({"type": ""}, id="an empty type"),
        pytest.param({"notify_if_time_from": time(9)}, id="a time without zone"),
        pytest.param({"persons_to_notify": "U1"}, id="persons that are a text"),
        pytest.param({"num_alerts_in_window": -1}, id="a negative number"),
    ],
)
async def test_a_bad_change_is_refused_before_anything_is_sent(
    fake: FakeOnCall, oncall: OnCallClient, changes: dict[str, Any]
) -> None:
    """The server would take a type that is null, and keep a step that does nothing."""
    with pytest.raises(InvalidArgument):
        await oncall.escalation_policies.update("E1", **changes)
    assert not fake.calls


async def test_persons_that_the_server_drops_are_an_error(
    fake: FakeOnCall, chain: FakeEscalationChain, oncall: OnCallClient
) -> None:
    """In a creation and in a change; what was stored is with the error."""
    ana = fake.add_user("ana").id
    policy = NotifyPersonsPolicy(escalation_chain_id=chain.id, persons_to_notify=["UNONE", ana])
    with pytest.raises(IdsDropped) as dropped:
        await oncall.escalation_policies.create(policy)
    assert dropped.value.lost == {"persons_to_notify": ("UNONE",)}
    assert dropped.value.kept["persons_to_notify"] == (ana,)
    stored = dropped.value.result
    assert stored.id in fake.objects(FakeEscalationPolicy)
    with pytest.raises(IdsDropped):
        await oncall.escalation_policies.update(stored, persons_to_notify=["UNONE"])


async def test_the_order_of_persons_is_not_kept_and_no_error(
    fake: FakeOnCall, chain: FakeEscalationChain, oncall: OnCallClient
) -> None:
    """The server sorts them by age."""
    ana, ben = fake.add_user("ana").id, fake.add_user("ben").id
    policy = NotifyPersonNextEachTimePolicy(
        escalation_chain_id=chain.id, persons_to_notify_next_each_time=[ben, ana]
    )
    step = await oncall.escalation_policies.create(policy)
    assert step.persons_to_notify_next_each_time == (ana, ben)


@pytest.mark.parametrize("members", [{}, {"type": QUEUE}])
async def test_a_step_that_the_open_source_engine_would_hide_is_not_made_important(
    oss: FakeOnCall, on_oss: OnCallClient, members: dict[str, Any]
) -> None:
    """It would be in the chain for ever: no request could see it, or delete it."""
    chain = oss.objects(FakeEscalationChain)["F1"]
    step = oss.add_escalation_policy(chain, QUEUE)
    with pytest.raises(InvalidArgument, match="would hide this step") as refused:
        await on_oss.escalation_policies.update(step.id, important=True, **members)
    assert refused.value.argument == "important"
    assert {call.method for call in oss.calls} == {"GET"}
    assert (await on_oss.escalation_policies.get(step.id)).important is False


async def test_such_a_step_is_made_important_on_grafana_cloud(
    fake: FakeOnCall, chain: FakeEscalationChain, oncall: OnCallClient
) -> None:
    """Which its users tell from the open-source engine."""
    step = fake.add_escalation_policy(chain, QUEUE)
    assert (await oncall.escalation_policies.update(step.id, important=True)).important is True
    assert [call.operation for call in fake.calls] == [
        "get_escalation_policy",
        "list_users",
        "update_escalation_policy",
    ]


async def test_other_steps_are_made_important_everywhere(
    oss: FakeOnCall, on_oss: OnCallClient
) -> None:
    """With a look at the type, if it is not given."""
    chain = oss.objects(FakeEscalationChain)["F1"]
    step = oss.add_escalation_policy(chain, "notify_persons")
    assert (await on_oss.escalation_policies.update(step.id, important=True)).important is True
    assert (await on_oss.escalation_policies.update(step.id, important=False)).important is False
    changed = await on_oss.escalation_policies.update(
        step.id, type="notify_team_members", important=True
    )
    assert changed.important is True
    assert [call.method for call in oss.calls] == ["GET", "PUT", "PUT", "PUT"]


async def test_a_new_type_clears_the_members_of_the_old_one(
    fake: FakeOnCall, chain: FakeEscalationChain, oncall: OnCallClient
) -> None:
    """As the docstring says."""
    step = fake.add_escalation_policy(chain, "wait", duration=300)
    changed = await oncall.escalation_policies.update(step.id, type="resolve")
    assert (changed.type, changed.duration) == ("resolve", None)
    again = await oncall.escalation_policies.update(step.id, type="wait")
    assert (again.type, again.duration) == ("wait", None)
    says = " ".join((oncall.escalation_policies.update.__doc__ or "").split())
    assert "A `type` clears the members that it does not have" in says


async def test_a_step_without_a_type_is_read(
    fake: FakeOnCall, chain: FakeEscalationChain, oncall: OnCallClient
) -> None:
    """A server has some."""
    step = fake.add_escalation_policy(chain)
    step.type = None
    assert (await oncall.escalation_policies.get(step.id)).type is None
    assert await _types(oncall, chain.id) == [None]


async def test_steps_move_and_a_repeat_moves_nothing(
    fake: FakeOnCall, chain: FakeEscalationChain, oncall: OnCallClient
) -> None:
    """The response is lost: the step is there already, or goes there again."""
    kinds = ("wait", "resolve", "repeat_escalation")
    step, *_ = [fake.add_escalation_policy(chain, kind).id for kind in kinds]
    fake.faults.add(reset(applied=True), operation="update_escalation_policy")
    await oncall.escalation_policies.update(step, position=1)
    assert await _types(oncall, chain.id) == ["resolve", "wait", "repeat_escalation"]
    fake.faults.add(reset(applied=True), operation="update_escalation_policy")
    await oncall.escalation_policies.update(step, position=-1)
    assert await _types(oncall, chain.id) == ["resolve", "repeat_escalation", "wait"]


async def test_swaps_are_not_offered(chain: FakeEscalationChain, oncall: OnCallClient) -> None:
    """A repeat would undo them."""
    policy = {"type": "resolve", "escalation_chain_id": chain.id, "manual_order": True}
    with pytest.raises(InvalidArgument, match="manual_order"):
        await oncall.escalation_policies.create(policy)
    with pytest.raises(TypeError, match="manual_order"):
        await oncall.escalation_policies.update("E1", manual_order=True)  # type: ignore[call-arg]


async def test_a_creation_without_a_response_is_not_repeated(
    fake: FakeOnCall, chain: FakeEscalationChain, oncall: OnCallClient
) -> None:
    """The chain would have the step twice."""
    fake.faults.add(reset(applied=True), operation="create_escalation_policy")
    with pytest.raises(OutcomeUnknown, match="list the policies of the chain"):
        await oncall.escalation_policies.create(ResolvePolicy(escalation_chain_id=chain.id))
    assert len(fake.objects(FakeEscalationPolicy)) == 1


async def test_what_a_server_lacks_is_a_bad_request(on_oss: OnCallClient) -> None:
    """With its reason; a chain that is not there as well."""
    for policy, reason in (
        (_wait(escalation_chain_id="FX"), "Object does not exist"),
        ({"type": "notify_whole_channel", "escalation_chain_id": "F1"}, "Slack-specific"),
    ):
        with pytest.raises(BadRequest, match=reason):
            await on_oss.escalation_policies.create(policy)


async def test_an_editor_may_only_read(fake: FakeOnCall, chain: FakeEscalationChain) -> None:
    """Writes need an admin."""
    fake.add_token("editor", role="editor")
    step = fake.add_escalation_policy(chain)
    async with OnCallClient(url=BASE, token="editor", transport=fake.transport()) as client:
        assert (await client.escalation_policies.get(step.id)).type == "wait"
        with pytest.raises(Forbidden, match="escalation-chains:write"):
            await client.escalation_policies.delete(step.id)


async def test_steps_of_another_chain_are_not_returned() -> None:
    """A server that ignores the filter is detected."""
    step = {"id": "E1", "escalation_chain_id": "F2", "position": 0, "type": "resolve"}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=one_page(step)))
    async with made(transport=transport) as client:
        with pytest.raises(FilterIgnored) as ignored:
            await client.escalation_policies.list(escalation_chain_id="F1").collect()
    assert ignored.value.unmet == "escalation_chain_id=F1"
