"""The journal of a bulk run: JSON lines, from which a run that was killed can be finished.

    {"journal": 1, "server": …, "grafana_url": …, "action": {…}, "query": [[…]] | null, …}
    {"select": ["I1", "I2", …]}         any number of these
    {"selected": 2, "complete": true}   requests are sent only after this line
    {"begin": "I1", …}                  before a group's first request
    {"end": "I1", "status": "changed", …}   after its last response
    {"finished": true}                  each group was attempted

Each line also has a checksum (`_core.files`), so that a damaged one is refused, not obeyed.

How it works, and why it is safe: lines are only ever appended, each by one unbuffered write, and
what a line announces is not sent before it is written. So a crash at any byte leaves whole lines
and perhaps a part of the last one, which does not count and is cut off when the run is resumed.
Without the line `selected`, nothing was sent. A group without `begin` was not touched; one with
`begin` and without `end` may have been, so it is read back before it is acted on; one with `end`
has its outcome. After a failed write, the run sends nothing more, and no line is written behind
half a line. With `fsync`, all this holds for a crash of the machine as well.

One run at a time uses a journal: it locks the file, and only then reads or writes it. So it never
reads half of what another run writes, and what it decides by the content still holds when it writes
its first line. The lock is on the file, not on its name: a run gives up when the file has lost its
name since it was opened, and a file is removed only while it is locked and has its name.
"""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from io import FileIO
from pathlib import Path
from typing import Final, Self

from grafana_oncall._core.files import has_name, lock, open_private, sealed, sync_folder, unlock
from grafana_oncall.errors import JournalError

from .journal_reader import FINISHED, FORMAT, Header, JournalReader, RunState
from .options import already_exists
from .outcomes import Outcome

_IDS_IN_A_LINE: Final = 1000


NEW: Final = "new"
"""Mode for a new run: there must be no such file."""
OLD: Final = "old"
"""Mode to finish the run of a journal."""
EITHER: Final = "either"
"""Mode to finish a run, or to begin one."""


class Journal:
    """The journal of a run; without a path, it reads and writes nothing.

    With `fsync`, `sync` waits until all lines are on the disk, and the file's name as well. With
    `locked=False`, nothing keeps two runs from using one journal at the same time.
    """

    def __init__(
        self, path: Path | None, mode: str = NEW, *, fsync: bool = False, locked: bool = True
    ) -> None:
        self._path = path
        self._mode = mode
        self._fsync = fsync
        self._locked = locked
        self._name_synced = mode == OLD
        self._is_own = False
        """Whether this run made the file, or wrote its first line, and may remove it."""
        self._size = 0
        """Bytes of the complete lines that were read."""
        self._file: FileIO | None = None
        self._broken: JournalError | None = None

    def __enter__(self) -> Self:
        """Open and lock the file; raise JournalError, for instance when another run is using it."""
        if self._path is not None:
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
        if path is None or file is None or not self._is_own:
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

    async def read(self) -> RunState | None:
        """Return the state of the run; None when there is none, or when that sent nothing."""
        reader = self._reader()
        if reader is None:
            return None
        await reader.read_rest()
        self._size = reader.size
        return reader.state if reader.state is not None and reader.state.selected else None

    def _reader(self) -> JournalReader | None:
        if self._path is None or self._file is None:
            return None
        return JournalReader(self._path, self._file)

    def begin_run(self, header: Header) -> None:
        """Write the first line, in place of a run that is finished or sent nothing."""
        self._cut(0)
        self._is_own = True
        self._write(
            journal=FORMAT,
            server=header.stack.server,
            grafana_url=header.stack.grafana_url,
            action=header.action.arguments,
            query=header.query,
            converge=header.converge,
            max_items=header.max_items,
        )

    def go_on(self) -> None:
        """Continue behind the last complete line; cut off what follows it."""
        self._cut(self._size)

    def _cut(self, size: int) -> None:
        if self._file is not None:
            try:
                self._file.truncate(size)
                self._file.seek(size)
            except OSError as error:
                raise self._failed(error) from error

    def nothing_sent(self) -> JournalError:
        """Return the error of resuming a run that sent nothing."""
        message = (
            f"{self._path}: the selection was not complete, so nothing was sent. Start a new run: "
            "with resume=True in this file, or in a new file."
        )
        return JournalError(message, path=str(self._path), reason="nothing_sent")

    def other_run(self, what: str) -> JournalError:
        """Return the error of resuming a run that is not the one that was asked for."""
        message = f"{self._path}: {what}"
        return JournalError(message, path=str(self._path), reason="other_run")

    async def select(self, ids: Sequence[str], *, complete: bool) -> None:
        """Write the ids of the selection, or those that a later round adds."""
        if self._file is None:
            return
        for first in range(0, len(ids), _IDS_IN_A_LINE):
            self._write(select=ids[first : first + _IDS_IN_A_LINE])
            await asyncio.sleep(0)
        self._write(selected=len(ids), complete=complete)

    async def begin(self, group_id: str, *, silenced_at: datetime | None = None) -> None:
        """Write that a group's first request follows, and since when the group was silenced."""
        seen = {} if silenced_at is None else {"silenced_at": silenced_at.isoformat()}
        self._write(begin=group_id, **seen)
        await self.sync()

    def end(self, outcome: Outcome) -> None:
        """Write the outcome of a group."""
        self._write(
            end=outcome.id,
            status=outcome.status,
            seconds=round(outcome.seconds, 6),
            detail=outcome.detail,
        )

    async def finish(self) -> None:
        """Write the last line: each group was attempted."""
        self._write(**FINISHED)
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
        if not self._name_synced and self._path is not None:
            sync_folder(self._path.parent)
            self._name_synced = True

    def _write(self, **entry: object) -> None:
        if self._file is None:
            return
        if self._broken is not None:
            raise self._broken
        line = sealed(json.dumps(entry).encode())
        try:
            # Unbuffered, so that it survives a crash of this process.
            written = self._file.write(line)
        except OSError as error:
            raise self._failed(error) from error
        if written != len(line):
            raise self._failed("the disk is full")

    def _failed(self, error: OSError | str) -> JournalError:
        """Return the error, also of all later writes: no line may follow half a line."""
        message = (
            f"{self._path}: the journal cannot be written ({error}). No further group is acted on; "
            "the run's .report says what was done."
        )
        self._broken = JournalError(message, path=str(self._path))
        return self._broken


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
