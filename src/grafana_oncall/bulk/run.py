"""One bulk run: freeze the selection, act on each group, report.

How it works, and why it is safe: lists move while they are read, and acting on groups moves them
further. So a run never acts on what it is still reading. It selects first: it reads the whole
query, and each group that the server returns is checked against the filter, because a server that
ignores a filter returns groups that were never asked for (`read_query`). Then the ids are frozen,
and written into the journal. Only then does it act, on these ids alone, whatever the list does
meanwhile. With `converge`, it repeats this for groups that match by then and are new. At any
moment each selected group has exactly one outcome, so that `report` is true also when a run fails
or is cancelled.
"""

from __future__ import annotations

import inspect
import logging
import warnings
from collections.abc import Coroutine, Generator, Mapping, Sequence
from typing import Any, Final

import attrs

from grafana_oncall._core.causes import drop_frames
from grafana_oncall._session.organization import may_own
from grafana_oncall._session.session import Session
from grafana_oncall.errors import ClientStateError, LabelError, OnCallError

from .actions import Action, Seen
from .apply import Applier
from .journal import Journal
from .journal_reader import Header, RunState, difference
from .options import Settings
from .outcomes import IN_FLIGHT, Outcome, Outcomes, Status
from .progress import Progress, ProgressReporter
from .report import BulkReport
from .selection import ReadSelection, check_size, yield_every

_logger: Final = logging.getLogger("grafana_oncall")

_MAX_ROUNDS: Final = 10


@attrs.frozen(kw_only=True)
class Work:
    """What a run is to do."""

    header: Header
    read: ReadSelection | None
    """Reads the selection; None when it is in the journal."""
    read_again: ReadSelection | None = None
    """Reads it once more after each round, for groups that match by then; None for one round."""


class BulkRun:
    """A bulk action: `await` it for its report. Nothing is sent before that.

        run = client.alert_groups.bulk.resolve(client.alert_groups.list(state="new"))
        try:
            await run
        finally:
            print(run.report)  # true also when it was cancelled

    Failures of single groups are raised by `report.raise_for_failures()` only. Awaiting raises what
    concerns all groups; `.report` then says what was done until there, and a resumed run goes on
    from there:

    - any OnCallError of reading the selection, and `FilterIgnored` and `SelectionTooLarge`; nothing
      was written to what was read
    - `JournalError` and `ClientStateError` when no further group can be acted on
    - errors with which every other group would fail as well: a refused token, the same 403 for the
      first five groups, an outage that outlasted `RetryPolicy.deadline` for five groups in a row,
      or a setting that must be corrected
    """

    def __init__(
        self, session: Session, work: Work, settings: Settings, journal: Journal, state: RunState
    ) -> None:
        self._awaited = False
        self._made_at = _line_of_caller()
        self._session = session
        self._action = work.header.action
        self._work = work
        self._settings = settings
        self._journal = journal
        self._go_on_from(state)

    def _go_on_from(self, state: RunState) -> None:
        session = self._session  # not self: a cycle would delay the warning of __del__
        self._state = state
        self._outcomes = state.outcomes
        self._selected = state.selected or self._work.read is None
        self._progress = ProgressReporter(
            self._action.name,
            state.outcomes.counts,
            listener=self._settings.on_progress,
            pause_left=session.shared.throttle.pause_left,
        )
        self._applier = Applier(
            action=self._action,
            session=session,
            state=state,
            journal=self._journal,
            progress=self._progress,
            settings=self._settings,
        )

    def __repr__(self) -> str:
        how = "its .report says what it did" if self._awaited else "await it for its report"
        return f"<BulkRun {self._action.name}: {how}>"

    def __del__(self) -> None:
        if not self._awaited:
            message = f"{self!r} was never awaited: it did nothing."
            warnings.warn_explicit(message, RuntimeWarning, *self._made_at)

    def __await__(self) -> Generator[object, None, BulkReport]:
        return self.wait().__await__()

    @property
    def progress(self) -> Progress:
        """How far it is at this moment, for who asks; `on_progress` is told.

        Only within the event loop.
        """
        return self._progress.now()

    @property
    def report(self) -> BulkReport:
        """What was done so far; groups with a request in flight are `unknown`."""
        outcomes = self._outcomes.copy()
        for group_id in self._applier.in_flight:
            outcomes.record(Outcome(id=group_id, status=Status.UNKNOWN, detail=IN_FLIGHT))
        return self._report(outcomes)

    def _report(self, outcomes: Outcomes) -> BulkReport:
        return BulkReport(
            action=self._action.name,
            outcomes=list(outcomes),
            counts=dict(outcomes.counts),
            seconds_selecting=self._progress.seconds["selecting"],
            seconds_acting=self._progress.seconds["acting"],
            selection_complete=self._selected,
            complete=self._state.complete,
            dry_run=self._settings.dry_run,
        )

    def wait(self) -> Coroutine[Any, Any, BulkReport]:
        """Return the coroutine that `await` runs, for `create_task` and the like."""
        if self._awaited:
            raise ClientStateError("A bulk run is awaited once; its .report says what it did.")
        self._awaited = True
        return self._wait()

    async def _wait(self) -> BulkReport:
        try:
            with self._journal:
                await self._run()
        except OnCallError as error:
            drop_frames(error)
            raise
        report = self._report(self._outcomes)
        _logger.info("%s", report.summary)
        return report

    async def _run(self) -> None:
        if await self._is_resumed():
            self._journal.go_on()
            await self._act(self._outcomes.to_do(), {})
        elif self._work.read is not None:
            try:
                self._journal.begin_run(self._work.header)
                ids, seen = await self._select(self._work.read)
            except BaseException:
                self._journal.discard()
                raise
            await self._act_or_plan(ids, seen)
        if self._work.read_again is not None and not self._settings.dry_run:
            await self._converge(self._work.read_again)
        if not self._outcomes.counts[Status.NOT_ATTEMPTED]:
            await self._journal.finish()

    async def _is_resumed(self) -> bool:
        """Whether there is an earlier run to finish; raise JournalError when it is another one."""
        earlier, work = await self._journal.read(), self._work
        if work.read is None:
            if earlier is None:
                raise self._journal.nothing_sent()
            if earlier.header != work.header:
                raise self._journal.other_run("another run has replaced it. Resume it again.")
        else:
            if earlier is None or earlier.finished:
                return False
            await self._check_same(earlier, work.header, work.read)
        await self._check_organization(earlier)
        self._go_on_from(earlier)
        return True

    async def _check_organization(self, earlier: RunState) -> None:
        """Raise JournalError when the groups of a run that is to go on are another organization's.

        All of them would be rejected, and `converge` would act on that organization's.
        """
        if self._work.read_again is None and not earlier.outcomes.to_do():
            return
        spared = {Status.NOT_ATTEMPTED, Status.FAILED} if self._action.removes else {*Status}
        ids = [outcome.id for outcome in earlier.outcomes if outcome.status in spared]
        if not await may_own(self._session, ids):
            raise self._journal.other_run(
                "none of its groups exists for this token, so they are another organization's: use "
                "the token that the run was started with. If all of them were deleted, there is "
                "nothing left to finish: delete the journal."
            )

    async def _check_same(self, earlier: RunState, header: Header, read: ReadSelection) -> None:
        """Raise JournalError when the unfinished run is not the one that was asked for."""
        what = difference(earlier.header, header)
        if what is None and header.query is None and not await _has_ids(earlier.outcomes, read):
            what = "selection: the journal lists different ids"
        if what is not None:
            raise self._journal.other_run(
                f"its run is not finished, and differs from this one ({what}). Finish it with "
                "bulk.resume(), or name another file."
            )

    async def _converge(self, read: ReadSelection) -> None:
        """Select and act again until there is nothing new."""
        for _ in range(_MAX_ROUNDS):
            if self._applier.stopped:
                return
            ids, seen = await self._select(read)
            if not ids:
                return
            await self._act(ids, seen)
        self._state.complete = False

    async def _select(self, read: ReadSelection) -> tuple[Sequence[str], dict[str, Seen]]:
        """Read the selection, and add it to the outcomes and to the journal.

        Returns:
            The ids that are new, and what was seen of the groups.
        """
        outcomes, max_items = self._outcomes, self._settings.max_items
        async with self._progress.phase("selecting"):
            selection = await read(max_items=max_items, on_found=self._progress.reached)
            self._state.complete = selection.complete
            new = [group_id for group_id in selection.ids if group_id not in outcomes]
            check_size(len(outcomes) + len(new), max_items)
            for number, group_id in enumerate(new, 1):
                outcomes.add(group_id)
                await yield_every(number)
            await self._journal.select(new, complete=selection.complete)
            self._selected = True
        _logger.info("%s: %d alert groups selected", self._action.name, len(new))
        return new, selection.seen

    async def _act_or_plan(self, ids: Sequence[str], seen: dict[str, Seen]) -> None:
        if self._settings.dry_run:
            await self._plan(ids, seen)
        else:
            await self._act(ids, seen)

    async def _act(self, ids: Sequence[str], seen: dict[str, Seen]) -> None:
        total = len(self._outcomes)
        async with self._progress.phase("acting", done=total - len(ids), total=total):
            await self._applier.apply(ids, seen)

    async def _plan(self, ids: Sequence[str], seen: Mapping[str, Seen]) -> None:
        """Record what would be sent."""
        for number, group_id in enumerate(ids, 1):
            self._outcomes.record(_planned(self._action, group_id, seen.get(group_id)))
            await yield_every(number)


def _line_of_caller() -> tuple[str, int]:
    """Return the file and the line of the nearest call from outside the package."""
    frame = inspect.currentframe()
    while frame is not None and str(frame.f_globals.get("__name__")).startswith("grafana_oncall."):
        frame = frame.f_back
    return ("", 0) if frame is None else (frame.f_code.co_filename, frame.f_lineno)


async def _has_ids(outcomes: Outcomes, read: ReadSelection) -> bool:
    """Whether the outcomes are of the groups of a selection, in any order."""
    selection = await read(max_items=None, on_found=lambda _found, _total: None)
    return len(selection.ids) == len(outcomes) and all(
        group_id in outcomes for group_id in selection.ids
    )


def _planned(action: Action, group_id: str, seen: Seen | None) -> Outcome:
    try:
        steps = action.steps(seen)
    except LabelError as error:
        return Outcome(id=group_id, status=Status.REJECTED, detail=str(error), error=error)
    status = Status.NOT_ATTEMPTED if steps else Status.ALREADY
    return Outcome(id=group_id, status=status, detail="; ".join(steps))
