"""Signals that stop a bot."""

import asyncio
import signal
from collections.abc import Callable, Collection, Generator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import TypeAlias

from grafana_oncall.errors import InvalidArgument

Stop: TypeAlias = Callable[[], None]
Handler: TypeAlias = Callable[[int, FrameType | None], object] | int
"""As `signal.signal` takes it."""


class _StopHandler:
    """Stops a bot, and calls the handler that was there before, such as another bot's or uvicorn's.

    Bots may end in any order. So one that has ended may still be the one before another, where it
    is skipped, or be put back by somebody who took the signal meanwhile: then, when called, it
    gives the signal back.
    """

    def __init__(self, number: signal.Signals, stop: Stop) -> None:
        self._number = number
        self._loop = asyncio.get_running_loop()
        self.stop: Stop | None = stop
        try:
            # Not with `loop.add_signal_handler`, which Windows does not have.
            self._before = signal.signal(number, self) or signal.SIG_DFL
        except (OSError, ValueError) as error:
            message = (
                f"signals: {number!r} cannot be had here ({error}); with signals=() none is taken."
            )
            raise InvalidArgument(message, argument="signals") from error

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.stop is None:
            signal.signal(number, self.previous())
            signal.raise_signal(number)
            return
        self._loop.call_soon_threadsafe(self.stop)
        before = self.previous()
        if callable(before) and not _interrupts(before):
            before(number, frame)

    def end(self) -> None:
        """Restore what was before, unless somebody else has taken the signal since."""
        self.stop = None
        found: object = signal.getsignal(self._number)
        if found is self:
            signal.signal(self._number, self.previous())

    def previous(self) -> Handler:
        """Return the handler that was there before, of those that still count."""
        before = self._before
        if isinstance(before, _StopHandler) and before.stop is None:
            return before.previous()
        return before


def _interrupts(handler: Handler) -> bool:
    """Return whether it breaks off all work, as the handlers of SIGINT in Python and asyncio do."""
    owner = getattr(getattr(handler, "func", None), "__self__", None)  # of a partial, in a Runner
    return handler is signal.default_int_handler or isinstance(owner, asyncio.Runner)


@contextmanager
def stopped_by(signals: Collection[signal.Signals], stop: Stop) -> Generator[None]:
    """Call `stop` at each of these signals; restore the former handlers at the end."""
    with ExitStack() as stack:
        for number in dict.fromkeys(signals):
            stack.callback(_StopHandler(number, stop).end)
        yield
