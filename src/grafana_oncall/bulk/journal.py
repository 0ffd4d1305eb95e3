"""The journal of a bulk run: JSON lines, from which a run that was killed can be finished.

    {"journal": 1, "server": …, "action": {…}, "query": [[…]] | null, …}
    {"select": ["I1", "I2", …]}         any number of these
    {"selected": 2, "complete": true}    only now is anything sent
    {"begin": 0, "id": "I1", …}         before its first request
    {"end": 0, "status": "changed", …}  after its last one
    {"finished": true}                  each group was attempted

Groups are numbered from 0, in the order in which they were selected. A line that has no end was
being written when the machine stopped, and does not count.

One run at a time uses a journal: whoever opens it locks it, and only then reads or writes. So what
is read is never half of what another run does, and what is decided by it still holds when the first
line is written. The lock is on the file, not on its name: a file that lost its name while it was
being opened is given up, and a file is removed only while it is locked and still has its name.
"""

import asyncio
import errno
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from io import FileIO
from pathlib import Path
from typing import Final, Self

from grafana_oncall._core.filelock import lock, unlock
from grafana_oncall.errors import JournalError

from .journal_reader import FINISHED, FORMAT, Header, JournalReader, RunState
from .options import already_exists
from .outcomes import Outcome

_IDS_IN_A_LINE: Final = 1000


NEW: Final = "xb+"
"""For a new run: there must be no such file."""
OLD: Final = "rb+"
"""To finish the run of a journal."""
EITHER: Final = "ab+"
"""To finish a run or to begin one."""


class Journal:
    """The journal of a run; without a path, nothing is read or written.

    With `fsync`, lines are brought to the disk, and before the first of them the name of the file.
    """

    def __init__(self, path: Path | None, mode: str = NEW, *, fsync: bool = False) -> None:
        self._path = path
        self._mode = mode
        self._fsync = fsync
        self._is_named = mode == OLD
        self._is_ours = False
        self._size = 0
        self._file: FileIO | None = None
        self._broken: JournalError | None = None

    def __enter__(self) -> Self:
        """Opens and locks it; raises JournalError, such as when another run is using it."""
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
            self._file = FileIO(str(path), self._mode)
            lock(self._file)
            has_name = self._has_name(path, self._file)
        except BlockingIOError as error:
            raise _in_use(path) from error
        except FileExistsError as error:
            raise already_exists(path) from error
        except OSError as error:
            if self._mode == OLD and isinstance(error, FileNotFoundError):
                raise _missing(path) from error
            raise self._failed(error) from error
        if not has_name:
            raise _in_use(path)

    @staticmethod
    def _has_name(path: Path, file: FileIO) -> bool:
        """Whether the path still leads to the file: another run may have removed it."""
        try:
            return os.path.samestat(path.stat(), os.fstat(file.fileno()))
        except FileNotFoundError:
            return False

    def discard(self) -> None:
        """Removes it again: nothing was selected, so there is nothing to go on with."""
        path, file = self._path, self._file
        if path is None or file is None or not self._is_ours:
            return
        has_name = self._has_name(path, file)
        if sys.platform == "win32":  # removes no file that is open: who opens it now keeps it
            self.__exit__()
        if has_name:
            with suppress(OSError):  # left there, it tells the next run that nothing was sent
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
        """The first line, over what a finished run has left, or one that sent nothing."""
        self._cut(0)
        self._is_ours = True
        self._write(
            journal=FORMAT,
            server=header.server,
            action=header.action.arguments,
            query=header.query,
            converge=header.converge,
            max_items=header.max_items,
        )

    def go_on(self) -> None:
        """Behind the last whole line that was read; half a line behind that is cut off."""
        self._cut(self._size)

    def _cut(self, size: int) -> None:
        if self._file is not None:
            try:
                self._file.truncate(size)
                self._file.seek(size)
            except OSError as error:
                raise self._failed(error) from error

    def nothing_sent(self) -> JournalError:
        """The error of who would finish a run that has sent nothing."""
        message = (
            f"{self._path}: the selection was not complete, so nothing was sent. Start a new run: "
            "with resume=True in this file, or else with it deleted or in another one."
        )
        return JournalError(message, path=str(self._path), reason="nothing_sent")

    def other_run(self, what: str) -> JournalError:
        """The error of who would finish a run that is another one."""
        message = f"{self._path}: {what}"
        return JournalError(message, path=str(self._path), reason="other_run")

    async def select(self, ids: Sequence[str], *, complete: bool) -> None:
        """Write the selection, or what a later round adds to it."""
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
        """The last line, when each group was attempted."""
        self._write(**FINISHED)
        await self.sync()

    async def sync(self) -> None:
        """Waits until all lines are on the disk, if that was asked for."""
        if self._file is not None and self._fsync:
            try:
                await asyncio.to_thread(self._bring_to_disk, self._file)
            except OSError as error:
                raise self._failed(error) from error

    def _bring_to_disk(self, file: FileIO) -> None:
        os.fsync(file.fileno())
        if not self._is_named and self._path is not None:
            _sync_folder(self._path.parent)
            self._is_named = True

    def _write(self, **entry: object) -> None:
        if self._file is None:
            return
        if self._broken is not None:
            raise self._broken
        line = json.dumps(entry).encode() + b"\n"
        try:
            # Unbuffered: what was written outlives this process.
            written = self._file.write(line)
        except OSError as error:
            raise self._failed(error) from error
        if written != len(line):
            raise self._failed("the disk is full")

    def _failed(self, error: OSError | str) -> JournalError:
        """The error of now and of all later lines: a line is never written after half a line."""
        message = (
            f"{self._path}: the journal cannot be written ({error}). No further group is acted on; "
            "the report of the run tells what was done."
        )
        self._broken = JournalError(message, path=str(self._path))
        return self._broken


def _in_use(path: Path) -> JournalError:
    message = f"{path}: another run is using it now. Wait until that has ended."
    return JournalError(message, path=str(path), reason="in_use")


def _missing(path: Path) -> JournalError:
    message = (
        f"{path}: there is no such journal. A run that ended before its selection was complete "
        "leaves none, and has sent nothing: start a new one."
    )
    return JournalError(message, path=str(path), reason="missing")


def _sync_folder(folder: Path) -> None:
    """Else a file that was made in it may be gone after a crash of the machine."""
    if sys.platform == "win32":  # which opens no folders
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a file system that has no such thing
            raise
    finally:
        os.close(number)
