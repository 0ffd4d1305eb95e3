"""The gate that every request of a client passes: how many at once, and when the server says wait.

`Pace` decides and knows nothing of asyncio; `Gate` makes tasks wait. Time is the event loop's.
"""

import asyncio
from collections import deque
from math import inf
from typing import Final

import attrs

from .errors import closed

DOCUMENTED_QUOTA: Final = 300
"""Requests that every known server grants at once, whether per one minute or per five."""

_UNTOLD_PAUSE: Final = 5.0
"""Seconds to pause when a 429 does not say how long."""

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
    """

    width: int
    """Most requests at once, whatever the server grants."""
    expected: int = DOCUMENTED_QUOTA
    served: int = 0
    careful: int = 1
    paused_until: float = 0.0
    patience: float = 0.0

    def admits(self, now: float, under_way: int) -> bool:
        """Whether one more request may start."""
        within = self.served + under_way < self.expected
        return now >= self.paused_until and under_way < (self.width if within else self.careful)

    def success(self, sent: float) -> None:
        """The server took a request that was sent at this time."""
        if sent < self.paused_until:
            self.expected += 1  # it left before the quota was used up
            return
        self.served += 1
        if self.served > self.expected:
            self.careful = min(self.careful * 2, self.width)

    def throttled(
        self, now: float, reset_after: float | None, *, sent: float | None = None
    ) -> float:
        """The server refused a request; returns the seconds that all of them pause."""
        # One that was sent before the last pause ended is of the same episode as that pause.
        if (now if sent is None else sent) >= self.paused_until:
            short = self.served < _SHORT_BURST
            self.patience = min(max(1.0, self.patience * 2), _MOST_PATIENCE) if short else 0.0
            self.expected, self.served, self.careful = max(1, self.served), 0, 1
        seconds = (_UNTOLD_PAUSE if reset_after is None else reset_after) + self.patience
        self.paused_until = max(self.paused_until, now + seconds)
        return seconds


class PauseTooLong(Exception):
    """The server's pause is longer than whoever waits wants to wait."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@attrs.frozen(eq=False)
class _Place:
    """A place that somebody waits for."""

    granted: asyncio.Future[None]
    patience: float


class Gate:
    """Lets requests through, foreground before background, each in the order of its coming."""

    def __init__(self, pace: Pace) -> None:
        self.pace: Final = pace
        self._under_way = 0
        self._foreground: deque[_Place] = deque()
        self._background: deque[_Place] = deque()
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
        place = _Place(asyncio.get_running_loop().create_future(), patience)
        queue = self._background if background else self._foreground
        queue.insert(0 if first else len(queue), place)
        self.turn_away()
        self._let_in()
        try:
            await place.granted
        except asyncio.CancelledError:
            granted = place.granted
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
        """Ends the waiting of those for whom the server's pause is too long."""
        left = self.pace.paused_until - asyncio.get_running_loop().time()
        for place in (*self._foreground, *self._background) if left > 0 else ():
            if place.patience <= left and not place.granted.done():
                place.granted.set_exception(PauseTooLong(left))

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
        for place in (*self._foreground, *self._background):
            if not place.granted.done():
                place.granted.set_exception(closed())

    def _let_in(self) -> None:
        loop = asyncio.get_running_loop()
        now, opens = loop.time(), self._opens
        while (queue := self._waiting()) and now >= opens:
            if not self.pace.admits(now, self._under_way):
                return
            self._under_way += 1
            queue.popleft().granted.set_result(None)
        if queue:
            self._wake_at(loop, opens)

    def _waiting(self) -> deque[_Place] | None:
        """The queue whose turn it is, if somebody waits in one."""
        for queue in (self._foreground, self._background):
            while queue and queue[0].granted.done():  # cancelled, or turned away
                queue.popleft()
            if queue:
                return queue
        return None

    def _wake_at(self, loop: asyncio.AbstractEventLoop, when: float) -> None:
        if self._timer is not None:
            if not self._timer.cancelled() and self._timer.when() == when:
                return
            self._timer.cancel()
        self._timer = loop.call_at(when, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._let_in()
