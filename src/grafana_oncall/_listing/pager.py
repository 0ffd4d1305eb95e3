"""What `list` returns: the items of all pages, in order, each once."""

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import aclosing
from typing import Final, Generic, Protocol, TypeVar

import attrs

from grafana_oncall._core.request import Page, Request
from grafana_oncall._core.text import shown
from grafana_oncall._session.session import Session
from grafana_oncall._validation.arguments import whole
from grafana_oncall.errors import InvalidArgument
from grafana_oncall.events import ListIncomplete

from .prefetch import Walk, pages


class HasId(Protocol):
    """Anything that the server lists."""

    @property
    def id(self) -> str:
        """Its id."""
        ...


T = TypeVar("T", bound=HasId)

DEFAULT_PREFETCH: Final = 2
_MOST_PREFETCH: Final = 64

_REMEMBERED_PAGES: Final = 16
"""Lists move while they are walked: an item may repeat on a page near the one where it was."""
_REMEMBERED_IDS: Final = 10_000
"""That many ids are remembered in any case: they take a megabyte or two."""

_OTHER_PAGE_SIZES: Final = (1000, 900)
"""Of the walks that look for missing items: most lists are then one page, which hides nothing."""


class Pager(Generic[T]):
    """A list on the server: iterate it, collect it, count it. Nothing is sent before that.

    Every `async for` walks anew, in the server's order, and gives each id once, although lists move
    while they are walked. An object that is created meanwhile may be missed. When acting on the
    items takes them out of the filter, walk to the end first (`collect`): what follows on later
    pages moves up, and would be skipped.

    The server puts objects of the same moment in no order: from page to page, one may come twice,
    and another one never. So when all pages tell the same count, and have fewer objects than that,
    the list is read again in pages of another size, and what is found then comes last. What is
    still missing is reported by an event and in the log: `events.ListIncomplete`. Of more than
    10,000 objects, it is reported at once.

    Each page is checked against the filter before any of it is given. Where the server, or a proxy
    before it, ignores a part of that, it raises FilterIgnored, after a second try.

    All of it raises OnCallError for a request that fails, as the methods of the resources do.
    """

    def __init__(
        self,
        session: Session,
        request: Request[Page[T]],
        *,
        prefetch: int,
        verify: Callable[[Page[T]], None] | None = None,
    ) -> None:
        if whole("prefetch", prefetch, least=0) > _MOST_PREFETCH:
            message = f"prefetch={shown(prefetch)}: 0 to {_MOST_PREFETCH} pages."
            raise InvalidArgument(message, argument="prefetch")
        self._session = session
        self._request = attrs.evolve(request, verify=verify)
        self._prefetch = prefetch

    def __repr__(self) -> str:
        return f"<Pager of {self._request.operation.id}: use async for, collect() or count()>"

    @property
    def request(self) -> Request[Page[T]]:
        """The request of the first page, with the filter; its answer is not held against that."""
        return attrs.evolve(self._request, verify=None)

    @property
    def prefetch(self) -> int:
        """Pages that are fetched ahead."""
        return self._prefetch

    def check_same_client(self, session: Session) -> None:
        """Raises InvalidArgument when the list is another client's."""
        if session.shared is not self._session.shared:
            message = "The list is another client's: act on it with the client that it came from."
            raise InvalidArgument(message, argument="selection")

    def __aiter__(self) -> AsyncIterator[T]:
        return self._items()

    async def _items(self) -> AsyncGenerator[T, None]:
        given = _Given[T]()
        for request in (self._request, *map(self._in_pages_of, _OTHER_PAGE_SIZES)):
            given.begin_walk()
            async with Walk(self._session, request, prefetch=self._prefetch) as walk:
                while (page := await walk.next_page()) is not None:
                    for item in given.new_of(page):
                        yield item
            if not given.missing or given.number + given.missing > _REMEMBERED_IDS:
                break
        if given.missing:
            self._session.shared.emit(
                ListIncomplete(
                    operation=self._request.operation.id,
                    items=given.number,
                    count=given.number + given.missing,
                )
            )

    def _in_pages_of(self, size: int) -> Request[Page[T]]:
        """The same list in pages of another size; a server that does not know it ignores it."""
        rest = (pair for pair in self._request.query if pair[0] not in {"page", "perpage"})
        return attrs.evolve(self._request, query=(*rest, ("perpage", str(size))))

    def pages(self) -> AsyncGenerator[Page[T], None]:
        """The pages as the server answers them, with what repeats, their count and raw bytes."""
        return pages(self._session, self._request, prefetch=self._prefetch)

    async def collect(self, *, limit: int | None = None) -> list[T]:
        """All items, or at most the first `limit` of them, in the server's order."""
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
        """How many there are now, all pages together, by one request."""
        return (await self._session.send(self._in_pages_of(1))).count


class _Given(Generic[T]):
    """What an iteration has given: its number, and its ids, so that none is given twice."""

    def __init__(self) -> None:
        self.number = 0
        self._known: set[str] = set()
        self._recent: deque[set[str]] = deque()
        self._pages = 0
        self._counts: set[int] = set()

    def begin_walk(self) -> None:
        """The list is read from its beginning."""
        self._pages = 0
        self._counts.clear()

    def new_of(self, page: Page[T]) -> Iterable[T]:
        """The items of a page that were not given before."""
        self._pages += 1
        self._counts.add(page.count)
        new = {item.id: item for item in page.results if item.id not in self._known}
        self._known.update(new)
        self._recent.append(set(new))
        self.number += len(new)
        while len(self._known) > _REMEMBERED_IDS and len(self._recent) > _REMEMBERED_PAGES:
            self._known -= self._recent.popleft()
        return new.values()

    @property
    def missing(self) -> int:
        """How many items the last walk should have shown and did not.

        0 where it cannot be told: while the list moves, the pages tell different counts. What one
        page shows alone is whole, whatever it counts.
        """
        steady = self._pages > 1 and len(self._counts) == 1
        return max(0, max(self._counts) - self.number) if steady else 0
