"""A quota that the client keeps of its own accord, counted by the `limits` package.

The window moves: at most so many requests within any stretch of so many seconds. Time is
`time.time`, as everywhere in `limits`; machines that share a quota need clocks that agree, for
each of them writes its own time into the window.
"""

import asyncio
import re
import ssl
import time
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import unquote, urlsplit

import attrs

from grafana_oncall._core.causes import strip_tracebacks
from grafana_oncall._core.text import shown
from grafana_oncall._http.redaction import Redactor
from grafana_oncall.errors import InvalidArgument, OnCallError, client_closed

if TYPE_CHECKING:
    from limits import RateLimitItem
    from limits.aio.strategies import MovingWindowRateLimiter


_UNITS: Final = {"s": 1, "m": 60, "min": 60, "h": 60 * 60, "d": 24 * 60 * 60}

_RATE: Final = re.compile(r"([1-9][0-9]{0,5})/([1-9][0-9]{0,5})?(s|min|m|h|d)")


def parse_rate(rate: object) -> tuple[int, int]:
    """How many requests, and within how many seconds: "300/5m" is (300, 300)."""
    found = _RATE.fullmatch(rate) if isinstance(rate, str) else None
    if found is None:
        message = (
            f"rate_limit={shown(rate)}: it has the form 'amount/time', such as '300/5m', '10/s' or "
            "'1000/1h'; units are s, m (or min), h and d, numbers go from 1 to 999999."
        )
        raise InvalidArgument(message, argument="rate_limit")
    amount, multiple, unit = found.groups()
    return int(amount), int(multiple or 1) * _UNITS[unit]


@attrs.frozen(kw_only=True)
class RedisAddress:
    """Where Redis is, and what opens it."""

    host: str
    port: int
    db: int
    username: str | None = attrs.field(repr=False)
    password: str | None = attrs.field(repr=False)
    tls: bool
    """The system's certificates are trusted, or those that SSL_CERT_FILE names."""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}/{self.db}"


_FORM: Final = "it has the form redis://[[user]:password@]host[:port][/db], or rediss:// for TLS"


def parse_storage(uri: object) -> RedisAddress | str:
    """What a URI means, or what is wrong with it, in words that show none of it."""
    if not isinstance(uri, str) or not (uri.isascii() and uri.isprintable()) or " " in uri:
        return f"{_FORM}, in printable ASCII without spaces."
    try:
        parts = urlsplit(uri.removeprefix("async+"))
        host, port = parts.hostname, parts.port
    except ValueError:  # its text may hold a part of the password
        return f"{_FORM}; special characters of the password are percent-encoded."
    if parts.scheme not in {"redis", "rediss"}:
        return f"a quota can be shared through Redis alone: {_FORM}."
    db = re.fullmatch(r"/?([0-9]{0,4})", parts.path)
    if not host or "," in host or db is None or "?" in uri or "#" in uri:
        return f"{_FORM}, and takes no parameters; the password is percent-encoded."
    return RedisAddress(
        host=host,
        port=port or 6379,
        db=int(db[1] or 0),
        username=unquote(parts.username or "") or None,
        password=unquote(parts.password or "") or None,
        tls=parts.scheme == "rediss",
    )


_PREFIX: Final = "grafana-oncall-sdk"

_MARGIN: Final = 0.001
"""Seconds: an entry leaves the window just after its time, and Redis tells that time rounded."""

_PATIENCE: Final = 2.0
"""Seconds within which Redis must have answered, connecting included."""


class StorageAway(OnCallError):
    """Redis does not answer, or cannot at present. It may come back."""


class Limiter:
    """The client's own quota, kept by the `limits` package.

    In memory it is of this object alone; in Redis, of all who use the same key and the same rate.
    `take` asks and never waits for the quota: that is up to the caller.

    While Redis does not answer, nothing is let through: every `take` raises an OnCallError within
    two seconds. To send without counting, or to count in memory, would use up the quota of the
    other processes unseen. Nothing was sent, so the caller can wait, and ask again.
    """

    def __init__(self, rate: str, *, storage: str | None = None, key: str) -> None:
        """`rate` such as "300/5m"; `storage` None, or the URI of a Redis.

        Raises:
            InvalidArgument: The rate or the URI makes no sense, or the package that does the
                counting is not installed.
        """
        self._rate, self._place = rate, "in memory"
        address = None if storage is None else parse_storage(storage)
        # Before anything can raise: a traceback that shows local variables must not show it.
        del storage
        amount, seconds = parse_rate(rate)
        if isinstance(address, str):
            message = f"rate_limit_storage: {address}"
            raise InvalidArgument(message, argument="rate_limit_storage")
        self._quota: _Memory | _Redis
        if address is None:
            self._quota = _Memory(amount, seconds, key)
        else:
            self._place = f"in Redis at {address}"
            self._quota = _Redis(amount, seconds, key, address)
        self._closed = False

    async def take(self) -> float:
        """0.0 when a request may go, and is counted; otherwise seconds after which to ask again.

        A task that is cancelled while it asks Redis may have taken a request that it never sends.

        Raises:
            StorageAway: Redis failed, so nothing may go.
            OnCallError: It refused the credentials.
            ClientStateError: The limiter is closed.
        """
        if self._closed:
            raise client_closed()
        try:
            delay = await self._quota.take()
        except OnCallError:
            if not self._closed:
                raise
        else:
            if not self._closed:
                return delay
            self._quota.close()  # it may have connected after all connections were closed
        raise client_closed()

    async def aclose(self) -> None:
        """Closes the connections; whoever is asking is turned away."""
        self._closed = True
        self._quota.close()
        await asyncio.sleep(0)  # the loop closes a socket in its next turn

    def __repr__(self) -> str:
        return f"Limiter({self._rate!r}, {self._place})"


class _Idle:
    """Stands where `limits` keeps the task that sweeps its memory.

    It would start one with every hit, and that task visits a thread: much for one key.
    """

    def done(self) -> bool:
        """Never, so that none is started."""
        return False

    def cancel(self) -> bool:
        """There is nothing to cancel."""
        return False


class _Memory:
    """The window as a list in memory. Nothing in here ever waits, so it cannot be interrupted."""

    def __init__(self, amount: int, seconds: int, key: str) -> None:
        try:
            # An extra.
            from limits import RateLimitItemPerSecond  # noqa: PLC0415
            from limits.aio.storage import MemoryStorage  # noqa: PLC0415
            from limits.aio.strategies import MovingWindowRateLimiter  # noqa: PLC0415
        except ImportError as error:
            raise _missing("rate_limit", "limits") from error
        self._storage = MemoryStorage()
        self._storage.timer = cast("asyncio.Task[None]", _Idle())
        self._window = MovingWindowRateLimiter(self._storage)
        self._item = RateLimitItemPerSecond(amount, seconds, _PREFIX)
        self._key = key

    async def take(self) -> float:
        """Asks, and sweeps what the window has no more use for."""
        delay = await _ask(self._window, self._item, self._key)
        del self._storage.events[self._item.key_for(self._key)][self._item.amount :]
        return delay

    def close(self) -> None:
        """Forgets all."""
        self._storage.events.clear()


class _Redis:
    """The window as a list in Redis, over one connection that one task at a time uses.

    coredis by itself lets tasks share connections, and closes one when any of its tasks is
    cancelled, or when Redis does not know a script yet: the other tasks' answers are lost with it.
    The turn is held while Redis answers, never while the quota is used up. When a connection is
    lost, coredis asks again, at most twice: a request may count double, and never not at all.
    """

    def __init__(self, amount: int, seconds: int, key: str, address: RedisAddress) -> None:
        try:
            # An extra.
            from coredis import ConnectionPool  # noqa: PLC0415
            from limits import RateLimitItemPerSecond  # noqa: PLC0415
            from limits.aio.storage import RedisStorage  # noqa: PLC0415
            from limits.aio.strategies import MovingWindowRateLimiter  # noqa: PLC0415
        except ImportError as error:
            raise _missing("rate_limit_storage", "redis") from error
        pool = ConnectionPool(
            host=address.host,
            port=address.port,
            db=address.db,
            username=address.username,
            password=address.password,
            # Ours, for that of coredis takes a certificate of whatever host.
            ssl_context=ssl.create_default_context() if address.tls else None,
            # For where it drops a cancellation, and so the timeout round it.
            connect_timeout=_PATIENCE,
            stream_timeout=_PATIENCE,
        )
        self._pool = pool
        # It documents this option, and has a type for simpler ones alone.
        options: dict[str, Any] = {"connection_pool": pool, "key_prefix": _PREFIX}
        self._window = MovingWindowRateLimiter(RedisStorage("async+redis://", **options))
        self._item = RateLimitItemPerSecond(amount, seconds, "quota")
        self._key = key
        self._turn = asyncio.Lock()
        self._failures = 0
        self._last = ""
        self._refused = False
        self._asking: asyncio.Timeout | None = None
        self._address = address

    async def take(self) -> float:
        """Asks when it is this task's turn, unless Redis failed while it waited for that."""
        failures = self._failures
        async with self._turn:
            if self._failures != failures:
                raise self._failure()
            try:
                return await self._ask()
            except Exception as error:  # of whatever kind: what fails lets nothing pass
                self._failures += 1
                self._last = self._without_password(_reason(error))
                self._refused = type(error).__name__.startswith("Auth")
                self._pool.disconnect()
                strip_tracebacks(error)  # some of whose variables hold the password
                if not self._is_repeated_by(error):
                    raise self._failure() from error
            except BaseException:
                self._pool.disconnect()  # an answer that nobody awaits would be taken for the next
                raise
            # Without the cause, for whatever answers there has repeated the password.
            raise self._failure()

    def _is_repeated_by(self, error: Exception) -> bool:
        told = "".join(traceback.format_exception(error))
        return told != self._without_password(told)

    def _without_password(self, text: str) -> str:
        password = self._address.password
        return Redactor(password, "password").text(text) if password else text

    async def _ask(self) -> float:
        task = asyncio.current_task()
        before = task.cancelling() if task else 0
        async with asyncio.timeout(_PATIENCE) as self._asking:
            delay = await _ask(self._window, self._item, self._key)
        if task and task.cancelling() > before:
            # coredis drops a cancellation that comes while it loads a script.
            raise asyncio.CancelledError
        return delay

    def close(self) -> None:
        """Closes the connection, under whomever uses it, and sends away those who wait."""
        self._failures += 1
        self._last = "closed"
        if self._asking is not None:
            with suppress(RuntimeError):  # it has ended, or is ending
                self._asking.reschedule(0.0)
        self._pool.disconnect()

    def _failure(self) -> OnCallError:
        kind = OnCallError if self._refused else StorageAway
        return kind(
            f"rate_limit_storage: the quota in Redis at {self._address} cannot be asked, so "
            f"nothing was sent: {self._last}. Repeat the call when Redis answers again, or "
            "make the client without rate_limit_storage, to keep a quota of its own."
        )


async def _ask(window: "MovingWindowRateLimiter", item: "RateLimitItem", key: str) -> float:
    """0.0, and one more entry in the window; or the seconds until its oldest entry leaves."""
    if await window.hit(item, key):
        return 0.0
    stats = await window.get_window_stats(item, key)
    if stats.remaining > 0:  # it left meanwhile
        return _MARGIN
    # The clock may have been set back: nobody waits longer than a window for that.
    seconds = min(stats.reset_time - time.time(), item.get_expiry())
    return max(seconds, 0.0) + _MARGIN


def _missing(argument: str, extra: str) -> InvalidArgument:
    message = f"{argument} needs another package: pip install 'grafana-oncall-sdk[{extra}]'"
    return InvalidArgument(message, argument=argument)


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {_PATIENCE:g} seconds"
    return f"{type(error).__name__}: {str(error).rstrip('.')}"
