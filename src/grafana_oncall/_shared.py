"""What all calls of one client have in common: its connections, its gate, and its lifetime."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from itertools import count
from typing import Final

import attrs

from ._limiter import Limiter
from ._pacing import Gate, closed
from ._request import Response
from ._retry import RetryPolicy, RetryQuota
from ._wire import Wire
from .errors import ClientStateError
from .events import Event, Listener, emit

_numbers: Final = count(1)
"""Of calls: one row for all clients of a process, so that listeners can tell them apart."""


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
    loop: asyncio.AbstractEventLoop | None = None
    closing: bool = False
    closed: asyncio.Event = attrs.field(factory=asyncio.Event)
    idle: asyncio.Event = attrs.field(factory=asyncio.Event)
    under_way: int = 0
    sending: set[asyncio.Task[Response]] = attrs.field(factory=set["asyncio.Task[Response]"])

    def next_number(self) -> int:
        """The number of the next call."""
        return next(_numbers)

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
        if self.closing or self.wire.is_closed:
            raise closed()
        self._check_loop()

    def _check_loop(self) -> None:
        loop = asyncio.get_running_loop()
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
        if self.loop is not None and self.loop.is_closed():
            return  # its connections went with it
        self._check_loop()
        if wait and self.under_way:
            await self.idle.wait()
        self.closed.set()
        self.gate.close()
        try:
            for task in self.sending:
                task.cancel()
            if self.sending:
                await asyncio.wait(self.sending)
            if self.limiter is not None:
                await self.limiter.aclose()
        finally:
            await self.wire.aclose()

    async def sleep(self, seconds: float) -> None:
        """Waits so long, or raises as soon as the client is closed."""
        try:
            async with asyncio.timeout(seconds):
                await self.closed.wait()
        except TimeoutError:
            return
        raise closed()
