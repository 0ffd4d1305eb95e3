"""A journal in a store, for runs that another machine may finish.

How it works, and why it is safe. Opening it takes it over: the store gives a fence, and refuses
lines of any earlier one. A line that announces a request is in the store before the request is
sent; and if the request then had to wait, for the rate limit or for a retry, the store is asked
again. So a worker that was paused, or cut off, sends nothing more once another has taken its run
over. The lines of outcomes wait for the next announcement, and all that tasks have announced
meanwhile go in one write: eight tasks cost one write for about eight groups.

An outcome that never came to the store costs a look at the group by whoever goes on.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from io import BytesIO
from typing import Final, Self

from grafana_oncall._core.aio import to_the_end
from grafana_oncall.errors import JournalError, JournalReason, StoreUnavailable
from grafana_oncall.stores import JournalStore

from .journal import NEW, OLD, Journal, line_of
from .journal_reader import JournalReader

_TRUSTED: Final = 0.1
"""Seconds after an accepted write in which requests are sent without asking the store again."""


def log_of(name: str) -> str:
    """Return the name of a journal's log in a store."""
    return f"journal:{name}"


class StoreJournal(Journal):
    """The journal of a run, in a store."""

    def __init__(self, store: JournalStore, name: str, mode: str = NEW) -> None:
        super().__init__(name)
        self._store = store
        self._log = log_of(name)
        self._mode = mode
        self._fence = 0
        self._found = b""
        self._replace = False
        """Whether the next write replaces what is in the store."""
        self._waiting: list[bytes] = []
        self._number = self._written = 0
        """Lines so far, and those that are in the store."""
        self._writing: asyncio.Task[None] | None = None
        """The last write. While it is in flight, tasks with more to write wait for it."""
        self._accepted = 0.0
        """When the last write began that the store has accepted, by the clock of the loop."""

    async def __aenter__(self) -> Self:
        """Take the journal over; raise JournalError if it exists and must not, or the reverse."""
        try:
            if self._mode == NEW and await self._store.read(self._log):
                raise self._error("exists", "Finish its run with resume=True, or use another name.")
            opened = await self._store.open(self._log)
        except StoreUnavailable as error:
            raise self._error("io", f"it cannot be opened ({error}). Nothing was sent.") from error
        self._fence, self._found = opened.fence, b"".join(opened.lines)
        if self._mode == OLD and not self._found:
            raise self._error("missing", "there is no such journal. Start a new run.")
        return self

    def _error(self, reason: JournalReason, what: str) -> JournalError:
        message = f"{self._place}: {what}"
        return JournalError(message, path=self._place, reason=reason)

    async def __aexit__(self, *_: object) -> None:
        with suppress(JournalError):  # whoever goes on looks at the groups without an outcome
            await self.sync()

    def discard(self) -> None:
        """Write nothing of what waits; nothing was written yet."""
        self._waiting.clear()
        self._written = self._number

    def _reader(self) -> JournalReader | None:
        return JournalReader(self._place, BytesIO(self._found)) if self._found else None

    def _cut(self, size: int) -> None:
        self._replace = size == 0

    def _write_entry(self, entry: Mapping[str, object]) -> None:
        self._waiting.append(line_of(entry))
        self._number += 1

    async def sync(self) -> None:
        """Write what waits, in one write with the lines of other tasks."""
        upto = self._number
        await self._write_if(lambda: self._written < upto)

    @property
    def confirm(self) -> Callable[[], Awaitable[None]]:
        """Asks the store whether the run is still ours, unless it has just accepted a write."""
        return self._confirm

    async def _confirm(self) -> None:
        # All who ask before a write begins share it, however long it takes.
        since = asyncio.get_running_loop().time() - _TRUSTED
        await self._write_if(lambda: self._accepted < since)

    async def _write_if(self, is_needed: Callable[[], bool]) -> None:
        """Write what waits, or nothing, which the store refuses as well once it is another's."""
        while is_needed() and (writing := self._writing) is not None and not writing.done():
            # All who wait go on in the same turn of the loop: behind a lock, each took a turn.
            await asyncio.wait([writing])
            writing.result()
        if self._broken is not None:
            raise self._broken
        if is_needed():
            self._writing = asyncio.ensure_future(self._write_waiting())
            await to_the_end(self._writing)

    async def _write_waiting(self) -> None:
        asked = asyncio.get_running_loop().time()
        lines, self._waiting = self._waiting, []
        replace, self._replace = self._replace, False
        try:
            ours = await self._store.append(self._log, self._fence, lines, replace=replace)
        except StoreUnavailable as error:
            raise self._failed(error) from error
        except asyncio.CancelledError:  # by the end of the loop
            self._failed("a write was cancelled")
            raise
        except Exception as error:
            raise self._failed(f"the store failed: {error!r}") from error
        if not ours:
            raise self._failed("another worker has taken the run over", reason="taken_over")
        self._written += len(lines)
        self._accepted = asked
