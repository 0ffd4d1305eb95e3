"""What all calls of one client share: its connections, its throttle, and its lifetime.

How calls are cancelled, and why it is safe. A request runs in its caller's task, inside an
`asyncio.timeout`. A caller that is cancelled, a time limit that is over, and `aclose` all end the
request in the same way, by a cancellation of that task; `aclose` reschedules the time limits to
now. asyncio tells them apart: a time limit raises TimeoutError only if nothing else has cancelled
the task, and that becomes an OnCallError here. So a caller's own cancellation is never swallowed,
and the client never raises a CancelledError of its own. Everything that is held meanwhile (a place
in the throttle, a connection of the pool, the count of calls) is given back in `finally` blocks,
and `aclose` closes the connections only when the last call has ended.
"""

import asyncio
import warnings
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any

import attrs

from grafana_oncall._core.request import Request, Response
from grafana_oncall._core.secret import Secret
from grafana_oncall._http.auth import is_service_account
from grafana_oncall._http.sender import Connection, Sender, Target
from grafana_oncall.errors import (
    ClientStateError,
    OnCallError,
    RequestTimeout,
    TransportError,
    client_closed,
)
from grafana_oncall.events import Event, Listener, emit

from .credentials import Credentials, Token
from .rate_limit import Limiter
from .retry import Reachability, is_outage, is_temporary, needs_intervention
from .retry_policy import RetryBudget, RetryPolicy, outage_patience
from .throttle import Caller, Throttle


def _caller(options: "Options") -> Caller:
    return _caller_of(options.retry, background=options.background, yields=options.yields)


@lru_cache(maxsize=16)
def _caller_of(retry: RetryPolicy, *, background: bool, yields: bool) -> Caller:
    """Work it out once for the many clients with the same settings."""
    return Caller(
        background=background or yields,
        max_outage=outage_patience(retry, background=background),
        min_wait=outage_patience(retry, background=False),
    )


@attrs.frozen(kw_only=True)
class Options:
    """What may differ from call to call."""

    timeout: float
    retry: RetryPolicy
    background: bool = False
    yields: bool = False
    """Whether its calls wait at the throttle behind all others, and yet give up as they do."""
    confirm: Callable[[], Awaitable[None]] | None = None
    """Awaited by each attempt behind the throttle; raises an OnCallError if it may not be sent."""
    caller: Caller = attrs.field(init=False, default=attrs.Factory(_caller, takes_self=True))
    """How its calls wait at the throttle."""


@attrs.define(kw_only=True, eq=False)
class Shared:
    """What a client and all that `with_options` makes of it share."""

    target: Target
    sender: Sender
    throttle: Throttle
    limiter: Limiter | None
    credentials: Credentials | None
    """The tokens, unless one constant token is all that there is: the sender has that."""
    listeners: tuple[Listener, ...]
    random: Callable[[], float]
    retry_budget: RetryBudget
    loop: asyncio.AbstractEventLoop | None = None
    closing: bool = False
    closed: asyncio.Event = attrs.field(factory=asyncio.Event)
    idle: asyncio.Event = attrs.field(factory=asyncio.Event)
    in_flight: int = 0
    """Calls that have begun and not ended, whether they are sending or waiting."""
    time_limits: set[asyncio.Timeout] = attrs.field(factory=set[asyncio.Timeout])
    """Of the requests that are being sent."""

    def __del__(self) -> None:
        # Given clients are not closed, and given transports are mostly function calls, as a fake's.
        if self.loop is not None and not self.closing and self.sender.opens_connections:
            message = (
                f"OnCallClient(url={self.target.base_url!r}) was not closed: use `async with`, or "
                "await its aclose()."
            )
            warnings.warn(message, ResourceWarning, stacklevel=2, source=self)

    def emit(self, event: Event) -> None:
        """Emit an event to the log and to the listeners."""
        emit(event, self.listeners)

    @property
    def reach(self) -> Reachability:
        """What is known of the server."""
        return self.throttle.outage.reach(asyncio.get_running_loop().time())

    def has_account(self, token: Secret[str] | None) -> bool:
        """Whether it is a service account that sends, with this token or with the only one."""
        return is_service_account(token or Secret(self.target.headers.value["authorization"]))

    def is_temporary(self, error: OnCallError) -> bool:
        """Whether the same request may succeed later, with the same program and settings."""
        return is_temporary(error, self.reach)

    def needs_intervention(self, error: OnCallError) -> bool:
        """Whether waiting does not help: someone must change a setting, here or on the server."""
        return needs_intervention(error, self.reach)

    def is_lasting_outage(self, error: OnCallError, deadline: float) -> bool:
        """Whether calls with this deadline have waited in vain for the end of an outage."""
        # They end up to one pause before it, and began up to one timeout before the outage.
        lasted = self.throttle.outage.lasted(asyncio.get_running_loop().time())
        return lasted >= deadline / 2 and is_outage(error, self.reach)

    def __enter__(self) -> None:
        """Begin a call, for whose end `aclose` waits; raise ClientStateError if none may begin."""
        if self.closing:
            raise client_closed()
        try:
            is_known = asyncio.get_running_loop() is self.loop
        except RuntimeError:
            is_known = False
        if not is_known:
            self._check_loop()
        self.in_flight += 1
        self.idle.clear()

    def __exit__(self, *_: object) -> None:
        """End a call."""
        self.in_flight -= 1
        if not self.in_flight:
            self.idle.set()

    def _check_loop(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError as error:
            message = "No asyncio event loop is running: call the client within asyncio.run()."
            raise ClientStateError(message) from error
        if self.loop is None:
            self.loop = loop
        elif self.loop is not loop:
            raise ClientStateError(
                "The client belongs to another event loop: its connections live there. "
                "Make one client per event loop."
            )

    async def aclose(self, *, wait: bool) -> None:
        """Refuse new calls; then wait for those in flight, or end them."""
        self.closing = True
        if self.loop is not None and self.loop.is_closed():
            return  # its connections went with it
        self._check_loop()
        if wait:
            await self._all_ended()
        self.closed.set()
        self.throttle.close()
        try:
            for limit in self.time_limits:
                if not limit.expired():
                    limit.reschedule(0.0)
            if self.limiter is not None:
                await self.limiter.aclose()
            await self._all_ended()
        finally:
            await self.sender.aclose()

    async def _all_ended(self) -> None:
        if self.in_flight:
            await self.idle.wait()

    async def round_trip(
        self, request: Request[Any], options: Options, token: Secret[str] | None = None
    ) -> tuple[Response, Connection | None]:
        """Send once; raise an OnCallError when no response comes, or the client is closed."""
        if self.closed.is_set():
            raise client_closed()  # since it was let in
        seconds = max(options.timeout, options.retry.deadline)
        try:
            async with asyncio.timeout(seconds) as limit:
                self.time_limits.add(limit)
                try:
                    return await self.sender.send(request, options.timeout, token)
                finally:
                    self.time_limits.discard(limit)
        except TimeoutError:
            pass
        # Not in the handler: the error's traceback holds the headers that were sent.
        if self.closed.is_set():
            raise _no_response(TransportError, "the client was closed", request)
        reason = f"it was not complete within {seconds:g} s (timeout= or RetryPolicy.deadline)"
        raise _no_response(RequestTimeout, reason, request)

    async def get_token(
        self, token: Token, options: Options, refused: Secret[str] | None = None
    ) -> bool:
        """Ask for a token that is not known yet, or was refused; return whether it is another now.

        It ends when the client is closed, and after as long as a request may take.
        """
        if refused is None and token.current is not None:
            return True
        seconds = max(options.timeout, options.retry.deadline)
        try:
            async with asyncio.timeout(seconds) as limit:
                self.time_limits.add(limit)
                try:
                    return await token.get(refused)
                finally:
                    self.time_limits.discard(limit)
        except TimeoutError:
            pass
        raise client_closed() if self.closed.is_set() else token.timed_out(seconds)

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds; raise ClientStateError as soon as the client is closed."""
        try:
            async with asyncio.timeout(seconds):
                await self.closed.wait()
        except TimeoutError:
            return
        raise client_closed()


def _no_response(kind: type[TransportError], reason: str, request: Request[Any]) -> TransportError:
    operation = request.operation.id
    return kind(f"{operation}: no response, because {reason}.", operation=operation, sent=True)
