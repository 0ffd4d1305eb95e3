"""The file of a checkpoint: locked, appended to as changes are delivered, and compacted.

How it works, and why a `kill -9` at any byte is safe. A line is appended by one unbuffered write,
which takes microseconds and survives the process, so it can be made in the event loop before each
delivery. A last line that was cut off is ignored when the file is loaded; after a failed write, no
line follows half a line, because the file is then written whole first.

When its lines have grown as long as its value, the file is written anew, in a thread: to a new file
beside the old one, to which lines are still appended meanwhile. Those lines are also kept in
memory, and are appended to the new file before it replaces the old one in one step. So at any
moment there is one file with everything, and a process that dies leaves the old one or the new one.

One watcher at a time uses a file: it locks the lock file beside it, and locks it anew when that was
removed, as by a program that cleans up; if another watcher was faster, it ends.

Only the new file, and the last lines of a watcher that ends, are flushed to the disk (`fsync`).
When the machine crashes, the lines of the last half minute may be lost, as with any file.
"""

import asyncio
import os
from collections.abc import Callable
from datetime import datetime
from io import FileIO
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec

from grafana_oncall._core.aio import to_the_end
from grafana_oncall._core.files import (
    NO_SYMLINK,
    beside,
    discard,
    has_name,
    lock_named,
    open_private,
    replace_by,
    sealed,
    unlock,
    write_all,
)
from grafana_oncall.errors import CheckpointError

from .checkpoint import Checkpoint, check_file, unusable, write_new
from .tracker import Delivery

Kind: TypeAlias = Literal["polled", "in_flight", "delivered"]

_TO_APPEND: Final = os.O_WRONLY | os.O_APPEND

MIN_JOURNAL: Final = 64 * 1024
"""Bytes of lines below which a checkpoint, however small, is not compacted."""

_LOCK_TIMEOUT: Final = 5.0
"""Seconds to wait for another watcher to release the file."""
_LOCK_RETRY: Final = 0.1

_HEAD: Final = b'{"fence":'
"""How a lock file begins where a `FileStore` keeps who has the log open: nobody any more."""


class CheckpointFile:
    """A checkpoint in a file, used by one watcher at a time: a lock file beside it ensures that.

    With `locked=False` nothing ensures it.
    """

    standby = False

    def __init__(self, path: Path, *, locked: bool = True) -> None:
        try:
            self.path = path.resolve()  # its lock is the same under all its names
            check_file(self.path)
        except (OSError, RuntimeError, ValueError) as error:  # of a circle of links, a NUL …
            raise unusable(path, error) from error
        self.name = str(self.path)
        self._locked = locked
        self.is_open = False
        """Whether it is between `lock` and `unlock`."""
        # File descriptors: file objects might be closed by the garbage collector, with a warning.
        self._lock: int | None = None
        self._file: int | None = None
        """Open to append; None before the first `rewrite` and after a failed write."""
        self._compact_at = 0
        """Size in bytes at which the file is compacted."""
        self._meanwhile: list[bytes] | None = None
        """Lines appended while the file is being rewritten; None when it is not."""

    async def lock(self) -> bool:
        """Lock the file until `unlock`; return False if this object has locked it already.

        Raises:
            CheckpointError: Another watcher, of this or another process, does not release it.
        """
        if self.is_open:
            return False
        if self._locked:
            await self._wait_for_lock()
        self.is_open = True
        return True

    async def _wait_for_lock(self) -> None:
        deadline = asyncio.get_running_loop().time() + _LOCK_TIMEOUT
        while not self._try_lock():
            if asyncio.get_running_loop().time() >= deadline:
                raise self._in_use()
            await asyncio.sleep(_LOCK_RETRY)

    def _try_lock(self) -> bool:
        path = self.path.with_name(f"{self.path.name}.lock")
        try:
            file = open_private(path, os.O_RDWR | os.O_CREAT | NO_SYMLINK)
        except OSError as error:
            raise unusable(self.path, error) from error
        try:
            lock_named(file, path)
            if os.read(file, len(_HEAD)) == _HEAD:
                os.ftruncate(file, 0)
        except OSError as error:
            os.close(file)
            if isinstance(error, BlockingIOError):
                return False
            raise self._unlockable(error) from error
        self._lock = file
        return True

    def check_lead(self) -> None:
        """Do nothing: a lock lasts, and files have no replicas."""

    def check_lock(self) -> None:
        """Lock the file anew if the lock file was removed; close it if that fails.

        Raises:
            CheckpointError: Another watcher has locked it since.
        """
        path = self.path.with_name(f"{self.path.name}.lock")
        if self._lock is not None and not has_name(self._lock, path):
            self._release()
            if not self._try_lock():
                self.unlock()  # what follows is not written over what the other one knows
                raise self._in_use()

    def _in_use(self) -> CheckpointError:
        message = f"{self.path}: another watcher is using this checkpoint. Give each its own."
        return CheckpointError(message, path=str(self.path))

    def _unlockable(self, error: OSError) -> CheckpointError:
        message = (
            f"{self.path}: the checkpoint cannot be locked ({error.strerror}). Use a path on a "
            "file system with locks; or pass lock=False, and let no other watcher use this one."
        )
        return CheckpointError(message, path=str(self.path))

    async def close(self, checkpoint: Callable[[], Checkpoint] | None = None) -> None:
        """Flush it to the disk, or write it where it does not exist, in a thread; and unlock it."""
        try:
            if checkpoint is None:
                return
            if self._size() is None:
                await self.rewrite(checkpoint())
            else:
                self.save(checkpoint)
        finally:
            self.unlock()

    def unlock(self) -> None:
        """Close the file, and let other watchers lock it."""
        self._close()
        self._release()
        self.is_open = False

    def _release(self) -> None:
        if self._lock is not None:
            unlock(self._lock)
            os.close(self._lock)
            self._lock = None

    async def load(self) -> Checkpoint | None:
        """Return the checkpoint in the file, read in a thread; None if there is no file yet."""
        return await asyncio.to_thread(Checkpoint.load, self.path)

    @property
    def needs_rewrite(self) -> bool:
        """Whether the file should be compacted, or does not exist."""
        size = self._size()
        return size is None or size > self._compact_at

    async def rewrite(self, checkpoint: Checkpoint) -> None:
        """Write the file anew, with the lines that are appended meanwhile behind the value."""
        self._meanwhile, new = list[bytes](), beside(self.path)
        try:
            loop = asyncio.get_running_loop()
            await to_the_end(loop.run_in_executor(None, write_new, checkpoint, self.path))
            with FileIO(open_private(new, _TO_APPEND | NO_SYMLINK), "ab") as file:
                write_all(file.fileno(), b"".join(self._meanwhile))
            self._replace_by(new)
        except OSError as error:
            discard(new)
            raise unusable(self.path, error) from error
        except asyncio.CancelledError:
            discard(new)
            raise
        finally:
            self._meanwhile = None

    def save(self, checkpoint: Callable[[], Checkpoint]) -> None:
        """Flush the file to the disk; write it first where it does not exist."""
        try:
            if self._size() is not None and self._file is not None:
                os.fsync(self._file)
            elif self._meanwhile is None:
                self._replace_by(write_new(checkpoint(), self.path))
        except OSError as error:
            raise unusable(self.path, error) from error

    def append(self, kind: Kind, value: datetime | Delivery) -> bool:
        """Append a line, which survives this process; return False where there is no file."""
        text = sealed(msgspec.json.encode({kind: value}))
        if self._meanwhile is not None:
            self._meanwhile.append(text)
        if self._file is None or self._size() is None:
            return self._meanwhile is not None
        try:
            write_all(self._file, text)
        except OSError as error:
            self._close()  # no line may follow half a line
            raise unusable(self.path, error) from error
        return True

    async def stored(self) -> None:
        """Wait for nothing, because lines that were appended are in the file."""

    def _size(self) -> int | None:
        """Return the size of the open file; None if there is none, or it was removed."""
        if self._file is None:
            return None
        status = os.fstat(self._file)
        return status.st_size if status.st_nlink else None

    def _replace_by(self, new: Path) -> None:
        self.check_lock()
        self._close()  # Windows cannot replace a file that is open
        replace_by(self.path, new)
        self._file = open_private(self.path, _TO_APPEND)
        size = os.fstat(self._file).st_size
        self._compact_at = size + max(size, MIN_JOURNAL)

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
