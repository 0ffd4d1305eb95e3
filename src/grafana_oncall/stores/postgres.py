"""A store in PostgreSQL.

How it works, and why it is safe. One table has two kinds of rows: a head for each log, with its
fence and lease, and the lines. A statement that appends updates the head first, if the fence is
still the writer's. That locks the head until the lines are there, so whoever opens the log waits
for them and reads them, or has raised the fence before, and then nothing is appended. Leases end by
the clock of the server.

A write is never repeated here: if its reply was lost, it may have been made, and a second one would
double its lines.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, LiteralString, Self, cast

import attrs

from grafana_oncall._core.extras import install
from grafana_oncall._core.text import shown
from grafana_oncall._http.auth import Redactor
from grafana_oncall._validation.arguments import duration
from grafana_oncall.errors import InvalidArgument, StoreUnavailable

from . import statements as sql
from .protocols import Opened, StoredCheckpoint

if TYPE_CHECKING:
    from psycopg import AsyncConnection, AsyncCursor
    from psycopg_pool import AsyncConnectionPool


_TABLE: Final = re.compile(r"[a-z_][a-z0-9_]{0,50}(\.[a-z_][a-z0-9_]{0,50})?")


class PostgresStore:
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

    def __init__(
        self,
        postgres: str | AsyncConnectionPool[Any],
        *,
        table: str = "grafana_oncall",
        keep: timedelta | float = timedelta(days=7),
        timeout: timedelta | float = 5,
    ) -> None:
        if not _TABLE.fullmatch(table):
            message = (
                f"table={shown(table)}: small letters, digits and _, with a schema or without."
            )
            raise InvalidArgument(message, argument="table")
        self._table = table
        self._keep = duration("keep", keep)
        self._timeout = duration("timeout", timeout).total_seconds()
        self._own = isinstance(postgres, str)
        self._redactor = _redactor(postgres)
        self._pool = _pool(postgres, self._timeout)
        from psycopg import Error  # noqa: PLC0415  # an extra

        self._postgres_error = Error
        self._prepared = False
        self._preparing = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections, unless they are those of a pool that was passed."""
        if self._own:
            await self._pool.close()

    def checkpoint(self, name: str, *, ttl: timedelta | float = 5) -> StoredCheckpoint:
        """Return a checkpoint of this store, for `watch(checkpoint=…)`.

        Args:
            name: Which one: the replicas of a bot use the same name.
            ttl: Time after which another replica takes over from one that has died or is cut off,
                in seconds or as a timedelta.
        """
        return StoredCheckpoint(self, name, duration("ttl", ttl).total_seconds())

    async def open(self, name: str) -> Opened:
        """See `JournalStore.open`."""
        async with self._connection() as run, run.transaction():
            fence: int = await _value(await run(sql.OPEN, name=_log(name)))
            return Opened(fence, await _lines(await run(sql.LINES, name=_log(name))))

    async def acquire(self, name: str, *, ttl: float) -> Opened | float:
        """See `CheckpointStore.acquire`."""
        async with self._connection() as run, run.transaction():
            head = await run(sql.ACQUIRE, name=_log(name), ttl=timedelta(seconds=ttl))
            if head.rowcount:
                fence: int = await _value(head)
                return Opened(fence, await _lines(await run(sql.LINES, name=_log(name))))
            left: float = await _value(await run(sql.LEFT, name=_log(name)))
            return left

    async def append(
        self, name: str, fence: int, lines: Sequence[bytes], *, replace: bool = False
    ) -> bool:
        """See `JournalStore.append`."""
        written = {"name": _log(name), "fence": fence, "lines": [*lines]}
        async with self._connection() as run:
            if lines and not replace:
                return bool((await run(sql.APPEND, **written)).rowcount)
            async with run.transaction():
                if not (await run(sql.IS_OPEN, name=_log(name), fence=fence)).rowcount:
                    return False
                if replace:
                    await run(sql.CLEAR, name=_log(name))
                    await run(sql.APPEND, **written)
                return True

    async def renew(self, name: str, fence: int, *, ttl: float) -> bool:
        """See `CheckpointStore.renew`."""
        async with self._connection() as run:
            until = timedelta(seconds=ttl)
            return bool((await run(sql.RENEW, name=_log(name), fence=fence, ttl=until)).rowcount)

    async def release(self, name: str, fence: int) -> None:
        """See `CheckpointStore.release`."""
        async with self._connection() as run:
            await run(sql.RELEASE, name=_log(name), fence=fence)

    async def read(self, name: str) -> Sequence[bytes]:
        """See `JournalStore.read`."""
        async with self._connection() as run:
            return await _lines(await run(sql.LINES, name=_log(name)))

    async def delete(self, name: str) -> None:
        """See `JournalStore.delete`."""
        async with self._connection() as run, run.transaction():
            await run(sql.CLOSE, name=_log(name))
            await run(sql.CLEAR, name=_log(name))

    async def claim(self, key: str, *, ttl: float) -> Literal["new", "claimed", "seen"]:
        """See `SeenStore.claim`."""
        async with self._connection() as run:
            if (await run(sql.CLAIM, name=_seen(key), ttl=timedelta(seconds=ttl))).rowcount:
                return "new"
            state = await (await run(sql.STATE, name=_seen(key))).fetchone()
            return "seen" if state == (1,) else "claimed"

    async def confirm(self, key: str, *, ttl: float) -> None:
        """See `SeenStore.confirm`."""
        async with self._connection() as run:
            await run(sql.CONFIRM, name=_seen(key), ttl=timedelta(seconds=ttl))

    async def forget(self, key: str) -> None:
        """See `SeenStore.forget`."""
        async with self._connection() as run:
            await run(sql.FORGET, name=_seen(key))

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[_Connection]:
        try:
            async with asyncio.timeout(self._timeout):
                await self._prepare()
                async with self._pool.connection() as connection:
                    yield _Connection(connection, self._table)
        except TimeoutError:
            reason = f"no reply within {self._timeout:g} seconds"
        except (self._postgres_error, OSError) as error:
            reason = f"{type(error).__name__}: {str(error).strip().rstrip('.')}"
        else:
            return
        # Not in the handler: the variables of the cause's frames hold the password.
        raise StoreUnavailable(f"PostgreSQL does not respond: {self._redactor.text(reason)}.")

    async def _prepare(self) -> None:
        """Open the pool, make the table and delete what is too old; once."""
        async with self._preparing:
            if self._prepared:
                return
            if self._own:
                await self._pool.open()
            async with self._pool.connection() as connection:
                run = _Connection(connection, self._table)
                async with run.transaction():
                    if await _value(await run(sql.IS_MISSING, name=self._table)):
                        # Two stores that make it at the same time would trip over each other.
                        await run(sql.ONE_AT_A_TIME)
                        await run(sql.CREATE)
                    await run(sql.PURGE, keep=self._keep)
            self._prepared = True


@attrs.frozen
class _Connection:
    """Executes statements about one table."""

    _connection: AsyncConnection[Any]
    _table: str

    def transaction(self) -> AbstractAsyncContextManager[object]:
        return self._connection.transaction()

    async def __call__(self, statement: LiteralString, /, **values: object) -> AsyncCursor[Any]:
        from psycopg.sql import SQL, Identifier  # noqa: PLC0415  # an extra

        *schema, name = self._table.split(".")
        query = SQL(statement).format(
            table=Identifier(*schema, name),
            head=Identifier(f"{name}_head"),
            lines=Identifier(f"{name}_lines"),
        )
        # With parameters, PostgreSQL takes one statement at a time.
        return await self._connection.execute(query, values or None)


def _redactor(postgres: object) -> Redactor:
    """Return what redacts the password of a connection string; raise InvalidArgument if it is none.

    The errors of libpq for one that makes no sense repeat parts of it, and its pool logs them.
    """
    if not isinstance(postgres, str):
        return Redactor()
    try:
        from psycopg import Error  # noqa: PLC0415  # an extra
        from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415
    except ImportError as error:
        raise _missing() from error
    try:
        password = conninfo_to_dict(postgres).get("password")
    except Error:
        message = "postgres: it is no connection string, such as postgresql://user@host/database."
        problem = InvalidArgument(message, argument="postgres")
    else:
        return Redactor(str(password), "password") if password else Redactor()
    raise problem


def _missing() -> InvalidArgument:
    message = f"PostgresStore needs another package: {install('postgres')}"
    return InvalidArgument(message, argument="postgres")


def _pool(postgres: object, timeout: float) -> AsyncConnectionPool[Any]:
    try:
        # An extra.
        from psycopg_pool import AsyncConnectionPool  # noqa: PLC0415
    except ImportError as error:
        raise _missing() from error
    if isinstance(postgres, AsyncConnectionPool):
        return cast("AsyncConnectionPool[Any]", postgres)  # type: ignore[redundant-cast]  # its type is partly unknown
    if not isinstance(postgres, str):
        message = f"postgres={shown(postgres)}: a connection string or a pool is needed."
        raise InvalidArgument(message, argument="postgres")
    return AsyncConnectionPool(
        postgres,
        open=False,
        min_size=1,
        timeout=timeout * 0.8,
        kwargs={"autocommit": True},
        check=AsyncConnectionPool.check_connection,
    )


async def _value(cursor: AsyncCursor[Any]) -> Any:
    """Return the first column of the only row."""
    ((value, *_),) = await cursor.fetchall()
    return value


async def _lines(cursor: AsyncCursor[Any]) -> list[bytes]:
    return [line for (line,) in await cursor.fetchall()]


def _log(name: str) -> str:
    return f"log:{name}"


def _seen(key: str) -> str:
    return f"seen:{key}"
