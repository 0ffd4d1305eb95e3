"""Calling what users registered: a failure is returned, and ends nothing else."""

import asyncio
from contextlib import suppress

import pytest

from grafana_oncall._core.handlers import failure_of, name_of
from tests.support.virtual_time import passed


async def fail(error: BaseException) -> None:
    """Raise what it is given."""
    raise error


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(ValueError("no"), id="an error"),
        pytest.param(asyncio.CancelledError("by itself"), id="a cancellation of its own"),
        pytest.param(BaseExceptionGroup("some", [GeneratorExit()]), id="no Exception at all"),
        pytest.param(GeneratorExit(), id="the end of a generator"),
    ],
)
async def test_what_a_handler_raises_is_returned(error: BaseException) -> None:
    """Whatever its class; and the caller is not cancelled."""
    assert await failure_of(fail, error) is error
    await asyncio.sleep(0)


async def test_a_function_may_be_sync_or_async_and_succeed() -> None:
    """There is no failure then."""
    called: list[object] = []

    async def note(*args: object) -> None:
        called.append(args)

    assert await failure_of(note, 1, 2) is None
    assert await failure_of(called.append, 3) is None
    assert await failure_of(lambda: note(4)) is None
    assert called == [(1, 2), 3, (4,)]


async def test_a_function_that_cannot_be_called_like_this_has_failed() -> None:
    """A TypeError of the call is one of the handler."""
    assert isinstance(await failure_of(fail), TypeError)


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()])
def test_a_handler_may_end_the_process(error: BaseException) -> None:
    """This is not a failure of the handler."""
    with pytest.raises(type(error)):
        asyncio.run(failure_of(fail, error))


@pytest.mark.parametrize("replaced", [False, True])
async def test_a_caller_is_cancelled_whatever_the_handler_does_with_it(*, replaced: bool) -> None:
    """Even where the handler catches it, or raises something else; that is the cause then."""

    async def stubborn() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        if replaced:
            raise ValueError("no")

    calling = asyncio.create_task(failure_of(stubborn))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await calling
    assert isinstance(caught.value.__cause__, ValueError) is replaced


@pytest.mark.parametrize("cancellations", [1, 4])
async def test_a_handler_that_ignores_its_cancellation_does_not_block_the_caller(
    caplog: pytest.LogCaptureFixture, cancellations: int
) -> None:
    """It has five seconds to clean up, however often the caller is cancelled meanwhile."""
    released = asyncio.Event()

    async def ignore() -> None:
        while not released.is_set():
            with suppress(asyncio.CancelledError):
                await released.wait()

    calling = asyncio.create_task(failure_of(ignore))
    for _ in range(cancellations):
        await asyncio.sleep(1)
        calling.cancel()
    await asyncio.wait([calling])
    ended = passed()
    released.set()
    await asyncio.sleep(0)
    assert (calling.cancelled(), ended) == (True, 6)
    assert "ignore still runs 5 s after it was cancelled" in caplog.text


async def test_a_handler_that_is_cancelled_may_clean_up(caplog: pytest.LogCaptureFixture) -> None:
    """For seconds, and nothing is logged."""
    cleaned = list[str]()

    async def clean_up() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(4)
            cleaned.append("up")

    calling = asyncio.create_task(failure_of(clean_up))
    await asyncio.sleep(1)
    calling.cancel()
    await asyncio.wait([calling])
    assert (calling.cancelled(), cleaned, caplog.text) == (True, ["up"], "")


def test_a_handler_is_named_by_its_function_or_its_repr() -> None:
    """As logs and dead letters name it."""
    assert name_of(fail) == "fail"
    assert "Lock" in name_of(asyncio.Lock().acquire)
