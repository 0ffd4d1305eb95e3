"""A cancellation comes while a coroutine waits for something: it is put off, and not lost."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from grafana_oncall._core.aio import CancelledInWaits, cancel_all, to_the_end

Steps = Callable[[], Coroutine[Any, Any, str]]


async def a_turn() -> None:
    """Lets everybody else run, and waits for nobody."""
    await asyncio.sleep(0)


async def forever() -> None:
    """Waits."""
    await asyncio.get_running_loop().create_future()


async def begun(steps: Steps) -> tuple[CancelledInWaits[str], asyncio.Task[str]]:
    """It, and a task that has come to its first wait or turn."""
    careful = CancelledInWaits(steps())

    async def run() -> str:
        return await careful

    task = asyncio.create_task(run())
    await a_turn()
    assert careful.has_begun
    return careful, task


async def test_a_wait_is_ended_at_once() -> None:
    """As by Task.cancel, and what cleans up does."""
    done: list[str] = []

    async def steps() -> str:
        try:
            await forever()
        finally:
            await a_turn()
            done.append("cleaned up")
        return "an answer"

    careful, task = await begun(steps)
    careful.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == ["cleaned up"]
    assert task.cancelled()


async def test_a_turn_is_not_ended_but_the_wait_after_it() -> None:
    """What is between them happens."""
    done: list[str] = []

    async def steps() -> str:
        for number in range(3):
            await a_turn()
            done.append(f"turn {number}")
        await forever()
        return "an answer"

    careful, task = await begun(steps)
    careful.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == ["turn 0", "turn 1", "turn 2"]


async def test_a_wait_that_was_just_over_is_not_ended() -> None:
    """What it brought is taken; the next wait is ended."""
    answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    taken: list[str] = []

    async def steps() -> str:
        taken.append(await answer)
        await forever()
        return "an answer"

    careful, task = await begun(steps)
    answer.set_result("this")
    careful.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert taken == ["this"]


async def test_without_another_wait_there_is_an_answer() -> None:
    """Whoever wanted none need not take it."""

    async def steps() -> str:
        await a_turn()
        return "an answer"

    careful, task = await begun(steps)
    careful.cancel()
    assert await task == "an answer"


async def test_it_ends_one_wait_and_no_more() -> None:
    """What a coroutine waits for while it cleans up is not ended."""
    ended: list[str] = []

    async def steps() -> str:
        try:
            await forever()
        except asyncio.CancelledError:
            await asyncio.sleep(0.001)
            ended.append("a wait after it")
            raise
        return "an answer"

    careful, task = await begun(steps)
    careful.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["a wait after it"]


async def test_what_it_waits_for_is_cancelled_with_it() -> None:
    """As Task.cancel does."""
    other = asyncio.ensure_future(forever())

    async def steps() -> str:
        await a_turn()
        await other
        return "an answer"

    careful, task = await begun(steps)
    careful.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert other.cancelled()


async def test_a_timeout_within_is_met_as_ever() -> None:
    """It is none of its business."""

    async def steps() -> str:
        try:
            async with asyncio.timeout(0.001):
                await forever()
        except TimeoutError:
            return "late"
        return "an answer"

    _, task = await begun(steps)
    assert await task == "late"


@pytest.mark.parametrize("turns", [0, 1, 2])
async def test_errors_and_answers_are_as_they_are(turns: int) -> None:
    """With their identity."""
    error = LookupError("its own")

    async def fails() -> str:
        for _ in range(turns):
            await a_turn()
        raise error

    async def answers() -> str:
        for _ in range(turns):
            await asyncio.sleep(0.001)
        return "an answer"

    with pytest.raises(LookupError) as caught:
        await CancelledInWaits(fails())
    assert caught.value is error
    assert await CancelledInWaits(answers()) == "an answer"


async def test_what_has_not_begun_can_be_closed() -> None:
    """Nothing of it happens, and nobody complains that it was never awaited."""
    done: list[str] = []

    async def steps() -> str:
        done.append("a step")
        return "an answer"

    careful = CancelledInWaits(steps())
    assert not careful.has_begun
    careful.close()
    assert done == []


async def test_what_is_ended_is_over() -> None:
    """However it ends: nothing of it is raised, and nothing of it is lost and logged."""
    done: list[str] = []

    async def clean_up() -> None:
        try:
            await forever()
        finally:
            await a_turn()
            done.append("cleaned up")

    async def fail() -> None:
        raise ValueError

    tasks = [asyncio.create_task(one()) for one in (clean_up, fail, a_turn)]
    await a_turn()
    await cancel_all(tasks)
    assert (done, [task.done() for task in tasks]) == (["cleaned up"], [True] * 3)
    await cancel_all(tasks)


async def test_a_cancellation_comes_when_all_is_over() -> None:
    """It is that of the caller: those of the tasks have other words, or none."""
    done: list[str] = []

    async def clean_up() -> None:
        try:
            await forever()
        finally:
            await asyncio.sleep(1)
            done.append("cleaned up")

    tasks = [asyncio.create_task(clean_up()) for _ in range(2)]
    ending = asyncio.create_task(cancel_all(tasks))
    await asyncio.sleep(0)
    for words in ("first", "last"):
        await asyncio.sleep(0)
        ending.cancel(words)
    with pytest.raises(asyncio.CancelledError, match="last"):
        await ending
    assert done == ["cleaned up"] * 2


async def test_work_that_cannot_be_stopped_is_waited_for() -> None:
    """However often the waiter is cancelled; what came of it is given, or raised."""
    work = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(to_the_end(work))
    for _ in range(3):
        await a_turn()
        waiting.cancel()
    await a_turn()
    assert not waiting.done()
    work.set_result("an answer")
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    assert await to_the_end(work) == "an answer"


async def test_work_that_fails_meanwhile_is_the_cause_of_the_cancellation() -> None:
    """Nothing of it is logged as lost."""
    work = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(to_the_end(work))
    await a_turn()
    waiting.cancel()
    await a_turn()
    work.set_exception(OSError("no"))
    with pytest.raises(asyncio.CancelledError) as caught:
        await waiting
    assert isinstance(caught.value.__cause__, OSError)
    with pytest.raises(OSError, match="no"):
        await to_the_end(work)
