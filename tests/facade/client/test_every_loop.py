"""The throttle, bulk runs, watchers and bots on the event loops in use, in real time.

What takes an hour of virtual time elsewhere takes some milliseconds here, or a second where the
client's own limit has no smaller unit.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from datetime import timedelta
from pathlib import Path

import pytest

from grafana_oncall import OnCallClient, RetryPolicy
from grafana_oncall._session.rate_estimate import RateEstimate
from grafana_oncall._session.throttle import Throttle
from grafana_oncall.bot import Bot
from grafana_oncall.bulk import Status
from grafana_oncall.changes import Acknowledged, Change, Created
from grafana_oncall.errors import ClientStateError, RequestTimeout
from grafana_oncall.testing import FakeOnCall, MemoryStore, hang, reset, status
from tests.support.listing import other_tasks
from tests.support.operation_cases import assert_idle, connect

QUICK = RetryPolicy(initial_backoff=0.001, max_backoff=0.002)
SECONDS = 5
"""Whoever hangs is ended so soon."""


@pytest.fixture
def fake() -> FakeOnCall:
    """A server in real time."""
    return FakeOnCall()


async def test_pauses_of_any_length_end() -> None:
    """Also those shorter than a tick of the loop's clock; no task stays in the throttle."""
    throttle, shuffled, entered = Throttle(RateEstimate(max_in_flight=4)), random.Random(7), 0  # noqa: S311  # no secret

    async def visit() -> None:
        nonlocal entered
        for _ in range(20):
            await throttle.enter()
            throttle.pause(shuffled.choice([0, 0.0001, 0.0004, 0.0006, 0.002]))
            throttle.leave()
            entered += 1

    async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as tasks:
        for _ in range(10):
            tasks.create_task(visit())
    assert (entered, throttle._in_flight) == (200, 0)


async def test_tasks_share_a_rate_limit(fake: FakeOnCall) -> None:
    """None fails, none hangs, and the limit is kept."""
    group, began = fake.add_group(), time.monotonic()
    async with connect(fake, rate_limit="80/s") as client, asyncio.timeout(SECONDS):
        async with asyncio.TaskGroup() as tasks:
            for _ in range(100):
                tasks.create_task(client.alert_groups.get(group.id))
        assert_idle(client)
    assert time.monotonic() - began >= 1
    assert len(fake.calls) == 100


async def test_a_storm_of_429s_ends(fake: FakeOnCall) -> None:
    """The server responds with 429 now and then, with a Retry-After of zero."""
    group, numbers = fake.add_group(), iter(range(10**6))
    at_once = status(429, headers={"Retry-After": "0"})
    fake.faults.choose(lambda *_: at_once if next(numbers) % 40 == 39 else None)
    async with connect(fake, max_connections=8) as client, asyncio.timeout(SECONDS):
        async with asyncio.TaskGroup() as tasks:
            for _ in range(150):
                tasks.create_task(client.alert_groups.get(group.id))
        assert_idle(client)
    assert [call.status for call in fake.calls].count(200) == 150


async def test_failures_timeouts_and_cancellations_leave_nothing(fake: FakeOnCall) -> None:
    """In the turn in which the call begins, while it waits, and when the client closes."""
    group = fake.add_group()
    async with connect(fake, retry=QUICK, timeout=0.01) as client, asyncio.timeout(SECONDS):
        fake.faults.add(reset(), times=2)
        assert (await client.alert_groups.get(group.id)).id == group.id
        fake.faults.add(hang(), times=9)
        with pytest.raises(RequestTimeout):
            await client.with_options(retry=RetryPolicy(max_attempts=1)).alert_groups.get(group.id)
        for turns in range(6):
            call = asyncio.create_task(client.with_options(timeout=9).alert_groups.get(group.id))
            for _ in range(turns):
                await asyncio.sleep(0)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            assert_idle(client)
        waits = asyncio.create_task(client.with_options(timeout=9).alert_groups.get(group.id))
        await asyncio.sleep(0.001)
        await client.aclose()
        with pytest.raises(ClientStateError):
            await waits
    assert other_tasks() == set()


async def test_a_bulk_run_with_a_journal(fake: FakeOnCall, tmp_path: Path) -> None:
    """Its journal is synced to disk in a thread, while the server fails."""
    for _ in range(20):
        fake.add_group()
    fake.faults.add(status(503), operation="acknowledge", times=2)
    async with connect(fake, retry=QUICK) as client, asyncio.timeout(SECONDS):
        groups = client.alert_groups
        query = groups.list(state="firing")
        report = await groups.bulk.acknowledge(query, journal=tmp_path / "j", fsync=True)
    assert report.counts[Status.CHANGED] == 20


async def test_a_bulk_run_with_a_journal_in_a_store_that_never_waits(fake: FakeOnCall) -> None:
    """An eager task has ended before anybody knows it."""
    store = MemoryStore()
    for _ in range(20):
        fake.add_group()
    async with connect(fake) as client, asyncio.timeout(SECONDS):
        groups = client.alert_groups
        query = groups.list(state="firing")
        report = await groups.bulk.acknowledge(query, journal=store, name="nightly")
    assert report.counts[Status.CHANGED] == 20


async def test_a_watcher_that_is_given_hints(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """It reads hinted groups at once, and ends when the loop is left."""
    group, seen = fake.add_group(), list[type[Change]]()
    watcher = oncall.alert_groups.watch(existing=True, every=60)
    async with asyncio.timeout(SECONDS):
        async for change in watcher:
            assert isinstance(change, Change)
            seen.append(type(change))
            if isinstance(change, Acknowledged):
                break
            await oncall.alert_groups.acknowledge(group.id)
            watcher.hint(group.id)
    assert seen == [Created, Acknowledged]


async def test_a_bot_that_a_signal_stops(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """After what is in flight has been handled and saved; the signal handler is restored."""
    fake.add_group()
    before = signal.getsignal(signal.SIGTERM)
    watcher = oncall.alert_groups.watch(existing=True, every=60, checkpoint=tmp_path / "c")
    bot, handled = Bot(watcher), list[str]()

    @bot.on(Created)
    async def handle(change: Created) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(0.01)
        handled.append(change.id)

    async with asyncio.timeout(SECONDS):
        await bot.run(grace=timedelta(seconds=SECONDS))
    assert signal.getsignal(signal.SIGTERM) == before
    assert len(handled) == 1
    assert handled[0] in (tmp_path / "c").read_text()
