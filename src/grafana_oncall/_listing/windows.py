"""Read a list that moves, in windows of time, without missing a group that stays in it.

How it works, and why it is safe. Pages are cut by position, so a list that moves between two
requests breaks them: a group that leaves the filter moves all older ones up, and the first group of
an unread page moves to a page that was read already. Time does not move. Lists are ordered by
creation time, newest first, so the first page of "created up to T" holds every group between T and
its own last group, whatever leaves or enters: one response is a snapshot of that window. The next
request asks for "created up to" the time of that last group, for its first page again.

Filters have whole seconds, so each window is widened to them and overlaps the one before by up to a
second; a group may be in both, and none falls in between. Only when more groups were created within
one second than a page holds are several pages needed. That second is then read repeatedly, until
two passes agree (`_read_until_stable`); if they never do, the window is not `complete`.
"""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import aclosing
from datetime import MAXYEAR, UTC, datetime, timedelta
from typing import Any, Final, TypeAlias, TypeVar

import attrs

from grafana_oncall._core.aio import cancel_all
from grafana_oncall._core.request import Page, Request
from grafana_oncall._generated.models.alert_groups import AlertGroup
from grafana_oncall._generated.operations import alert_groups as operations
from grafana_oncall._session.session import Session
from grafana_oncall._validation.times import time_range
from grafana_oncall.errors import DecodeError, FilterIgnored

from .pager import Pager

T = TypeVar("T")
Groups: TypeAlias = Request[Page[AlertGroup]]

_SECOND: Final = timedelta(seconds=1)
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC, microsecond=0)
_MAX_PASSES: Final = 5


@attrs.frozen(kw_only=True)
class Window:
    """All groups of a list that were created since a time, and before the window read before."""

    groups: Sequence[AlertGroup]
    since: datetime
    undecodable: Sequence[DecodeError] = ()
    """What is wrong with the groups that were left out, where the request allows that."""
    complete: bool = True
    """Whether certainly no group was missed that was in the list all the time."""


async def windows(
    session: Session, request: Groups, *, since: datetime, until: datetime
) -> AsyncGenerator[Window, None]:
    """Yield the groups of a list that were created between two times, newest window first.

    A group may be in two windows.

    Raises:
        DecodeError: No group on a page can be decoded, and older ones follow.
    """
    since, until = _floor(since), ceil_to_second(until)
    while True:
        page = await session.send(between(request, since, until))
        times = [group.created_at for group in page.results]
        _check_range(request, page.results, since, until)
        odd = page.undecodable
        if page.next is not None and odd and not times:
            raise odd[0]
        if page.next is None or not times:
            yield Window(groups=page.results, since=since, undecodable=odd)
            return
        last = times[-1]
        if times != sorted(times, reverse=True):
            # No known server does this. Without the order, the whole range must be read.
            yield await _read_until_stable(session, request, since, until)
            return
        if ceil_to_second(last) < until:
            yield Window(groups=page.results, since=last, undecodable=odd)
            until = ceil_to_second(last)
            continue
        # More groups were created within one second than a page holds.
        begin = since if until - since <= _SECOND else until - _SECOND
        yield await _read_until_stable(session, request, begin, until)
        until = begin
        if until == since:
            return


def _check_range(
    request: Groups, groups: Sequence[AlertGroup], since: datetime, until: datetime
) -> None:
    """Raise FilterIgnored for a group outside the range; else `windows` would never end."""
    for group in groups:
        if not since <= group.created_at <= until:
            message = (
                f"{request.operation.id}: asked for groups created from {since} to {until}, the "
                f"server returned group {group.id} of {group.created_at}. It ignores the filter; "
                "nothing was written. See whether a proxy in front of OnCall changes the query."
            )
            raise FilterIgnored(message, group_id=group.id, unmet="started_at")


async def _read_until_stable(
    session: Session, request: Groups, since: datetime, until: datetime
) -> Window:
    """Read all pages again and again, until a pass is known to be complete.

    A pass misses a group only because another one left the list, and that one is missing in the
    next pass. So a pass is complete when the next one finds all of its groups again, and as many as
    the server counts on each page.
    """
    groups: dict[str, AlertGroup] = {}
    before: set[str] | None = None
    odd: list[DecodeError] = []
    for _ in range(_MAX_PASSES):
        here: dict[str, AlertGroup] = {}
        counts: set[int] = set()
        odd.clear()
        pages = Pager(session, between(request, since, until), prefetch=0).pages()
        async with aclosing(pages) as walk:
            async for page in walk:
                here |= {group.id: group for group in page.results}
                counts.add(page.count)
                odd += page.undecodable
        groups |= here
        if before is not None and before <= here.keys() and counts == {len(here) + len(odd)}:
            return Window(groups=[*groups.values()], since=since, undecodable=odd)
        before = set(here)
    return Window(groups=[*groups.values()], since=since, undecodable=odd, complete=False)


def between(request: Groups, since: datetime, until: datetime) -> Groups:
    """Return the request of the groups created between two times, widened to whole seconds."""
    bounds = time_range((_floor(since), ceil_to_second(until)))
    added = operations.list_alert_groups(started_at=bounds)
    rest = (pair for pair in request.query if pair[0] != "started_at")
    return attrs.evolve(request, query=(*rest, *added.query))


def _floor(time: datetime) -> datetime:
    """Return the whole second in UTC; at the ends of the calendar, the nearest one there is."""
    try:
        return time.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        return _LAST if time.year == MAXYEAR else _FIRST


def ceil_to_second(time: datetime) -> datetime:
    """Return the next whole second in UTC, or the time itself; at the end of the calendar, that."""
    whole = _floor(time)
    return whole if whole in {time, _LAST} else whole + _SECOND


async def gather_or_cancel(coroutines: Sequence[Coroutine[Any, Any, T]]) -> Sequence[T]:
    """Return the results in order; when one fails, cancel the others and raise its error."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        return await asyncio.gather(*tasks)
    finally:
        await cancel_all(tasks)
