"""Freeze a selection: read it to its end, and check it, before anything is written."""

import asyncio
from collections.abc import AsyncIterable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from itertools import chain, pairwise
from operator import attrgetter
from typing import Final, Protocol, TypeAlias

import attrs

from grafana_oncall._core.request import Page, id_advice
from grafana_oncall._core.text import shown
from grafana_oncall._generated.constraints import ID
from grafana_oncall._generated.models.alert_groups import AlertGroup
from grafana_oncall._listing.filters import filter_ignored, unmet
from grafana_oncall._listing.pages import at_page, next_page
from grafana_oncall._listing.windows import Groups, gather_or_cancel, windows
from grafana_oncall._session.session import Session
from grafana_oncall.errors import InvalidArgument, SelectionTooLarge

from .actions import Seen
from .outcomes import Outcomes

OnFound: TypeAlias = Callable[[int, int | None], None]
"""Called with the number of groups found so far, and how many there will be, if that is known."""

_AT_A_TIME: Final = 1000


async def yield_every(done: int) -> None:
    """Let other tasks run after each thousand steps of a loop that never waits."""
    if done % _AT_A_TIME == 0:
        await asyncio.sleep(0)


@attrs.frozen(kw_only=True)
class FrozenSelection:
    """A selection that was read to its end."""

    ids: Collection[str]
    """Each once, in order."""
    seen: dict[str, Seen] = attrs.field(factory=dict[str, Seen])
    """By id: what the query showed of each group; empty where only ids were given."""
    complete: bool = True
    """Whether certainly no group was left out that matched all the time."""


class ReadSelection(Protocol):
    """Reads a selection to its end."""

    async def __call__(self, *, max_items: int | None, on_found: OnFound) -> FrozenSelection:
        """Return the selection; raise SelectionTooLarge for more than `max_items` groups."""
        ...


async def read_query(
    session: Session, request: Groups, *, prefetch: int, max_items: int | None, on_found: OnFound
) -> FrozenSelection:
    """Read a query to its end, and check each group against its filter.

    Groups that begin meanwhile are left out. One page is a snapshot. A longer list is split into as
    many spans of time as there may be requests in flight; each span is read in windows, newest
    group first.
    """
    first = await session.send(request)
    check_size(first.count, max_items)
    groups = _checked(request, first.results)
    on_found(len(groups), first.count)
    if first.next is None or not groups:
        check_size(len(groups), max_items)
        return FrozenSelection(ids=[*groups], seen=groups)
    newest = max(group.created_at for group in groups.values())
    bounds = await _bounds(session, request, first, prefetch + 1)
    ends = [newest, *(bound for bound in bounds if bound <= newest)]
    complete = True

    async def read_span(until: datetime, since: datetime) -> Sequence[str]:
        nonlocal complete
        span: dict[str, Seen] = {}
        reading = windows(session, request, since=since, until=until)
        async with aclosing(reading):
            async for window in reading:
                complete = complete and window.complete
                found = _checked(request, window.groups).values()
                here = {group.id: group for group in found if group.created_at <= newest}
                groups.update(here)
                span |= here
                on_found(len(groups), max(first.count, len(groups)))
        return _newest_first(span)

    in_first = _newest_first(groups)
    spans = await gather_or_cancel([read_span(until, since) for until, since in pairwise(ends)])
    check_size(len(groups), max_items)
    return FrozenSelection(
        ids=dict.fromkeys(chain(in_first, *spans)), seen=groups, complete=complete
    )


def _newest_first(groups: Mapping[str, Seen]) -> Sequence[str]:
    """Return the ids of groups of a span: to sort those of all spans at once would take long."""
    in_order = sorted(groups.values(), key=attrgetter("created_at"), reverse=True)
    return [group.id for group in in_order]


async def _bounds(
    session: Session, request: Groups, first: Page[AlertGroup], readers: int
) -> list[datetime]:
    """Return the times that split a list into parts of equal length, newest first.

    The last one is the time of the oldest group.
    """
    last = first.total_pages or 1
    numbers = {last * part // readers for part in range(1, readers)} - {0, last}
    inner = await gather_or_cancel([session.send(at_page(request, number)) for number in numbers])
    pages = [*inner, await _last_page(session, at_page(request, last))]
    parts = [_checked(request, page.results).values() for page in pages]
    oldest = {min(group.created_at for group in part) for part in parts if part}
    return sorted(oldest, reverse=True)


async def _last_page(session: Session, request: Groups) -> Page[AlertGroup]:
    """Return the page at which the list ends; the list may have grown."""
    page = await session.send(request)
    while (following := next_page(request, page)) is not None:
        request, page = following, await session.send(following)
    return page


def _checked(request: Groups, groups: Iterable[AlertGroup]) -> dict[str, Seen]:
    """Return the groups by id; raise FilterIgnored when one of them does not match the filter."""
    for group in groups:
        part = unmet(request.query, group)
        if part is not None:
            raise filter_ignored(request, group.id, part)
    return {group.id: Seen.of(group) for group in groups}


def check_size(number: int, max_items: int | None) -> None:
    """Raise SelectionTooLarge when there are more groups than allowed."""
    if max_items is not None and number > max_items:
        message = (
            f"The selection has {number} groups or more, and max_items={max_items} allows fewer. "
            "Nothing was written to them: narrow the selection, or allow more."
        )
        raise SelectionTooLarge(message, limit=max_items)


def group_id(item: object, position: int) -> str:
    """Return the id of an item of a selection; raise InvalidArgument for other than ids, groups."""
    value = item.id if isinstance(item, AlertGroup) else item
    if not isinstance(value, str) or not ID.fullmatch(value):
        message = (
            f"selection[{position}]: {shown(value)} is neither an id nor an alert group. "
            f"{id_advice(value, ID)}"
        )
        raise InvalidArgument(message, argument="selection")
    return value


def ids_of(items: Iterable[object]) -> list[str]:
    """Return the id of each item; raise InvalidArgument for other than ids and groups."""
    is_id = ID.fullmatch
    return [
        # Nearly all are strings, of which there may be tens of thousands.
        item if type(item) is str and is_id(item) else group_id(item, position)
        for position, item in enumerate(items)
    ]


async def read_stream(
    source: AsyncIterable[str | AlertGroup], *, max_items: int | None, on_found: OnFound
) -> FrozenSelection:
    """Read an async iterable of ids or groups to its end; only the ids are kept."""
    ids: dict[str, None] = {}
    position = 0
    async for item in source:
        ids[group_id(item, position)] = None
        check_size(len(ids), max_items)
        on_found(len(ids), None)
        position += 1
        await yield_every(position)
    return FrozenSelection(ids=ids)


async def read_ids(
    given: Sequence[str], *, max_items: int | None, on_found: OnFound
) -> FrozenSelection:
    """Return the ids that were given, each once."""
    await asyncio.sleep(0)  # they were checked in the step before
    ids = dict.fromkeys(given)
    check_size(len(ids), max_items)
    on_found(len(ids), len(ids))
    return FrozenSelection(ids=ids)


async def has_ids(outcomes: Outcomes, read: ReadSelection) -> bool:
    """Whether the outcomes are of the groups of a selection, in any order."""
    selection = await read(max_items=None, on_found=lambda _found, _total: None)
    return len(selection.ids) == len(outcomes) and all(
        group_id in outcomes for group_id in selection.ids
    )
