"""Virtual time stops where something happens on a server, so that tasks see it at its time."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import attrs
import pytest

from grafana_oncall.testing import FakeOnCall, LoopClock, Stuck

pytestmark = pytest.mark.usefixtures("oncall_clock")


@attrs.define(eq=False)
class Bell:
    """Rings once, and sets an event."""

    clock: LoopClock
    at: datetime | None
    event: asyncio.Event = attrs.field(factory=asyncio.Event)

    def due_in(self) -> timedelta | None:
        """The time until it rings."""
        return None if self.at is None else self.at - self.clock.now()

    def apply_due(self) -> None:
        """Ring, if it is time."""
        if self.at is not None and self.at <= self.clock.now():
            self.at = None
            self.event.set()


async def test_a_task_that_waits_runs_at_the_moment(oncall_clock: LoopClock) -> None:
    """Though another one sleeps for longer."""
    began, moments = oncall_clock.now(), list[timedelta]()
    bell = Bell(oncall_clock, began + timedelta(minutes=5))
    oncall_clock.follow(bell)

    async def wait() -> None:
        await bell.event.wait()
        moments.append(oncall_clock.now() - began)

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(3600)
    await waiting
    assert moments == [timedelta(minutes=5)]
    assert oncall_clock.now() - began == timedelta(hours=1)


def test_what_is_due_counts_as_a_timer() -> None:
    """After it, a loop on which nothing can happen says so."""
    clock = LoopClock()
    bell = Bell(clock, clock.now() + timedelta(minutes=5))
    clock.follow(bell)

    async def main() -> None:
        await bell.event.wait()
        await asyncio.Event().wait()

    with pytest.raises(Stuck):
        clock.run(main())
    assert bell.event.is_set()


async def test_what_is_overdue_happens_at_once(oncall_clock: LoopClock) -> None:
    """Time does not go back for it."""
    began = oncall_clock.now()
    bell = Bell(oncall_clock, began - timedelta(minutes=5))
    oncall_clock.follow(bell)
    await bell.event.wait()
    assert oncall_clock.now() == began


@pytest.mark.parametrize("kind", ["silence", "maintenance", "wipe", "agenda"])
async def test_a_server_says_when_something_is_due(
    oncall_server: FakeOnCall, oncall_clock: LoopClock, kind: str
) -> None:
    """Whatever that is: the earliest of all."""
    hour, world = timedelta(hours=1), oncall_server._world
    assert world.due_in() is None
    group = oncall_server.add_group()
    if kind == "silence":
        group.silenced_at, group.silenced_until = oncall_clock.now(), oncall_clock.now() + hour
    elif kind == "maintenance":
        group.integration.maintenance_end_at = oncall_clock.now() + hour
    elif kind == "wipe":
        oncall_server.wipe_delay = hour
        group.wipe_requested_at = oncall_clock.now()
    else:
        world.agenda.put(("heartbeat", group.integration_id), oncall_clock.now() + hour)
    assert world.due_in() == hour
    await asyncio.sleep(3600)
    assert world.due_in() is None
