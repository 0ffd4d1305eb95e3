"""What stores in a server have in common: their checkpoints, their errors, and how they close."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import wraps
from types import TracebackType
from typing import Any, ClassVar, Self, TypeVar, cast

from grafana_oncall._core.tracebacks import ShortTracebacks
from grafana_oncall._http.auth import Redactor
from grafana_oncall._validation.arguments import seconds
from grafana_oncall.errors import StoreUnavailable

from .protocols import CheckpointStore, JournalStore, SeenStore, StoredCheckpoint

M = TypeVar("M", bound=Callable[..., Awaitable[object]])
R = TypeVar("R")


class ServerStore(ShortTracebacks, JournalStore, CheckpointStore, SeenStore):
    """A store in a server, over connections that it may own."""

    _server: ClassVar[str]
    """Its name in messages."""

    def __init__(
        self,
        *,
        timeout: timedelta | float,
        redactor: Redactor,
        errors: type[Exception],
        close: Callable[[], Awaitable[None]] | None,
    ) -> None:
        self._timeout = seconds("timeout", timeout)
        self._redactor = redactor
        self._errors = errors
        """The base class of those of the server's library."""
        self._close = close
        """Closes the connections; None for those of a client or pool that was passed."""

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
        """Close the connections, unless they are those of a client or pool that was passed."""
        if self._close is not None:
            await self._close()

    def checkpoint(self, name: str, *, ttl: timedelta | float = 5) -> StoredCheckpoint:
        """Return a checkpoint of this store, for `watch(checkpoint=…)`.

        Args:
            name: Which one: the replicas of a bot use the same name.
            ttl: Time after which another replica takes over from one that has died or is cut off,
                in seconds or as a timedelta.

        Raises:
            InvalidArgument: An argument is invalid.
        """
        return StoredCheckpoint(self, name, ttl)

    async def _reply(self, work: Awaitable[R]) -> R:
        """Return what the server replies in time; raise StoreUnavailable otherwise."""
        try:
            async with asyncio.timeout(self._timeout):
                return await work
        except TimeoutError:
            reason = f"no reply within {self._timeout:g} seconds"
        except (self._errors, OSError) as error:
            reason = f"{type(error).__name__}: {str(error).strip().rstrip('.')}"
        # Not in the handler: the variables of the cause's frames hold the password.
        message = f"{self._server} does not respond as it should: {self._redactor.text(reason)}."
        raise StoreUnavailable(message)


def in_time(method: M) -> M:
    """Let a method of a store raise StoreUnavailable unless the server replies in time."""

    @wraps(method)
    async def replied(self: ServerStore, /, *args: Any, **kwargs: Any) -> Any:
        return await self._reply(method(self, *args, **kwargs))  # pyright: ignore[reportPrivateUsage]  # own

    return cast("M", replied)
