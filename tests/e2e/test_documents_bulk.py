"""The program of the guide to bulk runs: from cron, killed, interrupted, started twice."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.bulk import Status
from grafana_oncall.testing import (
    DEFAULT_TOKEN,
    FakeOnCall,
    FakeRequest,
    Fault,
    error,
    hang,
    seed_storm,
    serve,
)
from tests.support.documents import program
from tests.support.programs import python, settings

PROGRAM = "resolve.jsonl"


async def _output(source: str, url: str, folder: Path) -> str:
    """Run a program in a process of its own, and return what it prints."""
    async with python("-c", source, env=settings(url, DEFAULT_TOKEN), cwd=folder) as process:
        output, words = await process.communicate()
    assert process.returncode == 0, words.decode()
    return output.decode()


def _firing(fake: FakeOnCall) -> set[str]:
    """Ids of the firing groups of the program's team."""
    groups = fake.groups.values()
    return {
        group.id for group in groups if group.state == "firing" and ("team", "SRE") in group.labels
    }


async def test_the_bulk_program_resolves_the_firing_groups_of_the_team(tmp_path: Path) -> None:
    """Its journal does not block the next run, which is a new one."""
    fake = FakeOnCall()
    seed_storm(fake, 120)
    firing = _firing(fake)
    async with serve(fake) as url:
        output = await _output(program(PROGRAM), url, tmp_path)
        fake.add_group(labels={"team": "SRE"})
        again = await _output(program(PROGRAM), url, tmp_path)
    assert output.startswith(f"resolve: {len(firing)} alert groups: {len(firing)} changed")
    assert again.startswith("resolve: 1 alert group: 1 changed")
    assert _firing(fake) == set()


@pytest.mark.skipif(sys.platform != "linux", reason="kills, and counts on locks of files")
@pytest.mark.parametrize("operation", ["list_alert_groups", "resolve_alert_group"])
async def test_the_bulk_program_survives_being_killed_and_being_started_twice(
    tmp_path: Path, operation: str
) -> None:
    """While it selects and while it acts: each group is resolved once, and no lock remains."""
    fake, come = FakeOnCall(), asyncio.Event()
    groups = [fake.add_group(labels={"team": "SRE"}) for _ in range(20)]

    def choose(_: FakeRequest, name: str | None) -> Fault | None:
        if name == operation:
            come.set()
            return hang()
        return None

    fake.faults.choose(choose)
    source = program(PROGRAM)
    async with serve(fake) as url:
        environment = settings(url, DEFAULT_TOKEN)
        async with python("-c", source, env=environment, cwd=tmp_path) as first:
            await come.wait()
            async with python("-c", source, env=environment, cwd=tmp_path) as second:
                _, words = await second.communicate()
            first.kill()
            await first.wait()
        fake.faults.clear()
        output = await _output(source, url, tmp_path)
    assert (second.returncode, b"another run is using it now" in words) == (1, True)
    assert output.startswith("resolve: 20 alert groups: 20 changed")
    assert {group.state for group in groups} == {"resolved"}
    applied = [call for call in fake.calls if call.operation == "resolve_alert_group"]
    assert sum(call.applied for call in applied) == 20


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT to send")
async def test_the_bulk_program_ends_at_once_with_its_report_and_no_traceback_at_ctrl_c(
    tmp_path: Path,
) -> None:
    """With the exit code of a program that was interrupted."""
    fake, come = FakeOnCall(), asyncio.Event()
    for _ in range(20):
        fake.add_group(labels={"team": "SRE"})

    def choose(_: FakeRequest, name: str | None) -> Fault | None:
        if name != "resolve_alert_group":
            return None
        come.set()
        return hang()

    fake.faults.choose(choose)
    source = program(PROGRAM)
    async with (
        serve(fake) as url,
        python("-c", source, env=settings(url, DEFAULT_TOKEN), cwd=tmp_path) as process,
    ):
        await come.wait()
        process.send_signal(signal.SIGINT)
        output, words = await process.communicate()
    assert (process.returncode, words) == (130, b"")
    assert output.startswith(b"resolve: 20 alert groups: ")
    assert b"unknown" in output


async def test_the_exit_code_of_the_bulk_program_tells_that_something_is_left(
    tmp_path: Path,
) -> None:
    """As cron wants to know it."""
    fake = FakeOnCall()
    fake.add_group(labels={"team": "SRE"})
    fake.faults.add(error(403, {"detail": "Not now."}), operation="resolve_alert_group")
    source = program(PROGRAM)
    async with (
        serve(fake) as url,
        python("-c", source, env=settings(url, DEFAULT_TOKEN), cwd=tmp_path) as process,
    ):
        await process.communicate()
    assert process.returncode == 1


async def test_the_bulk_program_finishes_the_run_that_left_a_journal(tmp_path: Path) -> None:
    """Only its groups; a group that began since is left to the next run."""
    fake = FakeOnCall()
    groups = [fake.add_group(labels={"team": "SRE"}) for _ in range(20)]
    fake.faults.add(error(403, {"detail": "Not now."}), operation="resolve_alert_group")
    async with serve(fake) as url:
        async with OnCallClient(url=url, token=DEFAULT_TOKEN) as client:
            report = await client.alert_groups.bulk.resolve(
                client.alert_groups.list(state="firing", labels={"team": "SRE"}),
                journal=tmp_path / "resolve.jsonl",
                max_at_once=1,
                stop_after_failures=1,
            )
        assert report.counts[Status.NOT_ATTEMPTED] == 19
        new = fake.add_group(labels={"team": "SRE"})
        output = await _output(program(PROGRAM), url, tmp_path)
    assert output.startswith("resolve: 20 alert groups: 20 changed")
    assert {group.state for group in groups} == {"resolved"}
    assert new.state == "firing"
