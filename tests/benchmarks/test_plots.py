"""The pictures and the wide tables of the figures, made of made-up ones."""

from xml.etree import ElementTree as ET

import attrs

from . import documents, plots
from .report import Report
from .rows import Row
from .test_blocks import ORIGIN


def _storm(client: str, **measures: float) -> list[Row]:
    return [
        Row(
            part="peers",
            name=f"storm, {client}: {measure}",
            value=value,
            unit="",
            labels={"job": "storm", "client": client, "measure": measure.replace("_", " ")},
        )
        for measure, value in measures.items()
    ]


def _growth(work: str, value: float, **labels: str) -> Row:
    return Row(part="growth", name=work, value=value, labels={"work": work, **labels})


REPORT = Report(
    origin=ORIGIN,
    rows=[
        *_storm("bare httpx", left=271, time_over_ideal=1.6, CPU=2.5),
        *_storm("SDK", left=0, time_over_ideal=1.1, CPU=1.25),
        *(
            _growth(work, value, measure=measure, items=items)
            for work in ("list", "bulk run")
            for items in ("100", "1000")
            for measure, value in (("CPU", 20), ("garbage collector", 5), ("memory", 300))
        ),
        *(_growth(work, 1.01, measure="exponent of CPU") for work in ("list", "bulk run")),
    ],
)


def _texts(picture: str | None) -> set[str]:
    assert picture is not None
    found = ET.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")  # noqa: S314  # ours
    return {(each.text or "").strip() for each in found}


def test_the_storm_is_drawn_for_each_client() -> None:
    """Its names, values and titles are text, which can be found and read aloud."""
    texts = _texts(plots.peers(REPORT))
    assert texts >= {"bare httpx", "SDK", "271", "groups left behind", "1.25"}


def test_growth_is_drawn_for_each_work_with_its_exponent() -> None:
    """In the legend."""
    assert _texts(plots.growth(REPORT)) >= {"list (1.01)", "bulk run (1.01)", "items"}


def test_a_picture_says_where_its_figures_come_from() -> None:
    """The day, the machine, the versions and the command."""
    for draw in plots.PLOTS.values():
        assert _texts(draw(REPORT)) >= set(ORIGIN.lines())


def test_the_same_figures_give_the_same_bytes() -> None:
    """So a picture changes only with them."""
    for draw in plots.PLOTS.values():
        assert draw(REPORT) == draw(attrs.evolve(REPORT, rows=[*REPORT.rows]))


def test_nothing_is_drawn_without_figures() -> None:
    """The picture from before stays."""
    empty = Report(origin=ORIGIN, rows=[])
    assert [draw(empty) for draw in plots.PLOTS.values()] == [None, None]


def _cells(table: str) -> list[list[str]]:
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in (lines[0], *lines[2:])]


def test_the_table_of_growth_has_a_line_for_each_work() -> None:
    """And a column for each number of items, with the exponent behind them."""
    title, *works = _cells(documents.BLOCKS["growth"](REPORT.rows))
    assert title[:4] == ["of an item", "CPU among 100, µs", "CPU among 1,000, µs", "exponent"]
    assert [work[:4] for work in works] == [
        ["list", "20.00", "20.00", "1.01"],
        ["bulk run", "20.00", "20.00", "1.01"],
    ]


def test_the_readme_has_what_matters_most_of_the_storm() -> None:
    """A line for each client."""
    assert _cells(documents.BLOCKS["storm"](REPORT.rows)) == [
        ["", "left", "doubled", "wrong", "misreported", "time over ideal", "CPU"],
        ["bare httpx", "271", "", "", "", "1.6", "2.5"],
        ["SDK", "0", "", "", "", "1.1", "1.25"],
    ]
