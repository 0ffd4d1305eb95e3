"""Prefetch the pages of a list, and return them in order.

How it works, and why it is safe. Each page has a task of its own; the tasks wait in a queue in the
order of the pages, and only the first one is awaited, so pages never overtake each other. A
semaphore bounds the requests in flight, the length of the queue the pages that are in flight or
buffered. A task that failed keeps its error until it is first in the queue: the pages before it are
returned, and the error is raised once, in its place. Leaving the walk cancels what is in the queue,
and waits until that has ended: no request outlives the loop.

Responses that arrive together would keep the next requests waiting while they are decoded. So a
task ends with the response, and the page is decoded when it is wanted, two turns of the loop later:
in the first the next task takes the place that the response has left, in the second it sends. One
that cannot be decoded, or does not match the filter, is requested once more as any call would be,
with its retries.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from typing import Generic, Self, TypeVar

from grafana_oncall._codec.decode import decode
from grafana_oncall._core.aio import cancel_all
from grafana_oncall._core.request import Page, Request, Response
from grafana_oncall._session.session import Session
from grafana_oncall.errors import DecodeError, FilterIgnored
from grafana_oncall.events import PageRead

from .pages import upcoming

T = TypeVar("T")


async def pages(
    session: Session, request: Request[Page[T]], *, prefetch: int
) -> AsyncGenerator[Page[T], None]:
    """Yield the pages of a `Walk`."""
    async with Walk(session, request, prefetch=prefetch) as walk:
        while (page := await walk.next_page()) is not None:
            yield page


class Walk(Generic[T]):
    """The pages of a list in order, of which up to `prefetch` are in flight ahead of need.

    As many again may be buffered. Nothing is prefetched before the second page is wanted.

    A class, not an async generator: where async generators are nested, the end of a loop and the
    garbage collector close them all at once, and one that is being closed cannot be closed again.
    """

    def __init__(self, session: Session, request: Request[Page[T]], *, prefetch: int) -> None:
        self._session = session
        self._request = request
        self._page: Page[T] | None = None
        self._in_flight = asyncio.Semaphore(1 + prefetch)
        self._queue: deque[tuple[Request[Page[T]], asyncio.Task[Response]]] = deque()
        self._max_queued = 1 + 2 * prefetch

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await cancel_all([task for _, task in self._queue])

    async def next_page(self) -> Page[T] | None:
        """Return the next page; None after the last one."""
        if self._page is None:
            self._page = await self._session.send(self._request)
            self._report(self._page)
            return self._page
        queued = [request for request, _ in self._queue]
        wanted = upcoming(self._request, self._page, self._max_queued, known=queued)
        if not wanted:  # also when the list has shrunk since pages were queued
            return None
        for request in wanted[len(queued) :]:
            self._queue.append((request, asyncio.create_task(self._fetch(request))))
        self._request, task = self._queue[0]
        self._page = await self._decoded(self._request, await task)
        self._queue.popleft()
        self._report(self._page)
        return self._page

    async def _fetch(self, request: Request[Page[T]]) -> Response:
        async with self._in_flight:
            raw = Request(
                operation=request.operation,
                path=request.path,
                returns=Response,
                query=request.query,
            )
            return await self._session.send(raw)

    async def _decoded(self, request: Request[Page[T]], response: Response) -> Page[T]:
        await asyncio.sleep(0)  # the next task takes the place
        await asyncio.sleep(0)  # and sends
        try:
            return decode(request, response)
        except (DecodeError, FilterIgnored):
            return await self._session.send(request)

    def _report(self, page: Page[T]) -> None:
        self._session.shared.emit(
            PageRead(
                operation=self._request.operation.id,
                number=page.number,
                items=len(page.results),
                count=page.count,
            )
        )
