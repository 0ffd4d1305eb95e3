"""The client's own limit of its rate at work: in memory, and with a Redis that fails."""

import asyncio
import gc
import pickle
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall._session import rate_limit as _limiter
from grafana_oncall._session.rate_limit import Limiter, StorageAway
from grafana_oncall.errors import ClientStateError, OnCallError
from tests.support.limiter_secrets import SECRET, shown


class Clock:
    """A `time.time` that stands still unless told."""

    def __init__(self) -> None:
        self.now = 1_763_780_000.125

    def __call__(self) -> float:
        """The seconds since 1970."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """What `limits` takes for the time."""
    clock = Clock()
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", clock)
        yield clock


async def test_the_quota_is_granted_and_then_the_time_until_the_oldest_leaves(clock: Clock) -> None:
    """The window moves: each request comes back after its own time."""
    limiter = Limiter("2/10s", key="k")
    assert await limiter.take() == 0.0
    clock.now += 4
    assert await limiter.take() == 0.0
    clock.now += 1
    assert await limiter.take() == pytest.approx(5, abs=0.01)
    clock.now += 5.01
    assert await limiter.take() == 0.0
    assert await limiter.take() == pytest.approx(3.99, abs=0.01)


async def test_no_window_of_many_tasks_holds_more_than_the_quota(clock: Clock) -> None:
    """Though ten times as many are after it."""
    limiter = Limiter("30/m", key="k")
    granted: list[float] = []

    async def task() -> None:
        delay = 1.0
        while delay:
            delay = await limiter.take()
            await asyncio.sleep(0)
        granted.append(clock.now)

    async def hands() -> None:
        for _ in range(100):
            clock.now += 7
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(300):
            tasks.create_task(task())
        tasks.create_task(hands())
    assert len(granted) == 300
    granted.sort()
    for first, later in zip(granted, granted[30:], strict=False):
        assert later - first > 60


@given(
    st.integers(1, 5),
    st.integers(1, 20),
    st.lists(st.sampled_from([0.0, 0.001, 0.5, 1.0, 3.0, 10.0]) | st.floats(0, 30), max_size=60),
)
async def test_whatever_the_steps_no_window_overflows(
    amount: int, seconds: int, steps: list[float]
) -> None:
    """Refused means more than nothing to wait; and after that wait, one is granted."""
    clock, granted = Clock(), list[float]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", clock)
        limiter = Limiter(f"{amount}/{seconds}s", key="k")
        for step in steps:
            clock.now += step
            delay = await limiter.take()
            if delay:
                assert 0 < delay <= seconds + 0.01
                clock.now += delay
                assert await limiter.take() == 0.0
            granted.append(clock.now)
    for first, later in zip(granted, granted[amount:], strict=False):
        assert later - first > seconds


async def test_at_the_very_end_of_a_window_it_is_a_moment(clock: Clock) -> None:
    """`limits` does not count that entry any more, and does not let the next one in yet."""
    limiter = Limiter("1/10s", key="k")
    await limiter.take()
    clock.now += 10
    assert await limiter.take() == _limiter._MARGIN


async def test_a_clock_set_back_makes_nobody_wait_longer_than_a_window(clock: Clock) -> None:
    """An hour's correction is not an hour's wait in one piece."""
    limiter = Limiter("1/10s", key="k")
    await limiter.take()
    clock.now -= 3600
    assert 0 < await limiter.take() < 10.01


async def test_it_leaves_no_task_and_keeps_no_more_than_a_window(clock: Clock) -> None:
    """Neither before nor after it is closed; `limits` by itself would do both."""
    limiter = Limiter("3/s", key="k")
    for _ in range(50):
        clock.now += 0.4
        await limiter.take()
        assert asyncio.all_tasks() == {asyncio.current_task()}
    assert isinstance(limiter._quota, _limiter._Memory)
    assert sum(map(len, limiter._quota._storage.events.values())) <= 3
    await limiter.aclose()
    assert not limiter._quota._storage.events
    del limiter
    gc.collect()  # the storage cancels what it takes for its task


async def test_each_limiter_in_memory_counts_for_itself(clock: Clock) -> None:
    """Even with the same key."""
    assert clock.now
    one, other = Limiter("1/s", key="k"), Limiter("1/s", key="k")
    assert await one.take() == 0.0
    assert await other.take() == 0.0
    assert await one.take() > 0


async def test_nothing_is_let_through_after_closing() -> None:
    """Closing twice is as once."""
    limiter = Limiter("1/s", key="k")
    await limiter.aclose()
    await limiter.aclose()
    with pytest.raises(ClientStateError, match="closed"):
        await limiter.take()


Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def _serving(answer: Answer) -> AsyncGenerator[str]:
    writers: list[asyncio.StreamWriter] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await answer(reader, writer)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield f"redis://:{SECRET}@127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for writer in writers:
            writer.close()
        await asyncio.sleep(0.005)


async def _silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def _refusing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    writer.write(b"-WRONGPASS invalid username-password pair or user is disabled.\r\n")
    await reader.read()


async def _hanging_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    writer.close()


@pytest.mark.parametrize(
    ("answer", "patience", "reason"),
    [
        pytest.param(_silent, 0.05, "no answer within 0.05 seconds", id="silent"),
        pytest.param(_refusing, 5, "invalid username-password pair", id="refusing"),
        pytest.param(_hanging_up, 5, "connection lost", id="hanging up"),
    ],
)
async def test_a_redis_that_fails_is_an_error_and_lets_nothing_through(
    monkeypatch: pytest.MonkeyPatch, answer: Answer, patience: float, reason: str
) -> None:
    """For all who wait, as soon as it failed one of them; and the password is not shown."""
    monkeypatch.setattr(_limiter, "_PATIENCE", patience)
    async with _serving(answer) as uri:
        limiter = Limiter("300/5m", storage=uri, key="k")
        async with asyncio.timeout(4):
            ends = await asyncio.gather(
                *(limiter.take() for _ in range(100)), return_exceptions=True
            )
        await limiter.aclose()
    for error in ends:
        assert type(error) is (OnCallError if answer is _refusing else StorageAway)
        assert "rate_limit_storage" in str(error)
        assert reason in str(error)
        assert SECRET not in shown(error)
        assert SECRET.encode() not in pickle.dumps(error)
    assert isinstance(ends[0], OnCallError)
    assert ends[0].__cause__ is not None


async def test_what_repeats_the_password_is_not_repeated() -> None:
    """A proxy in front of a Redis may be talkative."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(f"-WRONGPASS no user has '{SECRET}'\r\n".encode())
        await reader.read()

    async with _serving(answer) as uri:
        limiter = Limiter("300/5m", storage=uri, key="k")
        with pytest.raises(OnCallError, match=r"no user has '\(password\)'") as failed:
            await limiter.take()
        await limiter.aclose()
    assert SECRET not in shown(failed.value)
    assert SECRET.encode() not in pickle.dumps(failed.value)


async def test_a_redis_that_is_not_there_is_an_error() -> None:
    """Connection refused."""
    async with _serving(_silent) as uri:
        pass
    limiter = Limiter("300/5m", storage=uri, key="k")
    with pytest.raises(
        OnCallError, match=r"in Redis at 127\.0\.0\.1:.*(Connect call failed|refused)"
    ):
        await limiter.take()
    await limiter.aclose()


async def test_cancelling_one_who_asks_harms_nobody() -> None:
    """Its connection is closed, and the next one opens another."""
    asked = asyncio.Queue[bytes]()

    async def answer(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        asked.put_nowait(await reader.readline())
        await reader.read()

    async with _serving(answer) as uri:
        limiter = Limiter("300/5m", storage=uri, key="k")
        tasks = [asyncio.create_task(limiter.take()) for _ in range(3)]
        for task in tasks:
            await asked.get()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        await limiter.aclose()
    assert asked.empty()


@pytest.fixture
def asking(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set when a Redis is asked, through a driver that answers a cancellation."""
    begun = asyncio.Event()

    async def ask(*_: object) -> float:
        begun.set()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        return 0.0

    monkeypatch.setattr(_limiter, "_ask", ask)
    return begun


async def test_a_cancellation_that_the_driver_drops_is_not_lost(asking: asyncio.Event) -> None:
    """The driver, coredis, drops one that comes while it loads a script."""
    limiter = Limiter("300/5m", storage="redis://h", key="k")
    task = asyncio.create_task(limiter.take())
    await asking.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_closing_turns_away_those_who_ask_and_those_who_wait_for_it() -> None:
    """At once, and without an error of Redis."""
    asked = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readline()
        asked.set()
        await reader.read()

    async with _serving(answer) as uri:
        limiter = Limiter("300/5m", storage=uri, key="k")
        tasks = [asyncio.create_task(limiter.take()) for _ in range(3)]
        await asked.wait()
        await limiter.aclose()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(end) for end in ends] == [ClientStateError] * 3
    assert {str(end.__context__) for end in ends if isinstance(end, Exception)} == {"None"}


async def test_an_answer_that_comes_while_it_is_closed_counts_no_more(
    asking: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the connection that brought it is closed as well."""
    limiter = Limiter("300/5m", storage="redis://h", key="k")
    task = asyncio.create_task(limiter.take())
    await asking.wait()
    closed: list[None] = []
    await limiter.aclose()
    monkeypatch.setattr(limiter._quota, "close", lambda: closed.append(None))
    with pytest.raises(ClientStateError, match="closed"):
        await task
    assert closed
