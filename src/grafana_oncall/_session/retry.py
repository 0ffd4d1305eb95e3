"""What to do after an attempt of an operation has failed. No I/O and no clock.

How it works, and why it is safe. Three rules decide:

1. A request that had no effect may be sent again.
2. A request that may have had its effect is retried only where the server's answer to the retry
   shows whether it had, or where doing it twice does no harm (`Operation.retry`).
3. What cannot be established is reported (`OutcomeUnknown`), never guessed.

A failure is either the request's own or an outage: no connection, no response, or a gateway that
answers in OnCall's place, so that any other request would have failed as well. While an outage
lasts, attempts of background calls do not count: the call waits, and all calls of the client probe
together (see `outage`). Attempts of foreground calls count as ever, because someone waits for them.
Here it is decided which failures are of that kind, and which may pass at all; whether an outage
lasts is for `outage` to say.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

import attrs

from grafana_oncall._codec.error_responses import GATEWAY
from grafana_oncall._core.causes import is_unresolved, is_untrusted
from grafana_oncall._core.request import Operation
from grafana_oncall.errors import (
    AlreadyInState,
    DecodeError,
    FilterIgnored,
    NotFound,
    OnCallError,
    OutcomeUnknown,
    RateLimited,
    ServerError,
    StatusError,
    TokenUnavailable,
    TransportError,
)

from .retry_policy import RetryPolicy, retry_delay


@attrs.frozen
class Retry:
    """Retry after `delay` seconds."""

    delay: float


@attrs.frozen
class AlreadyApplied:
    """The call has succeeded: an earlier attempt had its effect."""


@attrs.frozen
class Fail:
    """The call ends with this error."""

    error: OnCallError


Decision: TypeAlias = Retry | AlreadyApplied | Fail

_NOT_FOUND: Final = "Not found."
_ALREADY_GONE: Final = {"remove_alert_group_label": "Label not found"}
"""What else the server says when a retry finds nothing left; gateways have 404s of their own."""

_MAX_SERVER_ERRORS: Final = 2
"""Most attempts when OnCall itself fails (500 …), which is often the input's fault."""

_UNRESOLVED_LIMIT: Final = 120.0
"""Seconds after which a host without an address is taken for a wrong setting."""


@attrs.frozen(kw_only=True)
class Reachability:
    """What a client knows of its server so far."""

    answered: bool = True
    """Whether OnCall has ever answered."""
    unresolved: float = 0.0
    """Seconds for which its host has had no address, and no request has failed otherwise."""


_REACHED: Final = Reachability()

_TRANSIENT: Final = (TransportError, DecodeError, RateLimited, ServerError)
"""Errors of an outage: later, the same request may succeed."""


def is_ambiguous(error: OnCallError) -> bool:
    """Whether the request may have had its effect although it failed."""
    match error:
        case TransportError():
            return error.sent
        case DecodeError():
            return error.path is None  # a proxy's page, or a body that was cut off
        case StatusError():
            own = isinstance(error, ServerError) or error.is_gateway
            return GATEWAY.get(error.status, own)
        case _:
            return isinstance(error, FilterIgnored)


def is_outage(error: OnCallError, reach: Reachability = _REACHED) -> bool:
    """Whether the server or the network has failed for all requests, and may come back."""
    match error:
        case TransportError() | DecodeError(path=None) | StatusError(is_gateway=True):
            return not needs_intervention(error, reach)
        case _:
            return False


def is_from_oncall(error: OnCallError) -> bool:
    """Whether OnCall itself has answered, and not something in its place."""
    return (isinstance(error, StatusError) and not error.is_gateway) or (
        isinstance(error, DecodeError) and error.path is not None
    )


def is_temporary(error: OnCallError, reach: Reachability = _REACHED) -> bool:
    """Whether the same request may succeed later, with the same program and settings."""
    if isinstance(error, DecodeError) and (
        error.object_id is not None or (error.path or "").startswith("$.results[")
    ):
        return False  # an object of another shape
    if isinstance(error, TokenUnavailable):
        return error.raised
    gateway = isinstance(error, StatusError) and error.is_gateway
    return (gateway or isinstance(error, _TRANSIENT)) and not needs_intervention(error, reach)


def needs_intervention(error: OnCallError, reach: Reachability) -> bool:
    """Whether waiting does not help: someone must change a setting, here or on the server.

    If OnCall has answered before, the settings are right: then a login page and the like come from
    something that stands in for the server for a while. But a certificate that cannot be trusted
    gets no better by waiting.
    """
    if is_untrusted(error):
        return True
    if reach.answered:
        return False
    match error:
        case TransportError():
            return reach.unresolved >= _UNRESOLVED_LIMIT and is_unresolved(error)
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
    reach: Reachability = _REACHED,
    policy: RetryPolicy,
    random: Callable[[], float],
) -> Decision:
    """Return what follows the failure of an attempt.

    Args:
        operation: What was attempted.
        error: How it failed.
        attempt: Number of the attempt, from 1.
        doubtful: Whether this or an earlier attempt may have had its effect.
        elapsed: Seconds since the first attempt.
        pause: Seconds for which all calls pause, after a 429 or in an outage.
        waits: Whether the call waits for the end of that outage.
        reach: What is known of the server.
        policy: Limits of retries.
        random: Gives numbers from 0 to 1, for the jitter.
    """
    if doubtful and _shows_effect(operation, error):
        return AlreadyApplied()
    # Else an earlier attempt of an operation that must not be repeated may have had its effect.
    if not (doubtful and operation.retry == "never"):
        # The throttle does the waiting, for all tasks.
        waits = waits or isinstance(error, RateLimited)
        delay = pause if waits else _delay(error, attempt, reach, policy, random)
        if delay is not None and elapsed + delay < policy.deadline:
            return Retry(delay)
    return Fail(final_error(operation, error, doubtful=doubtful))


def final_error(operation: Operation, error: OnCallError, *, doubtful: bool) -> OnCallError:
    """The error that ends a call: `OutcomeUnknown` for a write that may have had its effect."""
    if not doubtful or operation.retry == "safe":
        return error
    made = outcome_unknown(operation, str(error))
    made.__cause__ = error
    return made


def outcome_unknown(operation: Operation, why: str) -> OutcomeUnknown:
    """The error of a write whose effect could not be established."""
    reason = why.removeprefix(f"{operation.id}: ")
    return OutcomeUnknown(
        f"{operation.id}: it may or may not have taken effect: {reason} Check: {operation.check}",
        operation=operation.id,
    )


def _shows_effect(operation: Operation, error: OnCallError) -> bool:
    """Whether the server refuses a retry because an earlier attempt had its effect."""
    match operation.retry:
        case "already":
            return isinstance(error, AlreadyInState)
        case "missing":
            gone = _ALREADY_GONE.get(operation.id, _NOT_FOUND)
            return isinstance(error, NotFound) and error.detail == gone
        case _:
            return False


def _delay(
    error: OnCallError,
    attempt: int,
    reach: Reachability,
    policy: RetryPolicy,
    random: Callable[[], float],
) -> float | None:
    """Seconds until the next attempt, or None when there is none."""
    failed = isinstance(error, DecodeError | FilterIgnored | ServerError) and is_ambiguous(error)
    passing = failed or is_outage(error, reach)
    if not passing or attempt >= _most_attempts(error, policy):
        return None
    return retry_delay(error, attempt, policy, random)


def _most_attempts(error: OnCallError, policy: RetryPolicy) -> int:
    # A filter that is ignored twice is always ignored.
    fault = isinstance(error, FilterIgnored) or (
        isinstance(error, ServerError) and not error.is_gateway
    )
    return min(policy.max_attempts, _MAX_SERVER_ERRORS) if fault else policy.max_attempts
