"""One bulk run: select, act, report."""

import warnings
from collections.abc import Coroutine, Generator, Mapping
from typing import Any, Final

import attrs

from grafana_oncall._session.session import Session
from grafana_oncall.errors import ClientStateError, LabelError

from .actions import Action, Seen
from .apply import Applier, yield_every
from .ids import Ids
from .journal import Journal
from .options import Settings
from .outcome import Outcome, Status
from .progress import Meter
from .report import BulkReport, Ledger
from .resume import Header, Past, difference
from .selection import Read

_MOST_ROUNDS: Final = 10


@attrs.frozen(kw_only=True)
class Work:
    """What a run is to do."""

    header: Header
    read: Read | None
    """Reads the selection; None for a run that is in its journal."""
    again: Read | None = None
    """Reads it again when all is done, for groups that match by then."""


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
    what was read; `JournalError` and `ClientStateError` when no further group can be acted on; and
    what no other group would fare better with: a token that is refused, the same 403 for the first
    five groups, an outage that five in a row have waited for until `RetryPolicy.deadline`, or
    settings that only a person can put right. A resumed run goes on from there. It raises OSError
    when there is no room for the temporary file of more than 10,000 ids.
    """

    def __init__(
        self, session: Session, work: Work, settings: Settings, journal: Journal, past: Past
    ) -> None:
        self._awaited = False
        self._session = session
        self._action = work.header.action
        self._work = work
        self._settings = settings
        self._journal = journal
        self._take_up(past)

    def _take_up(self, past: Past) -> None:
        """Goes on from here; of a new run, nothing is done yet."""
        session = self._session  # not self: a run that is dropped is gone, and says so, at once
        self._past = past
        self._ledger = past.ledger
        self._selected = past.selected or self._work.read is None
        self._meter = Meter(
            self._action.name,
            past.ledger.counts,
            listener=self._settings.on_progress,
            pause_left=session.shared.throttle.pause_left,
        )
        self._applier = Applier(
            action=self._action,
            session=session,
            past=past,
            journal=self._journal,
            meter=self._meter,
            settings=self._settings,
        )

    def __repr__(self) -> str:
        how = "what it did is in its .report" if self._awaited else "await it for its report"
        return f"<BulkRun {self._action.name}: {how}>"

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
        return self._report(ledger)

    def _report(self, ledger: Ledger) -> BulkReport:
        return BulkReport(
            action=self._action.name,
            outcomes=ledger,
            counts=dict(ledger.counts),
            seconds_selecting=self._meter.seconds["selecting"],
            seconds_acting=self._meter.seconds["acting"],
            selection_complete=self._selected,
            complete=self._past.complete,
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
        return self._report(self._ledger)  # nothing is noted in it any more

    async def _run(self) -> None:
        if await self._take_up_earlier():
            self._journal.go_on()
            await self._act(0, {})
        elif self._work.read is not None:
            try:
                self._journal.begin_run(self._work.header)
                seen = await self._select(self._work.read)
            except BaseException:
                self._journal.discard()
                raise
            await self._go(0, seen)
        if self._work.again is not None and not self._settings.dry_run:
            await self._converge(self._work.again)
        if not self._ledger.counts[Status.NOT_ATTEMPTED]:
            await self._journal.finish()

    async def _take_up_earlier(self) -> bool:
        """Whether there is an earlier run to finish; raises JournalError when that is another."""
        past, work = await self._journal.read(), self._work
        if work.read is None:
            if past is None:
                raise self._journal.nothing_sent()
            if past.header != work.header:
                raise self._journal.other_run("another run has it by now. Resume it again.")
        else:
            if past is None or past.finished:
                return False
            await self._check_same(past, work.header, work.read)
        self._take_up(past)
        return True

    async def _check_same(self, past: Past, header: Header, read: Read) -> None:
        """Raises JournalError when the earlier run is not what this one would be."""
        what = difference(past.header, header)
        if what is None and header.query is None and not await _same_ids(past.ledger.ids, read):
            what = "selection: other ids there than here"
        if what is not None:
            raise self._journal.other_run(
                f"its run is not finished, and another one ({what}). Finish it with bulk.resume(), "
                "or name another file."
            )

    async def _converge(self, read: Read) -> None:
        """Until there is nothing new."""
        for _ in range(_MOST_ROUNDS):
            before = len(self._ledger)
            if not self._applier.stopped:
                await self._go(before, await self._select(read))
            if len(self._ledger) == before:
                return
        self._past.complete = False

    async def _select(self, read: Read) -> dict[str, Seen]:
        """Selects to the end; answers what was seen of the groups."""
        ledger, before = self._ledger, len(self._ledger)
        async with self._meter.phase("selecting"):
            frozen = await read(
                ledger.ids, most=self._settings.max_items, found=self._meter.reached
            )
            self._past.complete = frozen.complete
            ledger.take_in()
            await self._journal.select(ledger.ids, before, complete=frozen.complete)
            self._selected = True
        return frozen.seen

    async def _go(self, start: int, seen: dict[str, Seen]) -> None:
        if self._settings.dry_run:
            await self._plan(seen)
        else:
            await self._act(start, seen)

    async def _act(self, start: int, seen: dict[str, Seen]) -> None:
        """Acts on what is left to do from this position on."""
        ledger = self._ledger
        done = len(ledger) - ledger.left(start)
        async with self._meter.phase("acting", done=done, total=len(ledger)):
            await self._applier.apply(ledger.to_do(start), seen)

    async def _plan(self, seen: Mapping[str, Seen]) -> None:
        """Notes what would be sent."""
        for position, group_id in enumerate(self._ledger.ids):
            outcome = _planned(self._action, group_id, seen.get(group_id))
            self._ledger.settle(position, outcome)
            await yield_every(position + 1)


async def _same_ids(ids: Ids, read: Read) -> bool:
    given = Ids()
    await read(given, most=None, found=lambda _done, _total: None)
    for number, one in enumerate(given, 1):
        if one not in ids:
            return False
        await yield_every(number)
    return len(given) == len(ids)


def _planned(action: Action, group_id: str, seen: Seen | None) -> Outcome:
    try:
        steps = action.steps(seen)
    except LabelError as error:
        return Outcome(id=group_id, status=Status.REJECTED, detail=str(error), error=error)
    status = Status.NOT_ATTEMPTED if steps else Status.ALREADY
    return Outcome(id=group_id, status=status, detail="; ".join(steps))
