"""Bots that are killed: nothing is done at the end, and the next one has the file as it was."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from grafana_oncall.changes import Gap
from grafana_oncall.testing import FakeOnCall
from tests.facade.bots import EVERY, LATER, Make, hear, maker, run_for, running

make = pytest.fixture(maker)


async def test_a_change_whose_handler_was_killed_is_told_again(
    fake: FakeOnCall, make: Make, tmp_path: Path
) -> None:
    """Also when it is the first that ever happened."""
    fake.add_group()
    dead = make(existing=False, checkpoint=tmp_path / "c")
    hear(dead, lasting=LATER)
    async with running(dead):
        await asyncio.sleep(20)
        group = fake.add_group()
        await asyncio.sleep(40)
        bot = make(existing=False, checkpoint=tmp_path / "c")
        told = hear(bot)
        await run_for(bot, 40)
    assert told == [("Created", group.id)]


async def test_changes_that_were_settled_long_before_a_kill_are_not_told_again(
    fake: FakeOnCall, make: Make, tmp_path: Path
) -> None:
    """Also the last ones of many that came together."""
    for _ in range(5):
        fake.add_group()
    dead = make(checkpoint=tmp_path / "c", max_at_once=1)
    first = hear(dead, lasting=0.1)
    async with running(dead):
        await asyncio.sleep(4 * EVERY)
        bot = make(checkpoint=tmp_path / "c")
        told = hear(bot)
        await run_for(bot, 40)
    assert (len(first), told) == (5, [])


async def test_a_bot_that_was_killed_while_nothing_happened_leaves_no_gap(
    fake: FakeOnCall, make: Make, tmp_path: Path
) -> None:
    """It had read the groups until a moment ago."""
    fake.add_group()
    dead = make(checkpoint=tmp_path / "c")
    async with running(dead):
        await asyncio.sleep(100 * EVERY + 1)
        bot = make(checkpoint=tmp_path / "c")
        gaps = hear(bot, Gap)
        await run_for(bot, 40)
    assert gaps == []
