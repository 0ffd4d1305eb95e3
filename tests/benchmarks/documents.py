"""The tables of figures, on the terminal and in the documents that have blocks for them."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from . import growth
from .blocks import rewritten
from .peers import rows as peers
from .report import Report
from .rows import Row, aligned, table

ROOT: Final = Path(__file__).parents[2]
STATIC: Final = ROOT / "docs" / "_static"
DOCUMENTS: Final = (ROOT / "README.md", ROOT / "docs" / "guides" / "performance.md")

_LISTED: Final = (
    "codec",
    "call",
    "clock",
    "memory",
    "start",
    "stores",
    "tenants",
    "loop",
    "pythons",
    "fake",
)
"""Parts with a line for each figure."""
_WIDE: Final[Mapping[str, Callable[[Sequence[Row]], str]]] = {
    peers.PART: peers.compact,
    growth.PART: growth.compact,
}
"""Parts with columns."""
_HEADLINES: Final = ("left", "doubled", "wrong", "misreported", "time over ideal", "CPU")


def tables(rows: Sequence[Row]) -> str:
    """One with a line for each figure, and those of jobs and of growth, which have columns."""
    listed = [row for row in rows if row.part not in _WIDE]
    found = [_of(part, compact, rows) for part, compact in _WIDE.items()]
    return "\n\n".join(filter(None, [table(listed) if listed else "", *found]))


def write(report: Report) -> None:
    """Put the figures into the documents."""
    for file in DOCUMENTS:
        text = file.read_text(encoding="utf-8")
        file.write_text(rewritten(text, report, BLOCKS), encoding="utf-8")


def _of(part: str, made: Callable[[Sequence[Row]], str], rows: Sequence[Row]) -> str:
    found = [row for row in rows if row.part == part]
    return made(found) if found else ""


def _storm(found: Sequence[Row]) -> str:
    """What the README has of the peers: the storm, and what matters most of it."""
    by_client: dict[str, dict[str, str]] = {}
    for row in found:
        if row.labels["job"] == "storm" and row.labels["measure"] in _HEADLINES:
            shown = "" if row.value is None else f"{row.value:,.3g} {row.unit}".strip()
            by_client.setdefault(row.labels["client"], {})[row.labels["measure"]] = shown
    lines = [
        [name, *(cells.get(one, "") for one in _HEADLINES)] for name, cells in by_client.items()
    ]
    return aligned([["", *_HEADLINES], *lines])


def _followed(text: str, made: Callable[[Sequence[Row]], str], rows: Sequence[Row]) -> str:
    return f"{made(rows)}\n\n{text}"


_GROWTH: Final = (
    "![Processor time of an item by the number of items, a line for each work]"
    "(../_static/bench-growth.svg)"
)
_STORM: Final = (
    "![What the storm leaves behind, its time and its processor time, by client]"
    "(docs/_static/bench-peers.svg)\n\n"
    "[Performance](docs/guides/performance.md#next-to-what-you-would-write-instead) says what each "
    "of them does."
)

BLOCKS: Final[Mapping[str, Callable[[Sequence[Row]], str]]] = {
    **{part: partial(_of, part, table) for part in _LISTED},
    peers.PART: partial(_of, peers.PART, peers.compact),
    growth.PART: partial(_of, growth.PART, partial(_followed, _GROWTH, growth.compact)),
    "storm": partial(_of, peers.PART, partial(_followed, _STORM, _storm)),
}
"""By the name of the block: a part, or an extract of one. Pictures are drawn by `--plot`."""
