"""What all calls of one client have in common: its connections, its gate, and its lifetime."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any, Final

import attrs

from ._limiter import Limiter
from ._pacing import Gate, closed
from ._request import Request, Response
from ._retry import RetryPolicy, RetryQuota
from ._wire import Wire
from .errors import ClientStateError, RequestTimeout, TransportError
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
    quota: RetryQuota
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

    async def round_trip(self, request: Request[Any], options: Options) -> Response:
        """Sends once, in a task of its own, which is cancelled once at most.

        httpx 0.28 loses a connection for good when it is cancelled a second time while it cleans
        up after the first.
        """
        task = asyncio.create_task(self.wire.round_trip(request, options.timeout))
        self.sending.add(task)
        task.add_done_callback(self.sending.discard)
        try:
            async with asyncio.timeout(max(options.timeout, options.retry.deadline)):
                return await asyncio.shield(task)
        except TimeoutError as error:
            raise _unanswered(RequestTimeout, request, "it came in drops for too long") from error
        except asyncio.CancelledError as error:
            if not task.cancelled():
                raise
            raise _unanswered(TransportError, request, "the client was closed") from error
        finally:
            await _ended(task)

    async def sleep(self, seconds: float) -> None:
        """Waits so long, or raises as soon as the client is closed."""
        try:
            async with asyncio.timeout(seconds):
                await self.closed.wait()
        except TimeoutError:
            return
        raise closed()


async def _ended(task: asyncio.Task[Any]) -> None:
    """Cancels a task and waits for its end, however often the waiting is cancelled itself."""
    task.cancel()
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait({task})
    if not task.cancelled():
        task.exception()  # has been raised to the caller, unless that was cancelled


def _unanswered(kind: type[TransportError], request: Request[Any], reason: str) -> TransportError:
    operation = request.operation.id
    return kind(f"{operation}: no answer, because {reason}.", operation=operation, sent=True)
