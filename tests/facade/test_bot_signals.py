"""Signals: one stops all bots of a process, which then handle what is in flight."""

import asyncio
import os
import signal

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.bot import Bot
from grafana_oncall.testing import VirtualClock


@pytest.mark.parametrize("number", [1, 3])
async def test_a_signal_stops_all_bots_that_run(
    oncall: OnCallClient, clock: VirtualClock, number: int
) -> None:
    """And what handled it before does so again afterwards."""
    before = signal.getsignal(signal.SIGTERM)
    bots = [Bot(oncall.alert_groups.watch(clock=clock)) for _ in range(number)]
    async with asyncio.timeout(600), asyncio.TaskGroup() as tasks:
        for bot in bots:
            tasks.create_task(bot.run())
        await asyncio.sleep(20)
        assert signal.getsignal(signal.SIGTERM) != before
        os.kill(os.getpid(), signal.SIGTERM)
    assert all(bot.health.polled for bot in bots)
    assert signal.getsignal(signal.SIGTERM) == before


async def test_a_bot_that_ends_leaves_the_signals_to_the_others(
    oncall: OnCallClient, clock: VirtualClock
) -> None:
    """The second one is still stopped."""
    first, second = (Bot(oncall.alert_groups.watch(clock=clock)) for _ in range(2))
    async with asyncio.timeout(600), asyncio.TaskGroup() as tasks:
        ended = tasks.create_task(first.run())
        tasks.create_task(second.run())
        await asyncio.sleep(1)
        first.stop()
        await ended
        os.kill(os.getpid(), signal.SIGTERM)
