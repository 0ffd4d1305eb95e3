"""Acting on the groups of a run: some at a time, each to exactly one outcome."""

import asyncio
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

import attrs

from grafana_oncall._session.actions import Actions
from grafana_oncall._session.session import Session
from grafana_oncall.errors import (
    ClientStateError,
    Forbidden,
    JournalError,
    LabelError,
    NotFound,
    OnCallError,
    OutcomeUnknown,
    Unauthorized,
    UserTokenRequired,
)

from .actions import Action, Seen
from .journal import Journal
from .options import Settings
from .outcome import Outcome, Status, status_of
from .progress import Meter
from .resume import Past

_AT_A_TIME: Final = 1000


async def yield_every(done: int) -> None:
    """Lets other tasks run after each thousand things that were done without waiting."""
    if done % _AT_A_TIME == 0:
        await asyncio.sleep(0)


_ENOUGH: Final = 5
"""Groups that fail one after the other, for a reason that is not theirs, after which a run ends."""


class Applier:
    """Acts on groups, and notes each outcome in the ledger and in the journal."""

    def __init__(
        self,
        *,
        action: Action,
        session: Session,
        past: Past,
        journal: Journal,
        meter: Meter,
        settings: Settings,
    ) -> None:
        self.under_way: set[int] = set()
        """Positions of groups for which something may be on its way."""
        self.stopped = False
        """Whether no further group is begun."""
        self._action = action
        self._actions = Actions(session)
        self._session = session
        self._ledger = past.ledger
        self._journal = journal
        self._meter = meter
        self._settings = settings
        self._doubtful = past.doubtful
        self._silenced_at = past.silenced_at
        self._seen: dict[str, Seen] = {}
        self._failures = 0
        self._is_allowed = False
        self._common: str | None = None
        self._in_a_row = 0
        self._halt: OnCallError | None = None

    async def apply(self, positions: Iterable[int], seen: dict[str, Seen]) -> None:
        """Acts on these; raises what keeps all of them from being acted on."""
        self._seen = seen
        turns = iter(positions)
        async with asyncio.TaskGroup() as tasks:
            for _ in range(min(self._settings.max_at_once, len(self._ledger))):
                tasks.create_task(self._work(turns))
        if self._halt is not None:
            raise self._halt

    async def _work(self, turns: Iterator[int]) -> None:
        while not self.stopped and (position := next(turns, None)) is not None:
            self.under_way.add(position)
            try:
                await self._one(position)
                await self._journal.sync()
            except JournalError as error:
                self._stop(error)
            finally:
                self.under_way.discard(position)

    async def _one(self, position: int) -> None:
        """To the outcome, which is noted also when this is cancelled."""
        began, done = asyncio.get_running_loop().time(), list[str]()
        outcome = Outcome(id=self._ledger.ids[position], status=Status.UNKNOWN)
        try:
            await self._perform(position, done)
            outcome = self._succeeded(outcome, done)
        except OnCallError as error:
            outcome = self._failed(outcome, error, done, doubtful=position in self._doubtful)
        except asyncio.CancelledError as cancelled:
            doubtful = position in self._doubtful
            outcome = _cut_short(outcome, cancelled, done, doubtful=doubtful)
            raise
        finally:
            seconds = asyncio.get_running_loop().time() - began
            self._settle(position, attrs.evolve(outcome, seconds=seconds))

    async def _perform(self, position: int, done: list[str]) -> None:
        group_id = self._ledger.ids[position]
        seen = self._seen.pop(group_id, None)
        if seen is not None and not self._action.steps(seen):
            await asyncio.sleep(0)  # thousands of these shall not keep others waiting
            return
        if position in self._doubtful:
            found = await self._found(group_id, self._silenced_at.get(position))
            self._doubtful.discard(position)
            if found:
                return
        silenced_at = None if seen is None else seen.silenced_at
        await self._journal.begin(position, group_id, silenced_at=silenced_at)
        await self._action.perform(self._actions, group_id, seen, done)

    async def _found(self, group_id: str, silenced_at: datetime | None) -> bool:
        """Whether an earlier run had its effect on the group."""
        try:
            return await self._action.was_done(self._actions, group_id, silenced_at)
        except (NotFound, LabelError):
            return False  # the action tells what that means

    def _succeeded(self, outcome: Outcome, done: list[str]) -> Outcome:
        self._is_allowed = self._is_allowed or bool(done)
        self._in_a_row = 0
        several = len(self._action.steps(None)) > 1
        return attrs.evolve(
            outcome,
            status=self._action.success if done else Status.ALREADY,
            detail="; ".join(done) if several else "",
        )

    def _failed(
        self, outcome: Outcome, error: OnCallError, done: list[str], *, doubtful: bool
    ) -> Outcome:
        status = status_of(error)
        if isinstance(error, JournalError | ClientStateError):
            self._stop(error)
            status = Status.NOT_ATTEMPTED
        elif status in {Status.ALREADY, Status.REJECTED}:
            self._is_allowed = True
        self._end_if_common(error)
        if status is Status.ALREADY:
            return attrs.evolve(outcome, status=status)
        return attrs.evolve(
            outcome,
            status=Status.UNKNOWN if doubtful or done else status,
            detail="; ".join([*done, str(error)]),
            error=error,
        )

    def _end_if_common(self, error: OnCallError) -> None:
        """Ends the run when no other group would fare better."""
        cause = error.__cause__
        failure = error
        if isinstance(error, OutcomeUnknown) and isinstance(cause, OnCallError):
            failure = cause
        certain = isinstance(failure, Unauthorized | UserTokenRequired)
        common = self._common_reason(failure)
        self._in_a_row = self._in_a_row + 1 if common == self._common else 1
        self._common = common
        if common is not None and self._in_a_row == _ENOUGH:
            certain = True
        if certain or self._session.shared.needs_intervention(failure):
            self._stop(failure)

    def _common_reason(self, failure: OnCallError) -> str | None:
        """What others may fail of as well; None where it is the group's own, or passes."""
        deadline = self._session.options.retry.deadline
        if self._session.shared.is_lasting_outage(failure, deadline):
            return "an outage"
        if isinstance(failure, Forbidden) and not self._is_allowed:
            return failure.detail
        return None

    def _settle(self, position: int, outcome: Outcome) -> None:
        self._ledger.settle(position, outcome)
        try:
            self._journal.end(position, outcome)
        except JournalError as error:
            self._stop(error)
        self._failures += outcome.status.is_failure
        if self._failures == self._settings.stop_after_failures:
            self.stopped = True
        self._meter.step()

    def _stop(self, error: OnCallError) -> None:
        self._halt = self._halt or error
        self.stopped = True


def _cut_short(
    outcome: Outcome, cancelled: asyncio.CancelledError, done: list[str], *, doubtful: bool
) -> Outcome:
    """A request that was on its way is chained to the cancellation; else nothing was."""
    doubt = cancelled.__cause__
    if isinstance(doubt, OutcomeUnknown):
        detail = "; ".join([*done, str(doubt)])
        return attrs.evolve(outcome, status=Status.UNKNOWN, detail=detail, error=doubt)
    if done or doubtful:
        detail = "; ".join([*done, "it was cancelled before the rest."])
        return attrs.evolve(outcome, status=Status.UNKNOWN, detail=detail)
    return attrs.evolve(outcome, status=Status.NOT_ATTEMPTED, detail="It was cancelled.")
