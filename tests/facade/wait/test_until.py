"""Waiting for states, in virtual time: results, timeouts, and groups that do not exist."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import NotFound, OnCallError, WaitTimeout
from grafana_oncall.models import AlertGroup
from grafana_oncall.testing import FakeOnCall, VirtualClock, refuse
from tests.support.timeline import become, later
from tests.support.virtual_time import passed
from tests.support.waits import EVERY, NUMBERS, add, ids

# Results


@pytest.mark.parametrize("state", ["firing", "new", "acknowledged", "resolved", "silenced"])
@NUMBERS
async def test_it_ends_when_every_group_has_been_seen_in_the_state(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock, state: Any, number: int
) -> None:
    """At the first check after the last change; the groups come in the given order."""
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
    """Not a list of one."""
    (group,) = add(fake, 1)
    later(7, partial(become, group, "resolved", clock))
    found = await oncall.alert_groups.wait_until(group.id, "resolved", timeout=60)
    assert (found.id, found.state, passed()) == (group.id, "resolved", 10)


@NUMBERS
async def test_a_group_that_is_in_the_state_already_is_not_waited_for(
    fake: FakeOnCall, oncall: OnCallClient, number: int
) -> None:
    """The first check suffices."""
    groups = add(fake, number, "resolved")
    found = await oncall.alert_groups.wait_until(ids(groups), "resolved", timeout=60)
    assert ([group.id for group in found], passed()) == (ids(groups), 0)


@NUMBERS
async def test_a_group_that_had_the_state_may_leave_it(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock, number: int
) -> None:
    """Each is returned as it was in that state, also when others reach it later."""
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
async def test_an_id_that_is_given_twice_is_returned_twice(
    fake: FakeOnCall, oncall: OnCallClient, times: int
) -> None:
    """It is read once."""
    (group,) = add(fake, 1, "resolved")
    found = await oncall.alert_groups.wait_until([group.id] * times, "resolved", timeout=60)
    assert [group.id for group in found] == [group.id] * times
    assert len(fake.calls) == 1


@pytest.mark.parametrize("made", [iter, tuple, pytest.param(dict.fromkeys, id="dict")])
async def test_ids_may_come_from_any_iterable(
    fake: FakeOnCall, oncall: OnCallClient, made: Callable[[list[str]], Iterable[str]]
) -> None:
    """An iterator is consumed once; of a dict, the keys are taken."""
    groups = add(fake, 5, "resolved")
    found = await oncall.alert_groups.wait_until(made(ids(groups)), "resolved", timeout=60)
    assert [group.id for group in found] == ids(groups)


async def test_no_groups_are_not_waited_for(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """Like `asyncio.gather()` of nothing: returns at once, without a request."""
    assert await oncall.alert_groups.wait_until([], "resolved", timeout=60) == []
    assert await oncall.alert_groups.wait_until(iter(()), "resolved", timeout=60) == []
    await oncall.alert_groups.wait_until_deleted([], timeout=60)
    assert (fake.calls, passed()) == ([], 0)


@pytest.mark.parametrize("every", [1, 0.25, pytest.param(timedelta(seconds=20), id="a timedelta")])
async def test_it_checks_as_often_as_every_says(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock, every: Any
) -> None:
    """Not more often."""
    (group,) = add(fake, 1)
    later(39.9, partial(become, group, "resolved", clock))
    await oncall.alert_groups.wait_until(group.id, "resolved", timeout=100, every=every)
    seconds = every.total_seconds() if isinstance(every, timedelta) else every
    assert (passed(), len(fake.calls)) == (40, 40 / seconds + 1)


# Timeouts


@pytest.mark.parametrize("timeout", [12, pytest.param(timedelta(seconds=12), id="a timedelta")])
@NUMBERS
async def test_the_timeout_error_says_what_was_seen_last(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock, number: int, timeout: Any
) -> None:
    """For each group that is left, also if it changed during the wait."""
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


async def test_the_error_for_many_groups_stays_readable(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """A line or two; `.last` has them all."""
    groups = add(fake, 200)
    with pytest.raises(WaitTimeout) as caught:
        await oncall.alert_groups.wait_until(ids(groups), "resolved", timeout=1)
    assert len(str(caught.value)) < 300
    assert caught.value.last == dict.fromkeys(ids(groups), "firing")


async def test_the_error_names_groups_that_were_never_seen(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Because the server was unreachable from the start."""
    (group,) = add(fake, 1)
    fake.faults.add(refuse(), lasting=timedelta(hours=1))
    with pytest.raises(WaitTimeout, match=f"{group.id} never seen") as caught:
        await oncall.alert_groups.wait_until(group.id, "resolved", timeout=60)
    assert caught.value.last == {group.id: None}


# Groups that do not exist


@pytest.mark.parametrize("others", [0, 1, 9])
async def test_an_unknown_group_is_an_error_at_once(
    fake: FakeOnCall, oncall: OnCallClient, others: int
) -> None:
    """It cannot reach the state, so nothing is waited for."""
    groups = add(fake, others)
    with pytest.raises(NotFound, match="INOSUCHGROUP"):
        await oncall.alert_groups.wait_until([*ids(groups), "INOSUCHGROUP"], "new", timeout=60)
    assert passed() == 0


@pytest.mark.parametrize("number", [1, 3, 4, 30])
async def test_a_group_that_is_deleted_during_the_wait_is_an_error(
    fake: FakeOnCall, oncall: OnCallClient, number: int
) -> None:
    """It will never have the state, however many are waited for."""
    groups = add(fake, number)
    later(7, partial(fake.groups.pop, groups[-1].id))
    with pytest.raises(NotFound, match=groups[-1].id):
        await oncall.alert_groups.wait_until(ids(groups), "resolved", timeout=600)
    assert passed() < 60
