"""Signals that stop whatever runs on an event loop, of which there may be several."""

import asyncio
import signal
from collections.abc import Callable, Collection, Generator
from contextlib import ExitStack, contextmanager
from typing import Final, TypeAlias
from weakref import WeakKeyDictionary

from .errors import InvalidArgument

Stop: TypeAlias = Callable[[], None]


class _Handler:
    """Calls what a signal stops; when there is nothing left to stop, what handled it before."""

    def __init__(self, one: signal.Signals) -> None:
        self.stops: list[Stop] = []
        self._signal = one
        self._loop = asyncio.get_running_loop()
        try:
            self._before = signal.getsignal(one) or signal.SIG_DFL
            # Not with `loop.add_signal_handler`, which Windows does not have.
            signal.signal(one, self)
        except (OSError, ValueError) as error:
            message = (
                f"signals: {one!r} cannot be had here ({error}); with signals=() none is taken."
            )
            raise InvalidArgument(message, argument="signals") from error

    def __call__(self, _: int, __: object) -> None:
        if self.stops:
            self._loop.call_soon_threadsafe(self._stop)
        else:
            # Somebody had taken the signal when this gave it back, and has since restored this.
            self.give_back()
            signal.raise_signal(self._signal)

    def _stop(self) -> None:
        for stop in self.stops:
            stop()

    def give_back(self) -> None:
        """Restores what was before, unless somebody else has taken the signal since."""
        found: object = signal.getsignal(self._signal)
        if found is self:
            signal.signal(self._signal, self._before)


_handlers: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, dict[signal.Signals, _Handler]]] = (
    WeakKeyDictionary()
)


@contextmanager
def stopped_by(signals: Collection[signal.Signals], stop: Stop) -> Generator[None]:
    """Meanwhile a signal calls all that it stops; the last one restores what was before."""
    with ExitStack() as stack:
        for one in signals:
            stack.enter_context(_stopped_by(one, stop))
        yield


@contextmanager
def _stopped_by(one: signal.Signals, stop: Stop) -> Generator[None]:
    handlers = _handlers.setdefault(asyncio.get_running_loop(), {})
    if one not in handlers:
        handlers[one] = _Handler(one)
    handler = handlers[one]
    handler.stops.append(stop)
    try:
        yield
    finally:
        handler.stops.remove(stop)
        if not handler.stops:
            del handlers[one]
            handler.give_back()
