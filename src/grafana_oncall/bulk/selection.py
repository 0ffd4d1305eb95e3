"""What is acted on: a selection is read to its end, and checked, before anything is written."""

from collections.abc import AsyncIterable, Callable, Iterable, Sequence
from contextlib import aclosing
from datetime import datetime
from itertools import pairwise
from typing import Protocol, TypeAlias

import attrs

from grafana_oncall._core.request import Page
from grafana_oncall._core.text import shown
from grafana_oncall._generated.constraints import ID
from grafana_oncall._generated.models.alert_groups import AlertGroup
from grafana_oncall._listing.filters import unmet
from grafana_oncall._listing.ignored import ignored
from grafana_oncall._listing.pages import at_page, next_page
from grafana_oncall._listing.windows import Groups, gather_or_cancel, windows
from grafana_oncall._session.session import Session
from grafana_oncall.errors import InvalidArgument, SelectionTooLarge

from .actions import Seen
from .apply import yield_every
from .ids import Ids

Found: TypeAlias = Callable[[int, int | None], None]
"""Is told how many groups were found so far, and how many there will be."""


@attrs.frozen(kw_only=True)
class Frozen:
    """What a reader knows of the groups, besides their ids."""

    seen: dict[str, Seen] = attrs.field(factory=dict[str, Seen])
    """By id: what was seen of them just now; nothing where only ids were given."""
    complete: bool = True
    """Whether certainly none was left out that matched all the time."""


class Read(Protocol):
    """Reads a selection to its end."""

    async def __call__(self, ids: Ids, *, most: int | None, found: Found) -> Frozen:
        """Adds the ids of the groups; raises SelectionTooLarge for more than `most` of them."""
        ...


async def freeze(
    session: Session, request: Groups, ids: Ids, *, prefetch: int, most: int | None, found: Found
) -> Frozen:
    """Reads a query to its end, and checks each group; those that begin meanwhile are left out.

    One page is a snapshot. A longer list is read in windows, from its newest group to its oldest,
    by as many readers as pages may be on their way.
    """
    first = await session.send(request)
    _check_size(first.count, most)
    groups = _checked(request, first.results)
    found(len(groups), first.count)
    if first.next is None or not groups:
        await _add(ids, groups, most)
        return Frozen(seen=groups)
    newest = max(one.created_at for one in groups.values())
    marks = await _marks(session, request, first, prefetch + 1)
    ends = [newest, *(mark for mark in marks if mark <= newest)]
    complete = True

    async def read(until: datetime, since: datetime) -> None:
        nonlocal complete
        reading = windows(session, request, since=since, until=until)
        async with aclosing(reading):
            async for window in reading:
                complete = complete and window.complete
                here = _checked(request, window.groups)
                groups.update({one.id: one for one in here.values() if one.created_at <= newest})
                found(len(groups), max(first.count, len(groups)))

    await gather_or_cancel([read(until, since) for until, since in pairwise(ends)])
    in_order = sorted(groups.values(), key=lambda one: one.created_at, reverse=True)
    await _add(ids, (one.id for one in in_order), most)
    return Frozen(seen=groups, complete=complete)


async def _marks(
    session: Session, request: Groups, first: Page[AlertGroup], readers: int
) -> list[datetime]:
    """Moments that divide a list into equal parts, newest first; the last is that of its end."""
    last = first.total_pages or 1
    numbers = {last * part // readers for part in range(1, readers)} - {0, last}
    inner = await gather_or_cancel([session.send(at_page(request, number)) for number in numbers])
    pages = [*inner, await _last_page(session, at_page(request, last))]
    groups = [_checked(request, page.results).values() for page in pages]
    oldest = {min(one.created_at for one in here) for here in groups if here}
    return sorted(oldest, reverse=True)


async def _last_page(session: Session, request: Groups) -> Page[AlertGroup]:
    """The page at which the list ends, which may have grown."""
    page = await session.send(request)
    while (following := next_page(request, page)) is not None:
        request, page = following, await session.send(following)
    return page


def _checked(request: Groups, groups: Iterable[AlertGroup]) -> dict[str, Seen]:
    """By id; raises FilterIgnored when one of them does not match."""
    for group in groups:
        part = unmet(request.query, group)
        if part is not None:
            raise ignored(request, group.id, part)
    return {group.id: Seen.of(group) for group in groups}


def _check_size(number: int, most: int | None) -> None:
    """Raises SelectionTooLarge when there are more groups than that."""
    if most is not None and number > most:
        message = (
            f"The selection has {number} groups or more, and max_items={most} allows fewer. "
            "Nothing was written to them: narrow the selection, or allow more."
        )
        raise SelectionTooLarge(message, limit=most)


def group_id(one: object, position: int) -> str:
    """The id of what a selection holds there; raises InvalidArgument for other than ids, groups."""
    value = one.id if isinstance(one, AlertGroup) else one
    if not isinstance(value, str) or not ID.allows(value):
        message = f"selection[{position}]: {shown(value)} is neither an id nor an alert group. "
        if isinstance(value, str) and ID.allows(value.strip()):
            message += "There is white space around the id, as of lines of a file: strip() it."
        else:
            message += ID.text
        raise InvalidArgument(message, argument="selection")
    return value


async def gather(
    source: AsyncIterable[str | AlertGroup], ids: Ids, *, most: int | None, found: Found
) -> Frozen:
    """The ids of an async iterable, each once; of groups, nothing else is kept."""
    position = 0
    async for one in source:
        ids.add(group_id(one, position))
        _check_size(len(ids), most)
        found(len(ids), None)
        position += 1
        await yield_every(position)
    return Frozen()


async def given(given_ids: Sequence[str], ids: Ids, *, most: int | None, found: Found) -> Frozen:
    """The ids that were given, each once."""
    await _add(ids, given_ids, most)
    found(len(ids), len(ids))
    return Frozen()


async def _add(ids: Ids, more: Iterable[str], most: int | None) -> None:
    for number, one in enumerate(more, 1):
        ids.add(one)
        await yield_every(number)
    _check_size(len(ids), most)
