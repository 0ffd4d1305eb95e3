"""A checkpoint in a store: the lines of its file, written by the replica that has the lease.

How it works, and why nothing is lost. What a delivery waits for is written at once, together with
all that was added before; the rest follows a moment later. There is one write at a time, and what
is added meanwhile goes with the next one. A write that got no reply may or may not have been made.
Then all lines are replaced by the whole checkpoint, as soon as the store responds again.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from grafana_oncall._core.aio import cancel_all
from grafana_oncall._core.files import sealed
from grafana_oncall.errors import CheckpointError, StoreUnavailable
from grafana_oncall.stores import StoredCheckpoint

from .checkpoint import Checkpoint, sealed_pieces
from .checkpoint_file import MIN_JOURNAL, Kind
from .lease import RETRIES, Lease
from .tracker import Delivery

_LINGER: Final = 0.1
"""Seconds that lines which nothing waits for may wait for others, to be written with them."""


class CheckpointLog:
    """A checkpoint in a store, used by one watcher at a time."""

    path = None

    def __init__(
        self,
        stored: StoredCheckpoint,
        value: Callable[[], Checkpoint],
        on_lost: Callable[[CheckpointError], object],
    ) -> None:
        self._stored = stored
        self._value = value
        """Returns the present value, with all that was appended."""
        self._on_lost = on_lost
        self._lease = Lease(stored, self._lose)
        self.is_open = False
        self._opened: Sequence[bytes] = ()
        """The lines that were there when it was acquired."""
        self._whole: Checkpoint | None = None
        """The value to put in the place of all lines with the next write."""
        self._lines: list[bytes] = []
        """To append with the next write."""
        self._polled: datetime | None = None
        """When groups were last read, if that is to be appended."""
        self._stored_polled: datetime | None = None
        self._whole_size = self._size = 0
        """Bytes of the first line in the store, and of those behind it."""
        self._waiters: list[asyncio.Future[None]] = []
        """Of those who wait until their lines are stored."""
        self._wanted = asyncio.Event()
        self._tasks: Sequence[asyncio.Task[None]] = ()

    @property
    def name(self) -> str:
        """For messages."""
        return str(self._lease)

    @property
    def standby(self) -> bool:
        """Whether another replica leads, and this one waits."""
        return self._lease.standby

    async def lock(self) -> bool:
        """Stand by until no other replica leads; return False if this object leads already."""
        if self.is_open:
            return False
        self._opened = await self._lease.acquire()
        self.is_open = True
        self._whole, self._lines, self._polled, self._waiters = None, [], None, []
        self._wanted = asyncio.Event()
        self._tasks = [asyncio.create_task(self._lease.keep()), asyncio.create_task(self._serve())]
        for task in self._tasks:
            task.add_done_callback(self._ended)
        return True

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Lead no more after an error, whatever it is."""
        error = None if task.cancelled() else task.exception()
        if isinstance(error, CheckpointError):
            self._lease.lose(error)
        elif error is not None:
            lost = CheckpointError(f"{self.name}: the store failed: {error!r}.", path=None)
            lost.__cause__ = error
            self._lease.lose(lost)

    def _lose(self, error: CheckpointError) -> None:
        for task in self._tasks:
            task.cancel()
        self._wake(self._waiters)
        self._on_lost(error)

    def check_lead(self) -> None:
        """Raise CheckpointError unless this replica still leads."""
        self._lease.check()

    check_lock = check_lead

    async def load(self) -> Checkpoint | None:
        """Return the checkpoint as it was acquired, read in a thread; None if there is none yet.

        Raises:
            CheckpointError: There is something else.
        """
        lines, self._opened = self._opened, ()
        self._whole_size, self._size = 0, sum(map(len, lines[1:]))
        if not lines:
            return None
        try:
            stored = await asyncio.to_thread(Checkpoint.from_json, b"".join(lines))
        except CheckpointError as error:
            message = (
                f"{self.name} cannot be used: {error} Delete {self._stored.log!r} in the store to "
                "start anew."
            )
            raise CheckpointError(message, path=None) from error
        self._whole_size, self._stored_polled = len(lines[0]), stored.polled
        return stored

    @property
    def needs_rewrite(self) -> bool:
        """Whether the lines should be compacted, or there are none yet."""
        return not self._whole_size or self._size > max(self._whole_size, MIN_JOURNAL)

    async def rewrite(self, checkpoint: Checkpoint) -> None:
        """Put this value in the place of all lines."""
        self._replace_by(checkpoint)
        await self.stored()

    def append(self, kind: Kind, value: datetime | Delivery) -> bool:
        """Add a line, which is written a moment later, or with `stored`.

        When groups were read is written with other lines; by itself only if what the store has
        differs by the `ttl` or more: as much may pass anyway until another replica takes over.
        """
        if isinstance(value, datetime):
            self._polled, last = value, self._stored_polled
            if last is not None and abs(value - last) < timedelta(seconds=self._stored.ttl):
                return True
        else:
            self._lines.append(_line(kind, value))
        asyncio.get_running_loop().call_later(_LINGER, self._wanted.set)
        return True

    async def stored(self) -> None:
        """Wait until every line so far is in the store.

        It asks the store even without a line: so this replica leads when it returns.

        Raises:
            CheckpointError: This replica leads no more.
        """
        self.check_lead()
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        self._wanted.set()
        await waiter
        self.check_lead()

    def save(self, checkpoint: Callable[[], Checkpoint]) -> None:
        """Write what is left now, instead of a moment later."""
        del checkpoint  # for a file that was removed
        self._wanted.set()

    async def close(self, checkpoint: Callable[[], Checkpoint] | None = None) -> None:
        """Write what is left, and let another replica lead.

        Raises:
            CheckpointError: The store did not respond before the lease ended.
        """
        del checkpoint  # for a file
        self._lease.stop_timer()
        try:
            await cancel_all(self._tasks)
            if self._lease.lost is None:
                self._lease.check()
                async with asyncio.timeout_at(self._lease.ends):
                    await self._write()
                    await self._lease.release()
        except TimeoutError as error:
            message = (
                f"{self.name}: the store did not respond in time. What it does not know was "
                "delivered is delivered again by the next replica."
            )
            raise CheckpointError(message, path=None) from error
        finally:
            self.is_open = False

    async def _serve(self) -> None:
        """Write whenever it is wanted."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            await self._write()

    async def _write(self) -> None:
        """Write all lines so far; while the store does not respond, try again."""
        waiters = [*self._waiters]
        while waiters or self._whole is not None or self._lines or self._polled is not None:
            if await self._try_write():
                break
            await asyncio.sleep(self._stored.ttl / RETRIES)
        del self._waiters[: len(waiters)]
        self._wake(waiters)

    async def _try_write(self) -> bool:
        """Write once; return False if the store did not respond."""
        whole, lines, polled = self._whole, self._lines, self._polled
        self._whole, self._lines, self._polled = None, [], None
        if polled is not None:
            lines.append(_line("polled", polled))
        try:
            await self._append(whole, lines)
        except StoreUnavailable as error:
            self._replace_by(self._value())
            self._lease.unavailable(error)
            return False
        except asyncio.CancelledError:
            self._replace_by(self._value())
            raise
        self._stored_polled = polled or (whole.polled if whole else self._stored_polled)
        return True

    async def _append(self, whole: Checkpoint | None, lines: list[bytes]) -> None:
        first = [] if whole is None else [await _sealed(whole)]
        log, fence = self._stored.log, self._lease.fence
        if not await self._stored.store.append(log, fence, [*first, *lines], replace=bool(first)):
            raise self._lease.taken_over()
        if first:
            self._whole_size, self._size = len(first[0]), 0
        self._size += sum(map(len, lines))
        self._lease.available()

    def _replace_by(self, whole: Checkpoint) -> None:
        """Write this with the next write, which has all lines so far."""
        self._whole, self._lines, self._polled = whole, [], None

    def _wake(self, waiters: Sequence[asyncio.Future[None]]) -> None:
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)


async def _sealed(checkpoint: Checkpoint) -> bytes:
    """Encode it while other tasks run."""
    pieces = list[bytes]()
    for piece in sealed_pieces(checkpoint):
        pieces.append(piece)
        await asyncio.sleep(0)
    return b"".join(pieces)


def _line(kind: Kind, value: datetime | Delivery) -> bytes:
    return sealed(msgspec.json.encode({kind: value}))
