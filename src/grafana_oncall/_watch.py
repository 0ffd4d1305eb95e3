"""What `watch` returns: changes of alert groups, for as long as one wants."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Sequence
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final

import attrs

from ._arguments import several_ids
from ._checkpoint import Checkpoint
from ._poll import Poller, Scope, Sighting
from ._session import Session
from .changes import Gap, Watched
from .errors import PASSING, CheckpointError, EndpointUnavailable, NotFound, OnCallError

_LONGEST_PAUSE: Final = timedelta(minutes=5)
_MOST_DOUBLINGS: Final = 10

_SAVE_EVERY: Final = 1.0
"""Seconds after which what was told is in the file at the latest."""

_MOST_HINTS: Final = 30
"""Hinted groups that are read one by one; for more, a poll is cheaper."""

_SOON: Final = 60.0
"""Seconds to the next poll, when a group that was hinted at could not be read."""

_logger: Final = logging.getLogger("grafana_oncall")


@attrs.frozen(kw_only=True)
class WatchSettings:
    """How a watcher watches."""

    scope: Scope
    every: timedelta
    existing: bool
    clock: Callable[[], datetime]


@attrs.frozen(kw_only=True)
class Poll:
    """What a poll found."""

    gap: Gap | None = None
    sightings: Sequence[Sighting] = ()


@attrs.frozen(kw_only=True)
class WatchHealth:
    """How a watcher is."""

    polled: datetime | None
    """When groups were last read; None before the first time."""
    lag: timedelta | None
    """Time since then."""
    failures: int
    """How many polls have failed since then."""
    watched: int
    """How many groups are known."""


class Watcher:
    """Changes of alert groups: iterate it. Nothing is sent before that.

        async for change in client.alert_groups.watch(labels={"team": "SRE"}):
            ...

    A change counts as told when the next one is asked for. What is told is in the `checkpoint`; a
    watcher that goes on from there tells the rest, and again what was under way: at least once.
    While a change is being worked on, nothing is read, and nothing piles up: what happens meanwhile
    to a group is told as one difference.

    Outages are waited out, with up to five minutes from poll to poll. Iterating raises OnCallError
    where waiting cannot help: a token that is refused, a client that is closed, a checkpoint that
    cannot be written.
    """

    def __init__(
        self,
        session: Session,
        settings: WatchSettings,
        checkpoint: Checkpoint | str | Path | None,
    ) -> None:
        self._session = session
        self._settings = settings
        self._path: Path | None = None
        if checkpoint is not None and not isinstance(checkpoint, Checkpoint):
            self._path = Path(checkpoint)
            checkpoint = Checkpoint.load(self._path)
        self._poller = Poller(session, settings.scope)
        self._polled: datetime | None = None
        self._told_until: datetime | None = None
        self._gap: Gap | None = None
        self._failures = 0
        self._due: float | None = None
        self._saving: asyncio.TimerHandle | None = None
        self._broken: CheckpointError | None = None
        self._hints: set[str] = set()
        self._hinted = asyncio.Event()
        self._learns = not settings.existing and checkpoint is None
        if checkpoint is not None:
            self._check(checkpoint)
            self._polled = self._told_until = checkpoint.polled
            self._poller.told |= {one.id: one for one in checkpoint.groups}

    def _check(self, checkpoint: Checkpoint) -> None:
        server, query = self._session.shared.wire.server, self._settings.scope.request.query
        if checkpoint.server != server or sorted(checkpoint.query) != sorted(query):
            message = (
                f"The checkpoint is of {checkpoint.server} with the filter {checkpoint.query}, and "
                f"this watcher is of {server} with {query}. Use another file for it."
            )
            raise CheckpointError(message, path=None if self._path is None else str(self._path))

    def __repr__(self) -> str:
        return f"<Watcher of {len(self._poller.told)} alert groups: use async for>"

    def __aiter__(self) -> AsyncIterator[Watched]:
        return self._changes()

    @property
    def health(self) -> WatchHealth:
        """How it is, for a liveness probe."""
        return WatchHealth(
            polled=self._polled,
            lag=None if self._polled is None else self._settings.clock() - self._polled,
            failures=self._failures,
            watched=len(self._poller.told),
        )

    @property
    def checkpoint(self) -> Checkpoint:
        """What was told so far; raises CheckpointError before anything was read."""
        if self._told_until is None:
            raise CheckpointError("Nothing was read yet: there is no checkpoint.", path=None)
        return Checkpoint(
            server=self._session.shared.wire.server,
            query=self._settings.scope.request.query,
            polled=self._told_until,
            groups=tuple(self._poller.told.values()),
        )

    def hint(self, alert_group_id: str) -> None:
        """Something may have happened to this group, as a webhook says: it is read at once.

        What has happened is told as if a poll had found it, and so is not told twice.
        """
        self._hints.update(several_ids("alert_group_id", alert_group_id))
        self._hinted.set()

    async def _changes(self) -> AsyncGenerator[Watched, None]:
        try:
            while True:
                poll = await self.poll()
                if poll.gap is not None:
                    yield poll.gap
                    self.settle_gap(poll.gap)
                for sighting in poll.sightings:
                    for change in sighting.changes:
                        yield change
                    self.settle(sighting)
                if poll.gap is not None or poll.sightings:
                    self.save()
        finally:
            self.save()

    # For those who work on several groups at once, such as `Bot`.

    async def poll(self, busy: Collection[str] = ()) -> Poll:
        """Waits until a poll is due or hinted at, and says what it found; of busy groups nothing.

        What is found has to be settled, or it is found again.
        """
        while True:
            await self._until_due(busy)
            if self._broken is not None:
                raise self._broken
            began = asyncio.get_running_loop().time()
            try:
                hints = self._hints.difference(busy)
                if self._is_due(began) or len(hints) > _MOST_HINTS:
                    poll = await self._poll(busy)
                    self._hints.difference_update(self._poller.met)
                    return poll
                return await self._look(hints)
            except OnCallError as error:
                if not self._is_passing(error):
                    raise
                self._failed(began, error)

    def settle(self, sighting: Sighting) -> None:
        """Its changes are told; writes the checkpoint now and then."""
        self._poller.settle(sighting)
        self._hinted.set()  # perhaps one that was busy
        if self._path is not None and self._saving is None:
            self._saving = asyncio.get_running_loop().call_later(_SAVE_EVERY, self._save_in_time)

    def settle_gap(self, gap: Gap) -> None:
        """It is told."""
        if gap == self._gap:
            self._gap = None
            self._told_until = self._polled

    def save(self) -> None:
        """Writes the checkpoint into its file, if it has one."""
        if self._saving is not None:
            self._saving.cancel()
            self._saving = None
        if self._path is not None and self._told_until is not None:
            self.checkpoint.save(self._path)

    def _save_in_time(self) -> None:
        self._saving = None
        try:
            self.save()
        except CheckpointError as error:
            self._broken = error  # raised by the next poll
            self._hinted.set()

    async def _look(self, hints: set[str]) -> Poll:
        """Reads some of the groups that were hinted at; where that fails, polls will find them."""
        some = set(islice(hints, _MOST_HINTS))
        self._hints -= some  # those that come meanwhile stay
        sightings, failures = await self._poller.look(self._settings.clock(), some)
        for error in failures:
            _logger.warning("A group that was hinted at cannot be read: %s", error)
            soon = asyncio.get_running_loop().time() + _SOON
            self._due = soon if self._due is None else min(self._due, soon)
        return Poll(sightings=sightings)

    def _is_passing(self, error: OnCallError) -> bool:
        """Whether the next poll may succeed: a gateway's 404s pass, if there ever was an answer."""
        missing = isinstance(error, NotFound | EndpointUnavailable) and self._polled is not None
        return missing or isinstance(error, PASSING)

    async def _poll(self, busy: Collection[str]) -> Poll:
        now, began = self._settings.clock(), asyncio.get_running_loop().time()
        sightings: Sequence[Sighting] = ()
        if self._learns:
            await self._poller.learn(now)
            self._learns = False
        else:
            sightings = await self._poller.poll(now, busy=busy)
        gap = self._gap_until(now)
        self._gap = self._gap or gap
        self._polled, self._failures = now, 0
        if self._gap is None:
            self._told_until = now
        self._due = began + self._settings.every.total_seconds()
        self.save()
        return Poll(gap=gap, sightings=sightings)

    def _gap_until(self, now: datetime) -> Gap | None:
        """A poll that comes a whole turn late may have missed what was done and undone."""
        last = self._polled
        late = last is not None and now - last > 2 * self._settings.every
        return Gap(since=last, until=now) if late and last is not None else None

    def _failed(self, began: float, error: OnCallError) -> None:
        every = self._settings.every
        self._failures += 1
        pause = min(every * 2 ** min(self._failures, _MOST_DOUBLINGS), max(every, _LONGEST_PAUSE))
        self._due = began + pause.total_seconds()
        _logger.warning("Poll failed, the next one is in %s: %s", pause, error)

    def _is_due(self, now: float) -> bool:
        return self._due is None or now >= self._due

    async def _until_due(self, busy: Collection[str]) -> None:
        """Until the time for a poll has come, or a group is hinted at that is not busy."""
        loop = asyncio.get_running_loop()
        while not self._is_due(loop.time()) and self._broken is None:
            # In an outage, hints wait as polls do.
            if not self._failures and self._hints.difference(busy):
                return
            self._hinted.clear()
            try:
                async with asyncio.timeout_at(self._due):
                    await self._hinted.wait()
            except TimeoutError:
                return
