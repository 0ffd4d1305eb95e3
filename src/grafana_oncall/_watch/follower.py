"""Following alert groups: from poll to poll, through outages, and over restarts."""

import asyncio
import logging
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import attrs

from grafana_oncall._session.session import Session
from grafana_oncall._validation.arguments import path_of
from grafana_oncall.changes import Gap
from grafana_oncall.errors import (
    CheckpointError,
    ClientStateError,
    EndpointUnavailable,
    NotFound,
    OnCallError,
)

from .checkpoint import Checkpoint, CheckpointFile, Kind, delivered, members
from .poller import Poller, Scope
from .schedule import Schedule, Timestamp
from .tracker import Delivery, Known, Sighting

_logger: Final = logging.getLogger("grafana_oncall")


@attrs.frozen(kw_only=True)
class WatchSettings:
    """How a watcher watches."""

    scope: Scope
    every: timedelta
    horizon: timedelta
    existing: bool
    clock: Callable[[], datetime]


@attrs.frozen(kw_only=True)
class Poll:
    """What a poll found."""

    gap: Gap | None = None
    sightings: Sequence[Sighting] = ()


class Follower:
    """Reads at each turn what has changed, and keeps its place in memory and in a file."""

    def __init__(
        self,
        session: Session,
        settings: WatchSettings,
        checkpoint: Checkpoint | str | Path | None,
    ) -> None:
        self._session = session
        self._settings = settings
        self._file: CheckpointFile | None = None
        if checkpoint is not None and not isinstance(checkpoint, Checkpoint):
            self._file = CheckpointFile(path_of("checkpoint", checkpoint))
            checkpoint = self._file.load()
        self._known = Known(settings.scope.request.query)
        self._poller = Poller(session, settings.scope, self._known)
        self._began: Timestamp | None = None
        self._polled: Timestamp | None = None
        self._gaps: list[Gap] = []
        self.schedule = Schedule(settings.every)
        """When it reads."""
        self._broken: CheckpointError | None = None
        self._reader: object | None = None
        self._polling = self._alone = False
        self._learns = not settings.existing
        if checkpoint is not None:
            self._resume(checkpoint)

    def _resume(self, checkpoint: Checkpoint) -> None:
        server, query = self._session.shared.wire.server, self._settings.scope.request.query
        if checkpoint.server != server or sorted(checkpoint.query) != sorted(query):
            message = (
                f"The checkpoint is of {checkpoint.server} with the filter {checkpoint.query}, and "
                f"this watcher is of {server} with {query}. Use another file for it."
            )
            path = None if self._file is None else str(self._file.path)
            raise CheckpointError(message, path=path)
        self._polled, self._gaps, self._learns = Timestamp(checkpoint.polled), [], False
        known = delivered(checkpoint)
        self._known.told, self._known.left_filter = known.told, known.left_filter
        self._known.in_flight = known.in_flight

    @property
    def polled(self) -> datetime | None:
        """When groups were last read; None before the first time."""
        return None if self._polled is None else self._polled.date

    @property
    def lag(self) -> timedelta | None:
        """Time since then."""
        return None if self._polled is None else self._now().since(self._polled)

    @property
    def watched(self) -> int:
        """How many groups are known."""
        return len(self._known.told)

    @property
    def checkpoint(self) -> Checkpoint:
        """What was told so far; raises CheckpointError before anything was read."""
        if self._polled is None:
            raise CheckpointError("Nothing was read yet: there is no checkpoint.", path=None)
        return Checkpoint(
            server=self._session.shared.wire.server,
            query=self._settings.scope.request.query,
            polled=self._settled(self._polled),
            **members(self._known),
        )

    def _settled(self, polled: Timestamp) -> datetime:
        """Until when everything was delivered."""
        return self._gaps[0].since if self._gaps else polled.date

    @contextmanager
    def reading(self) -> Generator[object]:
        """A reader, who has to `begin`: there is one at a time, here and of a checkpoint's file.

        One that does not poll just now gives way to the next, as after a `break`: unless it is
        there alone.
        """
        if self._polling or self._alone:
            message = "Somebody else reads from this watcher now: make one for each loop or bot."
            raise ClientStateError(message)
        self._reader, self._alone = (reader := object()), True
        try:
            yield reader
        except BaseException as error:
            self._leave(reader, error)
            raise
        else:
            self._leave(reader)

    async def begin(self, *, alone: bool = False) -> None:
        """Takes the file, if there is one, and goes on from there."""
        self._broken = None
        if self._file is not None and await self._file.lock():
            try:
                stored = self._file.load()  # another watcher may have gone on with it meanwhile
                if stored is not None:
                    self._resume(stored)
            except BaseException:
                self._file.unlock()
                raise
        if self._gaps:  # that nobody has settled: they are told again, as one
            self._polled, self._gaps = Timestamp(self._gaps[0].since), []
        self._alone = alone

    def _leave(self, reader: object, error: BaseException | None = None) -> None:
        if reader is not self._reader:
            return
        self._reader, self._alone = None, False
        try:
            self.save()
        except CheckpointError as unsaved:
            if error is None:
                raise
            _logger.error("At the end of watching: %s", unsaved)  # noqa: TRY400  # nor a traceback
        finally:
            if self._file is not None:
                self._file.unlock()

    def check(self, reader: object) -> None:
        """Raises ClientStateError when another one has taken over."""
        if reader is not self._reader:
            raise ClientStateError("Somebody else reads from this watcher since.")

    async def poll(self, reader: object, busy: Collection[str] = ()) -> Poll:
        """Waits until a poll is due or hinted at, and says what it found; of busy groups nothing.

        What is found has to be settled, or it is found again.
        """
        self.check(reader)
        self._polling = True
        try:
            while True:
                if self._broken is not None:
                    raise self._broken
                is_time = await self.schedule.wait(busy)
                poll = await self._try_poll(busy) if is_time else None
                if poll is not None:
                    return poll
        finally:
            self._polling = False

    async def _try_poll(self, busy: Collection[str]) -> Poll | None:
        """None when it failed, and may succeed the next time."""
        began = asyncio.get_running_loop().time()
        try:
            hints = self.schedule.take(busy)
            return await (self._poll(busy) if hints is None else self._look(hints))
        except OnCallError as error:
            if not self._is_passing(error):
                raise
            pause = self.schedule.failed(began)
            _logger.warning("Poll failed, the next one is in %s: %s", pause, error)
            return None

    def begin_delivery(self, sighting: Sighting) -> None:
        """Notes that its changes are delivered now; raises CheckpointError where it cannot."""
        delivery = self._known.delivery(sighting)
        self._known.begin_delivery(delivery)
        self._note("begin", delivery)

    def end_delivery(self, sighting: Sighting) -> None:
        """Its changes are handled."""
        delivery = self._known.delivery(sighting)
        self._known.end_delivery(delivery)
        self._note_if_possible("end", delivery)
        self.schedule.wake()  # perhaps one that was busy

    def settle_gap(self, gap: Gap) -> None:
        """It is told."""
        self._gaps = [one for one in self._gaps if one != gap]
        if self._polled is not None:
            self._note_if_possible("polled", self._settled(self._polled))

    def save(self) -> None:
        """Brings the checkpoint's file to the disk, if it has one, and somebody reads."""
        if self._file is not None and self._file.is_locked and self._polled is not None:
            self._file.save(lambda: self.checkpoint)

    def _note(self, kind: Kind, what: datetime | Delivery) -> None:
        """Appends it to the file, where a process that is killed leaves it."""
        if self._broken is not None:
            raise self._broken
        if self._file is not None and self._file.is_locked and not self._file.append(kind, what):
            self._file.save(lambda: self.checkpoint)  # somebody has removed it

    def _note_if_possible(self, kind: Kind, what: datetime | Delivery) -> None:
        try:
            self._note(kind, what)
        except CheckpointError as error:
            self._broken = error  # raised by the next poll
            self.schedule.wake()

    async def _look(self, hints: Collection[str]) -> Poll:
        """Reads the groups that were hinted at; where that fails, a poll will find out."""
        sightings, failures = await self._poller.look(hints)
        for error in failures:
            _logger.warning("A group that was hinted at cannot be read: %s", error)
            self.schedule.missed()
        return Poll(sightings=sightings)

    def _is_passing(self, error: OnCallError) -> bool:
        """Whether the next poll may succeed: a gateway's 404s pass, if there ever was an answer."""
        missing = isinstance(error, NotFound | EndpointUnavailable) and self._polled is not None
        return missing or self._session.shared.is_temporary(error)

    async def _poll(self, busy: Collection[str]) -> Poll:
        now, began = self._now(), asyncio.get_running_loop().time()
        self._began = self._began or now
        # A clock that is put forward must not make groups too old to be watched.
        today = self._began.date + now.ticked(self._began)
        self._poller.set_bounds(today - self._settings.horizon, max(today, now.date))
        hinted = self.schedule.take_all()
        try:
            sightings = await self._read(self._began, busy)
        except BaseException:
            self.schedule.hint(hinted)
            raise
        gap = self._gap_until(now, self._polled or self._began)
        self._gaps += [] if gap is None else [gap]
        self._polled = now
        self.schedule.succeeded(began, hinted.difference(self._known.met))
        await self._keep(self._settled(now))
        return Poll(gap=gap, sightings=sightings)

    async def _keep(self, polled: datetime) -> None:
        """Notes how far it has read; now and then, all of what is known is written."""
        if self._file is not None and self._file.is_locked and self._file.is_due:
            await self._file.rewrite(self.checkpoint)
        else:
            self._note("polled", polled)

    async def _read(self, began: Timestamp, busy: Collection[str]) -> Sequence[Sighting]:
        if self._learns:
            # After an outage at the very first, what began during it is news.
            failed = self.schedule.failures
            await self._poller.learn(began.date if failed else None)
            self._learns = False
            if not failed:
                return ()
        return await self._poller.poll(busy)

    def _now(self) -> Timestamp:
        return Timestamp.now(self._settings.clock)

    def _gap_until(self, now: Timestamp, last: Timestamp) -> Gap | None:
        """A poll that comes a whole turn late may have missed what was done and undone."""
        passed = now.since(last)
        late = passed > 2 * self.schedule.every
        return Gap(since=last.date, until=last.date + passed) if late else None
