"""Accepts events, each once: puts them in the backlog, or hands them on.

How it works, and why it is safe. OnCall repeats an event that got no response within 4 seconds,
after 10 more, up to three times; and one whose connection broke, within a few seconds. After a
response it never does, whatever the status. So what cannot be accepted gets its 503 only after 5
seconds.

An event is claimed, then put in the backlog or handed on, and then confirmed; only then comes the
response. If it cannot be accepted, the claim is given up; if the process is killed, the claim ends
by itself, before the server has made its last repeat. Another request with the event asks again
and again whether it is confirmed, which makes it a duplicate, or free to be claimed. So none is
lost, and one is handed on twice only if the process is killed, or the store fails, after `hand_on`
did its work and before that is confirmed.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from grafana_oncall._core.handlers import failure_of
from grafana_oncall.errors import ClientStateError, StoreUnavailable

from .asgi import Reply
from .backlog import Backlog
from .dedupe import Dedupe, Identity, SharedDedupe, State
from .events import Event, outlined, parse
from .handlers import Handlers

HandOn: TypeAlias = Callable[[Event], Awaitable[object]]
"""Hands an event on to a queue, and returns when the queue has it."""

_logger: Final = logging.getLogger("grafana_oncall")

_MAX_WAIT: Final = 5.0
"""Seconds to wait for a slot or for another request with the same event, and for `hand_on`; and
after which an event that was not accepted gets its response."""
_FIRST_PAUSE: Final = 0.02
"""Seconds after which to ask again whether an event is still claimed; then twice as many,"""
_LONGEST_PAUSE: Final = 0.5
"""... up to these."""

_ACCEPTED: Final = Reply(200, "Accepted.")
_DUPLICATE: Final = Reply(200, "Duplicate.")
_NOT_RUNNING: Final = Reply(503, "The router is not running: start it by lifespan or `async with`.")
_BACKLOG_FULL: Final = Reply(503, "The backlog is full.")
_CLAIMED: Final = Reply(503, "Another request with this event is not done yet.")
_NOT_HANDED_ON: Final = Reply(503, "The event could not be handed on.")
_STORE_AWAY: Final = Reply(503, "The store of events does not respond.")
_TO_BE_REPEATED: Final = (_BACKLOG_FULL, _CLAIMED, _NOT_HANDED_ON, _STORE_AWAY)


class Intake:
    """Accepts events while it runs."""

    def __init__(
        self,
        handlers: Handlers,
        dedupe: Dedupe | SharedDedupe,
        hand_on: HandOn | None,
        *,
        concurrency: int,
        max_events: int,
        max_bytes: int,
    ) -> None:
        self._handlers = handlers
        self._dedupe = dedupe
        self._hand_on = hand_on
        self._concurrency = concurrency
        # What is handed on leaves the backlog unchanged: it only limits how many are at a time.
        self._limits = (max_events if hand_on is None else concurrency, max_bytes)
        self._backlog = Backlog(0, 0)  # replaced by one of the right size at the start
        self._workers: asyncio.Task[None] | None = None
        self._closing = False

    def __len__(self) -> int:
        return len(self._backlog)

    @property
    def running(self) -> bool:
        """Whether events are accepted."""
        workers = self._workers
        return workers is not None and not workers.done() and not self._closing

    def start(self) -> None:
        """Start to accept events; raise ClientStateError if that has been done."""
        if self._workers is not None:
            message = (
                "The router is running already: start it either by the server's lifespan or by one "
                "`async with`."
            )
            raise ClientStateError(message)
        self._closing, self._backlog = False, Backlog(*self._limits)
        # No TaskGroup around the caller's block: it would wrap its exceptions in a group.
        self._workers = asyncio.create_task(self._work())

    async def aclose(self, timeout: float | None) -> None:
        """Accept no more events, and wait so many seconds until those accepted are handled."""
        if self._workers is None:
            return
        self._closing, workers = True, self._workers
        try:
            async with asyncio.timeout(timeout):
                await self._backlog.join()
        except TimeoutError:
            _logger.error(  # noqa: TRY400  # no traceback
                "Webhooks: %d events were lost, because they were not handled in time", len(self)
            )
        finally:
            workers.cancel()
            await asyncio.wait([workers])
            if self._workers is workers:
                self._workers = None

    async def accept(self, body: bytes) -> Reply:
        """Accept the event in a body, and return the reply when OnCall is to have it."""
        deadline = _now() + _MAX_WAIT
        reply = await self._accept(body, deadline)
        if reply in _TO_BE_REPEATED:
            del body
            await asyncio.sleep(deadline - _now())
        return reply

    async def _accept(self, body: bytes, deadline: float) -> Reply:
        event, accepted = Identity.of(outlined(body)), False
        try:
            state = await self._claim(event, len(body), deadline)
        except StoreUnavailable as error:
            _logger.error("Webhooks: %s", error)  # noqa: TRY400  # no traceback
            return _STORE_AWAY
        if state != "new":
            return _DUPLICATE if state == "seen" else _CLAIMED
        try:
            reply = await self._take(body, event.group, deadline)
            accepted = reply is _ACCEPTED
        finally:
            await self._settle(event, accepted=accepted)
        return reply

    async def _claim(self, event: Identity, size: int, deadline: float) -> State:
        """Claim an event; while another request has claimed it, ask again."""
        backlog, state = self._backlog, await self._dedupe.claim(event)
        if state != "claimed" or not backlog.can_wait(size):
            return state
        pause = _FIRST_PAUSE
        with backlog.waiting(size):
            while state == "claimed" and _now() < deadline:
                await asyncio.sleep(min(pause, deadline - _now()))
                pause = min(pause * 2, _LONGEST_PAUSE)
                state = await self._dedupe.claim(event)
        return state

    async def _settle(self, event: Identity, *, accepted: bool) -> None:
        try:
            await (self._dedupe.confirm(event) if accepted else self._dedupe.forget(event))
        except StoreUnavailable as error:
            effect = "may be accepted again" if accepted else "is accepted when its claim has ended"
            _logger.error("Webhooks: a repeat of this event %s: %s", effect, error)  # noqa: TRY400  # no traceback

    async def _take(self, body: bytes, group: bytes, deadline: float) -> Reply:
        backlog, size = self._backlog, len(body)
        if not self.running:
            return _NOT_RUNNING
        if not backlog.try_reserve(size) and not (
            backlog.can_wait(size) and await backlog.reserve(size, deadline - _now())
        ):
            return _BACKLOG_FULL
        if not self.running:
            backlog.release(size)
            return _NOT_RUNNING
        if self._hand_on is None:
            backlog.put(group, body)
            return _ACCEPTED
        try:
            return await self._handed_on(self._hand_on, parse(body))
        finally:
            backlog.release(size)

    async def _handed_on(self, hand_on: HandOn, event: Event) -> Reply:
        failure: BaseException | None
        try:
            async with asyncio.timeout(_MAX_WAIT):
                failure = await failure_of(hand_on, event)
        except TimeoutError:
            failure = TimeoutError(f"It took more than {_MAX_WAIT:g} seconds.")
        if failure is None:
            return _ACCEPTED
        await self._handlers.report("hand_on", event, failure)
        return _NOT_HANDED_ON

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(self._concurrency):
                group.create_task(self._backlog.work(self._handle))

    async def _handle(self, body: bytes) -> None:
        await self._handlers.handle(parse(body))


def _now() -> float:
    return asyncio.get_running_loop().time()
