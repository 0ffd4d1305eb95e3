"""Watching: consumers that take their time."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import Callable
from datetime import timedelta

import pytest

from grafana_oncall._watch.watcher import Watcher
from grafana_oncall.changes import Gap
from grafana_oncall.testing import FakeOnCall
from tests.support.watchers import (
    EVERY,
    LARGE_PAGES,
    STATES,
    add,
    enter,
    polls,
    reported,
    watch_with,
)

watch = pytest.fixture(watch_with)


async def test_a_slow_consumer_gets_one_difference_per_group(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Nothing is read while it works; then a Gap says that something may be missing."""
    groups = add(fake, 3)
    stream = aiter(watch())
    enter_all = iter(STATES * 25)
    task = asyncio.ensure_future(anext(stream))
    await polls(0.3)
    groups[0].alerts_count += 1
    assert reported([await task]) == "AlertsAdded"
    fake.calls.clear()
    for _ in range(100):
        enter(groups[1], next(enter_all), fake)
        groups[2].alerts_count += 1
        await polls()
    assert fake.calls == []
    gap = await anext(stream)
    assert isinstance(gap, Gap)
    assert gap.until - gap.since == timedelta(seconds=100 * EVERY)
    after = [await anext(stream) for _ in range(2)]
    assert (reported(after, groups[1]), reported(after, groups[2])) == ("AlertsAdded", "Silenced")[
        ::-1
    ]


@LARGE_PAGES  # caches fill more slowly with small ones
async def test_a_slow_consumer_does_not_make_memory_grow(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """However much happens meanwhile."""
    groups = add(fake, 30)
    seen = 0
    sizes: list[int] = []
    tracemalloc.start()
    try:
        async for _ in watch(existing=True):
            seen += 1
            for group in groups:
                group.alerts_count += 1
            await polls(10)
            fake.calls.clear()
            if seen % 50 == 0:
                gc.collect()
                sizes.append(tracemalloc.get_traced_memory()[0])
            if len(sizes) == 6:
                break
    finally:
        tracemalloc.stop()
    assert max(sizes[2:]) - sizes[1] < 50_000
