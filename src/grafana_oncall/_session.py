"""What the resources send through: calls, and the pages of lists."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from typing import Final, TypeVar

from ._call import Answered, Call, Look
from ._cancellation import end
from ._paging import upcoming
from ._request import Answer, Page, Request
from ._shared import Options, Shared
from .events import PageRead

T = TypeVar("T")

_TURNS_TO_SEND: Final = 6
"""Turns of the event loop in which a request that may go out does."""


class Session:
    """Sends requests with one set of options."""

    def __init__(self, shared: Shared, options: Options) -> None:
        self.shared = shared
        self.options = options

    async def send(self, request: Request[T], *, look: Look[T] | None = None) -> T:
        """Sends a request and decodes its answer; raises OnCallError for any other end."""
        return (await self.exchange(request, look=look)).value

    async def exchange(
        self,
        request: Request[T],
        *,
        look: Look[T] | None = None,
        answered: Answered | None = None,
    ) -> Answer[T]:
        """As `send`, with the answer as it came beside its value."""
        self.shared.begin()
        try:
            return await Call(
                self.shared, self.options, request, look=look, answered=answered
            ).run()
        finally:
            self.shared.end()

    async def pages(
        self, request: Request[Page[T]], *, prefetch: int
    ) -> AsyncGenerator[Page[T], None]:
        """The pages in order; from the second on, up to `prefetch` more are on their way.

        As many again may have come and wait: whenever one has come, another is asked for.
        """
        page = await self._page(request)
        yield page
        slots = _Slots(1 + prefetch)
        ahead: deque[tuple[Request[Page[T]], asyncio.Task[Page[T]]]] = deque()
        most = 1 + 2 * prefetch
        try:
            while wanted := upcoming(request, page, most, known=[one for one, _ in ahead]):
                for one in wanted[len(ahead) :]:
                    ahead.append((one, asyncio.create_task(self._page_ahead(one, slots))))
                request, task = ahead[0]
                page = await task
                ahead.popleft()
                yield page
        finally:
            await end([task for _, task in ahead])

    async def _page_ahead(self, request: Request[Page[T]], slots: "_Slots") -> Page[T]:
        has_slot = True

        async def answered() -> None:
            nonlocal has_slot
            if has_slot:  # not if an answer came before, and could not be read
                has_slot = False
                await slots.give_back()

        await slots.acquire()
        return await self._page(request, answered)

    async def _page(self, request: Request[Page[T]], answered: Answered | None = None) -> Page[T]:
        page = (await self.exchange(request, answered=answered)).value
        self.shared.emit(
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
