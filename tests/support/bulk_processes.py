"""Bulk runs in processes of their own: killed, interrupted, and resumed by the test."""

import asyncio
import json
import signal
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import attrs

from grafana_oncall import OnCallClient
from grafana_oncall.testing import FakeOnCall, FakeRequest, Fault, hang, serve
from tests.support.programs import python, settings

PROGRAM = Path(__file__).with_name("bulk_program.py")
RESUMER = "token-of-the-test"
GROUPS, AT_ONCE = 40, 8

LIST, GET = "list_alert_groups", "get_alert_group"
RESOLVE, SILENCE = "resolve_alert_group", "silence_alert_group"
STATES = {RESOLVE: "resolved", SILENCE: "silenced"}


@attrs.frozen
class Moment:
    """When this many requests of an operation are served, and this many are in flight."""

    operation: str
    served: int
    hanging: int = 0
    """These never get a response, and every second one is applied. If 0, nothing hangs."""


@attrs.frozen(kw_only=True)
class Storm:
    """A server with groups of two teams, and a client that resumes what programs began."""

    fake: FakeOnCall
    client: OnCallClient
    url: str
    journal: Path

    def program(self, action: str, **options: object) -> AbstractAsyncContextManager[Process]:
        """The program in a process of its own, which does not outlive the block."""
        command = (str(PROGRAM), action, str(self.journal), json.dumps(options))
        return python(*command, env=settings(self.url, self.fake.token))

    def coming(self, moment: Moment) -> asyncio.Event:
        """Return an event that is set at this moment."""
        come, turns = asyncio.Event(), count(1)

        def choose(_request: FakeRequest, operation: str | None) -> Fault | None:
            if operation != moment.operation:
                return None
            turn = next(turns)
            if turn == moment.served + moment.hanging:
                come.set()
            if turn > moment.served and moment.hanging:
                return hang(applied=turn % 2 == 0)
            return None

        self.fake.faults.clear()
        self.fake.faults.choose(choose)
        return come

    async def kill(self, moment: Moment, action: str, **options: object) -> None:
        """Run the program, and kill it at this moment."""
        come = self.coming(moment)
        async with self.program(action, **options) as process:
            await come.wait()
            process.kill()
            await process.wait()
        assert process.returncode == -signal.SIGKILL
        self.fake.faults.clear()

    async def interrupt(self, moment: Moment, action: str) -> dict[str, Any]:
        """Run the program, press Ctrl-C at this moment, and return the report it prints."""
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
        """How often the server did it to each group, by token."""
        calls = (call for call in self.fake.calls if call.operation == operation and call.applied)
        return Counter(
            call.path.split("/")[4] for call in calls if by in call.request.headers["authorization"]
        )

    def expected(self, operation: str) -> dict[str, str]:
        """What a report should say of the groups that requests were sent for."""
        return {
            call.path.split("/")[4]: "unknown" if call.fault else "changed"
            for call in self.fake.calls
            if call.operation == operation
        }


async def storm_of_groups(tmp_path: Path) -> AsyncGenerator[Storm]:
    """A fixture: four pages of groups, on a server that takes its time."""
    fake = FakeOnCall(latency=timedelta(milliseconds=10), page_size=GROUPS // 4)
    fake.add_token(RESUMER, user="admin")
    for number in range(GROUPS + 5):
        fake.add_group(labels={"team": "SRE" if number < GROUPS else "Payments"})
    async with serve(fake) as url, OnCallClient(url=url, token=RESUMER) as client:
        yield Storm(fake=fake, client=client, url=url, journal=tmp_path / "journal.jsonl")


def journaled_statuses(journal: Path) -> dict[str, str]:
    """The last status of each group in a journal; an incomplete last line does not count."""
    statuses: dict[str, str] = {}
    for entry in map(json.loads, journal.read_bytes().split(b"\n")[:-1]):
        statuses |= dict.fromkeys(entry.get("select", []), "not_attempted")
        if "begin" in entry:
            statuses[entry["begin"]] = "begun"
        if "end" in entry:
            statuses[entry["end"]] = entry["status"]
    return statuses


def _plan(status: str, operation: str, *, done: bool) -> tuple[list[str], str]:
    """What resuming sends for a group with this journaled status, and the outcome."""
    if status in {"changed", "already"}:
        return [], status
    if status in {"begun", "unknown"}:
        found = "unknown" if operation == SILENCE else "already"  # perhaps by another actor
        return ([GET], found) if done else ([GET, operation], "changed")
    return [operation], "changed"


async def resume(storm: Storm, operation: str, journal: Path | None = None) -> None:
    """Resume: done is not sent, in flight is read back, the rest is sent."""
    before = journaled_statuses(journal or storm.journal)
    report = await storm.client.alert_groups.bulk.resume(journal or storm.journal)
    done = storm.applied(operation, by=storm.fake.token)
    plans = {
        group: _plan(status, operation, done=group in done) for group, status in before.items()
    }
    if any(requests for requests, _ in plans.values()):
        # The first group is looked up, to see that the run is this organization's.
        first = next(iter(plans))
        plans[first] = ([GET, *plans[first][0]], plans[first][1])
    sent: dict[str, list[str | None]] = {group: [] for group in before}
    for call in storm.fake.calls:
        if RESUMER in call.request.headers["authorization"]:
            sent[call.path.split("/")[4]].append(call.operation)
    assert sent == {group: requests for group, (requests, _) in plans.items()}
    statuses = {outcome.id: outcome.status for outcome in report.outcomes}
    assert statuses == {group: status for group, (_, status) in plans.items()}
    assert journaled_statuses(journal or storm.journal) == statuses
    assert sum(report.counts.values()) == len(report.outcomes) == GROUPS
    groups = storm.fake.groups.values()
    chosen = {group.id for group in groups if ("team", "SRE") in group.labels}
    assert storm.applied(operation) == Counter(chosen)
    assert {group.id for group in groups if group.state == STATES[operation]} == chosen
    assert {group.state for group in groups if group.id not in chosen} == {"firing"}
