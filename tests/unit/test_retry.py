"""What follows a failed attempt: the whole table, and the laws that hold everywhere in it."""

import asyncio
import math
import sys
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall._request import Operation
from grafana_oncall._retry import (
    Again,
    GiveUp,
    RetryPolicy,
    RetryQuota,
    Settled,
    Verdict,
    after,
    final,
    is_ambiguous,
)
from grafana_oncall.errors import (
    AlreadyInState,
    BadRequest,
    ClientStateError,
    Conflict,
    DecodeError,
    EndpointUnavailable,
    Forbidden,
    InvalidArgument,
    NotFound,
    OnCallError,
    OutcomeUnknown,
    RateLimited,
    RequestTimeout,
    ServerError,
    StatusError,
    TransportError,
    Unauthorized,
    UserTokenRequired,
)
from grafana_oncall.operations import OPERATIONS
from tests.virtual_time import loop, run

POLICY = RetryPolicy()
ONCE = RetryPolicy(attempts=1, deadline=0.0)
DELAYS = (0.5, 1.0, 2.0, 4.0)
"""Upper bounds of the four delays between five attempts."""

REPEATS = ("safe", "same", "already", "missing", "never")


def first_of(repeat: str) -> Operation:
    """The specification's first operation of this kind."""
    return next(operation for operation in OPERATIONS if operation.repeat == repeat)


KINDS = {repeat: first_of(repeat) for repeat in REPEATS}


def status_error(
    kind: type[StatusError],
    status: int,
    reset_after: float | None = None,
    *,
    detail: str = "no",
) -> StatusError:
    """The server refused."""
    return kind(
        status=status,
        detail=detail,
        fields={},
        operation="silence_alert_group",
        method="POST",
        path="/api/v1/alert_groups/A/silence/",
        reset_after=reset_after,
    )


def not_decoded(path: str | None) -> DecodeError:
    """An answer that is not what it should be."""
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
    "429 untold": status_error(RateLimited, 429),
    "500": status_error(ServerError, 500),
    "502": status_error(ServerError, 502),
    "503": status_error(ServerError, 503),
    "503 told": status_error(ServerError, 503, 7.0),
    "504": status_error(ServerError, 504),
    "507": status_error(ServerError, 507),
    "closed": ClientStateError("closed"),
}
AMBIGUOUS = {"lost", "timeout", "not json", "500", "502", "503", "503 told", "504", "507"}
NEVER_LET_IN = {"never sent", "connect timeout"}
THROTTLED = {"429", "429 untold"}
FAULTS = {"500", "507"}
"""The server fails of itself: tried twice, not five times."""


PATIENCE = 2.0
"""What the gate adds to the pause that a 429 asks for."""
PAUSES = {"429": 48.0 + PATIENCE, "429 untold": 5.0}


def half() -> float:
    """As random as a test may be."""
    return 0.5


def pause_of(error: OnCallError) -> float:
    """For how long all calls wait: a 429's own, or what an earlier one has left behind."""
    return PAUSES["429 untold"] if error is ERRORS["429 untold"] else PAUSES["429"]


def decide(
    repeat: str,
    error: OnCallError,
    *,
    attempt: int = 1,
    doubtful: bool | None = None,
    elapsed: float = 0.0,
    pause: float | None = None,
    policy: RetryPolicy = POLICY,
    random: Callable[[], float] = half,
) -> Verdict:
    """The verdict; in doubt as the session would be after this error alone."""
    return after(
        KINDS[repeat],
        error,
        attempt=attempt,
        doubtful=is_ambiguous(error) if doubtful is None else doubtful,
        elapsed=elapsed,
        pause=pause_of(error) if pause is None else pause,
        policy=policy,
        random=random,
    )


def shape(verdict: Verdict) -> str:
    """A verdict in a few characters, for tables."""
    match verdict:
        case Again(delay=delay):
            return f"again {delay:g}"
        case Settled():
            return "settled"
        case GiveUp(error=OutcomeUnknown()):
            return "unknown"
        case GiveUp():
            return "give up"


def test_the_specification_has_every_kind() -> None:
    """So the tables here speak of real operations."""
    assert {operation.repeat for operation in OPERATIONS} == set(REPEATS)
    assert {o.id for o in OPERATIONS if o.repeat == "never"} >= {
        "silence_alert_group",
        "create_integration",
    }


@pytest.mark.parametrize(
    ("error", "ambiguous"),
    [pytest.param(ERRORS[name], name in AMBIGUOUS, id=name) for name in ERRORS],
)
def test_what_may_have_had_its_effect(error: OnCallError, *, ambiguous: bool) -> None:
    """No answer to what was sent, an answer that is no answer, and the server's own failure."""
    assert is_ambiguous(error) is ambiguous


def first_failure(repeat: str, name: str) -> str:
    """The table of the first attempt, as the issue has it."""
    if name in THROTTLED:
        return f"again {PAUSES[name]:g}"
    if name in NEVER_LET_IN:
        return "again 0.25"
    if name in AMBIGUOUS:
        if repeat == "never":
            return "unknown"
        return "again 7.25" if name == "503 told" else "again 0.25"
    return "give up"


@pytest.mark.parametrize("repeat", REPEATS)
@pytest.mark.parametrize("name", ERRORS)
def test_the_first_attempt(repeat: str, name: str) -> None:
    """What had no effect is sent again; what may have had one, where a repeat tells."""
    assert shape(decide(repeat, ERRORS[name])) == first_failure(repeat, name)


@pytest.mark.parametrize("repeat", REPEATS)
@pytest.mark.parametrize("name", ERRORS)
def test_the_last_attempt(repeat: str, name: str) -> None:
    """Nothing follows but what a 429 asks for; a write that may have been done says so."""
    if name in THROTTLED:
        expected = first_failure(repeat, name)
    elif name in AMBIGUOUS and repeat != "safe":
        expected = "unknown"
    else:
        expected = "give up"
    assert shape(decide(repeat, ERRORS[name], attempt=POLICY.attempts)) == expected


def repeated_in_doubt(repeat: str, name: str) -> str:
    """The table of the second attempt, after a first one that may have had its effect."""
    if (repeat, name) in {("already", "400 already"), ("missing", "404")}:
        return "settled"
    if repeat == "never":
        return "unknown"
    if name in THROTTLED:
        return f"again {PAUSES[name]:g}"
    if name in NEVER_LET_IN or name in AMBIGUOUS - FAULTS:
        return "again 7.5" if name == "503 told" else "again 0.5"
    return "give up" if repeat == "safe" else "unknown"


@pytest.mark.parametrize("repeat", REPEATS)
@pytest.mark.parametrize("name", ERRORS)
def test_the_attempt_after_a_doubtful_one(repeat: str, name: str) -> None:
    """A refusal that says "it is so already" is the success that went missing.

    What must not be repeated is over with the doubt, also when this attempt had no effect itself.
    """
    verdict = decide(repeat, ERRORS[name], attempt=2, doubtful=True)
    assert shape(verdict) == repeated_in_doubt(repeat, name)


@pytest.mark.parametrize("repeat", REPEATS)
@pytest.mark.parametrize("name", ["400 already", "404"])
def test_without_doubt_a_refusal_is_a_refusal(repeat: str, name: str) -> None:
    """Somebody else was there first: the caller asked, and is told."""
    error = ERRORS[name]
    assert decide(repeat, error, doubtful=False) == GiveUp(error)
    assert decide(repeat, error, attempt=3, doubtful=False) == GiveUp(error)


@pytest.mark.parametrize("name", ERRORS)
def test_a_read_gives_its_own_error(name: str) -> None:
    """Its outcome is never unknown."""
    error = ERRORS[name]
    assert decide("safe", error, elapsed=POLICY.deadline + 1, doubtful=True) == GiveUp(error)


@pytest.mark.parametrize(("attempt", "bound"), list(enumerate(DELAYS, 1)))
@pytest.mark.parametrize("drawn", [0.0, 0.25, 0.999])
def test_delays_double_and_are_random_below_their_bound(
    attempt: int, bound: float, drawn: float
) -> None:
    """Full jitter: tasks that failed together do not return together."""
    verdict = decide("safe", ERRORS["503"], attempt=attempt, random=lambda: drawn)
    assert verdict == Again(drawn * bound)
    verdict = decide("safe", ERRORS["503 told"], attempt=attempt, random=lambda: drawn)
    assert verdict == Again(7.0 + drawn * bound)


@pytest.mark.parametrize("pause", [0.0, 1.5, 78.0])
@pytest.mark.parametrize("name", sorted(THROTTLED))
def test_a_429_waits_as_long_as_the_gate(name: str, pause: float) -> None:
    """Neither shorter nor longer, and not at random: the gate lets all of them in by and by."""
    assert decide("never", ERRORS[name], attempt=4, pause=pause) == Again(pause)


def test_told_no_pause_a_429_is_repeated_at_once() -> None:
    """As when the pause is over already."""
    verdict = after(
        KINDS["safe"],
        ERRORS["429"],
        attempt=1,
        doubtful=False,
        elapsed=0.0,
        policy=POLICY,
        random=half,
    )
    assert verdict == Again(0.0)


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_a_fault_of_the_server_is_tried_twice(name: str) -> None:
    """It is often the input's: three more would be in vain."""
    assert shape(decide("safe", ERRORS[name], attempt=1)) == "again 0.25"
    assert shape(decide("safe", ERRORS[name], attempt=2)) == "give up"
    assert shape(decide("same", ERRORS[name], attempt=2)) == "unknown"


@pytest.mark.parametrize(
    ("name", "elapsed", "expected"),
    [
        pytest.param("503", 599.74, "again 0.25", id="ends before the deadline"),
        pytest.param("503", 599.75, "give up", id="would end at the deadline"),
        pytest.param("503", 599.76, "give up", id="would end after it"),
        pytest.param("503", 601.0, "give up", id="is past it"),
        pytest.param("503 told", 592.7, "again 7.25", id="told, up to the deadline"),
        pytest.param("503 told", 592.75, "give up", id="told, at the deadline"),
        pytest.param("503 told", 593.0, "give up", id="told, beyond it with the jitter"),
        pytest.param("429", 549.9, "again 50", id="throttled, up to the deadline"),
        pytest.param("429", 550.0, "give up", id="throttled, at the deadline"),
        pytest.param("429", 551.0, "give up", id="throttled, beyond it with the gate's patience"),
    ],
)
def test_the_deadline_counts_the_delay(name: str, elapsed: float, expected: str) -> None:
    """Nobody waits for an attempt that may not be made."""
    assert shape(decide("safe", ERRORS[name], elapsed=elapsed)) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [pytest.param(name, "unknown" if name in AMBIGUOUS else "give up", id=name) for name in ERRORS],
)
def test_once_is_once(name: str, expected: str) -> None:
    """One attempt, even one that takes no time; but it does say what is unknown."""
    for elapsed in (0.0, 0.001):
        verdict = decide("same", ERRORS[name], elapsed=elapsed, policy=ONCE)
        assert shape(verdict) == expected


@pytest.mark.parametrize("repeat", REPEATS)
@pytest.mark.parametrize("name", ERRORS)
def test_a_deadline_of_zero_repeats_nothing(repeat: str, name: str) -> None:
    """Not even what would be repeated at once, whatever the attempts."""
    for doubtful in {True, is_ambiguous(ERRORS[name])}:
        verdict = decide(
            repeat,
            ERRORS[name],
            doubtful=doubtful,
            pause=0.0,
            policy=RetryPolicy(deadline=0.0),
            random=lambda: 0.0,
        )
        assert not isinstance(verdict, Again)


@pytest.mark.parametrize("repeat", REPEATS)
@pytest.mark.parametrize("name", ERRORS)
def test_without_doubt_the_last_error_is_the_calls(repeat: str, name: str) -> None:
    """As when the quota of retries is used up, or the deadline near."""
    assert final(KINDS[repeat], ERRORS[name], doubtful=False) is ERRORS[name]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_the_unknown_says_what_to_check(operation: Operation) -> None:
    """With what happened, and what happened chained."""
    error = ERRORS["lost"]
    made = final(operation, error, doubtful=True)
    if operation.repeat == "safe":
        assert made is error
        return
    assert isinstance(made, OutcomeUnknown)
    assert made.operation == operation.id
    assert made.__cause__ is error
    assert str(made).startswith(operation.id)
    assert str(error) in str(made)
    assert operation.check in str(made)


errors = st.sampled_from(sorted(ERRORS)).map(ERRORS.__getitem__)
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
drawn = st.floats(0, 1, exclude_max=True)


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
def test_laws_of_a_single_verdict(  # noqa: PLR0917  # hypothesis passes by name
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
            assert isinstance(error, RateLimited | TransportError) or is_ambiguous(error)
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
def test_laws_of_a_whole_call(
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
    harmless = isinstance(error, RateLimited | TransportError) and not is_ambiguous(error)
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


def spend(quota: RetryQuota, error: OnCallError) -> int:
    """How many retries there are left."""
    retries = spent = 0
    while (cost := quota.take(error)) is not None:
        retries += 1
        spent += cost
        assert 0 < cost <= spent <= RetryQuota.CAPACITY
    return retries


@pytest.mark.parametrize(
    ("name", "retries"),
    [
        pytest.param("503", 100, id="server"),
        pytest.param("lost", 100, id="connection"),
        pytest.param("not json", 100, id="proxy"),
        pytest.param("timeout", 50, id="timeouts cost twice as much"),
        pytest.param("connect timeout", 50, id="also to connect"),
    ],
)
def test_an_outage_uses_the_quota_up(name: str, retries: int) -> None:
    """And then each call fails at its first attempt, until some succeed."""
    quota = RetryQuota()
    assert spend(quota, ERRORS[name]) == retries
    assert quota.take(ERRORS[name]) is None


def test_a_429_costs_nothing() -> None:
    """The gate has it in hand; also when nothing is left."""
    quota = RetryQuota()
    spend(quota, ERRORS["503"])
    assert {quota.take(ERRORS["429"]) for _ in range(10_000)} == {0}
    assert quota.take(ERRORS["503"]) is None


def test_successes_fill_the_quota_again() -> None:
    """A little each, up to what it was."""
    quota = RetryQuota()
    spend(quota, ERRORS["503"])
    for _ in range(5):
        assert quota.take(ERRORS["503"]) is None
        quota.give_back(0)
    assert quota.take(ERRORS["503"]) == 5
    for _ in range(10 * RetryQuota.CAPACITY):
        quota.give_back(0)
    assert spend(quota, ERRORS["503"]) == 100


def test_a_call_that_succeeds_gives_back_what_its_retries_took() -> None:
    """They were worth it, so they cost nothing; but it earns nothing on top."""
    quota = RetryQuota()
    costs = [quota.take(ERRORS[name]) for name in ("lost", "timeout", "429", "503")]
    assert costs == [5, 10, 0, 5]
    spend(quota, ERRORS["503"])
    quota.give_back(20)
    assert spend(quota, ERRORS["503"]) == 4


def test_a_remainder_serves_the_cheaper() -> None:
    """One that is too dear takes nothing."""
    quota = RetryQuota()
    for _ in range(99):
        quota.take(ERRORS["503"])
    assert quota.take(ERRORS["timeout"]) is None
    assert quota.take(ERRORS["503"]) == 5
    assert quota.take(ERRORS["503"]) is None


@given(st.lists(st.lists(errors, max_size=6) | st.none(), max_size=200))
def test_laws_of_the_quota(steps: list[list[OnCallError] | None]) -> None:
    """Never below nothing, never above its capacity; and it refuses only what is not there.

    Each step is a call with those failures before its success, or one that fails at once and
    spends the price of one retry.
    """
    quota, left = RetryQuota(), RetryQuota.CAPACITY
    for failures in steps:
        spent = 0
        for error in failures or [ERRORS["lost"]]:
            price = 10 if isinstance(error, RequestTimeout) else 5
            price = 0 if isinstance(error, RateLimited) else price
            cost = quota.take(error)
            assert cost == (price if price <= left else None)
            left -= cost or 0
            spent += cost or 0
        if failures is not None:
            quota.give_back(spent)
            left = min(RetryQuota.CAPACITY, left + max(1, spent))
        assert 0 <= left <= RetryQuota.CAPACITY


# Many calls that share a quota, on a loop that skips the waiting.


@attrs.define(kw_only=True)
class Fleet:
    """Tasks that call a server which fails so often, and how their calls have ended."""

    share: float
    kinds: tuple[str, ...]
    chance: Random
    quota: RetryQuota = attrs.field(factory=RetryQuota)
    sent: int = 0
    succeeded: int = 0
    out_of_attempts: int = 0
    out_of_quota: int = 0

    async def run(self, *, calls: int, tasks: int) -> "Fleet":
        """All the calls, each task one after the other."""
        left = iter(range(calls))

        async def work() -> None:
            for _ in left:
                await self._call()

        async with asyncio.TaskGroup() as group:
            for _ in range(tasks):
                group.create_task(work())
        return self

    async def _call(self) -> None:
        """As the session makes it."""
        spent, attempt, began = 0, 1, loop().time()
        while (error := await self._attempt()) is not None:
            verdict = decide(
                "safe",
                error,
                attempt=attempt,
                elapsed=loop().time() - began,
                random=self.chance.random,
            )
            if not isinstance(verdict, Again):
                assert attempt == POLICY.attempts
                self.out_of_attempts += 1
                return
            cost = self.quota.take(error)
            if cost is None:
                self.out_of_quota += 1
                return
            spent += cost
            attempt += 1
            await asyncio.sleep(verdict.delay)
        self.quota.give_back(spent)
        self.succeeded += 1

    async def _attempt(self) -> OnCallError | None:
        """An answer within 0.15 s, or a failure: a timeout shows after the client's 30 s."""
        self.sent += 1
        kind = self.chance.choice(self.kinds) if self.chance.random() < self.share else None
        await asyncio.sleep(30.0 if kind == "timeout" else self.chance.uniform(0.05, 0.15))
        return None if kind is None else ERRORS[kind]


def fleet(*, share: float, kinds: tuple[str, ...], tasks: int, seed: int) -> Fleet:
    """5,000 calls."""
    made = Fleet(share=share, kinds=kinds, chance=Random(seed))  # noqa: S311  # no secret
    return run(made.run(calls=5000, tasks=tasks))


KINDS_OF_FAILURE = [("lost",), ("timeout",), ("lost", "timeout")]


@pytest.mark.parametrize("kinds", KINDS_OF_FAILURE, ids="+".join)
@pytest.mark.parametrize("tasks", [1, 32, 64])
@pytest.mark.parametrize("seed", range(2))
def test_one_failure_in_five_never_uses_the_quota_up(
    kinds: tuple[str, ...], tasks: int, seed: int
) -> None:
    """Calls fail for lack of attempts alone: 5,000 times 0.2 to the fifth, which is 1.6.

    And a retry is made for nearly every failure: 5,000 / 0.8 requests, give or take.
    """
    ended = fleet(share=0.2, kinds=kinds, tasks=tasks, seed=seed)
    assert ended.out_of_quota == 0
    assert ended.out_of_attempts <= 8
    assert ended.succeeded == 5000 - ended.out_of_attempts
    assert 6050 <= ended.sent <= 6450


def test_very_many_tasks_that_wait_for_timeouts_may_use_the_quota_up() -> None:
    """What is lent to retries under way counts: 128 tasks, of which most wait for a timeout."""
    ended = fleet(share=0.2, kinds=("timeout",), tasks=128, seed=0)
    assert 0 < ended.out_of_quota <= 50
    assert ended.succeeded >= 4940


@pytest.mark.parametrize("kinds", KINDS_OF_FAILURE, ids="+".join)
@pytest.mark.parametrize("tasks", [1, 64])
def test_a_whole_outage_is_not_met_with_a_storm(kinds: tuple[str, ...], tasks: int) -> None:
    """Not five requests for each call, but one, and the quota's hundred retries."""
    ended = fleet(share=1.0, kinds=kinds, tasks=tasks, seed=0)
    assert ended.succeeded == 0
    assert 5000 + 50 <= ended.sent <= 5000 + 100


@pytest.mark.parametrize("kinds", KINDS_OF_FAILURE, ids="+".join)
def test_where_half_of_all_fails_retries_are_rationed(kinds: tuple[str, ...]) -> None:
    """Without a quota it would be nearly two requests for each call, and 97 % that succeed."""
    ended = fleet(share=0.5, kinds=kinds, tasks=64, seed=0)
    assert ended.out_of_quota > ended.out_of_attempts
    assert 2600 <= ended.succeeded <= 3700
    assert ended.sent <= 5000 * 1.5


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        pytest.param("attempts", 0, id="no attempt"),
        pytest.param("attempts", 2.5, id="half an attempt"),
        pytest.param("attempts", True, id="a truth as a number"),
        pytest.param("first_delay", -1, id="a negative delay"),
        pytest.param("longest_delay", "20", id="a string"),
        pytest.param("deadline", float("nan"), id="not a number"),
        pytest.param("deadline", False, id="a truth as a time"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused_when_it_is_made(setting: str, value: Any) -> None:
    """And not in the middle of the first failure."""
    with pytest.raises(InvalidArgument, match=f"{setting}=") as refused:
        RetryPolicy(**{setting: value})
    assert refused.value.argument == setting


def test_a_policy_takes_timedeltas() -> None:
    """They are seconds, as everywhere."""
    assert RetryPolicy(deadline=timedelta(minutes=2)).deadline == 120
