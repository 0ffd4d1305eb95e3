"""Bots that are stopped by signals or killed, and restarted: real processes and sockets."""

import asyncio
import signal
import sys
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from functools import partial
from pathlib import Path

import attrs
import pytest

from grafana_oncall import Checkpoint
from grafana_oncall.testing import FakeAlertGroup, FakeOnCall, serve
from tests.support.programs import PATIENCE, python, settings

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="signals are those of Linux")

PROGRAM = Path(__file__).parents[1] / "support" / "bot_program.py"
AT_ONCE = 8
"""Groups that the program handles at the same time."""

GET, ACKNOWLEDGE = "get_alert_group", "acknowledge_alert_group"

SIGNALS = pytest.mark.parametrize(
    "sent", [signal.SIGTERM, signal.SIGINT], ids=lambda sent: sent.name
)


async def until(holds: Callable[[], object]) -> None:
    """Poll until it is true."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110  # another process does it
            await asyncio.sleep(0.005)


@attrs.frozen(kw_only=True)
class Site:
    """A server, and the bots that run against it one after the other."""

    fake: FakeOnCall
    url: str
    checkpoint: Path

    def bot(self) -> AbstractAsyncContextManager[Process]:
        """Run the program in a process of its own, which does not outlive the block."""
        command = (str(PROGRAM), str(self.checkpoint))
        return python(*command, env=settings(self.url, self.fake.token))

    async def finish(self) -> None:
        """Run a last bot, which does what is left, polls for a while, and is stopped."""
        before = len(self.fake.calls)
        async with self.bot() as process:
            await until(lambda: self.handled() >= {*self.fake.groups})
            await until(lambda: len(self.fake.calls) > before + 10)
            process.terminate()
            assert await ended(process) == 0

    def add(self, title: str = "Quick") -> FakeAlertGroup:
        """Add a group of the team."""
        return self.fake.add_group(title=title, labels={"team": "SRE"})

    def slow(self, number: int) -> list[FakeAlertGroup]:
        """Add groups whose handlers wait until they are released."""
        return [self.add(f"Slow {one}") for one in range(number)]

    def release(self, groups: list[FakeAlertGroup]) -> None:
        """Let their handlers continue."""
        for group in groups:
            if group.state == "firing":
                group.silenced_at = self.fake.now()

    def requested(self, operation: str) -> Counter[str]:
        """How often each group was requested."""
        calls = (call for call in self.fake.calls if call.operation == operation)
        return Counter(call.path.split("/")[4] for call in calls)

    def handled(self) -> set[str]:
        """Groups that were acknowledged."""
        return {*self.requested(ACKNOWLEDGE)}

    def delivered(self) -> set[str]:
        """Groups that were delivered, by the checkpoint."""
        checkpoint = Checkpoint.load(self.checkpoint)
        return set() if checkpoint is None else {group.id for group in checkpoint.groups}

    async def begun(self, groups: list[FakeAlertGroup]) -> None:
        """Wait until their handlers run."""
        await until(lambda: {*self.requested(GET)} >= {group.id for group in groups})


@pytest.fixture
async def site(tmp_path: Path) -> AsyncGenerator[Site]:
    """A server without groups, and no checkpoint yet."""
    fake = FakeOnCall()
    async with serve(fake) as url:
        yield Site(fake=fake, url=url, checkpoint=tmp_path / "checkpoint.json")


async def ended(process: Process) -> int:
    """Return its exit status; if that is 0, it has reached the end of its program."""
    printed, words = await process.communicate()
    assert "Traceback" not in words.decode()
    assert (process.returncode == 0) == printed.startswith(b"BotHealth(")
    return process.returncode or 0


def _is_handled(site: Site, group: FakeAlertGroup) -> bool:
    return group.id in site.handled()


@SIGNALS
async def test_a_signal_lets_it_finish_what_is_in_flight(site: Site, sent: signal.Signals) -> None:
    """It begins nothing more and exits with 0; the next bot does the rest, and nothing twice."""
    slow = site.slow(AT_ONCE - 1)
    async with site.bot() as process:
        await site.begun(slow)
        process.send_signal(sent)
        requests = site.requested(GET).total()
        # The signal has arrived once its handlers have read groups again; a poll is over by then.
        await until(lambda: site.requested(GET).total() > requests + 4 * len(slow))
        late = site.add()
        await until(lambda: site.requested(GET).total() > requests + 8 * len(slow))
        assert site.handled() == set()
        site.release(slow)
        assert await ended(process) == 0
    assert site.requested(ACKNOWLEDGE) == Counter(group.id for group in slow)
    await site.finish()
    assert site.requested(ACKNOWLEDGE) == Counter(group.id for group in [*slow, late])


async def test_a_second_signal_ends_it_at_once(site: Site) -> None:
    """The next bot does what was in flight."""
    slow = site.slow(2)
    async with site.bot() as process:
        await site.begun(slow)
        process.terminate()
        requests = site.requested(GET).total()
        await until(lambda: site.requested(GET).total() > requests + 4)
        process.send_signal(signal.SIGINT)
        assert await ended(process) == 0
    assert site.handled() == set()
    site.release(slow)
    await site.finish()
    assert site.requested(ACKNOWLEDGE) == Counter(group.id for group in slow)


async def test_a_signal_ends_it_when_it_has_nothing_to_do(site: Site) -> None:
    """Between two polls, or during one."""
    group = site.add()
    async with site.bot() as process:
        await until(lambda: group.id in site.handled())
        polls = len(site.fake.calls)
        await until(lambda: len(site.fake.calls) > polls + 5)
        process.terminate()
        assert await ended(process) == 0
    assert group.id in site.delivered()


async def test_a_bot_that_is_killed_in_a_handler_resumes(site: Site) -> None:
    """What was delivered is not repeated; what was in flight is."""
    done = site.add()
    async with site.bot() as process:
        await until(lambda: done.id in site.delivered())
        slow = site.slow(AT_ONCE)
        await site.begun(slow)
        process.kill()
        assert await ended(process) == -signal.SIGKILL
    assert site.handled() == site.delivered() == {done.id}
    site.release(slow)
    await site.finish()
    assert site.requested(ACKNOWLEDGE) == Counter(group.id for group in [done, *slow])


@pytest.mark.parametrize("moment", [1, 13])
async def test_a_bot_that_is_killed_between_two_checkpoints_resumes(
    site: Site, moment: int
) -> None:
    """Every group is handled; those in the checkpoint are handled once."""
    groups = [site.add() for _ in range(25)]
    site.fake.latency = timedelta(milliseconds=20)
    async with site.bot() as process:
        await until(lambda: site.requested(ACKNOWLEDGE).total() >= moment)
        process.kill()
        assert await ended(process) == -signal.SIGKILL
    site.fake.latency = timedelta(0)
    delivered, before = site.delivered(), site.handled()
    assert delivered <= before
    await site.finish()
    assert site.handled() == {group.id for group in groups}
    times = site.requested(ACKNOWLEDGE)
    assert {times[one] for one in delivered} <= {1}
    assert {one for one, number in times.items() if number > 1} == before - delivered
    assert max(times.values()) <= 2


async def test_what_was_handled_long_before_a_kill_is_not_repeated(site: Site) -> None:
    """Although all of it arrived at once, and nothing after it."""
    groups = [site.add() for _ in range(10)]
    async with site.bot() as process:
        await until(lambda: site.handled() >= {group.id for group in groups})
        handled = asyncio.get_running_loop().time()
        await until(lambda: asyncio.get_running_loop().time() > handled + 0.2)
        process.kill()
        assert await ended(process) == -signal.SIGKILL
    last = site.add()
    await site.finish()
    assert site.requested(ACKNOWLEDGE) == Counter(group.id for group in [*groups, last])


async def test_a_bot_that_is_killed_repeatedly_does_everything(site: Site) -> None:
    """While new groups arrive."""
    for turn in range(2):
        slow, quick = site.slow(2), site.add()
        async with site.bot() as process:
            await site.begun(slow)
            await until(partial(_is_handled, site, quick))
            if turn:
                site.release(slow)
            process.kill()
            assert await ended(process) == -signal.SIGKILL
    site.release([*site.fake.groups.values()])
    await site.finish()
    assert site.handled() == {*site.fake.groups}
    assert max(site.requested(ACKNOWLEDGE).values()) <= 4
