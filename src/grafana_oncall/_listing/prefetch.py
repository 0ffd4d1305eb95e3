"""The pages of a list in order, fetched ahead of need."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from typing import Final, Generic, Self, TypeVar

from grafana_oncall._core.aio import cancel_all
from grafana_oncall._core.request import Page, Request
from grafana_oncall._session.attempts import OnResponse
from grafana_oncall._session.session import Session
from grafana_oncall.events import PageRead

from .pages import upcoming

T = TypeVar("T")

_TURNS_TO_SEND: Final = 6
"""Turns of the event loop in which a request that may go out does."""


async def pages(
    session: Session, request: Request[Page[T]], *, prefetch: int
) -> AsyncGenerator[Page[T], None]:
    """The pages of a `Walk`."""
    async with Walk(session, request, prefetch=prefetch) as walk:
        while (page := await walk.next_page()) is not None:
            yield page


class Walk(Generic[T]):
    """The pages in order; from the second on, up to `prefetch` more are on their way.

    As many again may have come and wait: whenever one has come, another is asked for.

    It is no async generator: of those that are nested, the end of a loop and the garbage collector
    close all at the same time, and one that is being closed cannot be closed by another.
    """

    def __init__(self, session: Session, request: Request[Page[T]], *, prefetch: int) -> None:
        self._session = session
        self._request = request
        self._page: Page[T] | None = None
        self._slots = _Slots(1 + prefetch)
        self._ahead: deque[tuple[Request[Page[T]], asyncio.Task[Page[T]]]] = deque()
        self._most = 1 + 2 * prefetch

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await cancel_all([task for _, task in self._ahead])

    async def next_page(self) -> Page[T] | None:
        """The next page; None after the last one."""
        if self._page is None:
            self._page = await self._read(self._request)
            return self._page
        ahead = self._ahead
        known = [one for one, _ in ahead]
        wanted = upcoming(self._request, self._page, self._most, known=known)
        if not wanted:
            return None
        for one in wanted[len(ahead) :]:
            ahead.append((one, asyncio.create_task(self._read_ahead(one))))
        self._request, task = ahead[0]
        self._page = await task
        ahead.popleft()
        return self._page

    async def _read_ahead(self, request: Request[Page[T]]) -> Page[T]:
        has_slot, slots = True, self._slots

        async def on_response() -> None:
            nonlocal has_slot
            if has_slot:  # not if an answer came before, and could not be read
                has_slot = False
                await slots.give_back()

        await slots.acquire()
        return await self._read(request, on_response)

    async def _read(
        self, request: Request[Page[T]], on_response: OnResponse | None = None
    ) -> Page[T]:
        session = self._session
        page = (await session.exchange(request, on_response=on_response)).value
        session.shared.emit(
            PageRead(
                operation=request.operation.id,
                number=page.number,
                items=len(page.results),
                count=page.count,
            )
        )
        return page


class _Slots(asyncio.Semaphore):
    """Places for the requests of a walk that are under way; one after the other is given back."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self._turn = asyncio.Lock()

    async def give_back(self) -> None:
        """Returns when the request that takes the place has gone out."""
        # Otherwise answers that come together would all be decoded before the next requests go
        # out, and these together, so that their answers would come together again.
        async with self._turn:
            self.release()
            for _ in range(_TURNS_TO_SEND):
                await asyncio.sleep(0)
