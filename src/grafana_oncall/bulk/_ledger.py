"""The books of a bulk run: which groups there are, in which order, and what became of each."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, overload

from grafana_oncall.errors import OnCallError

from ._outcome import Outcome, Status

_STATUSES: Final = tuple(Status)
_OPEN: Final = _STATUSES.index(Status.NOT_ATTEMPTED)


class Ledger(Sequence[Outcome]):
    """Outcomes by position. A status is a byte; words are kept only where there are any."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.counts: dict[Status, int] = dict.fromkeys(Status, 0)
        self._known: set[str] = set()
        self._statuses = bytearray()
        self._seconds = array("f")
        self._words: dict[int, tuple[str, OnCallError | None]] = {}

    def has(self, group_id: str) -> bool:
        """Whether the group is in the selection."""
        return group_id in self._known

    def add(self, group_ids: Iterable[str]) -> None:
        """Takes in the ids that are not there yet, as not attempted."""
        for group_id in group_ids:
            if group_id not in self._known:
                self._known.add(group_id)
                self.ids.append(group_id)
                self._statuses.append(_OPEN)
                self._seconds.append(0.0)
                self.counts[Status.NOT_ATTEMPTED] += 1

    def settle(self, position: int, outcome: Outcome) -> None:
        """Notes what became of a group; replaces what was noted before."""
        self.counts[self.status(position)] -= 1
        self.counts[outcome.status] += 1
        self._statuses[position] = _STATUSES.index(outcome.status)
        self._seconds[position] = outcome.seconds
        self._words.pop(position, None)
        if outcome.detail or outcome.error is not None:
            _drop_frames(outcome.error)
            self._words[position] = outcome.detail, outcome.error

    def status(self, position: int) -> Status:
        """What became of the group at this position."""
        return _STATUSES[self._statuses[position]]

    def snapshot(self) -> "Ledger":
        """The same as it is now, which later notes do not change."""
        twin = Ledger()
        twin.ids = self.ids[:]
        twin.counts, twin._words = self.counts.copy(), self._words.copy()
        twin._statuses, twin._seconds = self._statuses[:], self._seconds[:]
        return twin

    @overload
    def __getitem__(self, index: int) -> Outcome: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Outcome]: ...
    def __getitem__(self, index: int | slice) -> Outcome | Sequence[Outcome]:
        if isinstance(index, slice):
            return [self._outcome(position) for position in range(*index.indices(len(self)))]
        return self._outcome(range(len(self))[index])

    def __iter__(self) -> Iterator[Outcome]:
        return (self._outcome(position) for position in range(len(self)))

    def __len__(self) -> int:
        return len(self.ids)

    def _outcome(self, position: int) -> Outcome:
        detail, error = self._words.get(position, ("", None))
        return Outcome(
            id=self.ids[position],
            status=self.status(position),
            detail=detail,
            error=error,
            seconds=self._seconds[position],
        )


def _drop_frames(error: BaseException | None) -> None:
    """Without the frames of its tracebacks, which are kilobytes, an error is its words."""
    if error is not None:
        error.__traceback__ = None
        for other in {error.__cause__, error.__context__}:
            _drop_frames(other)
