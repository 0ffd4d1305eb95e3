"""Waiting until alert groups are as one wants them, by looking again and again."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import Final

from ._actions import Actions
from ._arguments import state_filter, time_range
from ._generated import operations
from ._generated.alert_groups import AlertGroup, AlertGroupState
from ._pager import Pager
from ._session import Session
from .errors import PASSING, NotFound, OnCallError, WaitTimeout

_FEW: Final = 3
"""Groups that are looked at one by one; more are looked for on pages."""


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
                while True:
                    await self._look()
                    if not self._left:
                        return [self._last[one] for one in self._ids]
                    await asyncio.sleep(every.total_seconds())
        except TimeoutError:
            raise self._timeout(timeout) from self._failure

    async def _look(self) -> None:
        try:
            unseen = [one for one in self._left if one not in self._last]
            if unseen or len(self._left) <= _FEW:
                await self._look_at(unseen or list(self._left))
            else:
                await self._look_on_pages()
        except PASSING as error:
            self._failure = error
        else:
            self._failure = None

    async def _look_at(self, ids: Sequence[str]) -> None:
        for group_id in ids:
            try:
                self._note(group_id, await self._actions.get(group_id))
            except NotFound:
                if self._wanted is not None:
                    raise
                self._note(group_id, None)

    async def _look_on_pages(self) -> None:
        """Reads the part of the list where they are, in the wanted state if there is one."""
        times = [one.created_at for group_id in self._left if (one := self._last[group_id])]
        request = operations.list_alert_groups(
            started_at=time_range((min(times), max(times))), state=state_filter(self._wanted)
        )
        found: set[str] = set()
        async with aclosing(Pager(self._session, request, prefetch=0).pages()) as pages:
            async for page in pages:
                for group in page.results:
                    found.add(group.id)
                    if group.id in self._left:
                        self._note(group.id, group)
        if self._wanted is None:
            await self._look_at([one for one in self._left if one not in found])

    def _note(self, group_id: str, group: AlertGroup | None) -> None:
        self._last[group_id] = group
        if (None if group is None else group.state) == self._wanted:
            self._left.pop(group_id, None)

    def _timeout(self, timeout: timedelta) -> WaitTimeout:
        wanted = "deleted" if self._wanted is None else self._wanted
        last = {one: group.state if (group := self._last.get(one)) else None for one in self._left}
        shown = ", ".join(f"{one} {state or 'never seen'}" for one, state in last.items())
        message = (
            f"{len(last)} of {len(self._ids)} alert groups were not {wanted} after {timeout}; "
            f"last seen: {shown[:200]}."
        )
        return WaitTimeout(message, last=last)
