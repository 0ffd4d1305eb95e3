"""Recording what was polled and delivered, in memory and in the checkpoint's file or store."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from grafana_oncall._session.organization import Stack
from grafana_oncall._validation.arguments import path_of
from grafana_oncall.changes import Gap
from grafana_oncall.errors import CheckpointError
from grafana_oncall.stores import StoredCheckpoint

from .checkpoint import Checkpoint, delivery_state, members
from .checkpoint_file import CheckpointFile, Kind
from .checkpoint_store import CheckpointLog
from .schedule import Timestamp
from .tracker import Changes, Delivery, Tracker


class Storage(Protocol):
    """Where a checkpoint is kept: a file or a store."""

    @property
    def path(self) -> Path | None:
        """The file, if it is one."""
        ...

    @property
    def name(self) -> str:
        """For messages."""
        ...

    @property
    def is_open(self) -> bool:
        """Whether it is between `lock` and `close`."""
        ...

    @property
    def standby(self) -> bool:
        """Whether another replica leads, and this one waits."""
        ...

    async def lock(self) -> bool:
        """Reserve it for this object until `close`; return False if it is reserved already."""
        ...

    def check_lead(self) -> None:
        """Raise CheckpointError if another replica leads, or may lead by now."""

    def check_lock(self) -> None:
        """Raise CheckpointError if it is another watcher's by now."""

    async def load(self) -> Checkpoint | None:
        """Return what is in it, which is read in a thread; None if there is nothing yet."""
        ...

    @property
    def needs_rewrite(self) -> bool:
        """Whether `rewrite` comes next, because there are no lines, or too many."""
        ...

    async def rewrite(self, checkpoint: Checkpoint) -> None:
        """Put this value in the place of all lines."""

    def append(self, kind: Kind, value: datetime | Delivery) -> bool:
        """Add a line; return False where the file is missing."""
        ...

    async def stored(self) -> None:
        """Wait until all lines will survive this process."""

    def save(self, checkpoint: Callable[[], Checkpoint]) -> None:
        """Let all lines survive the machine, where that is possible without waiting for others."""

    async def close(self, checkpoint: Callable[[], Checkpoint] | None = None) -> None:
        """Write what is left, and let another watcher use it; None where nothing was recorded."""


class Recorder:
    """The tracker, the time of the last poll and the gaps to report; and their checkpoint.

    A delivery is in the checkpoint before it begins: where that fails, it does not begin. What is
    recorded after the fact (a delivery that was handled, a gap that was reported) cannot be undone,
    so an error there is kept, and `check` raises it before the next poll.
    """

    def __init__(
        self,
        stack: Stack,
        query: Sequence[tuple[str, str]],
        tracker: Tracker[Any],
        checkpoint: Checkpoint | StoredCheckpoint | str | Path | None,
        *,
        locked: bool,
    ) -> None:
        self._stack = self._stored_stack = stack
        self._query = tuple(query)
        self.tracker = tracker
        self.polled: Timestamp | None = None
        """When groups were last read."""
        self._gaps: list[Gap] = []
        """Gaps that were found and not delivered yet."""
        self._failure: CheckpointError | None = None
        self.on_lost: Callable[[CheckpointError], object] | None = None
        """Called when another replica leads, or may lead from now on."""
        self._reading = False
        """Whether the storage is being read: what is known here would replace what is there."""
        self._has_recorded = False
        """Whether anything was recorded since it was read."""
        self._storage: Storage | None = None
        if isinstance(checkpoint, StoredCheckpoint):
            self._storage = CheckpointLog(checkpoint, lambda: self.checkpoint, self._lose)
        elif isinstance(checkpoint, Checkpoint):
            self._resume(checkpoint)
        elif checkpoint is not None:
            self._storage = CheckpointFile(path_of("checkpoint", checkpoint), locked=locked)

    def _lose(self, error: CheckpointError) -> None:
        self._failure = error
        if self.on_lost is not None:
            self.on_lost(error)

    def _resume(self, checkpoint: Checkpoint | None) -> None:
        if checkpoint is None:
            return
        stack = Stack(checkpoint.server, checkpoint.grafana_url)
        if not stack.may_be(self._stack) or sorted(checkpoint.query) != sorted(self._query):
            message = (
                f"The checkpoint is of {stack} with the filter {checkpoint.query}, and "
                f"this watcher is of {self._stack} with {self._query}. "
                f"Use another {self._noun} for it."
            )
            raise CheckpointError(message, path=self._path)
        self._stored_stack = stack
        self.polled, self._gaps = Timestamp(checkpoint.polled), []
        state, tracker = delivery_state(checkpoint), self.tracker
        tracker.reported, tracker.left_filter = state.reported, state.left_filter
        tracker.in_flight = state.in_flight

    @property
    def _path(self) -> str | None:
        path = None if self._storage is None else self._storage.path
        return None if path is None else str(path)

    @property
    def _noun(self) -> str:
        return "name" if isinstance(self._storage, CheckpointLog) else "file"

    @property
    def standby(self) -> bool:
        """Whether another replica leads, and this one waits."""
        return self._storage is not None and self._storage.standby

    def other_organization(self) -> CheckpointError:
        """Return the error for a checkpoint none of whose groups exists for the token."""
        name = "The checkpoint" if self._storage is None else self._storage.name
        message = (
            f"{name}: none of its alert groups exists for this token, so they are another "
            f"organization's. Use the token that it was made with, or another {self._noun}. If all "
            "of them were deleted, delete the checkpoint to start anew."
        )
        return CheckpointError(message, path=self._path)

    @property
    def checkpoint(self) -> Checkpoint:
        """What was delivered so far; raises CheckpointError before anything was read."""
        if self.polled is None:
            message = "Nothing was read yet, so there is no checkpoint: iterate the watcher first."
            raise CheckpointError(message, path=None)
        return Checkpoint(
            server=self._stored_stack.server,
            grafana_url=self._stored_stack.grafana_url,
            query=self._query,
            polled=self._complete_until(self.polled),
            **members(self.tracker),
        )

    def _complete_until(self, polled: Timestamp) -> datetime:
        """Return until when everything was delivered."""
        return self._gaps[0].since if self._gaps else polled.date

    async def open(self) -> None:
        """Lock the file or lead, if there is one, and continue from its present content."""
        self._failure = None
        if self._storage is not None and await self._storage.lock():
            self._reading, self._has_recorded = True, False
            try:
                self._resume(await self._storage.load())
                await asyncio.sleep(0)  # tens of thousands of groups: the next pass is another step
            except BaseException:
                with suppress(CheckpointError):  # there was nothing to write
                    await self._storage.close()
                raise
            finally:
                self._reading = False
        if self._gaps:  # not delivered: the next poll finds them again, as one
            self.polled, self._gaps = Timestamp(self._gaps[0].since), []

    async def close(self) -> None:
        """Write what is left, and unlock; raise CheckpointError where that fails."""
        storage = self._open_storage
        if storage is not None:
            await storage.close((lambda: self.checkpoint) if self._has_recorded else None)

    def save(self) -> None:
        """Flush the file to the disk, if it is open."""
        storage = self._open_storage
        if storage is not None and self.polled is not None:
            storage.save(lambda: self.checkpoint)

    @property
    def _open_storage(self) -> Storage | None:
        storage = self._storage
        return storage if storage is not None and storage.is_open and not self._reading else None

    def check(self) -> None:
        """Raise the error of what could not be recorded."""
        if self._failure is not None:
            raise self._failure

    def check_lead(self) -> None:
        """Raise CheckpointError if another replica leads, or may lead by now."""
        if self._open_storage is not None:
            self._open_storage.check_lead()

    async def record_poll(self, polled: Timestamp, gap: Gap | None) -> None:
        """Record a poll, and compact the checkpoint where its journal has grown."""
        storage = self._open_storage
        if storage is not None:
            storage.check_lock()
        self._gaps += [] if gap is None else [gap]
        self.polled, self._has_recorded = polled, True
        if storage is not None and storage.needs_rewrite:
            await storage.rewrite(self.checkpoint)
        else:
            self._append("polled", self._complete_until(polled))

    async def mark_in_flight(self, changes: Changes) -> None:
        """Record that these changes are about to be delivered.

        Raises:
            CheckpointError: That cannot be written, so they must not be.
        """
        delivery = self.tracker.delivery(changes)
        self.tracker.mark_in_flight(delivery)
        self._append("in_flight", delivery)
        await self.stored()

    async def stored(self) -> None:
        """Wait until all that was recorded is in the checkpoint, before it is acted on.

        Raises:
            CheckpointError: It cannot be written.
        """
        self.check()
        if self._open_storage is not None:
            await self._open_storage.stored()

    def mark_delivered(self, changes: Changes) -> None:
        """Record that these changes were handled."""
        delivery = self.tracker.delivery(changes)
        self.tracker.mark_delivered(delivery)
        self._append_or_fail_later("delivered", delivery)

    def mark_gap_delivered(self, delivered: Gap) -> None:
        """Record that a gap was handled."""
        self._gaps = [gap for gap in self._gaps if gap != delivered]
        if self.polled is not None:
            self._append_or_fail_later("polled", self._complete_until(self.polled))

    def _append(self, kind: Kind, value: datetime | Delivery) -> None:
        self.check()
        self._has_recorded = True
        storage = self._open_storage
        if storage is not None and not storage.append(kind, value):
            storage.save(lambda: self.checkpoint)  # someone has removed it

    def _append_or_fail_later(self, kind: Kind, value: datetime | Delivery) -> None:
        try:
            self._append(kind, value)
        except CheckpointError as error:
            self._failure = error
