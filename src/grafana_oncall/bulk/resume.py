"""What the journal of an earlier run tells."""

import asyncio
import json
import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from io import FileIO
from pathlib import Path
from typing import Any, Final

import attrs

from grafana_oncall._core.text import shown
from grafana_oncall._listing.filters import is_known
from grafana_oncall.errors import JournalError

from .actions import STATES_REACHED, Action, Delete, Labels, Silence, Transition
from .outcome import Outcome, Status
from .report import Ledger

FORMAT: Final = 1
OPENING: Final = b'{"journal": '
"""How a journal begins."""
FINISHED: Final = {"finished": True}
"""The last line of a run that came to its end."""
AT_ONCE: Final = 128 * 1024
"""Bytes of a journal that are read at the call; a thousand groups and what became of them."""

_SLICE: Final = 32 * 1024
"""Bytes that are read later, before other tasks run again."""

_NOT_OURS: Final = (ArithmeticError, LookupError, RecursionError, TypeError, ValueError)
_DONE: Final = frozenset({Status.CHANGED, Status.ACCEPTED, Status.ALREADY, Status.REJECTED})
"""With these a group is left alone by all later runs."""


_KINDS: Final[Mapping[str, type[Action]]] = {
    **dict.fromkeys(STATES_REACHED, Transition),
    "silence": Silence,
    "delete": Delete,
    "add_labels": Labels,
    "remove_labels": Labels,
}


@attrs.frozen(kw_only=True)
class Header:
    """What a run needs to be gone on with, besides what it has done."""

    server: str
    action: Action
    query: tuple[tuple[str, str], ...] | None
    """The filter of the selection, if that was a query."""
    converge: bool
    max_items: int | None


def difference(theirs: Header, ours: Header) -> str | None:
    """What keeps one run from finishing another one, in words; None when nothing does."""
    for name in ("server", "action", "query"):
        here, there = getattr(ours, name), getattr(theirs, name)
        if here != there:
            return f"{name}: {_in_words(there)} there, {_in_words(here)} here"
    return None


def _in_words(part: str | Action | tuple[tuple[str, str], ...] | None) -> str:
    if part is None:
        return "ids"
    if isinstance(part, tuple):
        return "&".join(f"{name}={value}" for name, value in part) or "everything"
    return part if isinstance(part, str) else json.dumps(part.arguments)


@attrs.define(kw_only=True)
class Past:
    """What has been done of a run; of a new one, nothing."""

    header: Header
    ledger: Ledger = attrs.field(factory=Ledger)
    selected: bool = False
    """Whether its selection is complete: before that, nothing is sent."""
    finished: bool = False
    """Whether it came to its end: each group was attempted."""
    complete: bool = True
    doubtful: set[int] = attrs.field(factory=set[int])
    """Positions of groups that were under way, or whose outcome is unknown."""
    silenced_at: dict[int, datetime] = attrs.field(factory=dict[int, datetime])
    """When groups that are not done had been silenced, as it was seen before their request."""


class Reader:
    """Reads a journal: its beginning at once, the rest in slices. The file stays as it is."""

    past: Past | None = None
    """None until there is a whole first line."""

    def __init__(self, path: Path, file: FileIO) -> None:
        """Reads the first `AT_ONCE` bytes; raises JournalError."""
        self.whole = 0
        """Bytes of the whole lines that were read."""
        self.is_over = False
        """Whether all of it was read."""
        self._path = path
        self._file = file
        self._lines = 0
        self._read(AT_ONCE)

    async def read_on(self) -> None:
        """Reads the rest, and lets other tasks run meanwhile; raises JournalError."""
        while not self.is_over:
            self._read(_SLICE)
            await asyncio.sleep(0)

    def _read(self, size: int) -> None:
        lines, total = self._next_lines(size)
        whole = [line for line in lines if line.endswith(b"\n")]
        self._take_in(whole)
        self.whole += sum(map(len, whole))
        self.is_over = len(whole) < len(lines) or self.whole >= total
        if self.past is None and lines and not _may_begin_a_journal(lines[0]):
            raise self._broken(lines[0], number=1)

    def _next_lines(self, size: int) -> tuple[list[bytes], int]:
        """Some lines, and how many bytes the file has."""
        try:
            with open(self._file.fileno(), "rb", closefd=False) as file:
                file.seek(self.whole)
                return file.readlines(size), os.fstat(file.fileno()).st_size
        except OSError as error:
            message = f"{self._path}: the journal cannot be read ({error})."
            raise JournalError(message, path=str(self._path)) from error

    def _take_in(self, lines: Iterable[bytes]) -> None:
        line = b""
        try:
            for line in lines:
                self._lines += 1
                self._understand(json.loads(line))
        except _NOT_OURS as error:
            raise self._broken(line, number=self._lines) from error

    def _understand(self, entry: dict[str, Any]) -> None:
        if self.past is None:
            self.past = Past(header=_header(entry))
        else:
            _apply(self.past, entry)

    def _broken(self, line: bytes, *, number: int) -> JournalError:
        message = f"{self._path}, line {number}: no line of a bulk journal, {shown(line[:60])}."
        return JournalError(message, path=str(self._path), reason="broken")


def _may_begin_a_journal(half_line: bytes) -> bool:
    """Whether it is what a machine that stopped left of a first line: it may be written over."""
    written = half_line.rstrip(b"\0")
    return written.startswith(OPENING[: len(written)])


def _header(entry: dict[str, Any]) -> Header:
    if entry["journal"] != FORMAT:
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


def restored(arguments: Mapping[str, Any]) -> Action:
    """The action whose fields these are; raises KeyError or TypeError when there is none."""
    return _KINDS[arguments["name"]](**arguments)


def _apply(past: Past, entry: dict[str, Any]) -> None:
    past.finished = entry == FINISHED
    match entry:
        case {"select": [*ids]}:
            _add(past.ledger, ids)
        case {"selected": int(), "complete": bool(complete)}:
            past.selected, past.complete = True, complete
        case {"finished": True}:
            pass
        case {"begin": int(position), "id": str(group_id)}:
            _note(past, position, group_id, Status.UNKNOWN, detail="It was under way.")
            if "silenced_at" in entry:
                past.silenced_at[position] = datetime.fromisoformat(entry["silenced_at"])
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


def _add(ledger: Ledger, ids: Iterable[object]) -> None:
    for one in ids:
        if not isinstance(one, str):
            raise TypeError("no id")
        ledger.ids.add(one)
    ledger.take_in()


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
    if status in _DONE:
        past.silenced_at.pop(position, None)
