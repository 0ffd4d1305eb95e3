"""Events that were accepted and are not handled yet: in order per group, several groups at once.

How it works, and why it is safe. A caller reserves a slot, and as many bytes as its body has,
before it puts an event, so the backlog stays within both limits. Callers that have to wait do so in
the order in which they came: the first one holds the lock, so that smaller bodies cannot overtake a
large one forever, and a slot that is released wakes only one caller.

Each group has a queue; its key is in the queue of ready groups exactly while it has events and none
of them is being handled. So two workers never handle events of one group at a time, and a busy
group goes to the end of the line after each event.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager


class Backlog:
    """The bodies of accepted events, limited in number and in bytes.

    Bodies are kept as they came, and decoded when they are handled, because a decoded event may
    take 25 times as much memory.
    """

    def __init__(self, size: int, max_bytes: int) -> None:
        self._free_slots = size
        self._free_bytes = self._free_bytes_to_wait = max_bytes
        self._turn = asyncio.Lock()
        self._released = asyncio.Event()
        self._queues: dict[bytes, deque[bytes]] = {}
        self._ready: asyncio.Queue[bytes] = asyncio.Queue()
        """Keys of the groups of which an event can be started."""
        self._empty = asyncio.Event()
        self._empty.set()

    def __len__(self) -> int:
        return sum(map(len, self._queues.values()))

    def can_wait(self, size: int) -> bool:
        """Whether a body of this size may be kept in memory while it waits."""
        return size <= self._free_bytes_to_wait

    @contextmanager
    def waiting(self, size: int) -> Generator[None]:
        """Count a body of this size among those that wait."""
        self._free_bytes_to_wait -= size
        try:
            yield
        finally:
            self._free_bytes_to_wait += size

    def try_reserve(self, size: int) -> bool:
        """Reserve a slot if one is free and no caller waits; `put` or `release` must follow."""
        if self._turn.locked() or not self._has_room(size):
            return False
        self._reserve(size)
        return True

    async def reserve(self, size: int, timeout: float) -> bool:
        """Wait up to `timeout` seconds for a slot; where True, `put` or `release` must follow."""
        try:
            with self.waiting(size):
                async with asyncio.timeout(timeout), self._turn:
                    while not self._has_room(size):
                        self._released.clear()
                        await self._released.wait()
                    self._reserve(size)
        except TimeoutError:
            return False
        return True

    def _has_room(self, size: int) -> bool:
        return self._free_slots > 0 and size <= self._free_bytes

    def _reserve(self, size: int) -> None:
        self._free_slots -= 1
        self._free_bytes -= size

    def release(self, size: int) -> None:
        """Free a slot that was reserved."""
        self._free_slots += 1
        self._free_bytes += size
        self._released.set()

    def put(self, group: bytes, body: bytes) -> None:
        """Add an event of a group, for which a slot was reserved."""
        self._empty.clear()
        queue = self._queues.setdefault(group, deque())
        queue.append(body)
        if len(queue) == 1:
            self._ready.put_nowait(group)

    async def work(self, handle: Callable[[bytes], Awaitable[None]]) -> None:
        """Handle one event after the other until cancelled; `handle` must not raise."""
        while True:
            group = await self._ready.get()
            queue = self._queues[group]
            await handle(queue[0])
            self.release(len(queue.popleft()))
            if queue:
                self._ready.put_nowait(group)
            else:
                del self._queues[group]
            if not self._queues:
                self._empty.set()

    async def join(self) -> None:
        """Wait until every event has been handled."""
        await self._empty.wait()
