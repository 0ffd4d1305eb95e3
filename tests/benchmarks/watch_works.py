"""Works of watchers, whose cost for each group must not grow with their number (`works`)."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from grafana_oncall._watch.watcher import Watcher
from grafana_oncall.events import Event, PollEnded

from .storm import Storm
from .work import Measured, check, client, ids, now

_POLLS: Final = 2
_SMALL_POLLS: Final[Mapping[str, Any]] = {"max_pages": 1, "overlap": timedelta(minutes=1)}
"""So that a hundred groups are polled in the same way as very many."""
_FIRING: Final = 10
"""Groups that fire, where the others are resolved."""


class _Watching:
    """Reads from a watcher."""

    def __init__(self, watcher: Watcher, polls: asyncio.Queue[PollEnded]) -> None:
        self.watcher = watcher
        self.reported = 0
        self._polls = polls

    async def read(self) -> None:
        """Count what is reported."""
        async for _ in self.watcher:
            self.reported += 1

    async def poll(self, number: int) -> None:
        """Wait until it has polled so often."""
        for _ in range(number):
            await self._polls.get()


@asynccontextmanager
async def _watching(storm: Storm, **options: Any) -> AsyncGenerator[_Watching]:
    polls = asyncio.Queue[PollEnded]()

    def listen(event: Event) -> None:
        if isinstance(event, PollEnded):
            polls.put_nowait(event)

    async with client(storm, on_event=listen) as sdk:
        watching = _Watching(sdk.alert_groups.watch(clock=now, **_SMALL_POLLS, **options), polls)
        task = asyncio.create_task(watching.read())
        yield watching
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def watch(groups: int, measured: Measured) -> int:
    """Each of the groups fires, and is reported."""
    storm = Storm(groups)
    with TemporaryDirectory() as folder:
        file = Path(folder, "checkpoint")
        async with _watching(storm, existing=True, checkpoint=file) as watching:
            with measured:
                await watching.poll(_POLLS)
    check(watching.reported, groups)
    return storm.requests


async def watch_resolved(groups: int, measured: Measured) -> int:
    """Nearly all of the groups are resolved, and nothing changes."""
    storm = Storm(groups, firing=_FIRING)
    async with _watching(storm) as watching:
        with measured:
            await watching.poll(_POLLS)
    check(watching.reported, 0)
    return storm.requests


async def hints(hints: int, measured: Measured) -> int:
    """They come one after the other; nothing has changed."""
    storm = Storm(hints, firing=_FIRING)
    async with _watching(storm) as watching:
        await watching.poll(1)
        before = storm.requests
        with measured:
            for hinted in ids(hints):
                watching.watcher.hint(hinted)
                await asyncio.sleep(0)
            await watching.poll(1)
    return storm.requests - before
