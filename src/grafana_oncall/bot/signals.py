"""Signals that stop a bot.

How it works, and why it is safe. While a bot runs, its handler replaces the one before (uvicorn's,
or another bot's), and calls that too. Bots may end in any order, and other code may take the signal
meanwhile. So the handler of a bot that has ended may be called, or be put back, later: then it only
passes the signal on or, where it is the current one, restores the one before and raises the signal
again. So it does with a third signal, because a handler of changes that blocks the event loop, or
suppresses its cancellation, would hold up the end of the program for ever.
"""

import asyncio
import signal
from collections.abc import Callable, Collection, Generator
from contextlib import ExitStack, contextmanager
from itertools import count
from types import FrameType
from typing import Any, Final
from weakref import WeakKeyDictionary

from grafana_oncall.errors import InvalidArgument

_MAX_STOPS: Final = 2
"""Signals that stop a bot; the next one is as if there were none."""

_ended: Final[WeakKeyDictionary[Any, Any]] = WeakKeyDictionary()
"""The handlers of bots that have ended, each with the one that it replaced."""


@contextmanager
def stopped_by(signals: Collection[signal.Signals], stop: Callable[[], None]) -> Generator[None]:
    """Call `stop` at each of these signals; raise InvalidArgument where one cannot be handled."""
    with ExitStack() as stack:
        for number in dict.fromkeys(signals):
            stack.enter_context(_stopped_by(number, stop))
        yield


@contextmanager
def _stopped_by(number: signal.Signals, stop: Callable[[], None]) -> Generator[None]:
    loop, arrived = asyncio.get_running_loop(), count(1)

    def handle(received: int, frame: FrameType | None) -> None:
        is_over = handle in _ended or next(arrived) > _MAX_STOPS
        if is_over and signal.getsignal(number) is handle:
            signal.signal(number, before)
            _restore(number)
            signal.raise_signal(number)
            return
        if not is_over:
            loop.call_soon_threadsafe(stop)
        if callable(before) and not _interrupts(before):
            before(received, frame)

    before = signal.getsignal(number) or signal.SIG_DFL
    try:
        # Not with `loop.add_signal_handler`, which Windows does not have.
        signal.signal(number, handle)
    except (OSError, ValueError) as error:
        message = f"signals: cannot handle {number!r} here ({error}); pass signals=() for none."
        raise InvalidArgument(message, argument="signals") from error
    try:
        yield
    finally:
        _ended[handle] = before
        _restore(number)


def _restore(number: signal.Signals) -> None:
    """Replace handlers of bots that have ended; one that other code has installed stays."""
    while (found := signal.getsignal(number)) in _ended:
        signal.signal(number, _ended[found])


def _interrupts(handler: object) -> bool:
    """Whether it ends the program at once, as the SIGINT handlers of Python and asyncio do."""
    owner = getattr(getattr(handler, "func", None), "__self__", None)  # of a partial, in a Runner
    return handler is signal.default_int_handler or isinstance(owner, asyncio.Runner)
