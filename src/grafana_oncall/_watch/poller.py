"""What a watcher reads at each poll, and what it finds changed by it.

The API lists groups by the time at which they began, newest first, and knows no "changed since".
So each poll reads

1. what began lately: from a little before the newest known group on;
2. what is open (firing, acknowledged, silenced), as long as that is a bounded number of pages;
3. a page or more of everything, further back from poll to poll, and again from the newest;
4. one by one, what should have been there and was not: it has left the list, or is gone; and what
   was in flight to a consumer that has ended.
"""

import math
from collections.abc import AsyncGenerator, Collection, Iterable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Final

import attrs

from grafana_oncall._core.request import Page
from grafana_oncall._generated.models.alert_groups import AlertGroup, AlertGroupState
from grafana_oncall._generated.operations import alert_groups as operations
from grafana_oncall._listing.pager import Pager
from grafana_oncall._listing.windows import Groups, Window, between, gather_or_cancel, windows
from grafana_oncall._session.actions import Actions
from grafana_oncall._session.session import Session
from grafana_oncall._validation.enums import state_filter
from grafana_oncall.errors import ClientStateError, NotFound, OnCallError

from .tracker import Known, Sighting

_DAY: Final = timedelta(days=1)
_OPEN: Final = (AlertGroupState.FIRING, AlertGroupState.ACKNOWLEDGED, AlertGroupState.SILENCED)

_USUAL_PAGE: Final = 50
"""Items on a page of all known servers."""

_KNOWN_PAGES: Final = 2
"""Pages without anything new after which nothing newer is expected."""

_FEW: Final = 30
"""Groups that are read one by one in a poll; more are looked for on pages first."""


@attrs.frozen(kw_only=True)
class Scope:
    """What is watched."""

    request: Groups
    """The list, with its filter."""
    overlap: timedelta
    """How much later than a newer one a group may appear in the list."""
    most_pages: int
    """Bound of the pages that are read at a poll for what is open, and of those for everything."""


class Poller:
    """Reads the list where it may have changed, and what should be in it and is not."""

    def __init__(self, session: Session, scope: Scope, known: Known) -> None:
        self._session = session
        self._actions = Actions(session)
        self._scope = scope
        self._known = known
        self._swept: datetime | None = None
        self._end = datetime.min.replace(tzinfo=UTC)

    def set_bounds(self, oldest: datetime, latest: datetime) -> None:
        """Watched are groups that began after the one, and before a day after the other.

        For the server's clock may be ahead of ours.
        """
        self._known.oldest, self._end = oldest, max(latest + _DAY, self._end)

    async def learn(self, until: datetime | None) -> None:
        """Reads everything once, as what has been told already, if it began until then."""
        async with aclosing(self._windows(self._end)) as reading:
            async for window in reading:
                self._known.learn(window.groups, until)

    async def poll(self, busy: Collection[str]) -> Sequence[Sighting]:
        """What has changed, in the order in which the groups began; but of busy ones nothing."""
        known = self._known
        known.begin(busy)
        known.forget()
        suspects = await self._read_new()
        if self._open_pages <= self._scope.most_pages:
            suspects |= await self._read_open()
            suspects |= await self._sweep(1)
        else:
            suspects |= await self._sweep(self._scope.most_pages)
        suspects = (suspects - known.left_filter) | known.in_flight.keys()
        await self._look_for(suspects - known.met - {*busy})
        return known.changed()

    async def look(self, ids: Iterable[str]) -> tuple[Sequence[Sighting], Sequence[OnCallError]]:
        """What has changed of these groups alone, and the errors of those that cannot be read."""
        self._known.begin(())
        failures: list[OnCallError] = []

        async def read(group_id: str) -> None:
            try:
                await self._reread(group_id)
            except ClientStateError:
                raise
            except OnCallError as error:
                failures.append(error)

        await gather_or_cancel([read(group_id) for group_id in ids])
        return self._known.changed(), failures

    async def _read_new(self) -> set[str]:
        """Up to two pages on which there is nothing new: a storm is not read again and again."""
        newest = max((one.created_at for one in self._known.told.values()), default=None)
        since = self._known.oldest if newest is None else newest - self._scope.overlap
        known = 0
        async with aclosing(self._pages(since)) as pages:
            async for page in pages:
                known = known + 1 if all(one.id in self._known.told for one in page.results) else 0
                self._known.see(page.results)
                if page.results and known >= _KNOWN_PAGES:
                    since = page.results[-1].created_at
                    break
        return {one.id for one in self._known.told.values() if one.created_at > since}

    async def _read_open(self) -> set[str]:
        for state in _OPEN:
            async with aclosing(self._pages(self._known.oldest, state)) as pages:
                async for page in pages:
                    self._known.see(page.results)
        return {one.id for one in self._known.told.values() if one.state in _OPEN}

    async def _sweep(self, pages: int) -> set[str]:
        """Goes on where the last poll ended; answers what should have been there."""
        self._swept, expected = await self._cover(self._swept or self._end, pages)
        return expected

    async def _look_for(self, suspects: set[str]) -> None:
        """Finds out what became of those that were not where they should have been."""
        if len(suspects) > _FEW:
            newest = max(map(self._known.began, suspects))
            await self._cover(newest, self._scope.most_pages)
        for group_id in sorted(suspects - self._known.met)[:_FEW]:
            await self._reread(group_id)

    def _pages(
        self, since: datetime, state: AlertGroupState | None = None
    ) -> AsyncGenerator[Page[AlertGroup], None]:
        request = between(self._scope.request, since, self._end)
        if state is not None:
            query = (*request.query, *operations.list_alert_groups(state=state_filter(state)).query)
            request = attrs.evolve(request, query=query)
        return Pager(self._session, request, prefetch=0).pages()

    async def _cover(self, until: datetime, pages: int) -> tuple[datetime | None, set[str]]:
        """Reads so many windows back; answers where to go on, and what should have been there."""
        until, since = max(until, self._known.oldest), self._known.oldest
        async with aclosing(self._windows(until)) as reading:
            async for window in reading:
                self._known.see(window.groups)
                since, pages = window.since, pages - 1
                if not pages:
                    break
        expected = {one.id for one in self._known.told.values() if since < one.created_at <= until}
        return since if since > self._known.oldest else None, expected

    def _windows(self, until: datetime) -> AsyncGenerator[Window, None]:
        request = self._scope.request
        return windows(self._session, request, since=self._known.oldest, until=until)

    async def _reread(self, group_id: str) -> None:
        try:
            group = await self._actions.get(group_id)
        except NotFound as error:
            if not error.is_certain:
                raise
            group = None
        self._known.see_one(group_id, group)

    @property
    def _open_pages(self) -> int:
        number = sum(one.state in _OPEN for one in self._known.told.values())
        return math.ceil(number / _USUAL_PAGE)
