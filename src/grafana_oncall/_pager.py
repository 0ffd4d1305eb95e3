"""What `list` returns: the items of all pages, in order, each once."""

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Final, Generic, Protocol, TypeVar

import attrs

from ._arguments import whole
from ._request import Page, Request
from ._session import Session, Walk
from ._values import shown
from .errors import InvalidArgument


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


class Pager(Generic[T]):
    """A list on the server: iterate it, collect it, count it. Nothing is sent before that.

    Every `async for` walks anew, in the server's order, and gives each id once, although lists move
    while they are walked. An object that is created meanwhile may be missed. When acting on the
    items takes them out of the filter, walk to the end first (`collect`): what follows on later
    pages moves up, and would be skipped.

    All of it raises OnCallError for a request that fails, as the methods of the resources do.
    """

    def __init__(self, session: Session, request: Request[Page[T]], *, prefetch: int) -> None:
        if whole("prefetch", prefetch, least=0) > _MOST_PREFETCH:
            message = f"prefetch={shown(prefetch)}: 0 to {_MOST_PREFETCH} pages."
            raise InvalidArgument(message, argument="prefetch")
        self._session = session
        self._request = request
        self._prefetch = prefetch

    def __repr__(self) -> str:
        return f"<Pager of {self._request.operation.id}: use async for, collect() or count()>"

    @property
    def request(self) -> Request[Page[T]]:
        """The request of the first page, with the filter."""
        return self._request

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
        # One set to look into, for every item of every list; the pages tell what to forget of it.
        known: set[str] = set()
        recent: deque[set[str]] = deque()
        async with Walk(self._session, self._request, prefetch=self._prefetch) as walk:
            while (page := await walk.next_page()) is not None:
                if len(recent) == _REMEMBERED_PAGES:
                    known -= recent.popleft()
                here: set[str] = set()
                recent.append(here)
                for item in page.results:
                    if item.id not in known:
                        known.add(item.id)
                        here.add(item.id)
                        yield item

    def pages(self) -> AsyncGenerator[Page[T], None]:
        """The pages as the server answers them, with what repeats, their count and raw bytes."""
        return self._session.pages(self._request, prefetch=self._prefetch)

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
        # One item suffices. A server that does not know `perpage` ignores it.
        rest = (pair for pair in self._request.query if pair[0] not in {"page", "perpage"})
        query = (*rest, ("perpage", "1"))
        page = await self._session.send(attrs.evolve(self._request, query=query))
        return page.count
