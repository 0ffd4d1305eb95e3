"""The figures as pictures for the documentation.

The same figures give the same bytes. Text stays text. The background is white also where the page
is dark: the colours of the lines are chosen for it, and a picture cannot know the page.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from io import StringIO
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure

from .report import Report
from .rows import Row

_STYLE: Final[Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "grafana-oncall-sdk",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "white",
}
_OURS: Final = "#1f6feb"
_OTHERS: Final = "#8b949e"
_JOB: Final = "storm"
_PANELS: Final[Mapping[str, str]] = {
    "left": "groups left behind",
    "time over ideal": "time, over an ideal client",
    "CPU": "processor time, s",
}
_MARKERS: Final = "os^vD*Pp"
_UNIT: Final = "processor time of an item without garbage collection, µs"


def peers(report: Report) -> str | None:
    """The storm by each client; None without its figures."""
    by_client: dict[str, dict[str, float]] = {}
    for row in report.rows:
        if row.part == "peers" and row.labels["job"] == _JOB and row.value is not None:
            by_client.setdefault(row.labels["client"], {})[row.labels["measure"]] = row.value
    if not by_client:
        return None
    names = [*reversed(by_client)]
    colours = [_OURS if name.startswith("SDK") else _OTHERS for name in names]

    def draw(figure: Figure) -> None:
        axes = figure.subplots(1, len(_PANELS), sharey=True)
        for panel, (measure, title) in zip(axes, _PANELS.items(), strict=True):
            bars = panel.barh(names, [by_client[name][measure] for name in names], color=colours)
            panel.bar_label(bars, fmt="{:,.3g}", padding=3)
            panel.margins(x=0.25)
            panel.set_title(title, loc="left", fontsize=9)

    return _drawn(draw, report, height=0.35 * len(names) + 1.3)


def growth(report: Report) -> str | None:
    """What an item of each work costs, by the number of items; None without its figures."""
    costs = _costs(row for row in report.rows if row.part == "growth")
    exponents = {
        row.labels["work"]: row.value
        for row in report.rows
        if row.part == "growth" and row.labels["measure"] == "exponent of CPU"
    }
    if not costs:
        return None

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        colours = mpl.colormaps["tab20"].colors  # type: ignore[attr-defined]  # lists have them
        for number, (work, points) in enumerate(costs.items()):
            axes.loglog(
                [*points],
                [*points.values()],
                label=f"{work} ({exponents[work]:.2f})",
                color=colours[2 * number % 20 + 2 * number // 20],
                marker=_MARKERS[number % len(_MARKERS)],
                markersize=4,
            )
        axes.set_xlabel("items")
        axes.set_ylabel(_UNIT)
        axes.grid(visible=True, which="major", color="#d0d7de", linewidth=0.5)
        axes.legend(title="work (exponent)", loc="center left", bbox_to_anchor=(1.0, 0.5))

    return _drawn(draw, report, height=5.0)


def _costs(rows: Iterable[Row]) -> dict[str, dict[int, float]]:
    """By work and number of items."""
    found: dict[str, dict[int, float]] = {}
    signs = {"CPU": 1, "garbage collector": -1}
    for row in rows:
        if row.value is not None and (sign := signs.get(row.labels["measure"])) is not None:
            points = found.setdefault(row.labels["work"], {})
            items = int(row.labels["items"])
            points[items] = points.get(items, 0.0) + sign * row.value
    return found


def _drawn(draw: Callable[[Figure], None], report: Report, *, height: float) -> str:
    """The picture as SVG, with the origin of the figures below it."""
    lines = report.origin.lines()
    text = StringIO()
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(9.0, height), layout="constrained")
        draw(figure)
        figure.supxlabel("\n".join(lines), x=0.01, ha="left", fontsize=7, color="#57606a")
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return "".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines())


PLOTS: Final[Mapping[str, Callable[[Report], str | None]]] = {
    "bench-peers.svg": peers,
    "bench-growth.svg": growth,
}
"""By file."""


def parts() -> Sequence[str]:
    """The parts whose figures are drawn."""
    return ("peers", "growth")
