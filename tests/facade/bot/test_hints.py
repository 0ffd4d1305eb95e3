"""Bots that get hints, as from webhooks."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from grafana_oncall.changes import Change
from grafana_oncall.errors import InvalidArgument
from grafana_oncall.testing import FakeOnCall, VirtualClock
from tests.support.bots import Make, hear, maker, running
from tests.support.timeline import become
from tests.support.virtual_time import passed

make = pytest.fixture(maker)


async def test_a_hint_delivers_a_group_at_once_and_only_once(fake: FakeOnCall, make: Make) -> None:
    """The later poll does not deliver it a second time."""
    bot, delivered = make(existing=False), list[tuple[str, float]]()

    @bot.on(Change)
    async def note(change: Change) -> None:
        delivered.append((change.id, passed()))

    async with running(bot):
        await asyncio.sleep(2)
        group = fake.add_group()
        bot.hint(group.id)
        bot.hint(group.id)
        await asyncio.sleep(60)
    assert delivered == [(group.id, 2)]


async def test_a_hint_about_a_busy_group_waits_until_it_is_free(
    fake: FakeOnCall, clock: VirtualClock, make: Make
) -> None:
    """It is not lost."""
    group = fake.add_group()
    bot, delivered = make(), list[tuple[str, float]]()

    @bot.on(Change)
    async def note(change: Change) -> None:
        delivered.append((type(change).__name__, passed()))
        await asyncio.sleep(5)

    async with running(bot):
        await asyncio.sleep(2)
        become(group, "resolved", clock)
        bot.hint(group.id)
        await asyncio.sleep(60)
    assert delivered == [("Created", 0), ("Resolved", 5)]


async def test_hints_about_unwatched_or_missing_groups_change_nothing(
    fake: FakeOnCall, make: Make
) -> None:
    """A webhook may be of another team."""
    bot = make(labels={"team": "SRE"}, existing=False)
    delivered = hear(bot)
    async with running(bot) as run:
        await asyncio.sleep(2)
        bot.hint(fake.add_group(labels={"team": "Payments"}).id)
        bot.hint("INOSUCHGROUP")
        await asyncio.sleep(60)
        assert not run.done()
    assert delivered == []


@pytest.mark.parametrize("group_id", ["", "a/b", 7])
def test_a_hint_that_is_not_an_id_is_refused(make: Make, group_id: Any) -> None:
    """The error names the argument."""
    with pytest.raises(InvalidArgument) as caught:
        make().hint(group_id)
    assert caught.value.argument == "alert_group_id"
