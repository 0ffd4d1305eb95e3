"""How the cost of an item grows with the number of items: hardly, up to a hundred thousand.

The exponent of a work is the slope of log(cost) over log(items), by least squares: 1 is linear, and
2 quadratic. It is taken from a thousand items on: below, what a run costs anyhow still counts.

The cyclic garbage collector has an account of its own. It sets in once a work keeps some ten
thousand objects, and from then on takes its share of each further one. That is a step, which an
exponent would show as if the work were not linear. Nothing here waits, so the time that passes is
the processor's, unless other programs use it.
"""

import gc
import resource
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from math import log
from statistics import linear_regression, median
from time import perf_counter, process_time
from typing import Any, Final, Self

from .processes import in_a_process
from .rows import Row, aligned
from .work import run
from .works import WORKS

PART: Final = "growth"
GOAL: Final = 1.05

_ROUNDS: Final[Mapping[int, int]] = {100: 5, 1_000: 5, 10_000: 3, 100_000: 1}
"""By number of items."""
_QUICK: Final[Mapping[int, int]] = {10: 1, 100: 1}
_LARGE: Final = 1_000
"""Items from which on the exponent is taken."""
_FEW: Final = 100
"""Items after which everything is imported."""
_MEGABYTE: Final = 1_000_000
"""What a process may have free before it takes more."""
_UNITS: Final[Mapping[str, tuple[str, float]]] = {
    "time": ("µs", 1e6),
    "CPU": ("µs", 1e6),
    "garbage collector": ("µs", 1e6),
    "memory": ("bytes", 1),
    "requests": ("", 1),
}
"""Of each measure, and how many of them are a second, or one."""

Figures = Mapping[str, float]


class Meter:
    """Measures a block: seconds, those of the processor, and bytes."""

    def __enter__(self) -> Self:
        self._collecting = self._began = 0.0
        gc.collect()
        gc.callbacks.append(self._on_collection)
        self._before = self._now()
        return self

    def __exit__(self, *_: object) -> None:
        now = self._now()
        gc.callbacks.remove(self._on_collection)
        self.figures: Figures = {name: now[name] - self._before[name] for name in now}

    def _now(self) -> Figures:
        return {
            "time": perf_counter(),
            "CPU": process_time(),
            "garbage collector": self._collecting,
            "memory": _peak(),
        }

    def _on_collection(self, phase: str, _: Any) -> None:
        if phase == "start":
            self._began = process_time()
        else:
            self._collecting += process_time() - self._began


def _peak() -> int:
    """The process's peak memory, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _measured(work: str, items: int) -> Figures:
    """What a work takes in all, with so many items."""
    run(WORKS[work], _FEW, Meter())
    meter = Meter()
    requests = run(WORKS[work], items, meter)
    return {**meter.figures, "requests": requests}


def rows(*, quick: bool) -> Iterator[Row]:
    """What an item of each work takes, by the number of items, and its exponents."""
    measure = _measured if quick else partial(in_a_process, _measured)
    for work in WORKS:
        found = {
            items: _median([measure(work, items) for _ in range(rounds)])
            for items, rounds in (_QUICK if quick else _ROUNDS).items()
        }
        for items, figures in found.items():
            yield from _costs(work, items, figures)
        yield from _exponents(work, found)


def _median(found: list[Figures]) -> Figures:
    return {name: median(each[name] for each in found) for name in found[0]}


def _costs(work: str, items: int, figures: Figures) -> Iterator[Row]:
    for measure, (unit, times) in _UNITS.items():
        yield Row(
            part=PART,
            name=f"{work}, {items:,} items: {measure} of an item",
            value=times * figures[measure] / items,
            unit=unit,
            labels={"work": work, "items": str(items), "measure": measure},
        )


_TOTALS: Final[Mapping[str, Callable[[Figures], float]]] = {
    "CPU": lambda figures: figures["CPU"] - figures["garbage collector"],
    "memory": lambda figures: max(figures["memory"], _MEGABYTE),
    "requests": lambda figures: max(figures["requests"], 1),
}
"""What must not grow faster than the number of items."""


def _exponents(work: str, found: Mapping[int, Figures]) -> Iterator[Row]:
    for measure, total in _TOTALS.items():
        if measure == "requests" and not any(figures[measure] for figures in found.values()):
            continue
        yield Row(
            part=PART,
            name=f"{work}: exponent of {measure}",
            value=exponent({items: total(figures) for items, figures in found.items()}),
            unit="",
            goal=GOAL,
            labels={"work": work, "measure": f"exponent of {measure}"},
        )


def exponent(totals: Mapping[int, float]) -> float:
    """The slope of log(total) over log(items) at the larger sizes, or at all if there is one."""
    large = {items: total for items, total in totals.items() if items >= _LARGE}
    points = large if len(large) > 1 else totals
    return linear_regression([*map(log, points)], [*map(log, points.values())]).slope


def compact(found: Sequence[Row]) -> str:
    """A table in Markdown with a line for each work; `!` marks what is out of bounds."""
    works: dict[str, dict[tuple[str, str], Row]] = {}
    for row in found:
        key = (row.labels["measure"], row.labels.get("items", ""))
        works.setdefault(row.labels["work"], {})[key] = row
    sizes = [*dict.fromkeys(row.labels["items"] for row in found if "items" in row.labels)]
    columns = [*(("CPU", size) for size in sizes), ("exponent of CPU", "")]
    for measure in ("garbage collector", "memory", "requests"):
        columns += [(measure, sizes[-1]), (f"exponent of {measure}", "")]
    shown = [column for column in columns if any(column in cells for cells in works.values())]
    lines = [[work, *(_cell(cells.get(key)) for key in shown)] for work, cells in works.items()]
    return aligned([["of an item", *(_title(*column) for column in shown)], *lines])


def _title(measure: str, size: str) -> str:
    if not size:
        return "exponent"
    unit = _UNITS[measure][0]
    return f"{measure} among {int(size):,}" + (f", {unit}" if unit else "")


def _cell(row: Row | None) -> str:
    if row is None or row.value is None:
        return ""
    shown = f"{row.value:,.0f}" if row.value >= 100 else f"{row.value:.2f}"
    return f"{shown} !" if row.verdict == "out of bounds" else shown
