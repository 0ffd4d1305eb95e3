"""Waiting until alert groups are as one wants them, by looking again and again."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import Final

from grafana_oncall._generated.models.alert_groups import AlertGroup, AlertGroupState
from grafana_oncall._generated.operations import alert_groups as operations
from grafana_oncall._listing.pager import Pager
from grafana_oncall._listing.windows import Groups, between, gather_or_cancel
from grafana_oncall._session.actions import Actions
from grafana_oncall._session.session import Session
from grafana_oncall.errors import EndpointUnavailable, NotFound, OnCallError, WaitTimeout

_FEW: Final = 3
"""Groups that are looked at one by one at once; more are looked for on pages first."""


class Waiter:
    """Waits for several groups at once. A wanted state of None means that they are gone."""

    def __init__(
        self, session: Session, ids: Sequence[str], wanted: AlertGroupState | None
    ) -> None:
        self._session = session
        self._actions = Actions(session)
        self._ids = ids
        self._wanted = wanted
        self._left = dict.fromkeys(ids)
        self._last: dict[str, AlertGroup | None] = {}
        self._failure: OnCallError | None = None

    async def wait(self, timeout: timedelta, every: timedelta) -> Sequence[AlertGroup | None]:
        """The groups as they were when it came about, in order; raises WaitTimeout."""
        try:
            async with asyncio.timeout(timeout.total_seconds()):
                await self._look()
                while self._left:
                    await asyncio.sleep(every.total_seconds())
                    await self._look()
        except TimeoutError:
            raise self._timeout(timeout) from self._failure
        return [self._last[one] for one in self._ids]

    async def _look(self) -> None:
        failures: list[OnCallError] = []
        try:
            missing = await self._not_on_pages()
            await gather_or_cancel([self._look_at(one, failures) for one in missing])
        except OnCallError as error:
            self._note_failure(error, failures)
        self._failure = failures[0] if failures else None

    async def _look_at(self, group_id: str, failures: list[OnCallError]) -> None:
        try:
            self._note(group_id, await self._actions.get(group_id))
        except EndpointUnavailable as error:
            if not self._last:
                raise
            failures.append(error)  # there was an answer, so this is a gateway's
        except NotFound as error:
            if not error.is_certain:
                failures.append(error)
            elif self._wanted is not None:
                raise
            else:
                self._note(group_id, None)
        except OnCallError as error:
            self._note_failure(error, failures)

    def _note_failure(self, error: OnCallError, failures: list[OnCallError]) -> None:
        """Raises what waiting cannot help."""
        if not self._session.shared.is_temporary(error):
            raise error
        failures.append(error)

    async def _not_on_pages(self) -> Sequence[str]:
        """Looks for them in the list, newest first, for as long as that saves requests.

        Answers those that it has not found there.
        """
        left, read = dict.fromkeys(self._left), 0
        sought = len(left)
        if sought <= _FEW:
            return [*left]
        async with aclosing(Pager(self._session, self._range(), prefetch=0).pages()) as pages:
            async for page in pages:
                read += 1
                for group in page.results:
                    if group.id in left:
                        self._note(group.id, group)
                        del left[group.id]
                is_long = (page.total_pages or 1) - read >= len(left)
                if not left or (is_long and read > sought - len(left)):
                    break
        return [*left]

    def _range(self) -> Groups:
        """The part of the list where they are, if all of them were seen before."""
        request = operations.list_alert_groups()
        last = [self._last.get(one) for one in self._left]
        times = [group.created_at for group in last if group is not None]
        return between(request, min(times), max(times)) if len(times) == len(last) else request

    def _note(self, group_id: str, group: AlertGroup | None) -> None:
        self._last[group_id] = group
        if (None if group is None else group.state) == self._wanted:
            self._left.pop(group_id, None)

    def _timeout(self, timeout: timedelta) -> WaitTimeout:
        wanted = "deleted" if self._wanted is None else self._wanted
        last = {
            one: group.state.value if (group := self._last.get(one)) else None for one in self._left
        }
        shown = ", ".join(f"{one} {state or 'never seen'}" for one, state in last.items())
        message = (
            f"{len(last)} of {len(self._ids)} alert groups were not {wanted} after {timeout}; "
            f"last seen: {shown[:200]}."
        )
        return WaitTimeout(message, last=last)
