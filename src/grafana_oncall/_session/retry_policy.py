"""The retry settings of users, exponential backoff with full jitter, and the retry budget."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from math import ldexp
from typing import Final

import attrs

from grafana_oncall._core.field_texts import DocumentedFields
from grafana_oncall._core.tracebacks import ShortTracebacks
from grafana_oncall._validation.arguments import seconds, whole
from grafana_oncall.errors import (
    OnCallError,
    RateLimited,
    RequestTimeout,
    StatusError,
)


def _seconds(value: float | timedelta) -> float:
    return value.total_seconds() if isinstance(value, timedelta) else value


def _check_seconds(_: object, field: attrs.Attribute[float], value: object) -> None:
    seconds(field.name, value, zero=True, longest=None)


def _check_attempts(_: object, field: attrs.Attribute[int], value: object) -> None:
    whole(field.name, value)


@attrs.frozen(kw_only=True)
class RetryPolicy(ShortTracebacks, DocumentedFields):
    """How long and how often to try. Times in seconds, or as timedeltas.

    In an outage (no connection, no response, or a gateway's 502, 503 and the like) all calls of the
    client pause, and one request at a time is sent as a probe. A foreground call gives up after
    `max_attempts`, or after as much waiting as lies between them: 7.5 seconds by default. A
    background call (bulk runs, `with_options(background=True)`) goes on until the `deadline`, and
    the attempts that an outage costs it do not count. With `max_attempts=1` nothing is retried.
    """

    max_attempts: int = attrs.field(default=5, validator=_check_attempts)
    """Most attempts of a call, the first included. Attempts refused with 429 do not count, nor do
    those of background calls in an outage."""
    initial_backoff: float = attrs.field(default=0.5, converter=_seconds, validator=_check_seconds)
    """Upper bound of the first delay, doubled with each attempt. Each delay is random below its
    bound (full jitter)."""
    max_backoff: float = attrs.field(default=20.0, converter=_seconds, validator=_check_seconds)
    """Upper bound of every delay, apart from the seconds that the server asks for."""
    deadline: float = attrs.field(default=600.0, converter=_seconds, validator=_check_seconds)
    """Longest time from the first attempt of a call to the last. Also the longest pause after a 429
    that is waited out, where pauses without a success between them count as one; and the longest
    outage that a background call waits out."""


def backoff_limit(policy: RetryPolicy, attempt: int) -> float:
    """Return the upper bound, in seconds, of the backoff after attempt number `attempt` (from 1).

    Exponential: it doubles with each attempt.
    """
    return min(policy.max_backoff, ldexp(policy.initial_backoff, min(attempt - 1, 64)))


def backoff(policy: RetryPolicy, attempt: int, random: Callable[[], float]) -> float:
    """Return the seconds to wait after this attempt: full jitter, from zero to the limit."""
    return random() * backoff_limit(policy, attempt)


def retry_delay(
    error: OnCallError, attempt: int, policy: RetryPolicy, random: Callable[[], float]
) -> float:
    """Return the seconds to wait after this failure: what the server asks for, and the backoff."""
    reset_after = error.reset_after if isinstance(error, StatusError) else None
    return (reset_after or 0.0) + backoff(policy, attempt, random)


def outage_patience(policy: RetryPolicy, *, background: bool) -> float:
    """Seconds of an outage that a call waits out without being sent.

    In the foreground, that is as long as all its delays may take, and long enough for one probe.
    """
    if background and policy.max_attempts > 1:
        return policy.deadline
    delays = (backoff_limit(policy, attempt) for attempt in range(1, min(policy.max_attempts, 64)))
    return min(policy.deadline, max(2.0, sum(delays)))


class RetryBudget:
    """A token bucket that bounds the retries of a client, so that failures cause no retry storm.

    Each retry takes 5, and 10 after a timeout. A call that succeeds after retries gives back what
    they took; any other success gives back 1.
    """

    CAPACITY: Final = 500
    _RETRY: Final = 5
    _TIMEOUT: Final = 10

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self.spent: int = 0
        """How much is missing; 0 when the bucket is full, and nothing can be given back."""

    def take(self, error: OnCallError) -> int | None:
        """Return what a retry after this error costs, or None when there is less than that left."""
        if isinstance(error, RateLimited):
            return 0
        cost = self._TIMEOUT if isinstance(error, RequestTimeout) else self._RETRY
        if self.spent + cost > self._capacity:
            return None
        self.spent += cost
        return cost

    def give_back(self, cost: int) -> None:
        """Note the success of a call whose retries cost so much."""
        self.spent = max(0, self.spent - max(1, cost))
