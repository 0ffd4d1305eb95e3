"""What a poll reads, to find out what has changed.

The API lists groups by creation time, newest first, and cannot list "what changed since". So a poll
reads

1. what is new: back to a little before the newest tracked group; if all groups are on the first
   page, nothing is left to read by 2 and 3;
2. what is open (firing, acknowledged, silenced), as long as that takes a bounded number of pages;
3. a window or more of everything, further back at each poll, and then again from the newest;
4. by id, what should have been in those parts of the list and was not: it no longer matches the
   filter, or was deleted; and what is in flight to a consumer that has died;
5. if 1 counts fewer groups than are known, some old ones are missing: the pages where they should
   be (see `bisection`), and then they themselves by id.

How it works, and why nothing is missed. Groups are new, open or old, so each is read by 1, 2 or, in
rotation, by 3; and a tracked group that should be there and is not is read by id. A list that moves
while it is read hides groups, too; those that were tracked are then read by id, and the others are
found by 3, whose windows are complete (see `_listing.windows`). Nothing depends on 5 but how soon
the deletion of an old group is found. So where it finds nothing, because the count is wrong, it is
not repeated before 3 begins anew: it costs no more than one request a poll then.
"""

import asyncio
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
from grafana_oncall._session.session import Session
from grafana_oncall._validation.enums import state_filter
from grafana_oncall.changes import Snapshot
from grafana_oncall.errors import ClientStateError, DecodeError, NotFound, OnCallError

from .bisection import Bisection
from .tracker import GroupChanges, GroupTracker
from .undecodable import Undecodable

_END: Final = datetime(9000, 1, 1, tzinfo=UTC)
"""The end of all ranges of time, because the server takes none that is open. It depends on no
clock: neither the client's nor that of what created a group need be right."""

_OPEN: Final = (AlertGroupState.FIRING, AlertGroupState.ACKNOWLEDGED, AlertGroupState.SILENCED)

_PAGE_SIZE: Final = 50
"""Items on a page of all known servers."""

_KNOWN_PAGES: Final = 2
"""Pages of tracked groups only, after which nothing newer is expected."""

_MAX_READS: Final = 30
"""Groups that a poll reads by id; if there are more, it looks for them on pages first."""

_MAX_COUNTS: Final = 16
"""Pages that a poll reads to find what is missing; one group is found by that among a million."""


@attrs.frozen(kw_only=True)
class Scope:
    """What to watch."""

    request: Groups
    """The list, with its filter."""
    overlap: timedelta
    """How much later than a newer group a group may appear in the list."""
    max_pages: int
    """Maximum pages that a poll reads of open groups, and of everything."""


class Poller:
    """Reads the list where it may have changed, and by id what is missing there."""

    def __init__(self, session: Session, scope: Scope) -> None:
        self._session = session
        self._behind = Session(session.shared, attrs.evolve(session.options, yields=True))
        """For reads that hints ask for, of which there may be many."""
        self._scope = scope
        self._request = attrs.evolve(scope.request, skip_undecodable=True)
        self.noun = "alert groups"
        self.query = scope.request.query
        self.tracker = GroupTracker(self.query)
        self._undecodable = Undecodable(session.shared)
        self._swept: datetime | None = None
        """Where the next poll continues to read everything; None for at the newest."""
        self._in_vain = False
        """Whether missing groups were looked for in vain since that began at the newest."""

    def ignore_before(self, oldest: datetime) -> None:
        """Limit polling to groups created since then."""
        self.tracker.oldest = oldest

    async def prime(self, until: datetime | None) -> None:
        """Read everything once, and take what was created until then as reported."""
        async with aclosing(self._windows(_END)) as reading:
            async for window in reading:
                self.tracker.prime(window.groups, until)
                self._leave_out(window.undecodable, window.groups)
        self._undecodable.report()

    async def poll(
        self, busy: Collection[str], hinted: Collection[str] = ()
    ) -> Sequence[GroupChanges]:
        """Return what has changed, in order of creation, except for busy groups.

        Hinted groups are looked for if they are tracked; others are new, or of no concern.

        Raises:
            DecodeError: Groups were found, and none of them can be decoded.
        """
        tracker = self.tracker
        tracker.start_poll(busy)
        tracker.drop_old()
        since, count, is_all = await self._read_new()
        await asyncio.sleep(0)  # tens of thousands of groups: each step over all by itself
        known = len(tracker.reported) + len(tracker.seen - tracker.reported.keys())
        listed = tracker.listed() if count < known else {}
        expected = self._created_since(since)
        if not is_all:
            if is_few := self._open_pages <= self._scope.max_pages:
                expected |= await self._read_open()
            expected |= await self._sweep(1 if is_few else self._scope.max_pages)
        expected = (expected - tracker.left_filter) | tracker.in_flight.keys()
        missing = (expected | tracker.unseen(hinted)) - tracker.seen - {*busy}
        await self._read_missing(missing)
        if count < len(listed) and len(missing) <= _MAX_READS and not self._in_vain:
            await self._find_missing(listed, since, count)
        self._undecodable.report()
        return tracker.changed()

    async def read(
        self, ids: Iterable[str]
    ) -> tuple[Sequence[GroupChanges], Sequence[OnCallError]]:
        """Return what has changed in these groups alone, and the errors of failed reads."""
        self.tracker.start_poll(())
        failures: list[OnCallError] = []

        async def read(group_id: str) -> None:
            try:
                await self._read_one(group_id, self._behind)
            except ClientStateError:
                raise
            except OnCallError as error:
                failures.append(error)

        await gather_or_cancel([read(group_id) for group_id in ids])
        self._undecodable.report()
        return self.tracker.changed(), failures

    async def _read_new(self) -> tuple[datetime, int, bool]:
        """Read what is new; stop after two pages without anything new.

        So all groups of an alert storm are not read again at each poll.

        Returns:
            Since when everything was read, how many groups the whole list has, and whether that is
            one page, which shows them all as they were at one moment.
        """
        newest = max((known.created_at for known in self._tracked), default=None)
        late = None if newest is None else newest - self._scope.overlap
        known = count = read = 0
        async with aclosing(self._pages()) as pages:
            async for page in pages:
                is_known = all(group.id in self.tracker.reported for group in page.results)
                known = known + 1 if is_known else 0
                count, read = page.count, read + 1
                self._observe(page.results, page.undecodable)
                if page.next is None or not page.results or late is None:
                    continue
                last = page.results[-1].created_at
                if last < late or known >= _KNOWN_PAGES:
                    return last, count, False
        return self.tracker.oldest, count, read == 1

    async def _read_open(self) -> set[str]:
        """Read what is open; like the other parts, return the ids of what should be there."""
        for state in _OPEN:
            async with aclosing(self._pages(state)) as pages:
                async for page in pages:
                    self._observe(page.results, page.undecodable)
        return {group.id for group in self._tracked if group.state in _OPEN}

    async def _sweep(self, pages: int) -> set[str]:
        """Read everything in rotation: continue where the last poll stopped."""
        self._in_vain = self._in_vain and self._swept is not None
        self._swept, expected = await self._read_windows(self._swept or _END, pages)
        return expected

    async def _read_missing(self, missing: set[str]) -> None:
        """Find out what became of groups that were not where they should have been."""
        if len(missing) > _MAX_READS:
            newest = max(map(self.tracker.created_at, missing))
            await self._read_windows(newest, self._scope.max_pages)
        for group_id in sorted(missing - self.tracker.seen)[:_MAX_READS]:
            await self._read_one(group_id, self._session)

    async def _find_missing(self, listed: dict[str, datetime], since: datetime, count: int) -> None:
        """Find what became of groups that were in the list, which has fewer than were listed."""
        tracker = self.tracker
        for each in tracker.gone:  # that is known by now
            listed.pop(each, None)
        if len(listed) <= count:
            return
        search, missing = Bisection(listed.values(), since, len(listed) - count), set[str]()
        for _ in range(_MAX_COUNTS):
            if (until := search.until) is None or len(missing) >= _MAX_READS:
                break
            page = await self._session.send(between(self._request, tracker.oldest, until))
            self._observe(page.results, page.undecodable)
            since = search.add(until, page) or tracker.oldest
            missing |= {one for one, created in listed.items() if since <= created <= until}
            missing -= tracker.seen
        await self._read_missing(missing)
        self._in_vain = missing.isdisjoint(tracker.gone)

    def _observe(self, groups: Sequence[AlertGroup], undecodable: Sequence[DecodeError]) -> None:
        self.tracker.observe(groups)
        self._leave_out(undecodable, groups)

    def _leave_out(self, errors: Sequence[DecodeError], decoded: Sequence[AlertGroup]) -> None:
        """Note groups that exist and cannot be compared, among others that can."""
        self._undecodable.add(errors, (group.id for group in decoded))
        self.tracker.seen.update(error.object_id for error in errors if error.object_id)

    def _pages(
        self, state: AlertGroupState | None = None
    ) -> AsyncGenerator[Page[AlertGroup], None]:
        request = between(self._request, self.tracker.oldest, _END)
        if state is not None:
            query = (*request.query, *operations.list_alert_groups(state=state_filter(state)).query)
            request = attrs.evolve(request, query=query)
        return Pager(self._session, request, prefetch=0).pages()

    async def _read_windows(self, until: datetime, pages: int) -> tuple[datetime | None, set[str]]:
        """Read this many windows back from `until`.

        Returns:
            Where to continue (None at the end), and the ids of groups that should be there.
        """
        until, since = max(until, self.tracker.oldest), self.tracker.oldest
        async with aclosing(self._windows(until)) as reading:
            async for window in reading:
                self._observe(window.groups, window.undecodable)
                since, pages = window.since, pages - 1
                if not pages:
                    break
        expected = {group.id for group in self._tracked if since < group.created_at <= until}
        return since if since > self.tracker.oldest else None, expected

    def _windows(self, until: datetime) -> AsyncGenerator[Window, None]:
        since = self.tracker.oldest
        return windows(self._session, self._request, since=since, until=until)

    async def _read_one(self, group_id: str, session: Session) -> None:
        try:
            group = await session.send(operations.get_alert_group(group_id))
        except NotFound as error:
            if not error.is_certain:
                raise
            group = None
        except DecodeError as error:
            if error.object_id != group_id:
                raise
            self._leave_out([error], ())
            return
        self.tracker.observe_one(group_id, group)

    def _created_since(self, since: datetime) -> set[str]:
        return {group.id for group in self._tracked if group.created_at > since}

    @property
    def _tracked(self) -> Collection[Snapshot]:
        return self.tracker.reported.values()

    @property
    def _open_pages(self) -> int:
        number = sum(group.state in _OPEN for group in self._tracked)
        return math.ceil(number / _PAGE_SIZE)
