"""What becomes of every call when something goes wrong: its outcome, and what the server holds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from threading import Thread
from typing import Any

import attrs
import httpx
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall._retry import RetryPolicy
from grafana_oncall.errors import (
    AlreadyInState,
    BadRequest,
    ClientStateError,
    DecodeError,
    InvalidArgument,
    NotFound,
    OnCallError,
    OutcomeUnknown,
    RateLimited,
    RequestTimeout,
    ServerError,
    TransportError,
)
from grafana_oncall.models import Integration, Label
from grafana_oncall.testing import (
    FakeAlertGroup,
    FakeIntegration,
    FakeOnCall,
    Fault,
    VirtualClock,
    hang,
    html,
    refuse,
    reset,
    status,
    throttle,
    truncate,
)
from tests.facade.listing import other_tasks, settle
from tests.facade.samples import BASE
from tests.virtual_time import loop, passed

ONCE = RetryPolicy(attempts=1)


def connect(fake: FakeOnCall, **options: Any) -> OnCallClient:
    """A client of the fake, whose delays are as long as they may be."""
    settings: dict[str, Any] = {"random": lambda: 1.0, **options}
    return OnCallClient(url=BASE, token=fake.token, transport=fake.transport(), **settings)


def requests(fake: FakeOnCall, operation: str) -> int:
    """How often this was asked for."""
    return sum(call.operation == operation for call in fake.calls)


def applied(fake: FakeOnCall, operation: str) -> int:
    """How often the server got to see it."""
    return sum(call.operation == operation and call.applied for call in fake.calls)


def assert_idle(client: OnCallClient) -> None:
    """No place of the gate is taken, and no task was left behind."""
    shared = client._session.shared
    assert (shared.gate._under_way, shared.under_way) == (0, 0)
    assert other_tasks() == set()


# Each operation, each fault


@attrs.frozen
class Case:
    """What a call is made on, and how to see that it had its effect."""

    group: FakeAlertGroup
    source: FakeIntegration
    fake: FakeOnCall

    @property
    def made(self) -> list[FakeIntegration]:
        """What `create` has left."""
        return [one for one in self.fake.integrations.values() if one.name == "new"]


@attrs.frozen(kw_only=True)
class Deed:
    """An operation: what a repeat of it does, the state before it, and the state after it."""

    repeat: str
    call: Callable[[OnCallClient, Case], Awaitable[object]]
    before: Any = "firing"
    done: Callable[[Case], bool] = lambda _: True
    looks: bool = False
    """Whether the effect can be read, and is."""


DEEDS: dict[str, Deed] = {
    "list_alert_groups": Deed(repeat="safe", call=lambda c, _: c.alert_groups.list().collect()),
    "get_alert_group": Deed(repeat="safe", call=lambda c, at: c.alert_groups.get(at.group.id)),
    "list_integrations": Deed(repeat="safe", call=lambda c, _: c.integrations.list().count()),
    "get_integration": Deed(repeat="safe", call=lambda c, at: c.integrations.get(at.source.id)),
    "acknowledge_alert_group": Deed(
        repeat="already",
        call=lambda c, at: c.alert_groups.acknowledge(at.group.id),
        done=lambda at: at.group.state == "acknowledged",
    ),
    "unacknowledge_alert_group": Deed(
        repeat="already",
        before="acknowledged",
        call=lambda c, at: c.alert_groups.unacknowledge(at.group.id),
        done=lambda at: at.group.state == "firing",
    ),
    "resolve_alert_group": Deed(
        repeat="already",
        call=lambda c, at: c.alert_groups.resolve(at.group.id),
        done=lambda at: at.group.state == "resolved",
    ),
    "unresolve_alert_group": Deed(
        repeat="already",
        before="resolved",
        call=lambda c, at: c.alert_groups.unresolve(at.group.id),
        done=lambda at: at.group.state == "firing",
    ),
    "silence_alert_group": Deed(
        repeat="never",
        call=lambda c, at: c.alert_groups.silence(at.group.id, 10_000),
        done=lambda at: at.group.state == "silenced",
    ),
    "unsilence_alert_group": Deed(
        repeat="already",
        before="silenced",
        call=lambda c, at: c.alert_groups.unsilence(at.group.id),
        done=lambda at: at.group.state == "firing",
    ),
    "delete_alert_group": Deed(
        repeat="missing",
        call=lambda c, at: c.alert_groups.delete(at.group.id, mode="delete"),
        done=lambda at: (
            at.group.delete_requested_at is not None or at.group.id not in at.fake.groups
        ),
    ),
    "add_alert_group_label": Deed(
        repeat="already",
        call=lambda c, at: c.alert_groups.add_label(at.group.id, "tier", "a"),
        done=lambda at: at.group.labels == [("team", "SRE"), ("tier", "a")],
        looks=True,
    ),
    "remove_alert_group_label": Deed(
        repeat="missing",
        call=lambda c, at: c.alert_groups.remove_label(at.group.id, "team", "SRE"),
        done=lambda at: at.group.labels == [],
    ),
    "create_integration": Deed(
        repeat="never",
        call=lambda c, _: c.integrations.create(type="webhook", name="new"),
        done=lambda at: len(at.made) == 1,
    ),
    "update_integration": Deed(
        repeat="same",
        call=lambda c, at: c.integrations.update(at.source.id, name="renamed"),
        done=lambda at: at.source.name == "renamed",
        looks=True,
    ),
    "delete_integration": Deed(
        repeat="missing",
        call=lambda c, at: c.integrations.delete(at.source.id),
        done=lambda at: at.source.id not in at.fake.integrations,
    ),
}
every_deed = pytest.mark.parametrize("name", list(DEEDS))

FAULTS: dict[str, tuple[Fault, type[OnCallError]]] = {
    "reset": (reset(), TransportError),
    "reset, applied": (reset(applied=True), TransportError),
    "refuse": (refuse(), TransportError),
    "502": (status(502), ServerError),
    "503": (status(503), ServerError),
    "503, applied": (status(503, applied=True), ServerError),
    "500": (status(500), ServerError),
    "500, applied": (status(500, applied=True), ServerError),
    "html": (html(), DecodeError),
    "html, applied": (html(applied=True), DecodeError),
    "truncate": (truncate(), TransportError),
    "hang": (hang(), RequestTimeout),
    "hang, applied": (hang(applied=True), RequestTimeout),
    "throttle": (throttle(1), RateLimited),
}
every_fault = pytest.mark.parametrize("fault", list(FAULTS))
NO_DOUBT = {"refuse", "throttle"}


def case(fake: FakeOnCall, deed: Deed) -> Case:
    """A server in the state before the deed."""
    fake.add_label("tier", "a")
    source = fake.add_integration(name="old")
    group = fake.add_group(integration=source, state=deed.before, labels={"team": "SRE"})
    return Case(group, source, fake)


@every_deed
@every_fault
async def test_what_goes_wrong_once(fake: FakeOnCall, name: str, fault: str) -> None:
    """All calls come to their good end, except for those that a repeat would do twice."""
    deed, (what, kind) = DEEDS[name], FAULTS[fault]
    at = case(fake, deed)
    fake.faults.add(what, operation=name)
    doubt = deed.repeat == "never" and fault not in NO_DOUBT
    async with connect(fake) as client:
        if doubt:
            with pytest.raises(OutcomeUnknown, match="Check: ") as caught:
                await deed.call(client, at)
            assert type(caught.value.__cause__) is kind
            assert [one.error for one in caught.value.attempts] == [kind.__name__]
        else:
            await deed.call(client, at)
        assert_idle(client)
    assert deed.done(at) == (what.applied or not doubt)
    looked_up = deed.looks and what.applied
    assert requests(fake, name) == (1 if doubt or looked_up else 2)
    if deed.repeat == "never":
        assert applied(fake, name) == int(what.applied or not doubt)
    if what.kind != "hang":
        assert passed() <= 3


@every_deed
@every_fault
async def test_what_never_gets_better(fake: FakeOnCall, name: str, fault: str) -> None:
    """A read ends with the last error; a write that may have been done, with the doubt."""
    deed, (what, kind) = DEEDS[name], FAULTS[fault]
    at = case(fake, deed)
    fake.faults.add(throttle(3600) if fault == "throttle" else what, operation=name, times=99)
    doubt = deed.repeat != "safe" and fault not in NO_DOUBT
    async with connect(fake) as client:
        if deed.looks and what.applied:
            await deed.call(client, at)
            assert requests(fake, name) == 1
        else:
            with pytest.raises(OnCallError) as caught:
                await deed.call(client, at)
            error = caught.value
            assert type(error) is (OutcomeUnknown if doubt else kind)
            if doubt:
                assert type(error.__cause__) is kind
            assert error.elapsed == pytest.approx(passed())
            never = deed.repeat == "never" and doubt
            most = {"500": 2, "500, applied": 2, "throttle": 1}.get(fault, 5)
            assert len(error.attempts) == requests(fake, name) == (1 if never else most)
            assert [one.error for one in error.attempts] == [kind.__name__] * len(error.attempts)
            assert error.attempts[-1].delay is None
        assert_idle(client)
    if deed.repeat != "safe":
        assert deed.done(at) == what.applied
    if deed.repeat == "never":
        assert applied(fake, name) == int(what.applied)


@every_deed
async def test_a_503_that_lasts_is_waited_out(fake: FakeOnCall, name: str) -> None:
    """Two seconds of it, before anything is applied; those that may not repeat say so."""
    deed = DEEDS[name]
    at = case(fake, deed)
    fake.faults.add(status(503), operation=name, lasting=timedelta(seconds=2))
    async with connect(fake) as client:
        if deed.repeat == "never":
            with pytest.raises(OutcomeUnknown):
                await deed.call(client, at)
            assert not deed.done(at)
        else:
            await deed.call(client, at)
            assert deed.done(at)
            assert passed() == pytest.approx(0.5 + 1 + 2)


@every_deed
async def test_a_pause_costs_time_and_nothing_else(fake: FakeOnCall, name: str) -> None:
    """48 seconds; the caller sees no 429."""
    deed = DEEDS[name]
    at = case(fake, deed)
    fake.faults.add(throttle(48))
    async with connect(fake) as client:
        await deed.call(client, at)
    assert deed.done(at)
    assert 48 <= passed() <= 50
    assert next(call.status for call in fake.calls if call.operation == name) == 429
    assert applied(fake, name) == 1


async def test_a_refusal_that_is_no_repeat_is_told(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """AlreadyInState and NotFound count as success only where an attempt is in doubt."""
    group = fake.add_group(state="acknowledged")
    for fault in (None, refuse(), throttle(1)):
        if fault is not None:
            fake.faults.add(fault)
        with pytest.raises(AlreadyInState):
            await oncall.alert_groups.acknowledge(group.id)
    fake.faults.add(refuse())
    with pytest.raises(NotFound):
        await oncall.alert_groups.remove_label(group.id, "team", "SRE")


async def test_a_repeat_that_meets_another_state_is_in_doubt(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Acknowledged, answer lost, then taken back and resolved by somebody else."""
    group = fake.add_group()
    fake.faults.add(reset(applied=True), operation="acknowledge_alert_group")
    task = asyncio.ensure_future(oncall.alert_groups.acknowledge(group.id))
    await settle()
    group.acknowledged_at, group.resolved_at = None, fake.now()
    with pytest.raises(OutcomeUnknown) as caught:
        await task
    assert isinstance(caught.value.__cause__, BadRequest)
    assert len(caught.value.attempts) == 2


async def test_the_token_lost_its_rights_between_the_attempts(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """A refusal of the repeat does not tell of the first attempt."""
    group = fake.add_group()
    fake.faults.add(reset(applied=True), operation="acknowledge_alert_group")
    fake.faults.add(status(403), operation="acknowledge_alert_group")
    with pytest.raises(OutcomeUnknown) as caught:
        await oncall.alert_groups.acknowledge(group.id)
    assert "403" in str(caught.value.__cause__)
    assert group.state == "acknowledged"


# Answers that were lost


@pytest.mark.parametrize("fault", [name for name, (what, _) in FAULTS.items() if what.applied])
async def test_a_label_whose_answer_was_lost_is_returned(fake: FakeOnCall, fault: str) -> None:
    """As the server has it."""
    at = case(fake, DEEDS["add_alert_group_label"])
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
@pytest.mark.parametrize("what", [reset(applied=True), reset()], ids=["answer", "request"])
async def test_an_update_whose_answer_was_lost_returns_the_integration(
    fake: FakeOnCall, changes: dict[str, Any], what: Fault
) -> None:
    """As it is now, by a look or by a repeat."""
    source = fake.add_integration(name="old")
    fake.faults.add(what, operation="update_integration")
    async with connect(fake) as client:
        updated = await client.integrations.update(source.id, **changes)
        assert isinstance(updated, Integration)
        assert updated == await client.integrations.get(source.id)
    if "name" in changes:
        assert source.name == "renamed"


async def test_an_update_that_cannot_be_looked_at_is_in_doubt(fake: FakeOnCall) -> None:
    """The look itself fails; its error is the cause."""
    at = case(fake, DEEDS["update_integration"])
    fake.faults.add(reset(applied=True), operation="update_integration", times=9)
    fake.faults.add(status(503), operation="get_integration", times=99)
    async with connect(fake) as client:
        with pytest.raises(OutcomeUnknown) as caught:
            await client.integrations.update(at.source.id, name="renamed")
        assert isinstance(caught.value.__cause__, ServerError)
        assert_idle(client)
    assert at.source.name == "renamed"


# Creating once


async def create(client: OnCallClient, **options: Any) -> Integration:
    """The call that looks the name up."""
    settings: dict[str, Any] = {"type": "webhook", "name": "new", "reconcile": True, **options}
    return await client.integrations.create(**settings)


@every_fault
async def test_a_creation_that_looks_makes_exactly_one(fake: FakeOnCall, fault: str) -> None:
    """Whether the answer was lost or the request."""
    what, _ = FAULTS[fault]
    fake.faults.add(what, operation="create_integration")
    async with connect(fake) as client:
        made = await create(client)
    (kept,) = fake.integrations.values()
    assert (made.id, made.name) == (kept.id, "new")
    assert applied(fake, "create_integration") == 1


@every_fault
async def test_a_creation_that_looks_and_fails_for_good_makes_at_most_one(
    fake: FakeOnCall, fault: str
) -> None:
    """What was lost each time, and what was applied is found."""
    what, kind = FAULTS[fault]
    fake.faults.add(
        throttle(3600) if fault == "throttle" else what, operation="create_integration", times=99
    )
    async with connect(fake) as client:
        if what.applied:
            assert (await create(client)).id in fake.integrations
        else:
            with pytest.raises(OnCallError) as caught:
                await create(client)
            assert type(caught.value) is (kind if fault in NO_DOUBT else OutcomeUnknown)
        assert_idle(client)
    assert applied(fake, "create_integration") == len(fake.integrations) == int(what.applied)


async def test_a_creation_of_a_name_that_exists_is_refused(fake: FakeOnCall) -> None:
    """It is not taken for one's own, whatever was lost."""
    other = fake.add_integration(name="new")
    for what in (None, reset(), reset(applied=True)):
        if what is not None:
            fake.faults.add(what, operation="create_integration")
        async with connect(fake) as client:
            with pytest.raises(OnCallError) as caught:
                await create(client)
        error = caught.value
        refused = error.__cause__ if isinstance(error, OutcomeUnknown) else error
        assert isinstance(refused, BadRequest)
        assert "already exists" in refused.detail
    assert list(fake.integrations) == [other.id]


async def test_a_creation_of_a_name_that_exists_in_another_team_finds_its_own(
    fake: FakeOnCall,
) -> None:
    """Names are unique within a team only."""
    other = fake.add_integration(name="new", team_id=fake.add_team("SRE"))
    fake.faults.add(reset(applied=True), operation="create_integration")
    async with connect(fake) as client:
        made = await create(client)
    assert made.id != other.id
    assert len(fake.integrations) == 2


class Unfiltered(httpx.AsyncBaseTransport):
    """A server that does not know the filter by name, and has small pages."""

    def __init__(self, fake: FakeOnCall) -> None:
        self._inner = fake.transport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Forget the filter."""
        request.url = request.url.copy_remove_param("name").copy_set_param("perpage", "1")
        return await self._inner.handle_async_request(request)


async def test_a_creation_is_found_among_all_others(fake: FakeOnCall) -> None:
    """Where the filter is ignored, the right one is picked, and the walk is called off."""
    for number in range(3):
        fake.add_integration(name=f"a{number}")
    fake.faults.add(reset(applied=True), operation="create_integration")
    fake.latency = timedelta(seconds=1)
    client = OnCallClient(url=BASE, token=fake.token, transport=Unfiltered(fake))

    def late(_request: object, operation: str | None) -> None:
        if operation == "list_integrations" and len(fake.integrations) == 4:
            for number in range(9):
                fake.add_integration(name=f"b{number}")

    fake.faults.choose(late)
    async with client:
        made = await create(client)
        assert made.name == "new"
        assert_idle(client)
    assert len(fake.integrations) == 3 + 1 + 9


async def test_a_creation_that_looks_needs_a_name(fake: FakeOnCall) -> None:
    """Nothing is sent."""
    async with connect(fake) as client:
        with pytest.raises(InvalidArgument) as caught:
            await client.integrations.create(type="webhook", reconcile=True)
    assert caught.value.argument == "reconcile"
    assert fake.calls == []


# Options


async def test_views_share_connections_gate_and_quota(fake: FakeOnCall) -> None:
    """And closing one closes all."""
    group = fake.add_group()
    async with connect(fake, max_connections=2) as client:
        view = client.with_options(timeout=3, retry=ONCE)
        assert view._session.shared is client._session.shared
        fake.latency = timedelta(seconds=1)
        async with asyncio.TaskGroup() as tasks:
            for one in (client, view) * 5:
                tasks.create_task(one.alert_groups.get(group.id))
        assert passed() == pytest.approx(5)
        fake.latency = timedelta(0)
        fake.faults.add(throttle(48))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(client.alert_groups.get(group.id))
            await settle()
            tasks.create_task(view.alert_groups.get(group.id))
        assert passed() >= 5 + 48
        assert [call.status for call in fake.calls].count(429) == 1
        await view.aclose()
        with pytest.raises(ClientStateError, match="closed"):
            await client.alert_groups.get(group.id)


async def test_options_hold_for_the_view_only(fake: FakeOnCall) -> None:
    """Timeout and retries; what is not given stays."""
    group = fake.add_group()
    async with connect(fake, timeout=20, retry=RetryPolicy(attempts=2, first_delay=1)) as client:
        for one, seconds, attempts in (
            (client.with_options(timeout=3, retry=ONCE), 3, 1),
            (client.with_options(timeout=timedelta(seconds=3)), 3 + 1 + 3, 2),
            (client.with_options(retry=ONCE), 20, 1),
            (client.with_options(timeout=3).with_options(retry=ONCE), 3, 1),
            (client, 20 + 1 + 20, 2),
        ):
            before = passed()
            fake.faults.add(hang(), times=attempts)
            with pytest.raises(RequestTimeout) as caught:
                await one.alert_groups.get(group.id)
            assert passed() - before == pytest.approx(seconds)
            assert caught.value.elapsed == pytest.approx(seconds)
            assert len(caught.value.attempts) == attempts
        with pytest.raises(InvalidArgument):
            client.with_options(timeout=0)


async def test_an_outage_is_not_met_with_a_storm(fake: FakeOnCall) -> None:
    """When the quota is spent, calls are tried once, of all views; successes refill it."""
    group = fake.add_group()
    fake.faults.add(status(503), lasting=timedelta(days=1))
    async with connect(fake) as client:
        attempts: list[int] = []
        for number in range(40):
            view = client if number % 2 else client.with_options(timeout=3)
            with pytest.raises(ServerError) as caught:
                await view.alert_groups.get(group.id)
            attempts.append(len(caught.value.attempts))
        assert (attempts[0], attempts[-1]) == (5, 1)
        assert sum(attempts) == 40 + 100
        fake.faults.clear()
        for _ in range(5):
            await client.alert_groups.get(group.id)
        fake.faults.add(status(503))
        await client.alert_groups.get(group.id)


async def test_no_attempt_begins_after_the_deadline(fake: FakeOnCall) -> None:
    """Nor is a delay waited for in vain."""
    group = fake.add_group()
    fake.faults.add(status(503), times=99)
    policy = RetryPolicy(attempts=99, deadline=10)
    async with connect(fake, retry=policy) as client:
        with pytest.raises(ServerError) as caught:
            await client.alert_groups.get(group.id)
        assert [one.delay for one in caught.value.attempts] == [0.5, 1, 2, 4, None]
        assert passed() == pytest.approx(7.5)
        fake.faults.clear()
        fake.faults.add(hang(), times=99)
        with pytest.raises(RequestTimeout) as timed_out:
            await client.alert_groups.get(group.id)
        assert len(timed_out.value.attempts) == 1


async def test_a_pause_beyond_the_deadline_is_told_at_once(fake: FakeOnCall) -> None:
    """With the time to come back."""
    group = fake.add_group()
    fake.faults.add(throttle(3600))
    async with connect(fake) as client:
        with pytest.raises(RateLimited) as caught:
            await client.alert_groups.get(group.id)
    assert (caught.value.reset_after, passed()) == (3600, 0)


async def test_a_pause_beyond_the_deadline_is_told_to_other_tasks_too(fake: FakeOnCall) -> None:
    """A call that comes later does not silently wait for an hour."""
    group = fake.add_group()
    fake.faults.add(throttle(3600))
    async with connect(fake) as client:
        for _ in range(2):
            with pytest.raises(RateLimited):
                await client.alert_groups.get(group.id)
    assert passed() <= 600


# Closing


@every_deed
async def test_closing_may_wait_for_the_calls_under_way(fake: FakeOnCall, name: str) -> None:
    """Their retries included; new calls are refused meanwhile."""
    deed = DEEDS[name]
    at = case(fake, deed)
    fake.latency = timedelta(seconds=1)
    fake.faults.add(refuse(), operation=name)
    client = connect(fake)
    task = asyncio.ensure_future(deed.call(client, at))
    await settle()
    closing = asyncio.ensure_future(client.aclose(wait=True))
    await settle()
    with pytest.raises(ClientStateError, match="closed"):
        await client.alert_groups.get(at.group.id)
    await closing
    assert task.done()
    await task
    assert deed.done(at)
    assert_idle(client)


async def test_closing_waits_for_looks_too(fake: FakeOnCall) -> None:
    """A call that looks for its effect while the client closes is a call under way."""
    at = case(fake, DEEDS["add_alert_group_label"])
    fake.latency = timedelta(seconds=1)
    fake.faults.add(reset(applied=True), operation="add_alert_group_label")
    client = connect(fake)
    task = asyncio.ensure_future(client.alert_groups.add_label(at.group.id, "tier", "a"))
    await settle()
    await client.aclose(wait=True)
    assert (await task).value.name == "a"


ABORTED = {
    "while the server works": (None, 0.5),
    "while it waits for a retry": (reset(applied=True), 1.1),
    "while all calls pause": (throttle(48), 5.0),
}


@pytest.mark.parametrize(
    ("name", "when"),
    [
        pytest.param(
            name,
            when,
            id=f"{name} {when}",
        )
        for name in DEEDS
        for when in ABORTED
    ],
)
async def test_closing_ends_the_calls_under_way(fake: FakeOnCall, name: str, when: str) -> None:
    """At once; a write that was on its way ends with the doubt."""
    what, seconds = ABORTED[when]
    deed = DEEDS[name]
    at = case(fake, deed)
    fake.latency = timedelta(seconds=1)
    if what is not None:
        fake.faults.add(what, operation=name)
    client = connect(fake)
    task = asyncio.ensure_future(deed.call(client, at))
    await asyncio.sleep(seconds)
    late = task.done()  # create and silence are in doubt already, or the effect was found
    before = passed()
    await client.aclose()
    (result,) = await asyncio.gather(task, return_exceptions=True)
    assert passed() == before
    if not late:
        doubt = deed.repeat != "safe" and when != "while all calls pause"
        assert type(result) is (OutcomeUnknown if doubt else ClientStateError)
    assert_idle(client)


async def test_closing_turns_away_those_who_wait_for_a_place(fake: FakeOnCall) -> None:
    """Nothing of theirs was sent: no doubt."""
    group = fake.add_group()
    fake.faults.add(hang(), times=9)
    client = connect(fake, max_connections=1)
    tasks = [asyncio.ensure_future(client.alert_groups.silence(group.id, 60)) for _ in range(3)]
    await settle()
    await client.aclose()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(one) for one in results[1:]] == [ClientStateError] * 2
    assert len(fake.calls) == 1
    assert_idle(client)


async def test_closing_twice_and_at_once_is_fine(fake: FakeOnCall) -> None:
    """In both ways."""
    client = connect(fake)
    await asyncio.gather(client.aclose(wait=True), client.aclose(), client.aclose(wait=True))
    await client.aclose(wait=True)


# Cancelling


SCENARIOS: dict[str, tuple[Callable[[OnCallClient, Case], Awaitable[object]], list[Fault]]] = {
    "nothing goes wrong": (lambda c, at: c.alert_groups.get(at.group.id), []),
    "a retry": (lambda c, at: c.alert_groups.acknowledge(at.group.id), [reset(), reset()]),
    "a pause": (lambda c, at: c.alert_groups.acknowledge(at.group.id), [throttle(2)]),
    "a look": (
        lambda c, at: c.alert_groups.add_label(at.group.id, "tier", "a"),
        [reset(applied=True)],
    ),
    "looks before and after": (lambda c, _: create(c), [status(503)] * 3),
    "a walk": (lambda c, _: c.alert_groups.list(perpage=1).collect(), [status(503)] * 3),
}
every_scenario = pytest.mark.parametrize("scenario", list(SCENARIOS))


async def cancelled(fake: FakeOnCall, scenario: str, pause: Callable[[], Awaitable[None]]) -> None:
    """More tasks than places, cancelled after a while; afterwards everything is as before."""
    call, faults = SCENARIOS[scenario]
    at = case(fake, DEEDS["get_alert_group"])
    for _ in range(4):
        fake.add_group()
    for what in faults:
        fake.faults.add(what)
    async with connect(fake, max_connections=2) as client:
        tasks = [asyncio.ensure_future(call(client, at)) for _ in range(4)]
        await pause()
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                assert isinstance(result, asyncio.CancelledError | BadRequest)
        await settle()
        assert_idle(client)
        fake.faults.clear()
        assert (await client.alert_groups.get(at.group.id)).id == at.group.id
        assert len(await client.alert_groups.list(perpage=1).collect()) == 5
    await settle()
    assert [timer for timer in loop().timers if timer.when() > loop().time() + 60] == []


@every_scenario
@pytest.mark.parametrize("turns", range(40))
async def test_cancelling_after_any_turn_of_the_loop(
    fake: FakeOnCall, scenario: str, turns: int
) -> None:
    """The places of the gate are free, no task is left, and the client goes on."""

    async def pause() -> None:
        for _ in range(turns):
            await asyncio.sleep(0)

    await cancelled(fake, scenario, pause)


@every_scenario
@pytest.mark.parametrize("tenths", range(0, 60, 4))
async def test_cancelling_after_any_time(fake: FakeOnCall, scenario: str, tenths: int) -> None:
    """While a request is on its way, a retry is waited for, or all calls pause."""
    fake.latency = timedelta(seconds=0.6)

    async def pause() -> None:
        await asyncio.sleep(tenths / 10)

    await cancelled(fake, scenario, pause)


async def test_one_who_is_cancelled_in_the_gate_gives_his_place_to_the_next(
    fake: FakeOnCall,
) -> None:
    """On the very turn on which it was given to him."""
    group = fake.add_group()
    fake.latency = timedelta(seconds=1)
    async with connect(fake, max_connections=1) as client:
        first, second, third = (
            asyncio.ensure_future(client.alert_groups.get(group.id)) for _ in range(3)
        )
        first.add_done_callback(lambda _: second.cancel())
        await first
        await third
        assert second.cancelled()
        assert passed() == pytest.approx(2)
        assert_idle(client)


async def test_a_timeout_of_asyncio_ends_a_call(fake: FakeOnCall) -> None:
    """With TimeoutError, not with an error of the SDK."""
    group = fake.add_group()
    fake.faults.add(hang(), times=9)
    async with connect(fake) as client:
        for call in (client.alert_groups.get, client.alert_groups.resolve):
            with pytest.raises(TimeoutError) as caught:
                async with asyncio.timeout(5):
                    await call(group.id)
            assert not isinstance(caught.value, OnCallError)
            assert_idle(client)
        assert passed() == pytest.approx(10)
        fake.faults.clear()
        await client.alert_groups.resolve(group.id)


async def together(client: OnCallClient, group_id: str) -> None:
    """Calls that would succeed, one that waits, and one that fails."""
    async with asyncio.TaskGroup() as tasks:
        for _ in range(3):
            tasks.create_task(client.alert_groups.get(group_id))
        tasks.create_task(client.alert_groups.list().collect())
        tasks.create_task(client.alert_groups.get("NONE"))


async def test_a_task_group_ends_the_others_when_one_fails(fake: FakeOnCall) -> None:
    """The group of errors holds the one that failed."""
    group = fake.add_group()
    async with connect(fake, max_connections=2) as client:
        fake.faults.add(hang(), operation="list_alert_groups", times=9)
        with pytest.raises(ExceptionGroup) as caught:
            await together(client, group.id)
        assert [type(one) for one in caught.value.exceptions] == [NotFound]
        assert_idle(client)
        assert passed() == 0


# Elsewhere


def test_another_thread_is_told_so(clock: VirtualClock) -> None:
    """The client belongs to the loop of its first call, even while that one runs."""
    fake = FakeOnCall(clock=clock)
    group = fake.add_group()
    found: list[BaseException] = []

    def elsewhere(client: OnCallClient) -> None:
        try:
            asyncio.run(client.alert_groups.get(group.id))
        except OnCallError as error:
            found.append(error)

    async def main() -> None:
        async with connect(fake) as client:
            await client.alert_groups.get(group.id)
            thread = Thread(target=elsewhere, args=(client,))
            thread.start()
            thread.join()
            await client.alert_groups.get(group.id)
            assert_idle(client)

    asyncio.run(main())
    assert [type(one) for one in found] == [ClientStateError]
    assert "event loop" in str(found[0])
    assert len(fake.calls) == 2


async def test_the_users_own_client_of_httpx_ends_calls_as_well(fake: FakeOnCall) -> None:
    """Closing ours leaves theirs open, and yet ends our calls at once."""
    group = fake.add_group()
    fake.latency = timedelta(seconds=9)
    async with httpx.AsyncClient(transport=fake.transport()) as http:
        client = OnCallClient(url=BASE, token=fake.token, http_client=http)
        task = asyncio.ensure_future(client.alert_groups.get(group.id))
        await asyncio.sleep(1)
        await client.aclose()
        (result,) = await asyncio.gather(task, return_exceptions=True)
        assert isinstance(result, ClientStateError)
        assert passed() == 1
        assert not http.is_closed


@pytest.mark.parametrize("token", ["t", "team", "count", "null", "0"])
async def test_a_token_that_is_part_of_an_answer_changes_nothing(token: str) -> None:
    """Answers are the server's words; only what is shown is redacted."""
    fake = FakeOnCall(token=token)
    group = fake.add_group(title="the team counts 0 null")
    async with connect(fake) as client:
        assert (await client.alert_groups.get(group.id)).title == "the team counts 0 null"
        assert await client.alert_groups.list().count() == 1


@pytest.mark.parametrize("name", ["get_alert_group", "acknowledge_alert_group"])
async def test_the_users_own_client_that_is_closed_between_attempts_is_told(
    fake: FakeOnCall, name: str
) -> None:
    """With an error of this SDK, not with httpx's RuntimeError."""
    at = case(fake, DEEDS[name])
    fake.faults.add(reset(), operation=name, times=9)
    http = httpx.AsyncClient(transport=fake.transport())
    async with OnCallClient(
        url=BASE, token=fake.token, http_client=http, random=lambda: 1.0
    ) as client:
        task = asyncio.ensure_future(DEEDS[name].call(client, at))
        await asyncio.sleep(0.1)
        await http.aclose()
        (result,) = await asyncio.gather(task, return_exceptions=True)
        assert isinstance(result, OnCallError)
        assert_idle(client)


async def test_a_listener_that_fails_takes_no_place_with_it(fake: FakeOnCall) -> None:
    """Nor does it change what becomes of the call."""

    def fails(_event: object) -> None:
        raise LookupError("the listener's own")

    at = case(fake, DEEDS["acknowledge_alert_group"])
    fake.faults.add(reset())
    fake.faults.add(throttle(1))
    async with connect(fake, on_event=fails, max_connections=1) as client:
        await client.alert_groups.acknowledge(at.group.id)
        assert_idle(client)
    assert at.group.state == "acknowledged"


async def test_a_cancelled_waiting_for_the_end_can_be_made_good(fake: FakeOnCall) -> None:
    """`aclose(wait=True)` under a timeout, then `aclose()`."""
    group = fake.add_group()
    fake.faults.add(hang(), times=9)
    client = connect(fake, retry=ONCE)
    task = asyncio.ensure_future(client.alert_groups.get(group.id))
    await settle()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            await client.aclose(wait=True)
    with pytest.raises(ClientStateError):
        await client.alert_groups.get(group.id)
    await client.aclose()
    with pytest.raises(OnCallError):
        await task
    assert_idle(client)
