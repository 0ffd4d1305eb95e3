"""The client's own rate limit: at most N requests in any window of M seconds."""

import asyncio
import re
from collections import deque
from typing import Final

from grafana_oncall._core.redis_address import parse_address
from grafana_oncall._core.secret import Secret
from grafana_oncall._core.text import shown
from grafana_oncall.errors import InvalidArgument, OnCallError, client_closed

from .redis_window import RedisWindow

_UNITS: Final = {"s": 1, "m": 60, "min": 60, "h": 60 * 60, "d": 24 * 60 * 60}

_RATE: Final = re.compile(r"([1-9][0-9]{0,5})/([1-9][0-9]{0,5})?(s|min|m|h|d)")

_MARGIN: Final = 0.001
"""Seconds to wait beyond the end of a request's stay in the window: clocks round."""


def parse_rate(rate: object) -> tuple[int, int]:
    """Return how many requests, and within how many seconds: (300, 300) for "300/5m"."""
    found = _RATE.fullmatch(rate) if isinstance(rate, str) else None
    if found is None:
        message = (
            f"rate_limit={shown(rate)}: it has the form 'amount/time', such as '300/5m', '10/s' or "
            "'1000/1h'; units are s, m (or min), h and d, numbers go from 1 to 999999."
        )
        raise InvalidArgument(message, argument="rate_limit")
    amount, multiple, unit = found.groups()
    return int(amount), int(multiple or 1) * _UNITS[unit]


class MemoryWindow:
    """At most `amount` requests within any `seconds`, by the event loop's clock."""

    def __init__(self, amount: int, seconds: int) -> None:
        self._amount = amount
        self._seconds = seconds
        self._times = deque[float](maxlen=amount)
        """Of the last requests, oldest first."""

    async def take(self) -> float:
        """Return 0.0 and count a request, or return the seconds until there is room for one."""
        now = asyncio.get_running_loop().time()
        if len(self._times) == self._amount:
            left = self._times[0] + self._seconds - now
            if left > 0:
                return left
        self._times.append(now)
        return 0.0

    async def pause(self, seconds: float) -> None:
        """Do nothing: only this client counts here, and its throttle pauses by itself."""

    async def aclose(self) -> None:
        """Forget all requests."""
        self._times.clear()


def limiter_of(rate: str | None, storage: Secret[str | None], *, key: str) -> "Limiter | None":
    """Return the limiter of a client's settings; None without a rate."""
    if rate is not None:
        return Limiter(rate, storage=storage.value, key=key)
    if storage.value is not None:
        message = "rate_limit_storage: it stores the rate limit; give rate_limit= as well."
        raise InvalidArgument(message, argument="rate_limit_storage")
    return None


class Limiter:
    """Counts requests, in memory or in Redis. It never waits for room: that is up to the caller."""

    def __init__(self, rate: str, *, storage: str | None = None, key: str) -> None:
        """Check the settings; nothing is connected yet.

        Args:
            rate: Such as "300/5m".
            storage: The URI of a Redis; None to count in memory, for this object alone.
            key: Under which to count in Redis, together with all who use the same key and rate.

        Raises:
            InvalidArgument: The rate or the URI makes no sense, or a package is not installed.
        """
        self._rate, self._place = rate, "in memory"
        address = None if storage is None else parse_address(storage)
        # Before anything can raise: a traceback that shows local variables must not show it.
        del storage
        amount, seconds = parse_rate(rate)
        if isinstance(address, str):
            message = f"rate_limit_storage: {address}"
            raise InvalidArgument(message, argument="rate_limit_storage")
        self._window: MemoryWindow | RedisWindow
        if address is None:
            self._window = MemoryWindow(amount, seconds)
        else:
            self._place = f"in Redis at {address}"
            self._window = RedisWindow(amount, seconds, key, address)
        self._closed = False

    async def take(self) -> float:
        """Return 0.0 and count a request, or return the seconds after which to ask again.

        A task that is cancelled while it asks Redis may have counted a request that it never sends.

        Raises:
            SharedPause: Another client got a 429, so nothing may be sent until that pause ends.
            StorageAway: Redis failed, so nothing may be sent.
            OnCallError: Redis refused the credentials.
            ClientStateError: The limiter is closed.
        """
        if self._closed:
            raise client_closed()
        try:
            seconds = await self._window.take()
        except OnCallError:
            if not self._closed:
                raise
        else:
            if not self._closed:
                return seconds + _MARGIN if seconds else 0.0
        raise client_closed()

    async def pause(self, seconds: float) -> None:
        """Let all clients that share the limit pause, after a 429 that this one got.

        Raises:
            OnCallError: Redis failed, or the limiter is closed: the others do not know.
        """
        if self._closed:
            raise client_closed()
        await self._window.pause(seconds)

    async def aclose(self) -> None:
        """Close the connection; tasks that are asking raise ClientStateError."""
        self._closed = True
        await self._window.aclose()

    def __repr__(self) -> str:
        return f"Limiter({self._rate!r}, {self._place})"
