"""The ASGI application that accepts events at once, and hands them to handlers afterwards."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Final, Self, TypeVar

from grafana_oncall._core.secret import Secret
from grafana_oncall._core.types import UNSET, UnsetType
from grafana_oncall._validation.arguments import seconds, whole
from grafana_oncall.errors import ClientStateError, InvalidArgument, NotAnEvent

from . import asgi
from .asgi import Head, Receive, Rejected, Reply, Scope, Send
from .auth import AUTHORIZATION, Authenticator
from .backlog import Backlog
from .dedupe import Dedupe
from .events import Event, group_key, parse
from .handlers import EventName, Handler, Handlers, OnError

H = TypeVar("H", bound=Handler)

_logger: Final = logging.getLogger("grafana_oncall")

_BACKLOG_TIMEOUT: Final = 5.0
"""Seconds to wait for a slot in a full backlog. OnCall repeats an event that has had no response
for 4 seconds, and none that got a response, not even a 503."""

_ACCEPTED: Final = Reply(200, "Accepted.")
_DUPLICATE: Final = Reply(200, "Duplicate.")
_BACKLOG_FULL: Final = Reply(503, "The backlog is full.")
_NOT_RUNNING: Final = Reply(503, "The router is not running: start it by lifespan or `async with`.")


class Router:
    """An ASGI application that receives events and calls handlers.

        router = Router(secret=os.environ["WEBHOOK_SECRET"])

        @router.on("alert group created", "escalation")
        async def handle(event: Event) -> None: ...

    Serve it by itself, or mount it at any path of another application. If it is the whole
    application, the ASGI server starts and stops it (lifespan); otherwise, put `async with router:`
    around the time in which requests come.

    A request is answered as soon as its event is accepted, and handlers run afterwards. Events of
    one alert group are handled in the order in which they came, those of several groups
    concurrently. An event is handled once, even if OnCall sends it again or several webhooks send
    it, such as those for `acknowledge` and for `status change`. Accepted events are lost when the
    process is killed, because OnCall does not send them again: `watch` finds what they were about.

    Statuses: 200 accepted, or a duplicate; 400 not an event; 401 without the secret; 405 not a
    POST; 408 too slow; 413 too large; 503 not running, or the backlog is full. OnCall repeats an
    event only after 4 seconds without a response, so a 503 for a full backlog takes a little longer
    than that.

    Args:
        secret: The whole value of the header that the webhook sends, scheme included. None accepts
            every request: only where something else keeps strangers out.
        header: Name of that header.
        basic: User and password instead of `secret`, if the webhook has those.
        max_bytes: Maximum size of a body.
        concurrency: Maximum number of alert groups of which an event is handled at the same time.
        max_backlog: Maximum number of accepted events that are not handled yet.
        max_backlog_bytes: Maximum bytes of their bodies; as many again may wait for a slot. Only
            events that are being handled are decoded, which may take 25 times as much memory.
        remember: Maximum number of events to remember, to recognize duplicates.
        remember_for: How long to remember them, in seconds or as a timedelta. Events without a time
            are remembered for a minute at most; they are duplicates if all members are the same
            that OnCall does not render anew for a repeat, and the group's state has not changed.
        shutdown_wait: How long `async with` and the lifespan wait at their end until accepted
            events are handled; None for as long as it takes.
        on_error: Function, async or not, to call with an event and what its handler raised, after
            that was logged.

    Raises:
        InvalidArgument: A setting is missing or invalid.
    """

    def __init__(
        self,
        *,
        secret: str | UnsetType | None = UNSET,
        header: str = AUTHORIZATION,
        basic: tuple[str, str] | None = None,
        max_bytes: int = 1024 * 1024,
        concurrency: int = 8,
        max_backlog: int = 1000,
        max_backlog_bytes: int = 64 * 1024 * 1024,
        remember: int = 10_000,
        remember_for: float | timedelta = timedelta(minutes=10),
        shutdown_wait: float | timedelta | None = timedelta(seconds=30),
        on_error: OnError | None = None,
    ) -> None:
        self._handlers = Handlers(on_error)
        self._backlog = Backlog(0, 0)  # replaced by one of the right size at the start
        self._workers: asyncio.Task[None] | None = None
        self._closing = False
        hidden_secret, hidden_basic = Secret(secret), Secret(basic)
        del secret, basic  # a traceback that shows local variables finds neither
        self._authenticator = Authenticator(header, hidden_secret, hidden_basic)
        self._max_bytes = whole("max_bytes", max_bytes)
        self._concurrency = whole("concurrency", concurrency)
        self._backlog_limits = (
            whole("max_backlog", max_backlog),
            whole("max_backlog_bytes", max_backlog_bytes),
        )
        if max_backlog_bytes < max_bytes:
            message = (
                f"max_backlog_bytes={max_backlog_bytes} is less than max_bytes={max_bytes}: the "
                "largest body would never fit."
            )
            raise InvalidArgument(message, argument="max_backlog_bytes")
        self._dedupe = Dedupe(
            max_events=whole("remember", remember),
            seconds=seconds("remember_for", remember_for, zero=True),
        )
        self._shutdown_wait = _wait("shutdown_wait", shutdown_wait)

    def on(self, *types: EventName) -> Callable[[H], H]:
        """Register an async function for events of these types; without types, for all events.

        The handlers of one event run one after the other, in the order of their registration. Only
        those registered by `on()` get events of types that this release does not know.

        Raises:
            InvalidArgument: There is no such type, or what is decorated is not an async function.
        """
        return self._handlers.on(types)

    @property
    def backlog(self) -> int:
        """Number of events that were accepted and are not handled yet."""
        return len(self._backlog)

    @property
    def running(self) -> bool:
        """Whether events are accepted."""
        workers = self._workers
        return workers is not None and not workers.done() and not self._closing

    async def __aenter__(self) -> Self:
        self._start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self, *, wait: float | timedelta | UnsetType | None = UNSET) -> None:
        """Accept no more events, and wait until those that were accepted are handled.

        Handlers that still run after that are cancelled (and left behind if they suppress that),
        and a log record says how many events were lost. A closed router can be started again.

        Args:
            wait: How long to wait, in seconds or as a timedelta; None for as long as it takes. The
                default is `shutdown_wait`.
        """
        timeout = self._shutdown_wait if wait is UNSET else _wait("wait", wait)
        if self._workers is None:
            return
        self._closing, workers = True, self._workers
        try:
            async with asyncio.timeout(timeout):
                await self._backlog.join()
        except TimeoutError:
            _logger.error(  # noqa: TRY400  # no traceback
                "Webhooks: %d events were lost, because they were not handled in time", self.backlog
            )
        finally:
            workers.cancel()
            await asyncio.wait([workers])
            if self._workers is workers:
                self._workers = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request or the lifespan, as an ASGI server asks for."""
        kind, head = scope["type"], asgi.head_of(scope, self._authenticator.authenticates)
        # Its headers have the secret, and if the response cannot be sent, a traceback may show
        # local variables.
        del scope
        match kind:
            case "http":
                await self._serve(head, receive, send)
            case "lifespan":
                await self._lifespan(receive, send)
            case other:
                raise NotImplementedError(f"webhooks are sent by http, not by {other}")

    def __repr__(self) -> str:
        state = "running" if self.running else "not running"
        return f"<Router {state}, {len(self._handlers)} handlers, {self.backlog} events to handle>"

    def _start(self) -> None:
        if self._workers is not None:
            message = (
                "The router is running already: start it either by the server's lifespan or by one "
                "`async with`."
            )
            raise ClientStateError(message)
        self._closing, self._backlog = False, Backlog(*self._backlog_limits)
        # No TaskGroup around the caller's block: it would wrap its exceptions in a group.
        self._workers = asyncio.create_task(self._work())

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(self._concurrency):
                group.create_task(self._backlog.work(self._handle))

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            self._start()
        except ClientStateError as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        try:
            await send({"type": "lifespan.startup.complete"})
            await receive()
        finally:
            await self.aclose()
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, head: Head, receive: Receive, send: Send) -> None:
        try:
            reply = await self._reply(head, receive)
        except Rejected as rejected:
            reply = rejected.reply
        except NotAnEvent as error:
            reply = Reply(400, str(error))
        except asgi.ClientDisconnected:
            return
        if reply.status != 200:
            _logger.warning("A webhook request was rejected: %d %s", reply.status, reply.text)
        await reply.send(send)

    async def _reply(self, head: Head, receive: Receive) -> Reply:
        if head.method != "POST":
            return Reply(405, "Webhooks are sent by POST.", [(b"allow", b"POST")])
        if not head.is_authenticated:
            return Reply(401, "The secret is missing or wrong.")
        return await self._accept(await asgi.read_body(head, receive, max_bytes=self._max_bytes))

    async def _accept(self, body: bytes) -> Reply:
        """Add the event in a body to the backlog, unless it is a duplicate or there is no room.

        After a wait, whether it is a duplicate is checked again, since its repeat may have come.
        """
        backlog, size, event = self._backlog, len(body), parse(body)
        refusal = self._refusal(event)
        if refusal is None and not backlog.try_reserve(size):
            del event  # which may be 25 times as large as the body
            if not backlog.can_wait(size):
                del body  # OnCall sends it again
                await asyncio.sleep(_BACKLOG_TIMEOUT)
                return _BACKLOG_FULL
            if not await backlog.reserve(size, _BACKLOG_TIMEOUT):
                return _BACKLOG_FULL
            event = parse(body)
            refusal = self._refusal(event)
            if refusal is not None:
                backlog.release(size)
        if refusal is None:
            self._dedupe.remember(event, _now())
            backlog.put(group_key(event), body)
        return refusal or _ACCEPTED

    def _refusal(self, event: Event) -> Reply | None:
        """Return the reply to an event that is not to be handled; None for any other."""
        if self._dedupe.is_duplicate(event, _now()):
            return _DUPLICATE
        return None if self.running else _NOT_RUNNING

    async def _handle(self, body: bytes) -> None:
        await self._handlers.handle(parse(body))


def _wait(name: str, value: object) -> float | None:
    return None if value is None else seconds(name, value, zero=True)


def _now() -> float:
    return asyncio.get_running_loop().time()
