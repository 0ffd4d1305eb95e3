"""The time on the clock of long walks and long bulk runs, over that of a perfect client."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any, Final

import aiohttp
import httpx

from .clients import Transport, client, has_aiohttp
from .processes import server
from .rows import Row
from .samples import GROUPS, PER_PAGE, group_id
from .server import ACTION_DELAY, PAGE_DELAY

PART: Final = "clock"
AT_ONCE: Final = 32

_WALKS: Final[Mapping[tuple[int, Transport], float | None]] = {
    (8, "httpx"): 1.15,
    (16, "aiohttp"): 1.2,
    (8, "aiohttp"): None,
    (16, "httpx"): None,
}
"""Windows, what sends, and the goal, if there is one."""


class Walk:
    """One walk over all groups."""

    def __init__(self, url: str, window: int, transport: Transport) -> None:
        self._url, self._window = url, window
        self._transport: Transport = transport
        self.first = 0.0
        """Seconds until the first group was there."""
        self.whole = 0.0
        """Seconds until the last one was."""

    async def go(self) -> None:
        """Raises AssertionError when groups are missing, or come in another order."""
        ids: list[str] = []
        async with client(self._url, self._transport) as sdk:
            await sdk.alert_groups.get(group_id(0))  # connects
            began = perf_counter()
            async for group in sdk.alert_groups.list(prefetch=self._window - 1):
                if not ids:
                    self.first = perf_counter() - began
                ids.append(group.id)
            self.whole = perf_counter() - began
        if ids != [group_id(number) for number in range(GROUPS)]:
            raise AssertionError("Some groups are missing, or out of order.")

    @property
    def over_ideal(self) -> float:
        """Times what it takes when all the window is always under way."""
        return self.whole / (GROUPS / PER_PAGE * PAGE_DELAY / self._window)


async def _acknowledged(url: str, transport: Transport, ids: int) -> float:
    """How many times the ideal time a bulk run over so many ids takes."""
    async with client(url, transport) as sdk:
        began = perf_counter()
        report = await sdk.alert_groups.bulk.acknowledge(
            (group_id(number) for number in range(ids)), max_at_once=AT_ONCE
        )
        seconds = perf_counter() - began
    report.raise_for_failures()
    return seconds / (ids * ACTION_DELAY / AT_ONCE)


async def _bare(url: str, window: int, transport: Transport) -> float:
    """The same pages as bytes, in no order, by the bare package: what this machine allows."""
    numbers = iter(range(2, GROUPS // PER_PAGE + 1))
    async with _BARE[transport](url) as read:

        async def work() -> None:
            for number in numbers:
                await read(number)

        await read(1)
        began = perf_counter()
        await read(1)
        await asyncio.gather(*(work() for _ in range(window)))
        seconds = perf_counter() - began
    return seconds / (GROUPS / PER_PAGE * PAGE_DELAY / window)


Reader = Callable[[int], Awaitable[bytes]]
Opened = Callable[[str], AbstractAsyncContextManager[Reader]]


@asynccontextmanager
async def _bare_httpx(url: str) -> AsyncGenerator[Reader]:
    async with httpx.AsyncClient() as http:

        async def read(number: int) -> bytes:
            return (await http.get(f"{url}{_LIST}?page={number}")).content

        yield read


@asynccontextmanager
async def _bare_aiohttp(url: str) -> AsyncGenerator[Reader]:
    async with aiohttp.ClientSession() as session:

        async def read(number: int) -> bytes:
            async with session.get(f"{url}{_LIST}?page={number}") as answer:
                return await answer.read()

        yield read


_LIST: Final = "/api/v1/alert_groups/"
_BARE: Final[Mapping[Transport, Opened]] = {"httpx": _bare_httpx, "aiohttp": _bare_aiohttp}


def rows(*, quick: bool) -> Iterator[Row]:
    """Walks in windows of 8 and 16, and a bulk run."""
    rounds, fast = 1 if quick else 3, has_aiohttp()
    with server() as url:
        walks: dict[tuple[int, Transport], list[Walk]] = {
            key: _walks(url, *key, rounds) for key in _WALKS if fast or key[1] == "httpx"
        }
        yield from _walked(walks)
        bare: tuple[tuple[int, Transport], ...] = ((8, "httpx"), (16, "aiohttp"))
        for window, transport in bare:
            yield Row(
                part=PART,
                name=f"the same pages by bare {transport}, {window} at once, over ideal",
                value=_middle(partial(_bare, url, window, transport), rounds),
            )
        ids = 400 if quick else GROUPS
        yield Row(
            part=PART,
            name=f"acknowledge {ids:,} ids, {AT_ONCE} at once, with [aiohttp], over ideal",
            value=_middle(lambda: _acknowledged(url, "aiohttp", ids), rounds) if fast else None,
            goal=1.25,
        )
        few = ids // 5
        yield Row(
            part=PART,
            name=f"acknowledge {few:,} ids, {AT_ONCE} at once, with httpx, over ideal",
            value=_middle(lambda: _acknowledged(url, "httpx", few), 1),
        )


def _walks(url: str, window: int, transport: Transport, rounds: int) -> list[Walk]:
    walks = [Walk(url, window, transport) for _ in range(rounds)]
    for walk in walks:
        asyncio.run(walk.go())
    return walks


def _walked(walks: Mapping[tuple[int, Transport], list[Walk]]) -> Iterator[Row]:
    for (window, transport), goal in _WALKS.items():
        found = walks.get((window, transport))
        with_ = "" if transport == "httpx" else ", with [aiohttp]"
        yield Row(
            part=PART,
            name=f"walk {GROUPS:,} groups in order, window {window}{with_}, over ideal",
            value=median(walk.over_ideal for walk in found) if found else None,
            goal=goal,
        )
    yield Row(
        part=PART,
        name="time to the first group of a walk, over one round trip",
        value=median(walk.first / PAGE_DELAY for walk in walks[8, "httpx"]),
        goal=1.5,
    )


def _middle(run: Callable[[], Coroutine[Any, Any, float]], rounds: int) -> float:
    return median(asyncio.run(run()) for _ in range(rounds))
