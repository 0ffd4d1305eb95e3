"""The books of a bulk run: which groups there are, in which order, and what became of each."""

import re
from array import array
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Final, overload

from grafana_oncall.errors import OnCallError, drop_frames

from ._ids import Ids
from ._outcome import Outcome, Status

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
            drop_frames(outcome.error)  # which are kilobytes
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
