"""What a good engineer writes in an afternoon, over any HTTP client.

A semaphore, `gather`, three tries that honour `Retry-After`, pages by their number, and a poll that
compares all groups with those of the poll before. Only the requests differ: see `bare_httpx`,
`bare_aiohttp` and `generated`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, Protocol, TypeVar

import attrs

from .jobs import AT_ONCE, EVERY, KEY, VALUE, Jobs

T = TypeVar("T")
TRIES: Final = 3
STORM: Final = {"state": "new", "label": f"{KEY}:{VALUE}"}
"""The filter of what is to be resolved."""


class Failed(Exception):
    """A request failed: by its status, or without a response (0)."""

    def __init__(self, status: int = 0, retry_after: str | None = None) -> None:
        super().__init__(status)
        self.may_pass = status in {0, 429} or status >= 500
        self.retry_after = None if retry_after is None else float(retry_after)


class Api(Protocol):
    """The four requests. Each raises `Failed`."""

    async def page(self, number: int, query: Mapping[str, str]) -> tuple[Sequence[Any], int]:
        """A page of groups, and the number of the last one."""
        ...

    async def resolve(self, id: str) -> None:
        """Resolve a group."""
        ...

    async def create(self, name: str) -> None:
        """Create an integration with the label."""
        ...

    def row(self, group: Any) -> tuple[str, str]:
        """Id and state of a group."""
        ...


@attrs.define
class Afternoon(Jobs):
    """The jobs, with so many requests at once."""

    api: Api
    _at_once: asyncio.Semaphore = attrs.field(factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def _tried(self, send: Callable[[], Awaitable[T]]) -> T:
        async with self._at_once:
            for attempt in range(1, TRIES):
                try:
                    return await send()
                except Failed as error:
                    if not error.may_pass:
                        raise
                    await asyncio.sleep(error.retry_after or 2 ** (attempt - 1))
            return await send()

    def row(self, group: Any) -> tuple[str, str]:
        """Id and state of a group."""
        return self.api.row(group)

    async def groups(self, query: Mapping[str, str] | None = None) -> Sequence[Any]:
        """All groups, or those that match."""
        query = query or {}
        found, last = await self._tried(partial(self.api.page, 1, query))
        reads = (partial(self.api.page, number, query) for number in range(2, last + 1))
        rest = await asyncio.gather(*map(self._tried, reads))
        return [*found, *(group for page, _ in rest for group in page)]

    async def _done(self, thing: str, act: Callable[[str], Awaitable[None]]) -> str | None:
        """Return the thing if it is done."""
        try:
            await self._tried(partial(act, thing))
        except Failed:
            return None
        return thing

    async def _all_done(
        self, things: Sequence[str], act: Callable[[str], Awaitable[None]]
    ) -> Sequence[str]:
        done = await asyncio.gather(*(self._done(thing, act) for thing in things))
        return [thing for thing in done if thing is not None]

    async def storm(self) -> Sequence[str]:
        """Resolve what carries the label; return the ids of what was resolved."""
        found = [self.api.row(group)[0] for group in await self.groups(STORM)]
        return await self._all_done([*dict.fromkeys(found)], self.api.resolve)

    async def create(self, names: Sequence[str]) -> Sequence[str]:
        """Create integrations; return the names of those that were created."""
        return await self._all_done(names, self.api.create)

    async def follow(self, report: Callable[[str, str], None]) -> None:
        """Report changes until cancelled."""
        before = dict(map(self.api.row, await self.groups()))
        while True:
            await asyncio.sleep(EVERY)
            now = dict(map(self.api.row, await self.groups()))
            for group, state in now.items() - before.items():
                report(group, state if group in before else "created")
            for group in before.keys() - now.keys():
                report(group, "deleted")
            before = now
