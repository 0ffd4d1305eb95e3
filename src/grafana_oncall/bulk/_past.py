"""What the journal of an earlier run tells."""

import asyncio
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from grafana_oncall._filter import is_known
from grafana_oncall._generated.alert_groups import AlertGroupState
from grafana_oncall._values import shown
from grafana_oncall.errors import JournalError

from ._action import STATES_REACHED, Action, Silence, Transition
from ._delete import Delete
from ._labels import Labels
from ._ledger import Ledger
from ._outcome import Outcome, Status

FORMAT: Final = 1
AT_ONCE: Final = 128 * 1024
"""Bytes of a journal that are read at the call; a thousand groups and what became of them."""

_SLICE: Final = 32 * 1024
"""Bytes that are read later, before other tasks run again."""

_NOT_OURS: Final = (ArithmeticError, LookupError, RecursionError, TypeError, ValueError)
_DONE: Final = frozenset({Status.CHANGED, Status.ALREADY, Status.REJECTED})
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


@attrs.define(kw_only=True)
class Past:
    """What has been done of a run; of a new one, nothing."""

    header: Header
    ledger: Ledger = attrs.field(factory=Ledger)
    settled: bool = True
    doubtful: set[int] = attrs.field(factory=set[int])
    """Positions of groups that were under way, or whose outcome is unknown."""
    before: dict[int, AlertGroupState] = attrs.field(factory=dict[int, AlertGroupState])
    """States before the first request, where they are known; of groups that are not done."""


class Reader:
    """Reads a journal: its beginning at once, the rest in slices. The file stays as it is."""

    past: Past

    def __init__(self, path: Path) -> None:
        """Reads the first `AT_ONCE` bytes; raises JournalError."""
        self.size = 0
        """Of the file, in bytes."""
        self.whole = 0
        """Of the whole lines that were read."""
        self._path = path
        self._lines = 0
        self._selected = self._is_over = False
        self._read(AT_ONCE)

    async def read_on(self) -> None:
        """Reads the rest, and lets other tasks run meanwhile; raises JournalError."""
        while not self._is_over:
            self._read(_SLICE)
            await asyncio.sleep(0)

    def _read(self, size: int) -> None:
        lines = self._next_lines(size)
        whole = [line for line in lines if line.endswith(b"\n")]
        self._take_in(whole)
        self.whole += sum(map(len, whole))
        self._is_over = len(whole) < len(lines) or self.whole >= self.size
        if not self._lines or (self._is_over and not self._selected):
            message = (
                f"{self._path}: the selection was not complete, so nothing was sent. Start a new "
                "run, with another file or with this one deleted."
            )
            raise JournalError(message, path=str(self._path))

    def _next_lines(self, size: int) -> list[bytes]:
        try:
            with self._path.open("rb") as file:
                self.size = os.fstat(file.fileno()).st_size
                file.seek(self.whole)
                return file.readlines(size)
        except FileNotFoundError as error:
            message = (
                f"{self._path}: there is no such journal. A run that ended before its selection "
                "was complete leaves none, and has sent nothing: start a new one."
            )
            raise JournalError(message, path=str(self._path)) from error
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
            start = f"{self._path}, line {self._lines}"
            message = f"{start}: no line of a bulk journal, {shown(line[:60])}."
            raise JournalError(message, path=str(self._path)) from error

    def _understand(self, entry: dict[str, Any]) -> None:
        if self._lines == 1:
            self.past = Past(header=_header(entry))
        elif _apply(self.past, entry):
            self._selected = True


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


def _apply(past: Past, entry: dict[str, Any]) -> bool:
    """Applies a line; says whether it completes a selection."""
    match entry:
        case {"select": [*ids]}:
            _add(past.ledger, ids)
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
        past.before.pop(position, None)
