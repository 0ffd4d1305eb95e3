"""What a client costs a process that has one for each of many stacks."""

import asyncio
import gc
import tracemalloc
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import timedelta
from time import process_time
from typing import Any, Final

from grafana_oncall import OnCallClient
from grafana_oncall.testing import FakeOnCall, VirtualClock
from tests.support.virtual_time import run
from tests.support.watchers import polls, watching

from . import stacks
from .clients import client
from .processes import in_a_process, server
from .rows import Row
from .samples import PER_PAGE, group_id

PART: Final = "tenants"


def _made(clients: int) -> list[OnCallClient]:
    """Clients with tokens and URLs of their own, which share the trusted certificates."""
    return [
        OnCallClient(url=f"https://{number}.oncall.test", token=f"token-{number}")
        for number in range(clients)
    ]


def _measured(clients: int, url: str, used: int) -> dict[str, float]:
    return asyncio.run(_measure(clients, url, used))


async def _measure(clients: int, url: str, used: int) -> dict[str, float]:
    first = _made(1)  # imports what is imported on first use, and makes the TLS settings
    began = process_time()
    timed = _made(clients)
    seconds = process_time() - began
    tracemalloc.start()
    weighed = _made(clients)
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    for each in [*first, *timed, *weighed]:
        await each.aclose()
    return {
        "microseconds": 1_000_000 * seconds / clients,
        "bytes": size / clients,
        "used bytes": await _weighed_in_use(used, url),
    }


async def _weighed_in_use(clients: int, url: str) -> float:
    """Memory of a client that has read a group, and keeps the connection."""
    async with AsyncExitStack() as stack:
        await _read(stack, url)  # imports what is imported on first use
        tracemalloc.start()
        for _ in range(clients):
            await _read(stack, url)
        gc.collect()
        size = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
    return size / clients


async def _read(stack: AsyncExitStack, url: str) -> None:
    sdk = await stack.enter_async_context(client(url))
    await sdk.alert_groups.get(group_id(0))


async def _watched(rounds: int) -> dict[str, float]:
    """Watch a stack with 100 firing groups for so many polls, in virtual time."""
    clock = VirtualClock()
    fake = FakeOnCall(clock=clock)
    for number in range(100):
        fake.add_group(started_at=fake.now() - timedelta(minutes=5 * number))
    options: Any = {"transport": fake.transport(), "url": "https://oncall.test"}
    async with (
        OnCallClient(token=fake.token, **options) as client,
        watching(client.alert_groups.watch(clock=clock)),
    ):
        fake.calls.clear()
        began = process_time()
        await polls(rounds)
        return {"requests": len(fake.calls), "seconds": process_time() - began}


def rows(*, quick: bool) -> Iterator[Row]:
    """Time and memory of one client among many."""
    clients, used = (10, 10) if quick else (1_000, 200)
    with server(PER_PAGE) as url:
        found = in_a_process(_measured, clients, url, used)
    each = f"each of {clients:,} clients that were made and not used yet"
    yield Row(part=PART, name=f"memory of {each}", value=found["bytes"], unit="bytes", goal=60_000)
    yield Row(
        part=PART,
        name=f"processor time to make {each}",
        value=found["microseconds"],
        unit="µs",
        goal=100,
    )
    yield Row(
        part=PART,
        name=f"memory of each of {used} clients that have made a call, and keep the connection",
        value=found["used bytes"],
        unit="bytes",
        goal=60_000,
    )
    number = 4 if quick else 400
    watched = run(_watched(number))
    yield Row(
        part=PART,
        name="requests of a poll of 100 firing groups",
        value=watched["requests"] / number,
        unit="",
    )
    yield Row(
        part=PART,
        name="processor time of such a request, the fake server's included",
        value=1_000 * watched["seconds"] / watched["requests"],
        unit="ms",
    )
    yield from stacks.rows(PART, quick=quick)
