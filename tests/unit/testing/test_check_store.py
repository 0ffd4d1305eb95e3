"""`check_store` passes what keeps its promises, and names what is broken."""

from collections.abc import Sequence
from typing import Literal

import pytest

from grafana_oncall.errors import InvalidArgument
from grafana_oncall.stores import Opened
from grafana_oncall.testing import MemoryStore, check_store


async def test_a_store_in_memory_keeps_every_promise() -> None:
    """In virtual time, like its leases."""
    await check_store(MemoryStore())


class _Unfenced(MemoryStore):
    async def append(
        self, name: str, fence: int, lines: Sequence[bytes], *, replace: bool = False
    ) -> bool:
        del fence
        opened = await self.open(name)
        return await super().append(name, opened.fence, lines, replace=replace)


class _RefusesAfterWriting(MemoryStore):
    async def append(
        self, name: str, fence: int, lines: Sequence[bytes], *, replace: bool = False
    ) -> bool:
        if await super().append(name, fence, lines, replace=replace):
            return True
        latest = (await self.open(name)).fence
        await super().append(name, latest, lines)
        return False


class _SplitsLines(MemoryStore):
    async def read(self, name: str) -> Sequence[bytes]:
        return b"\n".join(await super().read(name)).split(b"\n")


class _FoldsNames(MemoryStore):
    async def append(
        self, name: str, fence: int, lines: Sequence[bytes], *, replace: bool = False
    ) -> bool:
        return await super().append(name.lower(), fence, lines, replace=replace)

    async def open(self, name: str) -> Opened:
        return await super().open(name.lower())

    async def read(self, name: str) -> Sequence[bytes]:
        return await super().read(name.lower())


class _StartsAnew(MemoryStore):
    async def delete(self, name: str) -> None:
        self._logs.pop(name, None)


class _LeaseForEver(MemoryStore):
    async def acquire(self, name: str, *, ttl: float) -> Opened | float:
        return await super().acquire(name, ttl=ttl * 100)


class _LeaseForAll(MemoryStore):
    async def acquire(self, name: str, *, ttl: float) -> Opened | float:
        del ttl
        return await self.open(name)


class _ReleasesWhatIsNotIts(MemoryStore):
    async def release(self, name: str, fence: int) -> None:
        del fence
        self._logs[name].lease_ends = 0.0


class _ClaimsForAll(MemoryStore):
    async def claim(self, key: str, *, ttl: float) -> Literal["new", "claimed", "seen"]:
        await super().claim(key, ttl=ttl)
        return "new"


class _ForgetsWhatWasSeen(MemoryStore):
    async def forget(self, key: str) -> None:
        self._seen.pop(key, None)


@pytest.mark.parametrize(
    ("broken", "promise"),
    [
        (_Unfenced, "an older fence may not append"),
        (_RefusesAfterWriting, "what is refused leaves no lines"),
        (_SplitsLines, "lines are read as they were written"),
        (_FoldsNames, "is a log of its own"),
        (_StartsAnew, "fences rise even after a deletion"),
        (_LeaseForEver, "a refused lease says for how long at most"),
        (_LeaseForAll, "a lease that someone has cannot be acquired"),
        (_ReleasesWhatIsNotIts, "who lost a lease cannot end its successor's"),
        (_ClaimsForAll, "of all who claim at once, one gets it"),
        (_ForgetsWhatWasSeen, "what was handled cannot be given up"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
async def test_a_broken_promise_is_named(broken: type[MemoryStore], promise: str) -> None:
    """So that whoever writes a store knows what to mend."""
    with pytest.raises(AssertionError, match=f"does not keep a promise: .*{promise}"):
        await check_store(broken())


async def test_leases_without_a_length_are_refused() -> None:
    """No store could keep a promise about them."""
    with pytest.raises(InvalidArgument, match="ttl=0"):
        await check_store(MemoryStore(), ttl=0)


async def test_only_what_a_store_has_is_checked() -> None:
    """A store of journals alone is one."""

    class Journals:
        def __init__(self) -> None:
            store = MemoryStore()
            self.open, self.append = store.open, store.append
            self.read, self.delete = store.read, store.delete

    await check_store(Journals())
