"""Bots that are killed: nothing is saved at the end, and the next one has the file as it was."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from grafana_oncall.changes import Gap
from grafana_oncall.testing import FakeOnCall, throttle
from tests.support.bots import EVERY, LATER, Make, hear, maker, run_for, running

make = pytest.fixture(maker)


def left(checkpoint: Path) -> Path:
    """Return the file that a kill at this moment would leave, without a lock."""
    return Path(shutil.copy(checkpoint, checkpoint.with_name("left")))


async def test_a_change_whose_handler_was_killed_is_redelivered(
    fake: FakeOnCall, make: Make, tmp_path: Path
) -> None:
    """Also if it is the first change ever."""
    fake.add_group()
    dead = make(existing=False, checkpoint=tmp_path / "c")
    hear(dead, lasting=LATER)
    async with running(dead):
        await asyncio.sleep(20)
        group = fake.add_group()
        await asyncio.sleep(40)
        bot = make(existing=False, checkpoint=left(tmp_path / "c"))
        delivered = hear(bot)
        await run_for(bot, 40)
    assert delivered == [("Created", group.id)]


async def test_changes_that_were_delivered_long_before_a_kill_are_not_redelivered(
    fake: FakeOnCall, make: Make, tmp_path: Path
) -> None:
    """Not even the last of many that came together."""
    for _ in range(5):
        fake.add_group()
    dead = make(checkpoint=tmp_path / "c", max_at_once=1)
    first = hear(dead, lasting=0.1)
    async with running(dead):
        await asyncio.sleep(4 * EVERY)
        bot = make(checkpoint=left(tmp_path / "c"))
        delivered = hear(bot)
        await run_for(bot, 40)
    assert (len(first), delivered) == (5, [])


async def test_a_bot_that_was_killed_while_nothing_happened_leaves_no_gap(
    fake: FakeOnCall, make: Make, tmp_path: Path
) -> None:
    """It had read the groups a moment ago."""
    fake.add_group()
    dead = make(checkpoint=tmp_path / "c")
    async with running(dead):
        await asyncio.sleep(100 * EVERY + 1)
        bot = make(checkpoint=left(tmp_path / "c"))
        gaps = hear(bot, Gap)
        await run_for(bot, 40)
    assert gaps == []


@pytest.mark.parametrize("handled", [0, 1, 2])
async def test_gaps_whose_handlers_were_killed_are_redelivered(
    fake: FakeOnCall, make: Make, tmp_path: Path, handled: int
) -> None:
    """If several were in flight, from the start of the first that was not handled."""
    fake.add_group()
    dead = make(checkpoint=tmp_path / "c")
    seen: list[Gap] = []

    @dead.on(Gap)
    async def handle(gap: Gap) -> None:
        seen.append(gap)
        await asyncio.sleep(1 if len(seen) <= handled else LATER)

    async with running(dead):
        for _ in range(2):
            await asyncio.sleep(2 * EVERY)
            fake.faults.add(throttle(100))
            await asyncio.sleep(200)
        bot = make(checkpoint=left(tmp_path / "c"))
        redelivered: list[Gap] = []

        @bot.on(Gap)
        async def handle_next(gap: Gap) -> None:
            redelivered.append(gap)

        await run_for(bot, 40)
    assert len(seen) == 2
    assert [gap.since for gap in redelivered] == [gap.since for gap in seen[handled:][:1]]
