"""Stores whose connections are lost, before or after the server has done what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from grafana_oncall.errors import StoreUnavailable
from grafana_oncall.stores import Opened, PostgresStore, RedisStore
from tests.support.budget import budget
from tests.support.cutting_proxy import Cut, CuttingProxy
from tests.support.postgres_server import postgres_server
from tests.support.redis_server import redis_server
from tests.support.store_model import HELD, Action, Result, State, known, unknown

Store: TypeAlias = RedisStore | PostgresStore

HOUR: Final = 3600.0
SOCKET: Final = ".s.PGSQL.5432"

LOG: Final = ("open", "acquire", "append", "append", "replace", "renew", "release")
OTHERS: Final = ("read", "delete", "claim", "confirm", "forget")
STEPS: Final = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.builds(
            Action,
            name=st.sampled_from(LOG + OTHERS),
            lines=st.lists(st.binary(max_size=3), max_size=3).map(tuple),
            passes=st.booleans(),
        ),
        st.none() | st.builds(Cut, st.integers(0, 4), st.sampled_from(["before", "after"])),
    ),
    min_size=5,
    max_size=20,
)
Step: TypeAlias = tuple[str, Action, Cut | None]


@asynccontextmanager
async def redis(folder: Path) -> AsyncGenerator[tuple[Store, CuttingProxy]]:
    """A store in Redis, behind a proxy."""
    with redis_server(folder) as server:
        proxy = CuttingProxy(partial(asyncio.open_connection, "127.0.0.1", server.port))
        async with await asyncio.start_server(proxy.serve, "127.0.0.1", 0) as listening:
            port = listening.sockets[0].getsockname()[1]
            async with RedisStore(server.uri.replace(f":{server.port}/", f":{port}/")) as store:
                yield store, proxy
        await proxy.aclose()


@asynccontextmanager
async def postgres(folder: Path) -> AsyncGenerator[tuple[Store, CuttingProxy]]:
    """A store in PostgreSQL, behind a proxy; both listen on sockets in folders."""
    with postgres_server() as uri:
        server = Path(str(conninfo_to_dict(uri)["host"])) / SOCKET
        proxy = CuttingProxy(partial(asyncio.open_unix_connection, server))
        async with (
            await asyncio.start_unix_server(proxy.serve, folder / SOCKET),
            PostgresStore(make_conninfo(uri, host=str(folder))) as store,
        ):
            yield store, proxy
        await proxy.aclose()


KINDS: Final = {"redis": redis, "postgres": postgres}


class Writers:
    """Two writers of one log, and what may be in the store after what they did."""

    def __init__(self, store: Store, proxy: CuttingProxy) -> None:
        self._store: Any = store
        self._proxy = proxy
        name = uuid4().hex
        self._log, self._event = f"journal:{name}", f"event:{name}"
        self._fences = {"a": 0, "b": 0}
        self._highest = 0
        self._possible = {State()}

    async def do(self, writer: str, action: Action, cut: Cut | None = None) -> bool:
        """Do it, and check that the result is one that is right; False if none came."""
        action = Action(action.name, self._fences[writer], action.lines, action.passes)
        self._proxy.cut(cut)
        try:
            result, fence = self._opened(writer, await self._asked(action))
        except StoreUnavailable:
            self._possible = unknown(self._possible, action)
            return False
        finally:
            self._proxy.cut(None)
        before, self._possible = (
            self._possible,
            known(self._possible, action, result, fence),
        )
        assert self._possible, (action, result, before)
        return True

    def _opened(self, writer: str, reply: Any) -> tuple[Result, int]:
        if isinstance(reply, list):
            return tuple(reply), 0
        if not isinstance(reply, Opened):
            return (HELD if isinstance(reply, float) else reply), 0
        assert reply.fence > self._highest, "each fence is higher than all before"
        self._highest = self._fences[writer] = reply.fence
        return tuple(reply.lines), reply.fence

    def _asked(self, action: Action) -> Awaitable[Any]:
        store, log, event, fence = self._store, self._log, self._event, action.fence
        calls: dict[str, Callable[[], Awaitable[Any]]] = {
            "open": lambda: store.open(log),
            "acquire": lambda: store.acquire(log, ttl=0.001 if action.passes else HOUR),
            "append": lambda: store.append(log, fence, action.lines),
            "replace": lambda: store.append(log, fence, action.lines, replace=True),
            "renew": lambda: store.renew(log, fence, ttl=HOUR),
            "release": lambda: store.release(log, fence),
            "read": lambda: store.read(log),
            "delete": lambda: store.delete(log),
            "claim": lambda: store.claim(event, ttl=HOUR),
            "confirm": lambda: store.confirm(event, ttl=HOUR),
            "forget": lambda: store.forget(event),
        }
        return calls[action.name]()


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_connections_are_lost_nothing_acknowledged_is(kind: str, tmp_path: Path) -> None:
    """And no writer writes that was replaced. What got no reply was done once, or not at all."""
    with asyncio.Runner() as runner:
        context = KINDS[kind](tmp_path)
        store, proxy = runner.run(context.__aenter__())

        @settings(max_examples=budget(15, hunt=3000), deadline=None)
        @given(STEPS)
        def play(steps: list[Step]) -> None:
            runner.run(_play(store, proxy, steps))

        try:
            play()
        finally:
            runner.run(context.__aexit__(None, None, None))


async def _play(store: Store, proxy: CuttingProxy, steps: list[Step]) -> None:
    writers = Writers(store, proxy)
    for step in steps:
        await writers.do(*step)
    for name in ("read", "open", "claim"):
        assert await writers.do("a", Action(name)), "the store is found again"
