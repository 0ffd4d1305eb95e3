"""Replicas of a bot in virtual time, each with its own connection to one store."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final, Literal, TypeVar

import attrs

from grafana_oncall import Checkpoint, OnCallClient, Watcher
from grafana_oncall.bot import Bot
from grafana_oncall.changes import Change
from grafana_oncall.errors import CheckpointError, StoreUnavailable
from grafana_oncall.stores import Opened, StoredCheckpoint
from grafana_oncall.testing import MemoryStore, VirtualClock
from tests.support.virtual_time import passed

T = TypeVar("T")

NAME: Final = "noise"
LOG: Final = f"checkpoint:{NAME}"
"""Of the checkpoint, in the store."""

TTL: Final = 5.0
EVERY: Final = 2.0
"""Seconds from poll to poll."""

RESTART: Final = 0.5
"""Seconds until a bot that has ended is started again."""

Trouble = Literal["cut", "deaf", "held"]


class Link:
    """A connection to a store, which implements `CheckpointStore`.

    It may be cut (calls fail), deaf (calls are made and their replies are lost) or held up (calls
    are made when it is mended).
    """

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.trouble: Trouble | None = None
        self.latency = 0.0
        self.writes: list[tuple[Sequence[bytes], bool]] = []
        """The lines of each append that reached the store, and whether they replaced all."""
        self._mended = asyncio.Event()

    def break_(self, trouble: Trouble) -> None:
        """Begin to fail in this way."""
        self.trouble = trouble
        self._mended.clear()

    def mend(self) -> None:
        """Work again; what was held up arrives now."""
        self.trouble = None
        self._mended.set()

    def checkpoint(self, ttl: float = TTL) -> StoredCheckpoint:
        """The checkpoint that all replicas share."""
        return StoredCheckpoint(self, NAME, ttl)

    async def acquire(self, name: str, *, ttl: float) -> Opened | float:
        """Pass on."""
        return await self._pass(lambda: self.store.acquire(name, ttl=ttl))

    async def renew(self, name: str, fence: int, *, ttl: float) -> bool:
        """Pass on."""
        return await self._pass(lambda: self.store.renew(name, fence, ttl=ttl))

    async def release(self, name: str, fence: int) -> None:
        """Pass on."""
        await self._pass(lambda: self.store.release(name, fence))

    async def read(self, name: str) -> Sequence[bytes]:
        """Pass on."""
        return await self._pass(lambda: self.store.read(name))

    async def delete(self, name: str) -> None:
        """Pass on."""
        await self._pass(lambda: self.store.delete(name))

    async def append(
        self, name: str, fence: int, lines: Sequence[bytes], *, replace: bool = False
    ) -> bool:
        """Pass on, and remember what was written."""
        made = await self._pass(lambda: self._append(name, fence, lines, replace=replace))
        assert self.trouble != "deaf"
        return made

    async def _append(
        self, name: str, fence: int, lines: Sequence[bytes], *, replace: bool
    ) -> bool:
        made = await self.store.append(name, fence, lines, replace=replace)
        if made:
            self.writes.append(([*lines], replace))
        return made

    async def _pass(self, call: Callable[[], Awaitable[T]]) -> T:
        await asyncio.sleep(self.latency)
        if self.trouble == "cut":
            raise StoreUnavailable("The connection is cut.")
        if self.trouble == "held":
            await self._mended.wait()
        result = await call()
        if self.trouble == "deaf":
            raise StoreUnavailable("The reply is lost.")
        return result


async def stored(store: MemoryStore) -> Checkpoint | None:
    """What a replica would read now."""
    lines = await store.read(LOG)
    return Checkpoint.from_json(b"".join(lines)) if lines else None


@attrs.frozen
class Call:
    """A call of a handler."""

    life: int
    """Which bot, of all that were ever started."""
    group: str
    kind: str
    began: float
    ended: float | None
    """None if it was cancelled."""


@attrs.define
class Site:
    """A store, and everything that handlers of all replicas did."""

    oncall: OnCallClient
    clock: VirtualClock
    store: MemoryStore = attrs.field(factory=MemoryStore)
    calls: list[Call] = attrs.field(factory=list[Call])
    lasting: float = 0.0
    """Seconds that a handler takes."""
    lives: int = 0
    ends: dict[int, float] = attrs.field(factory=dict[int, float])
    """When each bot ended, or was killed."""

    def watcher(self, link: Link, *, existing: bool = True) -> Watcher:
        """Watch by a connection."""
        return self.oncall.alert_groups.watch(
            existing=existing, every=EVERY, checkpoint=link.checkpoint(), clock=self.clock
        )

    def bot(self, link: Link, **options: bool) -> Bot:
        """Make a bot whose handler records its calls."""
        self.lives += 1
        life, bot = self.lives, Bot(self.watcher(link, **options))

        @bot.on(Change)
        async def handle(change: Change) -> None:
            began, ended = passed(), None
            try:
                await asyncio.sleep(self.lasting)
                ended = passed()
            finally:
                self.calls.append(Call(life, change.id, type(change).__name__, began, ended))

        return bot

    def handled(self) -> Counter[tuple[str, str]]:
        """How often each change was handled to the end."""
        return Counter((call.group, call.kind) for call in self.calls if call.ended is not None)

    def repeated(self) -> list[float]:
        """Of what was handled to the end and yet repeated: how long before its bot ended."""
        done = sorted(
            (call for call in self.calls if call.ended is not None), key=lambda call: call.began
        )
        last = {(call.group, call.kind): call.life for call in done}
        return [
            self.ends[call.life] - (call.ended or 0)
            for call in done
            if last[call.group, call.kind] != call.life
        ]

    def assert_one_acts_at_a_time(self) -> None:
        """Nothing is begun by a bot after another one has begun."""
        calls = sorted(self.calls, key=lambda call: call.began)
        lives = [call.life for call in calls]
        turns = [life for life, before in zip(lives, [0, *lives], strict=False) if life != before]
        assert len(turns) == len({*turns}), turns


@attrs.define
class Replica:
    """A process: a supervisor starts its bot again whenever that has ended."""

    site: Site
    link: Link
    bot: Bot = attrs.field(init=False)
    _life: int = attrs.field(init=False)
    errors: list[CheckpointError | StoreUnavailable] = attrs.field(init=False, factory=list)
    _task: asyncio.Task[None] | None = None
    _stopped: bool = False

    def start(self) -> None:
        """Start the supervisor."""
        self._make()
        self._task = asyncio.create_task(self._supervise())

    def _make(self) -> None:
        self.bot = self.site.bot(self.link)
        self._life = self.site.lives

    async def _supervise(self) -> None:
        while not self._stopped:
            try:
                await self.bot.run(signals=())
            except (CheckpointError, StoreUnavailable) as error:
                self.errors.append(error)
                self.site.ends[self._life] = passed()
                await asyncio.sleep(RESTART)
                self._make()

    @property
    def leads(self) -> bool:
        """Whether it polls."""
        return not self.bot.health.standby and self.bot.health.polled is not None

    async def kill(self) -> None:
        """End it as `kill -9` does: its store hears nothing more from it."""
        self.link.break_("cut")
        self.site.ends[self._life] = passed()
        assert self._task is not None
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def terminate(self) -> None:
        """End it as SIGTERM does, which ends the supervisor, too."""
        self._stopped = True
        self.bot.stop()
        assert self._task is not None
        await self._task


def replica(site: Site) -> Replica:
    """Start a replica of its own connection."""
    made = Replica(site, Link(site.store))
    made.start()
    return made


async def until(holds: Callable[[], object], within: float = 60.0) -> float:
    """Let time pass until it is true; return the seconds that it took."""
    began = passed()
    while not holds():
        assert passed() - began < within
        await asyncio.sleep(0.01)
    return passed() - began
