"""The gate that every request of a client passes: how many at once, and when the server says wait.

`Pace` decides and knows nothing of asyncio; `Gate` makes tasks wait. Time is the event loop's.
"""

import asyncio
from collections import OrderedDict
from math import inf
from typing import Final, TypeAlias

import attrs

from .errors import closed

DOCUMENTED_QUOTA: Final = 300
"""Requests that every known server grants at once, whether per one minute or per five."""

_UNTOLD_PAUSE: Final = 5.0
"""Seconds to pause when a 429 does not say how long."""

LONGEST_PAUSE: Final = 900.0
"""Seconds of one pause that are believed, whatever the server says: then one request probes."""

_SHORT_BURST: Final = 10
_MOST_PATIENCE: Final = 30.0


@attrs.define(kw_only=True)
class Pace:
    """How many requests may be under way, learnt from what the server says.

    Full speed up to the number that went through before the last 429 (before any, the documented
    quota). Beyond it first one request at a time, then twice as many after each success. So the
    end of a quota costs one request in vain, and not one per task; and a quota that is larger
    than thought is found within a few round trips.

    A server whose window slides may grant only a few requests after a pause, and then say 429
    again; so pauses grow beyond what was told while bursts stay short.

    A server may ask for a pause of days by mistake. So none is longer than `LONGEST_PAUSE`, and
    after one that was cut short the server is probed: one request at a time, until one succeeds.
    A probe that is refused prolongs the pause.
    """

    width: int
    """Most requests at once, whatever the server grants."""
    expected: int = DOCUMENTED_QUOTA
    served: int = 0
    careful: int = 1
    paused_until: float = 0.0
    paused_since: float = inf
    """When the present pause began, refused probes included; infinity when there is none."""
    probing: bool = False
    patience: float = 0.0

    def admits(self, now: float, under_way: int) -> bool:
        """Whether one more request may start."""
        within = self.served + under_way < self.expected
        most = 1 if self.probing else self.width if within else self.careful
        return now >= self.paused_until and under_way < most

    def pauses_for(self, seconds: float, now: float, *, since: float) -> bool:
        """Whether the pause keeps waiting for so long whoever has been waiting since then."""
        length = self.paused_until - max(since, self.paused_since)
        return now < self.paused_until and length >= seconds

    def success(self, sent: float) -> None:
        """The server took a request that was sent at this time."""
        if sent < self.paused_until:
            self.expected += 1  # it left before the quota was used up
            return
        self.probing, self.paused_since = False, inf
        self.served += 1
        if self.served > self.expected:
            self.careful = min(self.careful * 2, self.width)

    def throttled(
        self, now: float, reset_after: float | None, *, sent: float | None = None
    ) -> float:
        """The server refused a request; returns the seconds that all of them pause."""
        # What was sent before the last pause ended is of the same episode as that pause; so is a
        # probe, which finds that the pause lasts, and says nothing about the quota.
        if not self.probing and (now if sent is None else sent) >= self.paused_until:
            short = self.served < _SHORT_BURST
            self.patience = min(max(1.0, self.patience * 2), _MOST_PATIENCE) if short else 0.0
            self.expected, self.served, self.careful = max(1, self.served), 0, 1
        asked = (_UNTOLD_PAUSE if reset_after is None else reset_after) + self.patience
        seconds = min(asked, LONGEST_PAUSE)
        self.probing = self.probing or seconds < asked
        self.paused_since = min(self.paused_since, now)
        self.paused_until = max(self.paused_until, now + seconds)
        return seconds


class PauseTooLong(Exception):
    """The server's pause is longer than whoever waits wants to wait."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@attrs.frozen(kw_only=True)
class _Wait:
    """Somebody's waiting for a place."""

    since: float
    patience: float


_Queue: TypeAlias = OrderedDict[asyncio.Future[None], _Wait]
"""Places that are waited for; whoever gives up leaves it from the middle."""


class Gate:
    """Lets requests through, foreground before background, each in the order of its coming.

    However many wait, each costs the same: they are looked at one by one only when the pause
    becomes too long for the least patient of them.
    """

    def __init__(self, pace: Pace) -> None:
        self.pace: Final = pace
        self._under_way = 0
        self._foreground: _Queue = OrderedDict()
        self._background: _Queue = OrderedDict()
        self._least_patience = inf
        """Of those who wait, or of one who waited."""
        self._timer: asyncio.TimerHandle | None = None
        self._held_until = 0.0
        self._closed = False

    async def enter(
        self, *, background: bool = False, first: bool = False, patience: float = inf
    ) -> None:
        """Waits for a place; whoever got one must `leave`.

        `first` is for those who had a place and could not use it. Raises PauseTooLong when the
        server asks for a pause of `patience` seconds or more.
        """
        if self._closed:
            raise closed()
        if self._is_free():
            self._under_way += 1
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self.pace.pauses_for(patience, now, since=now):
            raise PauseTooLong(self.pace.paused_until - now)
        granted: asyncio.Future[None] = loop.create_future()
        queue = self._background if background else self._foreground
        queue[granted] = _Wait(since=now, patience=patience)
        if first:
            queue.move_to_end(granted, last=False)
        self._least_patience = min(self._least_patience, patience)
        self._let_in()
        try:
            await granted
        except asyncio.CancelledError:
            queue.pop(granted, None)
            if granted.done() and not granted.cancelled() and granted.exception() is None:
                self.leave()
            raise

    def _is_free(self) -> bool:
        """Whether one may go in who comes now: as a rule so, and then no future is made."""
        if self._foreground or self._background:
            return False
        now = asyncio.get_running_loop().time()
        return now >= self._opens and self.pace.admits(now, self._under_way)

    def turn_away(self) -> None:
        """Ends the waiting of those for whom the server's pause has become too long."""
        now = asyncio.get_running_loop().time()
        if not self.pace.pauses_for(self._least_patience, now, since=0.0):
            return
        self._least_patience = inf
        for queue in (self._foreground, self._background):
            for granted, wait in [*queue.items()]:
                if self.pace.pauses_for(wait.patience, now, since=wait.since):
                    _refuse(granted, PauseTooLong(self.pace.paused_until - now))
                    del queue[granted]
                else:
                    self._least_patience = min(self._least_patience, wait.patience)

    def leave(self) -> None:
        """Gives the place back."""
        self._under_way -= 1
        if self._foreground or self._background:
            self._let_in()

    def hold(self, seconds: float) -> bool:
        """Lets nothing in for so long, for a reason of the client's own: no 429 is learnt from.

        Says whether that is news: of the many who find the quota used up, only the first brings it.
        """
        now = asyncio.get_running_loop().time()
        known = max(now, self._held_until)
        self._held_until = max(known, now + seconds)
        return self._held_until - known > seconds / 2

    @property
    def pause_left(self) -> float:
        """Seconds until anything is let in again; 0.0 when there is no pause."""
        now = asyncio.get_running_loop().time()
        return max(0.0, self._opens - now)

    @property
    def _opens(self) -> float:
        return max(self.pace.paused_until, self._held_until)

    def close(self) -> None:
        """Turns away whoever waits, and whoever comes later."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        for queue in (self._foreground, self._background):
            for granted in queue:
                _refuse(granted, closed())
            queue.clear()

    def _let_in(self) -> None:
        loop = asyncio.get_running_loop()
        now, opens = loop.time(), self._opens
        while queue := self._foreground or self._background:
            if now < opens:
                self._wake_at(opens)
                return
            if not self.pace.admits(now, self._under_way):
                return
            granted, _ = queue.popitem(last=False)
            if not granted.done():  # it is cancelled, and its task has not come to know that yet
                self._under_way += 1
                granted.set_result(None)

    def _wake_at(self, when: float) -> None:
        """Looks again by then: at the first time that was asked for, as a pause only grows."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_at(when, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._let_in()


def _refuse(granted: asyncio.Future[None], error: Exception) -> None:
    if not granted.done():  # by a cancellation
        granted.set_exception(error)
