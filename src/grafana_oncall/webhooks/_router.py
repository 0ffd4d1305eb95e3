"""Webhooks to handlers: answered at once, handled afterwards."""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Final, Self, TypeVar

from grafana_oncall._arguments import function, whole
from grafana_oncall._values import UNSET, UnsetType
from grafana_oncall.errors import ClientStateError, NotAnEvent

from ._backlog import Backlog
from ._event import Event, parse
from ._handlers import EventName, Handler, Handlers, OnError
from ._http import Answer, Headers, Left, Receive, Refused, Scope, Send, read
from ._options import seconds, seconds_or_none
from ._repeats import Repeats
from ._secret import AUTHORIZATION, Secret

H = TypeVar("H", bound=Handler)

_logger: Final = logging.getLogger("grafana_oncall")

_PATIENCE: Final = 5.0
"""Seconds to wait for a place in a full backlog. The server repeats after 4 seconds without an
answer, and does not repeat after any answer, be it 503."""


class Router:
    """An ASGI application that takes events and hands them to handlers.

        router = Router(secret=os.environ["WEBHOOK_SECRET"])

        @router.on("alert group created", "escalation")
        async def handle(event: Event) -> None: ...

    Serve it by itself, or mount it at any path of another application. The server may run its
    lifespan (it does where the router is the whole application); elsewhere, `async with router:`
    stands round the time in which requests come.

    A request is answered as soon as its event is taken, and handlers run afterwards. Events of one
    alert group are handled in the order in which they came, those of several groups at once. An
    event that the server repeats is handled once. What was taken is lost when the process is
    killed, since the server does not send it again: `watch` finds out what happened meanwhile.

    Answers: 200 taken, or taken before; 400 no event; 401 without the secret; 405 another method
    than POST; 408 too slow; 413 too large; 503 not running, or the backlog is full. The server
    repeats an event only where no answer comes within 4 seconds, so with a full backlog it has to
    wait a little longer than that for its 503.

    Args:
        secret: The whole value of the header that the webhook sends, scheme word included. None
            lets everybody in: only where something else keeps strangers out.
        header: Name of that header.
        basic: User and password instead of `secret`, where the webhook has those.
        max_bytes: Largest body that is read.
        concurrency: Most alert groups of which an event is handled at once.
        max_backlog: Most events that were taken and are not handled yet.
        remember: Most events that are remembered, to recognise repeats.
        remember_for: For how long; at most a minute for events without a time, which are the same
            only when all of the body is, and the group entered no other state in between.
        shutdown_wait: How long the end of `async with` and of the lifespan wait for what was
            taken; None for as long as it takes.
        on_error: Called with the event and what a handler raised, after it was logged; may be
            async.

    Raises:
        InvalidArgument: A setting is missing or makes no sense.
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
        remember: int = 10_000,
        remember_for: float | timedelta = timedelta(minutes=10),
        shutdown_wait: float | timedelta | None = timedelta(seconds=30),
        on_error: OnError | None = None,
    ) -> None:
        self._handlers = Handlers(None if on_error is None else function("on_error", on_error))
        self._backlog = Backlog(0)  # of the size that is asked for once it runs
        self._working: asyncio.Task[None] | None = None
        self._closing = False
        self._secret = Secret(secret, basic)
        del secret, basic  # a traceback that shows local variables finds neither
        self._secret.check(header)
        self._max_bytes = whole("max_bytes", max_bytes)
        self._concurrency = whole("concurrency", concurrency)
        self._max_backlog = whole("max_backlog", max_backlog)
        self._repeats = Repeats(
            most=whole("remember", remember), seconds=seconds("remember_for", remember_for)
        )
        self._shutdown_wait = seconds_or_none("shutdown_wait", shutdown_wait)

    def on(self, *types: EventName) -> Callable[[H], H]:
        """Registers an async function for events of these types; for all events without any.

        Handlers of one event run one after the other, in the order of their registration. Only
        `on()` gets events of types that this release does not know.

        Raises:
            InvalidArgument: There is no such type, or what is decorated is not an async function.
        """
        return self._handlers.on(types)

    @property
    def backlog(self) -> int:
        """How many events were taken and are not handled yet."""
        return len(self._backlog)

    @property
    def running(self) -> bool:
        """Whether events are taken."""
        working = self._working
        return working is not None and not working.done() and not self._closing

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
        """Takes no more events, and waits until those that were taken are handled.

        Handlers that still run after the wait are cancelled, and a log record says how many events
        were lost. A closed router can be started again.

        Args:
            wait: How long to wait, in seconds or as a timedelta; None for as long as it takes.
                Without it, `shutdown_wait` holds.
        """
        patience = self._shutdown_wait if wait is UNSET else seconds_or_none("wait", wait)
        if self._working is None:
            return
        self._closing, working = True, self._working
        try:
            async with asyncio.timeout(patience):
                await self._backlog.done()
        except TimeoutError:
            left = self.backlog
            _logger.error("Webhooks: %d events were lost, not handled in time", left)  # noqa: TRY400  # no traceback
        finally:
            working.cancel()
            await asyncio.wait([working])
            if self._working is working:
                self._working = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The door for ASGI servers."""
        match scope["type"]:
            case "http":
                await self._serve(scope, receive, send)
            case "lifespan":
                await self._live(receive, send)
            case other:
                raise NotImplementedError(f"webhooks come by http, not by {other}")

    def __repr__(self) -> str:
        state = "running" if self.running else "not running"
        return f"<Router {state}, {len(self._handlers)} handlers, {self.backlog} events to handle>"

    def _start(self) -> None:
        if self._working is not None:
            message = "The router runs already: leave it to the server's lifespan, or to one block."
            raise ClientStateError(message)
        self._closing, self._backlog = False, Backlog(self._max_backlog)
        # No TaskGroup round the caller's block: it would hand its exceptions back in a group.
        self._working = asyncio.create_task(self._work())

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(self._concurrency):
                group.create_task(self._backlog.work(self._handlers.handle))

    async def _live(self, receive: Receive, send: Send) -> None:
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

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._answer(scope, receive)
        except Refused as refusal:
            answer = refusal.answer
        except NotAnEvent as error:
            answer = Answer(400, str(error))
        except Left:
            return
        if answer.status != 200:
            _logger.warning("A webhook is refused: %d %s", answer.status, answer.text)
        await answer.send(send)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        if scope["method"] != "POST":
            return Answer(405, "Webhooks come by POST.", [(b"allow", b"POST")])
        headers: Headers = [*scope["headers"]]
        if not self._secret.opens(headers):
            return Answer(401, "The secret is missing or wrong.")
        return await self._take(parse(await read(headers, receive, most=self._max_bytes)))

    async def _take(self, event: Event) -> Answer:
        backlog = self._backlog
        if self._repeats.knows(event, _now()):
            return _TAKEN_BEFORE
        if not self.running:
            return _NOT_RUNNING
        if not await backlog.reserve(_PATIENCE):
            return Answer(503, "The backlog is full.")
        return self._put(event, backlog)

    def _put(self, event: Event, backlog: Backlog) -> Answer:
        """Takes the event, unless the router has closed or taken a repeat of it meanwhile."""
        now = _now()
        if self.running and not self._repeats.knows(event, now):
            self._repeats.add(event, now)
            backlog.put(event)
            return Answer(200, "Taken.")
        backlog.give_back()
        return _TAKEN_BEFORE if self.running else _NOT_RUNNING


_TAKEN_BEFORE: Final = Answer(200, "Taken before.")
_NOT_RUNNING: Final = Answer(
    503, "The router is not running: start it by lifespan or `async with`."
)


def _now() -> float:
    return asyncio.get_running_loop().time()
