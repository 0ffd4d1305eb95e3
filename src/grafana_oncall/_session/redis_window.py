"""The window of a rate limit in Redis, shared by all clients with the same token and limit.

How it works, and why it is safe. The window is a list of the times of its requests, which a script
reads and writes in one step, by the clock of Redis; so the clocks of clients need not agree. One
task at a time asks, over one connection. A failure fails all tasks that wait for their turn, so
that a Redis that is down costs them one timeout together, and no failure lets a request through:
to count in memory meanwhile would use up the limit of the other clients unseen.

A pause after a 429 is a second key, which ends with the pause, also by the clock of Redis. The
script looks at it first, so that one round trip tells about both.

A request whose reply was lost is asked for once more, and a task may be cancelled after it was
counted; so requests may count that were never sent, but none is sent that does not count.
"""

import asyncio
import traceback
from collections.abc import Sequence
from math import ceil
from typing import Any, Final

from grafana_oncall._core.causes import strip_tracebacks
from grafana_oncall._core.extras import install
from grafana_oncall._core.redis_address import RedisAddress, connect
from grafana_oncall._http.auth import Redactor
from grafana_oncall.errors import InvalidArgument, OnCallError

_TIMEOUT: Final = 2.0
"""Seconds within which Redis must have replied, connecting included."""

_TAKE: Final = """
local pause = redis.call('PTTL', KEYS[2])
if pause > 0 then return -pause end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local amount, window = tonumber(ARGV[1]), tonumber(ARGV[2]) * 1000
if redis.call('LLEN', KEYS[1]) >= amount then
    local left = redis.call('LINDEX', KEYS[1], -1) + window - now
    if left > 0 then return math.min(left, window) end
end
redis.call('LPUSH', KEYS[1], string.format('%.0f', now))
redis.call('LTRIM', KEYS[1], 0, amount - 1)
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', window))
return 0
"""
"""Count one more request and return 0, or return the milliseconds until the oldest one leaves; or,
below 0, those until the pause ends."""

_PAUSE: Final = """
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then
    redis.call('SET', KEYS[1], '429', 'PX', ARGV[1])
end
return 0
"""
"""Pause for so many milliseconds, unless the present pause lasts longer."""


class SharedPause(Exception):
    """All clients that share the rate limit pause, because one of them got a 429."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class StorageAway(OnCallError):
    """Redis does not reply, or cannot at present. It may come back."""


class RedisWindow:
    """At most `amount` requests within any `seconds`, counted under a key in Redis."""

    def __init__(self, amount: int, seconds: int, key: str, address: RedisAddress) -> None:
        try:
            self._redis = connect(address, retries=1)
        except ImportError as error:
            message = f"rate_limit_storage needs another package: {install('redis')}"
            raise InvalidArgument(message, argument="rate_limit_storage") from error
        # It has no types.
        self._take: Any = self._redis.register_script(_TAKE)
        self._pause: Any = self._redis.register_script(_PAUSE)
        window = f"grafana-oncall-sdk:{amount}/{seconds}:{key}"
        self._keys = [window, f"{{{window}}}:pause"]  # in the same slot of a cluster
        self._limits = [amount, seconds]
        self._address = address
        self._turn = asyncio.Lock()
        self._time_limit: asyncio.Timeout | None = None
        self._failures = 0
        self._last_failure = ""
        self._is_refused = False

    async def take(self) -> float:
        """Return 0.0 and count a request, or return the seconds until there is room for one.

        Raises:
            SharedPause: All clients pause after a 429, so nothing was counted.
            StorageAway: Redis failed, now or while this task waited for its turn.
            OnCallError: Redis refused the credentials.
        """
        seconds = await self._ask(self._take, self._keys, self._limits) / 1000
        if seconds < 0:
            raise SharedPause(-seconds)
        return seconds

    async def pause(self, seconds: float) -> None:
        """Let all clients pause for so long from now, unless they do already.

        Raises:
            StorageAway: Redis failed, now or while this task waited for its turn.
            OnCallError: Redis refused the credentials.
        """
        await self._ask(self._pause, self._keys[1:], [ceil(seconds * 1000)])

    async def _ask(self, script: Any, keys: Sequence[str], arguments: Sequence[int]) -> int:
        failures = self._failures
        async with self._turn:
            if self._failures != failures:
                raise self._error()
            try:
                async with asyncio.timeout(_TIMEOUT) as self._time_limit:
                    return int(await script(keys, arguments))
            except Exception as error:  # of whatever kind: what fails lets nothing through
                self._note(error)
                strip_tracebacks(error)  # some of whose variables hold the password
                if not self._shows_password(error):
                    raise self._error() from error
            finally:
                self._time_limit = None
            raise self._error()

    async def aclose(self) -> None:
        """Close the connection; fail the task that uses it, and those that wait for it."""
        self._failures += 1
        self._last_failure = "closed"
        if self._time_limit is not None and not self._time_limit.expired():
            self._time_limit.reschedule(0.0)
        async with self._turn:
            await self._redis.aclose()

    def _note(self, error: Exception) -> None:
        self._failures += 1
        self._last_failure = self._without_password(_reason(error))
        self._is_refused = type(error).__name__.startswith("Auth")

    def _shows_password(self, error: Exception) -> bool:
        shown = "".join(traceback.format_exception(error))
        return shown != self._without_password(shown)

    def _without_password(self, text: str) -> str:
        password = self._address.password
        return Redactor(password, "password").text(text) if password else text

    def _error(self) -> OnCallError:
        kind = OnCallError if self._is_refused else StorageAway
        return kind(
            f"rate_limit_storage: the rate limit in Redis at {self._address} cannot be read, so "
            f"nothing was sent: {self._last_failure}. Repeat the call when Redis is back, or make "
            "the client without rate_limit_storage, to count for itself."
        )


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no reply within {_TIMEOUT:g} seconds"
    return f"{type(error).__name__}: {str(error).rstrip('.')}"
