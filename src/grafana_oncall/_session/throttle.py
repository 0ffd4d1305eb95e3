"""The throttle that every request passes: how many are in flight, and pauses for all of them.

How it works, and why it is safe. A request enters the throttle before it is sent, and leaves it
when it has ended. It enters at once if no other caller waits, no pause is on, and fewer requests
are in flight than `RateEstimate` (what the server says) and `Outage` (what it means when it says
nothing) admit. Otherwise the caller waits on a future in one of two queues: foreground callers
enter before background ones, and each queue is first in, first out.

- No place is lost: whatever makes a place free (a request that leaves, a pause that ends, an outage
  that is over) admits as many waiting callers as there are places. A caller that is cancelled after
  it got its place, and before it could run, passes the place on.
- Waiting is cheap: one timer serves all callers, whatever they wait for. The queues are searched
  only when a pause becomes too long for the least patient caller, and once a second in an outage.
- A pause has three causes: a 429, an outage, and the client's own rate limit (`pause`).

Times are seconds of the event loop's clock.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator
from math import inf
from typing import Final, TypeAlias

import attrs

from grafana_oncall._core.aio import in_slices
from grafana_oncall.errors import client_closed

from .outage import Outage
from .rate_estimate import RateEstimate

_CHECK_INTERVAL: Final = 1.0
"""Seconds between searches for callers that have waited long enough for the end of an outage."""


class PauseTooLong(Exception):
    """The server asks for a pause that is longer than the caller is willing to wait."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class OutageTooLong(Exception):
    """An outage lasts longer than the caller is willing to wait."""


@attrs.frozen(kw_only=True)
class Caller:
    """How a caller waits for its place."""

    background: bool = False
    max_outage: float = inf
    """Seconds. Longest outage that it waits out."""
    min_wait: float = 0.0
    """Seconds that it waits for the end of an outage in any case, however long that has lasted."""

    def gives_up(self, outage: Outage, now: float, *, began: float) -> bool:
        """Whether a call has waited long enough, since `began`, for the end of this outage."""
        has_waited = outage.failed > began and now >= began + self.min_wait
        return outage.is_on and has_waited and outage.lasted(now) >= self.max_outage


_DEFAULT_CALLER: Final = Caller()


@attrs.frozen(kw_only=True)
class _Waiter:
    """A caller in a queue."""

    since: float
    patience: float
    """Seconds. It fails rather than wait so long for the end of a pause."""
    caller: Caller
    began: float
    """When the call began, of which this is one attempt."""


_Queue: TypeAlias = OrderedDict[asyncio.Future[int], _Waiter]
"""By the future that becomes the place; callers that are cancelled leave from the middle."""


class Throttle:
    """Admits requests: foreground before background, each in the order in which they came."""

    def __init__(self, rate: RateEstimate) -> None:
        self.rate: Final = rate
        self.outage: Final = Outage(max_in_flight=rate.max_in_flight)
        self._in_flight = 0
        self._in_flight_since_outage = 0
        """Of those, requests that entered since the last outage began: the others do not probe."""
        self._foreground: _Queue = OrderedDict()
        self._background: _Queue = OrderedDict()
        self._least_patience = inf
        """Of all waiting callers; it may be that of one that has left."""
        self._wake_timer: asyncio.TimerHandle | None = None
        self._wakes_at = inf
        self._check_timer: asyncio.TimerHandle | None = None
        self._paused_until = 0.0
        self._closed = False

    async def enter(
        self,
        caller: Caller = _DEFAULT_CALLER,
        *,
        began: float = 0.0,
        first: bool = False,
        patience: float = inf,
    ) -> int:
        """Wait for a place, and return the number of the outage with which to `leave` it.

        Args:
            caller: How to wait.
            began: When the call began that this request is a part of.
            first: Whether to wait before all others, as after a place that could not be used.
            patience: Give up if a pause after a 429 lasts this many seconds or more.

        Raises:
            PauseTooLong: The server asks for a pause of `patience` seconds or more.
            OutageTooLong: The caller has waited long enough for the end of an outage.
            ClientStateError: The client is closed.
        """
        if self._closed:
            raise client_closed()
        now = asyncio.get_running_loop().time()
        if not (self._foreground or self._background):
            episode = self._take_place(now, caller.background)
            if episode is not None:
                return episode  # as usual, without a future
        if self.rate.outlasts(patience, now, since=now):
            raise PauseTooLong(self.rate.paused_until - now)
        place: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        queue = self._background if caller.background else self._foreground
        queue[place] = _Waiter(since=now, patience=patience, caller=caller, began=began)
        if first:
            queue.move_to_end(place, last=False)
        self._least_patience = min(self._least_patience, patience)
        self._admit_waiters()
        try:
            return await place
        except asyncio.CancelledError:
            queue.pop(place, None)
            if place.done() and not place.cancelled() and place.exception() is None:
                self.leave(place.result())
            raise

    def leave(self, episode: int = 0) -> None:
        """Give the place back that `enter` gave with this number."""
        self._in_flight -= 1
        self._in_flight_since_outage -= episode == self.outage.episode
        if self._foreground or self._background:
            self._admit_waiters()

    def pause(self, seconds: float) -> bool:
        """Admit nothing for so long, because of the client's own rate limit.

        Return whether that is news: of the many callers that find the limit used up, only the first
        reports it.
        """
        now = asyncio.get_running_loop().time()
        known = max(now, self._paused_until)
        self._paused_until = max(known, now + seconds)
        return self._paused_until - known > seconds / 2

    def failed(
        self,
        episode: int,
        *,
        delay: Callable[[int], float],
        reason: str,
        words: str,
        unresolved: bool = False,
    ) -> bool:
        """Count a failure in the way of an outage; return whether all requests pause because of it.

        See `Outage.failure`.
        """
        before, now = self.outage.episode, asyncio.get_running_loop().time()
        is_news = self.outage.failure(
            now,
            episode,
            in_flight=self._in_flight,
            delay=delay,
            reason=reason,
            words=words,
            unresolved=unresolved,
        )
        if self.outage.episode != before:
            self._in_flight_since_outage = 0
        return is_news

    def fail_impatient_waiters(self) -> None:
        """End the waiting of callers for which the server's pause has become too long."""
        now = asyncio.get_running_loop().time()
        if not self.rate.outlasts(self._least_patience, now, since=0.0):
            return
        self._least_patience = inf
        in_slices(self._failing_impatient())

    def _failing_impatient(self) -> Iterator[None]:
        for queue, place, waiter in self._waiting():
            now = asyncio.get_running_loop().time()
            if self.rate.outlasts(waiter.patience, now, since=waiter.since):
                _fail(place, PauseTooLong(self.rate.paused_until - now))
                del queue[place]
            else:
                self._least_patience = min(self._least_patience, waiter.patience)
            yield

    def _waiting(self) -> Iterator[tuple[_Queue, asyncio.Future[int], _Waiter]]:
        """Yield all waiting callers, without those that leave meanwhile."""
        for queue in (self._foreground, self._background):
            for place, waiter in [*queue.items()]:
                if place in queue:
                    yield queue, place, waiter

    def pause_left(self, *, background: bool = True) -> float:
        """Seconds until anything is admitted again; 0.0 when there is no pause."""
        now = asyncio.get_running_loop().time()
        return max(0.0, self._opens_at(background) - now)

    def close(self) -> None:
        """Fail all waiting callers with ClientStateError, and those that come later."""
        self._closed = True
        for timer in (self._wake_timer, self._check_timer):
            if timer is not None:
                timer.cancel()
        places = [*self._foreground, *self._background]
        self._foreground.clear()
        self._background.clear()
        in_slices(map(_fail_closed, places))

    def _take_place(self, now: float, background: bool) -> int | None:  # noqa: FBT001  # on each request
        """Take a place and return the number of the outage, or None when nothing may go now."""
        outage = self.outage
        if now < self._paused_until or not self.rate.admits(now, self._in_flight):
            return None
        if not outage.is_calm:
            is_open = now >= self._opens_at(background)
            if not is_open or not outage.admits(self._in_flight_since_outage):
                return None
        self._in_flight += 1
        self._in_flight_since_outage += 1
        return outage.episode

    def _opens_at(self, background: bool) -> float:  # noqa: FBT001  # as above
        """When the last of all pauses ends."""
        opens = max(self.rate.paused_until, self._paused_until)
        return max(opens, self.outage.opens(background=background)) if self.outage.is_on else opens

    def _admit_waiters(self) -> None:
        now = asyncio.get_running_loop().time()
        while queue := self._foreground or self._background:
            place, background = next(iter(queue)), queue is self._background
            if not place.done():  # else it is cancelled, and its task has not run since
                episode = self._take_place(now, background)
                if episode is None:
                    self._wake_at(self._opens_at(background), now)
                    break
                place.set_result(episode)
            del queue[place]
        if queue and self.outage.is_on and self._check_timer is None:
            loop = asyncio.get_running_loop()
            self._check_timer = loop.call_later(_CHECK_INTERVAL, in_slices, self._failing())

    def _wake_at(self, when: float, now: float) -> None:
        """Admit callers again by then, or before: waking too early does no harm."""
        if when <= now:
            return  # it is for a place that they wait
        if self._wake_timer is not None:
            if self._wakes_at <= when:
                return
            self._wake_timer.cancel()
        self._wakes_at = when
        self._wake_timer = asyncio.get_running_loop().call_at(when, self._wake)

    def _wake(self) -> None:
        self._wake_timer = None
        self._admit_waiters()

    def _failing(self) -> Iterator[None]:
        """End the waiting of callers for which an outage has become too long; search again."""
        now = asyncio.get_running_loop().time()
        for queue, place, waiter in self._waiting() if self.outage.is_on else ():
            if waiter.caller.gives_up(self.outage, now, began=waiter.began):
                _fail(place, OutageTooLong())
                del queue[place]
            yield
        self._check_timer = None
        self._admit_waiters()


def _fail_closed(place: asyncio.Future[int]) -> None:
    _fail(place, client_closed())


def _fail(place: asyncio.Future[int], error: Exception) -> None:
    if not place.done():  # by a cancellation
        place.set_exception(error)
