"""Cancellation: where a coroutine meets it, and what becomes of tasks that are cancelled.

`CancelledInWaits` lets it come while a coroutine waits for something, and nowhere else.

httpcore 1.0 loses a place of its pool for good when it is cancelled where it only gives the event
loop a turn: once it is connected, before it takes the connection into use; when an answer is over,
before it gives the connection back; while it closes others, before it opens its own. Nobody is
waited for there, so a cancellation can as well come at the next wait, a turn or two later.

Our own `Pool` drops a connection with the request that fails on it. The pool in an httpx client of
the user's own, though, is as it is: through a proxy to https, it loses a place by every TLS
handshake that does not succeed, and nothing here can help against that. Nor where an answer that is
over waits for the lock of its connection, which another request holds: that happens on uvloop.
"""

import asyncio
from collections.abc import Awaitable, Coroutine, Generator, Sequence
from typing import Any, Generic, TypeAlias, TypeVar

T = TypeVar("T")

_Waited: TypeAlias = asyncio.Future[Any] | None
"""What a coroutine gives to the event loop: what it waits for, or None when it wants a turn."""


class CancelledInWaits(Generic[T]):
    """Awaits a coroutine, and knows when that can be cancelled; what takes no wait cannot be."""

    def __init__(self, steps: Coroutine[Any, Any, T]) -> None:
        self._steps = steps
        self._task: asyncio.Task[Any] | None = None
        self._waited: _Waited = None
        self._is_due = False

    @property
    def has_begun(self) -> bool:
        """Whether anything of it has happened yet."""
        return self._task is not None

    def close(self) -> None:
        """Ends it before it has begun."""
        self._steps.close()

    def cancel(self) -> None:
        """Cancels its task as soon as it waits; at once, if it does."""
        self._is_due = True
        self._cancel_in_wait()

    def _cancel_in_wait(self) -> None:
        waits = self._waited is not None and not self._waited.done()
        if self._is_due and waits and self._task is not None:
            self._is_due = False
            self._task.cancel()

    def __await__(self) -> Generator[_Waited, None, T]:
        self._task = asyncio.current_task()
        thrown: BaseException | None = None
        while True:
            try:
                # No local variable: its repr shows what failed, in the words of a library below.
                self._waited = (
                    self._steps.send(None) if thrown is None else self._steps.throw(thrown)
                )
            except StopIteration as end:
                value: T = end.value
                return value
            finally:
                thrown = None  # its traceback holds this frame
            self._cancel_in_wait()
            try:
                yield self._waited
            except BaseException as error:  # noqa: BLE001  # of any class: it is for the coroutine
                thrown = error
            finally:
                self._waited = None


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
