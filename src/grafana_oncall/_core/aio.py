"""Tasks and threads: what becomes of them at a cancellation, and long work beside other tasks."""

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from itertools import islice
from typing import Any, Final, NoReturn, TypeVar

T = TypeVar("T")

AT_A_TIME: Final = 200
"""Steps of some microseconds that are taken in one go: one millisecond of work."""


async def import_in_thread(module: str) -> None:
    """Import a module while other tasks run, if there is a thread for it."""
    if module in sys.modules:
        return
    try:
        await asyncio.to_thread(import_module, module)
    except RuntimeError:  # no thread can be started
        import_module(module)


async def ends_within(seconds: float, task: asyncio.Future[Any]) -> bool:
    """Wait so long for the end of a task, also while cancelled; return whether it has ended."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while not task.done() and (left := until - loop.time()) > 0:
        with suppress(asyncio.CancelledError):
            await asyncio.wait([task], timeout=left)
    return task.done()


async def to_the_end(work: asyncio.Future[T]) -> T:
    """Await what cannot be stopped, such as a thread; raise a cancellation after its end."""
    cancelled: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError as error:
            cancelled = error
    try:
        if cancelled is not None:
            raise cancelled from work.exception()
        return work.result()
    finally:
        del cancelled  # its traceback holds this frame


async def cancel_all(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Cancel tasks once, and return when all have ended, ignoring what they raise.

    If it is itself cancelled meanwhile, it raises that at the end. (`asyncio.gather` may raise a
    cancellation of the tasks instead, which anyio's cancel scopes do not recognize as theirs.)
    """
    cancelled: asyncio.CancelledError | None = None
    for task in tasks:
        task.cancel()
    while pending := [task for task in tasks if not task.done()]:
        try:
            await asyncio.wait(pending)
        except asyncio.CancelledError as error:
            cancelled = error
    for task in tasks:
        if not task.cancelled():
            task.exception()  # retrieved, or asyncio would log it
    try:
        if cancelled is not None:
            raise cancelled
    finally:
        del cancelled  # its traceback holds this frame


def in_slices(steps: Iterator[None]) -> None:
    """Take some steps now, and the rest in later turns of the loop, between which others run."""
    if sum(1 for _ in islice(steps, AT_A_TIME)) == AT_A_TIME:
        asyncio.get_running_loop().call_soon(in_slices, steps)


def call_in(loop: asyncio.AbstractEventLoop | None, function: Callable[[], object]) -> None:
    """Call a function in the thread of a loop, at once if this is it, or if no loop runs yet."""
    if loop is None or _runs_here(loop):
        function()
        return
    with suppress(RuntimeError):  # the loop is closed: nobody is left to be told
        loop.call_soon_threadsafe(function)


def _runs_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


def only_async(instead: str) -> Callable[..., NoReturn]:
    """Return a method that Python calls where `async` or `await` was forgotten, and that says so.

    Define it under `if not TYPE_CHECKING`, because type checkers find such mistakes by themselves.
    """

    def refuse(self: object, *_: object) -> NoReturn:
        raise TypeError(f"{type(self).__name__}: {instead}")

    return refuse


def is_cancelled() -> bool:
    """Whether the current task has been cancelled, and not uncancelled."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
