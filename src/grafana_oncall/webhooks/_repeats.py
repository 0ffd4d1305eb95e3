"""Which events were taken already: the server repeats one that was not answered in time."""

from collections import OrderedDict
from hashlib import sha256
from typing import Final

from ._event import Event

_UNTIMED: Final = 60.0
"""Longest memory, in seconds, of an event without a time. The server's last repeat begins 42
seconds after the event; later, the same words are another event, as of a repeated escalation."""


class Repeats:
    """A memory of events, bounded in number and time. Times in seconds of the loop's clock."""

    def __init__(self, *, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._until: OrderedDict[bytes, float] = OrderedDict()

    def knows(self, key: bytes, now: float) -> bool:
        """Whether an event of this key was taken, and not too long ago."""
        return self._until.get(key, now) > now

    def add(self, key: bytes, now: float, *, timed: bool) -> None:
        """Remembers that an event was taken."""
        self._until.pop(key, None)
        self._until[key] = now + (self._seconds if timed else min(self._seconds, _UNTIMED))
        while len(self._until) > self._most:
            self._until.popitem(last=False)


def key(event: Event) -> bytes:
    """The same for a repeat, and short whatever the event's members are.

    A repeat is made anew from what the group is by then, hence the time where there is one.
    """
    if event.time is None:
        return sha256(event.raw).digest()
    parts = (
        event.webhook and event.webhook.id,
        event.alert_group_id,
        str(event.type),
        event.time.isoformat(),
        event.until and event.until.isoformat(),
    )
    return sha256(repr(parts).encode()).digest()
