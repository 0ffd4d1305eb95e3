"""The handlers of a router: which of them an event is for, and what becomes of their failures."""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import Final, Literal, TypeAlias, TypeVar

from grafana_oncall._core.aio import in_own_task, is_cancelled
from grafana_oncall._core.text import shown
from grafana_oncall._generated.webhooks import EventType
from grafana_oncall._validation.arguments import async_function
from grafana_oncall.errors import InvalidArgument

from .events import Event

EventName: TypeAlias = (
    EventType
    | Literal[
        "escalation",
        "alert group created",
        "acknowledge",
        "resolve",
        "silence",
        "unsilence",
        "unresolve",
        "unacknowledge",
        "personal notification",
    ]
)
"""A type of event to register a handler for."""

Handler: TypeAlias = Callable[[Event], Awaitable[object]]
OnError: TypeAlias = Callable[[Event, BaseException], object]

H = TypeVar("H", bound=Handler)

_logger: Final = logging.getLogger("grafana_oncall")


class Handlers:
    """Async functions by the types of events that they are for."""

    def __init__(self, on_error: OnError | None) -> None:
        self._on_error = on_error
        self._handlers: list[tuple[frozenset[str] | None, Handler]] = []

    def __len__(self) -> int:
        return len(self._handlers)

    def on(self, types: tuple[EventName, ...]) -> Callable[[H], H]:
        """Registers what it decorates; no types are all of them."""
        for one in types:
            _check_type(one)
        wanted = frozenset(map(str, types)) if types else None

        def register(handler: H) -> H:
            async_function("handler", handler)
            self._handlers.append((wanted, handler))
            return handler

        return register

    async def handle(self, event: Event) -> None:
        """Runs those that the event is for; raises only when it is cancelled."""
        for types, handler in [*self._handlers]:
            if types is None or event.type in types:
                await self._run(handler, event)

    async def _run(self, handler: Handler, event: Event) -> None:
        try:
            await in_own_task(handler(event))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001  # a cancellation of its own included
            await self._failed(event, error)
        if is_cancelled():  # which the handler may have caught
            raise asyncio.CancelledError

    async def _failed(self, event: Event, error: BaseException) -> None:
        if isinstance(error, asyncio.CancelledError) and is_cancelled():
            raise error
        about = f"{shown(str(event.type))} of {shown(event.alert_group_id)}"
        _logger.error("A handler of webhooks failed on %s", about, exc_info=error)
        if self._on_error is None:
            return
        try:
            told = self._on_error(event, error)
            if inspect.isawaitable(told):
                await in_own_task(told)
        except Exception:
            _logger.exception("on_error failed on %s", about)


def _check_type(value: object) -> None:
    known = [*EventType]
    if value not in known:
        message = (
            f"on: {shown(value)} is no type of event. Known: {', '.join(known)}; on() without a "
            "type is for every event, newer types included."
        )
        raise InvalidArgument(message, argument="types")
