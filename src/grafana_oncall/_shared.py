"""What all calls of one client have in common: its connections, its gate, and its lifetime."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from typing import Final

import attrs

from ._limiter import Limiter
from ._pacing import Gate, closed
from ._retry import RetryPolicy, RetryQuota
from ._wire import Wire
from .errors import ClientStateError
from .events import Event, Listener, emit

in_doubt: Final = ContextVar("in_doubt", default=False)
"""Whether this task looks for the effect of a call, which it may do while the client closes."""


@attrs.frozen(kw_only=True)
class Options:
    """What may differ from call to call."""

    timeout: float
    retry: RetryPolicy
    background: bool = False


@attrs.define(kw_only=True, eq=False)
class Shared:
    """What all views of one client have in common."""

    wire: Wire
    gate: Gate
    limiter: Limiter | None
    listener: Listener | None
    random: Callable[[], float]
    quota: RetryQuota = attrs.field(factory=RetryQuota)
    numbers: "count[int]" = attrs.field(factory=lambda: count(1))
    loop: asyncio.AbstractEventLoop | None = None
    closing: bool = False
    closed: asyncio.Event = attrs.field(factory=asyncio.Event)
    idle: asyncio.Event = attrs.field(factory=asyncio.Event)
    under_way: int = 0

    def emit(self, event: Event) -> None:
        """To the log and to the listener."""
        emit(event, self.listener)

    @contextmanager
    def call(self) -> Generator[None]:
        """One more call is under way."""
        self._check_usable()
        self.under_way += 1
        self.idle.clear()
        try:
            yield
        finally:
            self.under_way -= 1
            if not self.under_way:
                self.idle.set()

    def _check_usable(self) -> None:
        loop = asyncio.get_running_loop()
        if (self.closing and not in_doubt.get()) or self.closed.is_set() or self.wire.is_closed:
            raise closed()
        if self.loop is None:
            self.loop = loop
        elif self.loop is not loop:
            raise ClientStateError(
                "The client belongs to another event loop: its connections live there. "
                "Make one client per event loop."
            )

    async def aclose(self, *, wait: bool) -> None:
        """Refuses new calls; then waits for those under way, or ends them."""
        self.closing = True
        if wait and self.under_way:
            await self.idle.wait()
        self.closed.set()
        self.gate.close()
        if self.limiter is not None:
            await self.limiter.aclose()
        await self.wire.aclose()

    async def sleep(self, seconds: float) -> None:
        """Waits so long, or raises as soon as the client is closed."""
        try:
            async with asyncio.timeout(seconds):
                await self.closed.wait()
        except TimeoutError:
            return
        raise closed()
