"""Waiting for states and deletions, in virtual time: results, errors, requests, outages."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Iterator
from datetime import timedelta
from functools import partial
from typing import Any, TypeAlias

import pytest

from grafana_oncall import OnCallClient, RetryPolicy
from grafana_oncall.errors import (
    ClientStateError,
    InvalidArgument,
    NotFound,
    OnCallError,
    ServerError,
    Unauthorized,
    WaitTimeout,
)
from grafana_oncall.models import AlertGroup
from grafana_oncall.testing import FakeAlertGroup, FakeOnCall, VirtualClock, hang, refuse, status
from tests.facade.listing import other_tasks
from tests.facade.samples import BASE
from tests.facade.test_bot import become, later, passed

EVERY = 5
"""Seconds from look to look, when nothing else is said."""

Wait: TypeAlias = Callable[..., Coroutine[Any, Any, Any]]

NUMBERS = pytest.mark.parametrize("number", [1, 3, 4, 30], ids="{} groups".format)
"""A few are looked at one by one, more on pages."""


def add(fake: FakeOnCall, number: int, state: Any = "firing") -> list[FakeAlertGroup]:
    """So many groups, a minute apart, the newest first."""
    now = fake.now()
    return [
        fake.add_group(state=state, started_at=now - timedelta(minutes=minute))
        for minute in range(number)
    ]


def ids(groups: list[FakeAlertGroup]) -> list[str]:
    """Of each."""
    return [group.id for group in groups]


def waiting(oncall: OnCallClient) -> dict[str, Wait]:
    """Both waits, with their ids and options to follow."""
    groups = oncall.alert_groups
    return {
        "state": lambda alert_group_ids, **options: groups.wait_until(
            alert_group_ids, "resolved", **options
        ),
        "deleted": groups.wait_until_deleted,
    }


# Results


@pytest.mark.parametrize("state", ["firing", "new", "acknowledged", "resolved", "silenced"])
@NUMBERS
async def test_it_ends_when_every_group_has_been_seen_in_the_state(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock, state: Any, number: int
) -> None:
    """At the look after the last change, with the groups in the order given."""
    name = "firing" if state == "new" else state
    groups = add(fake, number, "resolved" if name == "firing" else "firing")
    for second, group in enumerate(groups):
        later(1 + second / 4, partial(become, group, name, clock))
    asked = ids(groups)[::-1]
    found = await oncall.alert_groups.wait_until(asked, state, timeout=60)
    assert [type(group) for group in found] == [AlertGroup] * number
    assert [group.id for group in found] == asked
    assert {group.state for group in found} == {name}
    assert passed() == EVERY * -(-(1 + (number - 1) / 4) // EVERY)


async def test_one_id_gives_one_group(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """And not a list of one."""
    (group,) = add(fake, 1)
    later(7, partial(become, group, "resolved", clock))
    found = await oncall.alert_groups.wait_until(group.id, "resolved", timeout=60)
    assert (found.id, found.state, passed()) == (group.id, "resolved", 10)


@NUMBERS
async def test_what_is_so_already_is_not_waited_for(
    fake: FakeOnCall, oncall: OnCallClient, number: int
) -> None:
    """The first look suffices."""
    groups = add(fake, number, "resolved")
    found = await oncall.alert_groups.wait_until(ids(groups), "resolved", timeout=60)
    assert ([group.id for group in found], passed()) == (ids(groups), 0)


@NUMBERS
async def test_a_group_that_had_the_state_may_leave_it_again(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock, number: int
) -> None:
    """Each is as it was when it had the state, also when others come later."""
    groups = add(fake, number + 1)
    middle = groups[number // 2]
    later(1, partial(become, middle, "resolved", clock))
    later(6, partial(become, middle, "firing", clock))
    for group in groups:
        if group is not middle:
            later(11, partial(become, group, "resolved", clock))
    found = await oncall.alert_groups.wait_until(ids(groups), "resolved", timeout=60)
    assert ({group.state for group in found}, passed()) == ({"resolved"}, 15)


@pytest.mark.parametrize("times", [2, 5])
async def test_an_id_that_is_given_twice_is_answered_twice(
    fake: FakeOnCall, oncall: OnCallClient, times: int
) -> None:
    """And read once."""
    (group,) = add(fake, 1, "resolved")
    found = await oncall.alert_groups.wait_until([group.id] * times, "resolved", timeout=60)
    assert [one.id for one in found] == [group.id] * times
    assert len(fake.calls) == 1


async def test_ids_may_come_from_any_iterable(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """A generator is walked once; the keys of a dict are ids."""
    groups = add(fake, 5, "resolved")

    def generated() -> Iterator[str]:
        yield from ids(groups)

    for given in (generated(), tuple(ids(groups)), dict.fromkeys(ids(groups))):
        found = await oncall.alert_groups.wait_until(given, "resolved", timeout=60)
        assert [one.id for one in found] == ids(groups)


async def test_of_no_groups_there_is_nothing_to_wait_for(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """As `asyncio.gather` of nothing: at once, without a request."""
    assert await oncall.alert_groups.wait_until([], "resolved", timeout=60) == []
    assert await oncall.alert_groups.wait_until(iter(()), "resolved", timeout=60) == []
    await oncall.alert_groups.wait_until_deleted([], timeout=60)
    assert (fake.calls, passed()) == ([], 0)


@pytest.mark.parametrize("every", [1, 0.25, timedelta(seconds=20)])
async def test_it_looks_as_often_as_it_is_told(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock, every: Any
) -> None:
    """And no more often."""
    (group,) = add(fake, 1)
    later(39.9, partial(become, group, "resolved", clock))
    await oncall.alert_groups.wait_until(group.id, "resolved", timeout=100, every=every)
    seconds = every.total_seconds() if isinstance(every, timedelta) else every
    assert (passed(), len(fake.calls)) == (40, 40 / seconds + 1)


# Deletions


@NUMBERS
async def test_a_deletion_is_waited_for_until_the_server_has_done_it(
    fake: FakeOnCall, oncall: OnCallClient, number: int
) -> None:
    """Its workers are down at first."""
    fake.delete_delay = None
    groups = add(fake, number)
    for group in groups:
        await oncall.alert_groups.delete(group.id, mode="delete")
    wait = asyncio.create_task(
        oncall.alert_groups.wait_until_deleted(ids(groups), timeout=timedelta(hours=1))
    )
    await asyncio.sleep(1801)
    assert not wait.done()
    fake.delete_delay = timedelta(seconds=1)
    await wait
    assert (passed(), len(fake.groups)) == (1805, 0)


async def test_a_group_that_was_never_there_is_gone(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """One id and several, without a pause."""
    await oncall.alert_groups.wait_until_deleted("INOSUCHGROUP", timeout=60)
    await oncall.alert_groups.wait_until_deleted(["INO1", "INO2", "INO3", "INO4"], timeout=60)
    assert (passed(), len(fake.calls)) == (0, 5)


@NUMBERS
async def test_a_wiped_group_is_not_gone(
    fake: FakeOnCall, oncall: OnCallClient, number: int
) -> None:
    """It stays, resolved and empty, which the error shows."""
    groups = add(fake, number)
    for group in groups:
        await oncall.alert_groups.delete(group.id, mode="wipe")
    with pytest.raises(WaitTimeout, match="not deleted after 0:01:00") as caught:
        await oncall.alert_groups.wait_until_deleted(ids(groups), timeout=60)
    assert caught.value.last == dict.fromkeys(ids(groups), "resolved")


@pytest.mark.parametrize("number", [2, 5, 30])
async def test_only_what_is_still_there_is_told(
    fake: FakeOnCall, oncall: OnCallClient, number: int
) -> None:
    """Not what is gone."""
    rest, *gone = groups = add(fake, number)
    for group in gone:
        later(7, partial(fake.groups.pop, group.id))
    with pytest.raises(WaitTimeout, match=f"1 of {number} alert groups") as caught:
        await oncall.alert_groups.wait_until_deleted(ids(groups), timeout=60)
    assert caught.value.last == {rest.id: "firing"}


# Time that is over


@pytest.mark.parametrize("timeout", [12, timedelta(seconds=12)])
@NUMBERS
async def test_when_time_is_over_the_error_says_what_was_seen_last(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock, number: int, timeout: Any
) -> None:
    """Of each group that is left, also when that changed while it waited."""
    groups = add(fake, number)
    later(3, partial(become, groups[0], "acknowledged", clock))
    with pytest.raises(WaitTimeout) as caught:
        await oncall.alert_groups.wait_until(ids(groups), "resolved", timeout=timeout)
    states = dict.fromkeys(ids(groups), "firing") | {groups[0].id: "acknowledged"}
    assert (caught.value.last, passed()) == (states, 12)
    assert isinstance(caught.value, TimeoutError)
    assert isinstance(caught.value, OnCallError)
    head = f"{number} of {number} alert groups were not resolved after 0:00:12; last seen: "
    assert str(caught.value).startswith(f"{head}{groups[0].id} acknowledged")


async def test_the_error_of_many_groups_can_still_be_read(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """A line or two; `.last` has them all."""
    groups = add(fake, 200)
    with pytest.raises(WaitTimeout) as caught:
        await oncall.alert_groups.wait_until(ids(groups), "resolved", timeout=1)
    assert len(str(caught.value)) < 300
    assert caught.value.last == dict.fromkeys(ids(groups), "firing")


async def test_a_group_that_was_never_seen_is_said_to_be_so(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """When the server is not there from the beginning."""
    (group,) = add(fake, 1)
    fake.faults.add(refuse(), lasting=timedelta(hours=1))
    with pytest.raises(WaitTimeout, match=f"{group.id} never seen") as caught:
        await oncall.alert_groups.wait_until(group.id, "resolved", timeout=60)
    assert caught.value.last == {group.id: None}


# What is not there


@pytest.mark.parametrize("others", [0, 1, 9])
async def test_an_unknown_group_is_an_error_at_once(
    fake: FakeOnCall, oncall: OnCallClient, others: int
) -> None:
    """Nobody waits for what cannot come about."""
    groups = add(fake, others)
    with pytest.raises(NotFound, match="INOSUCHGROUP"):
        await oncall.alert_groups.wait_until([*ids(groups), "INOSUCHGROUP"], "new", timeout=60)
    assert passed() == 0


@pytest.mark.parametrize("number", [1, 3, 4, 30])
async def test_a_group_that_is_deleted_meanwhile_is_an_error(
    fake: FakeOnCall, oncall: OnCallClient, number: int
) -> None:
    """It will never have the state, however many are waited for."""
    groups = add(fake, number)
    later(7, partial(fake.groups.pop, groups[-1].id))
    with pytest.raises(NotFound, match=groups[-1].id):
        await oncall.alert_groups.wait_until(ids(groups), "resolved", timeout=600)
    assert passed() < 60


# How much is asked for


def looks(fake: FakeOnCall) -> int:
    """Requests since the last time."""
    number = len(fake.calls)
    fake.calls.clear()
    return number


@pytest.mark.parametrize("seen", ["state", "deleted"])
async def test_looks_at_a_hundred_groups_are_pages(
    fake: FakeOnCall, oncall: OnCallClient, seen: str
) -> None:
    """Not a hundred requests each."""
    groups = add(fake, 100)
    wait = asyncio.create_task(waiting(oncall)[seen](ids(groups), timeout=600))
    await asyncio.sleep(EVERY - 1)
    looks(fake)
    for _ in range(5):
        await asyncio.sleep(EVERY)
        assert 1 <= looks(fake) <= 3
    wait.cancel()
    await asyncio.wait([wait])


async def test_the_first_look_at_a_hundred_groups_is_bounded(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """One request for each at the very most, and nothing twice."""
    groups = add(fake, 100, "resolved")
    await oncall.alert_groups.wait_until(ids(groups), "resolved", timeout=60)
    assert looks(fake) <= 100


async def test_a_first_look_that_failed_goes_on_where_it_was(fake: FakeOnCall) -> None:
    """What was seen is not read again."""
    groups = add(fake, 50)
    lost = f"/{groups[30].id}/"
    fake.faults.choose(
        lambda request, _: status(503) if lost in request.path and passed() < EVERY else None
    )
    policy = RetryPolicy(attempts=1)
    async with OnCallClient(
        url=BASE, token=fake.token, transport=fake.transport(), retry=policy
    ) as client:
        with pytest.raises(WaitTimeout) as caught:
            await client.alert_groups.wait_until(ids(groups), "resolved", timeout=EVERY + 1)
    assert caught.value.last == dict.fromkeys(ids(groups), "firing")
    assert looks(fake) <= 51


async def test_groups_that_are_far_apart_do_not_cost_all_pages_in_between(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Four ids are about four requests, and not one for each fifty groups in between."""
    groups = add(fake, 1000, "resolved")
    wanted = [groups[0], groups[300], groups[600], groups[999]]
    for group in wanted:
        group.resolved_at = None
    wait = asyncio.create_task(waiting(oncall)["state"](ids(wanted), timeout=600))
    await asyncio.sleep(1)
    looks(fake)
    await asyncio.sleep(EVERY)
    assert looks(fake) <= 6
    wait.cancel()
    await asyncio.wait([wait])


async def test_what_has_been_seen_is_not_looked_at_again(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """Of a few groups, those that are left cost a request each."""
    groups = add(fake, 3)
    for group in groups[:2]:
        become(group, "resolved", clock)
    with pytest.raises(WaitTimeout):
        await oncall.alert_groups.wait_until(ids(groups), "resolved", timeout=12)
    asked = [call.path.split("/")[-2] for call in fake.calls]
    assert asked == [*ids(groups), groups[2].id, groups[2].id]


# Outages

OUTAGES = pytest.mark.parametrize(
    "fault",
    [
        pytest.param(status(503), id="503"),
        pytest.param(status(500), id="500"),
        pytest.param(refuse(), id="nobody there"),
        pytest.param(hang(), id="no answer"),
    ],
)
SEEN = pytest.mark.parametrize("seen", ["state", "deleted"])


@OUTAGES
@SEEN
@pytest.mark.parametrize("number", [1, 10])
@pytest.mark.parametrize("begins", [0, 12])
async def test_an_outage_is_waited_out(
    fake: FakeOnCall,
    oncall: OnCallClient,
    clock: VirtualClock,
    *,
    fault: Any,
    seen: str,
    number: int,
    begins: float,
) -> None:
    """From the first look on, or later."""
    groups = add(fake, number)
    later(begins, lambda: fake.faults.add(fault, lasting=timedelta(minutes=10)))
    for group in groups:
        later(100, partial(become, group, "resolved", clock))
        if seen == "deleted":
            later(100, partial(fake.groups.pop, group.id))
    await asyncio.sleep(0.001)
    await waiting(oncall)[seen](ids(groups), timeout=3600)
    assert 600 < passed() < 900


@OUTAGES
@SEEN
@pytest.mark.parametrize("number", [1, 10])
async def test_an_outage_that_outlasts_the_time_is_the_cause(
    fake: FakeOnCall, oncall: OnCallClient, fault: Any, seen: str, number: int
) -> None:
    """The error shows why nothing was seen any more."""
    groups = add(fake, number)
    later(12, lambda: fake.faults.add(fault, lasting=timedelta(hours=9)))
    with pytest.raises(WaitTimeout) as caught:
        await waiting(oncall)[seen](ids(groups), timeout=600)
    assert isinstance(caught.value.__cause__, OnCallError)
    assert caught.value.last == dict.fromkeys(ids(groups), "firing")
    assert passed() == 600


async def test_an_outage_that_is_over_is_not_the_cause(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """It had nothing to do with it."""
    (group,) = add(fake, 1)
    fake.faults.add(status(500), lasting=timedelta(seconds=30))
    with pytest.raises(WaitTimeout) as caught:
        await oncall.alert_groups.wait_until(group.id, "resolved", timeout=600)
    assert caught.value.__cause__ is None


async def test_the_cause_is_there_without_retries_too(fake: FakeOnCall) -> None:
    """However patient the client is."""
    (group,) = add(fake, 1)
    fake.faults.add(status(503), lasting=timedelta(hours=1))
    policy = RetryPolicy(attempts=1)
    async with OnCallClient(
        url=BASE, token=fake.token, transport=fake.transport(), retry=policy
    ) as client:
        with pytest.raises(WaitTimeout) as caught:
            await client.alert_groups.wait_until(group.id, "resolved", timeout=1)
    assert isinstance(caught.value.__cause__, ServerError)


@SEEN
async def test_what_waiting_cannot_help_is_raised_at_once(
    fake: FakeOnCall, oncall: OnCallClient, seen: str
) -> None:
    """A wrong token, a closed client."""
    (group,) = add(fake, 1)
    async with OnCallClient(url=BASE, token="wrong", transport=fake.transport()) as client:
        with pytest.raises(Unauthorized):
            await waiting(client)[seen](group.id, timeout=60)
    await oncall.aclose()
    with pytest.raises(ClientStateError):
        await waiting(oncall)[seen](group.id, timeout=60)
    assert passed() == 0


# Cancellation


@SEEN
@pytest.mark.parametrize("number", [1, 10])
@pytest.mark.parametrize("seconds", [0.1, 1.5, 25, 27.6, 31])
async def test_a_cancelled_wait_leaves_nothing(
    fake: FakeOnCall, oncall: OnCallClient, seen: str, number: int, seconds: float
) -> None:
    """By a timeout of one's own, which stays a plain one; between two looks, and in one."""
    groups = add(fake, number)
    fake.latency = timedelta(seconds=2)
    with pytest.raises(TimeoutError) as caught:
        async with asyncio.timeout(seconds):
            await waiting(oncall)[seen](ids(groups), timeout=600)
    assert type(caught.value) is TimeoutError
    shared = oncall._session.shared
    assert (other_tasks(), shared.under_way, shared.gate._under_way) == (set(), 0, 0)
    assert (await oncall.alert_groups.get(groups[0].id)).state == "firing"


@SEEN
async def test_a_look_that_hangs_does_not_outlast_the_time(
    fake: FakeOnCall, oncall: OnCallClient, seen: str
) -> None:
    """The request is cut off, and nothing is left of it."""
    (group,) = add(fake, 1)
    fake.latency = timedelta(hours=1)
    with pytest.raises(WaitTimeout):
        await waiting(oncall)[seen](group.id, timeout=3)
    assert (passed(), other_tasks()) == (3, set())


# Arguments that cannot be meant


@SEEN
@pytest.mark.parametrize(
    "given",
    [
        pytest.param(given, id=repr(given))
        for given in ("", "a/b", [""], ["I1", "I 2"], [None], [7], b"I1", None, 7, [["I1"]])
    ],
)
async def test_what_is_no_id_is_refused(
    fake: FakeOnCall, oncall: OnCallClient, seen: str, given: Any
) -> None:
    """By its name, before anything is sent, also when the others are good."""
    with pytest.raises(InvalidArgument) as caught:
        await waiting(oncall)[seen](given, timeout=60)
    assert (caught.value.argument, fake.calls) == ("alert_group_ids", [])


@pytest.mark.parametrize("state", ["", "deleted", "Resolved", None, 1, True, ["resolved"]])
async def test_what_is_no_state_is_refused(
    fake: FakeOnCall, oncall: OnCallClient, state: Any
) -> None:
    """Although a server could invent one: it would be waited for in vain."""
    (group,) = add(fake, 1)
    with pytest.raises(InvalidArgument) as caught:
        await oncall.alert_groups.wait_until(group.id, state, timeout=60)
    assert (caught.value.argument, fake.calls) == ("state", [])


@SEEN
@pytest.mark.parametrize("argument", ["timeout", "every"])
@pytest.mark.parametrize(
    "value",
    [0, -1, 0.0, True, False, None, "60", timedelta(0), timedelta(-1), float("nan"), float("inf")],
    ids=repr,
)
async def test_what_is_no_time_is_refused(
    fake: FakeOnCall, oncall: OnCallClient, seen: str, argument: str, value: Any
) -> None:
    """Also where there would be nothing to wait for."""
    cases: list[Any] = ["I1", []]
    for given in cases:
        with pytest.raises(InvalidArgument, match=re.escape(f"{argument}=")) as caught:
            await waiting(oncall)[seen](given, **{"timeout": 60, argument: value})
        assert caught.value.argument == argument
    assert fake.calls == []
