"""One call that starts a bulk run, or finishes one that was cut short: `resume=True`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from grafana_oncall import OnCallClient, Pager
from grafana_oncall.bulk import Bulk, BulkRun, Progress, Status
from grafana_oncall.errors import Forbidden, InvalidArgument, JournalError, Unauthorized
from grafana_oncall.models import AlertGroup
from grafana_oncall.testing import FakeOnCall, error
from tests.support.bulk_stories import (
    SECOND,
    BulkAction,
    add,
    connect,
    counted,
    cut,
    every_action,
    ids,
    lines,
    prepared,
    written,
)
from tests.support.samples import BASE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The path of a file that does not exist yet."""
    return tmp_path / "run.jsonl"


def team(client: OnCallClient) -> Pager[AlertGroup]:
    """The cron job's query."""
    return client.alert_groups.list(labels={"team": "SRE"})


def nightly(client: OnCallClient, path: Path, **options: Any) -> BulkRun:
    """The cron job: the same call every night."""
    return client.alert_groups.bulk.silence(
        team(client), 3600, journal=path, resume=True, **options
    )


@every_action
async def test_every_action_starts_and_finishes_by_the_same_call(
    fake: FakeOnCall, oncall: OnCallClient, path: Path, action: BulkAction
) -> None:
    """The first run is cut short after one group; the second does only the rest."""
    groups, _ = prepared(fake, action)
    fake.latency = SECOND
    bulk = oncall.alert_groups.bulk

    def run(**options: Any) -> BulkRun:
        return action.run(bulk, ids(groups), journal=path, resume=True, max_at_once=1, **options)

    def cancel(progress: Progress) -> None:
        if progress.counts[Status.CHANGED]:
            task.cancel()

    task = asyncio.create_task(run(on_progress=cancel).wait())
    await asyncio.wait([task])
    assert task.cancelled()
    fake.latency = timedelta(0)
    report = await run()
    was_in_flight = Status.UNKNOWN if action.repeats else Status.ALREADY
    assert report.counts[Status.CHANGED] + report.counts[was_in_flight] == len(groups)
    assert {action.done(group) for group in groups} == {True}
    applied = [call.path for call in fake.calls if call.method == "POST" and call.applied]
    assert len(applied) == len({*applied}) or not action.repeats


async def test_a_run_that_was_killed_while_it_acted_is_finished(
    fake: FakeOnCall, oncall: OnCallClient, path: Path
) -> None:
    """A group that has begun to match since is left to the next run."""
    groups = add(fake, 10, labels={"team": "SRE"})
    fake.latency = SECOND
    await cut(nightly(oncall, path, max_at_once=4), 2.0)
    late = fake.add_group(labels={"team": "SRE"})
    fake.latency = timedelta(0)
    fake.calls.clear()
    report = await nightly(oncall, path)
    assert ids(report.outcomes) == ids(groups)
    assert (late.state, len(written(fake)) < 10) == ("firing", True)
    assert len(lines(path)) > 1
    assert lines(path)[-1] == {"finished": True}


@pytest.mark.parametrize("left", [0, 3, 40, -9], ids=["nothing", "a little", "a head", "most"])
async def test_a_run_that_was_killed_while_it_selected_is_restarted(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path, left: int
) -> None:
    """In the same file, because nothing had been sent."""
    path = tmp_path / "run.jsonl"
    add(fake, 3, labels={"team": "SRE"})
    await nightly(oncall, path)
    selection = path.read_bytes().partition(b'{"selected"')[0]
    path.write_bytes(selection[:left])
    new = fake.add_group(labels={"team": "SRE"})
    assert counted(await nightly(oncall, path)) == {"changed": 4}
    assert new.state == "silenced"
    assert [entry.get("selected") for entry in lines(path)][2] == 4


async def test_a_finished_run_is_followed_by_a_new_one(
    fake: FakeOnCall, oncall: OnCallClient, path: Path
) -> None:
    """Every night; the journal is that of the latest run."""
    for night in range(3):
        fake.add_group(labels={"team": "SRE"})
        assert counted(await nightly(oncall, path)) == {"changed": night + 1}
        assert [entry["selected"] for entry in lines(path) if "selected" in entry] == [night + 1]


async def test_a_run_is_finished_when_each_group_was_attempted(
    fake: FakeOnCall, oncall: OnCallClient, path: Path
) -> None:
    """A group that fails every night does not block new runs for the others."""
    broken = fake.add_group(labels={"team": "SRE"})
    fault = error(403, {"detail": "Not this one."})
    fake.faults.choose(lambda request, _: fault if f"{broken.id}/silence" in request.path else None)
    for night in range(3):
        fake.add_group(labels={"team": "SRE"})
        report = await nightly(oncall, path)
        assert counted(report) == {"failed": 1, "changed": night + 1}


async def test_a_run_that_was_stopped_by_its_failures_is_finished_by_the_next(
    fake: FakeOnCall, oncall: OnCallClient, path: Path
) -> None:
    """It left groups that were not attempted."""
    add(fake, 5, labels={"team": "SRE"})
    fake.faults.add(error(403, {"detail": "Not now."}), operation="silence_alert_group")
    report = await nightly(oncall, path, max_at_once=1, stop_after_failures=1)
    assert counted(report) == {"failed": 1, "not_attempted": 4}
    fake.add_group(labels={"team": "SRE"})
    assert counted(await nightly(oncall, path)) == {"changed": 5}


async def test_a_run_that_an_error_ended_is_finished_by_the_next(
    fake: FakeOnCall, oncall: OnCallClient, path: Path
) -> None:
    """An error such as a refused token, which would fail every group."""
    groups = add(fake, 3)
    async with OnCallClient(url=BASE, token="unknown", transport=fake.transport()) as stranger:
        with pytest.raises(Unauthorized):
            await stranger.alert_groups.bulk.resolve(ids(groups), journal=path, resume=True)
    run = oncall.alert_groups.bulk.resolve(ids(groups), journal=path, resume=True)
    assert counted(await run) == {"changed": 3}


async def test_a_selection_that_cannot_be_read_leaves_no_journal(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """Nor does it replace the journal of a finished run."""
    path = tmp_path / "run.jsonl"
    add(fake, 1, labels={"team": "SRE"})
    await nightly(oncall, path)
    fake.faults.add(error(403, {"detail": "Not now."}), operation="list_alert_groups")
    run = nightly(oncall, path)
    with pytest.raises(Forbidden, match="Not now"):
        await run
    assert not path.exists()
    assert (await nightly(oncall, path)).failures == ()


Other = Callable[[OnCallClient, Bulk, Path], BulkRun]
OTHERS: dict[str, tuple[Other, str]] = {
    "another action": (
        lambda c, b, p: b.resolve(team(c), journal=p, resume=True),
        r'action: \{"name": "silence", "delay": 3600\} in the journal, \{"name": "resolve"\} here',
    ),
    "another delay": (
        lambda c, b, p: b.silence(team(c), 60, journal=p, resume=True),
        r'"delay": 3600\} in the journal, \{"name": "silence", "delay": 60\} here',
    ),
    "another query": (
        lambda c, b, p: b.silence(
            c.alert_groups.list(labels="team:Payments"), 3600, journal=p, resume=True
        ),
        "query: label=team:SRE in the journal, label=team:Payments here",
    ),
    "ids": (
        lambda _, b, p: b.silence(["I1"], 3600, journal=p, resume=True),
        "query: label=team:SRE in the journal, ids here",
    ),
}


@pytest.mark.parametrize(
    ("other", "words"), [pytest.param(*case, id=name) for name, case in OTHERS.items()]
)
async def test_an_unfinished_run_of_another_kind_is_refused(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path, other: Other, words: str
) -> None:
    """The error says what differs; the journal is left unchanged, and nothing is sent."""
    path = tmp_path / "run.jsonl"
    add(fake, 6, labels={"team": "SRE"})
    fake.latency = SECOND
    await cut(nightly(oncall, path, max_at_once=2), 2.0)
    before = path.read_bytes()
    fake.calls.clear()
    run = other(oncall, oncall.alert_groups.bulk, path)
    with pytest.raises(JournalError, match=words) as caught:
        await run
    assert (caught.value.reason, caught.value.path) == ("other_run", str(path))
    assert (path.read_bytes(), fake.calls) == (before, [])


async def test_an_unfinished_run_of_another_server_is_refused(
    fake: FakeOnCall, oncall: OnCallClient, path: Path
) -> None:
    """Its ids mean something else there."""
    add(fake, 6, labels={"team": "SRE"})
    fake.latency = SECOND
    await cut(nightly(oncall, path, max_at_once=2), 2.0)
    async with OnCallClient(
        url="https://other.example", token=fake.token, transport=fake.transport()
    ) as other:
        with pytest.raises(JournalError, match=r"server: .* https://other\.example") as caught:
            await nightly(other, path)
    assert caught.value.reason == "other_run"


async def stream(*given: str) -> AsyncGenerator[str]:
    """Ids from another source."""
    for given_id in given:
        yield given_id


@pytest.mark.parametrize("select", [list, lambda given: stream(*given)], ids=["list", "stream"])
async def test_the_same_ids_are_needed_to_finish_a_run_of_ids(
    fake: FakeOnCall, oncall: OnCallClient, path: Path, select: Callable[[list[str]], Any]
) -> None:
    """In any order; otherwise new ones would be left out silently."""
    these = ids(add(fake, 6))
    bulk = oncall.alert_groups.bulk
    fake.latency = SECOND
    await cut(bulk.resolve(select(these), journal=path, resume=True, max_at_once=2), 1.5)
    for wrong in (these[1:], [*these, "ANOTHER"], [*these[1:], "ANOTHER"]):
        with pytest.raises(JournalError, match="the journal lists different ids") as caught:
            await bulk.resolve(select(wrong), journal=path, resume=True)
        assert caught.value.reason == "other_run"
    report = await bulk.resolve(select(these[::-1]), journal=path, resume=True)
    assert (ids(report.outcomes), report.failures) == (these, ())


async def test_of_two_runs_that_start_at_once_only_one_goes_on(
    fake: FakeOnCall, oncall: OnCallClient, path: Path
) -> None:
    """The second is refused before it reads or sends anything."""
    add(fake, 60, labels={"team": "SRE"})
    fake.latency = SECOND
    ends = await asyncio.gather(
        nightly(oncall, path).wait(), nightly(oncall, path).wait(), return_exceptions=True
    )
    (refused,) = (result for result in ends if isinstance(result, JournalError))
    assert refused.reason == "in_use"
    assert len(written(fake)) == 60


def test_resuming_needs_a_journal_and_a_boolean(fake: FakeOnCall) -> None:
    """Without a journal there is nothing to resume."""
    bulk = connect(fake).alert_groups.bulk
    with pytest.raises(InvalidArgument, match="journal") as caught:
        bulk.resolve(["I1"], resume=True)
    assert caught.value.argument == "resume"
    options: Any = {"resume": "yes"}
    with pytest.raises(InvalidArgument, match="resume"):
        bulk.resolve(["I1"], journal="j", **options)


async def test_a_converging_run_that_was_cut_short_is_resumed_too(
    fake: FakeOnCall, oncall: OnCallClient, path: Path
) -> None:
    """What has begun to match is acted on after the rest."""
    add(fake, 6, labels={"team": "SRE"})
    fake.latency = SECOND
    await cut(nightly(oncall, path, converge=True, max_at_once=2), 2.5)
    late = fake.add_group(labels={"team": "SRE"})
    report = await nightly(oncall, path, converge=True)
    assert (late.state, len(report.outcomes)) == ("silenced", 7)


async def test_a_file_that_is_not_a_journal_is_left_unchanged(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """A mistyped path does no harm."""
    path = tmp_path / "run.jsonl"
    path.write_text("precious")
    with pytest.raises(JournalError) as caught:
        await nightly(oncall, path)
    assert (caught.value.reason, path.read_text(), fake.calls) == ("broken", "precious", [])
