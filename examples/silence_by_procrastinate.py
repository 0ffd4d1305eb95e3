"""Silence for an hour what fires for information only on several stacks; with procrastinate.

    export DATABASE_URL=…
    export STACKS='{"EU": {"GRAFANA_ONCALL_URL": …, "GRAFANA_ONCALL_ACCESS_TOKEN": …}, "US": …}'
    procrastinate --app silence_by_procrastinate.app schema --apply  # once
    python silence_by_procrastinate.py work  # on each machine
    python silence_by_procrastinate.py select > shards.jsonl
    python silence_by_procrastinate.py enqueue < shards.jsonl
    python silence_by_procrastinate.py report < shards.jsonl

The tokens are in the environment of each worker, and never in the queue. Workers may be killed at
any moment, and shards be enqueued again: what was done is not repeated.
"""

import asyncio
import json
import logging
import os
import sys
from contextlib import AsyncExitStack
from datetime import timedelta
from itertools import chain

from procrastinate import App, PsycopgConnector, RetryStrategy

from grafana_oncall import OnCallClient
from grafana_oncall.bulk import Shard, collect, in_turn
from grafana_oncall.stores import PostgresStore

DATABASE, DEAD_AFTER = os.environ["DATABASE_URL"], float(os.environ.get("DEAD_AFTER", "30"))

logging.basicConfig()
logging.getLogger("procrastinate.worker").setLevel(logging.INFO)
# Its warning of an app in a program that is run is about tasks without names.
logging.getLogger("procrastinate.blueprints").setLevel(logging.ERROR)
app = App(connector=PsycopgConnector(conninfo=DATABASE))
store = PostgresStore(DATABASE)
clients = {
    stack: OnCallClient.from_env(settings)
    for stack, settings in json.loads(os.environ["STACKS"]).items()
}


@app.task(name="act", retry=RetryStrategy(wait=60))
async def act(stack: str, shard: str) -> None:
    """Do what a shard says, or finish it; if this raises, it is done again after a minute."""
    await clients[stack].alert_groups.bulk.run(Shard.from_json(shard), journal=store)


@app.periodic(cron="* * * * * */5")  # every five seconds
@app.task(name="rescue", queueing_lock="rescue", priority=1)
async def rescue(timestamp: int) -> None:  # noqa: ARG001  # it is passed
    """Enqueue again what workers had that have shown no sign of life for so long."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER):
        await app.job_manager.retry_job(job)


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
        await asyncio.sleep(2)
    print(done)


async def main(command: str) -> None:
    """Carry out a command."""
    async with app.open_async(), store, AsyncExitStack() as exits:
        for client in clients.values():
            await exits.enter_async_context(client)
        match command:
            case "work":
                await app.run_worker_async(
                    concurrency=2,  # shards, since one may have to wait for its stack
                    update_heartbeat_interval=DEAD_AFTER / 3,
                    delete_jobs="successful",
                )
            case "select":
                await select()
            case "enqueue":
                for line in sys.stdin:
                    await act.defer_async(**json.loads(line))
            case _:
                await report([Shard.from_json(json.loads(line)["shard"]) for line in sys.stdin])


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
