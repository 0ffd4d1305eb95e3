"""Calling what users have registered (handlers, callbacks), so that its failure ends nothing else.

How it works, and why it is safe. What a handler raises is returned, not raised, so every caller
decides by itself whether to retry, log or report it. Two things do pass: `KeyboardInterrupt` and
`SystemExit`, which are meant to end the process, and a cancellation of the calling task, which is
raised even where the handler has caught it, so that a shutdown cannot be held up. A
`CancelledError` that the handler raised by itself (it awaited a task that was cancelled) is a
failure like any other. Each call runs in a task of its own, because before Python 3.13 a TaskGroup
that fails leaves its task marked as cancelled; and so that one that goes on after its cancellation
can be left behind.
"""

import asyncio
import inspect
import logging
from collections.abc import Callable
from typing import Any, Final

from .aio import ends_within, is_cancelled

_logger: Final = logging.getLogger("grafana_oncall")

_TIME_TO_END: Final = 5.0
"""Seconds that a cancelled handler has to clean up."""


async def failure_of(handler: Callable[..., object], *args: object) -> BaseException | None:
    """Call a function, async or not, and return what it raised; None where it succeeded."""
    failure: BaseException | None = None
    try:
        result = handler(*args)
        if inspect.isawaitable(result):
            failure = await _failure(asyncio.ensure_future(result), handler)
    except BaseException as error:  # noqa: BLE001  # of any class: the caller lives on
        failure = error
    if is_cancelled():
        raise asyncio.CancelledError from failure
    if isinstance(failure, KeyboardInterrupt | SystemExit):
        raise failure
    return failure


async def _failure(
    task: asyncio.Future[Any], handler: Callable[..., object]
) -> BaseException | None:
    """Wait for a handler's task, and return what it raised; cancel it when cancelled."""
    try:
        await asyncio.wait([task])
    except asyncio.CancelledError:
        task.cancel()
        if not await ends_within(_TIME_TO_END, task):
            _logger.error(  # noqa: TRY400  # its traceback says nothing
                "Handler %s still runs %.0f s after it was cancelled, and is left behind. It must "
                "not suppress asyncio.CancelledError.",
                name_of(handler),
                _TIME_TO_END,
            )
            return None
    try:
        return task.exception()
    except asyncio.CancelledError as error:
        return error


def name_of(handler: Callable[..., object]) -> str:
    """Return the name of a handler for logs."""
    return getattr(handler, "__qualname__", repr(handler))
