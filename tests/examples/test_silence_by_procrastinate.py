"""The silences by procrastinate, on a real PostgreSQL, although workers are killed and paused."""

import sys
from pathlib import Path

import psycopg
import pytest

from grafana_oncall.stores import PostgresStore
from tests.support.engines import Engine, survive
from tests.support.examples import FOLDER
from tests.support.postgres_server import postgres_server
from tests.support.programs import bare, python

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="signals are those of Linux")

SCHEMA = ("-m", "procrastinate", "--app", "silence_by_procrastinate.app", "schema", "--apply")


async def test_workers_that_are_killed_and_paused_silence_each_group_once(tmp_path: Path) -> None:
    """A stack that is throttled does not hold up the others."""
    with postgres_server() as uri:
        env = {"DATABASE_URL": uri, "DEAD_AFTER": "3"}
        async with python(*SCHEMA, env=bare() | env | {"STACKS": "{}"}, cwd=FOLDER) as process:
            assert await process.wait() == 0
        async with (
            await psycopg.AsyncConnection.connect(uri, autocommit=True) as database,
            PostgresStore(uri) as store,
        ):

            async def listening() -> int:
                found = await database.execute("select from procrastinate_workers")
                return found.rowcount

            engine = Engine(
                program="silence_by_procrastinate.py",
                worker=["silence_by_procrastinate.py", "work"],
                env=env,
                store=store,
                listening=listening,
            )
            story = await survive(engine, tmp_path)
    story.assert_each_group_was_silenced_once()
    story.assert_the_stacks_took_turns()
