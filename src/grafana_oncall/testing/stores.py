"""A store in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

import attrs

from grafana_oncall.stores import Opened, StoredCheckpoint


@attrs.define
class _Log:
    fence: int = 0
    lines: tuple[bytes, ...] = ()
    lease_ends: float = 0.0


class MemoryStore:
    """A store of journals, checkpoints and seen events in this process, for tests.

    Leases end by the clock of the event loop, which may be virtual (`oncall_clock`).
    """

    def __init__(self) -> None:
        self._logs: dict[str, _Log] = {}
        self._seen: dict[str, tuple[Literal["claimed", "seen"], float]] = {}

    def checkpoint(self, name: str, *, ttl: timedelta | float = 5) -> StoredCheckpoint:
        """Return a checkpoint of this store, for `watch(checkpoint=…)`."""
        return StoredCheckpoint(self, name, ttl)

    async def open(self, name: str) -> Opened:
        """See `stores.JournalStore.open`."""
        log = self._logs.setdefault(name, _Log())
        log.fence, log.lease_ends = log.fence + 1, 0.0
        return Opened(log.fence, log.lines)

    async def acquire(self, name: str, *, ttl: float) -> Opened | float:
        """See `stores.CheckpointStore.acquire`."""
        log = self._logs.setdefault(name, _Log())
        left = log.lease_ends - _now()
        if left > 0:
            return left
        log.fence, log.lease_ends = log.fence + 1, _now() + ttl
        return Opened(log.fence, log.lines)

    async def append(
        self, name: str, fence: int, lines: Sequence[bytes], *, replace: bool = False
    ) -> bool:
        """See `stores.JournalStore.append`."""
        log = self._opened(name, fence)
        if log is not None:
            log.lines = (*(() if replace else log.lines), *lines)
        return log is not None

    async def read(self, name: str) -> Sequence[bytes]:
        """See `stores.JournalStore.read`."""
        return self._logs.get(name, _Log()).lines

    async def delete(self, name: str) -> None:
        """See `stores.JournalStore.delete`."""
        log = self._logs.get(name, _Log())
        log.fence, log.lines, log.lease_ends = log.fence + 1, (), 0.0

    async def renew(self, name: str, fence: int, *, ttl: float) -> bool:
        """See `stores.CheckpointStore.renew`."""
        log = self._opened(name, fence)
        if log is not None:
            log.lease_ends = _now() + ttl
        return log is not None

    async def release(self, name: str, fence: int) -> None:
        """See `stores.CheckpointStore.release`."""
        log = self._opened(name, fence)
        if log is not None:
            log.lease_ends = 0.0

    async def claim(self, key: str, *, ttl: float) -> Literal["new", "claimed", "seen"]:
        """See `stores.SeenStore.claim`."""
        state, ends = self._seen.get(key, ("claimed", 0.0))
        if ends > _now():
            return state
        self._seen[key] = ("claimed", _now() + ttl)
        return "new"

    async def confirm(self, key: str, *, ttl: float) -> None:
        """See `stores.SeenStore.confirm`."""
        self._seen[key] = ("seen", _now() + ttl)

    async def forget(self, key: str) -> None:
        """See `stores.SeenStore.forget`."""
        if self._seen.get(key, ("seen", 0.0))[0] == "claimed":
            del self._seen[key]

    def _opened(self, name: str, fence: int) -> _Log | None:
        log = self._logs.get(name)
        return log if log is not None and log.fence == fence else None


def _now() -> float:
    return asyncio.get_running_loop().time()
