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

One run at a time writes a journal: `journal_file` locks a file, and `journal_store` has the fence
of a store. So a run never reads half of what another run writes, and what it decides by its content
still holds when it writes its first line.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, Self

from grafana_oncall._core.files import sealed
from grafana_oncall.errors import JournalError, JournalReason

from .journal_reader import FINISHED, FORMAT, Header, JournalReader, RunState
from .outcomes import Outcome
from .selection import yield_every

_IDS_IN_A_LINE: Final = 1000


NEW: Final = "new"
"""Mode for a new run: there must be no such file."""
OLD: Final = "old"
"""Mode to finish the run of a journal."""
EITHER: Final = "either"
"""Mode to finish a run, or to begin one."""


def line_of(entry: Mapping[str, object]) -> bytes:
    """Return the line of an entry."""
    return sealed(json.dumps(entry).encode())


class Journal:
    """The journal of a run; this one, of a run without a journal, reads and writes nothing."""

    def __init__(self, place: str = "") -> None:
        self._place = place
        """Which one it is, in messages."""
        self._size = 0
        """Bytes of the complete lines that were read."""
        self._broken: JournalError | None = None

    async def __aenter__(self) -> Self:
        """Open it for this run alone; raise JournalError."""
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    @property
    def confirm(self) -> Callable[[], Awaitable[None]] | None:
        """Raises JournalError if another worker has the run by now; None where none can have it."""
        return None

    def discard(self) -> None:
        """Remove it if it is this run's: nothing was selected, so there is nothing to resume."""

    async def read(self) -> RunState | None:
        """Return the state of the run; None when there is none, or when that sent nothing."""
        reader = self._reader()
        if reader is None:
            return None
        await reader.read_rest()
        self._size = reader.size
        return reader.state if reader.state is not None and reader.state.selected else None

    def _reader(self) -> JournalReader | None:
        """Return a reader of what is there; None if nothing is."""
        return None

    def begin_run(self, header: Header) -> None:
        """Write the first line, in place of a run that is finished or sent nothing."""
        self._cut(0)
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
        """Remove what follows so many bytes."""

    def nothing_sent(self) -> JournalError:
        """Return the error of resuming a run that sent nothing."""
        message = (
            f"{self._place}: the selection was not complete, so nothing was sent. Start a new run: "
            "with resume=True in this file, or in a new file."
        )
        return JournalError(message, path=self._place, reason="nothing_sent")

    def other_run(self, what: str) -> JournalError:
        """Return the error of resuming a run that is not the one that was asked for."""
        message = f"{self._place}: {what}"
        return JournalError(message, path=self._place, reason="other_run")

    async def select(self, ids: Sequence[str], *, complete: bool) -> None:
        """Write the ids of the selection, or those that a later round adds."""
        for first in range(0, len(ids), _IDS_IN_A_LINE):
            self._write(select=ids[first : first + _IDS_IN_A_LINE])
            await yield_every(first)
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

    async def after_end(self) -> None:
        """Wait until the outcome is where it survives, if that is worth a write of its own."""

    async def finish(self) -> None:
        """Write the last line: each group was attempted."""
        self._write(**FINISHED)
        await self.sync()

    async def sync(self) -> None:
        """Wait until all lines are where they survive a crash."""

    def _write(self, **entry: object) -> None:
        if self._broken is not None:
            raise self._broken
        self._write_entry(entry)

    def _write_entry(self, entry: Mapping[str, object]) -> None:
        """Write a line, or keep it for `sync`."""

    def _failed(self, error: Exception | str, reason: JournalReason = "io") -> JournalError:
        """Return the error, also of all later writes: no line may follow half a line."""
        message = (
            f"{self._place}: the journal cannot be written ({error}). No further group is acted "
            "on; the run's .report says what was done."
        )
        self._broken = JournalError(message, path=self._place, reason=reason)
        return self._broken
