"""Options of a client and of its views, while something goes wrong."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from grafana_oncall._session.retry_policy import RetryPolicy
from grafana_oncall.errors import (
    ClientStateError,
    InvalidArgument,
    RateLimited,
    RequestTimeout,
    ServerError,
)
from grafana_oncall.testing import FakeOnCall, hang, status, throttle
from tests.support.listing import settle
from tests.support.operation_cases import ONCE, assert_idle, connect
from tests.support.virtual_time import passed


async def test_views_share_connections_throttle_and_budget(fake: FakeOnCall) -> None:
    """Closing one closes all."""
    group = fake.add_group()
    async with connect(fake, max_connections=2) as client:
        view = client.with_options(timeout=3, retry=ONCE)
        assert view._session.shared is client._session.shared
        fake.latency = timedelta(seconds=1)
        async with asyncio.TaskGroup() as tasks:
            for each in (client, view) * 5:
                tasks.create_task(each.alert_groups.get(group.id))
        assert passed() == pytest.approx(5)
        fake.latency = timedelta(0)
        fake.faults.add(throttle(48))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(client.alert_groups.get(group.id))
            await settle()
            tasks.create_task(view.alert_groups.get(group.id))
        assert passed() >= 5 + 48
        assert [call.status for call in fake.calls].count(429) == 1
        await view.aclose()
        with pytest.raises(ClientStateError, match="closed"):
            await client.alert_groups.get(group.id)


async def test_options_apply_to_the_view_only(fake: FakeOnCall) -> None:
    """Timeout and retries; what is not given stays as it was."""
    group = fake.add_group()
    async with connect(
        fake, timeout=20, retry=RetryPolicy(max_attempts=2, initial_backoff=1)
    ) as client:
        for one, seconds, attempts in (
            (client.with_options(timeout=3, retry=ONCE), 3, 1),
            (client.with_options(timeout=timedelta(seconds=3)), 3 + 1 + 3, 2),
            (client.with_options(retry=ONCE), 20, 1),
            (client.with_options(timeout=3).with_options(retry=ONCE), 3, 1),
            (client, 20 + 1 + 20, 2),
        ):
            await client.alert_groups.get(group.id)  # the outage before is over
            before = passed()
            fake.faults.add(hang(), times=attempts)
            with pytest.raises(RequestTimeout) as caught:
                await one.alert_groups.get(group.id)
            assert passed() - before == pytest.approx(seconds)
            assert caught.value.elapsed == pytest.approx(seconds)
            assert len(caught.value.attempts) == attempts
        with pytest.raises(InvalidArgument):
            client.with_options(timeout=0)


async def test_an_outage_does_not_cause_a_storm_of_retries(fake: FakeOnCall) -> None:
    """Once the retry budget of all views is spent, calls are tried once; successes refill it."""
    group = fake.add_group()
    fake.faults.add(status(503), lasting=timedelta(days=1))
    async with connect(fake) as client:
        attempts: list[int] = []
        for number in range(40):
            view = client if number % 2 else client.with_options(timeout=3)
            with pytest.raises(ServerError) as caught:
                await view.alert_groups.get(group.id)
            attempts.append(len(caught.value.attempts))
        assert (attempts[0], attempts[-1]) == (5, 1)
        assert sum(attempts) == 40 + 100
        fake.faults.clear()
        for _ in range(5):
            await client.alert_groups.get(group.id)
        fake.faults.add(status(503))
        await client.alert_groups.get(group.id)


async def test_no_attempt_begins_after_the_deadline(fake: FakeOnCall) -> None:
    """Nor is there a delay after which no attempt could begin."""
    group = fake.add_group()
    fake.faults.add(status(503), times=99)
    policy = RetryPolicy(max_attempts=99, deadline=10)
    async with connect(fake, retry=policy) as client:
        with pytest.raises(ServerError) as caught:
            await client.alert_groups.get(group.id)
        assert [attempt.delay for attempt in caught.value.attempts] == [0.5, 1, 2, 4, None]
        assert passed() == pytest.approx(7.5)
        fake.faults.clear()
        fake.faults.add(hang(), times=99)
        with pytest.raises(RequestTimeout) as timed_out:
            await client.alert_groups.get(group.id)
        assert len(timed_out.value.attempts) == 1


async def test_a_pause_beyond_the_deadline_is_raised_at_once(fake: FakeOnCall) -> None:
    """The error says when to retry."""
    group = fake.add_group()
    fake.faults.add(throttle(3600))
    async with connect(fake) as client:
        with pytest.raises(RateLimited) as caught:
            await client.alert_groups.get(group.id)
    assert (caught.value.reset_after, passed()) == (3600, 0)


async def test_a_pause_beyond_the_deadline_is_raised_in_other_tasks_too(fake: FakeOnCall) -> None:
    """A later call does not silently wait for an hour."""
    group = fake.add_group()
    fake.faults.add(throttle(3600))
    async with connect(fake) as client:
        for _ in range(2):
            with pytest.raises(RateLimited):
                await client.alert_groups.get(group.id)
    assert passed() <= 600


ABSURD = 86_400_000
"""Seconds: nearly three years."""

absurd = status(429, headers={"Retry-After": str(ABSURD)})


async def test_one_absurd_retry_after_does_not_block_the_client(fake: FakeOnCall) -> None:
    """The error shows it as it came; a quarter of an hour later, a request is sent."""
    group = fake.add_group()
    fake.faults.add(absurd)
    async with connect(fake) as client:
        with pytest.raises(RateLimited) as caught:
            await client.alert_groups.get(group.id)
        assert caught.value.reset_after == ABSURD
        await asyncio.sleep(100)
        with pytest.raises(RateLimited, match="pause for 800 s after a 429") as caught:
            await client.alert_groups.get(group.id)
        assert caught.value.reset_after == 800
        await asyncio.sleep(800)
        await client.alert_groups.get(group.id)
    assert [call.status for call in fake.calls] == [429, 200]


async def test_calls_that_may_wait_so_long_send_one_probe_each_quarter_of_an_hour(
    fake: FakeOnCall,
) -> None:
    """However many wait, until the server has recovered."""
    group = fake.add_group()
    fake.faults.add(absurd, times=3)
    async with connect(fake, retry=RetryPolicy(deadline=7200), max_connections=8) as client:
        await asyncio.gather(client.alert_groups.get(group.id))
        assert passed() == 3 * 900
        fake.calls.clear()
        fake.faults.add(absurd, times=2)
        first = asyncio.create_task(client.alert_groups.get(group.id))
        await settle()
        await asyncio.gather(first, *(client.alert_groups.get(group.id) for _ in range(20)))
    assert passed() == 5 * 900
    assert [call.status for call in fake.calls] == [429] * 2 + [200] * 21


async def test_a_pause_that_keeps_being_renewed_ends_with_the_deadline(
    fake: FakeOnCall,
) -> None:
    """Also for calls that have sent nothing, and wait for others."""
    group = fake.add_group()
    fake.faults.add(absurd, lasting=timedelta(days=2))
    async with connect(fake, retry=RetryPolicy(deadline=3000)) as client:
        first = asyncio.create_task(client.alert_groups.get(group.id))
        await settle()
        others = [asyncio.create_task(client.alert_groups.get(group.id)) for _ in range(9)]
        for task in (*others, first):
            with pytest.raises(RateLimited):
                await task
        assert_idle(client)
    assert passed() < 2 * 3000
    assert len(fake.calls) <= 1 + 2 * 3000 / 900
