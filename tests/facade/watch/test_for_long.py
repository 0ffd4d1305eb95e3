"""Watching for a week: every transition is reported, and memory stays flat."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from random import Random
from statistics import mean
from typing import Any, cast

import attrs

from grafana_oncall import OnCallClient
from grafana_oncall.changes import AlertsAdded, Change, Created, Deleted, LabelsChanged
from grafana_oncall.testing import FakeOnCall, VirtualClock
from grafana_oncall.testing.clock import stamp
from tests.support.budget import budget
from tests.support.mirrors import STATES, View, follow, on_server
from tests.support.watchers import add, enter, watching


@attrs.define
class Life:
    """Others act once between polls; this keeps what each group was at each poll."""

    fake: FakeOnCall
    random: Random
    past: dict[str, list[str]] = attrs.field(factory=lambda: defaultdict[str, list[str]](list))

    def act(self) -> None:
        """Create, change and delete a few groups; about 20 exist."""
        if self.random.random() < 1 - len(self.fake.groups) / 40:
            self.fake.add_group(state=cast("Any", self.random.choice(STATES)))
        for group in self.random.sample([*self.fake.groups.values()], k=2):
            match self.random.randrange(12):
                case 0 | 1:
                    group.alerts_count += 1
                case 2:
                    group.labels[:] = [("env", self.random.choice(["prod", "test"]))]
                case 3 | 4:
                    del self.fake.groups[group.id]
                case _:
                    enter(group, self.random.choice(STATES), self.fake)
        self.note()

    def note(self) -> None:
        """Record what the next poll can see of each group, without repeats."""
        views = on_server(self.fake)
        for group_id in {*views, *self.past}:
            state = views[group_id].state if group_id in views else "deleted"
            past = self.past[group_id]
            if not past or past[-1] != state:
                past.append(state)


STEPS = (Created, AlertsAdded, LabelsChanged)


def states_reported(changes: Sequence[tuple[datetime, Change]]) -> list[str]:
    """Return the states of one group, poll by poll, as the changes report them."""
    found: dict[datetime, str] = {}
    for moment, one in changes:
        if not isinstance(one, STEPS) or isinstance(one, Created):
            found[moment] = "deleted" if one.after is None else one.after.state.value
    return [*found.values()]


async def test_days_are_reported_transition_by_transition(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """Each once, at the next poll; in the end the consumer has what the server has."""
    life, model = Life(fake, Random(7)), dict[str, View]()  # noqa: S311  # no secret
    seen: dict[str, list[tuple[datetime, Change]]] = defaultdict(list)
    add(fake, 20)
    life.note()

    async def mirror() -> None:
        async for change in oncall.alert_groups.watch(
            clock=clock, every=timedelta(minutes=10), existing=True
        ):
            assert isinstance(change, Change)
            seen[change.id].append((clock(), change))
            follow(model, change)

    task = asyncio.create_task(mirror())
    await asyncio.sleep(300)
    for _ in range(budget(1, hunt=7) * 24 * 6):
        life.act()
        fake.calls.clear()
        await asyncio.sleep(600)
    await asyncio.sleep(4 * 600)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert model == on_server(fake)
    assert {one: states_reported(changes) for one, changes in seen.items()} == life.past
    assert len(life.past) > budget(30, hunt=250)
    for changes in seen.values():
        assert sum(isinstance(one, Created) for _, one in changes) == 1
        assert sum(isinstance(one, Deleted) for _, one in changes) <= 1


async def test_memory_does_not_grow_from_day_to_day(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """With groups that come and go: the last three days use as many bytes as the three before.

    The first six days are ignored, because caches fill. Keeping each change would take 75 kB.
    """
    life, sizes = Life(fake, Random(8)), list[int]()  # noqa: S311  # no secret
    add(fake, 20)
    async with watching(oncall.alert_groups.watch(clock=clock, every=2 * 3600)) as seen:
        tracemalloc.start()
        try:
            for _ in range(12):
                for _ in range(12):
                    life.act()
                    await asyncio.sleep(2 * 3600)
                    seen.clear()
                    fake.calls.clear()
                    life.past.clear()
                stamp.cache_clear()  # the fake's calls, which grow up to their bound
                gc.collect()
                sizes.append(tracemalloc.get_traced_memory()[0])
        finally:
            tracemalloc.stop()
    assert mean(sizes[9:]) - mean(sizes[6:9]) < 22_500
