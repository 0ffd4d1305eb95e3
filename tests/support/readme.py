"""The README, taken apart: its programs, fragments, tables, paragraphs and commands."""

import re
import textwrap
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
TEXT: Final = (ROOT / "README.md").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def _is_whole(source: str) -> bool:
    """Whether Python can compile it as a module: fragments use await outside of a function."""
    try:
        compile(source, "README.md", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


BLOCKS: Final = _blocks("python")
COMMANDS: Final = _blocks("console")
PROGRAMS: Final = [block for block in BLOCKS if _is_whole(block)]

_GIVEN: Final = """\
from datetime import datetime

from grafana_oncall import OnCallClient


async def fragment(client: OnCallClient, start: datetime, end: datetime) -> None:
"""
"""What the text around a fragment introduces."""

FRAGMENTS: Final = [
    _GIVEN + textwrap.indent(block, "    ") for block in BLOCKS if not _is_whole(block)
]
"""Modules, each with a fragment as the body of the coroutine function `fragment`."""


def program(text: str) -> str:
    """The only whole program that contains this."""
    (found,) = (one for one in PROGRAMS if text in one)
    return found


def table(first: str) -> list[list[str]]:
    """The rows of the table whose header begins with this cell.

    Cells of a row, each without the white space round it.
    """
    lines = iter(TEXT.splitlines())
    header = next(line for line in lines if line.startswith(f"| {first} |"))
    assert set(next(lines)) == {"|", "-"}, header
    rows: list[list[str]] = []
    for line in lines:
        if not line.startswith("|"):
            break
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        assert len(cells) == header.count("|") - 1, line
        rows.append(cells)
    return rows


def paragraph(first: str) -> str:
    """The only paragraph that begins with this, as one line."""
    (found,) = (one for one in TEXT.split("\n\n") if one.startswith(first))
    return " ".join(found.split())


def names(cell: str) -> list[str]:
    """The code in a cell, bare: arguments without `=`, options without their value."""
    return [code.rstrip("=").split()[0] for code in re.findall(r"`([^`]+)`", cell)]
