"""The picture of the demo: its introduction and first three acts, as a terminal shows them.

`python -m tests.packaging.picture` runs them, and writes `docs/_static/demo.svg`.
"""

import re
import sys
from collections import defaultdict
from io import StringIO
from typing import Final
from xml.etree import ElementTree as ET

from rich.console import Console

from grafana_oncall.testing.demo.__main__ import main
from grafana_oncall.testing.demo._acts import STORY
from grafana_oncall.testing.demo._page import WIDTH, RichWriter
from tests.packaging.project import ROOT

PICTURE: Final = ROOT / "docs" / "_static" / "demo.svg"
SHOWN: Final = STORY[:4]

_FONT: Final = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
"""A font from the network, which no picture should fetch."""

_LINE: Final = re.compile(r"url\(#demo-line-(\d+)\)")


def draw() -> str:
    """Run the acts, and return the picture.

    Raises:
        SystemExit: A fact is not as it should be.
    """
    console = Console(
        file=StringIO(),
        width=WIDTH,
        record=True,
        force_terminal=True,
        color_system="truecolor",
        no_color=False,
    )
    if main(RichWriter(console), SHOWN) != 0:
        sys.exit("The demo is not as it should be, so there is no picture: run `make demo`.")
    drawn = _FONT.sub("", console.export_svg(title="make demo", unique_id="demo"))
    # Some programs trim the spaces that indent a line.
    drawn = drawn.replace('class="demo-matrix">', 'class="demo-matrix" xml:space="preserve">')
    return f"{drawn.strip()}\n"


def lines_of(picture: str) -> list[str]:
    """Return the lines of a picture, without spaces at their ends."""
    lines: defaultdict[int, str] = defaultdict(str)
    for element in ET.fromstring(picture).iterfind(".//{*}text"):  # noqa: S314  # a file of the project
        line = _LINE.fullmatch(element.get("clip-path", ""))
        if line is not None:
            column = round(float(element.get("x", "")) / _COLUMN)
            number = int(line[1])
            lines[number] = lines[number].ljust(column) + (element.text or "")
    return [lines[number].replace("\xa0", " ").rstrip() for number in range(max(lines) + 1)]


_COLUMN: Final = 20 * 0.61
"""Width of a character in the picture, which is that of rich's font."""


if __name__ == "__main__":
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(draw(), encoding="utf-8")
