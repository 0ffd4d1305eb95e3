"""The ASGI application that accepts events at once, and hands them to handlers afterwards."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Final, Self, TypeVar

from grafana_oncall._core.secret import Secret
from grafana_oncall._core.text import shown
from grafana_oncall._core.tracebacks import ShortTracebacks
from grafana_oncall._core.types import UNSET, UnsetType
from grafana_oncall._validation.arguments import either_function, seconds, whole
from grafana_oncall.errors import ClientStateError, InvalidArgument, NotAnEvent
from grafana_oncall.stores import SeenStore

from . import asgi
from .asgi import Head, Receive, Rejected, Reply, Scope, Send
from .auth import AUTHORIZATION, Authenticator
from .dedupe import Dedupe, SharedDedupe
from .events import EventName
from .handlers import Handler, Handlers, OnError
from .intake import HandOn, Intake

H = TypeVar("H", bound=Handler)

_logger: Final = logging.getLogger("grafana_oncall")


class Router(ShortTracebacks):
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
    it, such as those for `acknowledge` and for `status change`. Accepted events are in memory and
    are lost when the process is killed, because OnCall does not send them again: `watch` finds what
    they were about, and `hand_on` keeps them elsewhere.

    Statuses: 200 accepted, or a duplicate; 400 not an event; 401 without the secret; 405 not a
    POST; 408 too slow; 413 too large; 503 not running, or not accepted: the backlog is full, it
    could not be handed on, the store of `seen` does not respond, or another request with the event
    is not done. OnCall repeats an event only after 4 seconds without a response or when the
    connection breaks, so a 503 for what was not accepted takes a little longer than that.

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
        on_error: Function, async or not, to call with an event and what its handler or `hand_on`
            raised, after that was logged.
        hand_on: Async function that puts an event in a queue of yours, such as
            `lambda event: task.kiq(event.raw.decode())`, instead of handlers. The request is
            answered when it has returned, so no accepted event is only in memory. If it raises, or
            takes more than 5 seconds, the event is not accepted, and OnCall repeats it up to three
            times within a minute. `concurrency` limits how many events are handed on at the same
            time; `max_backlog` has no effect.
        seen: Store of the events that were accepted, such as `RedisStore`, instead of memory. With
            the same store, a duplicate is recognized by any of several receivers, and after a
            restart; `remember` has no effect. An event without a time by which a group enters a
            state for the second time within a minute is taken for a duplicate. An event is handed
            on twice only if the process is killed, or the store fails, between that and its
            confirmation in the store.

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
        hand_on: HandOn | None = None,
        seen: SeenStore | None = None,
    ) -> None:
        hidden_secret, hidden_basic = Secret(secret), Secret(basic)
        del secret, basic  # a traceback that shows local variables finds neither
        self._max_bytes = whole("max_bytes", max_bytes)
        if whole("max_backlog_bytes", max_backlog_bytes) < max_bytes:
            message = (
                f"max_backlog_bytes={max_backlog_bytes} is less than max_bytes={max_bytes}: the "
                "largest body would never fit."
            )
            raise InvalidArgument(message, argument="max_backlog_bytes")
        memory = Dedupe(
            max_events=whole("remember", remember),
            seconds=seconds("remember_for", remember_for, zero=True),
        )
        self._handlers = Handlers(on_error)
        self._hand_on = None if hand_on is None else either_function("hand_on", hand_on)
        self._intake = Intake(
            self._handlers,
            memory if seen is None else _shared(seen, remember_for),
            self._hand_on,
            concurrency=whole("concurrency", concurrency),
            max_events=whole("max_backlog", max_backlog),
            max_bytes=max_backlog_bytes,
        )
        self._shutdown_wait = _wait("shutdown_wait", shutdown_wait)
        self._authenticator = Authenticator(header, hidden_secret, hidden_basic)

    def on(self, *types: EventName) -> Callable[[H], H]:
        """Register an async function for events of these types; without types, for all events.

        The handlers of one event run one after the other, in the order of their registration. Only
        those registered by `on()` get events of types that this release does not know.

        Raises:
            InvalidArgument: There is no such type, what is decorated is not an async function, or
                the router has `hand_on`.
        """
        if self._hand_on is not None:
            message = (
                "on: with hand_on=, a router calls no handlers. Omit it, or handle the events "
                "where the queue delivers them."
            )
            raise InvalidArgument(message, argument="hand_on")
        return self._handlers.on(types)

    @property
    def backlog(self) -> int:
        """Number of events that were accepted and are not handled yet."""
        return len(self._intake)

    @property
    def running(self) -> bool:
        """Whether events are accepted."""
        return self._intake.running

    async def __aenter__(self) -> Self:
        self._intake.start()
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
        await self._intake.aclose(self._shutdown_wait if wait is UNSET else _wait("wait", wait))

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

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            self._intake.start()
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
        return await self._intake.accept(
            await asgi.read_body(head, receive, max_bytes=self._max_bytes)
        )


def _wait(name: str, value: object) -> float | None:
    return None if value is None else seconds(name, value, zero=True)


def _shared(seen: SeenStore, remember_for: float | timedelta) -> SharedDedupe:
    if not all(callable(getattr(seen, name, None)) for name in ("claim", "confirm", "forget")):
        message = f"seen={shown(seen)}: a store is needed, such as FileStore or RedisStore."
        raise InvalidArgument(message, argument="seen")
    longest = seconds("remember_for", remember_for, zero=True)
    if longest < 1:
        message = f"remember_for={longest:g}: with seen=, at least 1 second is needed."
        raise InvalidArgument(message, argument="remember_for")
    return SharedDedupe(seen, seconds=longest)
