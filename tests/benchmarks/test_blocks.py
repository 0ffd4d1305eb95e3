"""The command writes its figures into the documents, and nothing else."""

from pathlib import Path

import pytest

from . import documents
from .__main__ import parts
from .blocks import BadMarker, rewritten
from .report import Origin, Report
from .rows import Row

ORIGIN = Origin(
    date="2026-11-30",
    python="CPython 3.11.7",
    machine="Old EPYC, 2 cores",
    packages={"httpx": "0.28.1"},
    command="make bench BENCH='--only call'",
)
REPORT = Report(origin=ORIGIN, rows=[Row(part="call", name="a call", value=1.1, goal=1.15)])
BEFORE = """# Figures

<!-- figures: call -->

old

<!-- end of figures -->

text

<!-- figures: memory -->
older
<!-- end of figures -->
"""
AFTER = """# Figures

<!-- figures: call -->

Measured on 2026-11-30, CPython 3.11.7, Old EPYC, 2 cores, by `make bench BENCH='--only call'`:

|      |        | measured | goal     | verdict |
| ---- | ------ | -------- | -------- | ------- |
| call | a call | 1.10 ×   | ≤ 1.15 × | kept    |

<!-- end of figures -->

text

<!-- figures: memory -->
older
<!-- end of figures -->
"""  # noqa: RUF001


def test_the_blocks_of_parts_that_ran_have_their_figures_and_origin() -> None:
    """The others stay as they are, and so does all text around."""
    assert rewritten(BEFORE, REPORT, documents.BLOCKS) == AFTER


def test_writing_the_same_figures_again_changes_nothing() -> None:
    """So a difference is one of figures."""
    assert rewritten(AFTER, REPORT, documents.BLOCKS) == AFTER


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<!-- figures: cal -->\n<!-- end of figures -->\n", "cal: there are no such figures"),
        ("<!-- figures: call -->\n", "a beginning without an end"),
        ("<!-- end of figures -->\n", "an end without beginning"),
        (f"<!-- figures: call -->\n{BEFORE}", "call: .*figures: call --> comes before its end"),
    ],
)
def test_a_marker_that_is_wrong_is_refused(text: str, message: str) -> None:
    """Or figures would be missing, or replace the text behind them."""
    with pytest.raises(BadMarker, match=message):
        rewritten(text, REPORT, documents.BLOCKS)


@pytest.mark.parametrize("file", documents.DOCUMENTS, ids=lambda file: file.name)
def test_the_markers_of_the_documents_are_known(file: Path) -> None:
    """Without figures, nothing is written."""
    text = file.read_text(encoding="utf-8")
    assert rewritten(text, Report(origin=ORIGIN, rows=[]), documents.BLOCKS) == text


@pytest.mark.parametrize("name", sorted({*parts(quick=True, million=False), *documents.BLOCKS}))
def test_every_part_has_a_block_in_a_document(name: str) -> None:
    """Or its figures would be nowhere."""
    text = "".join(file.read_text(encoding="utf-8") for file in documents.DOCUMENTS)
    assert f"<!-- figures: {name} -->" in text


def test_a_report_is_read_as_it_was_written() -> None:
    """So that figures can be drawn and written later, with the day on which they were measured."""
    assert Report.from_json(REPORT.to_json()) == REPORT


def test_an_origin_names_no_host() -> None:
    """But what decides how fast things are."""
    made = Origin.here(["--only", "call"])
    when, packages, command = made.lines()
    assert command == "make bench BENCH='--only call'"
    assert "grafana-oncall-sdk" in packages
    assert "cores" in when
