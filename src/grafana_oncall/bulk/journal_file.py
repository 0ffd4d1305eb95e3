"""A journal in a file.

One run at a time uses it: it locks the file, and only then reads or writes it. The lock is on the
file, not on its name: a run gives up when the file has lost its name since it was opened, and a
file is removed only while it is locked and has its name.
"""

import asyncio
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import Self

from grafana_oncall._core.files import has_name, lock, open_private, sync_folder, unlock
from grafana_oncall.errors import JournalError

from .journal import EITHER, NEW, OLD, Journal, line_of
from .journal_reader import Header, JournalReader, RunState
from .options import already_exists


class FileJournal(Journal):
    """The journal of a run, in a file.

    With `fsync`, `sync` waits until all lines are on the disk, and the file's name as well. With
    `locked=False`, nothing keeps two runs from using one journal at the same time.
    """

    def __init__(
        self, path: Path, mode: str = NEW, *, fsync: bool = False, locked: bool = True
    ) -> None:
        super().__init__(str(path))
        self._path = path
        self._mode = mode
        self._fsync = fsync
        self._locked = locked
        self._name_synced = mode == OLD
        self._is_own = False
        """Whether this run made the file, or wrote its first line, and may remove it."""
        self._file: FileIO | None = None

    async def __aenter__(self) -> Self:
        """Open and lock the file."""
        return self.__enter__()

    async def __aexit__(self, *_: object) -> None:
        self.__exit__()

    def __enter__(self) -> Self:
        """Open and lock the file; raise JournalError, for instance when another run is using it."""
        try:
            self._open(self._path)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None and not self._file.closed:
            unlock(self._file)
            self._file.close()

    def _open(self, path: Path) -> None:
        try:
            self._file = FileIO(self._descriptor(path), "rb+")
        except FileExistsError as error:
            raise already_exists(path) from error
        except OSError as error:
            is_missing = self._mode == OLD and isinstance(error, FileNotFoundError)
            raise (_missing(path) if is_missing else _cannot_be_opened(path, error)) from error
        try:
            if self._locked:
                lock(self._file)
        except BlockingIOError as error:
            raise _in_use(path) from error
        except OSError as error:
            self.discard()
            raise _cannot_be_locked(path, error) from error
        if not has_name(self._file.fileno(), path):
            raise _in_use(path)

    def _descriptor(self, path: Path) -> int:
        if self._mode == OLD or (self._mode == EITHER and path.exists()):
            return open_private(path, os.O_RDWR)
        self._is_own = True
        exclusive = os.O_EXCL if self._mode == NEW else 0
        return open_private(path, os.O_RDWR | os.O_CREAT | exclusive)

    def discard(self) -> None:
        """Remove the file if it is this run's: nothing was selected, so there is nothing to resume.

        It is removed before it is unlocked: a run that opens it meanwhile is refused, as the file
        is in use or has lost its name. Windows cannot remove a file that is open; there it is
        unlocked first, and stays if another run has opened it by then.
        """
        path, file = self._path, self._file
        if file is None or not self._is_own:
            return
        is_there = has_name(file.fileno(), path)
        if sys.platform == "win32":
            self.__exit__()
        if is_there:
            with suppress(OSError):  # if it stays, the next run reads in it that nothing was sent
                path.unlink(missing_ok=True)
        self.__exit__()

    def peek(self) -> RunState:
        """Return what the beginning says of a run; raise JournalError where that sent nothing."""
        reader = self._reader()
        state = None if reader is None else reader.state
        if reader is None or state is None or (reader.at_end and not state.selected):
            raise self.nothing_sent()
        return state

    def _reader(self) -> JournalReader | None:
        if self._file is None:
            return None
        return JournalReader(self._path, self._file)

    def begin_run(self, header: Header) -> None:
        """Write the first line; from then on, the file is this run's."""
        self._is_own = True
        super().begin_run(header)

    def _cut(self, size: int) -> None:
        if self._file is not None:
            try:
                self._file.truncate(size)
                self._file.seek(size)
            except OSError as error:
                raise self._failed(error) from error

    async def after_end(self) -> None:
        """Wait until the outcome is on the disk, with `fsync`."""
        await self.sync()

    async def sync(self) -> None:
        """Wait until all lines are on the disk, with `fsync`."""
        if self._file is not None and self._fsync:
            try:
                await asyncio.to_thread(self._sync, self._file)
            except OSError as error:
                raise self._failed(error) from error

    def _sync(self, file: FileIO) -> None:
        os.fsync(file.fileno())
        if not self._name_synced:
            sync_folder(self._path.parent)
            self._name_synced = True

    def _write_entry(self, entry: Mapping[str, object]) -> None:
        if self._file is None:
            return
        line = line_of(entry)
        try:
            # Unbuffered, so that it survives a crash of this process.
            written = self._file.write(line)
        except OSError as error:
            raise self._failed(error) from error
        if written != len(line):
            raise self._failed("the disk is full")


def _in_use(path: Path) -> JournalError:
    message = f"{path}: another run is using it now. Wait until that run has ended."
    return JournalError(message, path=str(path), reason="in_use")


def _cannot_be_opened(path: Path, error: OSError) -> JournalError:
    message = f"{path}: the journal cannot be opened ({error.strerror}). Nothing was sent."
    return JournalError(message, path=str(path))


def _cannot_be_locked(path: Path, error: OSError) -> JournalError:
    message = (
        f"{path}: the journal cannot be locked ({error.strerror}), so nothing was sent. Use a path "
        "on a file system with locks; or pass lock=False, and let no other run use this journal "
        "meanwhile."
    )
    return JournalError(message, path=str(path))


def _missing(path: Path) -> JournalError:
    message = (
        f"{path}: there is no such journal. A run that ended before its selection was complete "
        "leaves none, and has sent nothing: start a new run."
    )
    return JournalError(message, path=str(path), reason="missing")
