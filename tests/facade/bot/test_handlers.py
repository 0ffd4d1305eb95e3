"""Bots: which changes their handlers get."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from grafana_oncall.changes import (
    Acknowledged,
    AlertsAdded,
    Change,
    Created,
    Deleted,
    Gap,
    LabelsChanged,
    Resolved,
    Silenced,
    Unacknowledged,
    Unresolved,
    Unsilenced,
    Watched,
)
from grafana_oncall.testing import FakeOnCall, VirtualClock, status
from tests.support.bots import EVERY, Make, hear, maker, run_for
from tests.support.timeline import become, later

make = pytest.fixture(maker)


KINDS: dict[type[Change], tuple[str, str] | None] = {
    Created: None,
    Acknowledged: ("firing", "acknowledged"),
    Unacknowledged: ("acknowledged", "firing"),
    Resolved: ("firing", "resolved"),
    Unresolved: ("resolved", "firing"),
    Silenced: ("firing", "silenced"),
    Unsilenced: ("silenced", "firing"),
}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_handler_gets_only_changes_of_its_kind(
    fake: FakeOnCall, clock: VirtualClock, make: Make, kind: type[Change]
) -> None:
    """A handler of `Change` gets all of them."""
    bot = make(existing=False)
    delivered = {
        each: hear(bot, each) for each in (*KINDS, AlertsAdded, LabelsChanged, Deleted, Change)
    }
    states = KINDS[kind]
    if states is None:
        later(1, fake.add_group)
    else:
        group = fake.add_group(state=cast("Any", states[0]))
        later(1, lambda: become(group, states[1], clock))
    await run_for(bot, 40)
    (group,) = fake.groups.values()
    delivered = {each: received for each, received in delivered.items() if received}
    assert delivered == {kind: [(kind.__name__, group.id)], Change: [(kind.__name__, group.id)]}


async def test_changes_other_than_states_and_new_groups_are_delivered_too(
    fake: FakeOnCall, make: Make
) -> None:
    """New alerts, other labels, a deletion; a handler may have several kinds."""
    bot = make(existing=False)
    delivered = hear(bot, AlertsAdded, LabelsChanged, Deleted)
    group = fake.add_group(labels={"team": "SRE"})
    later(1, lambda: setattr(group, "alerts_count", 2))
    later(1, group.labels.clear)
    later(20, lambda: fake.groups.pop(group.id))
    await run_for(bot, 60)
    assert delivered == [(kind, group.id) for kind in ("AlertsAdded", "LabelsChanged", "Deleted")]


async def test_handlers_of_a_change_are_called_in_the_order_of_registration(
    fake: FakeOnCall, make: Make
) -> None:
    """One after the other, each to its end."""
    bot, order = make(), list[str]()

    def register(name: str, lasting: float, *kinds: type[Watched]) -> None:
        @bot.on(*kinds)
        async def handle(_: Watched) -> None:
            order.append(f"{name} begins")
            await asyncio.sleep(lasting)
            order.append(f"{name} ends")

    register("first", 3, Change)
    register("second", 2, Created)
    register("third", 1, Gap, Change)
    fake.add_group()
    await run_for(bot, 10)
    assert order == [
        f"{name} {what}" for name in ("first", "second", "third") for what in ("begins", "ends")
    ]


async def test_an_outage_is_delivered_as_a_gap_to_its_handlers_alone(
    fake: FakeOnCall, make: Make
) -> None:
    """What the outage hid is then delivered as changes."""
    bot = make(existing=False)
    gaps, changes = list[Gap](), hear(bot)

    @bot.on(Gap)
    async def note(gap: Gap) -> None:
        gaps.append(gap)

    began = fake.now()
    later(20, lambda: fake.faults.add(status(503), lasting=timedelta(minutes=10)))
    later(60, fake.add_group)
    await run_for(bot, 1800)
    (gap,) = gaps
    (group,) = fake.groups.values()
    assert gap.since == began + timedelta(seconds=EVERY)
    assert timedelta(minutes=10) < gap.until - began < timedelta(minutes=16)
    assert changes == [("Created", group.id)]


async def test_a_change_has_what_was_before_and_what_is_now(
    fake: FakeOnCall, clock: VirtualClock, make: Make
) -> None:
    """As from the watcher."""
    bot, got = make(existing=False), list[Resolved]()

    @bot.on(Resolved)
    async def note(change: Resolved) -> None:
        got.append(change)

    group = fake.add_group()
    later(1, lambda: become(group, "resolved", clock))
    await run_for(bot, 40)
    assert [(change.before and change.before.state, change.after.state) for change in got] == [
        ("firing", "resolved")
    ]


async def test_a_change_without_a_handler_counts_as_delivered(
    fake: FakeOnCall, make: Make, tmp_path: Path
) -> None:
    """The next bot does not deliver it, although it has a handler."""
    fake.add_group()
    await run_for(make(checkpoint=tmp_path / "c"), 5)
    second = make(checkpoint=tmp_path / "c")
    delivered = hear(second)
    await run_for(second, 40)
    assert delivered == []
    assert second.health.watched == 1
