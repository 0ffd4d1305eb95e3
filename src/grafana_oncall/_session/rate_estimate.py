"""An estimate of the server's rate limit, learnt from its responses. No I/O and no clock.

How it works, and why it is safe. The server says nothing about its limit until it refuses a request
with 429, and then only how long to wait. So the estimate, `window_size`, is the number of requests
that succeeded before the last 429; before the first, it is the documented limit. Up to the estimate
requests go at full concurrency. Beyond it they probe: one at a time, then twice as many after each
success. The end of a window therefore costs one refused request, not one per task, and a limit
larger than the estimate is found within a few round trips.

- Requests sent before a pause ended belong to the window before it: their results come late, and
  neither a late success nor a late 429 changes what the new window has learnt.
- A server with a sliding window may grant only a few requests after a pause and then refuse again.
  While bursts are that short, each pause is made longer than the server asked for, up to 30 s.
- After the 429 of another client that shares the rate limit, requests go one at a time until one
  succeeds, so that many clients do not begin the next window together at full concurrency.
- A server may ask for a pause of days by mistake. None is longer than `MAX_PAUSE`; after one that
  was cut short, requests go one at a time until one succeeds, and each refusal prolongs the pause.
"""

from math import inf
from typing import Final

import attrs

DOCUMENTED_LIMIT: Final = 300
"""Requests that every known server grants in a window, whether of one minute or of five."""

MAX_PAUSE: Final = 900.0
"""Seconds. Longest pause that is kept without asking the server again."""

_DEFAULT_PAUSE: Final = 5.0
"""Seconds to pause when a 429 does not say how long."""

_SHORT_BURST: Final = 10
"""Fewer successes than this between two 429s make the next pause longer."""

_MAX_EXTRA_PAUSE: Final = 30.0
"""Seconds."""


@attrs.define(kw_only=True)
class RateEstimate:
    """How many requests may be in flight. Times are seconds of the event loop's clock."""

    max_in_flight: int
    """Most requests at once, whatever the server grants."""
    window_size: int = DOCUMENTED_LIMIT
    """Requests that the server is expected to grant in a window."""
    served: int = 0
    """Successes in the present window."""
    probe_window: int = 1
    """Most requests at once beyond `window_size`."""
    paused_until: float = 0.0
    paused_since: float = inf
    """When the present pause began, refused probes included; infinity when there is none."""
    probing: bool = False
    """Whether the last pause was cut short, or another's, and no request has succeeded since."""
    extra_pause: float = 0.0

    def admits(self, now: float, in_flight: int) -> bool:
        """Whether one more request may start."""
        if now < self.paused_until:
            return False
        if self.probing:
            return in_flight < 1
        is_expected = self.served + in_flight < self.window_size
        return in_flight < (self.max_in_flight if is_expected else self.probe_window)

    def outlasts(self, patience: float, now: float, *, since: float) -> bool:
        """Whether a caller that waits since `since` has to wait `patience` seconds or more.

        A pause that began later than the caller counts from its own beginning.
        """
        length = self.paused_until - max(since, self.paused_since)
        return now < self.paused_until and length >= patience

    def success(self, sent: float) -> None:
        """Count a request that was sent at this time, and that the server did not refuse."""
        if sent < self.paused_until:
            self.window_size += 1  # of the window before the pause
            return
        self.probing, self.paused_since = False, inf
        self.served += 1
        if self.served > self.window_size:
            self.probe_window = min(self.probe_window * 2, self.max_in_flight)

    def throttled(
        self, now: float, reset_after: float | None, *, sent: float | None = None
    ) -> float:
        """Count a 429, and return the seconds for which all requests pause."""
        # A refused probe finds that the pause lasts, and says nothing about the limit.
        if not self.probing and (now if sent is None else sent) >= self.paused_until:
            self._begin_window()
        asked = (_DEFAULT_PAUSE if reset_after is None else reset_after) + self.extra_pause
        seconds = min(asked, MAX_PAUSE)
        self.probing = self.probing or seconds < asked
        self.paused_since = min(self.paused_since, now)
        self.paused_until = max(self.paused_until, now + seconds)
        return seconds

    def pause(self, now: float, seconds: float) -> None:
        """Pause because of a 429 that another client got; it says nothing about the limit."""
        self.probing = True
        self.paused_since = min(self.paused_since, now)
        self.paused_until = max(self.paused_until, now + min(seconds, MAX_PAUSE))

    def _begin_window(self) -> None:
        is_short = self.served < _SHORT_BURST
        longer = min(max(1.0, self.extra_pause * 2), _MAX_EXTRA_PAUSE)
        self.extra_pause = longer if is_short else 0.0
        self.window_size, self.served, self.probe_window = max(1, self.served), 0, 1
