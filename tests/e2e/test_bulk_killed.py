"""Bulk runs that are killed, interrupted, timed out, and resumed: real processes and sockets."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncGenerator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import attrs
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import JournalError
from grafana_oncall.testing import FakeOnCall, FakeRequest, Fault, hang, serve

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="signals and locks of files are those of Linux"
)

PROGRAM = Path(__file__).with_name("bulk_program.py")
RESUMER = "token-of-the-test"
GROUPS, AT_ONCE = 40, 8
PATIENCE = 20
"""Seconds after which a program is killed, and its test fails."""

LIST, GET = "list_alert_groups", "get_alert_group"
RESOLVE, SILENCE = "resolve_alert_group", "silence_alert_group"
STATES = {RESOLVE: "resolved", SILENCE: "silenced"}


@attrs.frozen
class Moment:
    """When so many requests of an operation are answered, and so many are under way."""

    operation: str
    answered: int
    hanging: int = 0
    """These are never answered, and every second one is applied. If 0, nothing hangs."""


@attrs.frozen(kw_only=True)
class Storm:
    """A server with groups of two teams, and a client which resumes what programs began."""

    fake: FakeOnCall
    client: OnCallClient
    url: str
    journal: Path

    @contextlib.asynccontextmanager
    async def program(self, action: str, **options: object) -> AsyncGenerator[Process]:
        """The program in a process of its own, which does not outlive the block."""
        settings = {"GRAFANA_ONCALL_URL": self.url, "GRAFANA_ONCALL_ACCESS_TOKEN": self.fake.token}
        kept = {key: value for key, value in os.environ.items() if "GRAFANA" not in key}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(PROGRAM), action, str(self.journal), json.dumps(options)),
            env=kept | settings,
            stdout=PIPE,
            stderr=PIPE,
        )
        try:
            async with asyncio.timeout(PATIENCE):
                yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()

    def coming(self, moment: Moment) -> asyncio.Event:
        """Is set when the moment has come."""
        come, turns = asyncio.Event(), count(1)

        def choose(_request: FakeRequest, operation: str | None) -> Fault | None:
            if operation != moment.operation:
                return None
            turn = next(turns)
            if turn == moment.answered + moment.hanging:
                come.set()
            if turn > moment.answered and moment.hanging:
                return hang(applied=turn % 2 == 0)
            return None

        self.fake.faults.clear()
        self.fake.faults.choose(choose)
        return come

    async def kill(self, moment: Moment, action: str, **options: object) -> None:
        """Runs the program, and kills it at this moment."""
        come = self.coming(moment)
        async with self.program(action, **options) as process:
            await come.wait()
            process.kill()
            await process.wait()
        assert process.returncode == -signal.SIGKILL
        self.fake.faults.clear()

    async def interrupt(self, moment: Moment, action: str) -> dict[str, Any]:
        """Runs the program, presses Ctrl-C at this moment, and answers the report it prints."""
        come = self.coming(moment)
        async with self.program(action) as process:
            await come.wait()
            process.send_signal(signal.SIGINT)
            printed, words = await process.communicate()
        assert process.returncode == -signal.SIGINT
        assert words.decode().splitlines()[-1] == "KeyboardInterrupt"
        self.fake.faults.clear()
        return dict(json.loads(printed))

    def applied(self, operation: str, *, by: str = "") -> Counter[str]:
        """How often the server did it to which group, for whom."""
        calls = (call for call in self.fake.calls if call.operation == operation and call.applied)
        return Counter(
            call.path.split("/")[4] for call in calls if by in call.request.headers["authorization"]
        )

    def answers(self, operation: str) -> dict[str, str]:
        """What a report should say of the groups that the server was asked to act on."""
        return {
            call.path.split("/")[4]: "unknown" if call.fault else "changed"
            for call in self.fake.calls
            if call.operation == operation
        }


@pytest.fixture
async def storm(tmp_path: Path) -> AsyncGenerator[Storm]:
    """Four pages of groups, on a server that takes its time."""
    fake = FakeOnCall(latency=timedelta(milliseconds=10), page_size=GROUPS // 4)
    fake.add_token(RESUMER, user="admin")
    for number in range(GROUPS + 5):
        fake.add_group(labels={"team": "SRE" if number < GROUPS else "Payments"})
    async with serve(fake) as url, OnCallClient(url=url, token=RESUMER) as client:
        yield Storm(fake=fake, client=client, url=url, journal=tmp_path / "journal.jsonl")


def _told(journal: Path) -> dict[str, str]:
    """What a journal says of each group, in its order; half a line at its end says nothing."""
    told: dict[str, str] = {}
    for entry in map(json.loads, journal.read_bytes().split(b"\n")[:-1]):
        told |= dict.fromkeys(entry.get("select", []), "not_attempted")
        if "id" in entry:
            told[entry["id"]] = entry.get("status", "begun")
    return told


def _plan(said: str, operation: str, *, done: bool) -> tuple[list[str], str]:
    """What resuming sends for a group of which the journal says this, and the outcome."""
    if said in {"changed", "already"}:
        return [], said
    if said in {"begun", "unknown"}:
        return ([GET], "already") if done else ([GET, operation], "changed")
    return [operation], "changed"


async def _resume(storm: Storm, operation: str, journal: Path | None = None) -> None:
    """Resumes; what is done is not sent, what was under way is looked at, the rest is done."""
    told = _told(journal or storm.journal)
    report = await storm.client.alert_groups.bulk.resume(journal or storm.journal)
    done = storm.applied(operation, by=storm.fake.token)
    plans = {one: _plan(said, operation, done=one in done) for one, said in told.items()}
    sent: dict[str, list[str | None]] = {one: [] for one in told}
    for call in storm.fake.calls:
        if RESUMER in call.request.headers["authorization"]:
            sent[call.path.split("/")[4]].append(call.operation)
    assert sent == {one: requests for one, (requests, _) in plans.items()}
    statuses = {one.id: one.status for one in report.outcomes}
    assert statuses == {one: status for one, (_, status) in plans.items()}
    assert _told(journal or storm.journal) == statuses
    assert sum(report.counts.values()) == len(report.outcomes) == GROUPS
    groups = storm.fake.groups.values()
    chosen = {group.id for group in groups if ("team", "SRE") in group.labels}
    assert storm.applied(operation) == Counter(chosen)
    assert {group.id for group in groups if group.state == STATES[operation]} == chosen
    assert {group.state for group in groups if group.id not in chosen} == {"firing"}


@pytest.mark.parametrize(
    ("action", "moment"),
    [
        pytest.param("resolve", Moment(RESOLVE, 1), id="at the first request"),
        pytest.param("resolve", Moment(RESOLVE, 20), id="half-way"),
        pytest.param("resolve", Moment(RESOLVE, GROUPS), id="at the last request"),
        pytest.param("resolve", Moment(RESOLVE, 0, AT_ONCE), id="before the first outcome"),
        pytest.param("resolve", Moment(RESOLVE, 19, AT_ONCE), id="with eight under way"),
        pytest.param("silence", Moment(SILENCE, 20), id="silencing"),
        pytest.param("silence", Moment(SILENCE, 19, AT_ONCE), id="with eight silences under way"),
    ],
)
async def test_a_killed_run_is_finished(storm: Storm, action: str, moment: Moment) -> None:
    """No group is left out, none is acted on twice."""
    await storm.kill(moment, action)
    begun = Counter(_told(storm.journal).values())["begun"]
    assert begun == moment.hanging or (not moment.hanging and 1 <= begun <= AT_ONCE)
    await _resume(storm, moment.operation)


async def test_a_run_that_is_killed_again_and_again_is_finished(storm: Storm) -> None:
    """Also when it is killed while it is resumed, and looks at what was under way."""
    await storm.kill(Moment(SILENCE, 9, AT_ONCE), "silence", fsync=True)
    await storm.kill(Moment(GET, 3), "resume", fsync=True)
    await storm.kill(Moment(SILENCE, 9, AT_ONCE), "resume", fsync=True)
    await _resume(storm, SILENCE)


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
    """The report of Ctrl-C is empty, and a journal of half a selection is not resumed."""
    if ending == "killed":
        await storm.kill(moment, "resolve")
    else:
        report = await storm.interrupt(moment, "resolve")
        assert (report["outcomes"], {*report["counts"].values()}) == ([], {0})
    with pytest.raises(JournalError, match="nothing was sent"):
        storm.client.alert_groups.bulk.resume(storm.journal)
    assert {call.operation for call in storm.fake.calls} == {LIST}


@pytest.mark.parametrize(
    ("action", "moment"),
    [
        pytest.param("resolve", Moment(RESOLVE, 0, AT_ONCE), id="before the first outcome"),
        pytest.param("resolve", Moment(RESOLVE, 19, AT_ONCE), id="resolving"),
        pytest.param("silence", Moment(SILENCE, 19, AT_ONCE), id="silencing"),
    ],
)
async def test_ctrl_c_reports_what_the_server_answered(
    storm: Storm, action: str, moment: Moment
) -> None:
    """Answered is `changed`, under way is `unknown`, nothing else was attempted; as journalled."""
    report = await storm.interrupt(moment, action)
    statuses = {one["id"]: one["status"] for one in report["outcomes"]}
    assert statuses == dict.fromkeys(statuses, "not_attempted") | storm.answers(moment.operation)
    assert Counter(statuses.values()) == Counter(report["counts"])
    assert report["counts"]["unknown"] == moment.hanging
    assert _told(storm.journal) == statuses
    await _resume(storm, moment.operation)


@pytest.mark.parametrize("answered", [1, 20, GROUPS])
async def test_ctrl_c_while_answers_come_in_reports_nothing_wrong(
    storm: Storm, answered: int
) -> None:
    """What changed was applied, what was not attempted was not; at most eight are in doubt."""
    report = await storm.interrupt(Moment(RESOLVE, answered), "resolve")
    ids: dict[str, set[str]] = {status: set() for status in report["counts"]}
    for one in report["outcomes"]:
        ids[one["status"]].add(one["id"])
    applied = {*storm.applied(RESOLVE)}
    assert ids["changed"] <= applied <= ids["changed"] | ids["unknown"]
    assert len(ids["unknown"]) <= AT_ONCE
    assert {status: len(ones) for status, ones in ids.items()} == report["counts"]
    assert sum(report["counts"].values()) == GROUPS
    await _resume(storm, RESOLVE)


async def test_a_timeout_reports_what_the_server_answered(storm: Storm) -> None:
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
    assert statuses == dict.fromkeys(statuses, "not_attempted") | storm.answers(SILENCE)
    storm.fake.faults.clear()
    await _resume(storm, SILENCE)


async def test_a_journal_is_resumed_by_one_process_at_a_time(storm: Storm) -> None:
    """Neither a run nor one that resumes it is disturbed by another one."""
    for action, moment in {"resolve": Moment(RESOLVE, 9, 8), "resume": Moment(GET, 0, 8)}.items():
        come = storm.coming(moment)
        async with storm.program(action):
            await come.wait()
            before = len(storm.fake.calls), storm.journal.read_bytes()
            async with storm.program("resume") as second:
                _, words = await second.communicate()
            assert (second.returncode, b"JournalError" in words) == (1, True)
            assert (len(storm.fake.calls), storm.journal.read_bytes()) == before
        storm.fake.faults.clear()
    await _resume(storm, RESOLVE)


async def test_a_run_does_not_repeat_what_another_one_did_since_it_was_made(storm: Storm) -> None:
    """Two runs resume the same journal; the second is made before the first has finished it."""
    await storm.kill(Moment(SILENCE, 19, AT_ONCE), "silence")
    late = storm.client.alert_groups.bulk.resume(storm.journal)
    await _resume(storm, SILENCE)
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
        await _resume(storm, SILENCE, cut)
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
        with pytest.raises(JournalError, match="nothing was sent"):
            storm.client.alert_groups.bulk.resume(cut)
    assert len(storm.fake.calls) == calls
