"""Webhooks to handlers: answered at once, handled afterwards."""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Final, Self, TypeVar

from grafana_oncall._core.secret import Secret
from grafana_oncall._core.types import UNSET, UnsetType
from grafana_oncall._validation.arguments import function, seconds, whole
from grafana_oncall.errors import ClientStateError, InvalidArgument, NotAnEvent

from .asgi import (
    Answer,
    Head,
    Headers,
    Left,
    Receive,
    Refused,
    Scope,
    Send,
    read,
)
from .auth import AUTHORIZATION, Authenticator
from .backlog import Backlog
from .dedupe import Repeats
from .events import Event, group_key, parse
from .handlers import EventName, Handler, Handlers, OnError

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
    event that the server repeats is handled once, and so is one that several webhooks tell of, such
    as those of `acknowledge` and of `status change`. What was taken is lost when the process is
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
        max_backlog_bytes: Most bytes of their bodies; as many again may wait to be taken. Only the
            events that are handled are decoded, which may take 25 times as much memory.
        remember: Most events that are remembered, to recognise repeats.
        remember_for: For how long; at most a minute for events without a time, which are the same
            when all of the body is that the server does not make anew for a repeat, and the group
            entered no other state in between.
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
        max_backlog_bytes: int = 64 * 1024 * 1024,
        remember: int = 10_000,
        remember_for: float | timedelta = timedelta(minutes=10),
        shutdown_wait: float | timedelta | None = timedelta(seconds=30),
        on_error: OnError | None = None,
    ) -> None:
        self._handlers = Handlers(None if on_error is None else function("on_error", on_error))
        self._backlog = Backlog(0, 0)  # of the size that is asked for once it runs
        self._working: asyncio.Task[None] | None = None
        self._closing = False
        hidden_secret, hidden_basic = Secret(secret), Secret(basic)
        del secret, basic  # a traceback that shows local variables finds neither
        self._authenticator = Authenticator(header, hidden_secret, hidden_basic)
        self._max_bytes = whole("max_bytes", max_bytes)
        self._concurrency = whole("concurrency", concurrency)
        self._room = (
            whole("max_backlog", max_backlog),
            whole("max_backlog_bytes", max_backlog_bytes),
        )
        if max_backlog_bytes < max_bytes:
            message = f"max_backlog_bytes={max_backlog_bytes}: max_bytes={max_bytes} would not fit."
            raise InvalidArgument(message, argument="max_backlog_bytes")
        self._repeats = Repeats(
            most=whole("remember", remember),
            seconds=seconds("remember_for", remember_for, zero=True),
        )
        self._shutdown_wait = _wait("shutdown_wait", shutdown_wait)

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
        patience = self._shutdown_wait if wait is UNSET else _wait("wait", wait)
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
        kind, head = scope["type"], self._head(scope)
        # Its headers have the secret. A server may fail to send the answer, and a traceback may
        # show local variables.
        del scope
        match kind:
            case "http":
                await self._serve(head, receive, send)
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
        self._closing, self._backlog = False, Backlog(*self._room)
        # No TaskGroup round the caller's block: it would hand its exceptions back in a group.
        self._working = asyncio.create_task(self._work())

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(self._concurrency):
                group.create_task(self._backlog.work(self._handle))

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

    def _head(self, scope: Scope) -> Head:
        headers: Headers = [*scope.get("headers", ())]
        lengths = [value for name, value in headers if name.lower() == b"content-length"]
        return Head(scope.get("method", ""), self._authenticator.authenticates(headers), lengths)

    async def _serve(self, head: Head, receive: Receive, send: Send) -> None:
        try:
            answer = await self._answer(head, receive)
        except Refused as refusal:
            answer = refusal.answer
        except NotAnEvent as error:
            answer = Answer(400, str(error))
        except Left:
            return
        if answer.status != 200:
            _logger.warning("A webhook is refused: %d %s", answer.status, answer.text)
        await answer.send(send)

    async def _answer(self, head: Head, receive: Receive) -> Answer:
        if head.method != "POST":
            return Answer(405, "Webhooks come by POST.", [(b"allow", b"POST")])
        if not head.is_let_in:
            return Answer(401, "The secret is missing or wrong.")
        return await self._take(await read(head, receive, most=self._max_bytes))

    async def _take(self, body: bytes) -> Answer:
        """Takes the event in a body, unless the router is closed or has taken a repeat of it."""
        backlog, size, event = self._backlog, len(body), parse(body)
        known = self._known(event)
        if known is None and not backlog.reserve_now(size):
            del event  # to wait, its body will do: it may be 25 times as large
            if not backlog.may_wait(size):
                del body  # the server sends it again
                await asyncio.sleep(_PATIENCE)
                return _FULL
            if not await backlog.reserve(size, _PATIENCE):
                return _FULL
            event = parse(body)
            known = self._known(event)
            if known is not None:
                backlog.give_back(size)
        if known is None:
            self._repeats.add(event, _now())
            backlog.put(group_key(event), body)
        return known or _TAKEN

    def _known(self, event: Event) -> Answer | None:
        """The answer to an event that is not to be taken."""
        if self._repeats.knows(event, _now()):
            return _TAKEN_BEFORE
        return None if self.running else _NOT_RUNNING

    async def _handle(self, body: bytes) -> None:
        await self._handlers.handle(parse(body))


_TAKEN: Final = Answer(200, "Taken.")
_FULL: Final = Answer(503, "The backlog is full.")
_TAKEN_BEFORE: Final = Answer(200, "Taken before.")
_NOT_RUNNING: Final = Answer(
    503, "The router is not running: start it by lifespan or `async with`."
)


def _wait(name: str, value: object) -> float | None:
    """A time in seconds; None for as long as it takes."""
    return None if value is None else seconds(name, value, zero=True)


def _now() -> float:
    return asyncio.get_running_loop().time()
