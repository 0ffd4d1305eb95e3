"""Bulk runs that were cancelled or killed, and are resumed from their journal."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.bulk import Status
from grafana_oncall.errors import LabelError, OnCallError, SelectionTooLarge, Unauthorized
from grafana_oncall.testing import FakeOnCall, hang, refuse, reset
from tests.support.bulk_stories import (
    SECOND,
    add,
    counted,
    cut,
    ids,
    lines,
    silence,
    written,
)
from tests.support.samples import BASE


@pytest.mark.parametrize("seconds", [0.2, 0.7, 1.2, 1.7, 2.7])
@pytest.mark.parametrize("tail", [b"", b'{"end": "I', b"\x00\x00"], ids=["", "half", "nul"])
@pytest.mark.parametrize("how", ["cancelled", "killed"])
async def test_a_resumed_run_finishes_the_rest_and_repeats_nothing_that_succeeded(
    *, fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path, seconds: float, tail: bytes, how: str
) -> None:
    """It was cancelled, or killed with entries in flight or half a line at the journal's end.

    A silence that was in flight and is found may be another client's; the report says so.
    """
    groups = add(fake, 10)
    fake.latency = SECOND
    path, left = tmp_path / "j", tmp_path / "left"
    bulk = oncall.alert_groups.bulk
    task = asyncio.create_task(silence(bulk, groups, path).wait())
    await asyncio.sleep(seconds)
    left.write_bytes(path.read_bytes() + tail)
    task.cancel()
    await asyncio.wait([task])
    silenced = {group.id for group in groups if group.state == "silenced"}
    fake.calls.clear()
    path = left if how == "killed" else path
    report = await bulk.resume(path, max_at_once=4)
    assert {outcome.status for outcome in report.failures} <= {Status.UNKNOWN}
    assert {outcome.id for outcome in report.failures} <= silenced
    assert len(report.failures) <= 4
    assert ids(report.outcomes) == ids(groups)
    assert {group.state for group in groups} == {"silenced"}
    resumed = written(fake)
    assert sorted(path.split("/")[-3] for path in resumed) == sorted(
        group.id for group in groups if group.id not in silenced
    )
    fake.calls.clear()
    assert (counted(await bulk.resume(path)), written(fake)) == (counted(report), [])


async def test_what_was_in_flight_is_read_back_first(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """With one read each, before any write; only those without the effect are sent.

    The first one is read before, because a run is not resumed in another organization.
    """
    groups = add(fake, 6)
    path = tmp_path / "j"
    fake.latency = SECOND
    await cut(silence(oncall.alert_groups.bulk, groups, path), 0.2)
    groups[0].silenced_at = fake.now()
    fake.calls.clear()
    report = await oncall.alert_groups.bulk.resume(path)
    assert counted(report) == {"unknown": 1, "changed": 5}
    asked: dict[str, list[str]] = {group_id: [] for group_id in ids(groups)}
    for call in fake.calls:
        asked[next(one for one in asked if one in call.path)].append(call.method)
    methods = [["GET", "GET"], *[["GET", "POST"]] * 3, *[["POST"]] * 2]
    assert [asked[group_id] for group_id in ids(groups)] == methods


@pytest.mark.parametrize("mode", ["wipe", "delete"])
async def test_a_deletion_that_has_happened_is_not_repeated(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path, mode: Any
) -> None:
    """A deleted or wiped group is recognised; one that merely lacks a title is not."""
    first, *groups = add(fake, 4, state="resolved")
    first.title = None
    path = tmp_path / "j"
    fake.latency = SECOND
    fake.faults.add(reset())
    these = ids([first, *groups])
    await cut(oncall.alert_groups.bulk.delete(these, mode=mode, journal=path), 0.7)
    await asyncio.sleep(1)
    fake.calls.clear()
    report = await oncall.alert_groups.bulk.resume(path)
    assert counted(report) == {"already": 3, "accepted": 1}
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
    """The report is as it was; the error of a rejection is now an OnCallError with its text."""
    path = tmp_path / "j"
    these = ["NONE", *ids(add(fake, 3))]
    first = await oncall.alert_groups.bulk.resolve(these, journal=path)
    fake.calls.clear()
    resumed = await oncall.alert_groups.bulk.resume(path)
    assert fake.calls == []
    assert counted(resumed) == counted(first) == {"changed": 3, "rejected": 1}
    assert resumed.outcomes[0].detail == first.outcomes[0].detail
    with pytest.raises(ExceptionGroup) as caught:
        resumed.raise_for_failures()
    assert [type(error) for error in caught.value.exceptions] == [OnCallError]


async def test_what_failed_is_retried(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """It had no effect; groups that were not attempted after it are sent too."""
    path = tmp_path / "j"
    groups = add(fake, 5)
    fake.faults.add(refuse(), times=99)
    run = oncall.alert_groups.bulk.resolve(
        ids(groups), journal=path, max_at_once=1, stop_after_failures=1
    )
    assert counted(await run) == {"failed": 1, "not_attempted": 4}
    fake.faults.clear()
    assert counted(await oncall.alert_groups.bulk.resume(path)) == {"changed": 5}


async def test_a_run_can_be_cut_short_and_resumed_many_times(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """The journal continues in the same file."""
    path = tmp_path / "j"
    groups = add(fake, 12)
    fake.latency = SECOND
    await cut(silence(oncall.alert_groups.bulk, groups, path), 1.7)
    await cut(oncall.alert_groups.bulk.resume(path, max_at_once=2), 1.7)
    await cut(oncall.alert_groups.bulk.resume(path, max_at_once=3), 1.7)
    report = await oncall.alert_groups.bulk.resume(path)
    assert sum(report.counts.values()) == 12
    assert report.counts[Status.CHANGED] + report.counts[Status.UNKNOWN] == 12
    silences = Counter(call.path for call in fake.calls if call.method == "POST" and call.applied)
    assert set(silences.values()) == {1}


async def test_a_resumed_run_converges(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """It repeats the query in its journal."""
    path = tmp_path / "j"
    add(fake, 4, labels={"team": "SRE"})
    fake.latency = SECOND
    query = oncall.alert_groups.list(labels={"team": "SRE"}, state="new")
    await cut(oncall.alert_groups.bulk.resolve(query, converge=True, journal=path), 1.2)
    late, other = fake.add_group(labels={"team": "SRE"}), fake.add_group()
    report = await oncall.alert_groups.bulk.resume(path)
    assert (late.state, other.state, len(report.outcomes)) == ("resolved", "firing", 5)


async def test_a_resumed_run_respects_max_items(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """Even if it converges, it selects no more than was allowed."""
    path = tmp_path / "j"
    add(fake, 4)
    fake.latency = SECOND
    query = oncall.alert_groups.list(state="new")
    bulk = oncall.alert_groups.bulk
    await cut(bulk.resolve(query, converge=True, max_items=4, journal=path), 1.7)
    late = add(fake, 100)
    run = bulk.resume(path)
    with pytest.raises(SelectionTooLarge) as caught:
        await run
    assert (caught.value.limit, counted(run.report)) == (4, {"already": 4})
    assert {group.state for group in late} == {"firing"}


async def test_a_journal_stays_as_it_is_until_its_run_begins(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """Only then is half a line at its end replaced by the next line."""
    path = tmp_path / "j"
    fake.latency = SECOND
    bulk = oncall.alert_groups.bulk
    groups = add(fake, 6)
    await cut(silence(bulk, groups, path), 1.2)
    whole, half = path.read_bytes(), b'{"end": "I'
    path.write_bytes(whole + half)
    run = bulk.resume(path)
    await asyncio.sleep(9)
    assert path.read_bytes() == whole + half
    assert (await run).failures == ()
    assert path.read_bytes().startswith(whole + b'{"begin": ')
    assert {
        entry["end"]: entry["status"] for entry in lines(path) if "end" in entry
    } == dict.fromkeys(ids(groups), "changed")


async def test_an_unknown_label_that_no_longer_fits_is_rejected(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """It is certainly missing, and cannot be added."""
    fake.add_label("team", "SRE")
    (group,) = add(fake, 1, labels={f"k{'x' * number}": "v" for number in range(49)})
    path = tmp_path / "j"
    fake.latency = SECOND
    bulk = oncall.alert_groups.bulk
    report = await cut(bulk.add_labels([group.id], ["team:SRE"], journal=path), 1.2)
    assert counted(report) == {"unknown": 1}
    group.labels.append(("another", "v"))
    fake.calls.clear()
    report = await bulk.resume(path)
    assert (counted(report), written(fake)) == ({"rejected": 1}, [])
    assert isinstance(report.failures[0].error, LabelError)
    assert len(group.labels) == 50


@pytest.mark.parametrize("select", ["query", "ids"])
@pytest.mark.parametrize("before", ["firing", "silenced"])
async def test_a_silence_that_may_be_another_clients_stays_unknown(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path, select: str, before: Any
) -> None:
    """The request never arrived; another client has silenced the group for five minutes since."""
    (group,) = add(fake, 1, state=before)
    path, bulk = tmp_path / "j", oncall.alert_groups.bulk
    query = oncall.alert_groups.list(integration_id=group.integration_id)
    fake.faults.add(hang(), operation="silence_alert_group")
    run = bulk.silence(query if select == "query" else [group.id], timedelta(hours=3), journal=path)
    await cut(run, 1)
    group.silenced_at, group.silenced_until = fake.now(), fake.now() + timedelta(minutes=5)
    for _ in range(2):
        report = await bulk.resume(path)
        assert counted(report) == {"unknown": 1}
        assert "no response says whether by this run" in str(report)
    assert group.silenced_until == group.silenced_at + timedelta(minutes=5)


async def test_a_silence_that_is_older_than_the_run_is_restarted(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """By the server's clock it began earlier, so the run's request never arrived; it is sent."""
    (group,) = add(fake, 1, state="silenced")
    group.silenced_until = fake.now() + timedelta(minutes=5)
    path, bulk = tmp_path / "j", oncall.alert_groups.bulk
    query = oncall.alert_groups.list(state="silenced")
    fake.faults.add(hang(), operation="silence_alert_group", times=2)
    await cut(bulk.silence(query, timedelta(hours=3), journal=path), 1)
    await cut(bulk.resume(path), 1)  # also in a run that is resumed twice
    assert counted(await bulk.resume(path)) == {"changed": 1}
    assert group.silenced_at is not None
    assert group.silenced_until == group.silenced_at + timedelta(hours=3)


async def test_a_silence_that_had_its_effect_is_not_restarted(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """The group had been silenced before, and its silence has restarted since."""
    (group,) = add(fake, 1, state="silenced")
    group.silenced_at = fake.now() - timedelta(minutes=1)
    path, bulk = tmp_path / "j", oncall.alert_groups.bulk
    query = oncall.alert_groups.list(state="silenced")
    fake.faults.add(hang(applied=True), operation="silence_alert_group")
    await cut(bulk.silence(query, timedelta(hours=3), journal=path), 1)
    fake.calls.clear()
    assert counted(await bulk.resume(path)) == {"unknown": 1}
    assert written(fake) == []


async def test_what_a_refused_token_prevented_is_done_by_the_resumed_run(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """The groups are not at fault, so the run ends, and none of them is rejected."""
    groups = add(fake, 20)
    path = tmp_path / "j"
    async with OnCallClient(url=BASE, token="unknown", transport=fake.transport()) as stranger:
        run = stranger.alert_groups.bulk.resolve(ids(groups), journal=path)
        with pytest.raises(Unauthorized):
            await run
    assert {*counted(run.report)} == {"failed", "not_attempted"}
    assert len(fake.calls) <= 8
    assert counted(await oncall.alert_groups.bulk.resume(path)) == {"changed": 20}
