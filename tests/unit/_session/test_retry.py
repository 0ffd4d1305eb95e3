"""What follows a failed attempt: the whole table."""

import socket
import ssl
from datetime import timedelta
from typing import Any

import httpx
import pytest

from grafana_oncall._codec.error_responses import GATEWAY
from grafana_oncall._core.causes import causes
from grafana_oncall._core.request import Operation
from grafana_oncall._session import retry
from grafana_oncall._session.retry import (
    AlreadyApplied,
    Decision,
    Fail,
    Reachability,
    Retry,
    final_error,
    is_ambiguous,
    is_from_oncall,
    is_outage,
    is_temporary,
    needs_intervention,
    outcome_unknown,
)
from grafana_oncall._session.retry_policy import RetryPolicy, outage_patience
from grafana_oncall.errors import (
    InvalidArgument,
    NotFound,
    OnCallError,
    OutcomeUnknown,
    StatusError,
    TokenUnavailable,
    TransportError,
)
from grafana_oncall.operations import OPERATIONS
from tests.support.failures import (
    ERRORS,
    KINDS,
    PAUSES,
    POLICY,
    REPEATS,
    decide,
    half,
    status_error,
)

ONCE = RetryPolicy(max_attempts=1, deadline=0.0)
DELAYS = (0.5, 1.0, 2.0, 4.0)
"""Upper bounds of the four delays between five attempts."""
PASSED_ON = {"302", "400 of a gateway", "403 of a gateway", "408", "444", "460", "499"}
"""What gateways say of requests that they may have passed on, besides 502, 503 and 504."""
AMBIGUOUS = {
    "lost",
    "timeout",
    "not json",
    "500",
    "502",
    "503",
    "503 with Retry-After",
    "504",
    "507",
} | PASSED_ON
NEVER_LET_IN = {"never sent", "connect timeout", "407", "421", "425"}
THROTTLED = {"429", "429 without Retry-After"}
FAULTS = {"500", "507"}
"""The server fails of itself: tried twice, not five times."""
SETTINGS = {"302", "407", "not json", "wrong json"}
"""Not to be waited for where OnCall has never responded."""
OUTAGE = (AMBIGUOUS | NEVER_LET_IN) - FAULTS
PASSING = AMBIGUOUS | NEVER_LET_IN | THROTTLED
"""All but an item of another shape, which hides all others."""


def shape(decision: Decision) -> str:
    """Return a decision in a few characters, for tables."""
    match decision:
        case Retry(delay=delay):
            return f"retry {delay:g}"
        case AlreadyApplied():
            return "applied"
        case Fail(error=OutcomeUnknown()):
            return "unknown"
        case Fail():
            return "give up"


def test_the_specification_has_every_kind_of_retry() -> None:
    """So the tables below use real operations."""
    assert {operation.retry for operation in OPERATIONS} == set(REPEATS)
    assert {o.id for o in OPERATIONS if o.retry == "never"} >= {
        "silence_alert_group",
        "create_integration",
    }


@pytest.mark.parametrize(
    ("error", "ambiguous"),
    [pytest.param(ERRORS[name], name in AMBIGUOUS, id=name) for name in ERRORS],
)
def test_which_failures_are_ambiguous(error: OnCallError, *, ambiguous: bool) -> None:
    """No response to what was sent, an invalid response, and the server's own failure."""
    assert is_ambiguous(error) is ambiguous


@pytest.mark.parametrize("answered", [True, False])
@pytest.mark.parametrize("name", ERRORS)
def test_which_failures_are_an_outage(name: str, *, answered: bool) -> None:
    """All calls wait for its end; before OnCall ever responded, a login page is none."""
    reach = Reachability(answered=answered)
    settings = set() if answered else SETTINGS
    assert is_outage(ERRORS[name], reach) is (name in OUTAGE - settings)
    assert is_temporary(ERRORS[name], reach) is (name in PASSING - settings)
    assert needs_intervention(ERRORS[name], reach) is (name in settings)


def unreached(cause: Exception) -> TransportError:
    """An error as transports raise it when there is no connection."""
    error = TransportError("no connection", operation="x", sent=False)
    error.__cause__ = httpx.ConnectError("no connection")
    error.__cause__.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("status", "intervention"),
    [(status, True) for status in (300, 301, 399, 407)]
    + [(status, False) for status in (406, 408)],
)
def test_a_server_that_only_redirects_or_asks_for_a_login_needs_another_setting(
    status: int, *, intervention: bool
) -> None:
    """If OnCall has never responded; so the request is not retried."""
    error, reach = status_error(StatusError, status), Reachability(answered=False)
    assert needs_intervention(error, reach) is intervention


@pytest.mark.parametrize("name", ["302", "407"])
def test_what_points_to_a_wrong_setting_is_an_outage_once_oncall_has_responded(name: str) -> None:
    """Only an outage passes, so only that is retried."""
    unreached = Reachability(answered=False)
    assert shape(decide("safe", ERRORS[name])) == "retry 0.25"
    assert shape(decide("safe", ERRORS[name], reach=unreached)) in {"give up", "unknown"}


@pytest.mark.parametrize("answered", [True, False])
def test_a_certificate_that_is_not_trusted_never_passes(*, answered: bool) -> None:
    """The request is not retried either."""
    error, reach = (
        unreached(ssl.SSLCertVerificationError(1, "self-signed")),
        Reachability(answered=answered),
    )
    assert needs_intervention(error, reach)
    assert not is_outage(error, reach)
    assert not is_temporary(error, reach)
    assert decide("safe", error) == Fail(error)


@pytest.mark.parametrize(
    ("code", "answered", "seconds", "passes"),
    [
        pytest.param(socket.EAI_NONAME, False, 119.9, True, id="names may flap"),
        pytest.param(socket.EAI_NONAME, False, 120.0, False, id="but not for two minutes"),
        pytest.param(socket.EAI_NONAME, True, 9e9, True, id="it had an address before"),
        pytest.param(socket.EAI_AGAIN, False, 9e9, True, id="no resolver could be asked"),
    ],
)
def test_a_host_without_an_address_is_given_up_after_minutes(
    code: int, seconds: float, *, answered: bool, passes: bool
) -> None:
    """If it never had one."""
    error = unreached(socket.gaierror(code, "no such name"))
    reach = Reachability(answered=answered, unresolved=seconds)
    assert is_temporary(error, reach) is is_outage(error, reach) is passes


def test_circular_causes_are_handled() -> None:
    """Hand-made errors may have them."""
    first, second = ValueError(), ValueError()
    first.__cause__, second.__cause__ = second, first
    assert [*causes(first)] == [first, second]


@pytest.mark.parametrize("repeat", REPEATS)
@pytest.mark.parametrize("attempt", [1, 5, 1000])
def test_background_calls_wait_for_the_end_of_an_outage_until_the_deadline(
    repeat: str, attempt: int
) -> None:
    """Their attempts do not count; but what must not be retried is not."""
    for name in sorted(OUTAGE):
        ambiguous = name in AMBIGUOUS
        end = shape(
            decide(repeat, ERRORS[name], attempt=attempt, elapsed=590, pause=10, waits=True)
        )
        decision = decide(repeat, ERRORS[name], attempt=attempt, pause=9.5, waits=True)
        never = ambiguous and repeat == "never"
        assert shape(decision) == ("unknown" if never else "retry 9.5")
        assert end == ("unknown" if ambiguous and repeat != "safe" else "give up")


@pytest.mark.parametrize(
    ("policy", "background", "seconds"),
    [
        pytest.param(RetryPolicy(), True, 600, id="background"),
        pytest.param(RetryPolicy(), False, 7.5, id="foreground"),
        pytest.param(RetryPolicy(max_attempts=2), False, 2, id="time for a probe"),
        pytest.param(RetryPolicy(max_attempts=2), True, 600, id="twice, in the background"),
        pytest.param(ONCE, True, 0, id="no time at all"),
        pytest.param(RetryPolicy(max_attempts=1), True, 2, id="once, in the background too"),
        pytest.param(RetryPolicy(max_attempts=10**9, deadline=50), False, 50, id="many attempts"),
    ],
)
def test_how_long_an_outage_is_waited_out(
    policy: RetryPolicy, seconds: float, *, background: bool
) -> None:
    """In the foreground, no longer than the delays of all attempts together."""
    assert outage_patience(policy, background=background) == seconds


def first_failure(repeat: str, name: str) -> str:
    """The expected decision after the first attempt."""
    if name in THROTTLED:
        return f"retry {PAUSES[name]:g}"
    if name in NEVER_LET_IN:
        return "retry 0.25"
    if name in AMBIGUOUS:
        if repeat == "never":
            return "unknown"
        return "retry 7.25" if name == "503 with Retry-After" else "retry 0.25"
    return "give up"


@pytest.mark.parametrize("repeat", REPEATS)
@pytest.mark.parametrize("name", ERRORS)
def test_a_first_failure_is_decided_by_the_table(repeat: str, name: str) -> None:
    """What had no effect is retried; what may have had one, if the retry shows it."""
    assert shape(decide(repeat, ERRORS[name])) == first_failure(repeat, name)


@pytest.mark.parametrize("repeat", REPEATS)
@pytest.mark.parametrize("name", ERRORS)
def test_the_last_failure_is_the_end(repeat: str, name: str) -> None:
    """Only a 429 is still retried; a write that may have been applied says so."""
    if name in THROTTLED:
        expected = first_failure(repeat, name)
    elif name in AMBIGUOUS and repeat != "safe":
        expected = "unknown"
    else:
        expected = "give up"
    assert shape(decide(repeat, ERRORS[name], attempt=POLICY.max_attempts)) == expected


def repeated_in_doubt(repeat: str, name: str) -> str:
    """The expected decision after the second attempt, if the first was ambiguous."""
    if (repeat, name) in {("already", "400 already"), ("missing", "404")}:
        return "applied"
    if repeat == "never":
        return "unknown"
    if name in THROTTLED:
        return f"retry {PAUSES[name]:g}"
    if name in NEVER_LET_IN or name in AMBIGUOUS - FAULTS:
        return "retry 7.5" if name == "503 with Retry-After" else "retry 0.5"
    return "give up" if repeat == "safe" else "unknown"


@pytest.mark.parametrize("repeat", REPEATS)
@pytest.mark.parametrize("name", ERRORS)
def test_a_refusal_after_an_ambiguous_attempt_may_be_the_success(repeat: str, name: str) -> None:
    """A refusal that says "already so" is the success whose response was lost.

    What must not be retried ends with OutcomeUnknown, even if this attempt had no effect.
    """
    decision = decide(repeat, ERRORS[name], attempt=2, doubtful=True)
    assert shape(decision) == repeated_in_doubt(repeat, name)


@pytest.mark.parametrize(
    ("operation", "words"),
    [("delete_alert_group", "Not found."), ("remove_alert_group_label", "Label not found")],
)
def test_only_the_words_of_what_is_gone_say_that_it_was_deleted(operation: str, words: str) -> None:
    """A label may be gone, or its group; and a gateway that knows no path says otherwise."""
    for detail in ("Not found.", "Label not found", "no"):
        error = status_error(NotFound, 404, detail=detail, is_gateway=False)
        decision = decide("missing", error, operation=operation, attempt=2, doubtful=True)
        assert shape(decision) == ("applied" if detail == words else "unknown")


@pytest.mark.parametrize("repeat", REPEATS)
@pytest.mark.parametrize("name", ["400 already", "404"])
def test_without_an_ambiguous_attempt_a_refusal_is_a_refusal(repeat: str, name: str) -> None:
    """Someone else was faster, and the caller gets the error."""
    error = ERRORS[name]
    assert decide(repeat, error, doubtful=False) == Fail(error)
    assert decide(repeat, error, attempt=3, doubtful=False) == Fail(error)


@pytest.mark.parametrize("name", ERRORS)
def test_a_read_gives_its_own_error(name: str) -> None:
    """Its outcome is never unknown."""
    error = ERRORS[name]
    assert decide("safe", error, elapsed=POLICY.deadline + 1, doubtful=True) == Fail(error)


@pytest.mark.parametrize(("attempt", "bound"), list(enumerate(DELAYS, 1)))
@pytest.mark.parametrize("drawn", [0.0, 0.25, 0.999])
def test_delays_double_and_have_full_jitter(attempt: int, bound: float, drawn: float) -> None:
    """Tasks that failed together do not retry together."""
    decision = decide("safe", ERRORS["503"], attempt=attempt, random=lambda: drawn)
    assert decision == Retry(drawn * bound)
    decision = decide("safe", ERRORS["503 with Retry-After"], attempt=attempt, random=lambda: drawn)
    assert decision == Retry(7.0 + drawn * bound)


@pytest.mark.parametrize("pause", [0.0, 1.5, 78.0])
@pytest.mark.parametrize("name", sorted(THROTTLED))
def test_a_429_waits_as_long_as_the_throttle(name: str, pause: float) -> None:
    """Exactly, and without jitter: the throttle admits all of them gradually."""
    assert decide("never", ERRORS[name], attempt=4, pause=pause) == Retry(pause)


def test_without_a_pause_a_429_is_retried_at_once() -> None:
    """As if the pause had ended already."""
    decision = retry.decide(
        KINDS["safe"],
        ERRORS["429"],
        attempt=1,
        doubtful=False,
        elapsed=0.0,
        policy=POLICY,
        random=half,
    )
    assert decision == Retry(0.0)


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_a_fault_of_the_server_is_tried_twice(name: str) -> None:
    """The input is often the reason, so that three more attempts would be useless."""
    assert shape(decide("safe", ERRORS[name], attempt=1)) == "retry 0.25"
    assert shape(decide("safe", ERRORS[name], attempt=2)) == "give up"
    assert shape(decide("same", ERRORS[name], attempt=2)) == "unknown"


@pytest.mark.parametrize(
    ("name", "elapsed", "expected"),
    [
        pytest.param("503", 599.74, "retry 0.25", id="ends before the deadline"),
        pytest.param("503", 599.75, "give up", id="would end at the deadline"),
        pytest.param("503", 599.76, "give up", id="would end after it"),
        pytest.param("503", 601.0, "give up", id="is past it"),
        pytest.param(
            "503 with Retry-After", 592.7, "retry 7.25", id="announced, up to the deadline"
        ),
        pytest.param("503 with Retry-After", 592.75, "give up", id="announced, at the deadline"),
        pytest.param(
            "503 with Retry-After", 593.0, "give up", id="announced, beyond it with the jitter"
        ),
        pytest.param("429", 549.9, "retry 50", id="throttled, up to the deadline"),
        pytest.param("429", 550.0, "give up", id="throttled, at the deadline"),
        pytest.param(
            "429", 551.0, "give up", id="throttled, beyond it with the throttle's patience"
        ),
    ],
)
def test_the_deadline_counts_the_delay(name: str, elapsed: float, expected: str) -> None:
    """A call does not wait for an attempt that may not be made."""
    assert shape(decide("safe", ERRORS[name], elapsed=elapsed)) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [pytest.param(name, "unknown" if name in AMBIGUOUS else "give up", id=name) for name in ERRORS],
)
def test_a_single_attempt_is_never_retried(name: str, expected: str) -> None:
    """However short it was; but an unknown outcome is still reported."""
    for elapsed in (0.0, 0.001):
        decision = decide("same", ERRORS[name], elapsed=elapsed, policy=ONCE)
        assert shape(decision) == expected


@pytest.mark.parametrize("repeat", REPEATS)
@pytest.mark.parametrize("name", ERRORS)
def test_a_deadline_of_zero_retries_nothing(repeat: str, name: str) -> None:
    """Not even what would be retried at once, whatever `max_attempts` is."""
    for doubtful in {True, is_ambiguous(ERRORS[name])}:
        decision = decide(
            repeat,
            ERRORS[name],
            doubtful=doubtful,
            pause=0.0,
            policy=RetryPolicy(deadline=0.0),
            random=lambda: 0.0,
        )
        assert not isinstance(decision, Retry)


@pytest.mark.parametrize("repeat", REPEATS)
@pytest.mark.parametrize("name", ERRORS)
def test_without_an_ambiguous_attempt_the_last_error_is_raised(repeat: str, name: str) -> None:
    """Such as when the retry budget is spent, or the deadline is near."""
    assert final_error(KINDS[repeat], ERRORS[name], doubtful=False) is ERRORS[name]


def test_an_error_of_an_unknown_outcome_names_its_operation_once() -> None:
    """Where its reason is another error's text, which begins with it."""
    operation = KINDS["never"]
    error = outcome_unknown(operation, f"{operation.id}: no response.")
    assert str(error) == (
        f"{operation.id}: it may or may not have taken effect: no response. "
        f"Check: {operation.check}"
    )


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_outcome_unknown_says_what_to_check(operation: Operation) -> None:
    """With what happened, and the error chained."""
    error = ERRORS["lost"]
    made = final_error(operation, error, doubtful=True)
    if operation.retry == "safe":
        assert made is error
        return
    assert isinstance(made, OutcomeUnknown)
    assert made.operation == operation.id
    assert made.__cause__ is error
    assert str(made).startswith(operation.id)
    assert str(error) in str(made)
    assert operation.check in str(made)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        pytest.param("max_attempts", 0, id="no attempt"),
        pytest.param("max_attempts", 2.5, id="half an attempt"),
        pytest.param("max_attempts", True, id="a truth as a number"),
        pytest.param("initial_backoff", -1, id="a negative delay"),
        pytest.param("max_backoff", "20", id="a string"),
        pytest.param("deadline", float("nan"), id="not a number"),
        pytest.param("deadline", False, id="a truth as a time"),
    ],
)
def test_an_invalid_policy_is_refused_when_it_is_made(setting: str, value: Any) -> None:
    """Not in the middle of the first failure."""
    with pytest.raises(InvalidArgument, match=f"{setting}=") as refused:
        RetryPolicy(**{setting: value})
    assert refused.value.argument == setting


def test_a_policy_takes_timedeltas() -> None:
    """They are converted to seconds, as everywhere."""
    assert RetryPolicy(deadline=timedelta(minutes=2)).deadline == 120


@pytest.mark.parametrize("name", ERRORS)
def test_only_oncall_s_own_answers_end_an_outage(name: str) -> None:
    """Its refusals, and JSON of another shape; not what a gateway or a proxy sends."""
    stand_ins = {"302", "400 of a gateway", "403 of a gateway", *map(str, GATEWAY)}
    stand_ins |= {"503 with Retry-After"}
    is_own = isinstance(ERRORS[name], StatusError) and name not in stand_ins
    assert is_from_oncall(ERRORS[name]) is (is_own or name == "wrong json")


@pytest.mark.parametrize("raised", [True, False])
def test_a_token_that_does_not_come_may_come_later(*, raised: bool) -> None:
    """But not from a function that returns something else."""
    error = TokenUnavailable("token: no luck.", argument="token", raised=raised)
    assert is_temporary(error) is raised
    assert not is_outage(error)
