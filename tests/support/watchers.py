"""Watchers in virtual time, and other actors that they observe."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall._watch.watcher import Watcher
from grafana_oncall.changes import Change, Watched
from grafana_oncall.testing import FakeAlertGroup, FakeOnCall, FakeRequest, Fault, VirtualClock

EVERY = 15.0
LARGE_PAGES = pytest.mark.parametrize("fake", [50], indirect=True, ids=["large pages"])
"""For tests that count requests or bytes, or have more groups than a large page holds anyway."""
SRE = {"team": "SRE"}
STATES: Any = ["firing", "acknowledged", "resolved", "silenced"]


def watch_with(oncall: OnCallClient, clock: VirtualClock) -> Callable[..., Watcher]:
    """A fixture: watchers that share the time with the server."""
    return lambda **options: oncall.alert_groups.watch(clock=clock, **options)


async def collect(watcher: Watcher, seen: list[Watched]) -> None:
    """Collect all that is reported."""
    async for one in watcher:
        seen.append(one)  # noqa: PERF401  # it is looked at meanwhile


@asynccontextmanager
async def watching(watcher: Watcher) -> AsyncGenerator[list[Watched]]:
    """Run the watcher during the block; what it reports after its first poll."""
    seen: list[Watched] = []
    task = asyncio.create_task(collect(watcher, seen))
    try:
        await asyncio.sleep(EVERY / 3)
        yield seen
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def polls(number: float = 1) -> None:
    """Let this many polls happen."""
    await asyncio.sleep(number * EVERY)


def reported(seen: Sequence[Watched], group: FakeAlertGroup | None = None) -> str:
    """The names of the changes, of all groups or of one."""
    return " ".join(
        type(one).__name__
        for one in seen
        if group is None or (isinstance(one, Change) and one.id == group.id)
    )


def add(fake: FakeOnCall, number: int, apart: float = 1.0, **fields: Any) -> list[FakeAlertGroup]:
    """Add this many groups, the newest first, which began this many seconds apart."""
    began = fake.now() - timedelta(minutes=10)
    return [
        fake.add_group(started_at=began - timedelta(seconds=one * apart), **fields)
        for one in range(number)
    ]


def enter(group: FakeAlertGroup, state: str, fake: FakeOnCall) -> None:
    """Let another actor bring the group into a state."""
    group.acknowledged_at = fake.now() if state == "acknowledged" else None
    group.resolved_at = fake.now() if state == "resolved" else None
    group.silenced_at = fake.now() if state == "silenced" else None
    group.silenced_until = None


def meanwhile(fake: FakeOnCall, act: Callable[[int], None]) -> None:
    """Let another actor act before each request is served; it receives the request's number."""
    numbers = iter(range(10**6))

    def choose(_request: FakeRequest, _operation: str | None) -> Fault | None:
        act(next(numbers))
        return None

    fake.faults.choose(choose)
