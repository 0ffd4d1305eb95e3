"""The rate limit: requests per user in a sliding window."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from math import ceil

import attrs

from grafana_oncall._core.field_texts import DocumentedFields

from .arguments import COUNT, DURATION
from .responses import FakeResponse, RefusedError, json_response


@attrs.frozen(kw_only=True)
class RateLimit(DocumentedFields):
    """How many requests a user may send per window; the default is the open-source one."""

    requests: int = 300
    """How many requests a window allows."""
    window: timedelta = timedelta(seconds=60)
    """How long a window is."""

    def __attrs_post_init__(self) -> None:
        COUNT(requests=self.requests)
        DURATION(window=self.window)


@attrs.frozen
class Quota:
    """How many requests per minute some operations share, which are counted apart from others."""

    name: str
    requests: int


@attrs.define
class Throttle:
    """Counts accepted requests; as on the server, refused ones do not count."""

    passed: dict[str, deque[datetime]] = attrs.field(factory=dict[str, "deque[datetime]"])

    def admit(
        self,
        limit: RateLimit | None,
        user_id: str,
        now: datetime,
        *,
        quota: Quota | None = None,
        has_reset: bool = True,
    ) -> None:
        """Accept the request, or refuse it with a 429 that says how long to wait."""
        if limit is None:
            return
        if quota is not None:
            limit, user_id = RateLimit(requests=quota.requests), f"{user_id}:{quota.name}"
        recent = self.passed.setdefault(user_id, deque())
        while recent and recent[0] <= now - limit.window:
            recent.popleft()
        if len(recent) >= limit.requests:
            seconds = ceil((recent[0] + limit.window - now).total_seconds())
            raise RefusedError(throttled(seconds, has_reset=has_reset))
        recent.append(now)


def throttled(seconds: int, *, has_reset: bool = True) -> FakeResponse:
    """Return the 429, with the time to wait in the body and in its headers."""
    unit = "second" if seconds == 1 else "seconds"
    return json_response(
        429,
        {"detail": f"Request was throttled. Expected available in {seconds} {unit}."},
        Retry_After=str(seconds),
        **({"RateLimit_Reset": str(seconds)} if has_reset else {}),
    )
