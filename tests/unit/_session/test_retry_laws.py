"""What becomes of a whole call that fails and fails: laws for any policy and any errors."""

import math
import sys

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall._core.request import Operation
from grafana_oncall._session.retry import (
    Again,
    GiveUp,
    RetryPolicy,
    Settled,
    Verdict,
    after,
    is_ambiguous,
    is_outage,
)
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
    attempts=st.integers(1, 40),
    first_delay=st.floats(0.001, 60),
    longest_delay=st.floats(0.001, 300),
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
def test_the_laws_of_a_single_verdict_hold(  # noqa: PLR0917  # hypothesis passes by name
    repeat: str,
    error: OnCallError,
    attempt: int,
    doubtful: bool,  # noqa: FBT001  # the same
    elapsed: float,
    pause: float,
    policy: RetryPolicy,
    drawn: float,
) -> None:
    """Bounded delays that respect what was told, bounded attempts, nothing past the deadline."""
    doubtful = doubtful or is_ambiguous(error)
    verdict = decide(
        repeat,
        error,
        attempt=attempt,
        doubtful=doubtful,
        elapsed=elapsed,
        pause=pause,
        policy=policy,
        random=lambda: drawn,
    )
    told = error.reset_after if isinstance(error, StatusError) else None
    match verdict:
        case Again(delay=delay):
            if isinstance(error, RateLimited):
                assert delay == pause
            else:
                assert (told or 0.0) <= delay <= (told or 0.0) + policy.longest_delay
            assert elapsed + delay < policy.deadline
            assert isinstance(error, RateLimited) or attempt < policy.attempts
            assert isinstance(error, RateLimited) or is_outage(error) or is_ambiguous(error)
            assert not (repeat == "never" and doubtful)
        case Settled():
            assert doubtful
            assert isinstance(error, AlreadyInState | NotFound)
            assert repeat in {"already", "missing"}
        case GiveUp(error=given):
            assert isinstance(given, OutcomeUnknown) is (doubtful and repeat != "safe")
            assert given is error or given.__cause__ is error


@attrs.define
class Story:
    """A call as the session makes it, with what the server made of each attempt."""

    sent: int = 0
    throttled: int = 0
    may_have_worked: int = 0
    clock: float = 0.0
    verdict: Verdict | None = None


def tell(
    operation: Operation, failures: list[OnCallError], policy: RetryPolicy, drawn: float
) -> Story:
    """One call, against a server that fails so and then so."""
    story, attempt, doubtful = Story(), 1, False
    for error in failures:
        story.sent += 1
        story.clock += 0.01
        story.throttled += isinstance(error, RateLimited)
        doubtful = doubtful or is_ambiguous(error)
        story.may_have_worked += is_ambiguous(error)
        story.verdict = after(
            operation,
            error,
            attempt=attempt,
            doubtful=doubtful,
            elapsed=story.clock,
            pause=pause_of(error),
            policy=policy,
            random=lambda: drawn,
        )
        if not isinstance(story.verdict, Again):
            break
        story.clock += story.verdict.delay
        attempt += not isinstance(error, RateLimited)
    return story


@given(st.sampled_from(OPERATIONS), st.lists(errors, max_size=30), policies, drawn)
def test_the_laws_of_a_whole_call_hold(
    operation: Operation, failures: list[OnCallError], policy: RetryPolicy, drawn: float
) -> None:
    """Whatever the order of failures."""
    story = tell(operation, failures, policy, drawn)
    assert story.sent - story.throttled <= policy.attempts
    assert story.clock < policy.deadline + 0.01 or story.sent <= 1
    assert policy.deadline or story.sent <= 1
    if operation.repeat == "never":
        assert story.may_have_worked <= 1
        assert not any(map(is_ambiguous, failures[: story.sent][:-1]))
        if story.may_have_worked:
            assert isinstance(story.verdict, GiveUp)
            assert isinstance(story.verdict.error, OutcomeUnknown)
    if isinstance(story.verdict, Settled):
        assert story.may_have_worked
    if isinstance(story.verdict, GiveUp) and operation.repeat != "safe":
        told = isinstance(story.verdict.error, OutcomeUnknown)
        assert told is bool(story.may_have_worked)


@given(st.sampled_from([o for o in OPERATIONS if o.repeat == "never"]), errors, drawn)
def test_what_must_not_be_repeated_is_not(
    operation: Operation, error: OnCallError, drawn: float
) -> None:
    """Only what certainly had no effect: never sent, or not let in."""
    story = tell(operation, [error, error], POLICY, drawn)
    harmless = (isinstance(error, RateLimited) or is_outage(error)) and not is_ambiguous(error)
    assert story.sent == (2 if harmless else 1)
    story = tell(
        operation, [ERRORS["429"], ERRORS["never sent"], error, ERRORS["429"]], POLICY, drawn
    )
    assert story.sent == (4 if harmless else 3)


@pytest.mark.parametrize("repeat", REPEATS)
def test_waiting_for_a_quota_ends_at_the_deadline_only(repeat: str) -> None:
    """Eleven pauses of 50 s fit into ten minutes, whatever the attempts."""
    story = tell(KINDS[repeat], [ERRORS["429"]] * 50, POLICY, 0.5)
    assert story.sent == 12
    assert story.clock < POLICY.deadline
    assert story.verdict == GiveUp(ERRORS["429"])


def test_a_policy_may_leave_the_attempts_to_the_deadline() -> None:
    """However many there are, the delay stays a number."""
    policy = RetryPolicy(attempts=sys.maxsize, longest_delay=0.5, deadline=math.inf)
    for attempt in (900, 1_025, 1_000_000):
        assert decide("safe", ERRORS["503"], attempt=attempt, policy=policy) == Again(0.25)
