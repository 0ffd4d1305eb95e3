"""Events that were taken and are not handled yet: many groups at once, each in order."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from ._event import Event


class Backlog:
    """A bounded number of events; those of one group are handled one after the other."""

    def __init__(self, size: int) -> None:
        self._places = asyncio.Semaphore(size)
        self._lines: dict[str, deque[Event]] = {}
        self._ready: asyncio.Queue[str] = asyncio.Queue()
        """Ids of the groups of which an event can be begun."""
        self._done = asyncio.Event()
        self._done.set()

    def __len__(self) -> int:
        return sum(map(len, self._lines.values()))

    async def reserve(self, patience: float) -> bool:
        """Waits so many seconds for a place; `put` or `give_back` must follow."""
        try:
            async with asyncio.timeout(patience):
                await self._places.acquire()
        except TimeoutError:
            return False
        return True

    def give_back(self) -> None:
        """Frees a place that was reserved."""
        self._places.release()

    def put(self, event: Event) -> None:
        """Takes an event, for which a place was reserved."""
        self._done.clear()
        line = self._lines.setdefault(event.alert_group_id, deque())
        line.append(event)
        if len(line) == 1:
            self._ready.put_nowait(event.alert_group_id)

    async def work(self, handle: Callable[[Event], Awaitable[None]]) -> None:
        """Handles one event after the other until it is cancelled; `handle` must not raise."""
        while True:
            group = await self._ready.get()
            line = self._lines[group]
            await handle(line[0])
            line.popleft()
            self.give_back()
            if line:
                self._ready.put_nowait(group)
            else:
                del self._lines[group]
            if not self._lines:
                self._done.set()

    async def done(self) -> None:
        """Waits until every event is handled."""
        await self._done.wait()
