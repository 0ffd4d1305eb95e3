"""How long the event loop stands: its longest step, during which no other task runs."""

import asyncio
import gc
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from threading import get_ident
from time import perf_counter, thread_time
from typing import Any, Final

import attrs

_Run = Callable[[Any], None]

_HANDLE: Final[Any] = asyncio.events.Handle
"""Every step is a call of its method `_run`: there is no public place that sees all of them."""


@attrs.define
class Steps:
    """The longest of the steps that were measured.

    The processor time of the loop's thread is the verdict, since other programs add nothing to it.
    What a step waits for, such as a disk or the interpreter's lock, shows by the clock only.
    """

    processor: float = 0.0
    """Seconds."""
    own: float = 0.0
    """Seconds without the garbage collector, perhaps of another step."""
    clock: float = 0.0
    """Seconds by the clock, perhaps of a third one."""
    where: str = ""
    """What took the longest without the garbage collector."""
    measured: bool = False
    """Whether steps that end now count."""

    def add(self, handle: object, *, processor: float, collecting: float, clock: float) -> None:
        """Keep what is longer than all before."""
        if not self.measured:
            return
        self.processor = max(self.processor, processor)
        self.clock = max(self.clock, clock)
        if processor - collecting > self.own:
            self.own, self.where = processor - collecting, _shown(handle)


def _shown(handle: Any) -> str:
    """Return the task whose step it was, or the callback."""
    callback = handle._callback
    return repr(getattr(callback, "__self__", callback))


class _Collector:
    """Adds up the time of the garbage collector."""

    def __init__(self) -> None:
        self.seconds = self._began = 0.0

    def __call__(self, phase: str, _: object) -> None:
        """Be told of a phase, as one of `gc.callbacks`."""
        now = thread_time()
        self.seconds += now - self._began if phase == "stop" else 0.0
        self._began = now


def _timed(run: _Run, found: Steps, collector: _Collector) -> _Run:
    thread = get_ident()

    def timed(handle: Any) -> None:
        if get_ident() != thread:  # another loop, which keeps nobody waiting
            run(handle)
            return
        collected, began, clock = collector.seconds, thread_time(), perf_counter()
        run(handle)
        found.add(
            handle,
            processor=thread_time() - began,
            collecting=collector.seconds - collected,
            clock=perf_counter() - clock,
        )

    return timed


@contextmanager
def _watching(found: Steps) -> Generator[None]:
    run, collector = _HANDLE._run, _Collector()
    gc.callbacks.append(collector)
    _HANDLE._run = _timed(run, found, collector)
    try:
        yield
    finally:
        _HANDLE._run = run
        gc.callbacks.remove(collector)


@asynccontextmanager
async def measuring(found: Steps) -> AsyncGenerator[None]:
    """Measure all steps of the loop that begin and end inside."""
    gc.collect()
    with _watching(found):
        await asyncio.sleep(0)  # the step under way began outside
        found.measured = True
        try:
            yield
            await asyncio.sleep(0)
        finally:
            found.measured = False
