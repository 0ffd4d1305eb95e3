"""What is acted on: a selection is read to its end, and checked, before anything is written."""

from collections.abc import AsyncIterable, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Final, Protocol, TypeAlias

import attrs

from grafana_oncall._filter import unmet
from grafana_oncall._generated.alert_groups import AlertGroup
from grafana_oncall._generated.constraints import ID
from grafana_oncall._pager import Pager
from grafana_oncall._request import Page
from grafana_oncall._values import shown
from grafana_oncall.errors import FilterIgnored, InvalidArgument, SelectionTooLarge

from ._action import Seen

_MOST_WALKS: Final = 5

Found: TypeAlias = Callable[[int, int | None], None]
"""Is told how many groups were found so far, and how many there will be."""


@attrs.frozen(kw_only=True)
class Frozen:
    """What was selected."""

    groups: Mapping[str, Seen | None]
    """By id, in order; with what was seen of them just now."""
    settled: bool = True
    """Whether certainly none was left out that matched all the time."""


class Read(Protocol):
    """Reads a selection to its end."""

    async def __call__(self, *, most: int | None, found: Found) -> Frozen:
        """What was selected; raises SelectionTooLarge for more than `most` groups."""
        ...


async def freeze(pager: Pager[AlertGroup], *, most: int | None, found: Found) -> Frozen:
    """Walks a query until a walk is known to be complete; groups that began later are left out.

    A group that leaves the list moves all older ones up by one, and a walk may miss the one that
    moves from an unread page to one that was read. But then the next walk misses the group that
    left. So a walk is complete when the next one finds all of its groups again; and one page is.
    """
    groups: dict[str, Seen] = {}
    before: set[str] | None = None
    until: datetime | None = None
    for walk in range(_MOST_WALKS):
        here: dict[str, Seen] = {}
        pages = 0
        async with aclosing(pager.pages()) as walked:
            async for page in walked:
                if not (walk or pages):
                    until = _newest(page.results)
                    limit(page.count, most)
                pages += 1
                here |= _matching(pager, page, until)
                groups |= here
                found(len(groups), max(page.count, len(groups)))
        if pages == 1 or (before is not None and before <= here.keys()):
            return Frozen(groups=groups, settled=True)
        before = set(here)
    return Frozen(groups=groups, settled=False)


def _matching(
    pager: Pager[AlertGroup], page: Page[AlertGroup], until: datetime | None
) -> dict[str, Seen]:
    """The groups of a page by id; raises FilterIgnored when one of them does not match."""
    for group in page.results:
        part = unmet(pager.request.query, group)
        if part is not None:
            raise _ignored(pager, group, part)
    return {
        group.id: Seen.of(group)
        for group in page.results
        if until is None or group.created_at <= until
    }


def _newest(groups: Sequence[AlertGroup]) -> datetime | None:
    """When the newest group began, if the server lists them newest first, as all known ones do."""
    times = [group.created_at for group in groups]
    return times[0] if times and times == sorted(times, reverse=True) else None


def limit(number: int, most: int | None) -> None:
    """Raises SelectionTooLarge when there are more groups than that."""
    if most is not None and number > most:
        message = (
            f"The selection has {number} groups or more, and max_items={most} allows fewer. "
            "Nothing was written to them: narrow the selection, or allow more."
        )
        raise SelectionTooLarge(message, limit=most)


def _ignored(pager: Pager[AlertGroup], group: AlertGroup, part: str) -> FilterIgnored:
    operation = pager.request.operation.id
    message = (
        f"{operation}: asked for {shown(part)}, the server answered group {group.id}, which does "
        "not match. Nothing was written to what it answered: its filter cannot be trusted, unless "
        "the group changed at this very moment, in which case another try succeeds."
    )
    return FilterIgnored(message, group_id=group.id, unmet=part)


def group_id(one: object) -> str:
    """The id of what a selection holds; raises InvalidArgument for anything but ids and groups."""
    value = one.id if isinstance(one, AlertGroup) else one
    if not isinstance(value, str) or not ID.allows(value):
        message = f"selection: {shown(value)} is neither an id nor an alert group. {ID.text}"
        raise InvalidArgument(message, argument="selection")
    return value


async def gather(
    source: AsyncIterable[str | AlertGroup], *, most: int | None, found: Found
) -> Frozen:
    """The ids of an async iterable, each once; of groups, nothing else is kept."""
    ids: dict[str, None] = {}
    async for one in source:
        ids[group_id(one)] = None
        limit(len(ids), most)
        found(len(ids), None)
    return Frozen(groups=ids)


async def given(ids: Sequence[str], *, most: int | None, found: Found) -> Frozen:
    """The ids that were given, each once."""
    groups = dict.fromkeys(ids)
    limit(len(groups), most)
    found(len(groups), len(groups))
    return Frozen(groups=groups)
