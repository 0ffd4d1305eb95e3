"""A runner for bots: handlers of changes, some at a time, in order for each group.

bot = Bot(client.alert_groups.watch(labels={"team": "SRE"}, checkpoint="bot.json"))

@bot.on(Created)
async def acknowledge(change: Created) -> None:
    await client.alert_groups.acknowledge(change.id)

await bot.run()  # until SIGTERM or SIGINT
"""

import logging
import signal
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, TypeAlias, TypeVar, overload

import attrs

from grafana_oncall._core.aio import in_own_task
from grafana_oncall._core.text import shown
from grafana_oncall._session.retry import RetryPolicy
from grafana_oncall._validation.arguments import async_function, duration, of_type, whole
from grafana_oncall._watch.watcher import Watcher, follower_of
from grafana_oncall.changes import Change, Gap, Watched
from grafana_oncall.errors import InvalidArgument

from .handlers import call_with_retries, name_of
from .runner import Runner

__all__ = ["Bot", "BotHealth", "DeadLetter"]

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


class Bot:
    """Runs handlers for the changes that a watcher finds.

    The changes of one group are handled one after the other, those of several groups at the same
    time. While a group's changes are handled, what happens to it is not told, and is told as one
    difference afterwards. A change is noted in the checkpoint before its first handler is called,
    and counts as delivered when all of them are through. What was in progress when a bot ended is
    delivered to the next one, as `Watcher` says: each change is handled at least once, also after a
    `kill -9`, and what was undone meanwhile is reported.

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
        places = whole("max_at_once", max_at_once)
        self._runner = Runner(follower_of(watcher), self._tell, max_at_once=places)
        self._handlers: list[tuple[tuple[type[Any], ...], Handler[Any]]] = []
        self._retry = of_type("retry", retry, RetryPolicy)
        self._random = random
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
        """Registers an async function for changes of these kinds, `Gap` included.

        `Change` stands for all kinds of changes. Several handlers of one change are called in the
        order of their registration.
        """
        if not kinds or not all(_is_kind(kind) for kind in kinds):
            message = f"on: classes of grafana_oncall.changes are needed, not {shown(kinds)}."
            raise InvalidArgument(message, argument="kinds")

        def register(handler: Handler[Any]) -> Handler[Any]:
            self._handlers.append((kinds, async_function("handler", handler)))
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
            busy=len(self._runner.busy),
            backlog=self._runner.backlog,
            dead_letters=self._dead_letters,
        )

    def hint(self, alert_group_id: str) -> None:
        """Something may have happened to this group, as a webhook says; see `Watcher.hint`."""
        self._watcher.hint(alert_group_id)

    def stop(self) -> None:
        """Begins no further change, and lets `run` end; called again, ends it at once."""
        self._runner.stop()

    async def run(
        self,
        *,
        grace: timedelta | float = timedelta(seconds=30),
        signals: Collection[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
    ) -> None:
        """Runs until `stop`, a signal, or an error that waiting cannot help.

        Then what is being handled is finished, with all its attempts; what has not ended after
        `grace` is cancelled, and is delivered again by the next watcher of the checkpoint.

        Args:
            grace: Longest time to finish, as a timedelta or in seconds.
            signals: Those that stop the bot, on Windows too. A handler that was there before is
                called as well, but for those of Python and asyncio that interrupt the program.
                Outside the main thread, none can be had: give `()`.

        Raises:
            OnCallError: What `Watcher` raises.
            InvalidArgument: Signals that cannot be had, as outside the main thread.
            ClientStateError: It runs already, or has run; or its watcher is read by another.
        """
        await self._runner.run(duration("grace", grace).total_seconds(), signals)

    async def _tell(self, change: Watched) -> None:
        for kinds, handler in self._handlers:
            if isinstance(change, kinds):
                error = await call_with_retries(
                    handler, change, policy=self._retry, random=self._random
                )
                if error is not None:
                    await self._give_up(handler, change, error)

    async def _give_up(self, handler: Handler[Any], change: Watched, error: Exception) -> None:
        self._dead_letters += 1
        letter = DeadLetter(
            change=change, handler=name_of(handler), error=error, attempts=self._retry.max_attempts
        )
        if self._on_dead_letter is None:
            _logger.error("Handler %s gave up on %s", letter.handler, _told(change), exc_info=error)
            return
        try:
            await in_own_task(self._on_dead_letter(letter))
        except Exception:
            _logger.exception("on_dead_letter failed on %s", _told(change))


def _told(change: Watched) -> str:
    """In short: alert groups are large, and hold what was sent to them."""
    return "Gap" if isinstance(change, Gap) else f"{type(change).__name__} of {change.id}"


def _is_kind(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Change | Gap)
