"""Signals that stop whatever runs on an event loop, of which there may be several."""

import asyncio
import signal
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager
from typing import Any, Final, TypeAlias
from weakref import WeakKeyDictionary

Stop: TypeAlias = Callable[[], None]
_Taken: TypeAlias = dict[signal.Signals, tuple[Any, list[Stop]]]

_taken: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, _Taken]] = WeakKeyDictionary()
"""By loop and signal: what handled it before, and what it stops."""


@contextmanager
def stopped_by(signals: Collection[signal.Signals], stop: Stop) -> Generator[None]:
    """Meanwhile a signal calls all that it stops; the last one restores what was before."""
    loop = asyncio.get_running_loop()
    taken = _taken.setdefault(loop, {})
    for one in signals:
        if one not in taken:
            taken[one] = (signal.getsignal(one), [])
            loop.add_signal_handler(one, _call, taken[one][1])
        taken[one][1].append(stop)
    try:
        yield
    finally:
        for one in signals:
            before, stops = taken[one]
            stops.remove(stop)
            if not stops:
                del taken[one]
                loop.remove_signal_handler(one)
                if before is not None:
                    signal.signal(one, before)


def _call(stops: list[Stop]) -> None:
    for stop in stops:
        stop()
