"""`make bench` runs to its end on any machine, and reports figures in one format."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .peers.client import CLIENTS
from .peers.jobs import JOBS
from .rows import Row, interleaved, table
from .works import WORKS

RATIO = Row(part="call", name="a call", value=1.1, goal=1.15)


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        pytest.param(RATIO, "kept", id="below"),
        pytest.param(Row(part="", name="", value=1.15, goal=1.15), "kept", id="just so"),
        pytest.param(Row(part="", name="", value=1.16, goal=1.15), "out of bounds", id="above"),
        pytest.param(
            Row(part="", name="", value=9, goal=10, at_least=True), "out of bounds", id="too few"
        ),
        pytest.param(Row(part="", name="", value=11, goal=10, at_least=True), "kept", id="enough"),
        pytest.param(Row(part="", name="", value=7), "", id="for comparison"),
        pytest.param(Row(part="", name="", value=None, goal=1), "not available", id="absent"),
    ],
)
def test_a_figure_is_checked_against_its_goal(row: Row, verdict: str) -> None:
    """A value equal to the bound meets it; a missing value does not."""
    assert row.verdict == verdict


def test_a_table_has_a_line_for_each_figure() -> None:
    """In columns of one width, which Markdown parses too."""
    lines = table([RATIO, Row(part="memory", name="a walk", value=None, unit="MB")]).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert [cell.strip() for cell in lines[2].split("|")[1:-1]] == [
        "call",
        "a call",
        "1.10 ×",  # noqa: RUF001
        "≤ 1.15 ×",  # noqa: RUF001
        "kept",
    ]
    assert lines[3].split("|")[-2].strip() == "not available"


def test_json_has_the_figures_as_they_are() -> None:
    """Not rounded as in the table."""
    row = Row(part="call", name="a call", value=1.23456, goal=1.15)
    assert row.plain() == {
        "part": "call",
        "name": "a call",
        "value": 1.23456,
        "unit": "×",  # noqa: RUF001
        "goal": 1.15,
        "at_least": False,
        "labels": {},
        "verdict": "out of bounds",
    }


def test_ratios_are_taken_within_a_round() -> None:
    """A machine that is busy for a while slows both, so their ratio stays the same."""
    busy = iter([1.0, 1.0, 30.0, 30.0, 1.0, 1.0])
    ratio = interleaved({"a": lambda: 2 * next(busy), "b": lambda: next(busy)}, rounds=3)
    assert ratio("a", "b") == 2


def test_a_quick_run_measures_everything(tmp_path: Path) -> None:
    """The peers and the SDK run; the goals are not checked here."""
    file = tmp_path / "figures.json"
    command = [sys.executable, "-m", "tests.benchmarks", "--quick", "--json", str(file)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    rows = json.loads(file.read_text(encoding="utf-8"))["rows"]
    parts = {"codec", "call", "clock", "memory", "start", "tenants", "peers", "growth", "loop"}
    assert {row["part"] for row in rows} == parts | {"stores", "pythons", "fake"}
    measured = {row["part"] for row in rows if row["value"] is not None and row["goal"] is not None}
    assert measured >= parts
    figures, jobs, growth = done.stdout.split("\n\n")
    listed = [row for row in rows if row["part"] not in {"peers", "growth"}]
    assert len(figures.splitlines()) == len(listed) + 2
    assert len(jobs.splitlines()) == len(JOBS) * len(CLIENTS) + 2
    assert len(growth.splitlines()) == len(WORKS) + 2
