"""How much faster several workers do the shards of a run than one does.

Workers, server and Redis are processes of their own. Each request takes 20 ms, and a worker has two
in flight at a time, as where a rate limit holds it up: so the latency decides how long a run takes,
and not the processor, of which there is little for seven processes.
"""

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import wait
from functools import partial
from statistics import median
from time import perf_counter
from typing import Final
from uuid import uuid4

from grafana_oncall.bulk import Shard
from grafana_oncall.stores import RedisStore

from .clients import client
from .processes import processes, server
from .rows import Row
from .samples import PER_PAGE, group_id

WORKERS: Final = 4
_AT_ONCE: Final = 2
"""Groups on which a worker acts at the same time."""


def rows(part: str, redis: str | None, *, quick: bool) -> Iterator[Row]:
    """The time that one worker takes, over that of several; their journals are in this Redis."""
    rounds, groups, size = (1, 8, 1) if quick else (5, 800, 20)
    found = [] if redis is None else _speedups(redis, rounds, groups, size)
    yield Row(
        part=part,
        name=f"speed of {WORKERS} workers with shards, {_AT_ONCE} requests of 20 ms each, over one",
        value=median(found) if found else None,
        goal=2.5,
        at_least=True,
    )


def _speedups(redis: str, rounds: int, groups: int, size: int) -> Sequence[float]:
    with server(PER_PAGE) as url:
        took = partial(_took, url, redis, groups, size)
        return [took(1) / took(WORKERS) for _ in range(rounds)]


def _took(url: str, redis: str, groups: int, size: int, workers: int) -> float:
    """Return the seconds that so many workers take, each of which gets one shard after another."""
    shards = asyncio.run(_shards(url, groups, size))
    with processes(workers) as pool:
        wait([pool.submit(int) for _ in range(workers)])  # starts them
        began = perf_counter()
        for _ in pool.map(partial(_work, url, redis), shards):
            pass
        return perf_counter() - began


async def _shards(url: str, groups: int, size: int) -> Sequence[str]:
    ids = [group_id(number) for number in range(groups)]
    async with client(url) as sdk:
        resolved = sdk.alert_groups.bulk.acknowledge(ids, name=uuid4().hex)
        return [shard.to_json() for shard in await resolved.shards(size)]


def _work(url: str, redis: str, shard: str) -> None:
    asyncio.run(_run(url, redis, Shard.from_json(shard)))


async def _run(url: str, redis: str, shard: Shard) -> None:
    async with client(url) as sdk, RedisStore(redis) as store:
        report = await sdk.alert_groups.bulk.run(shard, journal=store, max_at_once=_AT_ONCE)
    report.raise_for_failures()
