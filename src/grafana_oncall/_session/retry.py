"""Pure: what to do after an attempt of an operation has failed.

Three laws. A request that had no effect may be sent again. One that may have had an effect is
repeated only where the repeat tells, or where it cannot do harm. What cannot be established is
said (`OutcomeUnknown`), never guessed.

A failure is the request's own, or an outage: there is no connection, or no answer, or a gateway
answers in OnCall's place, and any other request would have met the same. An outage is nothing to
blame a request for. So while it lasts, the attempts of a background call do not count: the call
waits, and all of them together probe, as `_pacing` has it. A foreground call has somebody waiting
for it: its attempts count as ever. Whether an outage lasts is for the pace of the client to say;
whether a failure is of that kind, and whether such a failure may ever pass, is said here.
"""

from collections.abc import Callable
from datetime import timedelta
from math import ldexp
from typing import Final, TypeAlias

import attrs

from grafana_oncall._codec.error_responses import GATEWAY
from grafana_oncall._core.causes import is_unresolved, is_untrusted
from grafana_oncall._core.request import Operation
from grafana_oncall._validation.arguments import seconds, whole
from grafana_oncall.errors import (
    PASSING,
    AlreadyInState,
    DecodeError,
    FilterIgnored,
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
    seconds(field.name, value, zero=True, longest=None)


def _check_attempts(_: object, field: "attrs.Attribute[int]", value: object) -> None:
    whole(field.name, value)


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """How long and how often to try. Times in seconds, or as timedeltas.

    In an outage (no connection, no answer, or a gateway's 502, 503 and the like) all calls of the
    client pause, and one at a time is sent as a probe. A foreground call gives up after
    `max_attempts`, or after as much waiting as lies between them: 7.5 seconds by default. A
    background call (bulk runs, `with_options(background=True)`) goes on until the `deadline`, and
    attempts that an outage costs it do not count. With `max_attempts=1` nothing is ever repeated.
    """

    max_attempts: int = attrs.field(default=5, validator=_check_attempts)
    """Most attempts of a call, the first included; those refused by a rate limit do not count, nor
    those of background calls in an outage."""
    initial_backoff: float = attrs.field(default=0.5, converter=_seconds, validator=_check_seconds)
    """Bound of the first delay, doubled with each attempt; the delay is random below it."""
    max_backoff: float = attrs.field(default=20.0, converter=_seconds, validator=_check_seconds)
    """Bound of every delay that the server does not ask for."""
    deadline: float = attrs.field(default=600.0, converter=_seconds, validator=_check_seconds)
    """Longest time from the first attempt of a call to the last; longest pause that is waited out
    when the server throttles, where pauses that follow each other without a success are one; and
    longest outage that a background call waits out."""


def backoff_limit(policy: RetryPolicy, attempt: int) -> float:
    """Seconds below which the delay after attempt number `attempt` (from 1) is random."""
    return min(policy.max_backoff, ldexp(policy.initial_backoff, min(attempt - 1, 64)))


@attrs.frozen
class Retry:
    """Send it again, after so many seconds."""

    delay: float


@attrs.frozen
class AlreadyApplied:
    """The effect is there: an earlier attempt brought it about."""


@attrs.frozen
class Fail:
    """The call ends with this error."""

    error: OnCallError


Decision: TypeAlias = Retry | AlreadyApplied | Fail

_GONE: Final = {
    "delete_alert_group": "Not found.",
    "delete_integration": "Not found.",
    "remove_alert_group_label": "Label not found",
}
"""The server's own words when a repeat finds nothing left; gateways have 404s of their own."""

_MOST_FAULTS: Final = 2
"""Attempts when the server fails of itself (500 …), which is often the input's fault."""

_NO_ADDRESS: Final = 120.0
"""Seconds after which a host that never had an address is not expected to get one."""


@attrs.frozen(kw_only=True)
class Reach:
    """What a client has seen of its server so far."""

    answered: bool = True
    """Whether OnCall has ever answered."""
    unresolved: float = 0.0
    """Seconds for which its host has had no address, and nothing else was learnt of it."""


_REACHED: Final = Reach()


def is_ambiguous(error: OnCallError) -> bool:
    """Whether the request may have had its effect although it failed."""
    match error:
        case TransportError():
            return error.sent
        case DecodeError():
            return error.path is None  # not the answer: a proxy's page, or a body that was cut off
        case StatusError():
            own = isinstance(error, ServerError) or error.is_gateway
            return GATEWAY.get(error.status, own)
        case _:
            return isinstance(error, FilterIgnored)


def is_outage(error: OnCallError, reach: Reach = _REACHED) -> bool:
    """Whether the server, or the way to it, has failed for everybody, and may come back."""
    match error:
        case TransportError() | DecodeError(path=None) | StatusError(is_gateway=True):
            return not is_setting(error, reach)
        case _:
            return False


def may_pass(error: OnCallError, reach: Reach = _REACHED) -> bool:
    """Whether the same may succeed later, with nobody doing anything about it here."""
    if isinstance(error, DecodeError) and (error.path or "").startswith("$.results["):
        return False  # an item of another shape, which hides all others
    gateway = isinstance(error, StatusError) and error.is_gateway
    return (gateway or isinstance(error, PASSING)) and not is_setting(error, reach)


def is_setting(error: OnCallError, reach: Reach) -> bool:
    """Whether only a person can put it right, here or there.

    What has worked before is not the settings' fault: then a login page and the like come from
    something that stands in for the server for a while. But no certificate that cannot be trusted
    gets better by waiting.
    """
    if is_untrusted(error):
        return True
    if reach.answered:
        return False
    match error:
        case TransportError():
            return reach.unresolved >= _NO_ADDRESS and is_unresolved(error)
        case DecodeError():
            return True  # a login page, or another API
        case StatusError():
            return 300 <= error.status < 400 or error.status == 407
        case _:
            return False


def decide(
    operation: Operation,
    error: OnCallError,
    *,
    attempt: int,
    doubtful: bool,
    elapsed: float,
    pause: float = 0.0,
    waits: bool = False,
    reach: Reach = _REACHED,
    policy: RetryPolicy,
    random: Callable[[], float],
) -> Decision:
    """What follows the failure of attempt number `attempt` (from 1).

    `doubtful` says that this or an earlier attempt may have had its effect; `pause`, for how long
    all calls wait after a 429, or in an outage that this call `waits` for.
    """
    if doubtful and _shows_effect(operation, error):
        return AlreadyApplied()
    # Of an operation that must not be repeated, an earlier attempt may have had its effect.
    if not (doubtful and operation.retry == "never"):
        # For those who wait, the throttle does the waiting, for all tasks.
        waits = waits or isinstance(error, RateLimited)
        delay = pause if waits else _delay(error, attempt, reach, policy, random)
        if delay is not None and elapsed + delay < policy.deadline:
            return Retry(delay)
    return Fail(final_error(operation, error, doubtful=doubtful))


def final_error(operation: Operation, error: OnCallError, *, doubtful: bool) -> OnCallError:
    """The error to end a call with: a write that is in doubt ends with the doubt."""
    if not doubtful or operation.retry == "safe":
        return error
    made = outcome_unknown(operation, str(error))
    made.__cause__ = error
    return made


def outcome_unknown(operation: Operation, why: str) -> OutcomeUnknown:
    """The error of a write whose effect could not be established."""
    return OutcomeUnknown(
        f"{operation.id}: it may have had its effect, or not ({why}) Check: {operation.check}",
        operation=operation.id,
    )


def _shows_effect(operation: Operation, error: OnCallError) -> bool:
    """Whether the refusal of a repeat says that the effect is there."""
    match operation.retry:
        case "already":
            return isinstance(error, AlreadyInState)
        case "missing":
            return isinstance(error, NotFound) and error.detail == _GONE.get(operation.id)
        case _:
            return False


def _delay(
    error: OnCallError,
    attempt: int,
    reach: Reach,
    policy: RetryPolicy,
    random: Callable[[], float],
) -> float | None:
    """Seconds until the next attempt, None where there is none."""
    failed = isinstance(error, DecodeError | FilterIgnored | ServerError) and is_ambiguous(error)
    passing = failed or is_outage(error, reach)
    if not passing or attempt >= _most_attempts(error, policy):
        return None
    return delay_of(error, attempt, policy, random)


def delay_of(
    error: OnCallError, attempt: int, policy: RetryPolicy, random: Callable[[], float]
) -> float:
    """Seconds after this failure, as long as the server says and some more, at random."""
    told = error.reset_after if isinstance(error, StatusError) else None
    return (told or 0.0) + random() * backoff_limit(policy, attempt)


def patience_of(policy: RetryPolicy, *, background: bool) -> float:
    """Seconds of an outage that a call waits out without being sent.

    In the foreground it is what its delays may take together, and time for one probe at least.
    """
    if background and policy.max_attempts > 1:
        return policy.deadline
    delays = (backoff_limit(policy, attempt) for attempt in range(1, min(policy.max_attempts, 64)))
    return min(policy.deadline, max(2.0, sum(delays)))


def _most_attempts(error: OnCallError, policy: RetryPolicy) -> int:
    # A filter that is ignored twice always is.
    fault = isinstance(error, FilterIgnored) or (
        isinstance(error, ServerError) and not error.is_gateway
    )
    return min(policy.max_attempts, _MOST_FAULTS) if fault else policy.max_attempts


class RetryBudget:
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
