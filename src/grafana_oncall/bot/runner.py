"""Running a bot: poll, and handle the changes of several groups at a time, until it stops.

How it works, and why order holds. A job is all changes of one group that a poll found; they are
handled one after the other, in one task. Until the job ends, the group is busy, and polls leave it
out, so there is never a second job of the same group, and no queue per group: what happens
meanwhile is found afterwards, as one difference. The next poll begins when every job has started,
so a backlog does not grow either.

A stop, an error of a poll, or a checkpoint that cannot be written ends the polling. Jobs that have
started are then finished within the grace period; jobs that have not are dropped, because the next
bot finds their changes again. Where another replica leads, or may lead from now on, there is no
grace: what has started is cancelled.
"""

import asyncio
import logging
import signal
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Coroutine, Generator, Sequence
from functools import partial
from typing import Any, Final, TypeVar

import attrs

from grafana_oncall._core.aio import call_in, cancel_all
from grafana_oncall._watch.follower import Follower, Poll
from grafana_oncall.changes import Watched
from grafana_oncall.errors import CheckpointError, ClientStateError, OnCallError

from .signals import stopped_by

T = TypeVar("T")

_logger: Final = logging.getLogger("grafana_oncall")


@attrs.frozen
class _Job:
    """Changes to handle one after the other, and how to mark them before and afterwards."""

    id: str | None
    """Of the group; None for a gap."""
    changes: Sequence[Watched]
    mark_in_flight: Callable[[], Awaitable[None]]
    mark_delivered: Callable[[], None]


class Runner:
    """Delivers what a follower finds: in order per group, for several groups concurrently."""

    def __init__(
        self,
        follower: Follower,
        deliver: Callable[[Watched], Awaitable[None]],
        *,
        max_at_once: int,
    ) -> None:
        self._follower = follower
        self._deliver = deliver
        self._slots = asyncio.Semaphore(max_at_once)
        self._waiting = deque[_Job]()
        self.busy: set[str] = set()
        """Groups whose changes are being delivered."""
        self._loop: asyncio.AbstractEventLoop | None = None
        """Where it has run; None before."""
        self._stopping = asyncio.Event()
        self._force_stop = False
        self._grace: asyncio.Timeout | None = None
        self._cancelled = 0
        self._failure: OnCallError | None = None

    @property
    def backlog(self) -> int:
        """Number of groups whose changes wait for a slot."""
        return len(self._waiting)

    def stop(self) -> None:
        """Start no further job, and let `run` finish; called twice, cancel what still runs.

        Any thread may call it.
        """
        call_in(self._loop, self._stop)

    def _stop(self) -> None:
        self._force_stop = self._stopping.is_set()
        if self._force_stop and self._grace is not None and not self._grace.expired():
            self._grace.reschedule(asyncio.get_running_loop().time())
        self._stopping.set()

    def _lose(self, error: CheckpointError) -> None:
        """Cancel what runs, because another replica leads, or may lead from now on."""
        self._fail(error)
        self._stop()

    def _fail(self, error: OnCallError) -> None:
        self._failure = self._failure or error
        self._stopping.set()

    async def run(self, grace: float, signals: Collection[signal.Signals]) -> None:
        """Run, once, until a stop, a signal or an error; then finish within `grace` seconds."""
        if self._loop is not None:
            raise ClientStateError("A bot runs once: make a new one.")
        with stopped_by(signals, self.stop):
            self._loop = asyncio.get_running_loop()
            async with self._follower.reading() as reader:
                await self._unless_stopped(self._follower.begin(self._lose))
                if not self._stopping.is_set():
                    await self._run(reader, grace)
        if self._failure is not None:
            raise self._failure

    async def _run(self, reader: object, grace: float) -> None:
        try:
            async with asyncio.timeout(None) as self._grace, asyncio.TaskGroup() as tasks:
                await self._poll(reader, tasks)
                self._stopping.set()
                left = 0 if self._force_stop else grace
                self._grace.reschedule(asyncio.get_running_loop().time() + left)
        except TimeoutError:
            _logger.warning(
                "The bot stopped while %d groups were being handled; the next bot with its "
                "checkpoint handles them again.",
                self._cancelled,
            )
        finally:
            self._grace = None

    async def _poll(self, reader: object, tasks: asyncio.TaskGroup) -> None:
        """Poll, and start to handle what is found, until a stop or an error."""
        while not self._stopping.is_set():
            try:
                poll = await self._unless_stopped(self._follower.poll(reader, self.busy))
                if poll is not None:
                    self._waiting.extend(self._jobs(poll))
                    await self._start(tasks)
            except OnCallError as error:
                self._fail(error)

    def _jobs(self, poll: Poll) -> Generator[_Job]:
        follower, gap = self._follower, poll.gap
        if gap is not None:
            yield _Job(
                None,
                [gap],
                follower.mark_gap_in_flight,
                partial(follower.mark_gap_delivered, gap),
            )
        for changes in poll.changed:
            yield _Job(
                changes.id,
                changes.changes,
                partial(follower.mark_in_flight, changes),
                partial(follower.mark_delivered, changes),
            )

    async def _start(self, tasks: asyncio.TaskGroup) -> None:
        """Start each waiting job as soon as there is a slot for it; after a stop, drop the rest."""
        while self._waiting:
            await self._unless_stopped(self._slots.acquire())
            if self._stopping.is_set():
                self._waiting.clear()
                return
            job = self._waiting.popleft()
            if job.id is not None:
                self.busy.add(job.id)
            tasks.create_task(self._handle(job))

    async def _handle(self, job: _Job) -> None:
        """Deliver all changes of a job; they count as delivered when this returns."""
        try:
            await job.mark_in_flight()
            if not self._stopping.is_set():
                for change in job.changes:
                    await self._deliver(change)
                job.mark_delivered()
        except CheckpointError as error:
            self._fail(error)
        except asyncio.CancelledError:
            self._cancelled += 1
            raise
        finally:
            if job.id is not None:
                self.busy.discard(job.id)
            self._slots.release()

    async def _unless_stopped(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Return the result of `work`, or cancel it and return None when a stop comes first."""
        working, stopping = asyncio.create_task(work), asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return None if self._stopping.is_set() else working.result()
        finally:
            await cancel_all([working, stopping])
