"""The silences by taskiq, on a real Redis, although workers are killed and paused."""

import sys
from pathlib import Path
from typing import Any

import pytest

from grafana_oncall.stores import RedisStore
from tests.support.engines import Engine, survive
from tests.support.redis_server import redis_server

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="signals are those of Linux")

WORKER = ("-m", "taskiq", "worker", "--workers", "1", "--max-async-tasks", "2")


async def test_workers_that_are_killed_and_paused_silence_each_group_once(tmp_path: Path) -> None:
    """A stack that is throttled does not hold up the others."""
    with redis_server(tmp_path) as server:
        async with server.client() as redis, RedisStore(server.uri) as store:

            async def listening() -> int:
                if not await redis.exists("taskiq"):
                    return 0
                consumers: list[Any] = await redis.xinfo_consumers("taskiq", "taskiq")
                return len(consumers)

            engine = Engine(
                program="silence_by_taskiq.py",
                worker=[*WORKER, "silence_by_taskiq:broker"],
                env={"REDIS_URL": server.uri, "RATE_LIMIT": "200/2s", "DEAD_AFTER": "12"},
                store=store,
                listening=listening,
            )
            story = await survive(engine, tmp_path)
    story.assert_each_group_was_silenced_once()
    story.assert_the_stacks_took_turns()
