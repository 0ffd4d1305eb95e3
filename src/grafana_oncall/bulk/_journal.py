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
import json
import os
import sys
from collections.abc import Iterable, Sequence
from io import FileIO
from pathlib import Path
from typing import Any, Final, Self

import attrs

from grafana_oncall._filter import is_known
from grafana_oncall._generated.alert_groups import AlertGroupState
from grafana_oncall._values import shown
from grafana_oncall.errors import JournalError

from ._action import Action, restored
from ._ledger import Ledger
from ._outcome import Outcome, Status

_FORMAT: Final = 1
_NOT_OURS: Final = (ArithmeticError, LookupError, RecursionError, TypeError, ValueError)
_IDS_IN_A_LINE: Final = 1000


@attrs.frozen(kw_only=True)
class Header:
    """What a run needs to be gone on with, besides what it has done."""

    server: str
    action: Action
    query: tuple[tuple[str, str], ...] | None
    """The filter of the selection, if that was a query."""
    converge: bool
    max_items: int | None


class Journal:
    """A journal that is being written; without a path, nothing is.

    With a past, it goes on where that ends.
    """

    def __init__(
        self, path: Path | None, *, past: "Past | None" = None, fsync: bool = False
    ) -> None:
        self._path = path
        self._past = past
        self._fsync = fsync
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
        if self._file is not None:
            self._file.close()

    def _open(self, path: Path) -> None:
        past = self._past
        try:
            self._file = FileIO(path, "xb" if past is None else "ab")
            _lock(self._file)
            size = os.fstat(self._file.fileno()).st_size
            if past is not None and size == past.size:
                self._file.truncate(past.whole)
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
            self._path.unlink(missing_ok=True)

    def begin_run(self, header: Header) -> None:
        """The first line."""
        self._write(
            journal=_FORMAT,
            server=header.server,
            action=header.action.arguments,
            query=header.query,
            converge=header.converge,
            max_items=header.max_items,
        )

    def select(self, ids: Sequence[str], *, settled: bool) -> None:
        """The selection, or what a later walk adds to it."""
        for start in range(0, len(ids), _IDS_IN_A_LINE):
            self._write(select=ids[start : start + _IDS_IN_A_LINE])
        self._write(selected=len(ids), settled=settled)

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
                await asyncio.to_thread(os.fsync, self._file.fileno())
            except OSError as error:
                raise self._failed(error) from error

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


def _lock(file: FileIO) -> None:
    """Raises BlockingIOError while another run writes the same journal."""
    if sys.platform != "win32":  # which has no such locks
        import fcntl  # noqa: PLC0415  # for the same reason

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@attrs.define(kw_only=True)
class Past:
    """What a journal tells of a run."""

    header: Header
    ledger: Ledger = attrs.field(factory=Ledger)
    settled: bool = True
    doubtful: set[int] = attrs.field(factory=set[int])
    """Positions of groups that were under way, or whose outcome is unknown."""
    before: dict[int, AlertGroupState] = attrs.field(factory=dict[int, AlertGroupState])
    """States before the first request, where they are known."""
    size: int = 0
    """Of the file, in bytes."""
    whole: int = 0
    """Of its whole lines."""


def read(path: Path) -> Past:
    """Reads a journal; raises JournalError. The file stays as it is."""
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"{path}: the journal cannot be read ({error})."
        raise JournalError(message, path=str(path)) from error
    whole = content[: content.rfind(b"\n") + 1]
    past = _parsed(whole.splitlines(), path)
    past.size, past.whole = len(content), len(whole)
    return past


def _parsed(lines: Iterable[bytes], path: Path) -> Past:
    past: Past | None = None
    selected = False
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            if past is None:
                past = Past(header=_header(entry))
            else:
                selected = _apply(past, entry) or selected
        except _NOT_OURS as error:
            message = f"{path}, line {number}: no line of a bulk journal, {shown(line[:60])}."
            raise JournalError(message, path=str(path)) from error
    if past is None or not selected:
        message = (
            f"{path}: the selection was not complete, so nothing was sent. Start a new run, with "
            "another file or with this one deleted."
        )
        raise JournalError(message, path=str(path))
    return past


def _header(entry: dict[str, Any]) -> Header:
    if entry["journal"] != _FORMAT:
        raise ValueError("another format")
    query = entry["query"]
    if query is not None and not all(is_known(name) for name, _ in query):
        raise ValueError("no such filter")
    return Header(
        server=entry["server"],
        action=restored(entry["action"]),
        query=None if query is None else tuple((name, value) for name, value in query),
        converge=entry["converge"],
        max_items=entry["max_items"],
    )


def _apply(past: Past, entry: dict[str, Any]) -> bool:
    """Applies a line; says whether it completes a selection."""
    match entry:
        case {"select": [*ids]}:
            past.ledger.add(ids)
        case {"selected": int(), "settled": bool(settled)}:
            past.settled = settled
            return True
        case {"begin": int(position), "id": str(group_id)}:
            _note(past, position, group_id, Status.UNKNOWN, detail="It was under way.")
            if entry.get("state") is not None:
                past.before[position] = AlertGroupState(str(entry["state"]))
        case {
            "end": int(position),
            "id": str(group_id),
            "status": str(status),
            "seconds": int() | float() as seconds,
            "detail": str(detail),
        }:
            status = Status(status)
            _note(past, position, group_id, status, detail=detail, seconds=float(seconds))
        case _:
            raise ValueError("no such line")
    return False


def _note(
    past: Past, position: int, group_id: str, status: Status, *, detail: str, seconds: float = 0.0
) -> None:
    if position < 0 or past.ledger.ids[position] != group_id:
        raise ValueError("no such group")
    outcome = Outcome(id=group_id, status=status, detail=detail, seconds=seconds)
    past.ledger.settle(position, outcome)
    if status is Status.UNKNOWN:
        past.doubtful.add(position)
    else:
        past.doubtful.discard(position)
