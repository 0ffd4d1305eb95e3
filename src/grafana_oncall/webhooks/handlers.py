"""The handlers of a router: which of them get an event, and how their failures are reported."""

import logging
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias, TypeVar

from grafana_oncall._core.handlers import failure_of
from grafana_oncall._core.text import shown
from grafana_oncall._generated.models.webhooks import EventType
from grafana_oncall._validation.arguments import async_function, either_function
from grafana_oncall.errors import InvalidArgument

from .events import Event, EventName

Handler: TypeAlias = Callable[[Event], Awaitable[object]]
"""Is called with each event of its types."""

OnError: TypeAlias = Callable[[Event, BaseException], object]
"""Is called with an event whose handler failed, and with what it raised."""

H = TypeVar("H", bound=Handler)

_logger: Final = logging.getLogger("grafana_oncall")


class Handlers:
    """Async functions, registered for types of events."""

    def __init__(self, on_error: OnError | None) -> None:
        self._on_error = None if on_error is None else either_function("on_error", on_error)
        self._handlers: list[tuple[frozenset[str] | None, Handler]] = []

    def __len__(self) -> int:
        return len(self._handlers)

    def on(self, types: tuple[EventName, ...]) -> Callable[[H], H]:
        """Register a handler for these types; for all events if there are none."""
        for name in types:
            _check_type(name)
        wanted = frozenset(map(str, types)) if types else None

        def register(handler: H) -> H:
            async_function("handler", handler)
            self._handlers.append((wanted, handler))
            return handler

        return register

    async def handle(self, event: Event) -> None:
        """Call the handlers of an event in order; raise nothing but a cancellation."""
        for types, handler in [*self._handlers]:
            if types is None or event.type in types:
                failure = await failure_of(handler, event)
                if failure is not None:
                    await self.report("A webhook handler", event, failure)

    async def report(self, what: str, event: Event, failure: BaseException) -> None:
        """Log a failure, and call `on_error` with it."""
        about = f"{shown(str(event.type))} of {shown(event.alert_group_id)}"
        _logger.error("%s failed on %s", what, about, exc_info=failure)
        if self._on_error is not None:
            callback_failure = await failure_of(self._on_error, event, failure)
            if callback_failure is not None:
                _logger.error("on_error failed on %s", about, exc_info=callback_failure)


def _check_type(value: object) -> None:
    known = [*EventType]
    if value not in known:
        message = (
            f"on: {shown(value)} is not an event type. Known: {', '.join(known)}; on() without a "
            "type handles every event, newer types included."
        )
        raise InvalidArgument(message, argument="types")
