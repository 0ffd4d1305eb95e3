"""Recording what was polled and delivered, in memory and in the checkpoint's file."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from grafana_oncall._session.organization import Stack
from grafana_oncall._validation.arguments import path_of
from grafana_oncall.changes import Gap
from grafana_oncall.errors import CheckpointError

from .checkpoint import Checkpoint, delivery_state, members
from .checkpoint_file import CheckpointFile, Kind
from .schedule import Timestamp
from .tracker import Changes, Delivery, Tracker


class Recorder:
    """The tracker, the time of the last poll and the gaps to report; and their checkpoint.

    A delivery is in the file before it begins: where that fails, it does not begin. What is
    recorded after the fact (a delivery that was handled, a gap that was reported) cannot be undone,
    so an error there is kept, and `check` raises it before the next poll.
    """

    def __init__(
        self,
        stack: Stack,
        query: Sequence[tuple[str, str]],
        tracker: Tracker[Any],
        checkpoint: Checkpoint | str | Path | None,
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
        self._file: CheckpointFile | None = None
        if checkpoint is not None and not isinstance(checkpoint, Checkpoint):
            self._file = CheckpointFile(path_of("checkpoint", checkpoint), locked=locked)
            checkpoint = self._file.load()
        if checkpoint is not None:
            self._resume(checkpoint)

    def _resume(self, checkpoint: Checkpoint) -> None:
        stack = Stack(checkpoint.server, checkpoint.grafana_url)
        if not stack.may_be(self._stack) or sorted(checkpoint.query) != sorted(self._query):
            message = (
                f"The checkpoint is of {stack} with the filter {checkpoint.query}, and "
                f"this watcher is of {self._stack} with {self._query}. Use another file for it."
            )
            raise CheckpointError(message, path=self._path)
        self._stored_stack = stack
        self.polled, self._gaps = Timestamp(checkpoint.polled), []
        state, tracker = delivery_state(checkpoint), self.tracker
        tracker.reported, tracker.left_filter = state.reported, state.left_filter
        tracker.in_flight = state.in_flight

    @property
    def _path(self) -> str | None:
        return None if self._file is None else str(self._file.path)

    def other_organization(self) -> CheckpointError:
        """Return the error for a checkpoint none of whose groups exists for the token."""
        message = (
            f"{self._path or 'The checkpoint'}: none of its alert groups exists for this token, so "
            "they are another organization's. Use the token that it was made with, or another "
            "file. If all of them were deleted, delete the checkpoint to start anew."
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
        """Lock the file, if there is one, and continue from its present content."""
        self._failure = None
        if self._file is not None and await self._file.lock():
            try:
                stored = self._file.load()  # another watcher may have used it meanwhile
                if stored is not None:
                    self._resume(stored)
            except BaseException:
                self._file.unlock()
                raise
        if self._gaps:  # not delivered: the next poll finds them again, as one
            self.polled, self._gaps = Timestamp(self._gaps[0].since), []

    def close(self) -> None:
        """Flush the file to the disk and unlock it; raise CheckpointError where that fails."""
        try:
            self.save()
        finally:
            if self._file is not None:
                self._file.unlock()

    def save(self) -> None:
        """Flush the file to the disk, if it is open."""
        file = self._open_file
        if file is not None and self.polled is not None:
            file.save(lambda: self.checkpoint)

    @property
    def _open_file(self) -> CheckpointFile | None:
        return self._file if self._file is not None and self._file.is_open else None

    def check(self) -> None:
        """Raise the error of what could not be recorded."""
        if self._failure is not None:
            raise self._failure

    async def record_poll(self, polled: Timestamp, gap: Gap | None) -> None:
        """Record a poll, and compact the file where its journal has grown."""
        file = self._open_file
        if file is not None:
            file.check_lock()
        self._gaps += [] if gap is None else [gap]
        self.polled = polled
        if file is not None and file.needs_rewrite:
            await file.rewrite(self.checkpoint)
        else:
            self._append("polled", self._complete_until(polled))

    def mark_in_flight(self, changes: Changes) -> None:
        """Record that these changes are about to be delivered.

        Raises:
            CheckpointError: That cannot be written, so they must not be.
        """
        delivery = self.tracker.delivery(changes)
        self.tracker.mark_in_flight(delivery)
        self._append("in_flight", delivery)

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
        file = self._open_file
        if file is not None and not file.append(kind, value):
            file.save(lambda: self.checkpoint)  # someone has removed it

    def _append_or_fail_later(self, kind: Kind, value: datetime | Delivery) -> None:
        try:
            self._append(kind, value)
        except CheckpointError as error:
            self._failure = error
