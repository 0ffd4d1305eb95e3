"""Finding schedules by id or name, one by one or all, and some of them again and again."""

import re
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from grafana_oncall._generated.models.schedules import Schedule
from grafana_oncall._generated.resources.schedules import Schedules
from grafana_oncall._listing.windows import gather_or_cancel
from grafana_oncall.errors import NotFound

from .spans import ScheduleLike, several

R = TypeVar("R")
_ID: Final = re.compile("S[A-Z0-9]{12,19}")


def is_name(item: ScheduleLike) -> bool:
    """Whether this cannot be an id; what looks like an id may be a name all the same."""
    return isinstance(item, str) and not _ID.fullmatch(item)


async def find(schedules: Schedules, item: ScheduleLike) -> Schedule:
    """Return a schedule as it is now, by one request if there is one."""
    if isinstance(item, str) and is_name(item):
        return await schedules.by_name(item)
    try:
        return await schedules.get(item)
    except NotFound:
        if isinstance(item, str):
            return await schedules.by_name(item)  # which names similar ones
        raise


async def each_of(
    schedules: ScheduleLike | Iterable[ScheduleLike],
    work: Callable[[ScheduleLike], Coroutine[Any, Any, R]],
) -> R | Mapping[ScheduleLike, R]:
    """Return the result for a schedule, or those for several, worked on at once, by schedule."""
    given = several(schedules)
    if isinstance(schedules, str | Schedule):
        return await work(schedules)
    results = await gather_or_cancel([work(each) for each in given])
    return dict(zip(given, results, strict=True))


class Reader:
    """Reads what a watcher watches: some schedules, or all."""

    def __init__(self, schedules: Schedules, items: Sequence[ScheduleLike] | None) -> None:
        self._schedules = schedules
        self._items = items

    async def __call__(self, ids: Collection[str] | None, *, strict: bool) -> Sequence[Schedule]:
        """Return the schedules with these ids, or all, without those that are gone.

        Raises:
            NotFound: Where it is `strict`, one is gone.
        """
        if ids is None and self._items is None:
            return await self._schedules.list().collect()
        wanted = self._items if ids is None else ids
        found = await gather_or_cancel([self._read(each, strict=strict) for each in wanted or ()])
        return [each for each in found if each is not None]

    async def _read(self, item: ScheduleLike, *, strict: bool) -> Schedule | None:
        try:
            return await find(self._schedules, item)
        except NotFound as error:
            if strict or not error.is_certain:
                raise
            return None
