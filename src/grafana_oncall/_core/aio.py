"""What to do about tasks and threads when the task that awaits them is cancelled."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


async def in_own_task(work: Awaitable[T]) -> T:
    """Awaits the work of others in a task of its own.

    A TaskGroup that fails leaves its task cancelled, as it counts, before Python 3.13.
    """
    return await asyncio.ensure_future(work)


async def to_the_end(work: asyncio.Future[T]) -> T:
    """Awaits what cannot be stopped, as a thread; a cancellation is raised when that is over."""
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
    """Cancels them, once, and returns when they are over; what they raise is passed by.

    When it is cancelled meanwhile, it raises that in the end, and not a cancellation of theirs, as
    `asyncio.gather` does: the scopes of anyio know their own.
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
            task.exception()  # else its loss would be logged
    try:
        if cancelled is not None:
            raise cancelled
    finally:
        del cancelled  # its traceback holds this frame


def is_cancelled() -> bool:
    """Whether somebody has cancelled this task, and has not taken it back."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
