"""Typed events of what happens inside a client, for logs, metrics and traces.

    OnCallClient(…, on_event=print)

A listener is called in the task that makes the call, and must not block. Several are given as a
list, and are called in its order. An exception in a listener is logged, and the call continues.
Each event is also a record of the logger `grafana_oncall`, whose `oncall` attribute is the event.
No event shows the token, a query, or a body.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from math import ceil
from typing import ClassVar, Final, TypeAlias

import attrs

from grafana_oncall._core.serializable import Occurrence

__all__ = [
    "AttemptEnded",
    "CallEnded",
    "CallStarted",
    "Event",
    "GroupsSkipped",
    "ListIncomplete",
    "Listener",
    "PageRead",
    "Paused",
    "PollEnded",
    "RetryScheduled",
]


def __dir__() -> list[str]:
    return sorted(__all__)


@attrs.frozen(kw_only=True)
class CallStarted(Occurrence):
    """A call of an operation begins; `call` is the same in all of its events."""

    level: ClassVar[int] = logging.DEBUG
    call: int
    """Tells this call from the others of the client."""
    operation: str
    """The operationId."""
    method: str
    """Method of its requests."""
    path: str
    """Path of its requests, without the query."""


@attrs.frozen(kw_only=True)
class AttemptEnded(Occurrence):
    """One request got a response, or failed. Times in seconds."""

    level: ClassVar[int] = logging.DEBUG
    call: int
    """The call that it belongs to."""
    operation: str
    """The operationId."""
    attempt: int
    """Number of the attempt, from 1."""
    status: int | None
    """Status of the response; None without one."""
    error: str | None
    """Name of the error's class; None after a success."""
    waited: float
    """Time at the throttle: for a place, or for a pause to end."""
    latency: float
    """Time from sending to the whole response."""


@attrs.frozen(kw_only=True)
class RetryScheduled(Occurrence):
    """The call will make another attempt."""

    level: ClassVar[int] = logging.INFO
    call: int
    """The call that is retried."""
    operation: str
    """The operationId."""
    attempt: int
    """Number of the attempt that failed."""
    delay: float
    """Seconds until the next one, a pause of all calls included."""
    error: str
    """Why the last attempt failed."""


@attrs.frozen(kw_only=True)
class Paused(Occurrence):
    """All calls of the client wait: for a 429, an outage, or the client's own `rate_limit`."""

    level: ClassVar[int] = logging.WARNING
    seconds: float
    """For how long."""
    reason: str
    """`throttled` (also by a 429 that another client with the same `rate_limit_storage` got) or
    `unknown_stack`, both a 429; `unreachable` (no connection, or no response), `unavailable` (a
    gateway responds in OnCall's place) or `rate_limit_storage` (its Redis does not respond), all of
    them outages; or `rate_limit`."""

    def __str__(self) -> str:
        cause = _CAUSES.get(self.reason, self.reason)
        is_long = self.seconds >= 1
        time = f"{self.seconds:.1f} s" if is_long else f"{ceil(self.seconds * 1000)} ms"
        return f"Paused: all calls of the client wait {time}, because {cause}."


_CAUSES: Final = {
    "throttled": "the server responded 429",
    "unknown_stack": (
        "the server responded 429, because it does not know the stack of grafana_url= yet and is "
        "synchronizing it: check the URL, or wait a few minutes"
    ),
    "unreachable": "the server cannot be reached, or does not respond",
    "unavailable": "a gateway responds in the server's place",
    "rate_limit_storage": "the Redis of its rate_limit_storage does not respond",
    "rate_limit": "of its own rate_limit",
}


@attrs.frozen(kw_only=True)
class PageRead(Occurrence):
    """A page of a list has arrived."""

    level: ClassVar[int] = logging.DEBUG
    operation: str
    """The operationId."""
    number: int
    """Number of the page, from 1."""
    items: int
    """How many objects it had."""
    count: int
    """How many objects all pages have, says the server."""


@attrs.frozen(kw_only=True)
class ListIncomplete(Occurrence):
    """The pages of a list have fewer items than the server counts, even when read again.

    The count did not change meanwhile, so some items were probably never on any page.
    """

    level: ClassVar[int] = logging.WARNING
    operation: str
    """The operationId."""
    items: int
    """Distinct items on the pages."""
    count: int
    """The server's count."""

    def __str__(self) -> str:
        return (
            f"ListIncomplete: {self.operation}: the server counts {self.count} items, but its "
            f"pages have only {self.items}. Narrow the list, such as by time, to see the others."
        )


@attrs.frozen(kw_only=True)
class GroupsSkipped(Occurrence):
    """A watcher, such as a bot's, leaves alert groups out, because they cannot be decoded.

    Each is reported once. Their changes, deletions included, are delivered when they can be decoded
    again; those of all other groups are delivered as ever.
    """

    level: ClassVar[int] = logging.WARNING
    number: int
    """How many groups were skipped."""
    ids: tuple[str, ...]
    """Their ids, as far as they show one."""
    path: str
    """What cannot be decoded of one of them, such as `$.results[0].title`."""

    def __str__(self) -> str:
        shown = ", ".join(self.ids[:_MAX_SHOWN]) or "without an id"
        more = ", …" if len(self.ids) > _MAX_SHOWN else ""
        return (
            f"GroupsSkipped: {self.number} alert groups cannot be decoded and are not watched: "
            f"{shown}{more} (such as at {self.path}). The server may be newer than this release: "
            "look for a newer one."
        )


_MAX_SHOWN: Final = 10
"""Ids in a line of the log."""


@attrs.frozen(kw_only=True)
class CallEnded(Occurrence):
    """The call has returned, raised, or was cancelled."""

    level: ClassVar[int] = logging.DEBUG
    call: int
    """The call that ended."""
    operation: str
    """The operationId."""
    attempts: int
    """Number of requests that were sent."""
    elapsed: float
    """Seconds since CallStarted."""
    error: str | None
    """Name of the error's class; None after a success."""


@attrs.frozen(kw_only=True)
class PollEnded(Occurrence):
    """A watcher, such as a bot's, has read what may have changed, or failed to."""

    level: ClassVar[int] = logging.DEBUG
    watched: int
    """Groups that are tracked."""
    lag: float
    """Seconds since the last poll that succeeded, or else since the first one began: for so long,
    changes went unseen."""
    error: str | None
    """Name of the error's class; None after a success."""


Event: TypeAlias = (
    CallStarted
    | AttemptEnded
    | RetryScheduled
    | Paused
    | PageRead
    | ListIncomplete
    | GroupsSkipped
    | CallEnded
    | PollEnded
)
"""Any of the events."""

Listener: TypeAlias = Callable[[Event], None]
"""Is called with each event; what it raises is logged."""

logger: Final = logging.getLogger("grafana_oncall")


def emit(event: Event, listeners: Collection[Listener] = ()) -> None:
    """Pass an event to the log and to the listeners."""
    if logger.isEnabledFor(event.level):
        logger.log(event.level, "%s", event, extra={"oncall": event})
    for listener in listeners:
        try:
            listener(event)
        except Exception:
            logger.exception("The listener failed on %s", type(event).__name__)
