"""The books of a bulk run: which groups there are, in which order, and what became of each."""

import json
import re
from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Final, overload

import attrs

from grafana_oncall._core.causes import strip_tracebacks
from grafana_oncall.errors import OnCallError

from .ids import Ids
from .outcome import Outcome, Status

if TYPE_CHECKING:
    from rich.table import Table


_STATUSES: Final = tuple(Status)
_OPEN: Final = _STATUSES.index(Status.NOT_ATTEMPTED)
_TO_DO: Final = bytes([_OPEN, *map(_STATUSES.index, (Status.FAILED, Status.UNKNOWN))])
_NEXT: Final = re.compile(b"[" + re.escape(_TO_DO) + b"]")


class Ledger(Sequence[Outcome]):
    """Outcomes by position: five bytes for each; words are kept only where there are any."""

    def __init__(self) -> None:
        self.ids = Ids()
        """Of the groups; those that were added since `take_in` are not in the books yet."""
        self.counts: dict[Status, int] = dict.fromkeys(Status, 0)
        self._statuses = bytearray()
        self._seconds = array("f")
        self._words: dict[int, tuple[str, OnCallError | None]] = {}

    def take_in(self) -> None:
        """Takes in the groups whose ids are new, as not attempted."""
        new = len(self.ids) - len(self)
        self.counts[Status.NOT_ATTEMPTED] += new
        self._statuses.extend(repeat(_OPEN, new))
        self._seconds.extend(repeat(0.0, new))

    def left(self, start: int = 0) -> int:
        """How many groups there are to do from this position on."""
        return sum(self._statuses.count(status, start) for status in _TO_DO)

    def to_do(self, start: int = 0) -> Iterator[int]:
        """Their positions, of each as it is when its turn comes."""
        while (found := _NEXT.search(self._statuses, start)) is not None:
            start = found.end()
            yield found.start()

    def settle(self, position: int, outcome: Outcome) -> None:
        """Notes what became of a group; replaces what was noted before."""
        self.counts[self.status(position)] -= 1
        self.counts[outcome.status] += 1
        self._statuses[position] = _STATUSES.index(outcome.status)
        self._seconds[position] = outcome.seconds
        self._words.pop(position, None)
        if outcome.detail or outcome.error is not None:
            if outcome.error is not None:
                strip_tracebacks(outcome.error)  # which are kilobytes
            self._words[position] = outcome.detail, outcome.error

    def status(self, position: int) -> Status:
        """What became of the group at this position."""
        return _STATUSES[self._statuses[position]]

    def snapshot(self) -> "Ledger":
        """The same as it is now, which later notes do not change."""
        twin = Ledger()
        twin.ids = self.ids  # of which there are only ever more
        twin.counts, twin._words = self.counts.copy(), self._words.copy()
        twin._statuses, twin._seconds = self._statuses[:], self._seconds[:]
        return twin

    @overload
    def __getitem__(self, index: int) -> Outcome: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Outcome]: ...
    def __getitem__(self, index: int | slice) -> Outcome | Sequence[Outcome]:
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(len(self)))]
        position = range(len(self))[index]
        return self._outcome(position, self.ids[position])

    def __iter__(self) -> Iterator[Outcome]:
        return map(self._outcome, range(len(self)), self.ids)

    def __len__(self) -> int:
        return len(self._statuses)

    def _outcome(self, position: int, group_id: str) -> Outcome:
        detail, error = self._words.get(position, ("", None))
        return Outcome(
            id=group_id,
            status=self.status(position),
            detail=detail,
            error=error,
            seconds=self._seconds[position],
        )


_SHOWN_FAILURES: Final = 20


@attrs.frozen(kw_only=True)
class BulkReport:
    """What became of each group of a selection. Times in seconds."""

    action: str
    """Such as `resolve`."""
    outcomes: Sequence[Outcome] = attrs.field(repr=False)
    """One for each group, in the order of the selection."""
    counts: Mapping[Status, int]
    """Groups by status, each status included; their sum is the selection."""
    seconds_selecting: float
    """How long it took to read and check the selection."""
    seconds_acting: float
    """How long it took to act on it, pauses included."""
    complete: bool = True
    """False when one may have been left out: because groups left the list during each of five
    walks, or because `converge=True` found new ones to the last."""
    selection_complete: bool = True
    """False when the run ended before the selection was complete: then nothing was sent."""
    dry_run: bool = False
    """Whether nothing was to be sent; the outcomes' `detail` then says what would be."""

    @property
    def failures(self) -> Sequence[Outcome]:
        """Those that are rejected, failed or unknown."""
        if not any(number for status, number in self.counts.items() if status.is_failure):
            return ()
        return [outcome for outcome in self.outcomes if outcome.status.is_failure]

    def raise_for_failures(self) -> None:
        """Raises an ExceptionGroup with the error of each failure, if there is any.

        `except* Conflict` and the like take them apart. A failure that was read from a journal is
        an OnCallError with the words of its error.
        """
        failures = self.failures
        if failures:
            message = f"{self.action}: {len(failures)} of {len(self.outcomes)} alert groups"
            raise ExceptionGroup(message, [_error(failure) for failure in failures])

    def to_json(self) -> str:
        """All of it as a JSON object."""
        return json.dumps(
            {
                "action": self.action,
                "dry_run": self.dry_run,
                "selection_complete": self.selection_complete,
                "complete": self.complete,
                "seconds_selecting": self.seconds_selecting,
                "seconds_acting": self.seconds_acting,
                "counts": self.counts,
                "outcomes": [
                    {
                        "id": outcome.id,
                        "status": outcome.status,
                        "detail": outcome.detail,
                        "seconds": round(outcome.seconds, 3),
                    }
                    for outcome in self.outcomes
                ],
            }
        )

    def __str__(self) -> str:
        lines = [self._summary()]
        failures = self.failures
        lines += [f"  {one.id} {one.status}: {one.detail}" for one in failures[:_SHOWN_FAILURES]]
        return "\n".join([*lines, *(f"  {more}" for more in _more(failures))])

    def _summary(self) -> str:
        counts = ", ".join(
            f"{number:,} {status.replace('_', ' ')}"
            for status, number in self.counts.items()
            if number
        )
        kind = f"{self.action} (dry run)" if self.dry_run else self.action
        doubt = "" if self.complete else "; the list kept moving: some may have been left out"
        if self.counts.get(Status.ACCEPTED):
            doubt += "; the server does later what it accepted"
        seconds = self.seconds_selecting + self.seconds_acting
        if not self.selection_complete:
            reason = "the selection was not complete, so nothing was sent"
            return f"{kind}: {reason}, in {seconds:.1f} s"
        number = len(self.outcomes)
        groups = "1 alert group" if number == 1 else f"{number:,} alert groups"
        return f"{kind}: {groups}{f': {counts}' if counts else ''}, in {seconds:.1f} s{doubt}"

    def __rich__(self) -> "Table":
        """The counts and the failures as a table, for `rich.print` and `Console.print`."""
        from rich.table import Table  # noqa: PLC0415  # an extra
        from rich.text import Text  # noqa: PLC0415

        table = Table("status", "alert groups", title=self._summary())
        for status, number in self.counts.items():
            table.add_row(status.replace("_", " "), f"{number:,}")
        table.add_section()
        for one in self.failures[:_SHOWN_FAILURES]:
            table.add_row(one.status, Text(f"{one.id} {one.detail}"))
        for more in _more(self.failures):
            table.add_row("", more)
        return table


def _more(failures: Sequence[Outcome]) -> Iterator[str]:
    if len(failures) > _SHOWN_FAILURES:
        yield f"… and {len(failures) - _SHOWN_FAILURES} more (.failures)"


def _error(failure: Outcome) -> OnCallError:
    return failure.error or OnCallError(f"{failure.id}: {failure.detail}")
