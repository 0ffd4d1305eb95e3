"""Silence for an hour what fires for information only on several stacks; with taskiq and Redis.

    export REDIS_URL=… STACKS='{"EU": {"GRAFANA_ONCALL_URL": …, "GRAFANA_ONCALL_ACCESS_TOKEN": …}}'
    taskiq worker --workers 1 --max-async-tasks 2 silence_by_taskiq:broker  # on each machine
    python silence_by_taskiq.py select > shards.jsonl
    python silence_by_taskiq.py enqueue < shards.jsonl
    python silence_by_taskiq.py report < shards.jsonl

The tokens are in the environment of each worker, and never in the queue. Workers may be killed at
any moment, and shards be enqueued again: what was done is not repeated.
"""

import asyncio
import json
import os
import sys
from datetime import timedelta
from itertools import chain
from typing import Annotated

from taskiq import Context, TaskiqDepends, TaskiqEvents, TaskiqState
from taskiq_redis import RedisStreamBroker

from grafana_oncall import OnCallClient
from grafana_oncall.bulk import Shard, collect, in_turn
from grafana_oncall.stores import RedisStore

REDIS, LIMIT = os.environ["REDIS_URL"], os.environ.get("RATE_LIMIT", "300/5m")
store = RedisStore(REDIS)
clients = {
    stack: OnCallClient.from_env(settings, rate_limit=LIMIT, rate_limit_storage=REDIS)
    for stack, settings in json.loads(os.environ["STACKS"]).items()
}
broker = RedisStreamBroker(
    REDIS,
    xread_count=1,  # else one worker takes up to 100 shards, and the others get none
    # Milliseconds after which another worker gets a shard, so more than any shard takes.
    idle_timeout=1000 * int(os.environ.get("DEAD_AFTER", "900")),
    maxlen=100_000,  # messages stay in the stream until others have pushed them out
)


@broker.on_event(TaskiqEvents.WORKER_SHUTDOWN, TaskiqEvents.CLIENT_SHUTDOWN)
async def close(_: TaskiqState) -> None:
    """Close all connections."""
    await asyncio.gather(store.aclose(), *(client.aclose() for client in clients.values()))


@broker.task(task_name="act", ack_type="manual")
async def act(stack: str, shard: str, context: Annotated[Context, TaskiqDepends()]) -> None:
    """Do what a shard says, or finish it; if this raises, it is delivered again."""
    await clients[stack].alert_groups.bulk.run(Shard.from_json(shard), journal=store)
    await context.ack()


@broker.task(task_name="wake")
async def wake() -> None:
    """Do nothing: only when a message comes does taskiq-redis look for what dead workers had."""


async def select() -> None:
    """Print the shards of all stacks, which take turns, so that none holds up the others."""
    found: dict[str, list[Shard]] = {}
    for stack, client in clients.items():
        noise = client.alert_groups.list(state="firing", labels={"severity": "info"})
        found[stack] = await client.alert_groups.bulk.silence(noise, timedelta(hours=1)).shards(50)
    stacks = {shard.id: stack for stack in found for shard in found[stack]}
    for shard in in_turn(chain(*found.values())):
        print(json.dumps({"stack": stacks[shard.id], "shard": shard.to_json()}))


async def report(shards: list[Shard]) -> None:
    """Print the progress until each group was attempted, and then the outcome."""
    while not (done := await collect(shards, journal=store)).finished:
        print(done.summary, flush=True)
        await wake.kiq()
        await asyncio.sleep(2)
    print(done)


async def main(command: str) -> None:
    """Carry out a command."""
    await broker.startup()
    try:
        match command:
            case "select":
                await select()
            case "enqueue":
                for line in sys.stdin:
                    await act.kiq(**json.loads(line))
            case _:
                await report([Shard.from_json(json.loads(line)["shard"]) for line in sys.stdin])
    finally:
        await broker.shutdown()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
