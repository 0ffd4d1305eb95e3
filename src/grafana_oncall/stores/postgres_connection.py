"""Connections to PostgreSQL, and what is hidden of their addresses."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, LiteralString, cast

import attrs

from grafana_oncall._core.extras import install
from grafana_oncall._core.text import shown
from grafana_oncall._http.auth import Redactor
from grafana_oncall.errors import InvalidArgument

if TYPE_CHECKING:
    from psycopg import AsyncConnection, AsyncCursor
    from psycopg_pool import AsyncConnectionPool


@attrs.frozen
class Connection:
    """Executes statements about one table."""

    _connection: AsyncConnection[Any]
    _table: str

    def transaction(self) -> AbstractAsyncContextManager[object]:
        """Begin a transaction, which ends with the block."""
        return self._connection.transaction()

    async def __call__(self, statement: LiteralString, /, **values: object) -> AsyncCursor[Any]:
        """Execute a statement, with the names of the table in it."""
        from psycopg.sql import SQL, Identifier  # noqa: PLC0415  # an extra

        *schema, name = self._table.split(".")
        query = SQL(statement).format(
            table=Identifier(*schema, name),
            head=Identifier(f"{name}_head"),
            lines=Identifier(f"{name}_lines"),
        )
        # With parameters, PostgreSQL takes one statement at a time.
        return await self._connection.execute(query, values or None)


def redactor_of(postgres: object) -> Redactor:
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


def pool_of(postgres: object, timeout: float) -> AsyncConnectionPool[Any]:
    """Return the pool that was given, or one of a connection string's own."""
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
