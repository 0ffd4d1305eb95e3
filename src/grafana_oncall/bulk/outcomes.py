"""The outcome of each alert group of a bulk run.

All that is decided by a status alone is decided here: whether it is a failure, what `resume` acts
on, and what an error makes of a group.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final

import attrs

from grafana_oncall._core.causes import strip_tracebacks
from grafana_oncall._core.field_texts import DocumentedFields
from grafana_oncall.errors import (
    AlreadyInState,
    BadRequest,
    InvalidArgument,
    NotFound,
    OnCallError,
    OutcomeUnknown,
    StatusError,
)


class Status(StrEnum):
    """What happened to a group; each group has exactly one status."""

    CHANGED = "changed"
    """A request of this run had the effect."""
    ACCEPTED = "accepted"
    """The server accepted the deletion, and applies it later; with `wait=`, the run waits for that,
    and the group is `changed`."""
    ALREADY = "already"
    """There was nothing to do: the group already was in the wanted state."""
    REJECTED = "rejected"
    """The server refused it for this group, and said why."""
    FAILED = "failed"
    """An error unrelated to the group, such as a refused token, or an outage that outlasted
    `RetryPolicy.deadline`; certainly no effect."""
    UNKNOWN = "unknown"
    """A request was in flight: it had its effect, a part of it, or none. `resume` checks first."""
    NOT_ATTEMPTED = "not_attempted"
    """Nothing was sent for it."""

    @property
    def is_failure(self) -> bool:
        """Whether the run tried to act on the group and cannot vouch for the result."""
        return self in {Status.REJECTED, Status.FAILED, Status.UNKNOWN}


WITHOUT_EFFECT: Final = frozenset({Status.NOT_ATTEMPTED, Status.FAILED})
"""Groups with one of these are certainly as they were before the run."""

TO_DO: Final = WITHOUT_EFFECT | {Status.UNKNOWN}
"""Groups with one of these are acted on by a run that is resumed; the others are left alone."""


IN_FLIGHT: Final = "A request was in flight."
"""The detail of a group whose request has no result yet, or whose run was killed meanwhile."""


@attrs.frozen(kw_only=True)
class Outcome(DocumentedFields):
    """The outcome of one group."""

    id: str
    """Id of the alert group."""
    status: Status
    """What became of the group."""
    detail: str = ""
    """The server's reason, the error, or which of several steps were done; in words."""
    error: OnCallError | None = None
    """The error of a failure; None when the outcome was read from a journal, which has no more than
    its text."""
    seconds: float = 0.0
    """Time from the first request to the last response, waits and pauses included."""


def status_of(error: OnCallError) -> Status:
    """Return the status of a group whose action ended with this error."""
    match error:
        case AlreadyInState():
            return Status.ALREADY
        case OutcomeUnknown():
            return Status.UNKNOWN
        case NotFound():
            return Status.REJECTED if error.is_certain else Status.FAILED
        case StatusError(is_gateway=True):
            return Status.FAILED
        case BadRequest() | InvalidArgument():
            return Status.REJECTED
        case _:
            return Status.FAILED


class Outcomes:
    """The latest outcome of each group of a run, in the order of the selection."""

    def __init__(self) -> None:
        self.counts: dict[Status, int] = dict.fromkeys(Status, 0)
        """Groups by status, kept up to date so that progress costs nothing."""
        self._by_id: dict[str, Outcome] = {}

    def new(self, ids: Iterable[str]) -> list[str]:
        """Return those of the ids that are not there."""
        return [group_id for group_id in ids if group_id not in self._by_id]

    def add(self, group_id: str) -> None:
        """Add a group as not attempted, unless it is there."""
        if group_id not in self._by_id:
            self._by_id[group_id] = Outcome(id=group_id, status=Status.NOT_ATTEMPTED)
            self.counts[Status.NOT_ATTEMPTED] += 1

    def record(self, outcome: Outcome) -> None:
        """Replace the outcome of a group; raise KeyError when there is no such group."""
        self.counts[self._by_id[outcome.id].status] -= 1
        self.counts[outcome.status] += 1
        if outcome.error is not None:
            strip_tracebacks(outcome.error)  # which are kilobytes
        self._by_id[outcome.id] = outcome

    def to_do(self) -> list[str]:
        """Return the ids of the groups that are still to be acted on."""
        return [outcome.id for outcome in self if outcome.status in TO_DO]

    def copy(self) -> Outcomes:
        """Return a copy, which later records do not change."""
        copied = Outcomes()
        copied.counts, copied._by_id = self.counts.copy(), self._by_id.copy()
        return copied

    def __getitem__(self, group_id: str) -> Outcome:
        return self._by_id[group_id]

    def __contains__(self, group_id: str) -> bool:
        return group_id in self._by_id

    def __iter__(self) -> Iterator[Outcome]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)
