"""Stores in real servers, and in files."""

import asyncio
import random
import traceback
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg_pool import AsyncConnectionPool
from redis.crc import key_slot

from grafana_oncall.errors import InvalidArgument, StoreUnavailable
from grafana_oncall.stores import FileStore, Opened, PostgresStore, RedisStore
from grafana_oncall.testing import MemoryStore, check_store
from tests.support.budget import budget
from tests.support.postgres_server import postgres_server
from tests.support.redis_server import PASSWORD, RedisServer, redis_server

Store: TypeAlias = FileStore | RedisStore | PostgresStore

HOUR: Final = 3600.0
NAN: Final = float("nan")
NUMBER: Final[Any] = 7


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One server for all tests."""
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """One server for all tests."""
    with postgres_server() as uri:
        yield uri


def made(kind: str, request: pytest.FixtureRequest) -> Callable[[], Store]:
    """A function that makes stores of a kind, which all have the same content."""
    if kind == "file":
        return partial(FileStore, request.getfixturevalue("tmp_path") / "store")
    address = request.getfixturevalue(kind)
    return partial(RedisStore, address.uri) if kind == "redis" else partial(PostgresStore, address)


async def close(*stores: Store) -> None:
    """Close the connections of those that have any."""
    for store in stores:
        if not isinstance(store, FileStore):
            await store.aclose()


KINDS: Final = pytest.mark.parametrize("kind", ["file", "redis", "postgres"])


@pytest.fixture(params=["file", "redis", "postgres"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """A store of each kind."""
    store = made(request.param, request)()
    yield store
    await close(store)


async def test_it_keeps_every_promise(store: Store) -> None:
    """Those of all three protocols."""
    await check_store(store)


@KINDS
async def test_two_stores_see_the_same(kind: str, request: pytest.FixtureRequest) -> None:
    """They may be in different processes."""
    make = made(kind, request)
    first, second = make(), make()
    opened = await first.open("shared")
    await first.append("shared", opened.fence, [b"1"])
    assert [*(await second.open("shared")).lines] == [b"1"]
    assert not await first.append("shared", opened.fence, [b"2"])
    await close(first, second)


ACTIONS: Final = ("open", "acquire", "append", "replace", "renew", "release", "read", "delete")
STEPS: Final = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from(ACTIONS), st.lists(st.binary(max_size=5))),
    max_size=30,
)
Step: TypeAlias = tuple[str, str, list[bytes]]


class Writer:
    """Does the same with a log in a store and in memory, with the fence that each gave it."""

    def __init__(self, store: Any, name: str) -> None:
        self._store = store
        self._name = name
        self._fence = 0

    async def do(self, action: str, lines: Sequence[bytes]) -> object:
        """Return what can be compared: everything but the fence and the time that is left."""
        match action:
            case "open" | "acquire":
                return self._opened(await self._open(action))
            case "append" | "replace":
                replace = action == "replace"
                return await self._store.append(self._name, self._fence, lines, replace=replace)
            case "renew":
                return await self._store.renew(self._name, self._fence, ttl=HOUR)
            case "release":
                return await self._store.release(self._name, self._fence)
            case "read":
                return [*await self._store.read(self._name)]
            case _:
                return await self._store.delete(self._name)

    async def _open(self, action: str) -> Opened | float:
        if action == "open":
            opened: Opened = await self._store.open(self._name)
            return opened
        lease: Opened | float = await self._store.acquire(self._name, ttl=HOUR)
        return lease

    def _opened(self, opened: Opened | float) -> object:
        if not isinstance(opened, Opened):
            return "someone else has it"
        assert opened.fence > self._fence
        self._fence = opened.fence
        return [*opened.lines]


@KINDS
def test_whatever_is_done_it_does_as_one_in_memory(
    kind: str, request: pytest.FixtureRequest
) -> None:
    """Two writers, who open, take over, write, and lose what they had, in any order."""
    store = made(kind, request)()
    with asyncio.Runner() as runner:

        @settings(max_examples=budget(40, hunt=5000), deadline=None)
        @given(STEPS)
        def compare(steps: list[Step]) -> None:
            runner.run(_compare(store, steps))

        try:
            compare()
        finally:
            runner.run(close(store))


async def _compare(store: Store, steps: list[Step]) -> None:
    model = MemoryStore()
    await store.delete("log")
    writers = {who: (Writer(store, "log"), Writer(model, "log")) for who in "ab"}
    for who, action, lines in steps:
        real, remembered = [await one.do(action, lines) for one in writers[who]]
        assert real == remembered, (who, action, lines)


async def test_a_connection_that_was_cut_while_idle_is_replaced(
    redis: RedisServer, postgres: str
) -> None:
    """By firewalls, or servers that close what is idle: no operation fails."""
    async with RedisStore(redis.uri) as store, redis.client() as client:
        opened = await store.open("idle")
        await client.client_kill_filter(_type="normal", skipme=True)
        await client.ping()  # until then, the loop has seen that the other connection has ended
        assert await store.append("idle", opened.fence, [b"1"])
    async with PostgresStore(postgres) as other:
        opened = await other.open("idle")
        with psycopg.connect(postgres, autocommit=True) as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where pid <> pg_backend_pid() and backend_type = 'client backend'"
            )
        assert await other.append("idle", opened.fence, [b"1"])


async def test_a_server_that_is_away_is_an_error_without_its_password(tmp_path: Path) -> None:
    """And a store finds the server again when it is back."""
    server = RedisServer.start(tmp_path)
    try:
        async with RedisStore(server.uri) as store:
            await store.open("log")
            server.stop()
            with pytest.raises(StoreUnavailable, match="Redis") as caught:
                await store.open("log")
            assert PASSWORD not in str(caught.value)
            assert caught.value.__cause__ is caught.value.__context__ is None
            again = RedisServer.start(tmp_path, server.port)
            try:
                assert (await store.open("log")).lines == []
            finally:
                again.stop()
    finally:
        server.stop()


async def test_a_wrong_password_is_an_error_that_shows_it_nowhere(redis: RedisServer) -> None:
    """Of Redis; PostgreSQL's own messages name the user only."""
    async with RedisStore(redis.uri.replace("meow", "purr")) as store:
        with pytest.raises(StoreUnavailable, match="password") as caught:
            await store.open("log")
    assert "purr" not in repr(caught.value)
    assert "purr" not in repr(store)


async def test_a_postgres_that_is_away_is_an_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its pool logs each attempt to connect."""
    async with PostgresStore(f"host={tmp_path} dbname=postgres", timeout=0.2) as store:
        with pytest.raises(StoreUnavailable, match="PostgreSQL"):
            await store.open("log")
    assert {record.name for record in caplog.records} <= {"psycopg.pool"}


@pytest.mark.parametrize(
    "text", ["postgresql//u:hush@db", "host=db password", "postgresql://u:hush@["]
)
def test_what_is_no_connection_string_is_refused_without_showing_it(text: str) -> None:
    """The errors of libpq repeat parts of it."""
    with pytest.raises(InvalidArgument, match="no connection string") as caught:
        PostgresStore(text)
    assert "hush" not in "".join(traceback.format_exception(caught.value))


async def test_an_error_of_postgres_shows_no_password(postgres: str) -> None:
    """Not even one that is the name of the database, which its messages repeat."""
    async with PostgresStore(f"{postgres}&dbname=hush-hush&password=hush-hush", timeout=2) as store:
        with pytest.raises(StoreUnavailable) as caught:
            await store.open("log")
    assert "hush" not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__cause__ is caught.value.__context__ is None, "their frames have it"


async def test_a_fence_rises_even_if_redis_has_lost_everything(redis: RedisServer) -> None:
    """Who wrote before cannot be taken for who writes now."""
    async with RedisStore(redis.uri) as store, redis.client() as client:
        before = await store.open("lost")
        await client.flushdb()
        assert not await store.append("lost", before.fence, [b"1"])
        after = await store.open("lost")
        assert after.fence > before.fence
        assert not await store.append("lost", before.fence, [b"1"])


async def test_redis_forgets_a_log_some_time_after_its_last_write(redis: RedisServer) -> None:
    """Seven days, unless `keep` says otherwise; each write starts that time again."""
    async with RedisStore(redis.uri, keep=1000) as store, redis.client() as client:
        opened = await store.open("kept")
        await store.append("kept", opened.fence, [b"1"])
        keys = [key async for key in client.scan_iter("*kept*")]
        assert len(keys) == 2
        for key in keys:
            await client.pexpire(key, 10_000)
        await store.append("kept", opened.fence, [b"2"])
        left = [await client.pttl(key) for key in keys]
        assert all(900_000 < milliseconds <= 1_000_000 for milliseconds in left)


@pytest.mark.parametrize("name", ["plain", "{braces}", "}{", "{}", "a b", "é"])
async def test_the_keys_of_a_log_are_in_one_slot_of_a_cluster(
    redis: RedisServer, name: str
) -> None:
    """So that a script may use them together."""
    async with RedisStore(redis.uri, prefix="slots") as store, redis.client() as client:
        await client.flushdb()
        opened = await store.acquire(name, ttl=10)
        assert isinstance(opened, Opened)
        await store.append(name, opened.fence, [b"1"])
        keys = [key async for key in client.scan_iter("slots:*")]
        assert len(keys) == 3
        assert len({key_slot(key) for key in keys}) == 1


async def test_a_client_of_the_users_own_is_not_closed(redis: RedisServer) -> None:
    """It may serve others as well."""
    async with redis.client() as client:
        async with RedisStore(client) as store:
            await store.open("own")
        assert await client.ping()
        with pytest.raises(InvalidArgument, match="decode_responses"):
            RedisStore(redis.client(decode_responses=True))


async def test_a_pool_of_the_users_own_is_not_closed(postgres: str) -> None:
    """Whether it commits by itself or not."""
    async with AsyncConnectionPool(postgres, min_size=1, open=False) as pool:
        async with PostgresStore(pool) as store:
            await check_store(store)
        async with pool.connection() as connection:
            assert await (await connection.execute("select 1")).fetchone() == (1,)


async def test_many_stores_make_the_table_together(postgres: str) -> None:
    """In a schema of its own, too."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("create schema oncall")
    async with AsyncExitStack() as stack:
        stores = [
            await stack.enter_async_context(PostgresStore(postgres, table="oncall.logs"))
            for _ in range(5)
        ]
        opened = await asyncio.gather(*(one.open("log") for one in stores))
        assert len({one.fence for one in opened}) == 5


async def test_postgres_deletes_what_is_too_old_when_a_store_is_first_used(postgres: str) -> None:
    """By its last write; what is written to stays, however old it is."""
    async with PostgresStore(postgres, table="purged") as store:
        old, new = await store.open("old"), await store.open("new")
        await store.append("old", old.fence, [b"1"])
        await store.append("new", new.fence, [b"1"])
        with psycopg.connect(postgres, autocommit=True) as connection:
            connection.execute(
                "update purged set touched = now() - interval '8 days' where line is null"
            )
        await store.append("new", new.fence, [b"2"])
    async with PostgresStore(postgres, table="purged") as later:
        assert [*await later.read("old")] == []
        assert [*await later.read("new")] == [b"1", b"2"]
        await later.open("old")
        assert not await later.append("old", old.fence, [b"2"]), "by whoever wrote before"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        pytest.param(lambda: RedisStore("http://redis"), "redis: Redis is what", id="scheme"),
        pytest.param(lambda: RedisStore(NUMBER), "redis=7: a URL", id="no client"),
        pytest.param(lambda: RedisStore("redis://r", keep=0), "keep", id="keeps nothing"),
        pytest.param(lambda: RedisStore("redis://r", timeout=NAN), "timeout=nan", id="timeout"),
        pytest.param(lambda: RedisStore("redis://r", prefix="{}"), "prefix='{}'", id="prefix"),
        pytest.param(lambda: RedisStore("redis://r", prefix=NUMBER), "prefix=7", id="no prefix"),
        pytest.param(lambda: PostgresStore("dbname=x", keep=-1), "keep=-1", id="keep"),
        pytest.param(lambda: PostgresStore("dbname=x", table=NUMBER), "table=7", id="no table"),
        pytest.param(lambda: PostgresStore(NUMBER), "postgres=7", id="no pool"),
        pytest.param(lambda: PostgresStore("x", table="a;b"), "table='a;b'", id="table"),
        pytest.param(lambda: FileStore(NUMBER), "directory=7: a path", id="no path"),
        pytest.param(lambda: FileStore("x", fsync=NUMBER), "fsync=7: a bool", id="fsync"),
        pytest.param(lambda: FileStore("x", timeout=0), "timeout=0", id="no time"),
    ],
)
def test_what_makes_no_sense_is_refused(make: Any, message: str) -> None:
    """Before anything is sent."""
    with pytest.raises(InvalidArgument, match=message):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: FileStore("x"),
        lambda: RedisStore("redis://r"),
        lambda: PostgresStore("dbname=x"),
        MemoryStore,
    ],
    ids=["file", "redis", "postgres", "memory"],
)
async def test_a_checkpoint_that_makes_no_sense_is_refused(make: Any) -> None:
    """By whatever keeps it, before anything is sent."""
    store = make()
    for ttl in (0, -1, NAN, True, "5", timedelta(0)):
        with pytest.raises(InvalidArgument, match="ttl="):
            store.checkpoint("noise", ttl=ttl)
    for name in ("", "x" * 501, "a\0b", "\ud800", NUMBER):
        with pytest.raises(InvalidArgument, match="name="):
            store.checkpoint(name)
    assert store.checkpoint("noise", ttl=timedelta(seconds=2)).ttl == 2.0


async def test_the_longest_names_and_the_shortest_times_are_kept(store: Store) -> None:
    """An index of PostgreSQL bounds the former, and Redis counts milliseconds."""
    chance = random.Random(7)  # noqa: S311  # no secret
    name = "".join(chr(chance.randrange(0x10000, 0x20000)) for _ in range(500))
    log = f"{store.checkpoint(name).log}:0123456789ab:1000000"
    assert isinstance(await store.acquire(log, ttl=1e-6), Opened)
    opened = await store.open(log)
    assert await store.append(log, opened.fence, [b"1"])
    assert [*await store.read(log)] == [b"1"]
    await store.delete(log)
