"""Dedupe events: OnCall sends an event again that got no response in time.

How it works, and why it is safe. The server repeats an event up to 42 seconds after the first time,
and renders its body anew from the group's present state; and several webhooks may send the same
event. So events are compared by their keys, which leave out what can differ between two sendings of
one event (`Event.key`). Most events have a time; they are remembered for `remember_for`.

Everything without a time of its own that looks the same within a minute is taken for a repeat;
after that, it is another event, such as that of an escalation that repeats itself. In memory, an
event without a time that says that the group entered a state (unacknowledged, unresolved …) is also
compared by a count of the group's state changes, because a group can enter a state again after it
has left it. A store has no such count: each replica sees only some of a group's events.

An event is claimed before anything is done with it, and then confirmed or forgotten, so that of two
requests at the same time one waits for the other. In memory, no claim outlives its request. In a
store it ends by itself when its replica has been killed.
"""

import asyncio
from collections import OrderedDict
from typing import Final, Literal, Self, TypeAlias, TypeVar

import attrs

from grafana_oncall._generated.models.webhooks import EventType
from grafana_oncall.stores import SeenStore

from .events import Event, group_key, meaning

K = TypeVar("K")
V = TypeVar("V")

State: TypeAlias = Literal["new", "claimed", "seen"]

_MAX_SECONDS_UNTIMED: Final = 60.0
"""Maximum time to remember an event without a time of its own."""

_CLAIM_SECONDS: Final = 15.0
"""How long a claim lasts in a store: 5 seconds to wait for a slot, 5 to hand the event on, and 5 to
confirm it. OnCall repeats an event 14 seconds after it sent it, and waits 4 for the response."""


@attrs.frozen
class Identity:
    """What is kept of an event to recognize it: little, however large its body is."""

    key: str
    group: bytes
    enters: EventType | None
    """Its type, if a group enters a state by it."""
    has_time: bool

    @classmethod
    def of(cls, event: Event) -> Self:
        """Return the identity of an event."""
        enters = event.type if meaning(event).enters_state else None
        return cls(event.key, group_key(event), enters, event.occurred_at is not None)

    def seconds(self, remember_for: float) -> float:
        """Return how long to remember it."""
        return remember_for if self.has_time else min(remember_for, _MAX_SECONDS_UNTIMED)


class Dedupe:
    """Remembers events in memory, limited in number and time, in seconds of the loop's clock."""

    def __init__(self, *, max_events: int, seconds: float) -> None:
        self._max_events = max_events
        self._seconds = seconds
        self._claimed = set[str]()
        self._remembered_until: OrderedDict[tuple[str, int], float] = OrderedDict()
        self._state_changes: OrderedDict[bytes, tuple[EventType, int]] = OrderedDict()
        """The last state change of each group, and its number."""

    async def claim(self, event: Identity) -> State:
        """Reserve an event, unless it is reserved, or was accepted and is still remembered."""
        if event.key in self._claimed:
            return "claimed"
        now = _now()
        if self._remembered_until.get(self._key(event), now) > now:
            return "seen"
        self._claimed.add(event.key)
        return "new"

    async def confirm(self, event: Identity) -> None:
        """Remember a reserved event as accepted."""
        key, most = self._key(event), self._max_events
        if event.enters is not None:
            _put(self._state_changes, event.group, self._state_change(event, event.enters), most)
        _put(self._remembered_until, key, _now() + event.seconds(self._seconds), most)
        self._claimed.discard(event.key)

    async def forget(self, event: Identity) -> None:
        """Give up a reservation."""
        self._claimed.discard(event.key)

    def _state_change(self, event: Identity, type_: EventType) -> tuple[EventType, int]:
        last, number = self._state_changes.get(event.group, (type_, 0))
        return type_, number + (last != type_)

    def _key(self, event: Identity) -> tuple[str, int]:
        if event.has_time or event.enters is None:
            return event.key, 0
        return event.key, self._state_change(event, event.enters)[1]


class SharedDedupe:
    """Remembers events in a store, limited in time. Raises StoreUnavailable as the store does."""

    def __init__(self, store: SeenStore, *, seconds: float) -> None:
        self._store = store
        self._seconds = seconds

    async def claim(self, event: Identity) -> State:
        """Reserve an event, unless it is reserved, or was accepted and is still remembered."""
        return await self._store.claim(_name(event), ttl=_CLAIM_SECONDS)

    async def confirm(self, event: Identity) -> None:
        """Remember a reserved event as accepted."""
        await self._store.confirm(_name(event), ttl=event.seconds(self._seconds))

    async def forget(self, event: Identity) -> None:
        """Give up a reservation."""
        await self._store.forget(_name(event))


def _name(event: Identity) -> str:
    """Return the name of an event in a store."""
    return f"event:{event.key}"


def _put(memory: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    """Add an entry as the newest, and drop the oldest beyond so many."""
    memory[key] = value
    memory.move_to_end(key)
    while len(memory) > most:
        memory.popitem(last=False)


def _now() -> float:
    return asyncio.get_running_loop().time()
