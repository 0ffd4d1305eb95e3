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

import asyncio
import inspect
import logging
import warnings
from collections.abc import Coroutine, Generator, Mapping, Sequence
from typing import Any, Final

import attrs

from grafana_oncall._core.causes import drop_frames
from grafana_oncall._core.tracebacks import ShortTracebacks
from grafana_oncall._session.session import Session
from grafana_oncall._validation.arguments import whole
from grafana_oncall.errors import ClientStateError, InvalidArgument, OnCallError

from .actions import Seen
from .apply import Applier, planned
from .journal import Journal
from .journal_reader import RunState
from .options import Settings
from .outcomes import IN_FLIGHT, Outcome, Outcomes, Status
from .progress import Progress, ProgressReporter
from .report import BulkReport
from .resume import Work, find_earlier
from .selection import ReadSelection, check_size, yield_every
from .shards import Shard, divide

_logger: Final = logging.getLogger("grafana_oncall")

_MAX_ROUNDS: Final = 10


class BulkRun(ShortTracebacks):
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
        self._work = work
        self._settings = settings
        self._journal = journal
        self._go_on_from(state)

    def _go_on_from(self, state: RunState) -> None:
        session = self._session  # not self: a cycle would delay the warning of __del__
        self._action = self._work.header.action
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
            session=Session(
                session.shared, attrs.evolve(session.options, confirm=self._journal.confirm)
            ),
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
            finished=self._state.finished,
            dry_run=self._settings.dry_run,
        )

    def wait(self) -> Coroutine[Any, Any, BulkReport]:
        """Return the coroutine that `await` runs, for `create_task` and the like."""
        self._begin()
        return self._wait()

    async def shards(self, size: int = 200) -> list[Shard]:
        """Read and check the selection, write nothing, and divide it, instead of running.

        Each shard is plain JSON for a worker, which does it with `bulk.run(shard, journal=store)`.
        A shard has ids only: what the query showed of its groups would be out of date there.

        Args:
            size: Groups in a shard; the last one may have fewer. A worker needs the time for one
                shard without interruption, at most a few minutes of the rate limit.

        Raises:
            OnCallError: As reading the selection does; see `BulkRun`.
            InvalidArgument: The run repeats its query (`converge=True`), or has a journal: each
                shard has its own.
        """
        whole("size", size)
        header, settings = self._work.header, self._settings
        if self._work.read is None or header.converge or settings.dry_run or settings.journal:
            message = (
                "shards: a run with a journal, with converge=True or with dry_run=True cannot be "
                "divided. Each shard has a journal of its own: pass it to bulk.run()."
            )
            raise InvalidArgument(message, argument="shards")
        self._begin()
        ids, seen = await self._select(self._work.read)
        for number, group_id in enumerate(ids, 1):
            seen.pop(group_id, None)  # to free all of them at once would take long
            await yield_every(number)
        return divide(self._action, header.stack, ids, name=settings.name, size=size)

    def _begin(self) -> None:
        if self._awaited:
            raise ClientStateError("A bulk run is awaited once; its .report says what it did.")
        self._awaited = True

    async def _wait(self) -> BulkReport:
        try:
            async with self._journal:
                await self._run()
        except OnCallError as error:
            drop_frames(error)
            raise
        report = self._report(self._outcomes)
        _logger.info("%s", report.summary)
        return report

    async def _run(self) -> None:
        found = await find_earlier(self._session, self._journal, self._work)
        if found is not None:
            self._work, earlier = found
            self._go_on_from(earlier)
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
            self._state.finished = True

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
            await asyncio.sleep(0)  # many ids: the next pass over them is another step
            new = outcomes.new(selection.ids)
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
            self._outcomes.record(planned(self._action, group_id, seen.get(group_id)))
            await yield_every(number)


def _line_of_caller() -> tuple[str, int]:
    """Return the file and the line of the nearest call from outside the package."""
    frame = inspect.currentframe()
    while frame is not None and str(frame.f_globals.get("__name__")).startswith("grafana_oncall."):
        frame = frame.f_back
    return ("", 0) if frame is None else (frame.f_code.co_filename, frame.f_lineno)
