"""What each work does for an item, counted instead of timed: the same on every machine.

python -m tests.benchmarks.growth_counts WORK     prints it for few items and for many

Two things are counted. Lines of the SDK that run are what its own loops and searches do. Bytes that
are allocated between two of these lines, and given back or not, are what C does in one call where
the result is an object: copies of lists and of queues, sorting, joining and slicing of bytes. What
neither of them sees is a search in C that makes no object, such as `in` on a list or `min`: for
those there is the exponent of the processor time, in `growth`.
"""

import gc
import json
import sys
import tracemalloc
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, Final, Self

import grafana_oncall

from .work import run
from .works import WORKS

SIZES: Final = ((100, 150), (700, 850))
"""Few and many. Within each pair, no dictionary and no set grows, as they do now and then."""

_PACKAGE: Final = str(Path(grafana_oncall.__file__).parent)
_SMALL: Final = 1_000
"""Bytes that are not counted: most lines allocate some."""
_FEW: Final = 10
"""Items after which everything is imported."""


Counts = Mapping[str, float]


class Counter:
    """Counts lines of some files that run in a block, and the bytes that are allocated."""

    def __init__(self, files: str = _PACKAGE) -> None:
        self._files = files

    def __enter__(self) -> Self:
        self._lines = self._bytes = 0
        tracemalloc.start()
        self._before = tracemalloc.get_traced_memory()[0]
        self._tracer = sys.gettrace()
        sys.settrace(self._call)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._tracer)
        tracemalloc.stop()

    @property
    def counts(self) -> Counts:
        """By name."""
        return {"lines": self._lines, "bytes": self._bytes}

    def _call(self, frame: FrameType, _event: str, _: object) -> Callable[..., Any] | None:
        if not frame.f_code.co_filename.startswith(self._files):
            return None
        self._count_bytes()
        return self._line

    def _line(self, _frame: FrameType, event: str, _: object) -> Callable[..., Any]:
        self._lines += event == "line"
        self._count_bytes()
        return self._line

    def _count_bytes(self) -> None:
        now, peak = tracemalloc.get_traced_memory()
        self._bytes += max(0, peak - self._before - _SMALL)
        tracemalloc.reset_peak()
        self._before = now


def counted(work: str, items: int) -> Counts:
    """What a work takes in all, with so many items."""
    counter = Counter()
    run(WORKS[work], items, counter)
    return counter.counts


def of_an_item(counts: Callable[[int], Counts]) -> list[Counts]:
    """What each further item takes among few, and among many."""
    found: list[Counts] = []
    for less, more in SIZES:
        before, after = counts(less), counts(more)
        found.append({name: (after[name] - before[name]) / (more - less) for name in after})
    return found


if __name__ == "__main__":
    work = sys.argv[1]
    counted(work, _FEW)
    gc.disable()  # it gives memory back now and then
    sys.stdout.write(json.dumps(of_an_item(partial(counted, work))))
