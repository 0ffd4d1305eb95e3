"""The outcome of a whole call that keeps failing: laws for any policy and any errors."""

import math
import sys

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall._core.request import Operation
from grafana_oncall._session import retry
from grafana_oncall._session.retry import (
    AlreadyApplied,
    Decision,
    Fail,
    Retry,
    is_ambiguous,
    is_outage,
)
from grafana_oncall._session.retry_policy import RetryPolicy
from grafana_oncall.errors import (
    AlreadyInState,
    NotFound,
    OnCallError,
    OutcomeUnknown,
    RateLimited,
    ServerError,
    StatusError,
)
from grafana_oncall.operations import OPERATIONS
from tests.support.failures import (
    ERRORS,
    KINDS,
    POLICY,
    REPEATS,
    decide,
    drawn,
    errors,
    pause_of,
    status_error,
)

told_errors = st.builds(
    status_error,
    st.just(ServerError),
    st.sampled_from([500, 502, 503, 504]),
    st.none() | st.floats(0, 1e4),
)
policies = st.builds(
    RetryPolicy,
    max_attempts=st.integers(1, 40),
    initial_backoff=st.floats(0.001, 60),
    max_backoff=st.floats(0.001, 300),
    deadline=st.floats(0, 1e5),
)


@given(
    repeat=st.sampled_from(REPEATS),
    error=errors | told_errors,
    attempt=st.integers(1, 1000),
    doubtful=st.booleans(),
    elapsed=st.floats(0, 1e5),
    pause=st.floats(0, 1e4),
    policy=policies,
    drawn=drawn,
)
def test_the_laws_of_a_single_decision_hold(  # noqa: PLR0917  # hypothesis passes by name
    repeat: str,
    error: OnCallError,
    attempt: int,
    doubtful: bool,  # noqa: FBT001  # the same
    elapsed: float,
    pause: float,
    policy: RetryPolicy,
    drawn: float,
) -> None:
    """Bounded delays that respect Retry-After, bounded attempts, none after the deadline."""
    doubtful = doubtful or is_ambiguous(error)
    decision = decide(
        repeat,
        error,
        attempt=attempt,
        doubtful=doubtful,
        elapsed=elapsed,
        pause=pause,
        policy=policy,
        random=lambda: drawn,
    )
    minimum = error.reset_after if isinstance(error, StatusError) else None
    match decision:
        case Retry(delay=delay):
            if isinstance(error, RateLimited):
                assert delay == pause
            else:
                assert (minimum or 0.0) <= delay <= (minimum or 0.0) + policy.max_backoff
            assert elapsed + delay < policy.deadline
            assert isinstance(error, RateLimited) or attempt < policy.max_attempts
            assert isinstance(error, RateLimited) or is_outage(error) or is_ambiguous(error)
            assert not (repeat == "never" and doubtful)
        case AlreadyApplied():
            assert doubtful
            assert isinstance(error, AlreadyInState | NotFound)
            assert repeat in {"already", "missing"}
        case Fail(error=given):
            assert isinstance(given, OutcomeUnknown) is (doubtful and repeat != "safe")
            assert given is error or given.__cause__ is error


@attrs.define
class Story:
    """A call as the session makes it, and what the server did at each attempt."""

    sent: int = 0
    throttled: int = 0
    may_have_worked: int = 0
    clock: float = 0.0
    decision: Decision | None = None


def simulate(
    operation: Operation, failures: list[OnCallError], policy: RetryPolicy, drawn: float
) -> Story:
    """Run one call against a server with this sequence of failures."""
    story, attempt, doubtful = Story(), 1, False
    for error in failures:
        story.sent += 1
        story.clock += 0.01
        story.throttled += isinstance(error, RateLimited)
        doubtful = doubtful or is_ambiguous(error)
        story.may_have_worked += is_ambiguous(error)
        story.decision = retry.decide(
            operation,
            error,
            attempt=attempt,
            doubtful=doubtful,
            elapsed=story.clock,
            pause=pause_of(error),
            policy=policy,
            random=lambda: drawn,
        )
        if not isinstance(story.decision, Retry):
            break
        story.clock += story.decision.delay
        attempt += not isinstance(error, RateLimited)
    return story


@given(st.sampled_from(OPERATIONS), st.lists(errors, max_size=30), policies, drawn)
def test_the_laws_of_a_whole_call_hold(
    operation: Operation, failures: list[OnCallError], policy: RetryPolicy, drawn: float
) -> None:
    """Whatever the order of failures."""
    story = simulate(operation, failures, policy, drawn)
    assert story.sent - story.throttled <= policy.max_attempts
    assert story.clock < policy.deadline + 0.01 or story.sent <= 1
    assert policy.deadline or story.sent <= 1
    if operation.retry == "never":
        assert story.may_have_worked <= 1
        assert not any(map(is_ambiguous, failures[: story.sent][:-1]))
        if story.may_have_worked:
            assert isinstance(story.decision, Fail)
            assert isinstance(story.decision.error, OutcomeUnknown)
    if isinstance(story.decision, AlreadyApplied):
        assert story.may_have_worked
    if isinstance(story.decision, Fail) and operation.retry != "safe":
        unknown = isinstance(story.decision.error, OutcomeUnknown)
        assert unknown is bool(story.may_have_worked)


@given(st.sampled_from([o for o in OPERATIONS if o.retry == "never"]), errors, drawn)
def test_what_must_not_be_retried_is_not(
    operation: Operation, error: OnCallError, drawn: float
) -> None:
    """Except after attempts without any effect: never sent, or rate limited."""
    story = simulate(operation, [error, error], POLICY, drawn)
    harmless = (isinstance(error, RateLimited) or is_outage(error)) and not is_ambiguous(error)
    assert story.sent == (2 if harmless else 1)
    story = simulate(
        operation, [ERRORS["429"], ERRORS["never sent"], error, ERRORS["429"]], POLICY, drawn
    )
    assert story.sent == (4 if harmless else 3)


@pytest.mark.parametrize("repeat", REPEATS)
def test_waiting_for_a_rate_limit_ends_only_at_the_deadline(repeat: str) -> None:
    """Eleven pauses of 50 s fit into ten minutes, whatever `max_attempts` is."""
    story = simulate(KINDS[repeat], [ERRORS["429"]] * 50, POLICY, 0.5)
    assert story.sent == 12
    assert story.clock < POLICY.deadline
    assert story.decision == Fail(ERRORS["429"])


def test_a_policy_may_leave_the_attempts_to_the_deadline() -> None:
    """However many attempts there are, the delay stays finite."""
    policy = RetryPolicy(max_attempts=sys.maxsize, max_backoff=0.5, deadline=math.inf)
    for attempt in (900, 1_025, 1_000_000):
        assert decide("safe", ERRORS["503"], attempt=attempt, policy=policy) == Retry(0.25)
