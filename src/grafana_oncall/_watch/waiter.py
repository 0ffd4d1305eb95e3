"""Waiting until alert groups have a state, or are deleted, by reading them repeatedly.

How it works. Every check reads the groups that do not have the wanted state yet: a few by id; more
than that from the list, newest first, as long as a page finds more of them than it costs, and the
rest by id. Once all of them have been seen, only the part of the list between the oldest and the
newest is read. A group that cannot be decoded on a page fails only those who wait for it. An error
that may pass is kept until the next check, and becomes the cause of the `WaitTimeout`; any other is
raised at once.
"""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import Final

import attrs

from grafana_oncall._generated.models.alert_groups import AlertGroup, AlertGroupState
from grafana_oncall._generated.operations import alert_groups as operations
from grafana_oncall._listing.pager import Pager
from grafana_oncall._listing.windows import Groups, between, gather_or_cancel
from grafana_oncall._session.session import Session
from grafana_oncall.errors import EndpointUnavailable, NotFound, OnCallError, WaitTimeout

_FEW: Final = 3
"""Groups to read by id; if there are more, the list is read first."""


class Waiter:
    """Waits for several groups at once. A wanted state of None means deleted."""

    def __init__(
        self, session: Session, ids: Sequence[str], wanted: AlertGroupState | None
    ) -> None:
        self._session = session
        self._ids = ids
        self._wanted = wanted
        self._pending = dict.fromkeys(ids)
        """Ids of groups that do not have the wanted state yet, in order."""
        self._last: dict[str, AlertGroup | None] = {}
        """Each group as it was last seen; None when it was deleted."""
        self._failure: OnCallError | None = None

    async def wait(self, timeout: timedelta, every: timedelta) -> Sequence[AlertGroup | None]:
        """Return the groups as they were when they had the state, in the order of the ids.

        Raises:
            WaitTimeout: They did not have it in time.
        """
        try:
            async with asyncio.timeout(timeout.total_seconds()):
                await self._check()
                while self._pending:
                    await asyncio.sleep(every.total_seconds())
                    await self._check()
        except TimeoutError:
            raise self._timeout(timeout) from self._failure
        return [self._last[group_id] for group_id in self._ids]

    async def _check(self) -> None:
        """Read all pending groups once, and keep the first error that may pass."""
        failures: list[OnCallError] = []
        try:
            rest = await self._check_pages()
            await gather_or_cancel([self._check_one(group_id, failures) for group_id in rest])
        except OnCallError as error:
            self._keep_or_raise(error, failures)
        self._failure = failures[0] if failures else None

    async def _check_one(self, group_id: str, failures: list[OnCallError]) -> None:
        try:
            group = await self._session.send(operations.get_alert_group(group_id))
            self._record(group_id, group)
        except EndpointUnavailable as error:
            if not self._last:
                raise
            failures.append(error)  # OnCall has responded before, so this is a gateway's 404
        except NotFound as error:
            if not error.is_certain:
                failures.append(error)
            elif self._wanted is not None:
                raise
            else:
                self._record(group_id, None)
        except OnCallError as error:
            self._keep_or_raise(error, failures)

    def _keep_or_raise(self, error: OnCallError, failures: list[OnCallError]) -> None:
        if not self._session.shared.is_temporary(error):
            raise error
        failures.append(error)

    async def _check_pages(self) -> Sequence[str]:
        """Look for pending groups in the list while that saves requests; return the rest."""
        rest, pages_read = dict.fromkeys(self._pending), 0
        wanted = len(rest)
        if wanted <= _FEW:
            return [*rest]
        async with aclosing(Pager(self._session, self._range(), prefetch=0).pages()) as pages:
            async for page in pages:
                pages_read += 1
                for group in page.results:
                    if group.id in rest:
                        self._record(group.id, group)
                        del rest[group.id]
                is_long = (page.total_pages or 1) - pages_read >= len(rest)
                if not rest or (is_long and pages_read > wanted - len(rest)):
                    break
        return [*rest]

    def _range(self) -> Groups:
        """Return a request for the part of the list that has them, if all were seen before."""
        request = attrs.evolve(operations.list_alert_groups(), skip_undecodable=True)
        last = [self._last.get(group_id) for group_id in self._pending]
        times = [group.created_at for group in last if group is not None]
        return between(request, min(times), max(times)) if len(times) == len(last) else request

    def _record(self, group_id: str, group: AlertGroup | None) -> None:
        self._last[group_id] = group
        if (None if group is None else group.state) == self._wanted:
            self._pending.pop(group_id, None)

    def _timeout(self, timeout: timedelta) -> WaitTimeout:
        wanted = "deleted" if self._wanted is None else self._wanted
        last = {
            group_id: group.state.value if (group := self._last.get(group_id)) else None
            for group_id in self._pending
        }
        states = ", ".join(
            f"{group_id} {state or 'never seen'}" for group_id, state in last.items()
        )
        message = (
            f"{len(last)} of {len(self._ids)} alert groups were not {wanted} after {timeout}; "
            f"last seen: {states[:200]}."
        )
        return WaitTimeout(message, last=last)
