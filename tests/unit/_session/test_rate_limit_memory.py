"""The client's own rate limit, counted in memory."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall._session.rate_limit import Limiter, MemoryWindow
from tests.support.virtual_time import loop


async def test_beyond_the_limit_the_wait_is_until_the_oldest_request_leaves_the_window() -> None:
    """The window slides: each request frees its place after its own time."""
    limiter = Limiter("2/10s", key="k")
    assert await limiter.take() == 0.0
    await asyncio.sleep(4)
    assert await limiter.take() == 0.0
    await asyncio.sleep(1)
    assert await limiter.take() == pytest.approx(5, abs=0.01)
    await asyncio.sleep(5.01)
    assert await limiter.take() == 0.0
    assert await limiter.take() == pytest.approx(3.99, abs=0.01)


async def test_no_window_holds_more_requests_of_many_tasks_than_the_limit() -> None:
    """Although ten times as many wait."""
    limiter = Limiter("30/m", key="k")
    granted: list[float] = []

    async def task() -> None:
        for _ in range(300):
            delay = await limiter.take()
            if not delay:
                break
            await asyncio.sleep(delay)
        granted.append(loop().time())

    async with asyncio.TaskGroup() as tasks:
        for _ in range(300):
            tasks.create_task(task())
    assert len(granted) == 300
    for first, later in zip(granted, granted[30:], strict=False):
        assert later - first >= 60


@given(
    st.integers(1, 5),
    st.integers(1, 20),
    st.lists(st.sampled_from([0.0, 0.001, 0.5, 1.0, 3.0, 10.0]) | st.floats(0, 30), max_size=60),
)
async def test_no_window_overflows_whatever_the_steps(
    amount: int, seconds: int, steps: list[float]
) -> None:
    """A refusal gives a positive wait, after which a request is granted."""
    granted: list[float] = []
    limiter = Limiter(f"{amount}/{seconds}s", key="k")
    for step in steps:
        await asyncio.sleep(step)
        delay = await limiter.take()
        if delay:
            assert 0 < delay <= seconds + 0.01
            await asyncio.sleep(delay)
            assert await limiter.take() == 0.0
        granted.append(loop().time())
    for first, later in zip(granted, granted[amount:], strict=False):
        assert later - first >= seconds - 1e-6


async def test_it_remembers_no_more_than_a_window() -> None:
    """Neither before nor after it is closed."""
    window = MemoryWindow(3, 1)
    for _ in range(50):
        await asyncio.sleep(0.4)
        await window.take()
    assert len(window._times) <= 3
    await window.aclose()
    assert not window._times


async def test_each_limiter_in_memory_counts_for_itself() -> None:
    """Even with the same key."""
    one, other = Limiter("1/s", key="k"), Limiter("1/s", key="k")
    assert await one.take() == 0.0
    assert await other.take() == 0.0
    assert await one.take() > 0
