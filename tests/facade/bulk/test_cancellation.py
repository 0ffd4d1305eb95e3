"""Bulk runs that are cut short, by cancellation or a closed client, and what they report."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.bulk import Status
from grafana_oncall.errors import ClientStateError, OutcomeUnknown
from grafana_oncall.testing import FakeOnCall, refuse, reset, throttle
from tests.support.bulk_stories import (
    SECOND,
    add,
    assert_matches_server,
    assert_usable,
    connect,
    counted,
    cut,
    ids,
)
from tests.support.listing import other_tasks


@pytest.mark.parametrize(
    ("seconds", "done"),
    [
        pytest.param(0.2, 0, id="before the server got the first"),
        pytest.param(0.7, 0, id="after the server got the first"),
        pytest.param(1.2, 4, id="before the server got the next"),
        pytest.param(1.7, 4, id="after the server got the next"),
    ],
)
async def test_only_what_is_in_flight_at_a_cancellation_is_unknown(
    fake: FakeOnCall, oncall: OnCallClient, seconds: float, done: int
) -> None:
    """Earlier groups are done, and later ones were not attempted."""
    groups = add(fake, 10)
    fake.latency = SECOND
    run = oncall.alert_groups.bulk.resolve(ids(groups), max_at_once=4)
    report = await cut(run, seconds)
    statuses = ["changed"] * done + ["unknown"] * 4 + ["not_attempted"] * (6 - done)
    assert [outcome.status.value for outcome in report.outcomes] == statuses
    assert_matches_server(fake, report)
    assert {type(outcome.error) for outcome in report.failures} == {OutcomeUnknown}
    await assert_usable(oncall, groups[0])


async def test_what_a_cancellation_finds_in_the_throttle_was_not_attempted(
    fake: FakeOnCall,
) -> None:
    """It was never sent."""
    groups = add(fake, 10)
    fake.latency = SECOND
    async with connect(fake, max_connections=2) as client:
        report = await cut(client.alert_groups.bulk.resolve(ids(groups)), 1.7)
        assert counted(report) == {"changed": 2, "unknown": 2, "not_attempted": 6}
        assert_matches_server(fake, report)
        await assert_usable(client, groups[0])


async def test_what_a_cancellation_finds_in_a_pause_was_not_attempted(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """The 429 shows that it had no effect."""
    groups = add(fake, 10)
    fake.faults.add(throttle(60))
    report = await cut(oncall.alert_groups.bulk.resolve(ids(groups)), 10)
    assert counted(report) == {"not_attempted": 10}
    assert_matches_server(fake, report)
    await assert_usable(oncall, groups[0])


async def test_what_a_cancellation_finds_before_a_retry_is_unknown_only_if_it_was_sent(
    fake: FakeOnCall,
) -> None:
    """Not after a refused connection, but after one that was reset."""
    first, second = add(fake, 2)
    fake.faults.add(refuse(), times=1)
    fake.faults.add(reset(applied=True), times=1)
    async with connect(fake) as client:
        report = await cut(client.alert_groups.bulk.resolve(ids([first, second])), 0.1)
    statuses = [outcome.status for outcome in report.outcomes]
    assert statuses == [Status.NOT_ATTEMPTED, Status.UNKNOWN]
    assert (first.state, second.state) == ("firing", "resolved")


@pytest.mark.parametrize("seconds", [0.7, 2])
async def test_a_deletion_that_is_awaited_at_a_cancellation_is_unknown(
    fake: FakeOnCall, oncall: OnCallClient, seconds: float
) -> None:
    """The server accepted it, but it had not been seen to happen."""
    fake.latency, fake.wipe_delay = SECOND, None
    (group,) = add(fake, 1)
    report = await cut(oncall.alert_groups.bulk.delete([group.id], wait=60), seconds)
    assert counted(report) == {"unknown": 1}


async def test_a_plan_of_labels_that_is_cut_short_is_unknown_once_it_has_begun(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """While the group is still being read, nothing has been written."""
    for key in ("aa", "bb", "cc"):
        fake.add_label(key, "v")
    (group,) = add(fake, 1)
    fake.latency = SECOND
    labels = ["aa:v", "bb:v", "cc:v"]
    bulk = oncall.alert_groups.bulk
    assert counted(await cut(bulk.add_labels([group.id], labels), 0.7)) == {"not_attempted": 1}
    report = await cut(bulk.add_labels([group.id], labels), 2.2)
    assert counted(report) == {"unknown": 1}
    assert report.outcomes[0].detail.startswith("add aa:v; ")


@pytest.mark.parametrize("turns", range(0, 40, 2))
@pytest.mark.parametrize("repeats", [0, 1, 3])
async def test_a_report_is_true_whenever_a_run_is_cancelled_even_twice(
    fake: FakeOnCall, oncall: OnCallClient, turns: int, repeats: int
) -> None:
    """After any turn of the loop, while it reads or acts; the client stays usable."""
    groups = add(fake, 60)
    query = oncall.alert_groups.list(state="new")
    run = oncall.alert_groups.bulk.resolve(query, max_at_once=4, on_progress=repr)
    task = asyncio.create_task(run.wait())
    for _ in range(turns):
        await asyncio.sleep(0)
    for _ in range(repeats + 1):
        task.cancel()
        await asyncio.sleep(0)
    (result,) = await asyncio.gather(task, return_exceptions=True)
    assert isinstance(result, asyncio.CancelledError)
    assert_matches_server(fake, run.report)
    assert run.report.counts[Status.UNKNOWN] <= 4
    await assert_usable(oncall, groups[0])
    rest = await oncall.alert_groups.bulk.resolve(oncall.alert_groups.list(state="new"))
    rest.raise_for_failures()
    assert {group.state for group in groups} == {"resolved"}


async def test_a_second_cancellation_does_not_change_what_is_reported(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """However often the run is cancelled."""
    groups = add(fake, 10)
    fake.latency = SECOND
    run = oncall.alert_groups.bulk.resolve(ids(groups), max_at_once=4)
    task = asyncio.create_task(run.wait())
    await asyncio.sleep(1.7)
    for _ in range(5):
        task.cancel()
        await asyncio.sleep(0)
    await asyncio.wait([task])
    assert task.cancelled()
    assert counted(run.report) == {"changed": 4, "unknown": 4, "not_attempted": 2}
    await assert_usable(oncall, groups[0])


async def test_an_error_in_a_neighbouring_task_cuts_a_run_short(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """As in a TaskGroup: its error is raised, and the report is true."""
    groups = add(fake, 10)
    fake.latency = SECOND
    run = oncall.alert_groups.bulk.resolve(ids(groups), max_at_once=4)

    async def fails() -> None:
        await asyncio.sleep(1.7)
        raise LookupError

    async def gather_or_cancel() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(run.wait())
            tasks.create_task(fails())

    with pytest.raises(ExceptionGroup) as caught:
        await gather_or_cancel()
    assert [type(error) for error in caught.value.exceptions] == [LookupError]
    assert counted(run.report) == {"changed": 4, "unknown": 4, "not_attempted": 2}


@pytest.mark.parametrize("wait", [True, False], ids=["waiting", "at once"])
async def test_a_client_that_is_closed_meanwhile_ends_the_run(fake: FakeOnCall, wait: Any) -> None:
    """With ClientStateError; what was in flight is unknown, unless closing waits for it."""
    groups = add(fake, 10)
    fake.latency = SECOND
    client = connect(fake)
    run = client.alert_groups.bulk.resolve(ids(groups), max_at_once=4)
    task = asyncio.create_task(run.wait())
    await asyncio.sleep(1.7)
    await client.aclose(wait=wait)
    (result,) = await asyncio.gather(task, return_exceptions=True)
    assert isinstance(result, ClientStateError)
    counts = {"changed": 8} if wait else {"changed": 4, "unknown": 4}
    assert counted(run.report) == {**counts, "not_attempted": 2}
    assert_matches_server(fake, run.report)
    assert other_tasks() == set()


async def test_a_client_that_is_closed_beforehand_ends_the_run(fake: FakeOnCall) -> None:
    """Nothing is sent."""
    client = connect(fake)
    runs = [
        client.alert_groups.bulk.resolve(["I1", "I2"]),
        client.alert_groups.bulk.resolve(client.alert_groups.list(state="new")),
    ]
    await client.aclose()
    for run in runs:
        with pytest.raises(ClientStateError):
            await run
    assert counted(runs[0].report) == {"not_attempted": 2}
    assert fake.calls == []


async def test_a_run_that_is_cut_short_while_it_selects_says_that_nothing_was_sent(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """It has no groups yet, although some match."""
    add(fake, 120)
    fake.latency = SECOND
    query = oncall.alert_groups.list(state="new")
    report = await cut(oncall.alert_groups.bulk.resolve(query), 1.5)
    assert not report.selection_complete
    assert str(report).startswith("resolve: the selection was not complete, so nothing was sent, ")
    assert {call.method for call in fake.calls} == {"GET"}
