"""Cancelled work has ended when the caller continues, and no cancellation is lost."""

import asyncio
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from grafana_oncall._core.aio import call_in, cancel_all, import_in_thread, to_the_end


async def a_turn() -> None:
    """Let all other tasks run once."""
    await asyncio.sleep(0)


async def forever() -> None:
    """Waits."""
    await asyncio.get_running_loop().create_future()


async def test_what_is_ended_is_over() -> None:
    """However it ends: it raises nothing, and nothing of it is lost or logged."""
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


async def test_a_cancellation_is_raised_when_all_is_over() -> None:
    """It is the caller's: those of the tasks have other messages, or none."""
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
    """However often the waiter is cancelled; its result is returned, or raised."""
    work = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(to_the_end(work))
    for _ in range(3):
        await a_turn()
        waiting.cancel()
    await a_turn()
    assert not waiting.done()
    work.set_result("a result")
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    assert await to_the_end(work) == "a result"


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


async def test_a_call_is_made_in_the_thread_of_the_loop() -> None:
    """At once from that thread; a loop that sleeps is woken up."""
    loop, called = asyncio.get_running_loop(), asyncio.Event()
    threads = list[int]()

    def note() -> None:
        threads.append(threading.get_ident())
        called.set()

    call_in(loop, note)
    assert called.is_set()
    called.clear()
    other = threading.Thread(target=call_in, args=(loop, note))
    other.start()
    await called.wait()
    other.join()
    assert threads == [threading.get_ident()] * 2


def test_without_a_loop_a_call_is_made_at_once_and_with_a_closed_one_never() -> None:
    """With a closed loop, nothing is left to notify."""
    called = list[str]()
    call_in(None, lambda: called.append("without"))
    loop = asyncio.new_event_loop()
    loop.close()
    call_in(loop, lambda: called.append("closed"))
    assert called == ["without"]


@pytest.mark.parametrize("threads", [True, False])
async def test_a_module_is_imported_in_a_thread_or_else_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, threads: bool
) -> None:
    """A program that can start no thread has the module all the same."""
    name = f"imported_with_threads_{threads}"
    (tmp_path / f"{name}.py").write_text("import threading\nwhere = threading.current_thread()\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.delitem(sys.modules, name, raising=False)
    if not threads:
        none = ThreadPoolExecutor()
        none.shutdown()
        asyncio.get_running_loop().set_default_executor(none)
    await import_in_thread(name)
    module = sys.modules.pop(name)
    assert (module.where is threading.current_thread()) is not threads
