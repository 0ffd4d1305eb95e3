"""Every call when something goes wrong: its outcome, and what the server holds."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import (
    AlreadyInState,
    BadRequest,
    NotFound,
    OnCallError,
    OutcomeUnknown,
    ServerError,
)
from grafana_oncall.models import Integration, Label
from grafana_oncall.testing import FakeOnCall, Fault, error, refuse, reset, status, throttle
from tests.support.listing import settle
from tests.support.operation_cases import (
    FAULTS,
    OPERATIONS,
    UNAMBIGUOUS,
    applied,
    assert_idle,
    case,
    connect,
    every_fault,
    every_operation,
)
from tests.support.samples import BASE
from tests.support.virtual_time import passed


def requests(fake: FakeOnCall, operation: str) -> int:
    """How many requests this operation took."""
    return sum(call.operation == operation for call in fake.calls)


@every_operation
@every_fault
async def test_a_fault_that_happens_once(fake: FakeOnCall, name: str, fault: str) -> None:
    """All calls succeed, except those that a retry would apply twice."""
    operation, (what, kind) = OPERATIONS[name], FAULTS[fault]
    at = case(fake, operation)
    fake.faults.add(what, operation=name)
    unknown = operation.retry == "never" and fault not in UNAMBIGUOUS
    async with connect(fake) as client:
        if unknown:
            with pytest.raises(OutcomeUnknown, match="Check: ") as caught:
                await operation.call(client, at)
            assert type(caught.value.__cause__) is kind
            assert [attempt.error for attempt in caught.value.attempts] == [kind.__name__]
        else:
            await operation.call(client, at)
        assert_idle(client)
    assert operation.done(at) == (what.applied or not unknown)
    read_back = operation.reads_back and what.applied
    assert requests(fake, name) == (1 if unknown or read_back else 2)
    if operation.retry == "never":
        assert applied(fake, name) == int(what.applied or not unknown)
    if what.kind != "hang":
        assert passed() <= 3


@every_operation
@every_fault
async def test_a_fault_that_lasts(fake: FakeOnCall, name: str, fault: str) -> None:
    """A read raises the last error; a write that may have been applied, OutcomeUnknown."""
    operation, (what, kind) = OPERATIONS[name], FAULTS[fault]
    at = case(fake, operation)
    fake.faults.add(throttle(3600) if fault == "throttle" else what, operation=name, times=99)
    unknown = operation.retry != "safe" and fault not in UNAMBIGUOUS
    async with connect(fake) as client:
        if operation.reads_back and what.applied:
            await operation.call(client, at)
            assert requests(fake, name) == 1
        else:
            with pytest.raises(OnCallError) as caught:
                await operation.call(client, at)
            failure = caught.value
            assert type(failure) is (OutcomeUnknown if unknown else kind)
            if unknown:
                assert type(failure.__cause__) is kind
            assert failure.elapsed == pytest.approx(passed())
            never = operation.retry == "never" and unknown
            most = {"500": 2, "500, applied": 2, "throttle": 1}.get(fault, 5)
            assert len(failure.attempts) == requests(fake, name) == (1 if never else most)
            assert [attempt.error for attempt in failure.attempts] == [kind.__name__] * len(
                failure.attempts
            )
            assert failure.attempts[-1].delay is None
        assert_idle(client)
    if operation.retry != "safe":
        assert operation.done(at) == what.applied
    if operation.retry == "never":
        assert applied(fake, name) == int(what.applied)


@every_operation
async def test_a_503_that_lasts_is_waited_out(fake: FakeOnCall, name: str) -> None:
    """For two seconds, before anything is applied; what may not be retried raises."""
    operation = OPERATIONS[name]
    at = case(fake, operation)
    fake.faults.add(status(503), operation=name, lasting=timedelta(seconds=2))
    async with connect(fake) as client:
        if operation.retry == "never":
            with pytest.raises(OutcomeUnknown):
                await operation.call(client, at)
            assert not operation.done(at)
        else:
            await operation.call(client, at)
            assert operation.done(at)
            assert passed() == pytest.approx(0.5 + 1 + 2)


@every_operation
async def test_a_pause_costs_time_and_nothing_else(fake: FakeOnCall, name: str) -> None:
    """48 seconds; the caller sees no 429."""
    operation = OPERATIONS[name]
    at = case(fake, operation)
    fake.faults.add(throttle(48))
    async with connect(fake) as client:
        await operation.call(client, at)
    assert operation.done(at)
    assert 48 <= passed() <= 50
    assert next(call.status for call in fake.calls if call.operation == name) == 429
    assert applied(fake, name) == 1


@pytest.mark.parametrize(
    "harmless",
    [
        pytest.param([], id="at the first attempt"),
        pytest.param([refuse()], id="when the first did not reach the server"),
        pytest.param([throttle(1)], id="when the first was not let in"),
    ],
)
async def test_a_refusal_without_an_ambiguous_attempt_is_raised(
    fake: FakeOnCall, oncall: OnCallClient, harmless: list[Fault]
) -> None:
    """AlreadyInState and NotFound count as success only after an ambiguous attempt."""
    group = fake.add_group(state="acknowledged")
    for fault in harmless:
        fake.faults.add(fault)
    with pytest.raises(AlreadyInState):
        await oncall.alert_groups.acknowledge(group.id)
    for fault in harmless:
        fake.faults.add(fault)
    with pytest.raises(NotFound):
        await oncall.alert_groups.remove_label(group.id, "team", "SRE")


async def test_a_retry_that_finds_another_state_has_an_unknown_outcome(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Acknowledged, response lost, then unacknowledged and resolved by someone else."""
    group = fake.add_group()
    fake.faults.add(reset(applied=True), operation="acknowledge_alert_group")
    task = asyncio.ensure_future(oncall.alert_groups.acknowledge(group.id))
    await settle()
    group.acknowledged_at, group.resolved_at = None, fake.now()
    with pytest.raises(OutcomeUnknown) as caught:
        await task
    assert isinstance(caught.value.__cause__, BadRequest)
    assert len(caught.value.attempts) == 2


async def test_a_refusal_of_a_retry_says_nothing_about_the_first_attempt(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """The token lost its rights between the attempts."""
    group = fake.add_group()
    fake.faults.add(reset(applied=True), operation="acknowledge_alert_group")
    refusal = error(403, {"detail": "You do not have permission to perform this action."})
    fake.faults.add(refusal, operation="acknowledge_alert_group")
    with pytest.raises(OutcomeUnknown) as caught:
        await oncall.alert_groups.acknowledge(group.id)
    assert "403" in str(caught.value.__cause__)
    assert group.state == "acknowledged"


@pytest.mark.parametrize("fault", [name for name, (what, _) in FAULTS.items() if what.applied])
async def test_a_label_whose_response_was_lost_is_returned(fake: FakeOnCall, fault: str) -> None:
    """As the server has it."""
    at = case(fake, OPERATIONS["add_alert_group_label"])
    fake.faults.add(FAULTS[fault][0], operation="add_alert_group_label")
    async with connect(fake) as client:
        label = await client.alert_groups.add_label(at.group.id, "tier", "a")
    assert isinstance(label, Label)
    assert (label.key.name, label.value.name) == ("tier", "a")
    assert at.group.labels == [("team", "SRE"), ("tier", "a")]


CHANGES: list[Any] = [
    pytest.param({"name": "renamed"}, id="name"),
    pytest.param({"description_short": "text"}, id="text"),
    pytest.param({"description_short": None}, id="no text"),
    pytest.param({"team_id": None}, id="no team"),
    pytest.param({"labels": {"team": "SRE", "tier": "a"}}, id="labels"),
    pytest.param({"labels": {}}, id="no labels"),
    pytest.param({"dynamic_labels": {"team": "{{ payload.t }}"}}, id="dynamic labels"),
    pytest.param({"templates": {"slack": {"title": "x"}, "web": None}}, id="templates"),
    pytest.param({"templates": {"grouping_key": None}}, id="template reset"),
    pytest.param({"default_route": {"slack": {"enabled": False}}}, id="route"),
    pytest.param({"default_route": {"slack": {"channel_id": "c1"}}}, id="channel, upper-cased"),
    pytest.param({}, id="nothing"),
]


@pytest.mark.parametrize("changes", CHANGES)
@pytest.mark.parametrize("what", [reset(applied=True), reset()], ids=["response", "request"])
async def test_an_update_whose_response_was_lost_returns_the_integration(
    fake: FakeOnCall, changes: dict[str, Any], what: Fault
) -> None:
    """As it is now, by a read-back or a retry."""
    source = fake.add_integration(name="old")
    fake.faults.add(what, operation="update_integration")
    async with connect(fake) as client:
        updated = await client.integrations.update(source.id, **changes)
        assert isinstance(updated, Integration)
        assert updated == await client.integrations.get(source.id)
    if "name" in changes:
        assert source.name == "renamed"


async def test_an_update_that_cannot_be_read_back_has_an_unknown_outcome(fake: FakeOnCall) -> None:
    """The read-back fails, and its error is the cause."""
    at = case(fake, OPERATIONS["update_integration"])
    fake.faults.add(reset(applied=True), operation="update_integration", times=9)
    fake.faults.add(status(503), operation="get_integration", times=99)
    async with connect(fake) as client:
        with pytest.raises(OutcomeUnknown) as caught:
            await client.integrations.update(at.source.id, name="renamed")
        assert isinstance(caught.value.__cause__, ServerError)
        assert_idle(client)
    assert at.source.name == "renamed"


@pytest.mark.parametrize("token", ["t", "team", "count", "null", "0"])
async def test_a_token_that_occurs_in_a_response_changes_no_result(token: str) -> None:
    """Results are what the server sent; only what is shown is redacted."""
    fake = FakeOnCall(token=token)
    group = fake.add_group(title="the team counts 0 null")
    async with connect(fake) as client:
        assert (await client.alert_groups.get(group.id)).title == "the team counts 0 null"
        assert await client.alert_groups.list().count() == 1


@pytest.mark.parametrize("name", ["get_alert_group", "acknowledge_alert_group"])
async def test_a_users_own_client_that_is_closed_between_attempts_is_reported(
    fake: FakeOnCall, name: str
) -> None:
    """By an error of the SDK, not by httpx's RuntimeError."""
    at = case(fake, OPERATIONS[name])
    fake.faults.add(reset(), operation=name, times=9)
    http = httpx.AsyncClient(transport=fake.transport())
    async with OnCallClient(
        url=BASE, token=fake.token, http_client=http, random=lambda: 1.0
    ) as client:
        task = asyncio.ensure_future(OPERATIONS[name].call(client, at))
        await asyncio.sleep(0.1)
        await http.aclose()
        (result,) = await asyncio.gather(task, return_exceptions=True)
        assert isinstance(result, OnCallError)
        assert_idle(client)


async def test_a_listener_that_fails_keeps_no_place_in_the_throttle(fake: FakeOnCall) -> None:
    """Nor does it change the outcome of the call."""

    def fails(_event: object) -> None:
        raise LookupError("the listener's own")

    at = case(fake, OPERATIONS["acknowledge_alert_group"])
    fake.faults.add(reset())
    fake.faults.add(throttle(1))
    async with connect(fake, on_event=fails, max_connections=1) as client:
        await client.alert_groups.acknowledge(at.group.id)
        assert_idle(client)
    assert at.group.state == "acknowledged"
