"""The report of a bulk run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Self

import attrs

from grafana_oncall._core.serializable import Serializable
from grafana_oncall._core.text import shown
from grafana_oncall._core.tracebacks import ShortTracebacks
from grafana_oncall.errors import InvalidArgument, OnCallError

from .outcomes import Outcome, Status

if TYPE_CHECKING:
    from rich.console import Group


_SHOWN_FAILURES: Final = 20
"""Lines of failures in a text; failures that differ in the group alone share a line."""

_SHOWN_IDS: Final = 3
_PLANNED: Final = "would change"


@attrs.frozen(kw_only=True)
class _Alike:
    """Failures with the same status and the same words; as text, their groups."""

    status: Status
    detail: str
    ids: Sequence[str]

    def __str__(self) -> str:
        if len(self.ids) == 1:
            return self.ids[0]
        more = ", …" if len(self.ids) > _SHOWN_IDS else ""
        return f"{len(self.ids):,} groups ({', '.join(self.ids[:_SHOWN_IDS])}{more})"


@attrs.frozen(kw_only=True)
class BulkReport(ShortTracebacks, Serializable):
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
    finished: bool = True
    """False until each group was attempted: the run still acts, ended early, or is one of which
    `collect` found shards that no worker has finished."""
    dry_run: bool = False
    """Whether it was a dry run: nothing was sent. A group that would have been acted on is
    `not_attempted`, and its `detail` says what would have been sent."""

    @property
    def ok(self) -> bool:
        """Whether nothing is left to do, as for an exit code: `sys.exit(not report.ok)`.

        The whole selection was read, no group is a failure, and each was attempted, unless it was a
        dry run.
        """
        is_attempted = self.dry_run or not self.counts.get(Status.NOT_ATTEMPTED)
        return self.selection_complete and self.complete and is_attempted and not self._has_failures

    @property
    def failures(self) -> Sequence[Outcome]:
        """The outcomes that are failures (`Status.is_failure`)."""
        if not self._has_failures:
            return ()
        return [outcome for outcome in self.outcomes if outcome.status.is_failure]

    @property
    def _has_failures(self) -> bool:
        return any(number for status, number in self.counts.items() if status.is_failure)

    @classmethod
    def merge(cls, reports: Iterable[BulkReport]) -> Self:
        """Return one report of several, such as those of an action on several stacks.

        Raises:
            InvalidArgument: There are none, or they are of different actions.
        """
        parts = [*reports]
        actions = {part.action for part in parts}
        if len(actions) != 1:
            message = (
                f"reports: one or more of the same action are needed, not of {shown(actions)}."
            )
            raise InvalidArgument(message, argument="reports")
        return cls(
            action=parts[0].action,
            outcomes=[outcome for part in parts for outcome in part.outcomes],
            counts={status: sum(part.counts[status] for part in parts) for status in Status},
            seconds_selecting=sum(part.seconds_selecting for part in parts),
            seconds_acting=sum(part.seconds_acting for part in parts),
            complete=all(part.complete for part in parts),
            selection_complete=all(part.selection_complete for part in parts),
            finished=all(part.finished for part in parts),
            dry_run=any(part.dry_run for part in parts),
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Return the report that `to_json` wrote; raise InvalidArgument if it is none.

        Failures have the text of their errors only.
        """
        try:
            members: dict[str, Any] = json.loads(text)
            outcomes = [
                Outcome(
                    id=each["id"],
                    status=Status(each["status"]),
                    detail=each["detail"],
                    seconds=each["seconds"],
                )
                for each in members.pop("outcomes")
            ]
            counts = {Status(status): number for status, number in members.pop("counts").items()}
            del members["ok"]
            return cls(**members, outcomes=outcomes, counts=counts)
        except (AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
            message = f"text: {shown(text)} is no report of a bulk run: {error}."
            raise InvalidArgument(message, argument="text") from error

    def raise_for_failures(self) -> None:
        """Raise an ExceptionGroup with the error of each failure, if there is any.

        Handle them by class with `except*`, such as `except* Conflict`. A failure that was read
        from a journal is a plain OnCallError with the text of the original one.
        """
        failures = self.failures
        if failures:
            message = f"{self.action}: {len(failures)} of {len(self.outcomes)} alert groups"
            raise ExceptionGroup(message, [_error(failure) for failure in failures])

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON; an outcome has the text of its error as `detail`."""
        return {
            "action": self.action,
            "ok": self.ok,
            "dry_run": self.dry_run,
            "selection_complete": self.selection_complete,
            "complete": self.complete,
            "finished": self.finished,
            "seconds_selecting": self.seconds_selecting,
            "seconds_acting": self.seconds_acting,
            "counts": {str(status): number for status, number in self.counts.items()},
            "outcomes": [
                {
                    "id": outcome.id,
                    "status": str(outcome.status),
                    "detail": outcome.detail,
                    "seconds": round(outcome.seconds, 3),
                }
                for outcome in self.outcomes
            ],
        }

    def __str__(self) -> str:
        return "\n".join([self.summary, *self._failure_lines()])

    def _failure_lines(self) -> Iterator[str]:
        alike = _alike(self.failures)
        for each in alike[:_SHOWN_FAILURES]:
            yield f"  {each} {each.status}: {each.detail}"
        number = sum(len(each.ids) for each in alike[_SHOWN_FAILURES:])
        if number:
            yield f"  … and {number:,} more (.failures)"

    @property
    def summary(self) -> str:
        """What was done, in one line, without the failures."""
        counts = ", ".join(self._counts())
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

    def _counts(self) -> Iterator[str]:
        for status, number in self.counts.items():
            if number:
                name = self._name(status)
                yield f"{name} {number:,}" if name == _PLANNED else f"{number:,} {name}"

    def _name(self, status: Status) -> str:
        is_planned = self.dry_run and status is Status.NOT_ATTEMPTED
        return _PLANNED if is_planned else status.replace("_", " ")

    def _rows(self) -> list[tuple[str, str]]:
        """Return the statuses that groups have, and how many have them."""
        counts = self.counts.items()
        return [(self._name(status), f"{number:,}") for status, number in counts if number]

    def _repr_html_(self) -> str:
        """Return the counts and failures as a table, for notebooks."""
        from html import escape  # noqa: PLC0415  # only notebooks need it

        head = "<tr><th>status</th><th>alert groups</th></tr>"
        rows = "".join(f"<tr><td>{name}</td><td>{count}</td></tr>" for name, count in self._rows())
        failures = "".join(f"<p>{escape(line.strip())}</p>" for line in self._failure_lines())
        return f"<table><caption>{escape(self.summary)}</caption>{head}{rows}</table>{failures}"

    def __rich__(self) -> Group:
        """Return the summary, a table of the counts, and the failures, for `rich.print`."""
        from rich.console import Group  # noqa: PLC0415  # an extra
        from rich.table import Column, Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        table = Table("status", Column("alert groups", justify="right"))
        for row in self._rows():
            table.add_row(*row)
        tables = [table] if table.rows else []
        return Group(Text(self.summary), *tables, *map(Text, self._failure_lines()))


def _alike(failures: Iterable[Outcome]) -> list[_Alike]:
    """Return the failures, with those together that differ in nothing but the group."""
    found: dict[tuple[Status, str], list[Outcome]] = {}
    for failure in failures:
        detail = failure.detail.replace(failure.id, "…")
        found.setdefault((failure.status, detail), []).append(failure)
    return [
        _Alike(
            status=status,
            detail=detail if len(alike) > 1 else alike[0].detail,
            ids=[failure.id for failure in alike],
        )
        for (status, detail), alike in found.items()
    ]


def _error(failure: Outcome) -> OnCallError:
    return failure.error or OnCallError(f"{failure.id}: {failure.detail}")
