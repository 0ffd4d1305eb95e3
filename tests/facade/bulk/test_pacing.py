"""The pace of bulk runs under rate limits and behind other calls, and their memory."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import AsyncGenerator

import httpx
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.testing import FakeOnCall, RateLimit, VirtualClock, throttle
from tests.support.budget import budget
from tests.support.bulk_stories import SECOND, add, counted, ids
from tests.support.samples import BASE
from tests.support.virtual_time import loop, passed


def refused(fake: FakeOnCall) -> int:
    """Return the number of 429s so far."""
    return sum(call.status == 429 for call in fake.calls)


# 429s


async def test_a_storm_of_429s_costs_only_time(
    clock: VirtualClock,
) -> None:
    """Every group is acted on once, and few requests per window are wasted."""
    fake = FakeOnCall(clock=clock, rate_limit=RateLimit(requests=30), latency=SECOND / 10)
    groups = add(fake, 200)
    async with OnCallClient(url=BASE, token=fake.token, transport=fake.transport()) as client:
        query = client.alert_groups.list(state="new")
        report = await client.alert_groups.bulk.resolve(query)
    report.raise_for_failures()
    assert counted(report) == {"changed": 200}
    assert {group.state for group in groups} == {"resolved"}
    assert sum(call.method == "POST" and call.status == 200 for call in fake.calls) == 200
    assert 360 < passed() < 600
    assert refused(fake) < 50


async def test_a_429_in_the_middle_pauses_all_of_a_run(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """For as long as the server says; nothing is sent meanwhile."""
    groups = add(fake, 40)
    fake.latency = SECOND
    task = asyncio.create_task(oncall.alert_groups.bulk.resolve(ids(groups)).wait())
    await asyncio.sleep(1.1)
    fake.faults.add(throttle(60))
    await asyncio.sleep(5)
    sent = len(fake.calls)
    assert refused(fake) <= 8
    await asyncio.sleep(50)
    assert len(fake.calls) == sent
    assert counted(await task) == {"changed": 40}


# Other calls


@pytest.mark.parametrize("max_connections", [1, 4])
async def test_other_calls_pass_a_long_run(fake: FakeOnCall, max_connections: int) -> None:
    """They wait for the next free place, never behind the run's waiting requests."""
    groups = add(fake, 200)
    fake.latency = SECOND
    async with OnCallClient(
        url=BASE,
        token=fake.token,
        transport=fake.transport(),
        max_connections=max_connections,
    ) as client:
        run = client.alert_groups.bulk.resolve(ids(groups), max_at_once=50)
        task = asyncio.create_task(run.wait())
        for _ in range(20):
            began = loop().time()
            await client.alert_groups.get(groups[0].id)
            assert loop().time() - began <= 2
        assert not task.done()
        task.cancel()
        await asyncio.wait([task])


async def test_a_run_is_not_starved_for_ever(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """A task that reads all the time leaves places free."""
    groups = add(fake, 30)
    fake.latency = SECOND
    task = asyncio.create_task(oncall.alert_groups.bulk.resolve(ids(groups)).wait())
    while not task.done():
        await oncall.alert_groups.get(groups[0].id)
    assert counted(await task) == {"changed": 30}
    assert passed() <= 6


# Memory


class Nodding(httpx.AsyncBaseTransport):
    """A server that accepts every request."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Accept the request."""
        del request
        return httpx.Response(200)


async def many(number: int) -> AsyncGenerator[str]:
    """Generate ids, which are not kept in any list."""
    for index in range(number):
        yield f"I{index:012}"


async def test_a_long_selection_takes_little_memory() -> None:
    """Under a kilobyte per id at any time, and under 300 bytes when the run is done."""
    number = budget(2_000, hunt=5_000)
    async with OnCallClient(url=BASE, token="t", transport=Nodding()) as client:
        await client.alert_groups.bulk.resolve(many(100))
        gc.collect()
        tracemalloc.start()
        try:
            report = await client.alert_groups.bulk.resolve(many(number))
            _, peak = tracemalloc.get_traced_memory()
            gc.collect()
            held, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert counted(report) == {"changed": number}
    assert peak < 1000 * number
    assert held < 300 * number
