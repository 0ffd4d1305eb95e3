"""Bots: the order in which handlers are called, and how many run at a time."""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial

import pytest

from grafana_oncall.bot import Bot
from grafana_oncall.changes import Change, Created
from grafana_oncall.testing import FakeOnCall, VirtualClock
from tests.support.bots import EVERY, Make, hear, maker, run_for
from tests.support.timeline import become, later
from tests.support.virtual_time import passed

make = pytest.fixture(maker)


class Crowd:
    """A handler that counts how many of its calls run at once."""

    def __init__(self, bot: Bot, lasting: float) -> None:
        self.now: Counter[str] = Counter()
        self.most = 0
        self.most_of_one = 0
        self.handled: Counter[str] = Counter()
        self._lasting = lasting
        bot.on(Change)(self._handle)

    async def _handle(self, change: Change) -> None:
        self.now[change.id] += 1
        self.most = max(self.most, self.now.total())
        self.most_of_one = max(self.most_of_one, self.now[change.id])
        await asyncio.sleep(self._lasting)
        self.now[change.id] -= 1
        self.handled[change.id] += 1


@pytest.mark.parametrize("at_once", [1, 3, 10, 50])
async def test_as_many_groups_as_allowed_are_handled_at_a_time(
    fake: FakeOnCall, make: Make, at_once: int
) -> None:
    """Never more, and no fewer while some wait."""
    groups = [fake.add_group() for _ in range(10)]
    bot = make(max_at_once=at_once)
    crowd, ended = Crowd(bot, lasting=2), list[float]()

    @bot.on(Change)
    async def note(_: Change) -> None:
        ended.append(passed())

    await run_for(bot, 100)
    assert crowd.most == min(at_once, 10)
    assert crowd.handled == Counter(group.id for group in groups)
    assert max(ended) == pytest.approx(2 * -(-10 // at_once))


async def test_the_changes_of_a_group_are_handled_one_after_the_other(
    fake: FakeOnCall, clock: VirtualClock, make: Make
) -> None:
    """Also those from later polls and hints."""
    groups = [fake.add_group(state="acknowledged") for _ in range(4)]
    bot = make()
    crowd = Crowd(bot, lasting=20)
    for turn in range(20):
        state = ("silenced", "firing", "resolved")[turn % 3]
        for group in groups:
            later(turn * 7, partial(become, group, state, clock))
            later(turn * 7, partial(bot.hint, group.id))
    await run_for(bot, 600)
    assert (crowd.most, crowd.most_of_one) == (4, 1)
    assert min(crowd.handled.values()) > 4


async def test_other_groups_are_handled_while_one_is_slow(
    fake: FakeOnCall, clock: VirtualClock, make: Make
) -> None:
    """What happens to the slow one meanwhile is delivered afterwards as one difference."""
    slow, quick = fake.add_group(), fake.add_group()
    bot = make()
    delivered = list[tuple[str, str, float]]()

    @bot.on(Change)
    async def handle(change: Change) -> None:
        delivered.append((type(change).__name__, change.id, passed()))
        await asyncio.sleep(100 if isinstance(change, Created) and change.id == slow.id else 0)

    for second, state in {20: "acknowledged", 35: "silenced", 50: "firing", 65: "resolved"}.items():
        for group in (slow, quick):
            later(second, partial(become, group, state, clock))
    later(70, lambda: setattr(slow, "alerts_count", 5))
    await run_for(bot, 200)
    assert [kind for kind, one, _ in delivered if one == quick.id] == [
        *("Created", "Acknowledged", "Unacknowledged", "Silenced", "Unsilenced", "Resolved")
    ]
    (first, *rest) = [(kind, at) for kind, one, at in delivered if one == slow.id]
    assert first == ("Created", 0)
    assert [kind for kind, _ in rest] == ["Resolved", "AlertsAdded"]
    assert all(100 <= at <= 100 + EVERY for _, at in rest)


async def test_what_was_done_and_undone_while_a_group_was_busy_is_not_delivered(
    fake: FakeOnCall, clock: VirtualClock, make: Make
) -> None:
    """There is no difference to deliver."""
    group = fake.add_group()
    bot = make()
    delivered = hear(bot, lasting=60)
    later(20, lambda: become(group, "acknowledged", clock))
    later(40, lambda: become(group, "firing", clock))
    await run_for(bot, 200)
    assert delivered == [("Created", group.id)]


async def test_a_group_that_is_deleted_while_it_is_busy_is_delivered_as_deleted(
    fake: FakeOnCall, make: Make
) -> None:
    """Once its handler has ended."""
    group = fake.add_group()
    bot = make()
    delivered = hear(bot, lasting=60)
    later(20, lambda: fake.groups.pop(group.id))
    await run_for(bot, 200)
    assert delivered == [("Created", group.id), ("Deleted", group.id)]
