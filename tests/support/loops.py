"""The event loops that people run the SDK on, for tests whose sockets only a real loop serves.

A `conftest.py` names them to pytest-asyncio, which then runs each test on every one of them. They
differ where asyncio leaves a choice: a timer of uvloop has no `when()` when it is due at once, its
clock ticks in milliseconds, and its sockets cannot be shut down; eager tasks begin where they are
made, and not a turn later.
"""

import asyncio
import importlib.util
import sys
from collections.abc import Callable, Mapping
from typing import Final

LoopFactory = Callable[[], asyncio.AbstractEventLoop]


def _eager() -> asyncio.AbstractEventLoop:
    loop = asyncio.SelectorEventLoop()
    if sys.version_info >= (3, 12):
        loop.set_task_factory(asyncio.eager_task_factory)
    return loop


def _uvloop() -> asyncio.AbstractEventLoop:
    import uvloop  # noqa: PLC0415  # not on Windows, and only for CPython

    return uvloop.new_event_loop()


def _loops() -> Mapping[str, LoopFactory]:
    loops: dict[str, LoopFactory] = {"asyncio": asyncio.SelectorEventLoop}
    if sys.version_info >= (3, 12):
        loops["eager tasks"] = _eager
    if importlib.util.find_spec("uvloop") is not None:
        loops["uvloop"] = _uvloop
    return loops


EVERY_LOOP: Final = _loops()
