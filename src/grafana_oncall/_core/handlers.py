"""Calling what users have registered (handlers, callbacks), so that its failure ends nothing else.

How it works, and why it is safe. What a handler raises is returned, not raised, so every caller
decides by itself whether to retry, log or report it. Two things do pass: `KeyboardInterrupt` and
`SystemExit`, which are meant to end the process, and a cancellation of the calling task, which is
raised even where the handler has caught it, so that a shutdown cannot be held up. A
`CancelledError` that the handler raised by itself (it awaited a task that was cancelled) is a
failure like any other. Each call runs in a task of its own, because before Python 3.13 a TaskGroup
that fails leaves its task marked as cancelled.
"""

import asyncio
import inspect
from collections.abc import Callable

from .aio import in_own_task, is_cancelled


async def failure_of(handler: Callable[..., object], *args: object) -> BaseException | None:
    """Call a function, async or not, and return what it raised; None where it succeeded."""
    failure: BaseException | None = None
    try:
        result = handler(*args)
        if inspect.isawaitable(result):
            await in_own_task(result)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001  # of any class: the caller lives on
        failure = error
    if is_cancelled():
        raise asyncio.CancelledError from failure
    return failure


def name_of(handler: Callable[..., object]) -> str:
    """Return the name of a handler for logs."""
    return getattr(handler, "__qualname__", repr(handler))
