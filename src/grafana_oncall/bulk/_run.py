"""One bulk run: select, act, report."""

import warnings
from collections.abc import Coroutine, Generator, Mapping
from typing import Any, Final

import attrs

from grafana_oncall._actions import Actions
from grafana_oncall._generated.alert_groups import AlertGroupState
from grafana_oncall._session import Session
from grafana_oncall.changes import Snapshot
from grafana_oncall.errors import ClientStateError, LabelError

from ._action import Action
from ._apply import Applier
from ._journal import Header, Journal
from ._ledger import Ledger
from ._options import Settings
from ._outcome import Outcome, Status
from ._progress import Meter
from ._report import BulkReport
from ._selection import Read, limit

_MOST_ROUNDS: Final = 10
_TO_DO: Final = frozenset({Status.NOT_ATTEMPTED, Status.FAILED, Status.UNKNOWN})


@attrs.frozen(kw_only=True)
class Work:
    """What a run is to do, and what an earlier run has done of it."""

    header: Header
    read: Read | None
    """Reads the selection; None when that is in the ledger already."""
    again: Read | None = None
    """Reads it again when all is done, for groups that match by then."""
    ledger: Ledger = attrs.field(factory=Ledger)
    doubtful: set[int] = attrs.field(factory=set[int])
    """Positions of groups on which the earlier run may have had its effect."""
    before: Mapping[int, AlertGroupState] = attrs.field(factory=dict[int, AlertGroupState])
    """By position: states before that run's first request."""
    settled: bool = True


class BulkRun:
    """A bulk action: `await` it for its report. Nothing is sent before that.

        run = client.alert_groups.bulk.resolve(client.alert_groups.list(state="new"))
        try:
            await run
        finally:
            print(run.report)  # true also when it was cancelled

    What goes wrong with single groups is raised by `report.raise_for_failures()`. Awaiting raises
    what concerns all of them, while `.report` tells what was done until then: any OnCallError of
    reading the selection; `FilterIgnored` and `SelectionTooLarge` before anything is written to
    what was read; `JournalError` and `ClientStateError` when no further group can be acted on.
    """

    def __init__(self, session: Session, work: Work, settings: Settings, journal: Journal) -> None:
        self._awaited = False
        self._work = work
        self._settings = settings
        self._journal = journal
        self._ledger = work.ledger
        self._settled = work.settled
        self._meter = Meter(
            work.header.action.name,
            work.ledger.counts,
            listener=settings.on_progress,
            pause_left=lambda: session.shared.gate.pause_left,
        )
        self._applier = Applier(
            action=work.header.action,
            actions=Actions(session),
            ledger=work.ledger,
            doubtful=work.doubtful,
            before=work.before,
            journal=journal,
            meter=self._meter,
            settings=settings,
        )

    def __repr__(self) -> str:
        return f"<BulkRun {self._work.header.action.name}: await it for its report>"

    def __del__(self) -> None:
        if not self._awaited:
            warnings.warn(f"{self!r} was never awaited: it did nothing.", RuntimeWarning, 2)

    def __await__(self) -> Generator[object, None, BulkReport]:
        return self.wait().__await__()

    @property
    def report(self) -> BulkReport:
        """What was done so far; groups under way are `unknown`."""
        ledger = self._ledger.snapshot()
        for position in self._applier.under_way:
            group_id = ledger.ids[position]
            ledger.settle(
                position, Outcome(id=group_id, status=Status.UNKNOWN, detail="It is under way.")
            )
        return BulkReport(
            action=self._work.header.action.name,
            outcomes=ledger,
            counts=ledger.counts,
            selecting=self._meter.seconds["selecting"],
            acting=self._meter.seconds["acting"],
            settled=self._settled,
            dry_run=self._settings.dry_run,
        )

    def wait(self) -> Coroutine[Any, Any, BulkReport]:
        """The coroutine that `await` runs, for `create_task` and the like."""
        if self._awaited:
            raise ClientStateError("A bulk run is awaited once; what it did is in its .report.")
        self._awaited = True
        return self._wait()

    async def _wait(self) -> BulkReport:
        with self._journal:
            await self._run()
        return self.report

    async def _run(self) -> None:
        work = self._work
        if work.read is None:
            await self._act(0, {})
        else:
            self._journal.begin_run(work.header)
            try:
                known = await self._select(work.read)
            except BaseException:
                self._journal.discard()
                raise
            await self._go(0, known)
        if work.again is not None and not self._settings.dry_run:
            await self._converge(work.again)

    async def _converge(self, read: Read) -> None:
        """Until there is nothing new."""
        for _ in range(_MOST_ROUNDS):
            before = len(self._ledger)
            if not self._applier.stopped:
                await self._go(before, await self._select(read))
            if len(self._ledger) == before:
                return
        self._settled = False

    async def _select(self, read: Read) -> dict[str, Snapshot]:
        """Selects to the end; answers what was seen of the groups."""
        before = len(self._ledger)
        async with self._meter.phase("selecting"):
            frozen = await read(most=self._settings.max_items, found=self._meter.reached)
            seen, self._settled = frozen.groups, frozen.settled
            limit(before + sum(not self._ledger.has(one) for one in seen), self._settings.max_items)
            self._ledger.add(seen)
            self._journal.select(self._ledger.ids[before:], settled=self._settled)
        return {group_id: one for group_id, one in seen.items() if one is not None}

    async def _go(self, start: int, known: dict[str, Snapshot]) -> None:
        if self._settings.dry_run:
            self._plan(known)
        else:
            await self._act(start, known)

    async def _act(self, start: int, known: dict[str, Snapshot]) -> None:
        """Acts on what is left to do from this position on."""
        ledger = self._ledger
        positions = [one for one in range(start, len(ledger)) if ledger.status(one) in _TO_DO]
        done = len(ledger) - len(positions)
        async with self._meter.phase("acting", done=done, total=len(ledger)):
            await self._applier.apply(positions, known)

    def _plan(self, known: Mapping[str, Snapshot]) -> None:
        """Notes what would be sent."""
        for position, group_id in enumerate(self._ledger.ids):
            self._ledger.settle(
                position, _planned(self._work.header.action, group_id, known.get(group_id))
            )


def _planned(action: Action, group_id: str, seen: Snapshot | None) -> Outcome:
    try:
        steps = action.steps(seen)
    except LabelError as error:
        return Outcome(id=group_id, status=Status.REJECTED, detail=str(error), error=error)
    status = Status.NOT_ATTEMPTED if steps else Status.ALREADY
    return Outcome(id=group_id, status=status, detail="; ".join(steps))
