"""The elapsed time of long walks and long bulk runs, relative to an ideal client."""

import asyncio
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Coroutine,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module
from statistics import median
from time import perf_counter
from typing import Any, Final, cast

import aiohttp
import httpx

from .clients import Transport, client
from .processes import in_a_process, server
from .rows import Row
from .samples import GROUPS, PER_PAGE, SCHEDULES, group_id, schedule_id
from .server import ACTION_DELAY, PAGE_DELAY

PART: Final = "clock"
AT_ONCE: Final = 32

Program = Callable[[str, int, Transport], Coroutine[Any, Any, Sequence[float]]]
"""Takes the URL of the server, how many objects, and the sender."""

WINDOW: Final = 8
"""Pages in flight at once."""

_WALKS: Final[Mapping[Transport, float]] = {"httpx": 1.1, "aiohttp": 1.1}
"""By sender: the goal."""

_RUNS: Final[Mapping[Transport, float]] = {"aiohttp": 1.12, "httpx2": 1.15}
"""Of bulk runs."""


async def _walk(url: str, number: int, transport: Transport) -> Sequence[float]:
    """The time of a walk over the ideal time, and of its first group over one round trip.

    Raises AssertionError when groups are missing, or in another order.
    """
    ids: list[str] = []
    first = 0.0
    async with client(url, transport) as sdk:
        groups = sdk.alert_groups.list(prefetch=WINDOW - 1)
        # Opens all connections, and warms up. (Stopping in the middle of a list would break some.)
        await asyncio.gather(*(groups.count() for _ in range(WINDOW)))
        began = perf_counter()
        async for group in groups:
            first = first or perf_counter() - began
            ids.append(group.id)
        seconds = perf_counter() - began
    if ids != [*map(group_id, range(number))]:
        raise AssertionError("Some groups are missing, or out of order.")
    return seconds / _ideal_walk(number), first / PAGE_DELAY


def _ideal_walk(groups: int) -> float:
    """The time when the whole window is always in flight."""
    return groups / PER_PAGE * PAGE_DELAY / WINDOW


async def _acknowledge(url: str, ids: int, transport: Transport) -> Sequence[float]:
    """A bulk run over this many ids, relative to its ideal time."""
    async with client(url, transport) as sdk:
        await sdk.alert_groups.get(group_id(0))  # connects
        began = perf_counter()
        report = await sdk.alert_groups.bulk.acknowledge(
            (group_id(number) for number in range(ids)), max_at_once=AT_ONCE
        )
        seconds = perf_counter() - began
    report.raise_for_failures()
    return (seconds / (ids * ACTION_DELAY / AT_ONCE),)


async def _on_call(url: str, schedules: int, transport: Transport) -> Sequence[float]:
    """Who is on call on all schedules at once, relative to one schedule after the other."""
    ids = [schedule_id(number) for number in range(schedules)]
    async with client(url, transport) as sdk:
        await sdk.schedules.on_call(ids)  # connects, and reads the users
        began = perf_counter()
        await sdk.schedules.on_call(ids)
        together = perf_counter() - began
        began = perf_counter()
        for each in ids:
            await sdk.schedules.on_call(each)
        return (together / (perf_counter() - began),)


async def _bare_acknowledge(url: str, ids: int, package: Transport) -> Sequence[float]:
    """The same with httpx or httpx2 alone, with a task for each request in flight."""
    numbers = iter(range(ids))
    bare = cast("Any", import_module(package))
    limits = bare.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    async with bare.AsyncClient(limits=limits) as http:

        async def work() -> None:
            for number in numbers:
                await http.post(f"{url}{_LIST}{group_id(number)}/acknowledge/")

        await http.get(f"{url}{_LIST}{group_id(0)}/")
        began = perf_counter()
        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
        seconds = perf_counter() - began
    return (seconds / (ids * ACTION_DELAY / AT_ONCE),)


async def _bare(url: str, groups: int, transport: Transport) -> Sequence[float]:
    """The same pages as bytes, in no order, with the bare package: the limit of this machine."""
    numbers = iter(range(2, groups // PER_PAGE + 1))
    async with _BARE[transport](url) as read:

        async def work() -> None:
            for number in numbers:
                await read(number)

        await asyncio.gather(*(read(1) for _ in range(WINDOW)))
        began = perf_counter()
        await read(1)
        await asyncio.gather(*(work() for _ in range(WINDOW)))
        seconds = perf_counter() - began
    return (seconds / _ideal_walk(groups),)


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
            async with session.get(f"{url}{_LIST}?page={number}") as response:
                return await response.read()

        yield read


_LIST: Final = "/api/v1/alert_groups/"
_BARE: Final[Mapping[Transport, Opened]] = {"httpx": _bare_httpx, "aiohttp": _bare_aiohttp}


def rows(*, quick: bool) -> Iterator[Row]:
    """Walks, a bulk run, and who is on call."""
    rounds, groups, ids, schedules = (1, 400, 80, 4) if quick else (5, GROUPS, GROUPS, SCHEDULES)
    with server(groups) as url:
        (value,) = _figures(_on_call, url, schedules, "httpx", rounds)
        name = f"who is on call on {schedules} schedules at once, over one after the other"
        yield Row(part=PART, name=name, value=value, goal=0.2)
        for transport, goal in _WALKS.items():
            whole, first = _figures(_walk, url, groups, transport, rounds)
            with_ = "" if transport == "httpx" else ", with [aiohttp]"
            walk = f"a walk over {groups:,} groups in order, window {WINDOW}{with_}"
            yield Row(part=PART, name=f"{walk}, over ideal", value=whole, goal=goal)
            if transport == "httpx":
                name = "time to the first group of it, over one round trip"
                yield Row(part=PART, name=name, value=first, goal=1.5)
        for package in _WALKS:
            (bare,) = _figures(_bare, url, groups, package, rounds)
            name = f"the same pages by bare {package}, {WINDOW} at once, over ideal"
            yield Row(part=PART, name=name, value=bare)
        name = f"acknowledge {{:,}} ids, {AT_ONCE} at once, with {{}}, over ideal"
        for sender, goal in _RUNS.items():
            (value,) = _figures(_acknowledge, url, ids, sender, rounds)
            yield Row(part=PART, name=name.format(ids, f"[{sender}]"), value=value, goal=goal)
        few = ids // 10  # bare httpx would take minutes for all of them
        senders: Sequence[tuple[Program, Transport]] = (
            (_bare_acknowledge, "httpx2"),
            (_acknowledge, "httpx"),
            (_bare_acknowledge, "httpx"),
        )
        for program, package in senders:
            (value,) = _figures(program, url, few, package, rounds)
            who = package if program is _acknowledge else f"bare {package}"
            yield Row(part=PART, name=name.format(few, who), value=value)


def _figures(
    program: Program, url: str, number: int, package: Transport, rounds: int
) -> Sequence[float]:
    """Medians of several runs, each in a process of its own."""
    found = (in_a_process(_run, program, url, number, package) for _ in range(rounds))
    return [median(each) for each in zip(*found, strict=True)]


def _run(program: Program, url: str, number: int, package: Transport) -> Sequence[float]:
    return asyncio.run(program(url, number, package))
