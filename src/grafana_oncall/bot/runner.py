"""How a bot runs: it polls, and handles the changes of several groups at a time, until it ends."""

import asyncio
import logging
import signal
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Coroutine, Generator, Sequence
from functools import partial
from typing import Any, Final, TypeVar

import attrs

from grafana_oncall._core.aio import cancel_all
from grafana_oncall._watch.follower import Follower, Poll
from grafana_oncall.changes import Watched
from grafana_oncall.errors import ClientStateError, OnCallError

from .signals import stopped_by

T = TypeVar("T")

_logger: Final = logging.getLogger("grafana_oncall")


@attrs.frozen
class _Job:
    """Changes to be handled one after the other; what comes before, and what follows."""

    id: str | None
    changes: Sequence[Watched]
    begin: Callable[[], None]
    end: Callable[[], None]


class Runner:
    """Tells what a follower finds: of one group in order, of several at the same time."""

    def __init__(
        self,
        follower: Follower,
        tell: Callable[[Watched], Awaitable[None]],
        *,
        max_at_once: int,
    ) -> None:
        self._follower = follower
        self._tell = tell
        self._slots = asyncio.Semaphore(max_at_once)
        self._waiting = deque[_Job]()
        self.busy: set[str] = set()
        """Groups whose changes are being told."""
        self._ran = False
        self._stopping = asyncio.Event()
        self._hurries = False
        self._limit: asyncio.Timeout | None = None
        self._cut_off = 0
        self._failure: OnCallError | None = None

    @property
    def backlog(self) -> int:
        """Groups whose changes wait for a place."""
        return len(self._waiting)

    def stop(self) -> None:
        """Begins no further group, and lets `run` end; called again, ends it at once."""
        self._hurries = self._stopping.is_set()
        if self._hurries and self._limit is not None and not self._limit.expired():
            self._limit.reschedule(asyncio.get_running_loop().time())
        self._stopping.set()

    async def run(self, grace: float, signals: Collection[signal.Signals]) -> None:
        """Runs, once, until a stop, a signal or an error; then finishes within `grace` seconds."""
        if self._ran:
            raise ClientStateError("A bot runs once: make a new one.")
        with stopped_by(signals, self.stop):
            self._ran = True
            with self._follower.reading() as reader:
                await self._unless_stopped(self._follower.begin(alone=True))
                if not self._stopping.is_set():
                    await self._run(reader, grace)
        if self._failure is not None:
            raise self._failure

    async def _run(self, reader: object, grace: float) -> None:
        try:
            async with asyncio.timeout(None) as self._limit, asyncio.TaskGroup() as tasks:
                await self._work(reader, tasks)
                self._stopping.set()
                left = 0 if self._hurries else grace
                self._limit.reschedule(asyncio.get_running_loop().time() + left)
        except TimeoutError:
            _logger.warning("Stopped; %d groups were left in the middle.", self._cut_off)
        finally:
            self._limit = None

    async def _work(self, reader: object, tasks: asyncio.TaskGroup) -> None:
        """Polls, and begins to handle what is found, until something ends it."""
        while not self._stopping.is_set():
            try:
                poll = await self._unless_stopped(self._follower.poll(reader, self.busy))
                if poll is not None:
                    self._waiting.extend(self._jobs(poll))
                    await self._begin(tasks)
            except OnCallError as error:
                self._failure = error
                return

    def _jobs(self, poll: Poll) -> Generator[_Job]:
        follower = self._follower
        if poll.gap is not None:
            yield _Job(None, [poll.gap], lambda: None, partial(follower.settle_gap, poll.gap))
        for one in poll.sightings:
            begin, end = partial(follower.begin_delivery, one), partial(follower.end_delivery, one)
            yield _Job(one.id, one.changes, begin, end)

    async def _begin(self, tasks: asyncio.TaskGroup) -> None:
        """Each job that waits, as soon as there is a place for it; none after a stop."""
        while self._waiting:
            await self._unless_stopped(self._slots.acquire())
            if self._stopping.is_set():
                self._waiting.clear()
                return
            job = self._waiting.popleft()
            job.begin()
            if job.id is not None:
                self.busy.add(job.id)
            tasks.create_task(self._handle(job))

    async def _handle(self, job: _Job) -> None:
        """All its changes; they count as told when this comes to its end."""
        try:
            for change in job.changes:
                await self._tell(change)
            job.end()
        except asyncio.CancelledError:
            self._cut_off += 1
            raise
        finally:
            if job.id is not None:
                self.busy.discard(job.id)
            self._slots.release()

    async def _unless_stopped(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Its result, or None when a stop comes before."""
        working, stopping = asyncio.create_task(work), asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return None if self._stopping.is_set() else working.result()
        finally:
            await cancel_all([working, stopping])
