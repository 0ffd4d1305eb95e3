"""Which events were taken already: the server repeats one that was not answered in time."""

from collections import OrderedDict
from collections.abc import Iterator
from hashlib import sha256
from typing import Final, TypeVar

import msgspec

from grafana_oncall._generated.models.webhooks import EventType

from .events import Event, group_key

K = TypeVar("K")
V = TypeVar("V")

_UNTIMED: Final = 60.0
"""Longest memory, in seconds, of an event without a time. The server's last repeat begins 42
seconds after the event; later, the same is another event, as of a repeated escalation."""

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

_MADE_ANEW: Final = frozenset(
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
"""Members of an event that may be others in its repeat, or are those of one of its webhooks."""


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

        A repeat is made anew from what the group is by then, hence the time where there is one,
        and elsewhere what cannot have changed. Which webhook has sent it is left out: several may
        tell of one event, and servers without labels do not say.
        """
        number = self._turn(event)[1] if event.type in _TURNS and event.time is None else 0
        parts = group_key(event), str(event.type), number, event.time, event.until
        digest = sha256(repr(parts).encode())
        for member in () if event.time is not None else _lasting(event.raw):
            digest.update(member)
        return digest.digest()


def _lasting(body: bytes) -> Iterator[bytes | msgspec.Raw]:
    members = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    for name in sorted(members.keys() - _MADE_ANEW):
        yield from (b"\0", name.encode(), b"\0", members[name])


def _put(memory: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    """As the newest; the oldest beyond so many are forgotten."""
    memory[key] = value
    memory.move_to_end(key)
    while len(memory) > most:
        memory.popitem(last=False)
