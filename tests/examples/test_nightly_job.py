"""The nightly job: interrupted, killed and refused, night after night."""

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import attrs
import pytest

from grafana_oncall.testing import (
    FakeAlertGroup,
    FakeOnCall,
    FakeRequest,
    Fault,
    error,
    hang,
    serve,
)
from tests.support import examples
from tests.support.examples import FOLDER, Done
from tests.support.programs import python, settings

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no cron")

LIST, RESOLVE = "list_alert_groups", "resolve_alert_group"


@attrs.frozen
class Nights:
    """A server with noise, and a folder for the job."""

    fake: FakeOnCall
    noise: list[FakeAlertGroup]
    url: str
    folder: Path

    async def night(self) -> Done:
        """Run the job to its end."""
        return await examples.run(
            "nightly_job.py", url=self.url, token=self.fake.token, folder=self.folder
        )

    async def cut_short(self, operation: str, sent: signal.Signals) -> Done:
        """Send the job a signal while a request of this operation gets no response."""
        come = asyncio.Event()

        def choose(_: FakeRequest, name: str | None) -> Fault | None:
            if name != operation:
                return None
            come.set()
            return hang()

        self.fake.faults.choose(choose)
        command, env = str(FOLDER / "nightly_job.py"), settings(self.url, self.fake.token)
        async with python(command, env=env, cwd=self.folder) as process:
            await come.wait()
            process.send_signal(sent)
            printed, words = await process.communicate()
        self.fake.faults.clear()
        assert process.returncode is not None
        return Done(process.returncode, printed.decode(), words.decode())

    def assert_resolved_once(self) -> None:
        """All noise is resolved, and no group was resolved twice."""
        assert {group.state for group in self.noise} == {"resolved"}
        calls = [call for call in self.fake.calls if call.operation == RESOLVE]
        assert sum(call.applied for call in calls) == len(self.noise)


@pytest.fixture
async def nights(tmp_path: Path) -> AsyncGenerator[Nights]:
    """Twenty groups of noise."""
    fake = FakeOnCall()
    noise = [fake.add_group(labels={"severity": "info"}) for _ in range(20)]
    async with serve(fake) as url:
        yield Nights(fake, noise, url, tmp_path)


async def test_a_night_resolves_what_is_information_and_the_next_one_what_has_come_since(
    nights: Nights,
) -> None:
    """A critical group is left alone; nothing is logged."""
    critical = nights.fake.add_group(labels={"severity": "critical"})
    first = await nights.night()
    assert (first.code, first.words) == (0, "")
    assert first.printed.startswith("resolve: 20 alert groups: 20 changed")
    nights.assert_resolved_once()
    new = nights.fake.add_group(labels={"severity": "info"})
    assert (await nights.night()).printed.startswith("resolve: 1 alert group: 1 changed")
    assert (new.state, critical.state) == ("resolved", "firing")


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=lambda sent: sent.name)
async def test_a_signal_ends_the_job_with_its_report_and_no_traceback(
    nights: Nights, sent: signal.Signals
) -> None:
    """Eight groups are in doubt, of which the next night finds out."""
    done = await nights.cut_short(RESOLVE, sent)
    assert (done.code, done.words) == (130, "")
    assert done.printed.startswith("resolve: 20 alert groups: 8 unknown, 12 not attempted")
    assert (await nights.night()).code == 0
    nights.assert_resolved_once()


@pytest.mark.parametrize("operation", [LIST, RESOLVE])
async def test_the_next_night_heals_what_was_killed(nights: Nights, operation: str) -> None:
    """While it selects and while it acts."""
    assert (await nights.cut_short(operation, signal.SIGKILL)).code == -signal.SIGKILL
    done = await nights.night()
    assert (done.code, done.words) == (0, "")
    assert done.printed.startswith("resolve: 20 alert groups: 20 changed")
    nights.assert_resolved_once()


async def test_the_exit_code_tells_that_something_is_left(nights: Nights) -> None:
    """The report says why."""
    refusal = error(403, {"detail": "Not now."})
    nights.fake.faults.add(refusal, operation=RESOLVE, times=1)
    done = await nights.night()
    assert (done.code, done.words) == (1, "")
    assert "19 changed, 1 failed" in done.printed
    assert "Not now." in done.printed


async def test_what_ends_the_whole_job_is_one_line(nights: Nights) -> None:
    """The report is printed as well."""
    nights.fake.faults.add(error(401, {"detail": "Invalid token."}))
    done = await nights.night()
    assert (done.code, done.words.count("\n")) == (1, 1)
    assert done.words.startswith("nightly_job.py: list_alert_groups: 401 Invalid token.")
    assert "nothing was sent" in done.printed
