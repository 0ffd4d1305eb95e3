"""Bots: what their health shows."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, cast

import pytest

from grafana_oncall.bot import BotHealth
from grafana_oncall.testing import FakeOnCall, status
from tests.support.bots import EVERY, Make, hear, maker, run_for, running

make = pytest.fixture(maker)


async def test_before_it_runs_a_bot_knows_nothing(make: Make) -> None:
    """Its health says so to a probe."""
    assert make().health == BotHealth(
        polled=None,
        lag=None,
        failures=0,
        watched=0,
        standby=False,
        busy=0,
        backlog=0,
        dead_letters=0,
    )


async def test_health_shows_what_is_busy_and_what_waits(fake: FakeOnCall, make: Make) -> None:
    """Polls are late because of it, which the lag shows."""
    for _ in range(5):
        fake.add_group()
    bot = make(max_at_once=2)
    hear(bot, lasting=20)
    began = fake.now()
    async with running(bot):
        seen = list[tuple[int, int, float]]()
        for _ in range(4):
            await asyncio.sleep(18)
            health = bot.health
            assert health.lag is not None
            assert health.lag == fake.now() - cast("Any", health.polled)
            seen.append((health.busy, health.backlog, (fake.now() - began - health.lag).seconds))
    # At 18 s, at 36, at 54 after a poll at last, and at 72 when all is done.
    assert seen == [(2, 3, 0), (2, 1, 0), (1, 0, 40), (0, 0, 70)]
    assert bot.health.failures == 0


async def test_health_shows_an_outage_and_its_end(fake: FakeOnCall, make: Make) -> None:
    """The lag grows until groups are read again."""
    bot = make()
    async with running(bot):
        await asyncio.sleep(2 * EVERY + 1)
        before = bot.health
        fake.faults.add(status(503), lasting=timedelta(minutes=10))
        await asyncio.sleep(540)
        during = bot.health
        await asyncio.sleep(600)
        after = bot.health
    assert (before.lag, before.failures) == (timedelta(seconds=1), 0)
    assert (during.polled, during.lag) == (before.polled, timedelta(seconds=541))
    assert during.failures > 2
    assert after.failures == 0
    assert after.lag is not None
    assert after.lag < timedelta(seconds=EVERY)


async def test_health_outlives_the_bot(fake: FakeOnCall, make: Make) -> None:
    """It shows what the bot knew, and that it has ended."""
    for _ in range(3):
        fake.add_group()
    bot = make()
    await run_for(bot, 2 * EVERY + 1)
    health = bot.health
    assert (health.watched, health.busy, health.backlog) == (3, 0, 0)
    assert (health.lag, health.polled) == (timedelta(seconds=1), fake.now() - timedelta(seconds=1))
