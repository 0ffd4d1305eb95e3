"""What all calls of one client have in common: its connections, its throttle, and its lifetime."""

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Any, Final

import attrs

from grafana_oncall._core.aio import CancelledInWaits
from grafana_oncall._core.request import Request
from grafana_oncall._http.sender import Received, Wire
from grafana_oncall.errors import (
    ClientStateError,
    OnCallError,
    RequestTimeout,
    TransportError,
    closed,
)
from grafana_oncall.events import Event, Listener, emit

from .rate_limit import Limiter
from .retry import Reach, RetryBudget, RetryPolicy, is_outage, is_setting, may_pass, patience_of
from .throttle import Caller, Throttle

_numbers: Final = count(1)
"""Of calls: one row for all clients of a process, so that listeners can tell them apart."""

_DROPS: Final = "it came in drops for too long"
_CLOSED: Final = "the client was closed"


def _caller(options: "Options") -> Caller:
    return Caller(
        background=options.background,
        patience=patience_of(options.retry, background=options.background),
        least=patience_of(options.retry, background=False),
    )


@attrs.frozen(kw_only=True)
class Options:
    """What may differ from call to call."""

    timeout: float
    retry: RetryPolicy
    background: bool = False
    caller: Caller = attrs.field(init=False, default=attrs.Factory(_caller, takes_self=True))
    """How its calls wait at the throttle."""


class Sending(asyncio.Future[Received]):
    """One request on its way, in a task of its own: cancelled once at most, and while it waits.

    The pool that httpx 0.28 brings, as clients of the user's own have it, loses a place for good
    when it is cancelled elsewhere, or a second time while it cleans up after the first. So whoever
    awaits this goes on when the task is over, and not before.
    """

    failure: tuple[type[TransportError], str] | None = None
    """What it is to end with and why, where that is not its caller's doing."""
    _ending = False
    _reason: Any = None
    """Of whoever cancels it. It is theirs alone: the scopes of anyio know their own by it."""

    def __init__(self, wire: Wire, request: Request[Any], timeout: float) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(loop=loop)
        self._steps = CancelledInWaits(wire.round_trip(request, timeout))
        self._task = loop.create_task(self._send())

    async def _send(self) -> None:
        try:
            response = await self._steps
        except Exception as error:  # noqa: BLE001  # of any class: it is raised to the caller
            self.set_exception(error)
        except asyncio.CancelledError:
            super().cancel(self._reason)
            raise
        else:
            self.set_result(response)

    def end(self, kind: type[TransportError], reason: str) -> None:
        """Cancels it for a reason of the client's own."""
        if not self._ending:
            self.failure = kind, reason
        self.cancel()

    def cancel(self, msg: Any = None) -> bool:
        """Cancels the task, the first time; False, for it is not over yet."""
        self._reason = msg or self._reason
        if not self._ending:
            self._ending = True
            # One that has not begun never comes to know of its end.
            self._task.add_done_callback(lambda _: super(Sending, self).cancel(self._reason))
            if self._steps.has_begun:
                self._steps.cancel()
            else:
                self._steps.close()
                self._task.cancel()
        return False


@attrs.define(kw_only=True, eq=False)
class Shared:
    """What all views of one client have in common."""

    wire: Wire
    throttle: Throttle
    limiter: Limiter | None
    listener: Listener | None
    random: Callable[[], float]
    retry_budget: RetryBudget
    loop: asyncio.AbstractEventLoop | None = None
    closing: bool = False
    closed: asyncio.Event = attrs.field(factory=asyncio.Event)
    idle: asyncio.Event = attrs.field(factory=asyncio.Event)
    under_way: int = 0
    sending: set[Sending] = attrs.field(factory=set[Sending])

    def next_number(self) -> int:
        """The number of the next call."""
        return next(_numbers)

    def emit(self, event: Event) -> None:
        """To the log and to the listener."""
        emit(event, self.listener)

    @property
    def reach(self) -> Reach:
        """What is known of the server."""
        return self.throttle.outage.reach(asyncio.get_running_loop().time())

    def may_pass(self, error: OnCallError) -> bool:
        """Whether the same may succeed later, with nobody doing anything about it here."""
        return may_pass(error, self.reach)

    def is_setting(self, error: OnCallError) -> bool:
        """Whether only a person can put it right."""
        return is_setting(error, self.reach)

    def is_lasting(self, error: OnCallError, deadline: float) -> bool:
        """Whether it is of an outage that calls with this deadline have waited for in vain."""
        # They end up to one pause before it, and began up to one timeout before the outage.
        lasted = self.throttle.outage.lasted(asyncio.get_running_loop().time())
        return lasted >= deadline / 2 and is_outage(error, self.reach)

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
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError as error:
            message = "No event loop of asyncio runs here: call the client within asyncio.run()."
            raise ClientStateError(message) from error
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
        self.throttle.close()
        try:
            for sending in self.sending:
                sending.end(TransportError, _CLOSED)
            if self.sending:
                await asyncio.wait(self.sending)
            if self.limiter is not None:
                await self.limiter.aclose()
        finally:
            await self.wire.aclose()

    async def round_trip(self, request: Request[Any], options: Options) -> Received:
        """Sends once; raises TransportError for no answer, or when the client is closed."""
        if self.closed.is_set():
            raise closed()  # since it was let in
        caller, loop = asyncio.current_task(), asyncio.get_running_loop()
        before = caller.cancelling() if caller else 0
        sending = Sending(self.wire, request, options.timeout)
        longest = max(options.timeout, options.retry.deadline)
        timer = loop.call_later(longest, sending.end, RequestTimeout, _DROPS)
        self.sending.add(sending)
        try:
            return await sending
        except asyncio.CancelledError as error:
            if sending.failure is None or (caller and caller.cancelling() > before):
                raise
            raise _unanswered(*sending.failure, request) from error
        finally:
            timer.cancel()
            self.sending.discard(sending)

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
