"""Which events were taken already: the server repeats one that was not answered in time."""

from collections import OrderedDict
from hashlib import sha256
from typing import Final, TypeVar

from grafana_oncall._generated.webhooks import EventType

from ._event import Event, group_key

K = TypeVar("K")
V = TypeVar("V")

_UNTIMED: Final = 60.0
"""Longest memory, in seconds, of an event without a time. The server's last repeat begins 42
seconds after the event; later, the same words are another event, as of a repeated escalation."""

_TURNS: Final = frozenset(
    {
        EventType.ACKNOWLEDGE,
        EventType.UNACKNOWLEDGE,
        EventType.RESOLVE,
        EventType.UNRESOLVE,
        EventType.SILENCE,
        EventType.UNSILENCE,
    }
)
"""Events by which a group enters a state. It enters none twice without another one in between."""


class Repeats:
    """A memory of events, bounded in number and time. Times in seconds of the loop's clock."""

    def __init__(self, *, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._until: OrderedDict[bytes, float] = OrderedDict()
        self._turns: OrderedDict[bytes, tuple[EventType, int]] = OrderedDict()
        """Of each group the state that it entered last, and how many it did before."""

    def knows(self, event: Event, now: float) -> bool:
        """Whether this very event was taken, and not too long ago."""
        return self._until.get(self._key(event), now) > now

    def add(self, event: Event, now: float) -> None:
        """Remembers that an event was taken."""
        key = self._key(event)
        if event.type in _TURNS:
            _put(self._turns, group_key(event), self._turn(event), self._most)
        seconds = self._seconds if event.time is not None else min(self._seconds, _UNTIMED)
        _put(self._until, key, now + seconds, self._most)

    def _turn(self, event: Event) -> tuple[EventType, int]:
        last, number = self._turns.get(group_key(event), (event.type, 0))
        return event.type, number + (last != event.type)

    def _key(self, event: Event) -> bytes:
        """The same for a repeat, and short whatever the event's members are.

        A repeat is made anew from what the group is by then, hence the time where there is one.
        """
        if event.time is None:
            number = self._turn(event)[1] if event.type in _TURNS else 0
            return sha256(b"%d " % number + event.raw).digest()
        parts = (
            event.webhook and event.webhook.id,
            event.alert_group_id,
            str(event.type),
            event.time.isoformat(),
            event.until and event.until.isoformat(),
        )
        return sha256(repr(parts).encode()).digest()


def _put(memory: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    """As the newest; the oldest beyond so many are forgotten."""
    memory[key] = value
    memory.move_to_end(key)
    while len(memory) > most:
        memory.popitem(last=False)
