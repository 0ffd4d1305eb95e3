"""A store in Redis, or in a server that speaks its protocol, such as Valkey.

How it works, and why it is safe. Each log has three keys, which share a hash slot of a cluster: its
lines, its fence, and its lease. A script compares the fence and writes the lines in one step, so a
writer that was replaced can never write between two lines of its successor. A fence is the time of
the server in microseconds, or one more than the last one: so it still rises when Redis has
forgotten the last one, and a writer from before cannot be taken for a new one.

A write is never repeated here: if its reply was lost, it may have been made, and a second one would
double its lines.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, cast
from urllib.parse import quote

from grafana_oncall._core.extras import install
from grafana_oncall._core.redis_address import connect, parse_address
from grafana_oncall._core.text import shown
from grafana_oncall._http.auth import Redactor
from grafana_oncall._validation.arguments import seconds
from grafana_oncall.errors import InvalidArgument

from .protocols import Opened
from .server import ServerStore

if TYPE_CHECKING:
    from redis.asyncio import Redis

_NEW_FENCE: Final = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local fence = string.format('%.0f', math.max(now, (redis.call('GET', KEYS[2]) or 0) + 1))
redis.call('SET', KEYS[2], fence, 'PX', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
"""

_OPEN: Final = f"""
{_NEW_FENCE}
redis.call('DEL', KEYS[3])
return {{fence, redis.call('LRANGE', KEYS[1], 0, -1)}}
"""

_ACQUIRE: Final = f"""
local left = redis.call('PTTL', KEYS[3])
if left > 0 then return left end
{_NEW_FENCE}
redis.call('SET', KEYS[3], fence, 'PX', ARGV[2])
return {{fence, redis.call('LRANGE', KEYS[1], 0, -1)}}
"""

_IF_OPEN: Final = "if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end"

_APPEND: Final = f"""
{_IF_OPEN}
if ARGV[3] == 'replace' then redis.call('DEL', KEYS[1]) end
for i = 4, #ARGV do redis.call('RPUSH', KEYS[1], ARGV[i]) end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 1
"""

_RENEW: Final = f"""
{_IF_OPEN}
redis.call('SET', KEYS[3], ARGV[1], 'PX', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 1
"""

_RELEASE: Final = f"""
{_IF_OPEN}
return redis.call('DEL', KEYS[3])
"""

_CLAIM: Final = """
if redis.call('SET', KEYS[1], 'claimed', 'NX', 'PX', ARGV[1]) then return 'new' end
return redis.call('GET', KEYS[1])
"""

_FORGET: Final = "if redis.call('GET', KEYS[1]) == 'claimed' then redis.call('DEL', KEYS[1]) end"


class RedisStore(ServerStore):
    """Journals, checkpoints and seen events in Redis or Valkey (extra `[redis]`).

        async with RedisStore("rediss://redis.example") as store:
            await client.alert_groups.bulk.silence(groups, 3600, journal=store, name="noise")

    One store serves everything in a process. It survives what Redis survives: with its default of
    `appendfsync everysec`, a crash of Redis loses up to a second of writes, and what they said was
    done is done again. Set `appendfsync always`, or use `PostgresStore`, where that matters.

    Args:
        redis: `redis://[[user]:password@]host[:port][/db]`, or `rediss://` for TLS; or a
            `redis.asyncio.Redis` or `RedisCluster` of your own, which you also close, made without
            `decode_responses=True`.
        prefix: How its keys begin; without braces.
        keep: How long a journal or checkpoint is kept after its last write; 7 days by default.
        timeout: Time within which Redis must have replied, connecting included, in seconds or as a
            timedelta; 2 seconds by default.

    Raises:
        InvalidArgument: An argument is invalid, or the extra is not installed.
    """

    _server: ClassVar = "Redis"

    def __init__(
        self,
        redis: str | Redis,
        *,
        prefix: str = "grafana-oncall",
        keep: timedelta | float = timedelta(days=7),
        timeout: timedelta | float = 2,
    ) -> None:
        self._prefix = _checked_prefix(prefix)
        self._keep = _milliseconds(seconds("keep", keep))
        self._redis, redactor = (
            _connected(redis) if isinstance(redis, str) else (_given(redis), Redactor())
        )
        from redis.exceptions import RedisError  # noqa: PLC0415  # an extra

        close = self._redis.aclose if isinstance(redis, str) else None
        super().__init__(timeout=timeout, redactor=redactor, errors=RedisError, close=close)
        names = (_OPEN, _ACQUIRE, _APPEND, _RENEW, _RELEASE, _CLAIM, _FORGET)
        self._scripts = {script: self._redis.register_script(script) for script in names}

    async def open(self, name: str) -> Opened:
        """See `JournalStore.open`."""
        return _opened(await self._run(_OPEN, self._keys(name), self._keep))

    async def acquire(self, name: str, *, ttl: float) -> Opened | float:
        """See `CheckpointStore.acquire`."""
        reply = await self._run(_ACQUIRE, self._keys(name), self._keep, _milliseconds(ttl))
        return reply / 1000 if isinstance(reply, int) else _opened(reply)

    async def append(
        self, name: str, fence: int, lines: Sequence[bytes], *, replace: bool = False
    ) -> bool:
        """See `JournalStore.append`."""
        mode = "replace" if replace else "append"
        return bool(await self._run(_APPEND, self._keys(name), fence, self._keep, mode, *lines))

    async def renew(self, name: str, fence: int, *, ttl: float) -> bool:
        """See `CheckpointStore.renew`."""
        until = _milliseconds(ttl)
        return bool(await self._run(_RENEW, self._keys(name), fence, self._keep, until))

    async def release(self, name: str, fence: int) -> None:
        """See `CheckpointStore.release`."""
        await self._run(_RELEASE, self._keys(name), fence)

    async def read(self, name: str) -> Sequence[bytes]:
        """See `JournalStore.read`."""
        lines: list[bytes] = await self._reply(self._redis.lrange(self._keys(name)[0], 0, -1))
        return lines

    async def delete(self, name: str) -> None:
        """See `JournalStore.delete`."""
        await self._reply(self._redis.delete(*self._keys(name)))

    async def claim(self, key: str, *, ttl: float) -> Literal["new", "claimed", "seen"]:
        """See `SeenStore.claim`."""
        reply: bytes = await self._run(_CLAIM, [self._seen(key)], _milliseconds(ttl))
        return "new" if reply == b"new" else "seen" if reply == b"seen" else "claimed"

    async def confirm(self, key: str, *, ttl: float) -> None:
        """See `SeenStore.confirm`."""
        await self._reply(self._redis.set(self._seen(key), "seen", px=_milliseconds(ttl)))

    async def forget(self, key: str) -> None:
        """See `SeenStore.forget`."""
        await self._run(_FORGET, [self._seen(key)])

    def _keys(self, name: str) -> list[str]:
        slot = f"{self._prefix}:{{{quote(name, safe=':')}}}"
        return [f"{slot}:lines", f"{slot}:fence", f"{slot}:lease"]

    def _seen(self, key: str) -> str:
        return f"{self._prefix}:{key}"

    async def _run(self, script: str, keys: Sequence[str], *arguments: bytes | str | int) -> Any:
        return await self._reply(self._scripts[script](keys=keys, args=arguments))


def _milliseconds(time: float) -> int:
    """Return a time as Redis takes it, which refuses zero."""
    return math.ceil(time * 1000)


def _checked_prefix(prefix: object) -> str:
    """Return the prefix; raise InvalidArgument for one that decides where a cluster keeps keys."""
    if not isinstance(prefix, str) or {*"{}"} & {*prefix}:
        message = f"prefix={shown(prefix)}: a text without braces is needed."
        raise InvalidArgument(message, argument="prefix")
    return prefix


def _connected(url: str) -> tuple[Any, Redactor]:
    address = parse_address(url)
    if isinstance(address, str):
        raise InvalidArgument(f"redis: {address}", argument="redis")
    try:
        return connect(address, retries=0), Redactor(address.password, "password")
    except ImportError as error:
        message = f"RedisStore needs another package: {install('redis')}"
        raise InvalidArgument(message, argument="redis") from error


def _given(redis: object) -> Any:
    """Return a client of the user's own; raise InvalidArgument unless it is one that will do."""
    if not callable(getattr(redis, "register_script", None)):
        message = f"redis={shown(redis)}: a URL or a redis.asyncio.Redis is needed."
        raise InvalidArgument(message, argument="redis")
    encoder = cast("Any", redis).get_encoder()
    if encoder.decode_responses:
        message = "redis: it decodes responses. Make it without decode_responses=True."
        raise InvalidArgument(message, argument="redis")
    return redis


def _opened(reply: tuple[bytes, list[bytes]]) -> Opened:
    fence, lines = reply
    return Opened(int(fence), lines)
