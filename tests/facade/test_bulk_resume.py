"""Bulk runs that are cut short: cancelled, closed, killed; what is told of them, and resumed."""

from __future__ import annotations

import asyncio
import gc
import json
import os
from collections import Counter
from collections.abc import Coroutine
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.bulk import Bulk, BulkReport, BulkRun, Progress, Status
from grafana_oncall.errors import (
    BadRequest,
    ClientStateError,
    InvalidArgument,
    JournalError,
    OnCallError,
    OutcomeUnknown,
    SelectionTooLarge,
)
from grafana_oncall.testing import FakeAlertGroup, FakeOnCall, FakeRequest, refuse, reset, throttle
from tests.facade.clients import KEY
from tests.facade.listing import other_tasks
from tests.facade.samples import BASE
from tests.facade.secrets_shown import shows
from tests.facade.test_bulk import add, counted, ids, meanwhile, written

SECOND = timedelta(seconds=1)


def connect(fake: FakeOnCall, **options: Any) -> OnCallClient:
    """A client of the fake."""
    return OnCallClient(
        url=BASE, token=fake.token, transport=fake.transport(), random=lambda: 1.0, **options
    )


async def cut(run: BulkRun, seconds: float) -> BulkReport:
    """Cancels the run after a while, and answers its report."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(seconds):
            await run
    return run.report


def assert_true(fake: FakeOnCall, report: BulkReport) -> None:
    """Of a resolution: it tells what the server holds, and is at a loss for what was on its way."""
    counted(report)
    for outcome in report.outcomes:
        if outcome.status is not Status.UNKNOWN:
            done = outcome.status in {Status.CHANGED, Status.ALREADY}
            assert (fake.groups[outcome.id].state == "resolved") is done


async def assert_usable(client: OnCallClient, group: FakeAlertGroup) -> None:
    """No place of the gate is taken, no task is left, and calls go through."""
    shared = client._session.shared
    assert (shared.gate._under_way, shared.under_way, other_tasks()) == (0, 0, set())
    assert (await client.alert_groups.get(group.id)).id == group.id


# Cancellation


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
    """What came before is done, and what would have come later was not attempted."""
    groups = add(fake, 10)
    fake.latency = SECOND
    run = oncall.alert_groups.bulk.resolve(ids(groups), max_at_once=4)
    report = await cut(run, seconds)
    statuses = ["changed"] * done + ["unknown"] * 4 + ["not_attempted"] * (6 - done)
    assert [outcome.status.value for outcome in report.outcomes] == statuses
    assert_true(fake, report)
    assert {type(one.error) for one in report.failures} == {OutcomeUnknown}
    await assert_usable(oncall, groups[0])


async def test_what_waits_at_the_gate_at_a_cancellation_was_not_attempted(fake: FakeOnCall) -> None:
    """It never left."""
    groups = add(fake, 10)
    fake.latency = SECOND
    async with connect(fake, max_connections=2) as client:
        report = await cut(client.alert_groups.bulk.resolve(ids(groups)), 1.7)
        assert counted(report) == {"changed": 2, "unknown": 2, "not_attempted": 6}
        assert_true(fake, report)
        await assert_usable(client, groups[0])


async def test_what_waits_in_a_pause_at_a_cancellation_was_not_attempted(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """The 429 says that it had no effect."""
    groups = add(fake, 10)
    fake.faults.add(throttle(60))
    report = await cut(oncall.alert_groups.bulk.resolve(ids(groups)), 10)
    assert counted(report) == {"not_attempted": 10}
    assert_true(fake, report)
    await assert_usable(oncall, groups[0])


async def test_what_waits_for_a_retry_at_a_cancellation_is_unknown_only_if_it_was_sent(
    fake: FakeOnCall,
) -> None:
    """A refused connection is no doubt; one that was reset is."""
    first, second = add(fake, 2)
    fake.faults.add(refuse(), times=1)
    fake.faults.add(reset(applied=True), times=1)
    async with connect(fake) as client:
        report = await cut(client.alert_groups.bulk.resolve(ids([first, second])), 0.1)
    statuses = [outcome.status for outcome in report.outcomes]
    assert statuses == [Status.NOT_ATTEMPTED, Status.UNKNOWN]
    assert (first.state, second.state) == ("firing", "resolved")


@pytest.mark.parametrize("seconds", [0.7, 2])
async def test_a_deletion_that_is_waited_for_at_a_cancellation_is_unknown(
    fake: FakeOnCall, oncall: OnCallClient, seconds: float
) -> None:
    """The server took it on; whether it has happened was still to be seen."""
    fake.latency, fake.wipe_delay = SECOND, None
    (group,) = add(fake, 1)
    report = await cut(oncall.alert_groups.bulk.delete([group.id], wait=60), seconds)
    assert counted(report) == {"unknown": 1}


async def test_a_plan_of_labels_that_is_cut_short_is_unknown_once_a_part_of_it_is_done(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Reading the group, before anything is written, leaves no doubt."""
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


@pytest.mark.parametrize("turns", range(0, 60, 3))
@pytest.mark.parametrize("again", [0, 1, 3])
async def test_a_report_is_true_whenever_a_run_is_cancelled_and_cancelled_again(
    fake: FakeOnCall, oncall: OnCallClient, turns: int, again: int
) -> None:
    """After any turn of the loop, while it reads or acts; the client goes on."""
    groups = add(fake, 60)
    query = oncall.alert_groups.list(state="new")
    run = oncall.alert_groups.bulk.resolve(query, max_at_once=4, on_progress=repr)
    task = asyncio.create_task(run.wait())
    for _ in range(turns):
        await asyncio.sleep(0)
    for _ in range(again + 1):
        task.cancel()
        await asyncio.sleep(0)
    (result,) = await asyncio.gather(task, return_exceptions=True)
    assert isinstance(result, asyncio.CancelledError)
    assert_true(fake, run.report)
    assert run.report.counts[Status.UNKNOWN] <= 4
    await assert_usable(oncall, groups[0])
    rest = await oncall.alert_groups.bulk.resolve(oncall.alert_groups.list(state="new"))
    rest.raise_for_failures()
    assert {group.state for group in groups} == {"resolved"}


async def test_a_second_cancellation_does_not_change_what_is_told(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """However impatient somebody is."""
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
    """As a TaskGroup does it; its error comes out, and the report is true."""
    groups = add(fake, 10)
    fake.latency = SECOND
    run = oncall.alert_groups.bulk.resolve(ids(groups), max_at_once=4)

    async def fails() -> None:
        await asyncio.sleep(1.7)
        raise LookupError

    async def together() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(run.wait())
            tasks.create_task(fails())

    with pytest.raises(ExceptionGroup) as caught:
        await together()
    assert [type(one) for one in caught.value.exceptions] == [LookupError]
    assert counted(run.report) == {"changed": 4, "unknown": 4, "not_attempted": 2}


@pytest.mark.parametrize("wait", [True, False], ids=["waiting", "at once"])
async def test_a_client_that_is_closed_meanwhile_ends_the_run(fake: FakeOnCall, wait: Any) -> None:
    """With ClientStateError; what was on its way is unknown, unless closing waits for it."""
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
    assert_true(fake, run.report)
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


# One call


async def interrupted(call: Coroutine[Any, Any, object], seconds: float) -> BaseException | None:
    """The cause of the CancelledError of a call that is cancelled after a while."""
    task = asyncio.ensure_future(call)
    await asyncio.sleep(seconds)
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    return caught.value.__cause__


@pytest.mark.parametrize("seconds", [0.2, 0.7])
async def test_a_cancelled_write_that_was_on_its_way_has_its_doubt_as_the_cause(
    fake: FakeOnCall, oncall: OnCallClient, seconds: float
) -> None:
    """With the attempts, and how to find out."""
    (group,) = add(fake, 1)
    fake.latency = SECOND
    cause = await interrupted(oncall.alert_groups.silence(group.id, 60), seconds)
    assert isinstance(cause, OutcomeUnknown)
    assert [one.error for one in cause.attempts] == ["CancelledError"]
    assert cause.elapsed == pytest.approx(seconds)
    assert "Check:" in str(cause)


async def test_a_timeout_of_asyncio_keeps_the_doubt_in_its_chain(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """TimeoutError, the cancellation, and the doubt."""
    (group,) = add(fake, 1)
    fake.latency = SECOND
    with pytest.raises(TimeoutError) as caught:
        async with asyncio.timeout(0.5):
            await oncall.alert_groups.resolve(group.id)
    assert caught.value.__cause__ is not None
    assert isinstance(caught.value.__cause__.__cause__, OutcomeUnknown)


async def test_a_cancelled_write_that_was_not_on_its_way_has_no_doubt(fake: FakeOnCall) -> None:
    """It waited at the gate, or in a pause, or for the retry of what was never sent."""
    (group,) = add(fake, 1)
    fake.latency = SECOND
    async with connect(fake, max_connections=1) as client:
        first = asyncio.ensure_future(client.alert_groups.get(group.id))
        await asyncio.sleep(0)
        assert await interrupted(client.alert_groups.resolve(group.id), 0.5) is None
        await first
        fake.faults.add(refuse(), operation="resolve_alert_group")
        assert await interrupted(client.alert_groups.resolve(group.id), 1.2) is None
        fake.faults.add(throttle(60), operation="resolve_alert_group")
        assert await interrupted(client.alert_groups.resolve(group.id), 5) is None
    assert group.state == "firing"


async def test_a_cancelled_read_has_no_doubt(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """Nothing can have happened."""
    (group,) = add(fake, 1)
    fake.latency = SECOND
    assert await interrupted(oncall.alert_groups.get(group.id), 0.5) is None
    assert await interrupted(oncall.alert_groups.list().collect(), 0.5) is None


# A run as an object


async def test_a_run_is_awaited_once(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """A second time is refused, during the first and after it, and sends nothing."""
    groups = add(fake, 5)
    run = oncall.alert_groups.bulk.silence(ids(groups), 60)
    task = asyncio.create_task(run.wait())
    await asyncio.sleep(0)
    with pytest.raises(ClientStateError, match="once"):
        await run
    report = await task
    with pytest.raises(ClientStateError, match="once"):
        await run
    assert (counted(report), len(fake.calls)) == ({"changed": 5}, 5)
    assert counted(run.report) == counted(report)


async def test_a_run_that_is_not_awaited_sends_nothing(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """Nor does it make its journal; its repr says what to do."""
    path = tmp_path / "j"
    run = oncall.alert_groups.bulk.resolve(ids(add(fake, 3)), journal=path)
    await asyncio.sleep(9)
    assert (fake.calls, path.exists(), counted(run.report)) == ([], False, {})
    assert "await" in repr(run)


async def test_runs_may_go_together(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """On one client, as awaitables like any others."""
    one, other = add(fake, 5), add(fake, 5)
    bulk = oncall.alert_groups.bulk
    first, second = await asyncio.gather(bulk.resolve(ids(one)), bulk.acknowledge(ids(other)))
    assert (counted(first), counted(second)) == ({"changed": 5}, {"changed": 5})
    assert {group.state for group in one} == {"resolved"}
    assert {group.state for group in other} == {"acknowledged"}


async def test_a_report_can_be_taken_at_any_time(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """Before, during and after; one that was taken does not change any more."""
    groups = add(fake, 6)
    fake.latency = SECOND
    run = oncall.alert_groups.bulk.resolve(ids(groups), max_at_once=2)
    before = run.report
    task = asyncio.create_task(run.wait())
    await asyncio.sleep(1.5)
    during = run.report
    after = await task
    assert counted(before) == {}
    assert counted(during) == {"changed": 2, "unknown": 2, "not_attempted": 2}
    assert counted(after) == counted(run.report) == {"changed": 6}
    assert [before.acting, after.acting] == pytest.approx([0, 3])


# The journal


def lines(path: Path) -> list[dict[str, Any]]:
    """The entries of a journal."""
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_a_journal_has_a_line_for_each_event(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """The head, the selection, and of each group its begin and its end."""
    first, second = add(fake, 2, labels={"team": "SRE"})
    path = tmp_path / "run.jsonl"
    query = oncall.alert_groups.list(labels={"team": "SRE"})
    await oncall.alert_groups.bulk.silence(query, 60, journal=str(path), max_at_once=1)
    head, *rest = lines(path)
    assert head == {
        "journal": 1,
        "server": f"{BASE}/api/v1/",
        "action": {"name": "silence", "delay": 60},
        "query": [["label", "team:SRE"]],
        "converge": False,
    }
    assert rest[:2] == [{"select": [first.id, second.id]}, {"selected": 2, "settled": True}]
    assert [(one.get("begin"), one.get("end"), one["id"]) for one in rest[2:]] == [
        (0, None, first.id),
        (None, 0, first.id),
        (1, None, second.id),
        (None, 1, second.id),
    ]
    assert [one["status"] for one in rest if "end" in one] == ["changed"] * 2


async def test_what_is_sent_was_noted_before(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """And each outcome as it happens: a process that is killed has lost none of it."""
    path = tmp_path / "j"
    noted: list[bool] = []

    def act(request: FakeRequest) -> None:
        begun = [one["id"] for one in lines(path) if "begin" in one]
        ended = [one["id"] for one in lines(path) if "end" in one]
        noted.append(begun[-1] in request.path and begun[:-1] == ended)

    meanwhile(fake, "resolve_alert_group", act, times=9)
    await oncall.alert_groups.bulk.resolve(ids(add(fake, 9)), journal=path, max_at_once=1)
    assert noted == [True] * 9


def test_a_journal_can_be_written_to_the_disk_itself(
    fake: FakeOnCall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `fsync=True`, also when it is resumed; in real time, for that takes a thread."""
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    groups = add(fake, 12)
    path = tmp_path / "j"

    async def main() -> None:
        async with connect(fake) as client:
            bulk = client.alert_groups.bulk
            these = [*ids(groups[:6]), "NONE"]
            await bulk.resolve(these, journal=path, fsync=True, stop_after_failures=1)
            assert len(synced) >= 7
            assert counted(await bulk.resume(path, fsync=True)) == {"changed": 6, "rejected": 1}

    asyncio.run(main())
    assert [one["status"] for one in lines(path) if "end" in one].count("changed") == 6


def test_a_journal_that_exists_is_refused_at_the_call(fake: FakeOnCall, tmp_path: Path) -> None:
    """It is another run's, and stays as it is."""
    path = tmp_path / "j"
    path.write_text("precious")
    client = connect(fake)
    with pytest.raises(JournalError, match="resume") as caught:
        client.alert_groups.bulk.resolve(["I1"], journal=path)
    assert (caught.value.path, path.read_text()) == (str(path), "precious")


async def test_a_journal_that_appears_before_the_run_begins_is_not_overwritten(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """Between the call and the await."""
    path = tmp_path / "j"
    run = oncall.alert_groups.bulk.resolve(ids(add(fake, 1)), journal=path)
    path.write_text("precious")
    with pytest.raises(JournalError):
        await run
    assert (path.read_text(), fake.calls) == ("precious", [])


async def test_without_a_place_for_the_journal_nothing_is_sent(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """Not even a read."""
    query = oncall.alert_groups.list(state="new")
    run = oncall.alert_groups.bulk.resolve(query, journal=tmp_path / "none" / "j")
    with pytest.raises(JournalError):
        await run
    assert fake.calls == []


def fill_up(path: Path) -> None:
    """From now on the disk has no room for this file, which somebody in this process has open."""
    fds = Path("/proc/self/fd")
    (number,) = [one.name for one in fds.iterdir() if one.is_symlink() and one.readlink() == path]
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, int(number))
    os.close(full)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
async def test_a_journal_that_cannot_be_gone_on_with_ends_the_run(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """Nothing more is sent; the report has what the journal has not."""
    groups = add(fake, 20)
    path = tmp_path / "j"

    def on_progress(progress: Progress) -> None:
        if progress.phase == "acting" and progress.done == 5:
            fill_up(path)

    run = oncall.alert_groups.bulk.resolve(
        ids(groups), journal=path, max_at_once=2, on_progress=on_progress
    )
    with pytest.raises(JournalError, match="No space left"):
        await run
    assert_true(fake, run.report)
    counts = counted(run.report)
    assert counts["changed"] in {5, 6}
    assert counts["changed"] + counts["not_attempted"] == 20
    assert len(fake.calls) == counts["changed"]


# Resuming


def silence(bulk: Bulk, groups: list[FakeAlertGroup], path: Path) -> BulkRun:
    """An action that must not be repeated, on four groups at a time."""
    return bulk.silence(ids(groups), 3600, journal=path, max_at_once=4)


@pytest.mark.parametrize("seconds", [0.2, 0.7, 1.2, 1.7, 2.7])
@pytest.mark.parametrize("tail", [b"", b'{"end": 3, "id": "', b"\x00\x00"], ids=["", "half", "nul"])
@pytest.mark.parametrize("how", ["cancelled", "killed"])
async def test_a_resumed_run_finishes_the_rest_and_repeats_nothing_that_succeeded(
    fake: FakeOnCall, tmp_path: Path, seconds: float, tail: bytes, how: str
) -> None:
    """Cancelled, or killed so that the journal ends with what was in flight, or in half a line."""
    groups = add(fake, 10)
    fake.latency = SECOND
    path, left = tmp_path / "j", tmp_path / "left"
    bulk = connect(fake).alert_groups.bulk
    task = asyncio.create_task(silence(bulk, groups, path).wait())
    await asyncio.sleep(seconds)
    left.write_bytes(path.read_bytes() + tail)
    task.cancel()
    await asyncio.wait([task])
    silenced = {group.id for group in groups if group.state == "silenced"}
    fake.calls.clear()
    path = left if how == "killed" else path
    report = await bulk.resume(path, max_at_once=4)
    assert report.failures == ()
    assert ids(report.outcomes) == ids(groups)
    assert {group.state for group in groups} == {"silenced"}
    again = written(fake)
    assert sorted(path.split("/")[-3] for path in again) == sorted(
        group.id for group in groups if group.id not in silenced
    )
    fake.calls.clear()
    assert (counted(await bulk.resume(path)), fake.calls) == (counted(report), [])


async def test_what_was_in_flight_is_looked_at_first(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """Each with one read, before anything is written to it; only those that are not so are sent."""
    groups = add(fake, 6)
    path = tmp_path / "j"
    fake.latency = SECOND
    await cut(silence(oncall.alert_groups.bulk, groups, path), 0.2)
    groups[0].silenced_at = fake.now()
    fake.calls.clear()
    report = await oncall.alert_groups.bulk.resume(path)
    assert counted(report) == {"already": 1, "changed": 5}
    asked: dict[str, list[str]] = {one: [] for one in ids(groups)}
    for call in fake.calls:
        asked[next(one for one in asked if one in call.path)].append(call.method)
    methods = [["GET"], *[["GET", "POST"]] * 3, *[["POST"]] * 2]
    assert [asked[one] for one in ids(groups)] == methods


@pytest.mark.parametrize("mode", ["wipe", "delete"])
async def test_a_deletion_that_has_happened_is_not_repeated(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path, mode: Any
) -> None:
    """One that is gone, or wiped, is found so; one that is only resolved is not."""
    first, *groups = add(fake, 4, state="resolved")
    path = tmp_path / "j"
    fake.latency = SECOND
    fake.faults.add(reset())
    these = ids([first, *groups])
    await cut(oncall.alert_groups.bulk.delete(these, mode=mode, journal=path), 0.7)
    await asyncio.sleep(1)
    fake.calls.clear()
    report = await oncall.alert_groups.bulk.resume(path)
    assert counted(report) == {"already": 3, "changed": 1}
    assert [first.id in path for path in written(fake)] == [True]


async def test_labels_that_were_added_in_part_are_completed(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """Only what is missing is sent."""
    for key in ("aa", "bb", "cc"):
        fake.add_label(key, "v")
    (group,) = add(fake, 1)
    path = tmp_path / "j"
    fake.latency = SECOND
    labels = ["aa:v", "bb:v", "cc:v"]
    await cut(oncall.alert_groups.bulk.add_labels([group.id], labels, journal=path), 2.7)
    assert group.labels == [("aa", "v"), ("bb", "v")]
    fake.calls.clear()
    report = await oncall.alert_groups.bulk.resume(path)
    assert (counted(report), report.outcomes[0].detail) == ({"changed": 1}, "add cc:v")
    assert (len(group.labels), len(written(fake))) == (3, 1)


async def test_a_finished_run_that_is_resumed_sends_nothing(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """The report is as it was, of a rejection too, whose error is now an OnCallError in words."""
    path = tmp_path / "j"
    these = ["NONE", *ids(add(fake, 3))]
    first = await oncall.alert_groups.bulk.resolve(these, journal=path)
    fake.calls.clear()
    again = await oncall.alert_groups.bulk.resume(path)
    assert fake.calls == []
    assert counted(again) == counted(first) == {"changed": 3, "rejected": 1}
    assert again.outcomes[0].detail == first.outcomes[0].detail
    with pytest.raises(ExceptionGroup) as caught:
        again.raise_for_failures()
    assert [type(one) for one in caught.value.exceptions] == [OnCallError]


async def test_what_failed_is_tried_again(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """It had no effect; so are those that were not attempted after it."""
    path = tmp_path / "j"
    groups = add(fake, 5)
    fake.faults.add(refuse(), times=99)
    run = oncall.alert_groups.bulk.resolve(
        ids(groups), journal=path, max_at_once=1, stop_after_failures=1
    )
    assert counted(await run) == {"failed": 1, "not_attempted": 4}
    fake.faults.clear()
    assert counted(await oncall.alert_groups.bulk.resume(path)) == {"changed": 5}


async def test_a_run_can_be_cut_and_resumed_again_and_again(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """The journal goes on in the same file."""
    path = tmp_path / "j"
    groups = add(fake, 12)
    fake.latency = SECOND
    await cut(silence(oncall.alert_groups.bulk, groups, path), 1.7)
    await cut(oncall.alert_groups.bulk.resume(path, max_at_once=2), 1.7)
    await cut(oncall.alert_groups.bulk.resume(path, max_at_once=3), 1.7)
    report = await oncall.alert_groups.bulk.resume(path)
    assert sum(report.counts.values()) == 12
    assert report.counts[Status.CHANGED] + report.counts[Status.ALREADY] == 12
    silences = Counter(call.path for call in fake.calls if call.method == "POST" and call.applied)
    assert set(silences.values()) == {1}


async def test_a_resumed_run_converges(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """By the query that is in its journal."""
    path = tmp_path / "j"
    add(fake, 4, labels={"team": "SRE"})
    fake.latency = SECOND
    query = oncall.alert_groups.list(labels={"team": "SRE"}, state="new")
    await cut(oncall.alert_groups.bulk.resolve(query, converge=True, journal=path), 1.2)
    late, other = fake.add_group(labels={"team": "SRE"}), fake.add_group()
    report = await oncall.alert_groups.bulk.resume(path)
    assert (late.state, other.state, len(report.outcomes)) == ("resolved", "firing", 5)


async def test_a_resumed_run_holds_to_max_items(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """What it finds when it converges is not more than was allowed."""
    path = tmp_path / "j"
    add(fake, 4)
    fake.latency = SECOND
    query = oncall.alert_groups.list(state="new")
    bulk = oncall.alert_groups.bulk
    await cut(bulk.resolve(query, converge=True, max_items=4, journal=path), 1.7)
    late = add(fake, 100)
    run = bulk.resume(path)
    with pytest.raises(SelectionTooLarge):
        await run
    assert {group.state for group in late} == {"firing"}


def test_the_journal_of_another_server_is_refused_at_the_call(
    fake: FakeOnCall, tmp_path: Path
) -> None:
    """Its ids mean something else there."""
    path = tmp_path / "j"

    async def main() -> None:
        async with connect(fake) as client:
            await cut(silence(client.alert_groups.bulk, add(fake, 1), path), 0.001)

    fake.latency = SECOND
    asyncio.run(main())
    other = OnCallClient(url="https://other.example", token=fake.token, transport=fake.transport())
    with pytest.raises(JournalError, match=r"other\.example"):
        other.alert_groups.bulk.resume(path)


HEAD = (
    f'{{"journal": 1, "server": "{BASE}/api/v1/", "action": {{"name": "resolve"}}, '
    '"query": null, "converge": false}\n'
)
NOT_JOURNALS = {
    "empty": "",
    "of half a line": HEAD[:-9],
    "without its selection": HEAD,
    "with half of its selection": f'{HEAD}{{"select": ["I1"]}}\n',
    "a text": "Dear diary,\n",
    "another JSON": '{"a": 1}\n',
    "of another format": HEAD.replace('"journal": 1', '"journal": 2'),
    "of an unknown action": HEAD.replace('"resolve"', '"explode"'),
    "of a group that was not selected": f'{HEAD}{{"selected": 0, "settled": true}}\n'
    '{"begin": 0}\n',
    "of an unknown status": f'{HEAD}{{"select": ["I1"]}}\n{{"selected": 1, "settled": true}}\n'
    '{"end": 0, "status": "eaten", "detail": "", "seconds": 0}\n',
}


@pytest.mark.parametrize("name", list(NOT_JOURNALS))
def test_what_is_no_journal_is_refused_at_the_call(
    fake: FakeOnCall, tmp_path: Path, name: str
) -> None:
    """With its path."""
    path = tmp_path / "j"
    path.write_text(NOT_JOURNALS[name])
    with pytest.raises(JournalError) as caught:
        connect(fake).alert_groups.bulk.resume(path)
    assert caught.value.path == str(path)


@pytest.mark.parametrize("text", ["precious", "precious\nthings"])
def test_what_is_no_journal_is_left_as_it_is(fake: FakeOnCall, tmp_path: Path, text: str) -> None:
    """A path that was mistyped costs nothing."""
    path = tmp_path / "notes.txt"
    path.write_text(text)
    with pytest.raises(JournalError):
        connect(fake).alert_groups.bulk.resume(path)
    assert path.read_text() == text


def test_a_journal_that_cannot_be_read_is_refused_at_the_call(
    fake: FakeOnCall, tmp_path: Path
) -> None:
    """One that is not there, a directory, and what is no path."""
    bulk = connect(fake).alert_groups.bulk
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(JournalError):
            bulk.resume(path)
    with pytest.raises(InvalidArgument):
        bulk.resume(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def test_two_runs_do_not_write_the_same_journal(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """The second is refused, leaves no file open, and sends nothing."""
    path = tmp_path / "j"
    groups = add(fake, 8)
    fake.latency = SECOND
    bulk = oncall.alert_groups.bulk
    task = asyncio.create_task(silence(bulk, groups, path).wait())
    await asyncio.sleep(0.7)
    second = bulk.resume(path)
    with pytest.raises(JournalError):
        await second
    del second
    gc.collect()
    assert counted(await task) == {"changed": 8}
    assert len(fake.calls) == 8


async def test_a_run_that_another_one_has_finished_meanwhile_repeats_nothing(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """Two who resume the same journal, one after the other."""
    path = tmp_path / "j"
    groups = add(fake, 12)
    fake.latency = SECOND
    bulk = oncall.alert_groups.bulk
    await cut(silence(bulk, groups, path), 1.7)
    first, second = bulk.resume(path), bulk.resume(path)
    assert (await first).failures == ()
    fake.calls.clear()
    with suppress(JournalError):
        await second
    assert written(fake) == []


# Secrets


class Echo(httpx.AsyncBaseTransport):
    """A server whose refusals repeat what they were sent, the token included."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Refuses."""
        said = f"no: {request.headers['authorization']}"
        return httpx.Response(400 if request.method == "POST" else 404, json={"detail": said})


async def test_the_token_is_nowhere(tmp_path: Path) -> None:
    """Neither in the journal nor in any view of the report, though the server repeats it."""
    path = tmp_path / "j"
    async with OnCallClient(url=BASE, token=KEY, transport=Echo()) as client:
        run = client.alert_groups.bulk.resolve(["I1", "I2"], journal=path)
        report = await run
    assert counted(report) == {"rejected": 2}
    assert isinstance(report.failures[0].error, BadRequest)
    views = [path.read_text(), str(report), repr(report), report.to_json(), repr(run)]
    views += [f"{outcome!r} {outcome.error} {vars(outcome.error)}" for outcome in report.outcomes]
    assert [view for view in views if shows(view, KEY)] == []
    assert "no: " in path.read_text()
