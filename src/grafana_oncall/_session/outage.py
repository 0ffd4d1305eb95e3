"""Whether the server can be reached, and when it is tried again. No I/O and no clock.

How it works, and why it is safe. One failure is an accident: the request is retried after a delay
of its own, and no other caller notices. Two in a row, with no success in between, are an outage,
whichever requests they were. (Where the server takes some requests, and one kind of request always
fails, there is none.) Of several requests in flight, two in a row often fail by accident, so there
it takes as many as were in flight at the first failure, up to four: in an outage all of them fail
anyway, so it is noticed as soon, and costs no more requests. In an outage all calls pause, and then
one request at a time is sent as a probe: one of the calls that wait anyway. When it fails, the
pause doubles. The first success ends the outage, and each further success doubles the number of
requests that may go at once, so that a server that has just come up is not met by all waiting calls
together.

So an outage soon costs the server one request per `RetryPolicy.max_backoff`, however many tasks
wait, and no call spends its attempts on finding out what another one has found out already.
Foreground calls do not wait that long: they may probe `_FOREGROUND_DELAY` after the last failure.

Requests sent before an outage began say nothing about it: their failures are part of its beginning,
their successes left while the server was still there. They are told apart by the number of the
outage (`episode`) at the time they entered, not by time: none passes where responses come at once.
"""

from collections.abc import Callable
from math import inf
from typing import Final

import attrs

from .retry import Reachability

_MAX_TOLERATED: Final = 3
"""Failures in a row that are not an outage yet, at most; of one request at a time, one is."""

_FOREGROUND_DELAY: Final = 1.0
"""Seconds after a failure before a foreground call probes."""

_MAX_DELAY: Final = 60.0
"""Seconds until the next probe at the latest, whatever a gateway says."""


@attrs.define(kw_only=True)
class Outage:
    """Whether there is an outage. Times are seconds of the event loop's clock."""

    max_in_flight: int
    """Requests at once with which the client has recovered from an outage."""
    is_calm: bool = False
    """Whether OnCall has answered, and there is nothing left of any outage or failure."""
    is_on: bool = False
    """Whether there is an outage."""
    episode: int = 0
    """Outages so far, the present one included."""
    since: float = 0.0
    """When the first of the present failures in a row came."""
    reason: str = ""
    """Kind of the last failure, as `events.Paused` reports it."""
    words: str = ""
    """Text of the last failure, for the errors of requests that were never sent."""
    answered: bool = False
    """Whether OnCall has ever answered."""
    failed: float = 0.0
    """When the last probe failed; before the first, when the outage began."""
    _failures: int = 0
    """In a row."""
    _tolerated: int = 1
    """Those of them that may be accidents."""
    _max_probes: float = inf
    """Most requests at once."""
    _delay: float = 0.0
    _unresolved_since: float | None = None

    @property
    def is_suspected(self) -> bool:
        """Whether the last request failed in the way of an outage."""
        return self._failures > 0

    def admits(self, probing: int) -> bool:
        """Whether one more request may go, beside those that entered in this outage."""
        return probing < self._max_probes

    def opens(self, *, background: bool) -> float:
        """When the next probe may go."""
        return self.failed + (self._delay if background else min(self._delay, _FOREGROUND_DELAY))

    def lasted(self, now: float) -> float:
        """Seconds since the outage began; 0.0 when there is none."""
        return now - self.since if self.is_on else 0.0

    def reach(self, now: float) -> Reachability:
        """What is known of the server."""
        unresolved = 0.0 if self._unresolved_since is None else now - self._unresolved_since
        return Reachability(answered=self.answered, unresolved=unresolved)

    def success(self, episode: int, *, answered: bool = False) -> None:
        """Count a request of this episode that reached the server, or that OnCall `answered`."""
        self.answered = self.answered or answered
        if self.is_on and episode < self.episode:
            return
        self.is_on, self._failures, self._unresolved_since = False, 0, None
        doubled = self._max_probes * 2
        self._max_probes = inf if doubled >= self.max_in_flight else doubled
        self.is_calm = self.answered and self._max_probes == inf

    def failure(
        self,
        now: float,
        episode: int,
        *,
        in_flight: int,
        delay: Callable[[int], float],
        reason: str,
        words: str,
        unresolved: bool,
    ) -> bool:
        """Count a failure in the way of an outage; return whether all requests pause because of it.

        Args:
            now: The time.
            episode: Number of the outage when the request entered.
            in_flight: Requests at once until now, the one that failed included.
            delay: Returns the seconds to wait after a number of failures in a row.
            reason: What failed, as `events.Paused` reports it.
            words: The error's text.
            unresolved: Whether the host has no address.
        """
        if self.is_on and episode < self.episode:
            return False
        self.is_calm = False
        self._failures += 1
        if self._failures == 1:
            self.since = now
            self._tolerated = max(1, min(in_flight - 1, _MAX_TOLERATED))
        known = now if self._unresolved_since is None else self._unresolved_since
        self._unresolved_since = known if unresolved else None
        self.reason, self.words = reason, words
        if self._failures <= self._tolerated:
            return False
        if not self.is_on:
            self.is_on, self._max_probes, self.episode = True, 1, self.episode + 1
        self.failed = now
        self._delay = min(delay(self._failures - self._tolerated), _MAX_DELAY)
        return True
