"""One rate limit for several processes, in a real Redis."""

import asyncio
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from redis.crc import key_slot

from grafana_oncall import OnCallClient, RetryPolicy
from grafana_oncall._session.rate_limit import Limiter
from grafana_oncall._session.redis_window import SharedPause, StorageAway
from grafana_oncall.bot import Bot
from grafana_oncall.bulk import Status
from grafana_oncall.changes import Resolved
from grafana_oncall.errors import OnCallError, RateLimited
from grafana_oncall.events import Event, Paused
from grafana_oncall.testing import FakeOnCall, FakeRequest, Fault, RateLimit, throttle
from tests.support.redis_server import RedisServer, redis_server


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A server of this test's own, which stores nothing on disk."""
    with redis_server(tmp_path) as server:
        yield server


HAMMER = """
import asyncio, sys
from grafana_oncall._session.rate_limit import Limiter

async def main():
    limiter = Limiter("50/1h", storage=sys.stdin.readline().strip(), key="shared")
    print("ready", flush=True)
    sys.stdin.readline()
    ends = await asyncio.gather(*(limiter.take() for _ in range(100)))
    await limiter.aclose()
    assert all(0 < end <= 3601 for end in ends if end != 0.0)
    print(ends.count(0.0))

asyncio.run(main())
"""


def test_two_processes_share_one_limit(redis: RedisServer) -> None:
    """50 of 200 attempts; each process has some refused."""
    command = [sys.executable, "-W", "error", "-c", HAMMER]
    pipe = subprocess.PIPE
    processes = [
        subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) for _ in "ab"
    ]
    try:
        for process in processes:
            assert process.stdin
            process.stdin.write(f"{redis.uri}\n")
            process.stdin.flush()
        for process in processes:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
        ends = [process.communicate(timeout=30) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert [errors for _, errors in ends] == ["", ""]
    assert sum(int(output) for output, _ in ends) == 50


async def test_a_window_passes(redis: RedisServer) -> None:
    """After the reported wait, the next request is allowed."""
    limiter = Limiter("3/s", storage=redis.uri, key="k")
    start = time.monotonic()
    assert [await limiter.take() for _ in range(3)] == [0.0, 0.0, 0.0]
    delay = await limiter.take()
    assert 0 < delay <= 1.01
    await asyncio.sleep(delay)
    assert await limiter.take() == 0.0
    assert time.monotonic() - start > 1
    await limiter.aclose()


async def test_limiters_share_by_key_and_rate(redis: RedisServer) -> None:
    """A window may be written in another unit; another key or amount is another limit."""
    first = Limiter("1/1h", storage=redis.uri, key="k")
    same = Limiter("1/60m", storage=f"async+{redis.uri}", key="k")
    others = [
        Limiter("1/1h", storage=redis.uri, key="other"),
        Limiter("2/1h", storage=redis.uri, key="k"),
    ]
    assert await first.take() == 0.0
    assert await same.take() == pytest.approx(3600, abs=5)
    assert [await other.take() for other in others] == [0.0, 0.0]
    for limiter in (first, same, *others):
        await limiter.aclose()


async def test_cancelled_tasks_take_nothing_from_the_others(redis: RedisServer) -> None:
    """Every task that was not cancelled has a result, and no task is left."""
    chance = random.Random(7)  # noqa: S311  # no secret
    limiter = Limiter("200/1h", storage=redis.uri, key="k")
    tasks = [asyncio.create_task(limiter.take()) for _ in range(300)]
    for task in chance.sample(tasks, 60):
        for _ in range(chance.randrange(12)):
            await asyncio.sleep(0)
        task.cancel()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    results = [end for end in ends if isinstance(end, float)]
    cancelled = [end for end in ends if isinstance(end, asyncio.CancelledError)]
    assert len(results) + len(cancelled) == 300
    assert 200 - len(cancelled) <= results.count(0.0) <= 200
    assert asyncio.all_tasks() == {asyncio.current_task()}
    await limiter.aclose()


async def test_a_stopped_redis_is_an_error_and_a_new_one_is_found(
    redis: RedisServer, tmp_path: Path
) -> None:
    """Soon, for every limiter, which works again once Redis does."""
    limiter = Limiter("300/5m", storage=redis.uri, key="k")
    assert await limiter.take() == 0.0
    redis.stop()
    async with asyncio.timeout(5):
        ends = await asyncio.gather(*(limiter.take() for _ in range(50)), return_exceptions=True)
    assert {type(end) for end in ends} == {StorageAway}
    assert all("rate_limit_storage" in str(end) for end in ends)
    assert not any("meow" in str(end) for end in ends)
    again = RedisServer.start(tmp_path, redis.port)
    try:
        assert await limiter.take() == 0.0
        await limiter.aclose()
    finally:
        again.stop()


async def test_a_wrong_password_is_an_error(redis: RedisServer) -> None:
    """Which shows neither password."""
    limiter = Limiter("300/5m", storage=redis.uri.replace("meow", "purr"), key="k")
    with pytest.raises(OnCallError, match=r"rate_limit_storage.*password") as caught:
        await limiter.take()
    assert "purr" not in str(caught.value)
    await limiter.aclose()


async def test_a_redis_that_is_away_for_a_while_is_waited_out(
    redis: RedisServer, tmp_path: Path
) -> None:
    """By a bulk run, a bot and a wait that have all begun; nothing is sent meanwhile."""
    fake, events = FakeOnCall(latency=timedelta(milliseconds=5)), list[Event]()
    groups = [fake.add_group() for _ in range(150)]
    last, begun = fake.add_group(), asyncio.Event()

    def choose(request: FakeRequest, _: str | None) -> None:
        if groups[20].id in request.path:
            begun.set()

    fake.faults.choose(choose)
    async with OnCallClient(
        url="https://oncall.test",
        token=fake.token,
        transport=fake.transport(),
        rate_limit="1000/1s",
        rate_limit_storage=redis.uri,
        on_event=events.append,
    ) as client:
        bot = Bot(client.alert_groups.watch(every=1))
        resolved = asyncio.Event()

        @bot.on(Resolved)
        async def note(change: Resolved) -> None:
            if change.id == last.id:
                resolved.set()

        running = asyncio.create_task(bot.run(signals=()))
        waiting = asyncio.create_task(
            client.alert_groups.wait_until(last.id, "resolved", timeout=30, every=0.5)
        )
        run = client.alert_groups.bulk.resolve([group.id for group in groups])
        acting = asyncio.create_task(run.wait())
        await begun.wait()
        redis.stop()
        await asyncio.sleep(0.2)
        sent = len(fake.calls)
        await asyncio.sleep(1.8)
        assert len(fake.calls) == sent
        again = RedisServer.start(tmp_path, redis.port)
        try:
            report = await acting
            last.resolved_at = fake.now()
            assert (await waiting).state == "resolved"
            async with asyncio.timeout(20):
                await resolved.wait()
            bot.stop()
            await running
        finally:
            again.stop()
    assert report.counts[Status.CHANGED] == 150
    pauses = {event.reason for event in events if isinstance(event, Paused)}
    assert pauses == {"rate_limit_storage"}


def sharing(fake: FakeOnCall, redis: RedisServer, **settings: Any) -> OnCallClient:
    """A client of one process, which waits for no pause."""
    return OnCallClient(
        url="https://oncall.test",
        token=fake.token,
        transport=fake.transport(),
        rate_limit="1000/1h",
        rate_limit_storage=redis.uri,
        retry=RetryPolicy(deadline=5),
        **settings,
    )


async def test_a_429_pauses_all_clients(redis: RedisServer) -> None:
    """The others send nothing, say why, and ask Redis as often as without a pause."""
    events = list[Event]()
    fake = FakeOnCall(rate_limit=RateLimit(requests=3, window=timedelta(minutes=5)))
    first, second = sharing(fake, redis), sharing(fake, redis, on_event=events.append)
    async with first, second, redis.client() as asked:
        for _ in range(3):
            await first.alert_groups.list().collect()
        with pytest.raises(RateLimited):
            await first.alert_groups.list().collect()
        assert len(fake.calls) == 4
        for _ in range(2):
            with pytest.raises(RateLimited, match="this request was not sent") as info:
                await second.alert_groups.list().collect()
            assert info.value.reset_after == pytest.approx(300, abs=20)
        assert len(fake.calls) == 4
        assert [e.reason for e in events if isinstance(e, Paused)] == ["throttled"]
        # A script was run for each of the four requests, for the pause, and for the fifth request.
        stats: Any = await asked.info("commandstats")
        assert stats["cmdstat_evalsha"]["calls"] - stats["cmdstat_evalsha"]["failed_calls"] == 6


async def test_an_absurd_pause_is_shared_for_a_quarter_of_an_hour(redis: RedisServer) -> None:
    """As long as this client pauses; then one request of each asks the server."""
    fake = FakeOnCall()
    fake.faults.add(throttle(86_400_000))
    async with sharing(fake, redis) as first, sharing(fake, redis) as second:
        with pytest.raises(RateLimited):
            await first.alert_groups.list().collect()
        with pytest.raises(RateLimited) as info:
            await second.alert_groups.list().collect()
    assert info.value.reset_after == pytest.approx(900, abs=20)


async def test_a_pause_ends_by_the_clock_of_redis(redis: RedisServer) -> None:
    """A shorter one does not cut it short; another token is another limit."""
    first, second = (Limiter("5/1h", storage=redis.uri, key="k") for _ in "ab")
    other = Limiter("5/1h", storage=redis.uri, key="other")
    await first.pause(1)
    await second.pause(0.001)
    for limiter in (first, second):
        with pytest.raises(SharedPause) as info:
            await limiter.take()
        assert 0 < info.value.seconds <= 1
    assert await other.take() == 0.0
    await asyncio.sleep(1)
    assert [await second.take() for _ in range(5)] == [0.0] * 5  # none was counted meanwhile
    for limiter in (first, second, other):
        await limiter.aclose()


async def test_the_keys_of_a_limit_are_in_one_slot(redis: RedisServer) -> None:
    """Otherwise a cluster would run no script on both."""
    limiter = Limiter("5/1h", storage=redis.uri, key="k")
    await limiter.take()
    await limiter.pause(1)
    await limiter.aclose()
    async with redis.client() as client:
        keys: Any = await client.keys("grafana-oncall-sdk:*") + await client.keys("{*")
    assert len(keys) == 2
    assert len({key_slot(key) for key in keys}) == 1


async def test_a_pause_that_cannot_be_shared_is_an_error_of_the_server(redis: RedisServer) -> None:
    """The call fails by the 429 all the same; the next one finds that Redis is away."""
    fake = FakeOnCall()

    def refuse(_: FakeRequest, __: str | None) -> Fault:
        redis.stop()
        return throttle(60)

    fake.faults.choose(refuse)
    async with sharing(fake, redis) as client:
        with pytest.raises(RateLimited) as info:
            await client.alert_groups.list().collect()
    assert info.value.reset_after == 60
