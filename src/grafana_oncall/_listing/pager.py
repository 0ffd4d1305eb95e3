"""The pager that `list` returns: the items of all pages, in order, each once."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import aclosing
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import attrs

from grafana_oncall._core.aio import only_async
from grafana_oncall._core.causes import drop_frames
from grafana_oncall._core.request import Page, Request
from grafana_oncall._core.text import shown
from grafana_oncall._core.tracebacks import ShortTracebacks
from grafana_oncall._session.session import Session
from grafana_oncall._validation.arguments import whole
from grafana_oncall.errors import InvalidArgument, OnCallError
from grafana_oncall.events import ListIncomplete

from .prefetch import Walk, pages

T = TypeVar("T")

DEFAULT_PREFETCH: Final = 2
_MOST_PREFETCH: Final = 64

_REMEMBERED_PAGES: Final = 16
"""Pages whose ids are always remembered: an item that moves repeats on a page near its first."""
_REMEMBERED_IDS: Final = 10_000
"""Ids that are remembered, of however many pages; they take a megabyte or two."""

_OTHER_PAGE_SIZES: Final = (1000, 900)
"""Page sizes of the passes that look for missing items: one page holds most lists, and is whole."""


class Pager(ShortTracebacks, Generic[T]):
    """A list on the server: iterate it, collect it, or count it. Nothing is sent before that.

    Every `async for` reads the list from its beginning, in the server's order, and yields each id
    once (each object, if they have no ids), although lists move while they are read. Objects that
    are created meanwhile may be missed.
    If acting on an item takes it out of the filter, read to the end first (`collect`): otherwise
    later items move up to pages that were read already, and are skipped.

    Servers return objects of the same creation time in any order, so from page to page one may
    come twice and another never. Therefore, when all pages report the same count but have fewer
    objects, the list is read again with another page size, and objects found then come last. What
    is still missing is reported by `events.ListIncomplete` and in the log. Of lists with more than
    10,000 objects, it is reported without another pass.

    Each page is checked against the filter before any of its items is yielded. If the server, or a
    proxy in between, ignores a part of the filter, iterating raises FilterIgnored, after one retry.

    Iterating, `collect` and `count` raise an OnCallError when a request fails.
    """

    def __init__(
        self,
        session: Session,
        request: Request[Page[T]],
        *,
        prefetch: int,
        verify: Callable[[Page[T]], None] | None = None,
        repeats: bool = False,
    ) -> None:
        if whole("prefetch", prefetch, least=0) > _MOST_PREFETCH:
            message = f"prefetch={shown(prefetch)}: at most {_MOST_PREFETCH} pages are prefetched."
            raise InvalidArgument(message, argument="prefetch")
        self._session = session
        self._request = attrs.evolve(request, verify=verify)
        self._prefetch = prefetch
        self._repeats = repeats

    def __repr__(self) -> str:
        return f"<Pager of {self._request.operation.id}: use async for, collect() or count()>"

    @property
    def request(self) -> Request[Page[T]]:
        """The request of the first page; its response is not checked against the filter."""
        return attrs.evolve(self._request, verify=None)

    @property
    def prefetch(self) -> int:
        """Pages in flight ahead of need."""
        return self._prefetch

    def check_same_client(self, session: Session) -> None:
        """Raise InvalidArgument when the list is of another client."""
        if session.shared is not self._session.shared:
            message = "selection: another client made this list. Use that client's bulk."
            raise InvalidArgument(message, argument="selection")

    if not TYPE_CHECKING:  # type checkers find these by themselves
        __await__ = only_async("it cannot be awaited; use `await ….collect()`, or `async for`.")
        __iter__ = __contains__ = only_async("use `async for`, or `for … in await ….collect()`.")
        __getitem__ = only_async("use `(await ….collect(limit=…))[…]`.")
        __len__ = only_async("its length is on the server; use `await ….count()`.")

    def __aiter__(self) -> AsyncIterator[T]:
        return self._items()

    async def _items(self) -> AsyncGenerator[T, None]:
        yielded = _Yielded[T]()
        try:
            for request in (self._request, *map(self._in_pages_of, _OTHER_PAGE_SIZES)):
                yielded.start_pass()
                async with Walk(self._session, request, prefetch=self._prefetch) as walk:
                    while (page := await walk.next_page()) is not None:
                        for item in yielded.new_items(page):
                            yield item
                if not yielded.missing or yielded.number + yielded.missing > _REMEMBERED_IDS:
                    break
        except OnCallError as error:
            drop_frames(error)
            raise
        if yielded.missing:
            self._session.shared.emit(
                ListIncomplete(
                    operation=self._request.operation.id,
                    items=yielded.number,
                    count=yielded.number + yielded.missing,
                )
            )

    def _in_pages_of(self, size: int) -> Request[Page[T]]:
        """Return the list in pages of this size; servers that do not support it ignore it."""
        rest = (pair for pair in self._request.query if pair[0] not in {"page", "perpage"})
        return attrs.evolve(self._request, query=(*rest, ("perpage", str(size))))

    def pages(self) -> AsyncGenerator[Page[T], None]:
        """Yield the pages as the server returned them, with duplicates, counts and raw bytes."""
        return pages(self._session, self._request, prefetch=self._prefetch)

    async def collect(self, *, limit: int | None = None) -> list[T]:
        """Return all items, or the first `limit` of them, in the server's order."""
        if limit is not None:
            whole("limit", limit)
        found: list[T] = []
        async with aclosing(self._items()) as items:
            async for item in items:
                found.append(item)
                if len(found) == limit:
                    break
        return found

    async def count(self) -> int:
        """Return the number of items on all pages, by one request.

        Where the server lists and counts an item several times, this reads the whole list.
        """
        if self._repeats:
            return len(await self.collect())
        # Items of another shape count as well.
        request = attrs.evolve(self._in_pages_of(1), skip_undecodable=True)
        return (await self._session.send(request)).count


class _Yielded(Generic[T]):
    """The items that an iteration has yielded: how many, and their ids, so that none repeats.

    Items without an id stand for themselves.
    """

    def __init__(self) -> None:
        self.number = 0
        self._known: set[object] = set()
        self._recent: deque[set[object]] = deque()
        self._pages = 0
        self._counts: set[int] = set()

    def start_pass(self) -> None:
        """Start to read the list from its beginning."""
        self._pages = 0
        self._counts.clear()

    def new_items(self, page: Page[T]) -> Iterable[T]:
        """Return the items of a page that were not yielded before, and remember them."""
        self._pages += 1
        self._counts.add(page.count)
        items = {getattr(item, "id", item): item for item in page.results}
        new = {key: item for key, item in items.items() if key not in self._known}
        self._known.update(new)
        self._recent.append(set(new))
        self.number += len(new)
        while len(self._known) > _REMEMBERED_IDS and len(self._recent) > _REMEMBERED_PAGES:
            self._known -= self._recent.popleft()
        return new.values()

    @property
    def missing(self) -> int:
        """Number of items that the last pass should have found and did not.

        0 where that is unknown, because the pages report different counts while the list moves. A
        list of one page is whole, whatever its count.
        """
        steady = self._pages > 1 and len(self._counts) == 1
        return max(0, max(self._counts) - self.number) if steady else 0
