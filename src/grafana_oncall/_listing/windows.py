"""Reading a list that moves, so that nothing that stays in it is missed.

Pages of a list move while they are walked: a group that leaves moves all older ones up, and one
of them from an unread page to one that was read. But lists are in the order of time, newest first.
So the first page of what began up to a moment has all groups since its last one began, whatever
moves: a window, which one answer shows whole. The next window ends where this one begins.
"""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias, TypeVar

import attrs

from grafana_oncall._core.aio import cancel_all
from grafana_oncall._core.request import Page, Request
from grafana_oncall._generated.models.alert_groups import AlertGroup
from grafana_oncall._generated.operations import alert_groups as operations
from grafana_oncall._session.session import Session
from grafana_oncall._validation.arguments import time_range
from grafana_oncall.errors import FilterIgnored

from .pager import Pager

T = TypeVar("T")
Groups: TypeAlias = Request[Page[AlertGroup]]

_SECOND: Final = timedelta(seconds=1)
_MOST_WALKS: Final = 5


@attrs.frozen(kw_only=True)
class Window:
    """All groups of a list that began after a moment, and not after that of the last window."""

    groups: Sequence[AlertGroup]
    since: datetime
    complete: bool = True
    """Whether certainly none was left out that was there all the time."""


async def windows(
    session: Session, request: Groups, *, since: datetime, until: datetime
) -> AsyncGenerator[Window, None]:
    """The groups of a list that began between two moments, newest first.

    Filters are in whole seconds, so windows overlap by up to one: a group may be in two of them.
    """
    since, until = _floor(since), _ceil(until)
    while True:
        page = await session.send(between(request, since, until))
        times = [group.created_at for group in page.results]
        _check(request, page.results, since, until)
        if page.next is None or not times:
            yield Window(groups=page.results, since=since)
            return
        last = times[-1]
        if times != sorted(times, reverse=True):
            # No known server does this; then there is no way but to walk all of it.
            yield await _walked(session, request, since, until)
            return
        if _ceil(last) < until:
            yield Window(groups=page.results, since=last)
            until = _ceil(last)
            continue
        # More groups began within one second than there are on a page.
        begin = max(since, until - _SECOND)
        yield await _walked(session, request, begin, until)
        until = begin
        if until == since:
            return


def _check(request: Groups, groups: Sequence[AlertGroup], since: datetime, until: datetime) -> None:
    """A server that ignores the range would be asked for all of it again and again."""
    for group in groups:
        if not since <= group.created_at <= until:
            message = (
                f"{request.operation.id}: asked for groups that began from {since} to {until}, the "
                f"server answered group {group.id} of {group.created_at}. It ignores the filter."
            )
            raise FilterIgnored(message, group_id=group.id, unmet="started_at")


async def _walked(session: Session, request: Groups, since: datetime, until: datetime) -> Window:
    """Several pages that move, walked until a walk is known to be complete.

    When a walk misses a group because another one left, the next walk misses the one that left.
    So a walk is complete when the next one finds all of its groups again, and as many as the
    server counts on each page.
    """
    groups: dict[str, AlertGroup] = {}
    before: set[str] | None = None
    for _ in range(_MOST_WALKS):
        here: dict[str, AlertGroup] = {}
        counts: set[int] = set()
        pages = Pager(session, between(request, since, until), prefetch=0).pages()
        async with aclosing(pages) as walk:
            async for page in walk:
                here |= {group.id: group for group in page.results}
                counts.add(page.count)
        groups |= here
        if before is not None and before <= here.keys() and counts == {len(here)}:
            return Window(groups=[*groups.values()], since=since)
        before = set(here)
    return Window(groups=[*groups.values()], since=since, complete=False)


def between(request: Groups, since: datetime, until: datetime) -> Groups:
    """The part of a list that began between two moments, widened to whole seconds."""
    added = operations.list_alert_groups(started_at=time_range((since, until)))
    rest = (pair for pair in request.query if pair[0] != "started_at")
    return attrs.evolve(request, query=(*rest, *added.query))


def _floor(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def _ceil(moment: datetime) -> datetime:
    whole = _floor(moment)
    return whole if whole == moment else whole + _SECOND


async def gather_or_cancel(works: Sequence[Coroutine[Any, Any, T]]) -> Sequence[T]:
    """Their results; when one of them fails, the others are cancelled."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        return await asyncio.gather(*tasks)
    finally:
        await cancel_all(tasks)
