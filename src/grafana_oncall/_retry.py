"""Pure: what to do after an attempt of an operation has failed.

Three laws. A request that had no effect may be sent again. One that may have had an effect is
repeated only where the repeat tells, or where it cannot do harm. What cannot be established is
said (`OutcomeUnknown`), never guessed.
"""

from collections.abc import Callable
from datetime import timedelta
from math import ldexp
from typing import Final, TypeAlias

import attrs

from ._refusal import GATEWAY
from ._request import Operation
from ._values import shown
from .errors import (
    AlreadyInState,
    DecodeError,
    FilterIgnored,
    InvalidArgument,
    NotFound,
    OnCallError,
    OutcomeUnknown,
    RateLimited,
    RequestTimeout,
    ServerError,
    StatusError,
    TransportError,
)


def _seconds(value: float | timedelta) -> float:
    return value.total_seconds() if isinstance(value, timedelta) else value


def _check_seconds(_: object, field: "attrs.Attribute[float]", value: object) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not value >= 0:
        message = f"{field.name}={shown(value)}: seconds or a timedelta, not below zero."
        raise InvalidArgument(message, argument=field.name)


def _check_attempts(_: object, field: "attrs.Attribute[int]", value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        message = f"{field.name}={shown(value)}: a whole number, 1 or more, is needed."
        raise InvalidArgument(message, argument=field.name)


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """How long and how often to try. Times in seconds, or as timedeltas."""

    attempts: int = attrs.field(default=5, validator=_check_attempts)
    """Most attempts of a call, the first included; those that a quota refused do not count."""
    first_delay: float = attrs.field(default=0.5, converter=_seconds, validator=_check_seconds)
    """Bound of the first delay, doubled with each attempt; the delay is random below it."""
    longest_delay: float = attrs.field(default=20.0, converter=_seconds, validator=_check_seconds)
    """Bound of every delay that the server does not ask for."""
    deadline: float = attrs.field(default=600.0, converter=_seconds, validator=_check_seconds)
    """Longest time from the first attempt of a call to the last, and longest pause that is waited
    out when the server throttles; pauses that follow each other without a success are one."""


def bound_of_delay(policy: RetryPolicy, attempt: int) -> float:
    """Seconds below which the delay after attempt number `attempt` (from 1) is random."""
    return min(policy.longest_delay, ldexp(policy.first_delay, min(attempt - 1, 64)))


@attrs.frozen
class Again:
    """Send it again, after so many seconds."""

    delay: float


@attrs.frozen
class Settled:
    """The effect is there: an earlier attempt brought it about."""


@attrs.frozen
class GiveUp:
    """The call ends with this error."""

    error: OnCallError


Verdict: TypeAlias = Again | Settled | GiveUp

_GONE: Final = {
    "delete_alert_group": "Not found.",
    "delete_integration": "Not found.",
    "remove_alert_group_label": "Label not found",
}
"""The server's own words when a repeat finds nothing left; gateways have 404s of their own."""

_MOST_FAULTS: Final = 2
"""Attempts when the server fails of itself (500 …), which is often the input's fault."""


def is_ambiguous(error: OnCallError) -> bool:
    """Whether the request may have had its effect although it failed."""
    match error:
        case TransportError():
            return error.sent
        case DecodeError():
            return error.path is None  # not the answer: a proxy's page, or a body that was cut off
        case _:
            return isinstance(error, ServerError | FilterIgnored)


def after(
    operation: Operation,
    error: OnCallError,
    *,
    attempt: int,
    doubtful: bool,
    elapsed: float,
    pause: float = 0.0,
    policy: RetryPolicy,
    random: Callable[[], float],
) -> Verdict:
    """What follows the failure of attempt number `attempt` (from 1).

    `doubtful` says that this or an earlier attempt may have had its effect; `pause`, for how long
    all calls wait after a 429.
    """
    if doubtful and _shows_effect(operation, error):
        return Settled()
    # Of an operation that must not be repeated, an earlier attempt may have had its effect.
    if not (doubtful and operation.repeat == "never"):
        # It was not let in, so it had no effect. The gate does the waiting, for all tasks.
        limited = isinstance(error, RateLimited)
        delay = pause if limited else _delay(error, attempt, policy, random)
        if delay is not None and elapsed + delay < policy.deadline:
            return Again(delay)
    return GiveUp(final(operation, error, doubtful=doubtful))


def final(operation: Operation, error: OnCallError, *, doubtful: bool) -> OnCallError:
    """The error to end a call with: a write that is in doubt ends with the doubt."""
    if not doubtful or operation.repeat == "safe":
        return error
    made = in_doubt(operation, str(error))
    made.__cause__ = error
    return made


def in_doubt(operation: Operation, why: str) -> OutcomeUnknown:
    """The error of a write whose effect could not be established."""
    return OutcomeUnknown(
        f"{operation.id}: it may have had its effect, or not ({why}) Check: {operation.check}",
        operation=operation.id,
    )


def _shows_effect(operation: Operation, error: OnCallError) -> bool:
    """Whether the refusal of a repeat says that the effect is there."""
    match operation.repeat:
        case "already":
            return isinstance(error, AlreadyInState)
        case "missing":
            return isinstance(error, NotFound) and error.detail == _GONE.get(operation.id)
        case _:
            return False


def _delay(
    error: OnCallError, attempt: int, policy: RetryPolicy, random: Callable[[], float]
) -> float | None:
    """Seconds until the next attempt, None where there is none."""
    passing = isinstance(error, TransportError) or is_ambiguous(error)
    if not passing or attempt >= _most_attempts(error, policy):
        return None
    told = error.reset_after if isinstance(error, StatusError) else None
    return (told or 0.0) + random() * bound_of_delay(policy, attempt)


def _most_attempts(error: OnCallError, policy: RetryPolicy) -> int:
    # A filter that is ignored twice always is.
    fault = isinstance(error, FilterIgnored) or (
        isinstance(error, ServerError) and error.status not in GATEWAY
    )
    return min(policy.attempts, _MOST_FAULTS) if fault else policy.attempts


class RetryQuota:
    """How many retries a client may spend, so that an outage is not met with a storm of them.

    Each retry takes from it, a timeout twice as much. A call that succeeds after retries gives
    back what they took, any other success a little.
    """

    CAPACITY: Final = 500
    _RETRY: Final = 5
    _TIMEOUT: Final = 10

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = self._left = capacity

    def take(self, error: OnCallError) -> int | None:
        """What a retry after this error costs, None when that is more than there is left."""
        if isinstance(error, RateLimited):
            return 0
        cost = self._TIMEOUT if isinstance(error, RequestTimeout) else self._RETRY
        if cost > self._left:
            return None
        self._left -= cost
        return cost

    def give_back(self, spent: int) -> None:
        """After the success of a call whose retries took so much."""
        self._left = min(self._capacity, self._left + max(1, spent))
