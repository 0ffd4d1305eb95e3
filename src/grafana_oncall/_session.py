"""What the resources send through: calls, and the pages of lists."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from typing import TypeVar

from ._call import Call, Look
from ._paging import upcoming
from ._request import Answer, Page, Request
from ._shared import Options, Shared
from .events import PageRead

T = TypeVar("T")


class Session:
    """Sends requests with one set of options."""

    def __init__(self, shared: Shared, options: Options) -> None:
        self.shared = shared
        self.options = options

    async def send(self, request: Request[T], *, look: Look[T] | None = None) -> T:
        """Sends a request and decodes its answer; raises OnCallError for any other end."""
        return (await self.exchange(request, look=look)).value

    async def exchange(self, request: Request[T], *, look: Look[T] | None = None) -> Answer[T]:
        """As `send`, with the answer as it came beside its value."""
        self.shared.begin()
        try:
            return await Call(self.shared, self.options, request, look).run()
        finally:
            self.shared.end()

    async def pages(
        self, request: Request[Page[T]], *, prefetch: int
    ) -> AsyncGenerator[Page[T], None]:
        """The pages in order; from the second on, up to `prefetch` more are on their way."""
        page = await self._page(request)
        yield page
        ahead: deque[tuple[Request[Page[T]], asyncio.Task[Page[T]]]] = deque()
        try:
            while wanted := upcoming(request, page, 1 + prefetch, known=[one for one, _ in ahead]):
                for one in wanted[len(ahead) :]:
                    ahead.append((one, asyncio.create_task(self._page(one))))
                # Requests go out before a page is given that is there already: otherwise pages that
                # came together would all be worked on first, and again come together.
                await asyncio.sleep(0)
                request, task = ahead[0]
                page = await task
                ahead.popleft()
                yield page
        finally:
            for _, task in ahead:
                task.cancel()
            await asyncio.gather(*(task for _, task in ahead), return_exceptions=True)

    async def _page(self, request: Request[Page[T]]) -> Page[T]:
        page = await self.send(request)
        self.shared.emit(
            PageRead(
                operation=request.operation.id,
                number=page.number,
                items=len(page.results),
                count=page.count,
            )
        )
        return page
