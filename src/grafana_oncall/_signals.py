"""Signals that stop whatever runs on an event loop, of which there may be several."""

import asyncio
import signal
from collections.abc import Callable, Collection, Generator
from contextlib import ExitStack, contextmanager
from typing import Any, Final, TypeAlias
from weakref import WeakKeyDictionary

from .errors import InvalidArgument

Stop: TypeAlias = Callable[[], None]
_Taken: TypeAlias = dict[signal.Signals, tuple[Any, list[Stop]]]

_taken: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, _Taken]] = WeakKeyDictionary()
"""By loop and signal: what handled it before, and what it stops."""


@contextmanager
def stopped_by(signals: Collection[signal.Signals], stop: Stop) -> Generator[None]:
    """Meanwhile a signal calls all that it stops; the last one restores what was before."""
    with ExitStack() as stack:
        for one in signals:
            stack.enter_context(_stopped_by(one, stop))
        yield


@contextmanager
def _stopped_by(one: signal.Signals, stop: Stop) -> Generator[None]:
    taken = _taken.setdefault(asyncio.get_running_loop(), {})
    if one not in taken:
        taken[one] = _take(one)
    before, stops = taken[one]
    stops.append(stop)
    try:
        yield
    finally:
        stops.remove(stop)
        if not stops:
            del taken[one]
            signal.signal(one, before)


def _take(one: signal.Signals) -> tuple[Any, list[Stop]]:
    loop = asyncio.get_running_loop()
    stops: list[Stop] = []

    def arrive(_: int, __: object) -> None:
        loop.call_soon_threadsafe(_call, stops)

    try:
        # Not with `loop.add_signal_handler`, which Windows does not have.
        before = signal.signal(one, arrive)
    except (OSError, ValueError) as error:
        message = f"signals: {one!r} cannot be had here ({error}); with signals=() none is taken."
        raise InvalidArgument(message, argument="signals") from error
    return signal.SIG_DFL if before is None else before, stops


def _call(stops: list[Stop]) -> None:
    for stop in stops:
        stop()
