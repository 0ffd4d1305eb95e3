"""The retry budget that all calls share: its laws, and a fleet of calls that follow them."""

import asyncio
from random import Random

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall._session.retry import Retry
from grafana_oncall._session.retry_policy import RetryBudget
from grafana_oncall.errors import OnCallError, RateLimited, RequestTimeout
from tests.support.failures import ERRORS, POLICY, decide, errors
from tests.support.virtual_time import loop, run


def spend(budget: RetryBudget, error: OnCallError) -> int:
    """Spend the budget, and return how many retries were left."""
    retries = spent = 0
    while (cost := budget.take(error)) is not None:
        retries += 1
        spent += cost
        assert 0 < cost <= spent <= RetryBudget.CAPACITY
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
def test_an_outage_uses_up_the_budget(name: str, retries: int) -> None:
    """Then each call fails at its first attempt, until some succeed."""
    budget = RetryBudget()
    assert spend(budget, ERRORS[name]) == retries
    assert budget.take(ERRORS[name]) is None


def test_a_429_costs_nothing() -> None:
    """The throttle limits those retries; they are made even if the budget is spent."""
    budget = RetryBudget()
    spend(budget, ERRORS["503"])
    assert {budget.take(ERRORS["429"]) for _ in range(10_000)} == {0}
    assert budget.take(ERRORS["503"]) is None


def test_successes_refill_the_budget() -> None:
    """A little each, up to its capacity."""
    budget = RetryBudget()
    spend(budget, ERRORS["503"])
    for _ in range(5):
        assert budget.take(ERRORS["503"]) is None
        budget.give_back(0)
    assert budget.take(ERRORS["503"]) == 5
    for _ in range(10 * RetryBudget.CAPACITY):
        budget.give_back(0)
    assert spend(budget, ERRORS["503"]) == 100


def test_a_call_that_succeeds_returns_what_its_retries_took() -> None:
    """Successful retries cost nothing, but such a call adds nothing on top."""
    budget = RetryBudget()
    costs = [budget.take(ERRORS[name]) for name in ("lost", "timeout", "429", "503")]
    assert costs == [5, 10, 0, 5]
    spend(budget, ERRORS["503"])
    budget.give_back(20)
    assert spend(budget, ERRORS["503"]) == 4


def test_a_remainder_is_left_for_cheaper_retries() -> None:
    """A retry that costs more takes nothing."""
    budget = RetryBudget()
    for _ in range(99):
        budget.take(ERRORS["503"])
    assert budget.take(ERRORS["timeout"]) is None
    assert budget.take(ERRORS["503"]) == 5
    assert budget.take(ERRORS["503"]) is None


@given(st.lists(st.lists(errors, max_size=6) | st.none(), max_size=200))
def test_the_laws_of_the_budget_hold(steps: list[list[OnCallError] | None]) -> None:
    """Never below zero, never above its capacity; and it refuses only what it does not have.

    Each step is a call with those failures before its success, or one that fails at once and
    spends the price of one retry.
    """
    budget, left = RetryBudget(), RetryBudget.CAPACITY
    for failures in steps:
        spent = 0
        for error in failures or [ERRORS["lost"]]:
            price = 10 if isinstance(error, RequestTimeout) else 5
            price = 0 if isinstance(error, RateLimited) else price
            cost = budget.take(error)
            assert cost == (price if price <= left else None)
            left -= cost or 0
            spent += cost or 0
        if failures is not None:
            budget.give_back(spent)
            left = min(RetryBudget.CAPACITY, left + max(1, spent))
        assert 0 <= left <= RetryBudget.CAPACITY


@attrs.define(kw_only=True)
class Fleet:
    """Tasks that call a server with this failure rate, and how their calls ended."""

    share: float
    kinds: tuple[str, ...]
    chance: Random
    budget: RetryBudget = attrs.field(factory=RetryBudget)
    sent: int = 0
    succeeded: int = 0
    out_of_attempts: int = 0
    out_of_quota: int = 0

    async def run(self, *, calls: int, tasks: int) -> "Fleet":
        """Make all calls; each task makes its own one after the other."""
        left = iter(range(calls))

        async def work() -> None:
            for _ in left:
                await self._call()

        async with asyncio.TaskGroup() as group:
            for _ in range(tasks):
                group.create_task(work())
        return self

    async def _call(self) -> None:
        """Make a call as the session does."""
        spent, attempt, began = 0, 1, loop().time()
        while (error := await self._attempt()) is not None:
            decision = decide(
                "safe",
                error,
                attempt=attempt,
                elapsed=loop().time() - began,
                random=self.chance.random,
            )
            if not isinstance(decision, Retry):
                assert attempt == POLICY.max_attempts
                self.out_of_attempts += 1
                return
            cost = self.budget.take(error)
            if cost is None:
                self.out_of_quota += 1
                return
            spent += cost
            attempt += 1
            await asyncio.sleep(decision.delay)
        self.budget.give_back(spent)
        self.succeeded += 1

    async def _attempt(self) -> OnCallError | None:
        """A response within 0.15 s, or a failure: a timeout after the client's 30 s."""
        self.sent += 1
        kind = self.chance.choice(self.kinds) if self.chance.random() < self.share else None
        await asyncio.sleep(30.0 if kind == "timeout" else self.chance.uniform(0.05, 0.15))
        return None if kind is None else ERRORS[kind]


def fleet(*, share: float, kinds: tuple[str, ...], tasks: int, seed: int) -> Fleet:
    """Run 5,000 calls."""
    made = Fleet(share=share, kinds=kinds, chance=Random(seed))  # noqa: S311  # no secret
    return run(made.run(calls=5000, tasks=tasks))


KINDS_OF_FAILURE = [("lost",), ("timeout",), ("lost", "timeout")]


@pytest.mark.parametrize("kinds", KINDS_OF_FAILURE, ids="+".join)
@pytest.mark.parametrize("tasks", [1, 32, 64])
@pytest.mark.parametrize("seed", range(2))
def test_one_failure_in_five_never_uses_up_the_budget(
    kinds: tuple[str, ...], tasks: int, seed: int
) -> None:
    """Calls fail only for lack of attempts: 5,000 times 0.2 to the fifth, which is 1.6.

    And nearly every failure is retried: about 5,000 / 0.8 requests.
    """
    ended = fleet(share=0.2, kinds=kinds, tasks=tasks, seed=seed)
    assert ended.out_of_quota == 0
    assert ended.out_of_attempts <= 8
    assert ended.succeeded == 5000 - ended.out_of_attempts
    assert 6050 <= ended.sent <= 6450


def test_very_many_tasks_that_wait_for_timeouts_may_use_up_the_budget() -> None:
    """Retries in flight hold their share: most of 128 tasks wait for a timeout."""
    ended = fleet(share=0.2, kinds=("timeout",), tasks=128, seed=0)
    assert 0 < ended.out_of_quota <= 50
    assert ended.succeeded >= 4940


@pytest.mark.parametrize("kinds", KINDS_OF_FAILURE, ids="+".join)
@pytest.mark.parametrize("tasks", [1, 64])
def test_a_whole_outage_does_not_cause_a_storm(kinds: tuple[str, ...], tasks: int) -> None:
    """One request for each call instead of five, and the budget's hundred retries."""
    ended = fleet(share=1.0, kinds=kinds, tasks=tasks, seed=0)
    assert ended.succeeded == 0
    assert 5000 + 50 <= ended.sent <= 5000 + 100


@pytest.mark.parametrize("kinds", KINDS_OF_FAILURE, ids="+".join)
def test_when_half_of_all_requests_fail_retries_are_limited(kinds: tuple[str, ...]) -> None:
    """Without a budget, calls would take nearly two requests each, and 97 % succeed."""
    ended = fleet(share=0.5, kinds=kinds, tasks=64, seed=0)
    assert ended.out_of_quota > ended.out_of_attempts
    assert 2600 <= ended.succeeded <= 3700
    assert ended.sent <= 5000 * 1.5
