"""A store in a directory, for the processes of one machine; `file_log` says why it is safe."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final, TypeVar

from grafana_oncall._core.aio import to_the_end
from grafana_oncall._core.tracebacks import ShortTracebacks
from grafana_oncall._validation.arguments import filled, of_type, path_of, seconds
from grafana_oncall.errors import StoreUnavailable

from .file_events import Events, State
from .file_log import LogFile, read
from .protocols import CheckpointStore, JournalStore, Opened, SeenStore, StoredCheckpoint

T = TypeVar("T")

_PLAIN: Final = re.compile(r"(journal|checkpoint):[a-z0-9_:-]{1,150}")
"""Names that are names of files as they are, but for the colons, also where case is ignored."""

_SHORTEST_PAUSE: Final = 0.001
_LONGEST_PAUSE: Final = 0.05
"""Seconds between two attempts to lock a log."""


class FileStore(ShortTracebacks, JournalStore, CheckpointStore, SeenStore):
    """Journals, checkpoints and seen events in a directory, for the processes of one machine.

        store = FileStore("/var/lib/oncall")
        await client.alert_groups.bulk.silence(groups, 3600, journal=store, name="noise")

    Each process makes a store of its own for the same directory; it has nothing to close. Its files
    are those of `journal="run.jsonl"` and `checkpoint="bot.jsonl"`, so `bulk.resume` and `watch`
    may be given `store.path("journal:noise")` and `store.path("checkpoint:noise")` as well. They
    stay until they are deleted; events go when their time is over.

    The directory is on a local disk, whose locks and whose clock all processes share. A restart of
    the machine ends all leases, and events of before it may be new again.

    Args:
        directory: Made when it is first used, if only it is missing; only its owner can read it.
        fsync: Whether each write waits until its lines are on the disk, so that they survive a
            crash of the machine; otherwise they survive a crash of the process.
        timeout: Time within which other processes must have unlocked a log, which they lock only
            while they read or write it, in seconds or as a timedelta; 5 seconds by default.

    Raises:
        InvalidArgument: An argument is invalid.
    """

    def __init__(
        self, directory: str | Path, *, fsync: bool = False, timeout: timedelta | float = 5
    ) -> None:
        self._directory = path_of("directory", filled("directory", directory)).absolute()
        self._fsync = of_type("fsync", fsync, bool)
        self._timeout = seconds("timeout", timeout)

    def path(self, name: str) -> Path:
        """Return the path of the file of a log, such as `journal:noise` or `checkpoint:noise`."""
        if _PLAIN.fullmatch(of_type("name", name, str)):
            return self._directory / f"{name.replace(':', '.')}.jsonl"
        return self._directory / f"{_digest(name)}.jsonl"

    def checkpoint(self, name: str, *, ttl: timedelta | float = 5) -> StoredCheckpoint:
        """Return a checkpoint of this store, for `watch(checkpoint=…)`."""
        return StoredCheckpoint(self, name, ttl)

    async def open(self, name: str) -> Opened:
        """See `JournalStore.open`."""
        return await self._do("open", self.path(name), lambda log: log.open())

    async def acquire(self, name: str, *, ttl: float) -> Opened | float:
        """See `CheckpointStore.acquire`."""
        return await self._do("acquire", self.path(name), lambda log: log.acquire(ttl))

    async def append(
        self, name: str, fence: int, lines: Sequence[bytes], *, replace: bool = False
    ) -> bool:
        """See `JournalStore.append`."""
        return await self._do(
            "append",
            self.path(name),
            lambda log: log.append(fence, lines, replace=replace, fsync=self._fsync),
        )

    async def renew(self, name: str, fence: int, *, ttl: float) -> bool:
        """See `CheckpointStore.renew`."""
        return await self._do("renew", self.path(name), lambda log: log.renew(fence, ttl))

    async def release(self, name: str, fence: int) -> None:
        """See `CheckpointStore.release`."""
        await self._do("release", self.path(name), lambda log: log.renew(fence, 0.0))

    async def read(self, name: str) -> Sequence[bytes]:
        """See `JournalStore.read`."""
        path = self.path(name)
        return await self._in_thread("read", path, lambda: read(path))

    async def delete(self, name: str) -> None:
        """See `JournalStore.delete`."""
        await self._do("delete", self.path(name), LogFile.delete)

    async def claim(self, key: str, *, ttl: float) -> State:
        """See `SeenStore.claim`."""
        path = self._events(key)
        return await self._do("claim", path, lambda log: Events(log).claim(key, ttl))

    async def confirm(self, key: str, *, ttl: float) -> None:
        """See `SeenStore.confirm`."""
        await self._do("confirm", self._events(key), lambda log: Events(log).confirm(key, ttl))

    async def forget(self, key: str) -> None:
        """See `SeenStore.forget`."""
        await self._do("forget", self._events(key), lambda log: Events(log).forget(key))

    def _events(self, key: str) -> Path:
        """Return the path of the file of an event: one of 256, each of which stays short."""
        return self._directory / f"events.{_digest(key)[:2]}.jsonl"

    async def _do(self, what: str, path: Path, work: Callable[[LogFile], T]) -> T:
        """Do something with a log while no other process does."""

        def locked() -> T:
            with LogFile.locked(path) as log:
                return work(log)

        return await self._in_thread(what, path, locked)

    async def _in_thread(self, what: str, path: Path, work: Callable[[], T]) -> T:
        """Return what a function returns in a thread, once the log is not locked by another.

        A cancellation waits for the thread, so nothing is written after it.

        Raises:
            StoreUnavailable: It fails, or the log stays locked.
        """
        loop = asyncio.get_running_loop()
        deadline, pause = loop.time() + self._timeout, _SHORTEST_PAUSE
        while True:
            try:
                return await to_the_end(loop.run_in_executor(None, work))
            except BlockingIOError as error:
                if loop.time() > deadline:
                    raise self._locked(what, path) from error
            except (OSError, ValueError, RuntimeError) as error:
                raise _unusable(what, path, error) from error
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _locked(self, what: str, path: Path) -> StoreUnavailable:
        return StoreUnavailable(
            f"{path}: {what} failed, because another process has it locked for {self._timeout:g} "
            "seconds now. End the one that is paused, or that was given this path, and try again."
        )


def _unusable(what: str, path: Path, error: Exception) -> StoreUnavailable:
    reason, advice = str(error), "Restore the file, or delete this log, to start anew."
    if isinstance(error, OSError):
        reason = error.strerror or reason
        advice = "Use a directory on a local disk, to which this user may write, with space left."
    elif isinstance(error, RuntimeError):  # of the loop, which then may still do it later
        advice = "No thread could be started for it: run fewer of them in this process."
    return StoreUnavailable(f"{path}: {what} failed ({reason}). {advice}")


def _digest(name: str) -> str:
    return sha256(name.encode(errors="surrogatepass")).hexdigest()
