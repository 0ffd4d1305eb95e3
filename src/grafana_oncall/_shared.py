"""What all calls of one client have in common: its connections, its gate, and its lifetime."""

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Any, Final

import attrs

from ._limiter import Limiter
from ._pacing import Gate, closed
from ._request import Request, Response
from ._retry import RetryPolicy, RetryQuota
from ._wire import Wire
from .errors import ClientStateError, RequestTimeout, TransportError
from .events import Event, Listener, emit, is_heard

_numbers: Final = count(1)
"""Of calls: one row for all clients of a process, so that listeners can tell them apart."""

_DROPS: Final = "it came in drops for too long"
_CLOSED: Final = "the client was closed"


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
    quota: RetryQuota
    loop: asyncio.AbstractEventLoop | None = None
    closing: bool = False
    closed: asyncio.Event = attrs.field(factory=asyncio.Event)
    idle: asyncio.Event = attrs.field(factory=asyncio.Event)
    under_way: int = 0
    sending: dict[asyncio.Timeout, asyncio.Future[None]] = attrs.field(
        factory=dict[asyncio.Timeout, asyncio.Future[None]]
    )
    """What ends the requests that are on their way, and tells that they have ended."""

    def next_number(self) -> int:
        """The number of the next call."""
        return next(_numbers)

    def hears(self, kind: type[Event]) -> bool:
        """Whether events of this kind need be made."""
        return is_heard(kind, self.listener)

    def emit(self, event: Event) -> None:
        """To the log and to the listener."""
        emit(event, self.listener)

    def begin(self) -> None:
        """One more call is under way; whoever began one must `end` it."""
        self._check_usable()
        self.under_way += 1
        self.idle.clear()

    def end(self) -> None:
        """One call less is under way."""
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
            for timer in self.sending:
                if not timer.expired():
                    timer.reschedule(0)
            if self.sending:
                await asyncio.wait(self.sending.values())
            if self.limiter is not None:
                await self.limiter.aclose()
        finally:
            await self.wire.aclose()

    async def round_trip(self, request: Request[Any], options: Options) -> Response:
        """Sends once; raises TransportError for no answer, or when the client is closed."""
        timer = asyncio.timeout(max(options.timeout, options.retry.deadline))
        self.sending[timer] = asyncio.get_running_loop().create_future()
        try:
            async with timer:
                return await self.wire.round_trip(request, options.timeout)
        except TimeoutError as error:
            if not timer.expired():
                raise
            if self.closed.is_set():
                raise _unanswered(TransportError, _CLOSED, request) from error
            raise _unanswered(RequestTimeout, _DROPS, request) from error
        finally:
            self.sending.pop(timer).set_result(None)

    async def sleep(self, seconds: float) -> None:
        """Waits so long, or raises as soon as the client is closed."""
        try:
            async with asyncio.timeout(seconds):
                await self.closed.wait()
        except TimeoutError:
            return
        raise closed()


def _unanswered(kind: type[TransportError], reason: str, request: Request[Any]) -> TransportError:
    operation = request.operation.id
    return kind(f"{operation}: no answer, because {reason}.", operation=operation, sent=True)
