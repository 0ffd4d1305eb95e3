"""Replicas of a bot that are killed, paused and stopped: real processes, sockets and stores."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from io import FileIO
from pathlib import Path

import attrs
import pytest

from grafana_oncall._core.files import lock, unlock
from grafana_oncall.testing import FakeOnCall, serve
from tests.support.programs import PATIENCE, python, settings
from tests.support.redis_server import redis_server

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="signals are those of Linux")

PROGRAM = Path(__file__).parents[1] / "support" / "replica_program.py"
NAMES = ("a", "b", "c")
AT_ONCE = 8


@attrs.frozen
class Line:
    """What a replica has noted."""

    time: float
    name: str
    life: int
    what: str
    group: str


@attrs.frozen
class Site:
    """A server, and the journal of all replicas."""

    fake: FakeOnCall
    journal: Path

    def lines(self, what: str | None = None) -> list[Line]:
        """What they have noted, in order of time."""
        text = self.journal.read_text() if self.journal.exists() else ""
        lines = [Line(*json.loads(line)) for line in text.splitlines()]
        return sorted((one for one in lines if what in {None, one.what}), key=lambda one: one.time)

    def leader(self) -> str:
        """The one that has begun last."""
        return self.lines("begin")[-1].name

    async def another_leads(self, *others: str) -> str:
        """Wait until a replica begins that is none of these."""
        await until(lambda: self.leader() not in others)
        return self.leader()

    async def keep_adding(self) -> None:
        """Let groups arrive, ten a second."""
        while True:
            self.fake.add_group(labels={"team": "SRE"})
            await asyncio.sleep(0.1)


async def until(holds: Callable[[], object]) -> None:
    """Poll until it is true."""
    async with asyncio.timeout(2 * PATIENCE):
        while not holds():  # noqa: ASYNC110  # other processes do it
            await asyncio.sleep(0.01)


@asynccontextmanager
async def adding(site: Site) -> AsyncGenerator[None]:
    """Let groups arrive during the block."""
    task = asyncio.create_task(site.keep_adding())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def pause(process: Process, directory: Path) -> None:
    """Stop a process for now, though not while it has a log of a directory locked."""
    process.send_signal(signal.SIGSTOP)
    await until(lambda: is_stopped(process.pid))
    while has_locks(directory):
        process.send_signal(signal.SIGCONT)
        await asyncio.sleep(0.01)
        process.send_signal(signal.SIGSTOP)
        await until(lambda: is_stopped(process.pid))


def is_stopped(pid: int) -> bool:
    """Whether the signal has come to all threads of a process."""
    threads = Path(f"/proc/{pid}/task").glob("*/stat")
    return all(thread.read_text().rpartition(")")[2].split()[0] == "T" for thread in threads)


def has_locks(directory: Path) -> bool:
    """Whether a process has locked a log, be it one that runs, and for a moment."""
    for path in directory.glob("*.lock"):
        with FileIO(path) as file:
            try:
                lock(file)
            except BlockingIOError:
                return True
            unlock(file)
    return False


@pytest.mark.parametrize("kind", ["redis", "files"])
async def test_replicas_that_are_killed_paused_and_stopped_lose_nothing(
    tmp_path: Path, kind: str
) -> None:
    """An old leader begins nothing once a new one has begun; few things are done twice."""
    fake = FakeOnCall()
    site = Site(fake, tmp_path / "journal")
    async with AsyncExitStack() as stack:
        directory = tmp_path / "store"
        place = str(directory)
        if kind == "redis":
            place = stack.enter_context(redis_server(tmp_path)).uri
        url = await stack.enter_async_context(serve(fake))
        env = settings(url, fake.token, PYTHONPATH=str(Path(__file__).parents[2]))
        replicas: dict[str, Process] = {}
        for name in NAMES:
            command = (str(PROGRAM), name, place, str(site.journal))
            replicas[name] = await stack.enter_async_context(
                python(*command, env=env, patience=4 * PATIENCE)
            )
        await until(lambda: len(site.lines("ready")) == len(NAMES))
        async with adding(site):
            await until(lambda: len(site.lines("end")) > 10)
            killed = site.leader()
            replicas[killed].kill()
            paused = await site.another_leads(killed)
            await pause(replicas[paused], directory)
            stopped = await site.another_leads(killed, paused)
            replicas[paused].send_signal(signal.SIGCONT)
            await until(lambda: len([one for one in site.lines("ready") if one.life]) > 0)
            replicas[stopped].terminate()
            await site.another_leads(killed, stopped)
        await until(lambda: {one.group for one in site.lines("end")} == {*fake.groups})
        replicas[paused].terminate()
        await replicas[paused].wait()
    begun = site.lines("begin")
    turns = [one for one, before in zip(begun, [None, *begun], strict=False) if _other(one, before)]
    assert len(turns) == len({(one.name, one.life) for one in turns}), turns
    assert {one.group for one in begun} == {*fake.groups}
    repeated = Counter(one.group for one in begun)
    assert sum(repeated.values()) - len(repeated) <= AT_ONCE * (len(turns) - 1)
    assert all(
        one.what in {"ready", "begin", "end"} or "replica" in one.what for one in site.lines()
    )


def _other(one: Line, before: Line | None) -> bool:
    return before is None or (one.name, one.life) != (before.name, before.life)
