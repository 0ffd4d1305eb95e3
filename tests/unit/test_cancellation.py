"""A cancellation between two waits is put off, and neither lost nor made up."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from grafana_oncall._cancellation import cancelled_in_waits

Steps = Callable[[], Coroutine[Any, Any, str]]


async def a_turn() -> None:
    """Lets everybody else run, and waits for nobody."""
    await asyncio.sleep(0)


async def forever() -> None:
    """Waits."""
    await asyncio.get_running_loop().create_future()


def begun(steps: Steps) -> asyncio.Task[str]:
    """A task that has come to its first wait or turn when the test next has one."""
    return asyncio.ensure_future(cancelled_in_waits(steps)())


async def test_a_wait_is_ended_at_once() -> None:
    """As without it, and with the same message."""
    done: list[str] = []

    async def steps() -> str:
        try:
            await forever()
        finally:
            done.append("cleaned up")
        return "an answer"

    task = begun(steps)
    await a_turn()
    task.cancel("enough")
    with pytest.raises(asyncio.CancelledError, match="enough"):
        await task
    assert done == ["cleaned up"]


@pytest.mark.parametrize("times", [1, 3])
async def test_a_turn_is_not_ended_but_the_wait_after_it(times: int) -> None:
    """What is between them happens, however often it is cancelled meanwhile."""
    done: list[str] = []

    async def steps() -> str:
        for number in range(3):
            await a_turn()
            done.append(f"turn {number}")
        await forever()
        return "an answer"

    task = begun(steps)
    await a_turn()
    for _ in range(times):
        task.cancel("enough")
        await a_turn()
    with pytest.raises(asyncio.CancelledError, match="enough"):
        await task
    assert done == ["turn 0", "turn 1", "turn 2"]


async def test_what_is_awaited_is_cancelled_as_well() -> None:
    """A task for which the function waits ends with it, as if it was cancelled there."""
    other = asyncio.ensure_future(forever())

    async def steps() -> str:
        await a_turn()
        await other
        return "an answer"

    task = begun(steps)
    await a_turn()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert other.cancelled()


async def test_it_ends_one_wait_and_no_more() -> None:
    """A function that has something to wait for when it cleans up can do so."""

    async def steps() -> str:
        await a_turn()
        try:
            await forever()
        except asyncio.CancelledError:
            await asyncio.sleep(0.001)
        return "an answer"

    task = begun(steps)
    await a_turn()
    task.cancel()
    assert await task == "an answer"


async def test_a_wait_that_was_just_over_is_not_ended() -> None:
    """Its result is not lost, and the next wait is ended."""
    answer = asyncio.get_running_loop().create_future()
    got: list[str] = []

    async def steps() -> str:
        got.append(await answer)
        await forever()
        return "an answer"

    task = begun(steps)
    await a_turn()
    answer.set_result("the first part")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert got == ["the first part"]


async def _answers() -> str:
    await a_turn()
    return "an answer"


async def _fails() -> str:
    await a_turn()
    raise ValueError


@pytest.mark.parametrize("steps", [_answers, _fails])
async def test_without_another_wait_it_comes_at_the_end(steps: Steps) -> None:
    """Alone: an error with other errors behind it might show what is secret."""
    task = begun(steps)
    await a_turn()
    task.cancel("enough")
    with pytest.raises(asyncio.CancelledError, match="enough") as caught:
        await task
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


async def test_cleaning_up_after_one_is_not_cut_short_by_another() -> None:
    """Not even by several."""
    done: list[str] = []

    async def steps() -> str:
        try:
            await forever()
        finally:
            await a_turn()
            await a_turn()
            done.append("cleaned up")
        return "an answer"

    task = begun(steps)
    for _ in range(3):
        await a_turn()
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == ["cleaned up"]


async def _meets_its_timeout() -> str:
    async with asyncio.timeout(0):
        await a_turn()
        await a_turn()
    await asyncio.sleep(0.001)
    return "an answer"


async def test_a_timeout_within_that_was_met_is_forgotten() -> None:
    """It struck in a turn, in which nobody waits; so what it guarded was in time after all."""
    assert await cancelled_in_waits(_meets_its_timeout)() == "an answer"


async def test_a_timeout_within_ends_the_next_wait() -> None:
    """As a TimeoutError, as ever."""

    async def steps() -> str:
        async with asyncio.timeout(0):
            await a_turn()
            await a_turn()
            await forever()
        return "an answer"

    with pytest.raises(TimeoutError):
        await cancelled_in_waits(steps)()


async def test_a_timeout_round_it_ends_it() -> None:
    """Also when it strikes in a turn."""

    async def steps() -> str:
        await a_turn()
        await a_turn()
        await forever()
        return "an answer"

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await cancelled_in_waits(steps)()


async def _refused() -> str:
    raise ValueError


async def _refused_later() -> str:
    await asyncio.sleep(0.001)
    raise ValueError


async def _awaits_an_error() -> str:
    failed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(failed.set_exception, ValueError())
    return await failed


@pytest.mark.parametrize("steps", [_refused, _refused_later, _awaits_an_error])
async def test_errors_are_raised_as_they_are(steps: Steps) -> None:
    """Wherever they come from."""
    with pytest.raises(ValueError, match=r"^$"):
        await cancelled_in_waits(steps)()


@pytest.mark.parametrize("steps", [_answers, _meets_its_timeout])
async def test_one_that_was_asked_for_before_is_none_of_its_business(steps: Steps) -> None:
    """Whoever cleans up in a cancelled task can call it like anybody else."""
    results: list[str] = []

    async def cleaning_up(call: Callable[[], Awaitable[str]]) -> None:
        try:
            await forever()
        finally:
            results.append(await call())

    task = asyncio.ensure_future(cleaning_up(cancelled_in_waits(steps)))
    await a_turn()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert results == ["an answer"]
