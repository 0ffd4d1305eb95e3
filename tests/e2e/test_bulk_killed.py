"""Bulk runs that are killed, interrupted, timed out, and resumed: real processes and sockets."""

import asyncio
import contextlib
import json
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import JournalError
from tests.support.bulk_processes import (
    AT_ONCE,
    GET,
    GROUPS,
    LIST,
    RESOLVE,
    SILENCE,
    Moment,
    Storm,
    journaled_statuses,
    resume,
    storm_of_groups,
)
from tests.support.programs import PATIENCE

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="signals and locks of files are those of Linux"
)

storm = pytest.fixture(storm_of_groups)


@pytest.mark.parametrize(
    ("action", "moment"),
    [
        pytest.param("resolve", Moment(RESOLVE, 1), id="at the first request"),
        pytest.param("resolve", Moment(RESOLVE, 20), id="half-way"),
        pytest.param("resolve", Moment(RESOLVE, GROUPS), id="at the last request"),
        pytest.param("resolve", Moment(RESOLVE, 0, AT_ONCE), id="before the first outcome"),
        pytest.param("resolve", Moment(RESOLVE, 19, AT_ONCE), id="with eight in flight"),
        pytest.param("silence", Moment(SILENCE, 20), id="silencing"),
        pytest.param("silence", Moment(SILENCE, 19, AT_ONCE), id="with eight silences in flight"),
    ],
)
async def test_a_killed_run_is_finished(storm: Storm, action: str, moment: Moment) -> None:
    """No group is left out, and none is acted on twice."""
    await storm.kill(moment, action)
    begun = Counter(journaled_statuses(storm.journal).values())["begun"]
    assert begun == moment.hanging or (not moment.hanging and 1 <= begun <= AT_ONCE)
    await resume(storm, moment.operation)


async def test_a_run_that_is_killed_repeatedly_is_finished(storm: Storm) -> None:
    """Even when it is killed while it is resumed, and reads back what was in flight."""
    await storm.kill(Moment(SILENCE, 9, AT_ONCE), "silence", fsync=True)
    await storm.kill(Moment(GET, 3), "resume", fsync=True)
    await storm.kill(Moment(SILENCE, 9, AT_ONCE), "resume", fsync=True)
    await resume(storm, SILENCE)


SELECTING = pytest.mark.parametrize(
    "moment",
    [
        pytest.param(Moment(LIST, 0, 1), id="before the first page"),
        pytest.param(Moment(LIST, 2), id="at the second page"),
        pytest.param(Moment(LIST, 6, 1), id="in the second walk"),
    ],
)


@SELECTING
@pytest.mark.parametrize("ending", ["killed", "interrupted"])
async def test_a_run_that_ends_while_it_selects_has_done_nothing(
    storm: Storm, moment: Moment, ending: str
) -> None:
    """The report of Ctrl-C is empty, and a journal with half a selection is not resumed."""
    if ending == "killed":
        await storm.kill(moment, "resolve")
    else:
        report = await storm.interrupt(moment, "resolve")
        assert (report["outcomes"], {*report["counts"].values()}) == ([], {0})
    with pytest.raises(JournalError, match=r"nothing was sent|has sent nothing") as caught:
        storm.client.alert_groups.bulk.resume(storm.journal)
    assert caught.value.reason == ("nothing_sent" if ending == "killed" else "missing")
    assert {call.operation for call in storm.fake.calls} == {LIST}


async def nightly(storm: Storm) -> dict[str, int]:
    """Run the program to its end, and return the counts of its report that are not zero."""
    async with storm.program("nightly") as process:
        printed, words = await process.communicate()
    assert process.returncode == 0, words.decode()
    return {status: number for status, number in json.loads(printed)["counts"].items() if number}


@SELECTING
async def test_a_nightly_run_that_is_killed_while_it_selects_leaves_no_lock(
    storm: Storm, moment: Moment
) -> None:
    """The next run starts anew in the same file, by the same call."""
    await storm.kill(moment, "nightly")
    assert storm.journal.exists()
    assert await nightly(storm) == {"changed": GROUPS}
    assert {*storm.applied(SILENCE).values()} == {1}


async def test_a_nightly_run_that_is_killed_while_it_acts_is_finished_by_the_next(
    storm: Storm,
) -> None:
    """No group is silenced twice; and the night after that, a new run begins."""
    await storm.kill(Moment(SILENCE, 19, AT_ONCE), "nightly")
    counts = await nightly(storm)
    assert sum(counts.values()) == GROUPS
    assert set(storm.applied(SILENCE).values()) == {1}
    new = storm.fake.add_group(labels={"team": "SRE"})
    assert await nightly(storm) == {"changed": GROUPS + 1}
    assert new.state == "silenced"


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(Moment(LIST, 0, 1), id="while it selects"),
        pytest.param(Moment(SILENCE, 9, AT_ONCE), id="while it acts"),
    ],
)
async def test_two_nightly_runs_at_once_are_one(storm: Storm, moment: Moment) -> None:
    """The second one ends with a message about the first, whatever that is doing."""
    come = storm.coming(moment)
    async with storm.program("nightly") as first:
        await come.wait()
        before = len(storm.fake.calls), storm.journal.read_bytes()
        async with storm.program("nightly") as second:
            _, words = await second.communicate()
        assert (second.returncode, b"another run is using it now" in words) == (1, True)
        assert (len(storm.fake.calls), storm.journal.read_bytes()) == before
        first.kill()
        await first.wait()
    storm.fake.faults.clear()
    await nightly(storm)
    assert {*storm.applied(SILENCE).values()} == {1}


@pytest.mark.parametrize(
    ("action", "moment"),
    [
        pytest.param("resolve", Moment(RESOLVE, 0, AT_ONCE), id="before the first outcome"),
        pytest.param("resolve", Moment(RESOLVE, 19, AT_ONCE), id="resolving"),
        pytest.param("silence", Moment(SILENCE, 19, AT_ONCE), id="silencing"),
    ],
)
async def test_ctrl_c_reports_what_the_server_did(
    storm: Storm, action: str, moment: Moment
) -> None:
    """Served is `changed`, in flight is `unknown`; the rest was not attempted; as journaled."""
    report = await storm.interrupt(moment, action)
    statuses = {one["id"]: one["status"] for one in report["outcomes"]}
    assert statuses == dict.fromkeys(statuses, "not_attempted") | storm.expected(moment.operation)
    assert Counter(statuses.values()) == Counter(report["counts"])
    assert report["counts"]["unknown"] == moment.hanging
    assert journaled_statuses(storm.journal) == statuses
    await resume(storm, moment.operation)


@pytest.mark.parametrize("served", [1, 20, GROUPS])
async def test_ctrl_c_while_responses_arrive_reports_nothing_wrong(
    storm: Storm, served: int
) -> None:
    """What changed was applied, what was not attempted was not; at most eight are unknown."""
    report = await storm.interrupt(Moment(RESOLVE, served), "resolve")
    ids: dict[str, set[str]] = {status: set() for status in report["counts"]}
    for one in report["outcomes"]:
        ids[one["status"]].add(one["id"])
    applied = {*storm.applied(RESOLVE)}
    assert ids["changed"] <= applied <= ids["changed"] | ids["unknown"]
    assert len(ids["unknown"]) <= AT_ONCE
    assert {status: len(ones) for status, ones in ids.items()} == report["counts"]
    assert sum(report["counts"].values()) == GROUPS
    await resume(storm, RESOLVE)


async def test_a_timeout_reports_what_the_server_did(storm: Storm) -> None:
    """`asyncio.timeout` round a run, which the same process then resumes."""
    come = storm.coming(Moment(SILENCE, 19, AT_ONCE))

    async def expire(limit: asyncio.Timeout) -> None:
        await come.wait()
        limit.reschedule(0)

    async with OnCallClient(url=storm.url, token=storm.fake.token) as client:
        groups = client.alert_groups.list(labels={"team": "SRE"})
        run = client.alert_groups.bulk.silence(groups, 3600, journal=storm.journal)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(PATIENCE) as limit:
                await asyncio.gather(run.wait(), expire(limit))
    statuses = {one.id: one.status for one in run.report.outcomes}
    assert statuses == dict.fromkeys(statuses, "not_attempted") | storm.expected(SILENCE)
    storm.fake.faults.clear()
    await resume(storm, SILENCE)


async def test_a_journal_is_resumed_by_one_process_at_a_time(storm: Storm) -> None:
    """Another process disturbs neither a run nor its resumption."""
    for action, moment in {
        "resolve": Moment(RESOLVE, 9, 8),
        "resume": Moment(GET, 1, 8),
    }.items():
        come = storm.coming(moment)
        async with storm.program(action):
            await come.wait()
            before = len(storm.fake.calls), storm.journal.read_bytes()
            async with storm.program("resume") as second:
                _, words = await second.communicate()
            assert (second.returncode, b"JournalError" in words) == (1, True)
            assert (len(storm.fake.calls), storm.journal.read_bytes()) == before
        storm.fake.faults.clear()
    await resume(storm, RESOLVE)


async def test_a_run_does_not_repeat_what_another_one_did_since_it_was_made(storm: Storm) -> None:
    """Two runs resume the same journal; the second is created before the first has finished it."""
    await storm.kill(Moment(SILENCE, 19, AT_ONCE), "silence")
    late = storm.client.alert_groups.bulk.resume(storm.journal)
    await resume(storm, SILENCE)
    with contextlib.suppress(JournalError):
        await late
    assert {*storm.applied(SILENCE).values()} == {1}


async def test_a_journal_may_end_anywhere_in_its_last_line(storm: Storm, tmp_path: Path) -> None:
    """The last two lines, an outcome and a beginning, are cut off byte by byte."""
    storm.fake.latency = timedelta(0)
    await storm.kill(Moment(SILENCE, GROUPS - 4, 1), "silence", max_at_once=1)
    whole, calls, cut = storm.journal.read_bytes(), len(storm.fake.calls), tmp_path / "cut.jsonl"
    silenced = storm.applied(SILENCE)
    outcome, beginning = whole.splitlines(keepends=True)[-2:]
    assert (b'"changed"' in outcome, b'"begin"' in beginning) == (True, True)
    for end in range(len(whole) - len(outcome + beginning), len(whole) + 1):
        cut.write_bytes(whole[:end])
        await resume(storm, SILENCE, cut)
        del storm.fake.calls[calls:]
        for group in storm.fake.groups.values():
            if group.id not in silenced:
                group.silenced_at = group.silenced_until = None


async def test_a_journal_that_ends_anywhere_in_the_selection_is_refused(
    storm: Storm, tmp_path: Path
) -> None:
    """Byte by byte, down to an empty file."""
    await storm.kill(Moment(RESOLVE, 0, AT_ONCE), "resolve")
    whole, calls, cut = storm.journal.read_bytes(), len(storm.fake.calls), tmp_path / "cut.jsonl"
    for end in range(whole.index(b'{"begin"')):
        cut.write_bytes(whole[:end])
        with pytest.raises(JournalError, match=r"nothing was sent|has sent nothing"):
            storm.client.alert_groups.bulk.resume(cut)
    assert len(storm.fake.calls) == calls
