"""Following alert groups, or who is on call: from poll to poll, through outages, and over restarts.

How it works, and why nothing is lost or reported twice. Each poll reads what may have changed
(`poller`), the tracker compares that with what was last reported (`tracker`), and the consumer gets
the differences. The consumer marks each group in flight before it handles the changes, and
delivered afterwards; the recorder keeps both in the checkpoint, a file or in a store (`recorder`).
So a change is found again at every poll until it is marked delivered, and not after that. Only a
consumer that dies in between gets it twice.

One consumer reads at a time, by the object that `reading` returned to it. A second one gets a
ClientStateError. But a reader that is not polling just now, and not exclusive, may be a loop that
was left by `break`: then the second one takes over, and the first gets the error if it goes on.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import attrs

from grafana_oncall._core.aio import call_in
from grafana_oncall._session.organization import Stack, may_own
from grafana_oncall._session.session import Session
from grafana_oncall.changes import Gap
from grafana_oncall.errors import (
    CheckpointError,
    ClientStateError,
    EndpointUnavailable,
    NotFound,
    OnCallError,
)
from grafana_oncall.events import PollEnded
from grafana_oncall.stores import StoredCheckpoint

from .checkpoint import Checkpoint
from .recorder import Recorder
from .schedule import Schedule, Timestamp
from .tracker import Changes, Source

_logger: Final = logging.getLogger("grafana_oncall")


@attrs.frozen(kw_only=True)
class WatchSettings:
    """The arguments of `watch`."""

    every: timedelta
    horizon: timedelta
    existing: bool
    lock: bool
    clock: Callable[[], datetime]


@attrs.frozen(kw_only=True)
class Poll:
    """What a poll found."""

    gap: Gap | None = None
    changed: Sequence[Changes] = ()


class Follower:
    """Polls a source, and returns what has changed since it was last reported."""

    def __init__(
        self,
        session: Session,
        source: Source,
        settings: WatchSettings,
        checkpoint: Checkpoint | StoredCheckpoint | str | Path | None,
    ) -> None:
        self._session = session
        self._settings = settings
        self.recorder: Recorder = Recorder(
            Stack.of(session), source.query, source.tracker, checkpoint, locked=settings.lock
        )
        self._is_own_organization = False
        """Whether that of the checkpoint was compared with the token's."""
        self._source = source
        self._started: Timestamp | None = None
        """When the first poll began."""
        self.schedule: Schedule = Schedule(settings.every)
        self._has_polled = False
        self._loop: asyncio.AbstractEventLoop | None = None
        """In which it is read, or was last."""
        self._reader: object | None = None
        self._polling = self._exclusive = False
        self._primed = settings.existing

    @property
    def polled(self) -> datetime | None:
        """When groups were last read; None before the first poll."""
        polled = self.recorder.polled
        return None if polled is None else polled.date

    @property
    def lag(self) -> timedelta | None:
        """Time since then."""
        polled = self.recorder.polled
        return None if polled is None else self._now().since(polled)

    @property
    def tracked(self) -> int:
        """Number of tracked groups."""
        return len(self.recorder.tracker.reported)

    @property
    def noun(self) -> str:
        """What these are."""
        return self._source.noun

    def reading(self) -> AsyncExitStack:
        """Return the context of the one reader, who calls `begin` next, and leaves at its end.

        A reader that is not polling just now, as after a `break`, gives way to a new one, unless it
        reads exclusively.

        Raises:
            ClientStateError: Another task is reading.
        """
        if self._polling or self._exclusive:
            message = "Another task is reading from this watcher: make one for each loop or bot."
            raise ClientStateError(message)
        self._reader, self._exclusive = (reader := AsyncExitStack()), True
        reader.push_async_exit(partial(self._leave, reader))
        return reader

    async def begin(self, on_lost: Callable[[CheckpointError], object] | None = None) -> None:
        """Open the checkpoint's file or lead, if there is one, and continue from there.

        A reader that must know when another replica leads, or may lead, reads exclusively.
        """
        self._loop = asyncio.get_running_loop()
        self.recorder.on_lost = on_lost or self._wake
        await self.recorder.open()
        self._exclusive = on_lost is not None

    def _wake(self, _: CheckpointError) -> None:
        self.schedule.wake()

    async def _leave(
        self, reader: object, _kind: object, error: BaseException | None, _traceback: object
    ) -> None:
        if reader is not self._reader:
            return
        self._exclusive = True
        try:
            await self.recorder.close()
        except CheckpointError as unsaved:
            if error is None:
                raise
            _logger.error("When watching ended: %s", unsaved)  # noqa: TRY400  # nor a traceback
        finally:
            self._reader, self._exclusive = None, False

    def hint(self, ids: Collection[str]) -> None:
        """Ask for these groups to be read at once, from any thread."""
        call_in(self._loop, partial(self.schedule.hint, ids))

    def check(self, reader: object) -> None:
        """Raise ClientStateError if another reader has taken over, CheckpointError if a replica."""
        if reader is not self._reader:
            message = "Another task has begun to read from this watcher. Make one for each reader."
            raise ClientStateError(message)
        self.recorder.check_lead()

    async def poll(self, reader: object, busy: Collection[str] = ()) -> Poll:
        """Wait until a poll is due or hinted at, and return what it found, except of busy groups.

        Changes must be marked delivered; otherwise the next poll finds them again.
        """
        self.check(reader)
        self._polling = True
        try:
            while True:
                self.recorder.check()
                is_time = await self.schedule.wait(busy)
                poll = await self._try_poll(busy) if is_time else None
                if poll is not None:
                    return poll
        finally:
            self._polling = False

    async def _try_poll(self, busy: Collection[str]) -> Poll | None:
        """Return what was found; None after an error that may pass."""
        started = asyncio.get_running_loop().time()
        try:
            hints = self.schedule.take_hints(busy)
            return await (self._poll(busy) if hints is None else self._read_hinted(hints))
        except OnCallError as error:
            if not self._is_temporary(error):
                raise
            backoff = self.schedule.failed(started)
            self._report(self._now(), error)
            _logger.warning("Poll failed, the next one is in %s: %s", backoff, error)
            return None

    def _is_temporary(self, error: OnCallError) -> bool:
        """Whether the next poll may succeed. After a success, 404s are a gateway's, and pass."""
        missing = isinstance(error, NotFound | EndpointUnavailable)
        has_polled = self.recorder.polled is not None
        return (missing and has_polled) or self._session.shared.is_temporary(error)

    async def mark_in_flight(self, changes: Changes) -> None:
        """Record that a group's changes are about to be delivered; may raise CheckpointError."""
        await self.recorder.mark_in_flight(changes)

    async def mark_gap_in_flight(self) -> None:
        """Record that a gap is about to be delivered; may raise CheckpointError."""
        await self.recorder.stored()

    def mark_delivered(self, changes: Changes) -> None:
        """Record that a group's changes were handled."""
        self.recorder.mark_delivered(changes)
        self.schedule.wake()  # the group may be hinted at, and is not busy any more

    def mark_gap_delivered(self, gap: Gap) -> None:
        """Record that a gap was handled."""
        self.recorder.mark_gap_delivered(gap)
        self.schedule.wake()  # so that an error is raised now

    async def _read_hinted(self, hints: Collection[str]) -> Poll:
        """Read the groups that were hinted at; after a failure, poll soon instead."""
        changed, failures = await self._source.read(hints)
        for error in failures:
            _logger.warning("A group that was hinted at cannot be read: %s", error)
            self.schedule.poll_soon()
        return Poll(changed=changed)

    async def _poll(self, busy: Collection[str]) -> Poll:
        now, started = self._now(), asyncio.get_running_loop().time()
        self._started = self._started or now
        # A clock that is set forward must not make groups too old to be watched.
        today = self._started.date + now.monotonic_elapsed(self._started)
        self._source.ignore_before(today - self._settings.horizon)
        hinted = self.schedule.take_all_hints()
        try:
            await self._check_organization()
            changed = await self._read(self._started, busy, hinted)
        except BaseException:
            self.schedule.hint(hinted)
            raise
        self._report(now)
        if not self._has_polled:
            self._has_polled = True
            _logger.info(
                "Watching %d %s, with a poll every %s", self.tracked, self.noun, self.schedule.every
            )
        gap = self._gap_until(now, self.recorder.polled or self._started)
        self.schedule.succeeded(started)
        self.schedule.hint(self.recorder.tracker.unseen(hinted))
        await self.recorder.record_poll(now, gap)
        return Poll(gap=gap, changed=changed)

    async def _check_organization(self) -> None:
        """Raise CheckpointError when the checkpoint's groups are another organization's.

        All of them would be reported as deleted. The token stays the same, so once is enough.
        """
        if not self._is_own_organization:
            if not await may_own(self._session, self.recorder.tracker.known()):
                raise self.recorder.other_organization()
            self._is_own_organization = True

    async def _read(
        self, started: Timestamp, busy: Collection[str], hinted: Collection[str]
    ) -> Sequence[Changes]:
        if not self._primed and self.recorder.polled is None:
            # If an outage came first, what was created during it is reported.
            failed = self.schedule.failures
            await self._source.prime(started.date if failed else None)
            self._primed = True
            if not failed:
                return ()
        return await self._source.poll(busy, hinted)

    def _report(self, now: Timestamp, error: OnCallError | None = None) -> None:
        """Emit PollEnded."""
        last = self.recorder.polled or self._started or now
        self._session.shared.emit(
            PollEnded(
                watched=self.tracked,
                lag=now.since(last).total_seconds(),
                error=None if error is None else type(error).__name__,
            )
        )

    def _now(self) -> Timestamp:
        return Timestamp.now(self._settings.clock)

    def _gap_until(self, now: Timestamp, last: Timestamp) -> Gap | None:
        """Return a gap where a poll is more than a whole `every` late."""
        elapsed = now.since(last)
        late = elapsed > 2 * self.schedule.every
        return Gap(since=last.date, until=last.date + elapsed) if late else None
