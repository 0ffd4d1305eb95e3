"""The bots of many stacks on several workers, each stack's on two of them."""

from __future__ import annotations

import asyncio

from grafana_oncall import OnCallClient
from grafana_oncall.stores import Opened, StoredCheckpoint
from grafana_oncall.testing import MemoryStore, VirtualClock
from tests.support.replicas import EVERY, TTL, Link
from tests.support.virtual_time import passed
from tests.support.watchers import collect

STACKS = 40
WORKERS = 4


class Worker(Link):
    """A connection to the store, which notes when each checkpoint was acquired."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__(store)
        self.leads: dict[str, float] = {}

    async def acquire(self, name: str, *, ttl: float) -> Opened | float:
        """Acquire it, or say how long it is taken."""
        reply = await super().acquire(name, ttl=ttl)
        if isinstance(reply, Opened):
            self.leads[name] = passed()
        return reply


async def test_the_stacks_of_a_dead_worker_are_led_by_others_within_the_ttl(
    oncall: OnCallClient, clock: VirtualClock
) -> None:
    """Before that, each stack has one leader; and no other stack changes hands."""
    store = MemoryStore()
    workers = [Worker(store) for _ in range(WORKERS)]
    watchers = [
        oncall.alert_groups.watch(
            every=EVERY, checkpoint=StoredCheckpoint(worker, f"stack-{stack}", TTL), clock=clock
        )
        for number, worker in enumerate(workers)
        for stack in range(STACKS)
        if (number - stack) % WORKERS < WORKERS / 2
    ]
    tasks = [asyncio.create_task(collect(watcher, [])) for watcher in watchers]
    await asyncio.sleep(3 * TTL)
    assert sorted(name for worker in workers for name in worker.leads) == sorted(
        f"checkpoint:stack-{stack}" for stack in range(STACKS)
    )
    dead, *others = sorted(workers, key=lambda worker: -len(worker.leads))
    before, moment = [{*worker.leads} for worker in others], passed()
    dead.break_("cut")
    await asyncio.sleep(TTL + 1)
    gained = [{*worker.leads} - led for worker, led in zip(others, before, strict=True)]
    assert sorted(name for names in gained for name in names) == sorted(dead.leads)
    assert max(max(worker.leads.values()) for worker in others) <= moment + TTL + 1
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
