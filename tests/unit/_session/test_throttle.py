"""The throttle of a client's requests: its places, and tasks that are cancelled or refused."""

import asyncio
import random
from collections.abc import Callable

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grafana_oncall._session.rate_estimate import RateEstimate
from grafana_oncall._session.throttle import Caller, PauseTooLong, Throttle
from grafana_oncall.errors import ClientStateError, client_closed
from tests.support.budget import budget
from tests.support.throttles import hold, place, refuse, room, served, turn
from tests.support.virtual_time import loop, passed, run


async def is_whole(throttle: Throttle) -> bool:
    """Whether all places are free: exactly as many tasks enter as the rate admits."""
    places = room(throttle.rate, loop().time())
    for _ in range(places):
        async with asyncio.timeout(0.001):
            await throttle.enter()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await throttle.enter()
    for _ in range(places):
        throttle.leave()
    return places > 0 and throttle._in_flight == 0


async def test_as_many_are_in_flight_as_the_estimate_admits() -> None:
    """Seven tasks of one second each, three at a time."""
    throttle, most, inside = Throttle(RateEstimate(max_in_flight=3)), 0, 0

    async def one() -> None:
        nonlocal most, inside
        async with place(throttle):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(1)
            inside -= 1

    async with asyncio.TaskGroup() as tasks:
        for _ in range(7):
            tasks.create_task(one())
    assert (most, passed()) == (3, 3.0)
    assert await is_whole(throttle)


async def test_foreground_passes_background_and_each_keeps_its_order() -> None:
    """A user's click does not wait for ten thousand acknowledgements."""
    throttle, order = Throttle(RateEstimate(max_in_flight=1)), list[str]()

    async def one(name: str) -> None:
        async with place(throttle, background=name.startswith("b")):
            order.append(name)
            await asyncio.sleep(1)

    async with asyncio.TaskGroup() as tasks:
        for name in ("b0", "b1", "f1", "b2", "f2", "f3", "b3"):
            tasks.create_task(one(name))
    assert order == ["b0", "f1", "f2", "f3", "b1", "b2", "b3"]


async def test_a_newcomer_does_not_pass_the_queue_when_the_estimate_has_grown() -> None:
    """A success makes room for one, before a place is given back."""
    throttle = Throttle(served(300))
    await throttle.enter()
    first = asyncio.create_task(throttle.enter())
    await turn()
    throttle.rate.success(loop().time())
    second = asyncio.create_task(throttle.enter())
    await turn()
    assert (first.done(), second.done()) == (True, False)
    throttle.leave()
    await second


async def test_a_task_that_is_cancelled_in_the_queue_takes_no_place() -> None:
    """The next in the queue gets it."""
    throttle = Throttle(RateEstimate(max_in_flight=1))
    await throttle.enter()
    gone, stays = (asyncio.create_task(throttle.enter()) for _ in range(2))
    await turn()
    gone.cancel()
    await turn()
    assert gone.cancelled()
    throttle.leave()
    await stays
    throttle.leave()
    assert await is_whole(throttle)


@pytest.mark.parametrize("granted_first", [True, False], ids=["grant, cancel", "cancel, grant"])
@pytest.mark.parametrize("others", [0, 1], ids=["alone", "with another behind"])
async def test_a_task_that_is_cancelled_in_the_tick_of_its_grant_returns_the_place(
    others: int, *, granted_first: bool
) -> None:
    """This is where httpx's pool loses its connections."""
    throttle = Throttle(RateEstimate(max_in_flight=1))
    await throttle.enter()
    gone = asyncio.create_task(throttle.enter())
    behind = [asyncio.create_task(throttle.enter()) for _ in range(others)]
    await turn()
    if granted_first:
        throttle.leave()
        gone.cancel()
    else:
        gone.cancel()
        throttle.leave()
    with pytest.raises(asyncio.CancelledError):
        await gone
    for task in behind:
        await task
        throttle.leave()
    assert await is_whole(throttle)


async def test_cancelled_before_its_first_step() -> None:
    """It has never reached the throttle."""
    throttle = Throttle(RateEstimate(max_in_flight=1))
    task = asyncio.create_task(throttle.enter())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await is_whole(throttle)


@attrs.frozen(kw_only=True)
class Visit:
    """A task at the throttle; its times are on a coarse grid, so that ticks coincide."""

    arrives: int
    stays: int
    leaves_early: int | None
    """When it is cancelled."""
    background: bool


visits = st.builds(
    Visit,
    arrives=st.integers(0, 6),
    stays=st.integers(0, 3),
    leaves_early=st.none() | st.integers(0, 12),
    background=st.booleans(),
)


@settings(derandomize=True, deadline=None, max_examples=budget(100, hunt=5000))
@given(
    st.integers(1, 3),
    st.lists(visits, max_size=12),
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 4), st.booleans()), max_size=2),
    st.randoms(use_true_random=False),
)
def test_no_schedule_loses_or_doubles_a_place(
    width: int, plan: list[Visit], pauses: list[tuple[int, int, bool]], shuffled: random.Random
) -> None:
    """Arrivals, departures, pauses and cancellations in any order, many of them in one tick."""

    async def main() -> None:
        throttle, inside, finished = Throttle(RateEstimate(max_in_flight=width)), 0, 0

        async def visit(one: Visit) -> None:
            nonlocal inside, finished
            await asyncio.sleep(one.arrives)
            async with place(throttle, background=one.background):
                inside += 1
                assert inside <= width
                try:
                    await asyncio.sleep(one.stays)
                finally:
                    inside -= 1
            finished += 1

        tasks = [asyncio.create_task(visit(visitor)) for visitor in plan]
        timed = [(one.leaves_early, task) for one, task in zip(plan, tasks, strict=True)]
        shuffled.shuffle(timed)
        for when, task in timed:
            if when is not None:
                loop().call_later(when, task.cancel)
        for when, seconds, own in pauses:
            loop().call_later(when, hold if own else refuse, throttle, seconds)
        if tasks:
            await asyncio.wait(tasks)
        for task in tasks:
            assert task.cancelled() or task.exception() is None
        assert finished >= sum(visitor.leaves_early is None for visitor in plan)
        assert inside == throttle._in_flight == 0
        await asyncio.sleep(20)
        assert await is_whole(throttle)
        assert loop().timers == []

    run(main())


async def test_close_refuses_waiting_and_new_tasks() -> None:
    """Tasks that hold a place may finish."""
    throttle = Throttle(RateEstimate(max_in_flight=1))
    await throttle.enter()
    waiting = [asyncio.create_task(throttle.enter(Caller(background=b))) for b in (False, True)]
    cancelled = asyncio.create_task(throttle.enter())
    await turn()
    cancelled.cancel()
    await turn()
    throttle.close()
    throttle.close()
    for task in waiting:
        with pytest.raises(ClientStateError, match="closed"):
            await task
    with pytest.raises(ClientStateError, match="closed"):
        await throttle.enter()
    throttle.leave()
    assert throttle._in_flight == 0


async def test_cancelled_and_closed_in_one_tick() -> None:
    """It is cancelled, and has no place to return."""
    throttle = Throttle(RateEstimate(max_in_flight=1))
    await throttle.enter()
    waiting = asyncio.create_task(throttle.enter())
    await turn()
    throttle.close()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    throttle.leave()
    assert throttle._in_flight == 0


def test_the_error_after_close_says_what_to_do() -> None:
    """It is an SDK error."""
    assert "new one" in str(client_closed())


async def crowd(throttle: Throttle, callers: int = 1000) -> list[asyncio.Task[int]]:
    """Many callers that wait behind a request which does not end."""
    await throttle.enter()
    tasks = [asyncio.create_task(throttle.enter(patience=10)) for _ in range(callers)]
    await asyncio.sleep(0)
    return tasks


def refuse_for_long(throttle: Throttle) -> None:
    """Pause for longer than the crowd is willing to wait."""
    refuse(throttle, 60)
    throttle.fail_impatient_waiters()


@pytest.mark.parametrize(
    ("fail", "error"),
    [
        pytest.param(Throttle.close, ClientStateError, id="closed"),
        pytest.param(refuse_for_long, PauseTooLong, id="refused"),
    ],
)
async def test_other_tasks_run_while_many_callers_are_failed(
    fail: Callable[[Throttle], None], error: type[Exception]
) -> None:
    """Each of them is failed in the end, within a few turns and no time."""
    throttle = Throttle(RateEstimate(max_in_flight=1))
    tasks = await crowd(throttle)
    fail(throttle)
    failed = [0]
    while failed[-1] < len(tasks):
        await asyncio.sleep(0)
        failed.append(sum(task.done() for task in tasks))
    assert len(failed) > 4
    assert {type(task.exception()) for task in tasks} == {error}
    assert passed() == 0


async def test_who_leaves_while_many_are_failed_is_not_failed() -> None:
    """The last of them is cancelled after the first were failed; a patient one gets its place."""
    throttle = Throttle(RateEstimate(max_in_flight=1))
    tasks = await crowd(throttle)
    patient = asyncio.create_task(throttle.enter())
    await asyncio.sleep(0)
    refuse_for_long(throttle)
    tasks[-1].cancel()
    await asyncio.wait(tasks)
    assert tasks[-1].cancelled()
    assert {type(task.exception()) for task in tasks[:-1]} == {PauseTooLong}
    throttle.leave()
    await patient
    throttle.leave()
    assert passed() == 60
    assert await is_whole(throttle)


async def test_a_longer_pause_that_begins_while_many_are_searched_fails_them_too() -> None:
    """Those that were found patient enough, and those that were not looked at yet."""
    throttle = Throttle(RateEstimate(max_in_flight=1))
    tasks = await crowd(throttle)
    restless = asyncio.create_task(throttle.enter(patience=1))
    await asyncio.sleep(0)
    refuse(throttle, 5)
    throttle.fail_impatient_waiters()
    assert not any(task.done() for task in tasks)
    refuse_for_long(throttle)
    await asyncio.wait([restless, *tasks])
    assert {type(task.exception()) for task in [restless, *tasks]} == {PauseTooLong}
