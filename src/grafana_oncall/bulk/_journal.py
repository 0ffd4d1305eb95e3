"""The journal of a bulk run: JSON lines, from which a run that was killed can be finished.

    {"journal": 1, "server": …, "action": {…}, "query": [[…]] | null, …}
    {"select": ["I1", "I2", …]}         any number of these
    {"selected": 2, "settled": true}    only now is anything sent
    {"begin": 0, "id": "I1", …}         before its first request
    {"end": 0, "status": "changed", …}  after its last one

Groups are numbered from 0, in the order in which they were selected. A line that has no end was
being written when the machine stopped, and does not count.
"""

import asyncio
import errno
import json
import os
import sys
from collections.abc import Sequence
from io import FileIO
from pathlib import Path
from typing import Final, Self

from grafana_oncall._filelock import lock, unlock
from grafana_oncall._generated.alert_groups import AlertGroupState
from grafana_oncall.errors import JournalError

from ._outcome import Outcome
from ._past import FORMAT, Header, Reader

_IDS_IN_A_LINE: Final = 1000


class Journal:
    """A journal that is being written; without a path, nothing is.

    With a past, it goes on where that ends. With `fsync`, lines are brought to the disk, and
    before the first of them the name of a new file.
    """

    def __init__(
        self, path: Path | None, *, past: Reader | None = None, fsync: bool = False
    ) -> None:
        self._path = path
        self._past = past
        self._fsync = fsync
        self._is_named = past is not None
        self._file: FileIO | None = None
        self._broken: JournalError | None = None

    def __enter__(self) -> Self:
        """Opens it; raises JournalError when another run writes it, or has written it since."""
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
        past = self._past
        try:
            self._file = FileIO(str(path), "xb" if past is None else "ab")
            lock(self._file)
            size = os.fstat(self._file.fileno()).st_size
        except BlockingIOError as error:
            message = f"{path}: another run writes it now. Wait for its end, then resume it again."
            raise JournalError(message, path=str(path)) from error
        except OSError as error:
            raise self._failed(error) from error
        if past is not None and size != past.size:
            message = f"{path}: it was written since it was read. Resume it again."
            raise JournalError(message, path=str(path))

    def discard(self) -> None:
        """Removes it again: nothing was selected, so there is nothing to go on with."""
        if self._path is not None and self._file is not None and self._past is None:
            self.__exit__()  # for Windows removes no file that is open
            self._path.unlink(missing_ok=True)

    def begin_run(self, header: Header) -> None:
        """The first line."""
        self._write(
            journal=FORMAT,
            server=header.server,
            action=header.action.arguments,
            query=header.query,
            converge=header.converge,
            max_items=header.max_items,
        )

    async def go_on(self) -> None:
        """Reads the rest of its past, and cuts off half a line behind that."""
        if self._past is not None and self._file is not None:
            await self._past.read_on()
            try:
                self._file.truncate(self._past.whole)
            except OSError as error:
                raise self._failed(error) from error

    async def select(self, ids: Sequence[str], start: int = 0, *, settled: bool) -> None:
        """The selection, or from `start` what a later walk adds to it."""
        if self._file is None:
            return
        for first in range(start, len(ids), _IDS_IN_A_LINE):
            self._write(select=ids[first : first + _IDS_IN_A_LINE])
            await asyncio.sleep(0)
        self._write(selected=len(ids) - start, settled=settled)

    async def begin(
        self, position: int, group_id: str, state: AlertGroupState | None = None
    ) -> None:
        """Before the first request for a group, which was in this state if that is known."""
        self._write(begin=position, id=group_id, state=state)
        await self.sync()

    def end(self, position: int, outcome: Outcome) -> None:
        """What became of a group."""
        self._write(
            end=position,
            id=outcome.id,
            status=outcome.status,
            seconds=round(outcome.seconds, 6),
            detail=outcome.detail,
        )

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
