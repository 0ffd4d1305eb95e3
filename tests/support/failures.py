"""A failure of every kind, and the retry decision after it."""

from collections.abc import Callable

from hypothesis import strategies as st

from grafana_oncall._codec.error_responses import GATEWAY
from grafana_oncall._core.request import Operation
from grafana_oncall._session import retry
from grafana_oncall._session.retry import Decision, Reachability, is_ambiguous
from grafana_oncall._session.retry_policy import RetryPolicy
from grafana_oncall.errors import (
    AlreadyInState,
    BadRequest,
    ClientStateError,
    Conflict,
    DecodeError,
    EndpointUnavailable,
    Forbidden,
    NotFound,
    OnCallError,
    RateLimited,
    RequestTimeout,
    ServerError,
    StatusError,
    TransportError,
    Unauthorized,
    UserTokenRequired,
)
from grafana_oncall.operations import OPERATIONS

POLICY = RetryPolicy()
REACHED = Reachability()
"""OnCall has responded before."""
REPEATS = ("safe", "same", "already", "missing", "never")


def first_of(repeat: str, id: str | None = None) -> Operation:
    """The first operation of this kind in the specification, or the one with this id."""
    return next(each for each in OPERATIONS if each.retry == repeat and id in {None, each.id})


KINDS = {repeat: first_of(repeat) for repeat in REPEATS}


def status_error(
    kind: type[StatusError],
    status: int,
    reset_after: float | None = None,
    *,
    detail: str = "no",
    is_gateway: bool | None = None,
) -> StatusError:
    """An error response of the server, or, as the status implies, of a proxy before it."""
    return kind(
        status=status,
        detail=detail,
        fields={},
        operation="silence_alert_group",
        method="POST",
        path="/api/v1/alert_groups/A/silence/",
        reset_after=reset_after,
        is_gateway=status in GATEWAY if is_gateway is None else is_gateway,
    )


def not_decoded(path: str | None) -> DecodeError:
    """A response that cannot be decoded."""
    return DecodeError("odd", operation="x", status=200, content=b"<html>", path=path)


ERRORS: dict[str, OnCallError] = {
    "never sent": TransportError("no route", operation="x", sent=False),
    "connect timeout": RequestTimeout("no route", operation="x", sent=False),
    "lost": TransportError("reset", operation="x", sent=True),
    "timeout": RequestTimeout("late", operation="x", sent=True),
    "not json": not_decoded(None),
    "wrong json": not_decoded("$.results[0].id"),
    "400": status_error(BadRequest, 400),
    "400 conflict": status_error(Conflict, 400),
    "400 already": status_error(AlreadyInState, 400),
    "401": status_error(Unauthorized, 401),
    "403": status_error(Forbidden, 403),
    "403 user": status_error(UserTokenRequired, 403),
    "404": status_error(NotFound, 404, detail="Not found."),
    "404 of a gateway": status_error(NotFound, 404, detail="no Route matched"),
    "404 html": status_error(EndpointUnavailable, 404),
    "409": status_error(BadRequest, 409),
    "429": status_error(RateLimited, 429, 48.0),
    "429 without Retry-After": status_error(RateLimited, 429),
    "500": status_error(ServerError, 500),
    "502": status_error(ServerError, 502),
    "503": status_error(ServerError, 503),
    "503 with Retry-After": status_error(ServerError, 503, 7.0),
    "504": status_error(ServerError, 504),
    "507": status_error(ServerError, 507),
    **{str(code): status_error(ServerError, code) for code in (407, 408, 421, 425, 444, 460, 499)},
    "302": status_error(StatusError, 302, is_gateway=True),
    "400 of a gateway": status_error(ServerError, 400, is_gateway=True),
    "403 of a gateway": status_error(Forbidden, 403, is_gateway=True),
    "closed": ClientStateError("closed"),
}
PATIENCE = 2.0
"""What the throttle adds to the pause that a 429 asks for."""
PAUSES = {"429": 48.0 + PATIENCE, "429 without Retry-After": 5.0}


def half() -> float:
    """The middle of the random range."""
    return 0.5


def pause_of(error: OnCallError) -> float:
    """How long all calls pause: because of this 429, or of an earlier one."""
    return (
        PAUSES["429 without Retry-After"]
        if error is ERRORS["429 without Retry-After"]
        else PAUSES["429"]
    )


def decide(
    repeat: str,
    error: OnCallError,
    *,
    operation: str | None = None,
    attempt: int = 1,
    doubtful: bool | None = None,
    elapsed: float = 0.0,
    pause: float | None = None,
    waits: bool = False,
    reach: Reachability = REACHED,
    policy: RetryPolicy = POLICY,
    random: Callable[[], float] = half,
) -> Decision:
    """The retry decision; in doubt if this error alone would leave the call in doubt."""
    return retry.decide(
        first_of(repeat, operation),
        error,
        attempt=attempt,
        doubtful=is_ambiguous(error) if doubtful is None else doubtful,
        elapsed=elapsed,
        pause=pause_of(error) if pause is None else pause,
        waits=waits,
        reach=reach,
        policy=policy,
        random=random,
    )


errors = st.sampled_from(sorted(ERRORS)).map(ERRORS.__getitem__)
drawn = st.floats(0, 1, exclude_max=True)
