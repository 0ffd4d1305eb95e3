"""One of several replicas of a bot, which acknowledges every new group of a team.

    python replica_program.py NAME STORE JOURNAL

The store is the address of a Redis, or a directory.

It appends a line of JSON to the journal for each beginning and end of a handler, with the time.
When another replica has taken over, it starts anew, as a supervisor would start the process. It is
killed, paused and stopped in `test_bot_replicas.py`.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from itertools import count

from grafana_oncall import OnCallClient
from grafana_oncall.bot import Bot
from grafana_oncall.changes import Created
from grafana_oncall.errors import AlreadyInState, CheckpointError
from grafana_oncall.stores import FileStore, RedisStore

AT_WORK = 0.02
TTL = 1.5


@asynccontextmanager
async def store_at(place: str) -> AsyncGenerator[RedisStore | FileStore]:
    """A store, which is closed in the end if there is anything to close."""
    if not place.startswith("redis:"):
        yield FileStore(place, timeout=0.5)
        return
    async with RedisStore(place, timeout=0.5) as store:
        yield store


async def main(name: str, place: str, journal: str) -> None:
    """Run until a signal arrives."""
    file = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(life: int, what: str, group: str = "") -> None:
        # The clock is the same in all processes of a machine.
        line = json.dumps([time.monotonic(), name, life, what, group])
        os.write(file, line.encode() + b"\n")

    async with OnCallClient.from_env() as client, store_at(place) as store:
        for life in count():
            watcher = client.alert_groups.watch(
                labels={"team": "SRE"},
                existing=True,
                every=0.2,
                checkpoint=store.checkpoint("noise", ttl=TTL),
            )
            bot = Bot(watcher)

            @bot.on(Created)
            async def acknowledge(change: Created, life: int = life) -> None:
                note(life, "begin", change.id)
                await asyncio.sleep(AT_WORK)
                with suppress(AlreadyInState):  # before a kill
                    await client.alert_groups.acknowledge(change.id)
                note(life, "end", change.id)

            note(life, "ready")
            try:
                await bot.run()
            except CheckpointError as error:
                note(life, str(error))
            else:
                return


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
