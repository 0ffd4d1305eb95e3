"""Where a coroutine can be cancelled: while it waits for something, and nowhere else.

httpcore 1.0 loses a place of its pool for good when it is cancelled where it only gives the event
loop a turn: once it is connected, before it takes the connection into use; when an answer is over,
before it gives the connection back; while it closes others, before it opens its own. Nobody is
waited for there, so a cancellation can as well come at the next wait, a turn or two later.

Through a proxy to https, httpcore 1.0 also loses the place of every request whose TLS handshake
does not succeed, whether it is cancelled, refused or late. Nothing here can help against that.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from functools import wraps
from types import coroutine
from typing import Any, ParamSpec, TypeAlias, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")

_Waited: TypeAlias = asyncio.Future[Any] | None
"""What a coroutine gives to the event loop: what it waits for, or None when it wants a turn."""


def cancelled_in_waits(
    function: Callable[P, Coroutine[Any, Any, T]],
) -> Callable[P, Coroutine[Any, Any, T]]:
    """A cancellation between two waits takes effect at the next one, or when the function ends.

    So one that comes while the function cleans up after another does not cut that short. What
    only ever takes turns and never waits cannot be cancelled.
    """

    @wraps(function)
    async def cautious(*args: P.args, **kwargs: P.kwargs) -> T:
        return await _stepped(function(*args, **kwargs))

    return cautious


class _Late:
    """A cancellation that came between two waits, if one did."""

    def __init__(self) -> None:
        self._task = cast("asyncio.Task[Any]", asyncio.current_task())
        self._before = self._task.cancelling()
        self._message: tuple[Any, ...] | None = None

    def put_off(self, error: asyncio.CancelledError) -> None:
        """Until the next wait."""
        self._message = error.args

    def is_due(self) -> bool:
        """Whether one came that has not been taken back, as a timeout does that was met."""
        return self._message is not None and self._task.cancelling() > self._before

    def end(self, waited: asyncio.Future[Any]) -> None:
        """Does to a wait what Task.cancel() would have done to it."""
        if self.is_due():
            waited.cancel(*self._message or ())
        self._message = None

    def error(self) -> asyncio.CancelledError:
        """It, when there was no other wait."""
        return asyncio.CancelledError(*self._message or ())


@coroutine
def _stepped(steps: Coroutine[Any, Any, T]) -> Generator[_Waited, None, T]:
    """As `await steps` is, but for cancellations."""
    late = _Late()
    thrown: BaseException | None = None
    while True:
        try:
            waited: _Waited = steps.send(None) if thrown is None else steps.throw(thrown)
        except StopIteration as end:
            if not late.is_due():
                return cast("T", end.value)
            break
        except Exception:
            if not late.is_due():
                raise
            break
        finally:
            thrown = None  # its traceback holds this frame
        if waited is not None:
            late.end(waited)
        try:
            yield waited
        except asyncio.CancelledError as error:
            if _is_over(waited):
                late.put_off(error)
            else:
                thrown = error
        except BaseException as error:  # noqa: BLE001  # of any class: it is for the coroutine
            thrown = error
    raise late.error()


def _is_over(waited: _Waited) -> bool:
    """Whether the task had stopped waiting, or never did, when it was cancelled."""
    return waited is None or (waited.done() and not waited.cancelled())
