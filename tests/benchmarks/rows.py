"""Figures, checked against their goals, as a table or as JSON."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median
from typing import Any, Final, Literal

import attrs

Verdict = Literal["kept", "out of bounds", "not available", ""]

NOT_AVAILABLE: Final = None
"""The value of what is not installed here."""


@attrs.frozen(kw_only=True)
class Row:
    """One figure. Being out of bounds is never an error: machines differ, and are busy."""

    part: str
    name: str
    value: float | None
    """None where it cannot be measured here."""
    unit: str = "×"  # noqa: RUF001  # times, not the letter x
    goal: float | None = None
    """None for a figure that is only for comparison."""
    at_least: bool = False
    """Whether the goal is a lower bound."""
    labels: Mapping[str, str] = attrs.field(factory=dict)
    """What a plot groups figures by, such as the job, the client and the measure."""

    @property
    def verdict(self) -> Verdict:
        """Whether the goal is met; empty without one."""
        if self.value is None:
            return "not available"
        if self.goal is None:
            return ""
        kept = self.value >= self.goal if self.at_least else self.value <= self.goal
        return "kept" if kept else "out of bounds"

    def cells(self) -> Sequence[str]:
        """As the table shows it."""
        bound = "≥" if self.at_least else "≤"
        return (
            self.part,
            self.name,
            "" if self.value is None else f"{_shown(self.value)} {self.unit}",
            "" if self.goal is None else f"{bound} {_shown(self.goal)} {self.unit}",
            self.verdict,
        )

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {**attrs.asdict(self), "verdict": self.verdict}


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def table(rows: Iterable[Row]) -> str:
    """A table in Markdown, whose columns are also aligned on a terminal."""
    return aligned([("", "", "measured", "goal", "verdict"), *(row.cells() for row in rows)])


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Cells as a table, of which the first line is the head."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = ["-" * width for width in widths]
    padded = (
        [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        for line in (lines[0], rule, *lines[1:])
    )
    return "\n".join(f"| {' | '.join(cells)} |" for cells in padded)


def interleaved(
    works: Mapping[str, Callable[[], float]], *, rounds: int
) -> Callable[[str, str], float]:
    """Run each work once per round; return medians of the ratios of two works within a round.

    Other load on the machine lasts longer than a round, and so slows both of them.
    """
    found = [{name: work() for name, work in works.items()} for _ in range(rounds)]
    return lambda one, other: median(each[one] / each[other] for each in found)
