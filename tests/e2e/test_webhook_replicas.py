"""Receivers behind a load balancer with a real Redis; one of them is a process that is killed."""

import asyncio
import sys
from pathlib import Path
from typing import Final

import httpx
import pytest

from grafana_oncall.stores import RedisStore
from grafana_oncall.webhooks import Router, parse
from tests.support.asgi_server import serving
from tests.support.programs import free_port, python
from tests.support.redis_server import redis_server
from tests.support.webhook_payloads import body
from tests.support.webhook_program import QUEUE, SECRET

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="signals are those of Linux")

PROGRAM: Final = Path(__file__).parents[1] / "support" / "webhook_program.py"
EVENTS: Final = 100
BEFORE: Final = 10
"""Events that the process hands on before it is killed."""


async def post(http: httpx.AsyncClient, port: int, content: bytes) -> str | None:
    """Post an event; return the response, or None if the connection broke.

    A 503 comes after five seconds, when OnCall has hung up long ago and sends the event again.
    """
    url, headers = f"http://127.0.0.1:{port}/", {"Authorization": SECRET}
    response = None
    while response is None or response.status_code == 503:
        try:
            response = await http.post(url, content=content, headers=headers)
        except httpx.TransportError:
            return None
    return response.text.strip()


async def kill(process: asyncio.subprocess.Process, store: RedisStore) -> None:
    """Kill it once it has claimed its last event."""
    assert process.stdout is not None
    key = (await process.stdout.readline()).decode().strip()
    process.kill()
    await process.wait()
    await store.forget(f"event:{key}")  # the claim would end by itself, in some seconds


async def test_no_event_is_lost_or_doubled_when_a_receiver_is_killed(tmp_path: Path) -> None:
    """Each event comes to both receivers at the same time."""
    contents = [body("resolve", group=f"I{number}") for number in range(EVENTS)]
    with redis_server(tmp_path) as redis:
        queue, port = redis.client(decode_responses=True), free_port()
        async with (
            queue,
            RedisStore(redis.uri) as store,
            httpx.AsyncClient(trust_env=False, timeout=60) as http,
            serving(
                Router(secret=SECRET, seen=store, hand_on=lambda one: queue.rpush(QUEUE, one.key))
            ) as (_, other),
            python(str(PROGRAM), str(port), redis.uri, str(BEFORE)) as process,
        ):
            while await post(http, port, b"") is None:  # noqa: ASYNC110  # another process does it
                await asyncio.sleep(0.02)
            killing = asyncio.create_task(kill(process, store))

            async def sent(content: bytes) -> list[str | None]:
                return await asyncio.gather(*[post(http, one, content) for one in (port, other)])

            answers: list[list[str | None]] = []
            while not killing.done():
                answers.append(await sent(contents[len(answers)]))
            answers += await asyncio.gather(*map(sent, contents[len(answers) :]))
            await killing
            queued = await queue.lrange(QUEUE, 0, -1)
    assert sorted(queued) == sorted(parse(content).key for content in contents)
    assert [set(answer) for answer in answers[:BEFORE]] == [{"Accepted.", "Duplicate."}] * BEFORE
    assert [answer.count("Accepted.") for answer in answers] == [1] * EVENTS
    assert answers[-1] == [None, "Accepted."]
