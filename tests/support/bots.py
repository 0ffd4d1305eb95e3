"""Bots in virtual time: make them, run them, and record what they report."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

from grafana_oncall import OnCallClient, RetryPolicy
from grafana_oncall.bot import Bot
from grafana_oncall.changes import Change, Gap, Watched
from grafana_oncall.testing import VirtualClock
from tests.support.timeline import later
from tests.support.virtual_time import passed

Make: TypeAlias = Callable[..., Bot]
Heard: TypeAlias = list[tuple[str, str | None]]
"""Kind of change, and id of the group; that of a gap is None."""

EVERY = 15
"""Seconds from poll to poll; the first one is at once."""

LIST = "list_alert_groups"
LATER = 1000.0
"""Seconds of a handler that runs longer than anything else."""


def maker(oncall: OnCallClient, clock: VirtualClock) -> Make:
    """A fixture: makes bots that report every group, with the longest backoff."""

    def made(
        *,
        labels: dict[str, str] | None = None,
        checkpoint: Path | None = None,
        existing: bool = True,
        **options: Any,
    ) -> Bot:
        watcher = oncall.alert_groups.watch(
            labels=labels, checkpoint=checkpoint, existing=existing, every=EVERY, clock=clock
        )
        return Bot(watcher, random=lambda: 1.0, **options)

    return made


def hear(bot: Bot, *kinds: type[Watched], lasting: float = 0.0, fails: bool = False) -> Heard:
    """Record what handlers of these kinds receive from now on, once for each call."""
    heard: Heard = []

    @bot.on(*(kinds or (Change,)))
    async def handle(change: Watched) -> None:
        heard.append((type(change).__name__, None if isinstance(change, Gap) else change.id))
        await asyncio.sleep(lasting)
        if fails:
            raise ValueError("This handler always fails.")

    return heard


async def run_for(bot: Bot, seconds: float, **options: Any) -> None:
    """Run the bot, and stop it after this time."""
    later(seconds, bot.stop)
    await bot.run(signals=(), **options)


@asynccontextmanager
async def running(bot: Bot, **options: Any) -> AsyncGenerator[asyncio.Task[None]]:
    """Run the bot during the block, unless it ends before."""
    task = asyncio.create_task(bot.run(signals=(), **options))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


POLICY = RetryPolicy(max_attempts=4, initial_backoff=2, max_backoff=5)


class Broken(Exception):
    """What a handler raises; no other code raises it."""


def fail(bot: Bot, times: int | None = None) -> list[float]:
    """Add a handler that fails this often, or always; return the times of its calls."""
    called = list[float]()

    @bot.on(Change)
    async def fragile(_: Change) -> None:
        called.append(passed())
        if times is None or len(called) <= times:
            raise Broken(len(called))

    return called
