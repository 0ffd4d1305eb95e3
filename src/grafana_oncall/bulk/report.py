"""The report of a bulk run."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import attrs

from grafana_oncall.errors import OnCallError

from .outcomes import Outcome, Status

if TYPE_CHECKING:
    from rich.table import Table


_SHOWN_FAILURES: Final = 20


@attrs.frozen(kw_only=True)
class BulkReport:
    """The outcomes of a bulk run. Times in seconds."""

    action: str
    """Such as `resolve`."""
    outcomes: Sequence[Outcome] = attrs.field(repr=False)
    """One for each group, in the order of the selection."""
    counts: Mapping[Status, int]
    """Number of groups for every status; their sum is the size of the selection."""
    seconds_selecting: float
    """Time to read and check the selection."""
    seconds_acting: float
    """Time to act on the groups, pauses included."""
    complete: bool = True
    """False when groups may have been missed: because the list changed in each of five passes, or
    because the last round of `converge=True` still found new groups."""
    selection_complete: bool = True
    """False when the run ended before the selection was complete: then nothing was sent."""
    dry_run: bool = False
    """Whether it was a dry run; each outcome's `detail` then says what would have been sent."""

    @property
    def failures(self) -> Sequence[Outcome]:
        """The outcomes that are rejected, failed or unknown."""
        if not any(number for status, number in self.counts.items() if status.is_failure):
            return ()
        return [outcome for outcome in self.outcomes if outcome.status.is_failure]

    def raise_for_failures(self) -> None:
        """Raise an ExceptionGroup with the error of each failure, if there is any.

        Handle them by class with `except*`, such as `except* Conflict`. A failure that was read
        from a journal is a plain OnCallError with the text of the original one.
        """
        failures = self.failures
        if failures:
            message = f"{self.action}: {len(failures)} of {len(self.outcomes)} alert groups"
            raise ExceptionGroup(message, [_error(failure) for failure in failures])

    def to_json(self) -> str:
        """Return the report as a JSON object."""
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
        lines += [
            f"  {failure.id} {failure.status}: {failure.detail}"
            for failure in failures[:_SHOWN_FAILURES]
        ]
        return "\n".join([*lines, *(f"  {line}" for line in _omitted(failures))])

    def _summary(self) -> str:
        counts = ", ".join(
            f"{number:,} {status.replace('_', ' ')}"
            for status, number in self.counts.items()
            if number
        )
        kind = f"{self.action} (dry run)" if self.dry_run else self.action
        notes = (
            "" if self.complete else "; the list kept changing: some groups may have been missed"
        )
        if self.counts.get(Status.ACCEPTED):
            notes += "; the server carries out later what it accepted"
        seconds = self.seconds_selecting + self.seconds_acting
        if not self.selection_complete:
            reason = "the selection was not complete, so nothing was sent"
            return f"{kind}: {reason}, in {seconds:.1f} s"
        number = len(self.outcomes)
        groups = "1 alert group" if number == 1 else f"{number:,} alert groups"
        return f"{kind}: {groups}{f': {counts}' if counts else ''}, in {seconds:.1f} s{notes}"

    def __rich__(self) -> "Table":
        """Return a table of counts and failures, for `rich.print` and `Console.print`."""
        from rich.table import Table  # noqa: PLC0415  # an extra
        from rich.text import Text  # noqa: PLC0415

        table = Table("status", "alert groups", title=self._summary())
        for status, number in self.counts.items():
            table.add_row(status.replace("_", " "), f"{number:,}")
        table.add_section()
        for failure in self.failures[:_SHOWN_FAILURES]:
            table.add_row(failure.status, Text(f"{failure.id} {failure.detail}"))
        for line in _omitted(self.failures):
            table.add_row("", line)
        return table


def _omitted(failures: Sequence[Outcome]) -> Iterator[str]:
    if len(failures) > _SHOWN_FAILURES:
        yield f"… and {len(failures) - _SHOWN_FAILURES} more (.failures)"


def _error(failure: Outcome) -> OnCallError:
    return failure.error or OnCallError(f"{failure.id}: {failure.detail}")
