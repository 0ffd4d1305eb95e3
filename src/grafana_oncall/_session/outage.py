"""Pure: whether the server can be reached, and when it is tried again.

How it works, and why it is safe. One failure is an accident: the request is repeated after a delay
of its own, and nobody else comes to know of it. Two in a row, with nothing having come through in
between, are an outage, whoever's requests they were: where the server takes some, and one kind of
request always fails, there is none. In an outage all calls pause, and then one request at a time
is sent as a probe: a call of somebody's, which waits anyway. When it fails, the pause is twice as
long; with the first success the outage is over, and twice as many requests go at once after each
further one, so that a server that has just come up is not met by all who waited.

So an outage costs the server one request in up to 20 seconds, however many tasks wait, and none of
them spends its attempts on what another one has found out already. Calls of the foreground, for
which somebody waits, need not wait for that long: they may probe a second after the last failure.

What was sent before an outage began tells nothing of it: those failures are part of its beginning,
those successes left while the server was still there. Requests know their place by the number of
the episode in which they entered, not by time, of which nothing passes where answers come at once.
"""

from collections.abc import Callable
from math import inf
from typing import Final

import attrs

from .retry import Reach

_ACCIDENT: Final = 1
"""Failures in a row that are not an outage yet."""

_SOON: Final = 1.0
"""Seconds after a failure in which calls of the foreground do not try again."""

_LONGEST: Final = 60.0
"""Seconds until the next probe at the latest, whatever a gateway says."""


@attrs.define(kw_only=True)
class Outage:
    """The state of the way to the server. Times are the loop's, in seconds."""

    width: int
    """Requests at once with which it is forgotten that there was an outage."""
    is_calm: bool = False
    """Whether OnCall has answered, and all is as if there had never been an outage."""
    is_on: bool = False
    """Whether nothing comes through."""
    episode: int = 0
    """How many outages there were."""
    since: float = 0.0
    """When the first of the last failures in a row came."""
    reason: str = ""
    """Of the last failure, as `Paused` tells it."""
    words: str = ""
    """Of the last failure, for errors of those who were never sent."""
    answered: bool = False
    """Whether OnCall has ever answered."""
    failed: float = 0.0
    """When the last probe failed, or what the outage began with."""
    _row: int = 0
    _most: float = inf
    _delay: float = 0.0
    _unresolved: float | None = None

    @property
    def is_suspected(self) -> bool:
        """Whether the last request failed as any would."""
        return self._row > 0

    def admits(self, probing: int) -> bool:
        """Whether one more request may go, of those that entered in this episode."""
        return probing < self._most

    def opens(self, *, background: bool) -> float:
        """When the next probe of an outage may go."""
        return self.failed + (self._delay if background else min(self._delay, _SOON))

    def lasted(self, now: float) -> float:
        """Seconds since it began; 0.0 when there is none."""
        return now - self.since if self.is_on else 0.0

    def reach(self, now: float) -> Reach:
        """What is known of the server."""
        unresolved = 0.0 if self._unresolved is None else now - self._unresolved
        return Reach(answered=self.answered, unresolved=unresolved)

    def success(self, episode: int, *, answered: bool = False) -> None:
        """The server took a request that entered in this episode, or OnCall `answered` it."""
        self.answered = self.answered or answered
        if self.is_on and episode < self.episode:
            return
        self.is_on, self._row, self._unresolved = False, 0, None
        if self._most < inf:
            self._most = inf if self._most * 2 >= self.width else self._most * 2
        self.is_calm = self.answered and self._most == inf

    def failure(
        self,
        now: float,
        episode: int,
        *,
        delay: Callable[[int], float],
        reason: str,
        words: str,
        unresolved: bool = False,
    ) -> bool:
        """One has failed as any would; returns whether all pause because of it.

        `delay` gives the seconds to wait after so many failures.
        """
        if self.is_on and episode < self.episode:
            return False
        self.is_calm = False
        self._row += 1
        if self._row == 1:
            self.since = now
        known = now if self._unresolved is None else self._unresolved
        self._unresolved = known if unresolved else None
        self.reason, self.words = reason, words
        if self._row <= _ACCIDENT:
            return False
        if not self.is_on:
            self.is_on, self._most, self.episode = True, 1, self.episode + 1
        self.failed = now
        self._delay = min(delay(self._row - _ACCIDENT), _LONGEST)
        return True
