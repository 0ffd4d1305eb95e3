"""Dedupe events: OnCall sends an event again that got no response in time.

How it works, and why it is safe. The server repeats an event up to 42 seconds after the first time,
and renders its body anew from the group's present state; and several webhooks may send the same
event. So events are compared by what cannot differ between two sendings of one event, hashed to a
key: group, type, time and, for silences, until when. Most events have a time; their keys are kept
for `remember_for`.

An event without a time is compared by the members that a repeat does not render anew. If it says
that the group entered a state (acknowledged, resolved …), its key also has a count of the group's
state changes, because a group can enter a state again after it has left it. Everything else that
looks the same within a minute is taken for a repeat; after that, it is another event, such as that
of an escalation that repeats itself.
"""

from collections import OrderedDict
from collections.abc import Iterator
from hashlib import sha256
from typing import Final, TypeVar

import msgspec

from grafana_oncall._generated.models.webhooks import EventType

from .events import Event, group_key

K = TypeVar("K")
V = TypeVar("V")

_MAX_SECONDS_UNTIMED: Final = 60.0
"""Maximum time to remember an event without a time of its own."""

STATE_CHANGES: Final = frozenset(
    {
        EventType.ACKNOWLEDGE,
        EventType.UNACKNOWLEDGE,
        EventType.RESOLVE,
        EventType.UNRESOLVE,
        EventType.SILENCE,
        EventType.UNSILENCE,
    }
)
"""Events by which a group enters a state: no two of one type without another one in between."""

_RENDERED_ANEW: Final = frozenset(
    {
        "alert_group",
        "alert_group_acknowledged_by",
        "alert_group_resolved_by",
        "notified_users",
        "responses",
        "users_to_be_notified",
        "webhook",
    }
)
"""Members of an event that may differ in a repeat, or when another webhook sends it."""


class Dedupe:
    """Remembers accepted events, limited in number and time, in seconds of the loop's clock."""

    def __init__(self, *, max_events: int, seconds: float) -> None:
        self._max_events = max_events
        self._seconds = seconds
        self._remembered_until: OrderedDict[bytes, float] = OrderedDict()
        self._state_changes: OrderedDict[bytes, tuple[EventType, int]] = OrderedDict()
        """The last state change of each group, and its number."""

    def is_duplicate(self, event: Event, now: float) -> bool:
        """Whether this very event was accepted, and is still remembered."""
        return self._remembered_until.get(self._key(event), now) > now

    def remember(self, event: Event, now: float) -> None:
        """Remember an event that was accepted."""
        key, most = self._key(event), self._max_events
        if event.type in STATE_CHANGES:
            _put(self._state_changes, group_key(event), self._state_change(event), most)
        untimed = min(self._seconds, _MAX_SECONDS_UNTIMED)
        seconds = untimed if event.time is None else self._seconds
        _put(self._remembered_until, key, now + seconds, most)

    def _state_change(self, event: Event) -> tuple[EventType, int]:
        last, number = self._state_changes.get(group_key(event), (event.type, 0))
        return event.type, number + (last != event.type)

    def _key(self, event: Event) -> bytes:
        """Return a digest that is the same for a repeat, and for the event by another webhook."""
        counts = event.type in STATE_CHANGES and event.time is None
        number = self._state_change(event)[1] if counts else 0
        parts = group_key(event), str(event.type), number, event.time, event.until
        digest = sha256(repr(parts).encode())
        for member in () if event.time is not None else _stable_members(event.raw):
            digest.update(member)
        return digest.digest()


def _stable_members(body: bytes) -> Iterator[bytes | msgspec.Raw]:
    members = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    for name in sorted(members.keys() - _RENDERED_ANEW):
        yield from (b"\0", name.encode(), b"\0", members[name])


def _put(memory: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    """Add an entry as the newest, and drop the oldest beyond so many."""
    memory[key] = value
    memory.move_to_end(key)
    while len(memory) > most:
        memory.popitem(last=False)
