"""What happens inside a client, as typed events: for logs, metrics and traces.

    OnCallClient(…, on_event=print)

A listener is called in the task that makes the call, and must not block. When it raises, that is
logged and the call goes on. Each event is also a record of the logger `grafana_oncall`, whose
`oncall` attribute is the event. None of them shows the token, a query, or a body.
"""

import logging
from collections.abc import Callable
from typing import ClassVar, Final, TypeAlias

import attrs

__all__ = [
    "AttemptEnded",
    "CallEnded",
    "CallStarted",
    "Event",
    "ListIncomplete",
    "Listener",
    "PageRead",
    "Paused",
    "RetryScheduled",
]


@attrs.frozen(kw_only=True)
class CallStarted:
    """A call of an operation begins; `call` is the same in all events of it."""

    level: ClassVar[int] = logging.DEBUG
    call: int
    operation: str
    method: str
    path: str


@attrs.frozen(kw_only=True)
class AttemptEnded:
    """One request was answered, or failed. Times in seconds."""

    level: ClassVar[int] = logging.DEBUG
    call: int
    operation: str
    attempt: int
    """Number of the attempt, from 1."""
    status: int | None
    """Status of the answer; None without one."""
    error: str | None
    """Name of the error's class; None after a success."""
    waited: float
    """Time at the throttle: for a place, or for a pause to end."""
    latency: float
    """Time from sending to the whole answer."""


@attrs.frozen(kw_only=True)
class RetryScheduled:
    """The call goes on with another attempt."""

    level: ClassVar[int] = logging.INFO
    call: int
    operation: str
    attempt: int
    """Number of the attempt that failed."""
    delay: float
    """Seconds until the next one, a pause of all calls included."""
    error: str


@attrs.frozen(kw_only=True)
class Paused:
    """All calls of the client wait: for a 429, an outage, or the client's own `rate_limit`."""

    level: ClassVar[int] = logging.WARNING
    seconds: float
    reason: str
    """`throttled` or `unknown_stack`, both by the server; `unreachable` (no connection, or no
    answer), `unavailable` (a gateway answers in OnCall's place) or `rate_limit_storage` (its Redis
    does not answer), all of them outages; or `rate_limit`."""

    def __str__(self) -> str:
        cause = _CAUSES.get(self.reason, self.reason)
        return f"Paused: all calls of the client wait {self.seconds:.1f} s, because {cause}."


_CAUSES: Final = {
    "throttled": "the server answered 429",
    "unknown_stack": (
        "the server answered 429, for it does not know the stack of grafana_url= yet, and is "
        "learning it: check the URL, or wait some minutes"
    ),
    "unreachable": "the server cannot be reached, or does not answer",
    "unavailable": "a gateway answers in the server's place",
    "rate_limit_storage": "the Redis of its rate_limit_storage does not answer",
    "rate_limit": "of its own rate_limit",
}


@attrs.frozen(kw_only=True)
class PageRead:
    """A page of a list has arrived."""

    level: ClassVar[int] = logging.DEBUG
    operation: str
    number: int
    items: int
    count: int


@attrs.frozen(kw_only=True)
class ListIncomplete:
    """The pages of a list have fewer items than the server counts, also when they are read again.

    The count did not change meanwhile, so that some items were probably never shown.
    """

    level: ClassVar[int] = logging.WARNING
    operation: str
    items: int
    """Those that were shown, each counted once."""
    count: int
    """How many there are, as the server says."""

    def __str__(self) -> str:
        return (
            f"ListIncomplete: {self.operation}: the server counts {self.count} items, and shows "
            f"{self.items} of them. Narrow the list, such as by time, to see the others."
        )


@attrs.frozen(kw_only=True)
class CallEnded:
    """The call has returned, raised, or was cancelled."""

    level: ClassVar[int] = logging.DEBUG
    call: int
    operation: str
    attempts: int
    elapsed: float
    """Seconds since CallStarted."""
    error: str | None
    """Name of the error's class; None after a success."""


Event: TypeAlias = (
    CallStarted | AttemptEnded | RetryScheduled | Paused | PageRead | ListIncomplete | CallEnded
)
Listener: TypeAlias = Callable[[Event], None]

_logger: Final = logging.getLogger("grafana_oncall")


def is_heard(kind: type[Event], listener: Listener | None) -> bool:
    """Whether anyone wants events of this kind: where nobody does, none need be made."""
    return listener is not None or _logger.isEnabledFor(kind.level)


def emit(event: Event, listener: Listener | None) -> None:
    """Hands an event to the log and to the listener."""
    if _logger.isEnabledFor(event.level):
        _logger.log(event.level, "%s", event, extra={"oncall": event})
    if listener is None:
        return
    try:
        listener(event)
    except Exception:
        _logger.exception("The listener failed on %s", type(event).__name__)
