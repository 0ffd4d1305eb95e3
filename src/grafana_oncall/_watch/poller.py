"""What a poll reads, to find out what has changed.

The API lists groups by creation time, newest first, and cannot list "what changed since". So a poll
reads

1. what is new: from a little before the newest tracked group on;
2. what is open (firing, acknowledged, silenced), as long as that takes a bounded number of pages;
3. a window or more of everything, further back at each poll, and then again from the newest;
4. by id, what should have been in those parts of the list and was not: it no longer matches the
   filter, or was deleted; and what is in flight to a consumer that has died.

How it works, and why nothing is missed. Groups are new, open or old, so each is read by 1, 2 or, in
rotation, by 3; and a tracked group that should be there and is not is read by id. A list that moves
while it is read hides groups, too; those that were tracked are then read by id, and the others are
found by 3, whose windows are complete (see `_listing.windows`).
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
from grafana_oncall._session.session import Session
from grafana_oncall._session.state import Shared
from grafana_oncall._validation.enums import state_filter
from grafana_oncall.changes import Snapshot
from grafana_oncall.errors import ClientStateError, DecodeError, NotFound, OnCallError
from grafana_oncall.events import GroupsSkipped

from .tracker import GroupChanges, GroupTracker

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


@attrs.frozen(kw_only=True)
class Scope:
    """What to watch."""

    request: Groups
    """The list, with its filter."""
    overlap: timedelta
    """How much later than a newer group a group may appear in the list."""
    max_pages: int
    """Maximum pages that a poll reads of open groups, and of everything."""


class Undecodable:
    """What is wrong with groups of a shape that this release does not know: they are left out.

    Each is reported once, until it can be decoded again.
    """

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._found: list[DecodeError] = []
        """Since the last report."""
        self._reported: set[str | None] = set()
        self._any_decoded = False

    def add(self, errors: Sequence[DecodeError], decoded: Iterable[str]) -> None:
        """Note groups that cannot be decoded, and the ids of others that can."""
        for group_id in decoded:
            self._any_decoded = True
            self._reported.discard(group_id)
        self._found += errors

    def report(self) -> None:
        """Emit an event for what was found since the last report; raise where all are like that.

        Raises:
            DecodeError: Some groups were found, and none could ever be decoded.
        """
        found = {error.object_id: error for error in self._found}
        self._found.clear()
        new = [found[group_id] for group_id in found.keys() - self._reported]
        if not new:
            return
        if not self._any_decoded:
            raise new[0]
        self._reported.update(found)
        ids = tuple(sorted(error.object_id for error in new if error.object_id is not None))
        self._shared.emit(GroupsSkipped(number=len(new), ids=ids, path=new[0].path or "$"))


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
        expected = await self._read_new()
        if self._open_pages <= self._scope.max_pages:
            expected |= await self._read_open()
            expected |= await self._sweep(1)
        else:
            expected |= await self._sweep(self._scope.max_pages)
        expected = (expected - tracker.left_filter) | tracker.in_flight.keys()
        await self._read_missing((expected | tracker.unseen(hinted)) - tracker.seen - {*busy})
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

    async def _read_new(self) -> set[str]:
        """Read what is new; stop after two pages without anything new.

        So all groups of an alert storm are not read again at each poll. Like the other parts, it
        returns the ids of the tracked groups that should have been there.
        """
        newest = max((known.created_at for known in self._tracked), default=None)
        since = self.tracker.oldest if newest is None else newest - self._scope.overlap
        known = 0
        async with aclosing(self._pages(since)) as pages:
            async for page in pages:
                is_known = all(group.id in self.tracker.reported for group in page.results)
                known = known + 1 if is_known else 0
                self._observe(page.results, page.undecodable)
                if page.results and known >= _KNOWN_PAGES:
                    since = page.results[-1].created_at
                    break
        return {group.id for group in self._tracked if group.created_at > since}

    async def _read_open(self) -> set[str]:
        for state in _OPEN:
            async with aclosing(self._pages(self.tracker.oldest, state)) as pages:
                async for page in pages:
                    self._observe(page.results, page.undecodable)
        return {group.id for group in self._tracked if group.state in _OPEN}

    async def _sweep(self, pages: int) -> set[str]:
        """Read everything in rotation: continue where the last poll stopped."""
        self._swept, expected = await self._read_windows(self._swept or _END, pages)
        return expected

    async def _read_missing(self, missing: set[str]) -> None:
        """Find out what became of groups that were not where they should have been."""
        if len(missing) > _MAX_READS:
            newest = max(map(self.tracker.created_at, missing))
            await self._read_windows(newest, self._scope.max_pages)
        for group_id in sorted(missing - self.tracker.seen)[:_MAX_READS]:
            await self._read_one(group_id, self._session)

    def _observe(self, groups: Sequence[AlertGroup], undecodable: Sequence[DecodeError]) -> None:
        self.tracker.observe(groups)
        self._leave_out(undecodable, groups)

    def _leave_out(self, errors: Sequence[DecodeError], decoded: Sequence[AlertGroup]) -> None:
        """Note groups that exist and cannot be compared, among others that can."""
        self._undecodable.add(errors, (group.id for group in decoded))
        self.tracker.seen.update(error.object_id for error in errors if error.object_id)

    def _pages(
        self, since: datetime, state: AlertGroupState | None = None
    ) -> AsyncGenerator[Page[AlertGroup], None]:
        request = between(self._request, since, _END)
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

    @property
    def _tracked(self) -> Collection[Snapshot]:
        return self.tracker.reported.values()

    @property
    def _open_pages(self) -> int:
        number = sum(group.state in _OPEN for group in self._tracked)
        return math.ceil(number / _PAGE_SIZE)
