"""Bots: handlers for changes of alert groups, in order per group, for several groups at once.

Or for changes of who is on call, in order per schedule.

```python
bot = Bot(client.alert_groups.watch(labels={"team": "SRE"}, checkpoint="bot.json"))

@bot.on(Created)
async def acknowledge(change: Created) -> None:
    await client.alert_groups.acknowledge(change.id)

await bot.run()  # until SIGTERM or SIGINT
```
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, TypeAlias, TypeVar, overload

import attrs

from grafana_oncall._core.field_texts import DocumentedFields
from grafana_oncall._core.handlers import failure_of, name_of
from grafana_oncall._core.text import shown
from grafana_oncall._core.tracebacks import ShortTracebacks
from grafana_oncall._generated.models.alert_groups import AlertGroup
from grafana_oncall._session.retry_policy import RetryPolicy, backoff
from grafana_oncall._validation.arguments import async_function, duration, function, of_type, whole
from grafana_oncall._watch.watcher import Watcher, follower_of
from grafana_oncall.changes import Change, Gap, OnCallChanged, Watched
from grafana_oncall.errors import InvalidArgument

from .runner import Runner

__all__ = ["Bot", "BotHealth", "DeadLetter"]


def __dir__() -> list[str]:
    return sorted(__all__)


W = TypeVar("W", bound=Watched)
A = TypeVar("A", bound=Watched)
B = TypeVar("B", bound=Watched)
C = TypeVar("C", bound=Watched)
Handler: TypeAlias = Callable[[W], Awaitable[object]]

_logger: Final = logging.getLogger("grafana_oncall")


@attrs.frozen(kw_only=True)
class DeadLetter(DocumentedFields):
    """A change on which every attempt of a handler failed."""

    change: Watched
    """What the handler was called with."""
    handler: str
    """Name of the handler."""
    error: Exception
    """What the last attempt raised."""
    attempts: int
    """How often the handler was called."""


@attrs.frozen(kw_only=True)
class BotHealth(DocumentedFields):
    """The state of a bot, for a liveness probe."""

    polled: datetime | None
    """When groups were last read; None before the first poll."""
    lag: timedelta | None
    """Time since then; during an outage, or with a backlog, it exceeds the watcher's `every`."""
    failures: int
    """Polls that have failed since then."""
    watched: int
    """Groups that are tracked."""
    standby: bool
    """Whether another replica leads, and this one waits: nothing is polled or handled."""
    busy: int
    """Groups whose changes are being handled."""
    backlog: int
    """Groups whose changes wait for a free handler."""
    dead_letters: int
    """Dead letters so far."""


class Bot(ShortTracebacks):
    """Calls handlers for the changes that a watcher finds.

    Changes of one group are handled in order, those of several groups concurrently. While a group's
    changes are being handled, it is not polled; what happens to it meanwhile is reported afterwards
    as one difference. A change is recorded in the checkpoint before its first handler is called,
    and counts as delivered when all its handlers have returned. What was in flight when a bot ended
    is delivered to the next one, as described for `Watcher`: each change is handled at least once,
    even after a `kill -9`, and changes that were undone meanwhile are reported.

    With a checkpoint in a store, a bot may run as several replicas, of which one acts:

        bot = Bot(client.alert_groups.watch(checkpoint=store.checkpoint("noise", ttl=5)))

    The others stand by. When the leader stops, another takes over at once; when it dies or is cut
    off, after the `ttl`. A leader that cannot renew its lease stops before that: it cancels its
    handlers, and `run` raises CheckpointError. Let a supervisor start it again, so that it stands
    by. While the store does not respond, polling goes on, but no handler starts.

    Args:
        watcher: From `client.alert_groups.watch(…)`; the bot keeps its checkpoint.
        max_at_once: Maximum number of groups whose changes are handled at the same time.
        retry: How often, and with which backoff, a handler that raised is called again.
        on_dead_letter: Async function to call with each `DeadLetter`; without one, dead letters are
            logged as errors. If it raises, that is logged.
        random: Returns numbers from 0 to 1, for the jitter of the backoff.
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
        places = whole("max_at_once", max_at_once)
        self._follower = follower_of(watcher)
        self._runner = Runner(self._follower, self._deliver, max_at_once=places)
        self._handlers: list[tuple[tuple[type[Any], ...], Handler[Any]]] = []
        self._retry = of_type("retry", retry, RetryPolicy)
        self._random = function("random", random)
        if on_dead_letter is not None:
            async_function("on_dead_letter", on_dead_letter)
        self._on_dead_letter = on_dead_letter
        self._dead_letters = 0

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
        """Register an async function for changes of these kinds, `Gap` included.

        `Change` stands for all kinds of changes. The handlers of one change are called in the order
        in which they were registered.

        Raises:
            InvalidArgument: These are not classes of `grafana_oncall.changes`, or what is decorated
                is not an async function.
        """
        if not kinds or not all(_is_kind(kind) for kind in kinds):
            message = f"on: pass classes from grafana_oncall.changes, not {shown(kinds)}."
            raise InvalidArgument(message, argument="kinds")

        def register(handler: Handler[Any]) -> Handler[Any]:
            self._handlers.append((kinds, async_function("handler", handler)))
            return handler

        return register

    @property
    def health(self) -> BotHealth:
        """The present state of the bot."""
        watcher = self._watcher.health
        return BotHealth(
            polled=watcher.polled,
            lag=watcher.lag,
            failures=watcher.failures,
            watched=watcher.watched,
            standby=watcher.standby,
            busy=len(self._runner.busy),
            backlog=self._runner.backlog,
            dead_letters=self._dead_letters,
        )

    def hint(self, alert_group_id: str | AlertGroup) -> None:
        """Read this group at once, because a webhook says that it changed; see `Watcher.hint`.

        Any thread may call it.
        """
        self._watcher.hint(alert_group_id)

    def stop(self) -> None:
        """Start no further change and let `run` finish; called twice, cancel what still runs.

        Any thread may call it.
        """
        self._runner.stop()

    async def run(
        self,
        *,
        grace: timedelta | float = timedelta(seconds=30),
        signals: Collection[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
    ) -> None:
        """Run until `stop` is called, a signal arrives, or a permanent error occurs.

        Then finish what is being handled, retries included. What is not done after `grace` is
        cancelled; the next watcher with this checkpoint delivers it again. A handler that still
        runs five seconds after it was cancelled is left behind, with an error in the log.

        Args:
            grace: Maximum time to finish, as a timedelta or in seconds.
            signals: Signals that stop the bot, on Windows too: the second one cancels what still
                runs, and a third does what it did before the bot ran, such as end the process. A
                handler that was installed before is called each time, except those of Python and
                asyncio that interrupt the program. Outside the main thread, signals cannot be
                handled: pass `()`.

        Raises:
            OnCallError: What `Watcher` raises.
            CheckpointError: Another replica has taken over, or may do so.
            InvalidArgument: A signal cannot be handled, as outside the main thread.
            ClientStateError: The bot is running or has run before, or another task reads from its
                watcher.
        """
        await self._runner.run(duration("grace", grace).total_seconds(), signals)

    async def _deliver(self, change: Watched) -> None:
        for kinds, handler in self._handlers:
            if isinstance(change, kinds):
                error = await self._call(handler, change)
                if error is not None:
                    await self._give_up(handler, change, error)

    async def _call(self, handler: Handler[Any], change: Watched) -> Exception | None:
        """Call a handler until it succeeds; return its last exception, or None."""
        for attempt in range(1, self._retry.max_attempts):
            failure = await self._attempt(handler, change)
            if failure is None:
                return None
            _logger.info("Handler %s failed, retrying: %r", name_of(handler), failure)
            await asyncio.sleep(backoff(self._retry, attempt, self._random))
        return _as_exception(await self._attempt(handler, change))

    async def _attempt(self, handler: Handler[Any], change: Watched) -> BaseException | None:
        """Call a handler once, if this replica still leads, and return what it raised."""
        self._follower.recorder.check_lead()
        return await failure_of(handler, change)

    async def _give_up(self, handler: Handler[Any], change: Watched, error: Exception) -> None:
        self._dead_letters += 1
        letter = DeadLetter(
            change=change, handler=name_of(handler), error=error, attempts=self._retry.max_attempts
        )
        about = _describe(change)
        if self._on_dead_letter is None:
            _logger.error("Handler %s gave up on %s", letter.handler, about, exc_info=error)
            return
        failure = await failure_of(self._on_dead_letter, letter)
        if failure is not None:
            _logger.error("on_dead_letter failed on %s", about, exc_info=failure)


def _as_exception(failure: BaseException | None) -> Exception | None:
    """Wrap what is no Exception, such as a CancelledError that the handler raised by itself."""
    if failure is None or isinstance(failure, Exception):
        return failure
    error = RuntimeError(f"The handler raised {failure!r}.")
    error.__cause__ = failure
    return error


def _describe(change: Watched) -> str:
    """Name a change in a log, without the group's content, which is large and may be private."""
    return "Gap" if isinstance(change, Gap) else f"{type(change).__name__} of {change.id}"


def _is_kind(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Change | OnCallChanged | Gap)
