"""Consumers that are killed at any moment, among actors and faults, end with what is true.

After a kill the consumer gets nothing more, and the next one has its file as it was then.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import attrs
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from grafana_oncall import OnCallClient, Watcher
from grafana_oncall.bot import Bot
from grafana_oncall.changes import Change
from tests.facade.watch.test_chaos import LABEL, Chaos, Tape
from tests.support import virtual_time
from tests.support.budget import budget
from tests.support.mirrors import View, follow, on_server
from tests.support.samples import BASE
from tests.support.watchers import EVERY, SRE, enter


@attrs.define
class Life:
    """A consumer until its death, which happens at one of the moments in which it acts."""

    chaos: Chaos
    model: dict[str, View]
    checkpoint: Path
    moments: int | None
    left: bytes | None = None
    """Its file at that moment."""
    died: asyncio.Event = attrs.field(factory=asyncio.Event)
    received: dict[str, Change] = attrs.field(factory=dict[str, Change])
    """The last change of each group."""

    def is_alive(self) -> bool:
        """Whether it still lives; uses up one moment."""
        if self.moments is not None and not self.died.is_set():
            self.moments -= 1
            if self.moments < 0:
                self.die()
        return not self.died.is_set()

    def die(self) -> None:
        """Stop everything, and keep the file as it is."""
        if not self.died.is_set():
            self.died.set()
            self.left = self.checkpoint.read_bytes() if self.checkpoint.exists() else None

    async def take(self, change: Change) -> None:
        """Handle a change."""
        if self.is_alive():
            self.chaos.check(change)
            self.received[change.id] = change
            await asyncio.sleep(self.chaos.tape.below(3))
        if self.is_alive():
            follow(self.model, change, LABEL)
            await asyncio.sleep(self.chaos.tape.below(3))
        self.is_alive()

    def undo(self) -> None:
        """Let others undo some of the last changes it received."""
        for change in [*self.received.values()][-4:]:
            group = self.chaos.fake.groups.get(change.id)
            if group is None or self.chaos.tape.below(3) == 0:
                continue
            if change.before is None:
                del self.chaos.fake.groups[change.id]
            else:
                enter(group, change.before.state, self.chaos.fake)
                group.labels[:] = change.before.labels
        self.chaos.note()

    async def as_bot(self, watcher: Watcher) -> None:
        """Run as a bot: several groups at a time."""
        bot = Bot(watcher, max_at_once=3)
        bot.on(Change)(self.take)
        await bot.run(signals=())

    async def as_loop(self, watcher: Watcher) -> None:
        """Run as a loop: one change after the other."""
        async for event in watcher:
            if isinstance(event, Change):
                await self.take(event)


async def lives(drawn: bytes, moments: Sequence[int], folder: Path, *, bots: bool) -> None:
    """Each life has so many moments, and at most five minutes; the last has no faults."""
    chaos, model = Chaos(Tape(drawn)), dict[str, View]()
    async with OnCallClient(
        url=BASE, token=chaos.fake.token, transport=chaos.fake.transport(), timeout=5
    ) as client:
        left: bytes | None = None
        for number, most in enumerate([*moments, None]):
            path = folder / str(number)
            if left is not None:
                path.write_bytes(left)
            life = Life(chaos, model, path, most)
            left = await lived(life, client, bots=bots)
            if most is not None:
                life.undo()
        assert model == on_server(chaos.fake, LABEL)


async def lived(life: Life, client: OnCallClient, *, bots: bool) -> bytes | None:
    """Run a life, and return the file that it leaves."""
    watcher = client.alert_groups.watch(
        clock=virtual_time.now,
        labels=SRE,
        existing=True,
        checkpoint=life.checkpoint,
        every=EVERY,
        max_pages=2,
    )
    seconds = 20 * EVERY
    if life.moments is None:
        life.chaos.fake.faults.clear()
        seconds = (len(life.chaos.fake.groups) + 30) * EVERY  # enough for all pages to be read
    task = asyncio.create_task(life.as_bot(watcher) if bots else life.as_loop(watcher))
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await life.died.wait()
    life.die()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return life.left


@settings(
    max_examples=budget(8, hunt=3000),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    drawn=st.binary(max_size=400),
    moments=st.lists(st.integers(0, 60), min_size=1, max_size=5),
    bots=st.booleans(),
)
@example(drawn=bytes(range(256)) * 4, moments=[5, 14, 20, 26, 31], bots=True)
@example(drawn=bytes(range(256)) * 4, moments=[5, 14, 20, 26, 31], bots=False)
def test_a_consumer_that_is_killed_at_any_moment_ends_with_what_the_server_has(
    drawn: bytes, moments: list[int], *, bots: bool
) -> None:
    """In a handler, before or after its action, or while it waits; all changes are true."""
    with tempfile.TemporaryDirectory() as folder:
        virtual_time.run(lives(drawn, moments, Path(folder), bots=bots))
