"""Events that were taken and are not handled yet: many groups at once, each in order."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable


class Backlog:
    """The bodies of events, bounded in number and in bytes.

    Those of one group are handled one after the other. They are kept as they came and decoded when
    their turn has come, for decoded they may take 25 times as much memory.
    """

    def __init__(self, size: int, max_bytes: int) -> None:
        self._places = size
        self._bytes = self._bytes_to_wait = max_bytes
        """How many more bytes may be taken, and may wait to be."""
        self._turn = asyncio.Lock()
        self._freed = asyncio.Event()
        self._lines: dict[bytes, deque[bytes]] = {}
        self._ready: asyncio.Queue[bytes] = asyncio.Queue()
        """Keys of the groups of which an event can be begun."""
        self._done = asyncio.Event()
        self._done.set()

    def __len__(self) -> int:
        return sum(map(len, self._lines.values()))

    def may_wait(self, size: int) -> bool:
        """Whether a body of so many bytes may be kept while it waits for a place."""
        return size <= self._bytes_to_wait

    def reserve_now(self, size: int) -> bool:
        """Takes a place if there is one and nobody waits for one; `put` or `give_back` follows."""
        if self._turn.locked() or not self._has_room(size):
            return False
        self._reserve(size)
        return True

    async def reserve(self, size: int, patience: float) -> bool:
        """Waits so many seconds for a place; `put` or `give_back` must follow.

        Places are given in the order in which they were asked for: the first who waits holds the
        lock, so that a large body is not passed by for ever, and that a place which gets free
        wakes only one.
        """
        self._bytes_to_wait -= size
        try:
            async with asyncio.timeout(patience), self._turn:
                while not self._has_room(size):
                    self._freed.clear()
                    await self._freed.wait()
                self._reserve(size)
        except TimeoutError:
            return False
        finally:
            self._bytes_to_wait += size
        return True

    def _has_room(self, size: int) -> bool:
        return self._places > 0 and size <= self._bytes

    def _reserve(self, size: int) -> None:
        self._places -= 1
        self._bytes -= size

    def give_back(self, size: int) -> None:
        """Frees a place that was reserved."""
        self._places += 1
        self._bytes += size
        self._freed.set()

    def put(self, group: bytes, body: bytes) -> None:
        """Takes the body of an event of a group, for which a place was reserved."""
        self._done.clear()
        line = self._lines.setdefault(group, deque())
        line.append(body)
        if len(line) == 1:
            self._ready.put_nowait(group)

    async def work(self, handle: Callable[[bytes], Awaitable[None]]) -> None:
        """Handles one event after the other until it is cancelled; `handle` must not raise."""
        while True:
            group = await self._ready.get()
            line = self._lines[group]
            await handle(line[0])
            self.give_back(len(line.popleft()))
            if line:
                self._ready.put_nowait(group)
            else:
                del self._lines[group]
            if not self._lines:
                self._done.set()

    async def done(self) -> None:
        """Waits until every event is handled."""
        await self._done.wait()
