"""The client's own rate limit: closed, and with a Redis that fails."""

import asyncio
import pickle
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from grafana_oncall._session import redis_window
from grafana_oncall._session.rate_limit import Limiter
from grafana_oncall._session.redis_window import StorageAway
from grafana_oncall.errors import ClientStateError, OnCallError
from tests.support.limiter_secrets import SECRET, shown


async def test_nothing_is_granted_after_closing() -> None:
    """Closing twice is fine."""
    limiter = Limiter("1/s", key="k")
    await limiter.aclose()
    await limiter.aclose()
    with pytest.raises(ClientStateError, match="closed"):
        await limiter.take()


Behavior = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def _serving(behave: Behavior) -> AsyncGenerator[str]:
    writers: list[asyncio.StreamWriter] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await behave(reader, writer)

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
    ("behave", "patience", "reason"),
    [
        pytest.param(_silent, 0.05, "no reply within 0.05 seconds", id="silent"),
        pytest.param(_refusing, 5, "invalid username-password pair", id="refusing"),
        pytest.param(_hanging_up, 5, "Connection closed by server", id="hanging up"),
    ],
)
async def test_a_redis_that_fails_is_an_error_and_grants_nothing(
    monkeypatch: pytest.MonkeyPatch, behave: Behavior, patience: float, reason: str
) -> None:
    """For all waiting tasks, as soon as one of them fails; the password is not shown."""
    monkeypatch.setattr(redis_window, "_TIMEOUT", patience)
    async with _serving(behave) as uri:
        limiter = Limiter("300/5m", storage=uri, key="k")
        async with asyncio.timeout(4):
            ends = await asyncio.gather(
                *(limiter.take() for _ in range(100)), return_exceptions=True
            )
        await limiter.aclose()
    for error in ends:
        assert type(error) is (OnCallError if behave is _refusing else StorageAway)
        assert "rate_limit_storage" in str(error)
        assert reason in str(error)
        assert SECRET not in shown(error)
        assert SECRET.encode() not in pickle.dumps(error)
    assert isinstance(ends[0], OnCallError)
    assert ends[0].__cause__ is not None


async def test_a_response_that_repeats_the_password_is_not_shown() -> None:
    """A proxy in front of Redis may quote it."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(f"-WRONGPASS no user has '{SECRET}'\r\n".encode())
        await reader.read()

    async with _serving(behave) as uri:
        limiter = Limiter("300/5m", storage=uri, key="k")
        with pytest.raises(OnCallError, match=r"no user has '\(password\)'") as failed:
            await limiter.take()
        await limiter.aclose()
    assert SECRET not in shown(failed.value)
    assert SECRET.encode() not in pickle.dumps(failed.value)


async def test_an_unreachable_redis_is_an_error() -> None:
    """Its connection is refused."""
    async with _serving(_silent) as uri:
        pass
    limiter = Limiter("300/5m", storage=uri, key="k")
    with pytest.raises(
        OnCallError, match=r"in Redis at 127\.0\.0\.1:.*(Connect call failed|refused)"
    ):
        await limiter.take()
    await limiter.aclose()


async def test_cancelling_a_task_that_asks_redis_does_not_affect_others() -> None:
    """Its connection is closed, and the next task opens another."""
    asked = asyncio.Queue[bytes]()

    async def behave(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        asked.put_nowait(await reader.readline())
        await reader.read()

    async with _serving(behave) as uri:
        limiter = Limiter("300/5m", storage=uri, key="k")
        tasks = [asyncio.create_task(limiter.take()) for _ in range(3)]
        for task in tasks:
            await asked.get()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        await limiter.aclose()
    assert asked.empty()


async def test_closing_ends_all_waiting_tasks() -> None:
    """At once, and without an error of Redis."""
    asked = asyncio.Event()

    async def behave(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readline()
        asked.set()
        await reader.read()

    async with _serving(behave) as uri:
        limiter = Limiter("300/5m", storage=uri, key="k")
        tasks = [asyncio.create_task(limiter.take()) for _ in range(3)]
        await asked.wait()
        await limiter.aclose()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(end) for end in ends] == [ClientStateError] * 3
    assert {str(end.__context__) for end in ends if isinstance(end, Exception)} == {"None"}
