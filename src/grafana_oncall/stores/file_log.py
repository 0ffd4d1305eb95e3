"""A log in a file, which several processes of one machine write in turns.

How it works, and why it is safe. Beside a log is its lock file, which also has its head: the fence,
and the lease. Whoever does anything with the log holds the lock for that moment, and reads the head
before it writes. So a process that was paused reads, when it goes on, that another one has opened
the log; and if it was paused while it held the lock, others wait for it. Nobody remembers anything
of a file from one moment to the next, so it may be replaced or removed in between. The head has the
size of the log as well: another one shows that a run has written by the path of the file, and then
whoever has the log open may write no more. A watcher that is given the path empties the lock file.

A crash at any byte leaves a log of whole lines, and perhaps a part of what was being written. Half
a line is cut off by whoever comes next. Several lines come into the log together: they are in the
lock file first, so whoever finds some of them at the end of the log adds the rest. All lines are
replaced by renaming a new file, which was flushed to the disk before.

The bytes of a log are its lines, so a journal here is the file of a journal, and a checkpoint that
of a checkpoint. Only what is not one line with its line feed at the end is written in Base64.

The lock file is never flushed. A crash of the machine ends all who had the log open, and a fence is
the time in microseconds, or one more than the last one: it rises even if the last one was lost.
Leases are measured by the monotonic clock, which all processes of a machine share, which nobody can
set, and which stands still while the machine sleeps, like the processes. It begins anew with the
machine. Then an old lease seems to begin in the future, so it does not count; should the clock
later come to that time, it lasts for no longer than it was given.
"""

from __future__ import annotations

import os
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import Any, Final
from zlib import crc32

import msgspec

from grafana_oncall._core.files import (
    NO_SYMLINK,
    beside,
    close_on_windows,
    cut_half_line,
    lock_named,
    open_private,
    replace_by,
    sealed,
    sync_folder,
    unlock,
    unsealed,
    write_all,
    write_beside,
)

from .protocols import Opened

_TO_WRITE: Final = os.O_RDWR | os.O_CREAT | NO_SYMLINK

_ON_WINDOWS: Final = sys.platform == "win32"
"""Where files that are open can be neither removed nor replaced."""

_HEAD_SIZE: Final = 4096
"""Where the lock file has the lines that are being added; before them, its head."""

_IN_BASE64: Final = b'{"base64":"'


class Lease(msgspec.Struct, frozen=True):
    """A time by the monotonic clock of the machine."""

    since: float = 0.0
    ttl: float = 0.0

    @classmethod
    def of(cls, ttl: float) -> Lease:
        """Return one that begins now."""
        return cls(time.monotonic(), min(ttl, sys.float_info.max))  # JSON has no infinity

    @property
    def left(self) -> float:
        """Seconds until it ends; zero if it has ended, or is of before a restart."""
        passed = time.monotonic() - self.since
        return self.ttl - passed if 0 <= passed < self.ttl else 0.0


class _Head(msgspec.Struct, frozen=True):
    fence: int = 0
    """Of whoever has the log open; one that nobody has, such as 0, if nobody has it open."""
    lease: Lease = Lease()
    size: int = 0
    """Bytes of the log, as whoever wrote there last has left it."""
    adding: int = 0
    """Bytes of lines that are being added together; 0 if there are none."""
    checksum: int = 0
    """Of these."""


class LogFile:
    """A log, in the hands of whoever has its lock."""

    def __init__(self, path: Path, lock_file: FileIO) -> None:
        self._path = path
        self._lock = lock_file
        self._head = self._read_head()

    @classmethod
    @contextmanager
    def locked(cls, path: Path) -> Generator[LogFile]:
        """Lock a log, without waiting, and make its folder if there is none.

        Raises:
            BlockingIOError: Another process, or thread, has it locked.
            OSError: It cannot be locked.
        """
        _make(path.parent)
        lock_path = path.with_name(f"{path.name}.lock")
        with FileIO(open_private(lock_path, _TO_WRITE), "rb+") as file:
            lock_named(file, lock_path)
            try:
                yield cls(path, file)
            finally:
                if not _ON_WINDOWS and not os.fstat(file.fileno()).st_size:
                    lock_path.unlink(missing_ok=True)  # nobody has the log open
                unlock(file)

    def open(self, ttl: float = 0.0) -> Opened:
        """Give the log to whoever asks, with a lease or without."""
        lines = self.read()
        fence = max(time.time_ns() // 1000, self._head.fence + 1)
        self._change_head(fence=fence, lease=Lease.of(ttl))
        return Opened(fence, lines)

    def acquire(self, ttl: float) -> Opened | float:
        """Give the log to whoever asks, if nobody has a lease; else return how long that lasts."""
        return self._head.lease.left or self.open(ttl)

    def renew(self, fence: int, ttl: float) -> bool:
        """Let the lease last so long; return False if the log is another's."""
        if not self._is_open(fence):
            return False
        self._change_head(lease=Lease.of(ttl))
        return True

    def append(
        self, fence: int | None, lines: Sequence[bytes], *, replace: bool, fsync: bool = False
    ) -> bool:
        """Add lines, or replace all by them; return False if the log is not that of this fence."""
        if self._is_open(fence):
            with self._lines() as file:  # this finds out whether it was changed by its path
                if self._is_open(fence):
                    if replace:
                        self._replace(file, lines, fsync=fsync)
                    elif lines:
                        self._add(file, lines, fsync=fsync)
        return self._is_open(fence)

    def _is_open(self, fence: int | None) -> bool:
        """Whether the log is that of this fence; it is always that of None."""
        return fence is None or self._head.fence == fence != 0

    def read(self) -> list[bytes]:
        """Return all lines."""
        if not _exists(self._path):
            self._has_size(0)
            return []
        with self._lines() as file:
            file.seek(0)
            return [_decoded(line + b"\n") for line in file.readall().split(b"\n")[:-1]]

    def _add(self, file: FileIO, lines: Sequence[bytes], *, fsync: bool) -> None:
        text, size = b"".join(map(_encoded, lines)), self._head.size
        if len(lines) > 1:
            self._lock.seek(_HEAD_SIZE)
            write_all(self._lock.fileno(), text)
            self._change_head(adding=len(text), checksum=crc32(text))
        file.seek(size)
        try:
            write_all(file.fileno(), text)
        except OSError:
            os.ftruncate(file.fileno(), size)
            raise
        self._change_head(size=size + len(text), adding=0)
        os.ftruncate(self._lock.fileno(), _HEAD_SIZE)  # those lines may have been megabytes
        if fsync:
            os.fsync(file.fileno())
            if not size:
                sync_folder(self._path.parent)

    def _replace(self, file: FileIO, lines: Sequence[bytes], *, fsync: bool) -> None:
        texts = [*map(_encoded, lines)]
        new = write_beside(self._path, texts)
        close_on_windows(file)
        replace_by(self._path, new)
        self._change_head(size=sum(map(len, texts)))
        if fsync:
            sync_folder(self._path.parent)

    def delete(self) -> None:
        """Remove the lines, and what is known of whoever has the log open."""
        with self._lines() as file:  # nobody is using it by its path
            self._change_head(fence=self._head.fence + 1, lease=Lease(), size=0)
            beside(self._path).unlink(missing_ok=True)
            close_on_windows(file)
            self._path.unlink(missing_ok=True)
            if not _ON_WINDOWS:
                os.ftruncate(self._lock.fileno(), 0)

    @contextmanager
    def _lines(self) -> Generator[FileIO]:
        """Open the file of the lines, which is whole then, and has no other writer.

        Raises:
            BlockingIOError: A run that was given its path is using it.
        """
        with FileIO(open_private(self._path, _TO_WRITE), "rb+") as file:
            lock_named(file, self._path)  # a run that ends may have removed it meanwhile
            try:
                self._mend(file)
                yield file
            finally:
                if not file.closed:
                    unlock(file)

    def _mend(self, file: FileIO) -> None:
        """Complete what a crash has left, or cut it off."""
        self._has_size(self._completed(file) or cut_half_line(file))

    def _has_size(self, size: int) -> None:
        """Note that this is its size now, and that it is nobody's if it was another."""
        if size != self._head.size:
            self._change_head(fence=self._head.fence + 1, size=size, adding=0)
        elif self._head.adding:
            self._change_head(adding=0)

    def _completed(self, file: FileIO) -> int:
        """Add what is missing of lines that were being added; return the size, or 0 for nothing."""
        file.seek(self._head.size)
        there = file.read(self._head.adding + 1)
        if not 0 < len(there) < self._head.adding:
            return 0
        self._lock.seek(_HEAD_SIZE)
        text = self._lock.read(self._head.adding)
        if crc32(text) != self._head.checksum or not text.startswith(there):
            return 0
        write_all(file.fileno(), text[len(there) :])
        return self._head.size + len(text)

    def _read_head(self) -> _Head:
        """Return the head; that of a new log if there is none, or a crash has spoilt it."""
        line = self._lock.read(_HEAD_SIZE).partition(b"\n")[0]
        try:
            return msgspec.json.decode(unsealed(line), type=_Head)
        except (ValueError, msgspec.MsgspecError):
            return _Head()

    def _change_head(self, **changes: Any) -> None:
        self._head = msgspec.structs.replace(self._head, **changes)
        self._lock.seek(0)
        write_all(self._lock.fileno(), sealed(msgspec.json.encode(self._head)))


def read(path: Path) -> list[bytes]:
    """Return all lines of a log; none, and without making files, if there is no log."""
    if not _exists(path):
        return []
    with LogFile.locked(path) as log:
        return log.read()


def _make(folder: Path) -> None:
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        sync_folder(folder.parent)


def _exists(path: Path) -> bool:
    """Whether there is a file; raise OSError if that cannot be known."""
    try:
        path.stat()
    except FileNotFoundError:
        return False
    return True


def _encoded(line: bytes) -> bytes:
    is_line = line.find(b"\n") == len(line) - 1 and line.endswith(b"\n")
    if is_line and not line.startswith(_IN_BASE64):
        return line
    return sealed(_IN_BASE64 + b64encode(line) + b'"}')


def _decoded(line: bytes) -> bytes:
    """Return a line as it was given; raise ValueError for a damaged one in Base64."""
    if not line.startswith(_IN_BASE64):
        return line
    return b64decode(unsealed(line)[len(_IN_BASE64) : -len(b'"}')])
