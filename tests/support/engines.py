"""A storm on four stacks, which the workers of a queue end, although they are killed and paused."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from subprocess import STDOUT, Popen
from typing import Final, Self

import attrs

from grafana_oncall.bulk import BulkReport, Shard, Status, collect
from grafana_oncall.stores import JournalStore
from grafana_oncall.testing import FakeOnCall, FakeRequest, Fault, RateLimit, serve, throttle
from tests.support.examples import FOLDER
from tests.support.programs import bare, python

SILENCE: Final = "silence_alert_group"
STACKS: Final = 4
GROUPS: Final = 400
"""Of each stack."""
WORKERS: Final = 4
IN_FLIGHT: Final = 2 * 8
"""Requests of a worker at a time: so many for each of its shards."""
PATIENCE: Final = 90
"""Seconds for the whole story, on a busy machine."""


@attrs.define
class Stack:
    """A server with a token, ids and a quota of its own."""

    fake: FakeOnCall
    _silences: Counter[str] = attrs.field(init=False, factory=Counter[str])
    _counted: int = attrs.field(init=False, default=0)

    @classmethod
    def make(cls, number: int) -> Self:
        """With noise, and one group that is none."""
        fake = FakeOnCall(
            seed=number,
            token=f"token-{number}",
            rate_limit=RateLimit(requests=200, window=timedelta(seconds=2)),
            latency=timedelta(milliseconds=20),
        )
        for _ in range(GROUPS):
            fake.add_group(labels={"severity": "info"})
        fake.add_group(labels={"severity": "critical"})
        return cls(fake)

    @property
    def silences(self) -> Counter[str]:
        """How often each group was silenced, by id."""
        for call in self.fake.calls[self._counted :]:
            self._counted += 1
            if call.operation == SILENCE and call.applied and call.status != 429:
                self._silences[call.path.split("/")[-3]] += 1
        return self._silences


@attrs.define
class Stacks:
    """Several, of which the first is throttled until some of what is to be done elsewhere is."""

    all: Sequence[Stack] = attrs.field(factory=lambda: [*map(Stack.make, range(STACKS))])
    are_busy: bool = False
    """Whether all are throttled."""

    def __attrs_post_init__(self) -> None:
        for stack in self.all:
            stack.fake.faults.choose(partial(self._refuse, stack))

    def _refuse(self, stack: Stack, _: FakeRequest, operation: str | None) -> Fault | None:
        first, *others = self.all
        is_early = stack is first and sum(len(other.silences) for other in others) < 200
        return throttle(1) if operation == SILENCE and (is_early or self.are_busy) else None

    async def are_quiet(self) -> None:
        """Wait until no request has come for a while."""
        before, now = -1, 0
        while before < now:
            await asyncio.sleep(0.5)
            before, now = now, sum(len(stack.fake.calls) for stack in self.all)

    @property
    def silenced(self) -> int:
        """How many groups were silenced."""
        return sum(len(stack.silences) for stack in self.all)

    @asynccontextmanager
    async def served(self) -> AsyncGenerator[str]:
        """Serve them, and yield the settings of all, as the programs take them."""
        async with AsyncExitStack() as exits:
            settings = {
                f"S{number}": {
                    "GRAFANA_ONCALL_URL": await exits.enter_async_context(serve(stack.fake)),
                    "GRAFANA_ONCALL_ACCESS_TOKEN": stack.fake.token,
                }
                for number, stack in enumerate(self.all)
            }
            yield json.dumps(settings)


@attrs.frozen
class Worker:
    """A worker in a process group of its own."""

    process: Popen[bytes]
    log: Path

    def send(self, sent: signal.Signals) -> None:
        """Send a signal to it and to its children."""
        os.killpg(self.process.pid, sent)

    def gave_up(self) -> bool:
        """Whether it has ended a shard because another has it, or the store did not respond."""
        return "the journal cannot be written" in self.log.read_text()


@attrs.frozen(kw_only=True)
class Engine:
    """A program of the examples, and what its queue needs."""

    program: str
    worker: Sequence[str]
    """Arguments of Python for a worker."""
    env: Mapping[str, str]
    store: JournalStore
    listening: Callable[[], Awaitable[int]]
    """Tells how many workers listen."""

    async def run(self, command: str, env: Mapping[str, str], lines: str = "") -> str:
        """Run a command of the program, which must end well; return what it printed."""
        arguments = (str(FOLDER / self.program), command)
        async with python(*arguments, env=env, stdin=PIPE, patience=PATIENCE) as process:
            printed, words = await process.communicate(lines.encode())
        assert (process.returncode, words) == (0, b""), words.decode()
        return printed.decode()

    @contextmanager
    def started(self, env: Mapping[str, str], log: Path) -> Generator[Worker]:
        """Run a worker, which does not outlive the block, and neither do its children."""
        command = [sys.executable, *self.worker]
        with log.open("wb") as output:
            process = Popen(
                command, env=env, cwd=FOLDER, stdout=output, stderr=STDOUT, start_new_session=True
            )
        worker = Worker(process, log)
        try:
            yield worker
        finally:
            with suppress(ProcessLookupError):  # all have ended
                worker.send(signal.SIGKILL)
            process.wait()
            sys.stdout.write(log.read_text())


@attrs.frozen(kw_only=True)
class Story:
    """What has become of a storm."""

    stacks: Stacks
    messages: Sequence[Mapping[str, str]]
    """In the order in which they were enqueued."""
    printed: str
    """By the command `report`."""
    report: BulkReport

    def assert_each_group_was_silenced_once(self) -> None:
        """It has one outcome, and only what was in flight in a lost worker is in doubt."""
        silences = [stack.silences for stack in self.stacks.all]
        noise = {group.id for group in self.report.outcomes}
        assert [group for each in silences for group in each if each[group] > 1] == []
        assert {group for each in silences for group in each} == noise
        assert len(self.report.outcomes) == len(noise) == STACKS * GROUPS
        changed, unknown = (self.report.counts[each] for each in (Status.CHANGED, Status.UNKNOWN))
        assert (changed + unknown, self.report.finished) == (len(noise), True)
        assert unknown <= 2 * IN_FLIGHT
        assert f"silence: 1,600 alert groups: {changed:,} changed" in self.printed

    def assert_the_stacks_took_turns(self) -> None:
        """Each round has a shard of every stack."""
        names = [message["stack"] for message in self.messages]
        assert names == [f"S{number}" for number in range(STACKS)] * (len(names) // STACKS)


async def survive(engine: Engine, folder: Path) -> Story:
    """Kill a worker, pause one that waits to send, and wake it when others have done its work."""
    stacks = Stacks()
    async with asyncio.timeout(PATIENCE), AsyncExitStack() as exits:
        settings = await exits.enter_async_context(stacks.served())
        env = {**bare(), **engine.env, "STACKS": settings}
        lines = await engine.run("select", env)
        assert stacks.silenced == 0
        killed, paused, *others = [
            exits.enter_context(engine.started(env, folder / f"{number}.log"))
            for number in range(WORKERS)
        ]
        while await engine.listening() < WORKERS:  # noqa: ASYNC110  # other processes do it
            await asyncio.sleep(0.1)
        await engine.run("enqueue", env, lines)
        reporting = asyncio.create_task(engine.run("report", env, lines))
        await until(lambda: stacks.silenced > 80)
        killed.send(signal.SIGKILL)
        await until(lambda: stacks.silenced > 160)
        stacks.are_busy = True
        await stacks.are_quiet()  # all that workers have announced waits; nothing is being sent
        paused.send(signal.SIGSTOP)
        stacks.are_busy = False
        await until(lambda: stacks.silenced == STACKS * GROUPS)
        printed = await reporting
        paused.send(signal.SIGCONT)
        await until(paused.gave_up)
        for worker in (paused, *others):
            worker.process.terminate()
        await until(lambda: [each.process.poll() for each in (paused, *others)] == [0, 0, 0])
    messages = [json.loads(line) for line in lines.splitlines()]
    shards = [Shard.from_json(message["shard"]) for message in messages]
    report = await collect(shards, journal=engine.store)
    return Story(stacks=stacks, messages=messages, printed=printed, report=report)


async def until(holds: Callable[[], object]) -> None:
    """Poll until it is true."""
    while not holds():  # noqa: ASYNC110  # other processes do it
        await asyncio.sleep(0.02)
