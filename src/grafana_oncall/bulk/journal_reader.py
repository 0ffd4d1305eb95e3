"""Rebuild a run's state from its journal."""

import asyncio
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from io import BytesIO, FileIO
from pathlib import Path
from typing import Any, BinaryIO, Final

import attrs

from grafana_oncall._core.files import unsealed
from grafana_oncall._core.text import shown
from grafana_oncall._listing.filters import is_known
from grafana_oncall._session.organization import Stack
from grafana_oncall.errors import JournalError

from .actions import DONE_STATES, Action, Silence, Transition
from .deletions import Delete
from .label_changes import LabelChange
from .outcomes import IN_FLIGHT, TO_DO, Outcome, Outcomes, Status

FORMAT: Final = 1
OPENING: Final = b'{"journal": '
"""How a journal begins."""
FINISHED: Final = {"finished": True}
"""The last line of a run that attempted each group."""
CHUNK: Final = 32 * 1024
"""Bytes of a journal that are read before other tasks run again: some milliseconds of work."""
_MAX_LINE: Final = 1024 * 1024
"""Bytes of a line; with a thousand of the longest ids, it has an eighth of that."""

_INVALID: Final = (ArithmeticError, LookupError, RecursionError, TypeError, ValueError)
"""What reading raises for a line that is not of a journal."""

_decode: Final = json.JSONDecoder().decode
"""Of text: `json.loads` would guess the encoding of each line first, for a quarter of the time."""


_KINDS: Final[Mapping[str, type[Action]]] = {
    **dict.fromkeys(DONE_STATES, Transition),
    "silence": Silence,
    "delete": Delete,
    "add_labels": LabelChange,
    "remove_labels": LabelChange,
}


@attrs.frozen(kw_only=True)
class Header:
    """What a run is to do: the first line of its journal."""

    stack: Stack
    action: Action
    query: tuple[tuple[str, str], ...] | None
    """The filter of the selection; None when the selection was ids."""
    converge: bool
    max_items: int | None


def difference(earlier: Header, wanted: Header) -> str | None:
    """Return why one run cannot finish another one, in words; None when it can."""
    if not earlier.stack.may_be(wanted.stack):
        return f"server: {earlier.stack} in the journal, {wanted.stack} here"
    for name in ("action", "query"):
        here, there = getattr(wanted, name), getattr(earlier, name)
        if here != there:
            return f"{name}: {_in_words(there)} in the journal, {_in_words(here)} here"
    return None


def _in_words(part: Action | tuple[tuple[str, str], ...] | None) -> str:
    if part is None:
        return "ids"
    if isinstance(part, tuple):
        return "&".join(f"{name}={value}" for name, value in part) or "everything"
    return json.dumps(part.arguments)


@attrs.define(kw_only=True)
class RunState:
    """What a run has done so far; that of a new run is empty."""

    header: Header
    outcomes: Outcomes = attrs.field(factory=Outcomes)
    selected: bool = False
    """Whether its selection is complete; before that, nothing is sent."""
    finished: bool = False
    """Whether each group was attempted."""
    complete: bool = True
    """Whether certainly no group was left out of the selection."""
    silenced_at: dict[str, datetime] = attrs.field(factory=dict[str, datetime])
    """By id, of groups that are not done: since when the group was silenced before its request."""


class JournalReader:
    """Read a journal chunk by chunk: the first one at once, the rest in `read_rest`."""

    state: RunState | None = None
    """None until the first line is complete."""

    def __init__(self, place: Path | str, file: FileIO | BytesIO) -> None:
        """Read the first chunk; raise JournalError. The file stays as it is."""
        self.size: int = 0
        """Bytes of all complete lines that were read."""
        self.at_end: bool = False
        self._place = place
        self._file = file
        self._lines = 0
        self._read_chunk()

    async def read_rest(self) -> None:
        """Read the rest, and let other tasks run before each chunk; raise JournalError."""
        while not self.at_end:
            await asyncio.sleep(0)
            self._read_chunk()

    def _read_chunk(self) -> None:
        chunk, total = self._next_chunk()
        *lines, rest = chunk.split(b"\n")
        self._apply(lines)
        self.size += len(chunk) - len(rest)
        self.at_end = self.size + len(rest) >= total
        is_torn = self.at_end and (self.state is not None or _may_begin_a_journal(rest))
        if rest and not is_torn:
            raise self._broken(rest, number=self._lines + 1)

    def _next_chunk(self) -> tuple[bytes, int]:
        """Return lines, perhaps with a part of one behind them, and the size of the whole file."""
        try:
            with self._opened() as file:
                file.seek(self.size)
                chunk = file.read(CHUNK) + file.readline(_MAX_LINE)
                return chunk, file.seek(0, os.SEEK_END)
        except OSError as error:
            message = f"{self._place}: the journal cannot be read ({error})."
            raise JournalError(message, path=str(self._place)) from error

    def _opened(self) -> AbstractContextManager[BinaryIO]:
        if isinstance(self._file, BytesIO):
            return nullcontext(self._file)
        return open(self._file.fileno(), "rb", closefd=False)

    def _apply(self, lines: Iterable[bytes]) -> None:
        line = b""
        try:
            for line in lines:
                self._lines += 1
                entry = _decode(unsealed(line).decode())
                if self.state is None:
                    self.state = RunState(header=_header(entry))
                else:
                    _apply(self.state, entry)
        except _INVALID as error:
            raise self._broken(line, number=self._lines) from error

    def _broken(self, line: bytes, *, number: int) -> JournalError:
        message = (
            f"{self._place}, line {number}: not a line of a bulk journal, or a damaged one: "
            f"{shown(line[:60])}. Nothing was sent now. Start a new run, with a new file."
        )
        return JournalError(message, path=str(self._place), reason="broken")


def _may_begin_a_journal(half_line: bytes) -> bool:
    """Whether it is what a crash of the machine left of a first line; it may be overwritten."""
    written = half_line.rstrip(b"\0")
    return written.startswith(OPENING[: len(written)])


def _header(entry: dict[str, Any]) -> Header:
    if entry["journal"] != FORMAT:
        raise ValueError("another format")
    query = entry["query"]
    if query is not None and not all(is_known(name) for name, _ in query):
        raise ValueError("unknown filter")
    return Header(
        stack=Stack(entry["server"], entry["grafana_url"]),
        action=restored(entry["action"]),
        query=None if query is None else tuple((name, value) for name, value in query),
        converge=entry["converge"],
        max_items=entry["max_items"],
    )


def restored(arguments: Mapping[str, Any]) -> Action:
    """Return the action with these fields; raise KeyError or TypeError when there is none."""
    return _KINDS[arguments["name"]](**arguments)


def _apply(state: RunState, entry: dict[str, Any]) -> None:
    """Apply one line to the state; raise one of `_INVALID` when it is not a line of a journal."""
    state.finished = entry == FINISHED
    match entry:
        case {"select": [*ids]}:
            for group_id in ids:
                if not isinstance(group_id, str):
                    raise TypeError("not an id")
                state.outcomes.add(group_id)
        case {"selected": int(), "complete": bool(complete)}:
            state.selected, state.complete = True, complete
        case {"finished": True}:
            pass
        case {"begin": str(group_id)}:
            _record(state, group_id, Status.UNKNOWN, detail=IN_FLIGHT)
            if "silenced_at" in entry:
                state.silenced_at[group_id] = datetime.fromisoformat(entry["silenced_at"])
        case {
            "end": str(group_id),
            "status": str(status),
            "seconds": int() | float() as seconds,
            "detail": str(detail),
        }:
            _record(state, group_id, Status(status), detail=detail, seconds=float(seconds))
        case _:
            raise ValueError("not a line of a journal")


def _record(
    state: RunState, group_id: str, status: Status, *, detail: str, seconds: float = 0.0
) -> None:
    known = state.outcomes[group_id].id  # the same text, which is then in memory only once
    state.outcomes.record(Outcome(id=known, status=status, detail=detail, seconds=seconds))
    if status not in TO_DO:
        state.silenced_at.pop(group_id, None)
