"""Whether one process can watch many stacks: how late its polls are, and what they take of it.

There is one fake server, in a process of its own, for the clients of all stacks. All watchers start
at once, which is the worst case: each of their polls is due at the same moment.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Final

import attrs

from grafana_oncall import OnCallClient
from grafana_oncall.events import Event, PollEnded
from grafana_oncall.testing import FakeOnCall

from .fake_server import Server, fake_server
from .rows import Row

GROUPS: Final = 100
"""Firing groups of each stack."""


@attrs.define
class _Watch:
    """When a stack was polled."""

    every: float
    polls: int
    lags: list[float] = attrs.field(factory=list[float])
    """Seconds from the poll before, which succeeded; 0 for the first one."""
    enough: asyncio.Event = attrs.field(factory=asyncio.Event)
    """Set after so many polls."""

    def listen(self, event: Event) -> None:
        """Take note of a poll."""
        if isinstance(event, PollEnded):
            self.lags.append(event.lag)
            if len(self.lags) == self.polls:
                self.enough.set()

    async def run(self, client: OnCallClient) -> None:
        """Watch until cancelled."""
        async for _ in client.alert_groups.watch(every=self.every):
            pass  # nothing changes here, but a slow machine may report gaps

    @property
    def lateness(self) -> float:
        """Seconds by which a poll began after it was due, at most."""
        return max(self.lags[1 : self.polls]) - self.every


def rows(part: str, *, quick: bool) -> Iterator[Row]:
    """How late the latest poll is, and the share of a processor that all of them take."""
    stacks, every, number = (2, 0.1, 2) if quick else (200, 15.0, 5)
    with TemporaryDirectory() as folder, fake_server("--load", _firing(Path(folder))) as server:
        watches = [_Watch(every, number) for _ in range(stacks)]
        share = asyncio.run(_watch(server, watches))
    late = max(one.lateness for one in watches)
    watched = f"{stacks} stacks of {GROUPS} firing groups watched at {every:g} s in one process"
    yield Row(part=part, name=f"{watched}: the latest poll", value=late, unit="s late", goal=1)
    yield Row(part=part, name=f"{watched}: of one processor", value=100 * share, unit="%")


def _firing(folder: Path) -> str:
    """Write the state of a server with firing groups, and return the file."""
    fake = FakeOnCall(clock=lambda: datetime.now(UTC))
    for number in range(GROUPS):
        fake.add_group(started_at=fake.now() - timedelta(minutes=5 * number))
    file = folder / "state.json"
    file.write_text(fake.to_json(), encoding="utf-8")
    return str(file)


async def _watch(server: Server, watches: Sequence[_Watch]) -> float:
    """Watch until each stack was polled often enough, and return the share of a processor."""
    url = f"http://127.0.0.1:{server.port}"
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        began, work = perf_counter(), process_time()
        tasks = []
        for one in watches:
            client = OnCallClient(url=url, token=server.token, on_event=one.listen)
            tasks.append(group.create_task(one.run(await stack.enter_async_context(client))))
        for one in watches:
            await one.enough.wait()
        for task in tasks:
            task.cancel()
        return (process_time() - work) / (perf_counter() - began)
