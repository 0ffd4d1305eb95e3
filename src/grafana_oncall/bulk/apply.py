"""Act on the groups of a run, several at a time, and record one outcome for each."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

import attrs

from grafana_oncall._session.session import Session
from grafana_oncall.errors import (
    ClientStateError,
    Forbidden,
    JournalError,
    LabelError,
    NotFound,
    OnCallError,
    OutcomeUnknown,
    TokenUnavailable,
    Unauthorized,
    UserTokenRequired,
)

from .actions import Action, Seen
from .journal import Journal
from .journal_reader import RunState
from .options import Settings
from .outcomes import Outcome, Status, status_of
from .progress import ProgressReporter

_SYSTEMIC: Final = 5
"""Failures in a row, for the same reason that is not the group's own, after which a run ends."""


class Applier:
    """Acts on groups; records each outcome in the run's state and in its journal."""

    def __init__(
        self,
        *,
        action: Action,
        session: Session,
        state: RunState,
        journal: Journal,
        progress: ProgressReporter,
        settings: Settings,
    ) -> None:
        self.in_flight: set[str] = set()
        """Ids of groups for which a request may be in flight."""
        self.stopped: bool = False
        """Whether no new groups are started."""
        self._action = action
        self._session = session
        self._outcomes = state.outcomes
        self._journal = journal
        self._progress = progress
        self._settings = settings
        self._unverified = {
            outcome.id for outcome in state.outcomes if outcome.status is Status.UNKNOWN
        }
        """Ids of groups that an earlier run may have acted on, which was not checked yet."""
        self._silenced_at = state.silenced_at
        self._seen: dict[str, Seen] = {}
        self._failures = 0
        self._is_allowed = False
        self._reason: str | None = None
        self._in_a_row = 0
        self._error: OnCallError | None = None

    async def apply(self, ids: Sequence[str], seen: dict[str, Seen]) -> None:
        """Act on these groups; raise the error that keeps the run from acting on any further one.

        Groups are taken out of `seen` as they are acted on.
        """
        self._seen = seen
        queue = iter(ids)
        async with asyncio.TaskGroup() as tasks:
            for _ in range(min(self._settings.max_at_once, len(ids))):
                tasks.create_task(self._work(queue))
        if self._error is not None:
            raise self._error

    async def _work(self, queue: Iterator[str]) -> None:
        while not self.stopped and (group_id := next(queue, None)) is not None:
            self.in_flight.add(group_id)
            try:
                await self._act_on(group_id)
                await self._journal.after_end()
            except JournalError as error:
                self._stop(error)
            finally:
                self.in_flight.discard(group_id)

    async def _act_on(self, group_id: str) -> None:
        """Act on one group, and record its outcome, also when cancelled."""
        began, done = asyncio.get_running_loop().time(), list[str]()
        outcome = Outcome(id=group_id, status=Status.UNKNOWN)
        try:
            await self._perform(group_id, done)
            outcome = self._succeeded(outcome, done)
        except OnCallError as error:
            outcome = self._failed(outcome, error, done)
        except asyncio.CancelledError as cancelled:
            unverified = group_id in self._unverified
            outcome = _cancelled(outcome, cancelled, done, unverified=unverified)
            raise
        finally:
            seconds = asyncio.get_running_loop().time() - began
            self._record(attrs.evolve(outcome, seconds=seconds))

    async def _perform(self, group_id: str, done: list[str]) -> None:
        seen = self._seen.pop(group_id, None)
        if seen is not None and not self._action.steps(seen):
            await asyncio.sleep(0)  # thousands of these must not keep other tasks waiting
            return
        if group_id in self._unverified:
            had_effect = await self._had_effect(group_id, self._silenced_at.get(group_id))
            self._unverified.discard(group_id)
            if had_effect:
                return
        silenced_at = None if seen is None else seen.silenced_at
        await self._journal.begin(group_id, silenced_at=silenced_at)
        await self._action.perform(self._session, group_id, seen, done)

    async def _had_effect(self, group_id: str, silenced_at: datetime | None) -> bool:
        """Read back whether an earlier run had its effect on the group."""
        try:
            return await self._action.had_effect(self._session, group_id, silenced_at)
        except (NotFound, LabelError):
            return False  # performing the action raises what this means

    def _succeeded(self, outcome: Outcome, done: list[str]) -> Outcome:
        self._is_allowed = self._is_allowed or bool(done)
        self._in_a_row = 0
        several = len(self._action.steps(None)) > 1
        return attrs.evolve(
            outcome,
            status=self._action.success if done else Status.ALREADY,
            detail="; ".join(done) if several else "",
        )

    def _failed(self, outcome: Outcome, error: OnCallError, done: list[str]) -> Outcome:
        status = status_of(error)
        if isinstance(error, JournalError | ClientStateError):
            self._stop(error)
            status = Status.NOT_ATTEMPTED
        elif status in {Status.ALREADY, Status.REJECTED}:
            self._is_allowed = True
        self._stop_if_systemic(error)
        if status is Status.ALREADY:
            return attrs.evolve(outcome, status=status)
        unknown = bool(done) or outcome.id in self._unverified
        return attrs.evolve(
            outcome,
            status=Status.UNKNOWN if unknown else status,
            detail="; ".join([*done, str(error)]),
            error=error,
        )

    def _stop_if_systemic(self, error: OnCallError) -> None:
        """Stop the run when every other group would fail as well."""
        cause = error.__cause__
        failure = error
        if isinstance(error, OutcomeUnknown) and isinstance(cause, OnCallError):
            failure = cause
        certain = isinstance(failure, Unauthorized | UserTokenRequired | TokenUnavailable)
        reason = self._systemic_reason(failure)
        self._in_a_row = self._in_a_row + 1 if reason == self._reason else 1
        self._reason = reason
        if reason is not None and self._in_a_row == _SYSTEMIC:
            certain = True
        if certain or self._session.shared.needs_intervention(failure):
            self._stop(failure)

    def _systemic_reason(self, failure: OnCallError) -> str | None:
        """Return why other groups may fail as well; None when it is this group's own, or passes."""
        deadline = self._session.options.retry.deadline
        if self._session.shared.is_lasting_outage(failure, deadline):
            return "an outage"
        if isinstance(failure, Forbidden) and not self._is_allowed:
            return failure.detail
        return None

    def _record(self, outcome: Outcome) -> None:
        self._outcomes.record(outcome)
        try:
            self._journal.end(outcome)
        except JournalError as error:
            self._stop(error)
        self._failures += outcome.status.is_failure
        if self._failures == self._settings.stop_after_failures:
            self.stopped = True
        self._progress.step()

    def _stop(self, error: OnCallError) -> None:
        self._error = self._error or error
        self.stopped = True


def _cancelled(
    outcome: Outcome, cancelled: asyncio.CancelledError, done: list[str], *, unverified: bool
) -> Outcome:
    """Return the outcome of a group whose action was cancelled.

    A request that was in flight is the cancellation's cause, as OutcomeUnknown; without one, no
    request was.
    """
    doubt = cancelled.__cause__
    if isinstance(doubt, OutcomeUnknown):
        detail = "; ".join([*done, str(doubt)])
        return attrs.evolve(outcome, status=Status.UNKNOWN, detail=detail, error=doubt)
    if done or unverified:
        detail = "; ".join([*done, "it was cancelled before the rest."])
        return attrs.evolve(outcome, status=Status.UNKNOWN, detail=detail)
    return attrs.evolve(outcome, status=Status.NOT_ATTEMPTED, detail="It was cancelled.")


def planned(action: Action, group_id: str, seen: Seen | None) -> Outcome:
    """Return what a dry run says of a group: what would be sent."""
    try:
        steps = action.steps(seen)
    except LabelError as error:
        return Outcome(id=group_id, status=Status.REJECTED, detail=str(error), error=error)
    status = Status.NOT_ATTEMPTED if steps else Status.ALREADY
    return Outcome(id=group_id, status=status, detail="; ".join(steps))
