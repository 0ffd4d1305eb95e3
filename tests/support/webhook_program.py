"""A receiver of webhooks as a user writes it, one of several with the same Redis.

    python webhook_program.py PORT REDIS EVENTS

After so many events it hands nothing on: it prints the key of the next one, and waits for its end.
It is killed in `test_webhook_replicas.py`.
"""

import asyncio
import sys

import uvicorn
from redis.asyncio import Redis

from grafana_oncall.stores import RedisStore
from grafana_oncall.webhooks import Event, Router

SECRET = "open-sesame"
QUEUE = "queue"


async def main(port: str, address: str, events: str) -> None:
    """Run until it is killed."""
    left = int(events)
    queue, store = Redis.from_url(address), RedisStore(address)

    async def hand_on(event: Event) -> None:
        nonlocal left
        if left == 0:
            print(event.key, flush=True)  # noqa: T201  # its last output
            await asyncio.Event().wait()
        left -= 1
        await queue.rpush(QUEUE, event.key)

    router = Router(secret=SECRET, hand_on=hand_on, seen=store)
    await uvicorn.Server(uvicorn.Config(router, port=int(port), log_level="error")).serve()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
