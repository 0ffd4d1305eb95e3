"""A runner for bots: handlers of changes, some at a time, in order for each group.

bot = Bot(client.alert_groups.watch(labels={"team": "SRE"}, checkpoint="bot.json"))

@bot.on(Created)
async def acknowledge(change: Created) -> None:
    await client.alert_groups.acknowledge(change.id)

await bot.run()  # until SIGTERM or SIGINT
"""

import asyncio
import inspect
import logging
import signal
from collections.abc import Awaitable, Callable, Collection, Coroutine, Generator, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial
from math import ldexp
from random import Random
from typing import Any, Final, TypeAlias, TypeVar, overload

import attrs

from ._arguments import duration, of_type, whole
from ._follow import Poll
from ._retry import RetryPolicy
from ._signals import stopped_by
from ._values import shown
from ._watch import Watcher, follower_of
from .changes import Change, Gap, Watched
from .errors import ClientStateError, InvalidArgument, OnCallError

__all__ = ["Bot", "BotHealth", "DeadLetter"]

T = TypeVar("T")
W = TypeVar("W", bound=Watched)
A = TypeVar("A", bound=Watched)
B = TypeVar("B", bound=Watched)
C = TypeVar("C", bound=Watched)
Handler: TypeAlias = Callable[[W], Awaitable[object]]

_logger: Final = logging.getLogger("grafana_oncall")


@attrs.frozen(kw_only=True)
class DeadLetter:
    """A change with which a handler failed at every attempt."""

    change: Watched
    handler: str
    """Name of the handler."""
    error: Exception
    """Of the last attempt."""
    attempts: int


@attrs.frozen(kw_only=True)
class BotHealth:
    """How a bot is, for a liveness probe."""

    polled: datetime | None
    """When groups were last read; None before the first time."""
    lag: timedelta | None
    """Time since then; with an outage, or with a backlog, it grows beyond the watcher's `every`."""
    failures: int
    """How many polls have failed since then."""
    watched: int
    """How many groups are known."""
    busy: int
    """Groups whose changes are being handled."""
    backlog: int
    """Groups whose changes wait for a free handler."""
    dead_letters: int
    """How many there were."""


@attrs.frozen
class _Job:
    """Changes to be handled one after the other, and what follows when they are."""

    id: str | None
    changes: Sequence[Watched]
    settle: Callable[[], None]


class Bot:
    """Runs handlers for the changes that a watcher finds.

    The changes of one group are handled one after the other, those of several groups at the same
    time. While a group's changes are handled, what happens to it is not told, and is told as one
    difference afterwards. A change counts as told, and goes into the checkpoint, when all its
    handlers are through: so each is handled at least once, also after a `kill -9`.

    Args:
        watcher: From `client.alert_groups.watch(…)`; its checkpoint is kept by the bot.
        max_at_once: Most groups whose changes are handled at the same time.
        retry: How often and after which delays a handler that raised is called again.
        on_dead_letter: Awaited with each `DeadLetter`; without one, they are logged as errors. When
            it raises, that is logged.
        random: Gives numbers from 0 to 1, for the jitter of delays.
    """

    def __init__(
        self,
        watcher: Watcher,
        *,
        max_at_once: int = 8,
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008  # frozen
        on_dead_letter: Callable[[DeadLetter], Awaitable[object]] | None = None,
        random: Callable[[], float] = Random().random,  # noqa: B008, S311  # jitter is no secret
    ) -> None:
        self._watcher = of_type("watcher", watcher, Watcher)
        self._follower = follower_of(watcher)
        self._retry = of_type("retry", retry, RetryPolicy)
        self._on_dead_letter = on_dead_letter
        self._random = random
        self._handlers: list[tuple[tuple[type[Any], ...], Handler[Any]]] = []
        self._slots = asyncio.Semaphore(whole("max_at_once", max_at_once))
        self._busy: set[str] = set()
        self._backlog = 0
        self._dead_letters = 0
        self._stopping = asyncio.Event()
        self._hurries = False
        self._limit: asyncio.Timeout | None = None
        self._ran = False
        self._cut_off = 0
        self._failure: OnCallError | None = None

    @overload
    def on(self, kind: type[A], /) -> Callable[[Handler[A]], Handler[A]]: ...
    @overload
    def on(
        self, kind: type[A], other: type[B], /
    ) -> Callable[[Handler[A | B]], Handler[A | B]]: ...
    @overload
    def on(
        self, kind: type[A], other: type[B], third: type[C], /
    ) -> Callable[[Handler[A | B | C]], Handler[A | B | C]]: ...
    @overload
    def on(self, *kinds: type[W]) -> Callable[[Handler[W]], Handler[W]]: ...
    def on(self, *kinds: type[Any]) -> Callable[[Handler[Any]], Handler[Any]]:
        """Registers an async function for changes of these kinds, `Gap` included.

        `Change` stands for all kinds of changes. Several handlers of one change are called in the
        order of their registration.
        """
        if not kinds or not all(_is_kind(kind) for kind in kinds):
            message = f"on: classes of grafana_oncall.changes are needed, not {shown(kinds)}."
            raise InvalidArgument(message, argument="kinds")

        def register(handler: Handler[Any]) -> Handler[Any]:
            if not inspect.iscoroutinefunction(handler):
                message = f"{shown(handler)}: a handler is an async function."
                raise InvalidArgument(message, argument="handler")
            self._handlers.append((kinds, handler))
            return handler

        return register

    @property
    def health(self) -> BotHealth:
        """How it is now."""
        watched = self._watcher.health
        return BotHealth(
            polled=watched.polled,
            lag=watched.lag,
            failures=watched.failures,
            watched=watched.watched,
            busy=len(self._busy),
            backlog=self._backlog,
            dead_letters=self._dead_letters,
        )

    def hint(self, alert_group_id: str) -> None:
        """Something may have happened to this group, as a webhook says; see `Watcher.hint`."""
        self._watcher.hint(alert_group_id)

    def stop(self) -> None:
        """Begins no further change, and lets `run` end; called again, ends it at once."""
        self._hurries = self._stopping.is_set()
        if self._hurries and self._limit is not None and not self._limit.expired():
            self._limit.reschedule(asyncio.get_running_loop().time())
        self._stopping.set()

    async def run(
        self,
        *,
        grace: timedelta | float = timedelta(seconds=30),
        signals: Collection[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
    ) -> None:
        """Runs until `stop`, a signal, or an error that waiting cannot help.

        Then what is being handled is finished, with all its attempts; what has not ended after
        `grace` is cancelled, and is told again by the next watcher of the checkpoint.

        Args:
            grace: Longest time to finish, as a timedelta or in seconds.
            signals: Those that stop the bot; none where somebody else handles signals, and none
                outside the main thread.

        Raises:
            OnCallError: What `Watcher` raises.
            ClientStateError: It runs already, or has run; or its watcher is read by another.
        """
        if self._ran:
            raise ClientStateError("A bot runs once: make a new one.")
        seconds = duration("grace", grace).total_seconds()
        self._ran = True
        with stopped_by(signals, self.stop):
            async with AsyncExitStack() as stack:
                reading = self._follower.reading(alone=True)
                reader = await self._unless_stopped(stack.enter_async_context(reading))
                if reader is not None:
                    await self._run(reader, seconds)
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
        while True:
            try:
                poll = await self._unless_stopped(self._follower.poll(reader, self._busy))
            except OnCallError as error:
                self._failure = error
                return
            found = [] if poll is None else [*self._jobs(poll)]
            self._backlog = len(found)
            for job in found:
                await self._unless_stopped(self._slots.acquire())
                if self._stopping.is_set():
                    break
                self._backlog -= 1
                if job.id is not None:
                    self._busy.add(job.id)
                tasks.create_task(self._handle(job))
            if self._stopping.is_set():
                self._backlog = 0
                return

    def _jobs(self, poll: Poll) -> Generator[_Job]:
        if poll.gap is not None:
            gap = poll.gap
            yield _Job(None, [gap], lambda: self._follower.settle_gap(gap))
        for sighting in poll.sightings:
            yield _Job(sighting.id, sighting.changes, partial(self._follower.settle, sighting))

    async def _unless_stopped(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Its result, or None when the bot is stopped before."""
        working, stopping = asyncio.create_task(work), asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return None if self._stopping.is_set() else working.result()
        finally:
            working.cancel()
            stopping.cancel()
            await asyncio.gather(working, stopping, return_exceptions=True)

    async def _handle(self, job: _Job) -> None:
        """All its changes; they are told when this comes to its end."""
        try:
            if not self._stopping.is_set():
                await self._tell(job.changes)
                job.settle()
        except OnCallError as error:
            self._failure = error  # the checkpoint cannot be written
            self._stopping.set()
        except asyncio.CancelledError:
            self._cut_off += 1
            raise
        finally:
            if job.id is not None:
                self._busy.discard(job.id)
            self._slots.release()

    async def _tell(self, changes: Sequence[Watched]) -> None:
        for change in changes:
            for kinds, handler in self._handlers:
                if isinstance(change, kinds):
                    await self._call(handler, change)

    async def _call(self, handler: Handler[Any], change: Watched) -> None:
        """Calls it until it succeeds, or until the policy gives up."""
        policy = self._retry
        for attempt in range(1, policy.attempts + 1):
            try:
                await handler(change)
            except Exception as error:  # whatever a handler does, the bot lives
                if _is_cancelled():
                    raise asyncio.CancelledError from error
                failure = error
            except asyncio.CancelledError as error:
                if _is_cancelled():
                    raise
                failure = RuntimeError(f"it raised {error!r} by itself")
            else:
                return
            if attempt < policy.attempts:
                bound = min(policy.longest_delay, ldexp(policy.first_delay, min(attempt - 1, 64)))
                _logger.info("Handler %s failed, and is called again: %r", _name(handler), failure)
                await asyncio.sleep(self._random() * bound)
            else:
                await self._give_up(handler, change, failure)

    async def _give_up(self, handler: Handler[Any], change: Watched, error: Exception) -> None:
        self._dead_letters += 1
        letter = DeadLetter(
            change=change, handler=_name(handler), error=error, attempts=self._retry.attempts
        )
        if self._on_dead_letter is None:
            _logger.error("Handler %s gave up on %s", letter.handler, _told(change), exc_info=error)
            return
        try:
            await self._on_dead_letter(letter)
        except Exception:
            _logger.exception("on_dead_letter failed on %s", _told(change))


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _told(change: Watched) -> str:
    """In short: alert groups are large, and hold what was sent to them."""
    return "Gap" if isinstance(change, Gap) else f"{type(change).__name__} of {change.id}"


def _is_kind(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Change | Gap)


def _name(handler: Handler[Any]) -> str:
    return getattr(handler, "__qualname__", repr(handler))
