"""The throttle that every request passes: how many in flight at once, and pauses for all.

`Pace` decides after what the server says, `Outage` when it says nothing; they know nothing of
asyncio. `Throttle` makes tasks wait. Time is the event loop's.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from math import inf
from typing import Final, TypeAlias

import attrs

from grafana_oncall.errors import closed

from .outage import Outage

DOCUMENTED_QUOTA: Final = 300
"""Requests that every known server grants at once, whether per one minute or per five."""

_UNTOLD_PAUSE: Final = 5.0
"""Seconds to pause when a 429 does not say how long."""

LONGEST_PAUSE: Final = 900.0
"""Seconds of one pause that are believed, whatever the server says: then one request probes."""

_TICK: Final = 1.0
"""Seconds in an outage after which those who wait are looked at."""

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


class OutageTooLong(Exception):
    """An outage lasts longer than whoever waits wants to wait."""


@attrs.frozen(kw_only=True)
class Caller:
    """How somebody waits for a place. Times in seconds."""

    background: bool = False
    patience: float = inf
    """Longest outage that it waits out."""
    least: float = 0.0
    """How long it waits in any case, and at least until a probe has failed."""

    def gives_up(self, outage: Outage, now: float, *, began: float) -> bool:
        """Whether a call that began then has waited for the end of this outage for long enough."""
        has_waited = outage.failed > began and now >= began + self.least
        return has_waited and outage.lasted(now) >= self.patience


_ANYBODY: Final = Caller()


@attrs.frozen(kw_only=True)
class _Wait:
    """Somebody's waiting for a place."""

    since: float
    patience: float
    caller: Caller
    began: float


_Queue: TypeAlias = OrderedDict[asyncio.Future[int], _Wait]
"""Places that are waited for; whoever gives up leaves it from the middle."""


class Throttle:
    """Lets requests through, foreground before background, each in the order of its coming.

    However many wait, each costs the same: they are looked at one by one only when the pause
    becomes too long for the least patient of them.
    """

    def __init__(self, pace: Pace) -> None:
        self.pace: Final = pace
        self.outage: Final = Outage(width=pace.width)
        self._under_way = 0
        self._entered = 0
        """How many of these entered since the last outage began: the others do not probe."""
        self._foreground: _Queue = OrderedDict()
        self._background: _Queue = OrderedDict()
        self._least_patience = inf
        """Of those who wait, or of one who waited."""
        self._timer: asyncio.TimerHandle | None = None
        self._ticking: asyncio.TimerHandle | None = None
        self._wakes_at = inf
        self._held_until = 0.0
        self._closed = False

    async def enter(
        self,
        caller: Caller = _ANYBODY,
        *,
        began: float = 0.0,
        first: bool = False,
        patience: float = inf,
    ) -> int:
        """Waits for a place; whoever got one must `leave` with the number that this returns.

        `first` is for those who had a place and could not use it. Raises PauseTooLong when the
        server asks for a pause of `patience` seconds or more, and OutageTooLong when the caller
        gives up on a call that `began` then.
        """
        if self._closed:
            raise closed()
        if self._is_free(background=caller.background):
            return self._take()
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self.pace.pauses_for(patience, now, since=now):
            raise PauseTooLong(self.pace.paused_until - now)
        granted: asyncio.Future[int] = loop.create_future()
        queue = self._background if caller.background else self._foreground
        queue[granted] = _Wait(
            since=now,
            patience=patience,
            caller=caller,
            began=began,
        )
        if first:
            queue.move_to_end(granted, last=False)
        self._least_patience = min(self._least_patience, patience)
        self._let_in()
        try:
            return await granted
        except asyncio.CancelledError:
            queue.pop(granted, None)
            if granted.done() and not granted.cancelled() and granted.exception() is None:
                self.leave(granted.result())
            raise

    def _is_free(self, *, background: bool) -> bool:
        """Whether one may go in who comes now: as a rule so, and then no future is made."""
        if self._foreground or self._background:
            return False
        now = asyncio.get_running_loop().time()
        return now >= self._opens(background=background) and self._admits(now)

    def _admits(self, now: float) -> bool:
        outage = self.outage
        if not outage.is_calm and not outage.admits(self._entered):
            return False
        return self.pace.admits(now, self._under_way)

    def _take(self) -> int:
        self._under_way += 1
        self._entered += 1
        return self.outage.episode

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

    def leave(self, episode: int = 0) -> None:
        """Gives the place back."""
        self._under_way -= 1
        self._entered -= episode == self.outage.episode
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

    def failed(
        self,
        episode: int,
        *,
        delay: Callable[[int], float],
        reason: str,
        words: str,
        unresolved: bool = False,
    ) -> bool:
        """A request has failed as any would; returns whether all pause (longer) because of it."""
        before, now = self.outage.episode, asyncio.get_running_loop().time()
        is_news = self.outage.failure(
            now, episode, delay=delay, reason=reason, words=words, unresolved=unresolved
        )
        if self.outage.episode != before:
            self._entered = 0
        return is_news

    def pause_left(self, *, background: bool = True) -> float:
        """Seconds until anything is let in again; 0.0 when there is no pause."""
        now = asyncio.get_running_loop().time()
        return max(0.0, self._opens(background=background) - now)

    def _opens(self, *, background: bool) -> float:
        opens = max(self.pace.paused_until, self._held_until)
        return max(opens, self.outage.opens(background=background)) if self.outage.is_on else opens

    def close(self) -> None:
        """Turns away whoever waits, and whoever comes later."""
        self._closed = True
        for timer in (self._timer, self._ticking):
            if timer is not None:
                timer.cancel()
        for queue in (self._foreground, self._background):
            for granted in queue:
                _refuse(granted, closed())
            queue.clear()

    def _let_in(self) -> None:
        now = asyncio.get_running_loop().time()
        while queue := self._foreground or self._background:
            opens = self._opens(background=queue is self._background)
            if now < opens:
                self._wake_at(opens)
                break
            if not self._admits(now):
                break
            granted, _ = queue.popitem(last=False)
            if not granted.done():  # it is cancelled, and its task has not come to know that yet
                granted.set_result(self._take())
        if queue and self.outage.is_on and self._ticking is None:
            self._ticking = asyncio.get_running_loop().call_later(_TICK, self._tick)

    def _wake_at(self, when: float) -> None:
        """Looks again by then, or before: whoever is woken too early asks anew."""
        if self._timer is not None:
            if self._wakes_at <= when:
                return
            self._timer.cancel()
        self._wakes_at = when
        self._timer = asyncio.get_running_loop().call_at(when, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._let_in()

    def _tick(self) -> None:
        """Ends the waiting of those for whom the outage has become too long."""
        self._ticking = None
        now = asyncio.get_running_loop().time()
        for queue in (self._foreground, self._background) if self.outage.is_on else ():
            for granted, wait in [*queue.items()]:
                if wait.caller.gives_up(self.outage, now, began=wait.began):
                    _refuse(granted, OutageTooLong())
                    del queue[granted]
        self._let_in()


def _refuse(granted: asyncio.Future[int], error: Exception) -> None:
    if not granted.done():  # by a cancellation
        granted.set_exception(error)
