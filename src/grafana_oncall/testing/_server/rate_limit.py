"""The rate limit: so many requests per user in a sliding window."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from math import ceil

import attrs

from .arguments import COUNT, DURATION
from .responses import FakeResponse, RefusedError, answer_json


@attrs.frozen(kw_only=True)
class RateLimit:
    """How many requests a user may send per window; the default is the open-source one."""

    requests: int = 300
    window: timedelta = timedelta(seconds=60)

    def __attrs_post_init__(self) -> None:
        COUNT(requests=self.requests)
        DURATION(window=self.window)


@attrs.define
class Throttle:
    """Counts what passed. A refused request does not count, as on the server."""

    passed: dict[str, deque[datetime]] = attrs.field(factory=dict[str, "deque[datetime]"])

    def admit(self, limit: RateLimit | None, user_id: str, now: datetime) -> None:
        """Let the request pass, or refuse it with the 429 that says how long to wait."""
        if limit is None:
            return
        recent = self.passed.setdefault(user_id, deque())
        while recent and recent[0] <= now - limit.window:
            recent.popleft()
        if len(recent) >= limit.requests:
            seconds = ceil((recent[0] + limit.window - now).total_seconds())
            raise RefusedError(throttled(seconds))
        recent.append(now)


def throttled(seconds: int) -> FakeResponse:
    """The 429, with the time to wait in the body and in both headers."""
    unit = "second" if seconds == 1 else "seconds"
    return answer_json(
        429,
        {"detail": f"Request was throttled. Expected available in {seconds} {unit}."},
        Retry_After=str(seconds),
        RateLimit_Reset=str(seconds),
    )
