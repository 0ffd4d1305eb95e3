"""A store in PostgreSQL.

How it works, and why it is safe. One table has two kinds of rows: a head for each log, with its
fence and lease, and the lines. A statement that appends updates the head first, if the fence is
still the writer's. That locks the head until the lines are there, so whoever opens the log waits
for them and reads them, or has raised the fence before, and then nothing is appended. A fence is
the time of the server in microseconds, or one more than the last one: so it still rises when the
head was deleted with its age. Leases end by the clock of the server.

A write is never repeated here: if its reply was lost, it may have been made, and a second one would
double its lines.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from grafana_oncall._core.text import shown
from grafana_oncall._validation.arguments import duration, seconds
from grafana_oncall.errors import InvalidArgument

from . import statements as sql
from .postgres_connection import Connection, pool_of, redactor_of
from .protocols import Opened
from .server import ServerStore, in_time

if TYPE_CHECKING:
    from psycopg import AsyncCursor
    from psycopg_pool import AsyncConnectionPool

_TABLE: Final = re.compile(r"[a-z_][a-z0-9_]{0,50}(\.[a-z_][a-z0-9_]{0,50})?")


class PostgresStore(ServerStore):
    """Journals, checkpoints and seen events in PostgreSQL (extra `[postgres]`).

        async with PostgresStore("postgresql://oncall@db.example/oncall") as store:
            await client.alert_groups.bulk.silence(groups, 3600, journal=store, name="noise")

    One store serves everything in a process. What it wrote survives a crash of the server, unless
    `synchronous_commit` is off. It makes its table when it is first used; a user without the right
    to do so needs one that was made before.

    Args:
        postgres: A connection string of libpq (`postgresql://user:password@host/database`, or
            `host=… dbname=…`), or a `psycopg_pool.AsyncConnectionPool` of your own, which you also
            open and close.
        table: The name of its table, also with a schema.
        keep: How long a journal, checkpoint or event is kept after its last write; 7 days by
            default. Older ones are deleted whenever a store is first used.
        timeout: Time within which the server must have replied, connecting included, in seconds or
            as a timedelta; 5 seconds by default.

    Raises:
        InvalidArgument: An argument is invalid, or the extra is not installed.
    """

    _server: ClassVar = "PostgreSQL"

    def __init__(
        self,
        postgres: str | AsyncConnectionPool[Any],
        *,
        table: str = "grafana_oncall",
        keep: timedelta | float = timedelta(days=7),
        timeout: timedelta | float = 5,
    ) -> None:
        self._table = _checked_table(table)
        self._keep = duration("keep", keep)
        redactor = redactor_of(postgres)
        self._pool = pool_of(postgres, seconds("timeout", timeout))
        from psycopg import Error  # noqa: PLC0415  # an extra

        self._own = isinstance(postgres, str)
        close = self._pool.close if self._own else None
        super().__init__(timeout=timeout, redactor=redactor, errors=Error, close=close)
        self._prepared = False
        self._preparing = asyncio.Lock()

    @in_time
    async def open(self, name: str) -> Opened:
        """See `JournalStore.open`."""
        async with self._connection() as run, run.transaction():
            fence: int = await _value(await run(sql.OPEN, name=name))
            return Opened(fence, await _lines(await run(sql.LINES, name=name)))

    @in_time
    async def acquire(self, name: str, *, ttl: float) -> Opened | float:
        """See `CheckpointStore.acquire`."""
        async with self._connection() as run, run.transaction():
            head = await run(sql.ACQUIRE, name=name, ttl=timedelta(seconds=ttl))
            if head.rowcount:
                fence: int = await _value(head)
                return Opened(fence, await _lines(await run(sql.LINES, name=name)))
            left: float = await _value(await run(sql.LEFT, name=name))
            return left

    @in_time
    async def append(
        self, name: str, fence: int, lines: Sequence[bytes], *, replace: bool = False
    ) -> bool:
        """See `JournalStore.append`."""
        written = {"name": name, "fence": fence, "lines": [*lines]}
        async with self._connection() as run:
            if lines and not replace:
                return bool((await run(sql.APPEND, **written)).rowcount)
            async with run.transaction():
                if not (await run(sql.IS_OPEN, name=name, fence=fence)).rowcount:
                    return False
                if replace:
                    await run(sql.CLEAR, name=name)
                    await run(sql.APPEND, **written)
                return True

    @in_time
    async def renew(self, name: str, fence: int, *, ttl: float) -> bool:
        """See `CheckpointStore.renew`."""
        async with self._connection() as run:
            until = timedelta(seconds=ttl)
            return bool((await run(sql.RENEW, name=name, fence=fence, ttl=until)).rowcount)

    @in_time
    async def release(self, name: str, fence: int) -> None:
        """See `CheckpointStore.release`."""
        async with self._connection() as run:
            await run(sql.RELEASE, name=name, fence=fence)

    @in_time
    async def read(self, name: str) -> Sequence[bytes]:
        """See `JournalStore.read`."""
        async with self._connection() as run:
            return await _lines(await run(sql.LINES, name=name))

    @in_time
    async def delete(self, name: str) -> None:
        """See `JournalStore.delete`."""
        async with self._connection() as run, run.transaction():
            await run(sql.CLOSE, name=name)
            await run(sql.CLEAR, name=name)

    @in_time
    async def claim(self, key: str, *, ttl: float) -> Literal["new", "claimed", "seen"]:
        """See `SeenStore.claim`."""
        async with self._connection() as run:
            if (await run(sql.CLAIM, name=key, ttl=timedelta(seconds=ttl))).rowcount:
                return "new"
            state = await (await run(sql.STATE, name=key)).fetchone()
            return "seen" if state == (1,) else "claimed"

    @in_time
    async def confirm(self, key: str, *, ttl: float) -> None:
        """See `SeenStore.confirm`."""
        async with self._connection() as run:
            await run(sql.CONFIRM, name=key, ttl=timedelta(seconds=ttl))

    @in_time
    async def forget(self, key: str) -> None:
        """See `SeenStore.forget`."""
        async with self._connection() as run:
            await run(sql.FORGET, name=key)

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[Connection]:
        await self._prepare()
        async with self._pool.connection() as connection:
            yield Connection(connection, self._table)

    async def _prepare(self) -> None:
        """Open the pool, make the table and delete what is too old; once."""
        async with self._preparing:
            if self._prepared:
                return
            if self._own:
                await self._pool.open()
            async with self._pool.connection() as connection:
                run = Connection(connection, self._table)
                async with run.transaction():
                    if await _value(await run(sql.IS_MISSING, name=self._table)):
                        # Two stores that make it at the same time would trip over each other.
                        await run(sql.ONE_AT_A_TIME)
                        await run(sql.CREATE)
                    await run(sql.PURGE, keep=self._keep)
            self._prepared = True


def _checked_table(table: object) -> str:
    if not isinstance(table, str) or not _TABLE.fullmatch(table):
        message = f"table={shown(table)}: small letters, digits and _, with a schema or without."
        raise InvalidArgument(message, argument="table")
    return table


async def _value(cursor: AsyncCursor[Any]) -> Any:
    """Return the first column of the only row."""
    ((value, *_),) = await cursor.fetchall()
    return value


async def _lines(cursor: AsyncCursor[Any]) -> list[bytes]:
    return [line for (line,) in await cursor.fetchall()]
