"""The README and the documentation, taken apart.

- A `python` block is a whole program, or a fragment with `await` outside of a function. The
  paragraph above a program may name its file.
- A `console` block is a session: commands after `$ `, each with its output. `...` stands for any
  output, `^C` at its end for the key that ends the program.
- An `sh` block has commands without their output.
"""

import re
import shlex
import textwrap
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from typing import Final

import attrs

ROOT: Final = Path(__file__).parents[2]

_GENERATED: Final = ("docs/operations.md", "docs/reference/", "docs/_build/")

_BLOCK: Final = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_FILE: Final = re.compile(r"`(\w+\.py)`")


@attrs.frozen
class Command:
    """A command of a session, with the output that the document shows."""

    line: str
    output: str

    @property
    def is_interrupted(self) -> bool:
        """Whether the reader ends it by Ctrl-C."""
        return self.output.endswith("^C\n")


@attrs.frozen
class Document:
    """A file, by its path below the root."""

    name: str
    text: str

    def blocks(self, language: str) -> list[str]:
        """The blocks of code in this language."""
        return [block for found, block in _BLOCK.findall(self.text) if found == language]

    @property
    def files(self) -> dict[str, str]:
        """The programs that the reader saves, by the name that the paragraph above gives them."""
        found: dict[str, str] = {}
        for block in _BLOCK.finditer(self.text):
            above = self.text[: block.start()].strip().split("\n\n")[-1]
            if block[1] == "python" and (names := _FILE.findall(above)):
                found[names[-1]] = block[2]
        return found

    @property
    def commands(self) -> list[str]:
        """The commands without output; one goes on for lines if its quotes are open."""
        found: list[str] = []
        pending = ""
        for line in "".join(self.blocks("sh")).splitlines():
            pending += f"{line}\n"
            with suppress(ValueError):  # no closing quotation
                shlex.split(pending, comments=True)
                found.append(pending.strip())
                pending = ""
        return [command for command in found if command]

    @property
    def session(self) -> list[Command]:
        """The commands of all its sessions, in order."""
        lines = "".join(self.blocks("console"))
        found = re.findall(r"^\$ (.+\n)((?:(?!\$ ).*\n)*)", lines, re.MULTILINE)
        return [Command(line.strip(), output) for line, output in found]

    @property
    def links(self) -> list[str]:
        """The targets of its links and pictures to files and headings of the project."""
        prose = re.sub(r"`[^`\n]*`", "`code`", _BLOCK.sub("", self.text))
        targets = re.findall(r"\]\(([^)\s]+)\)", prose)
        return sorted({target for target in targets if "://" not in target})

    @property
    def anchors(self) -> set[str]:
        """The anchors that forges and MyST make of its headings."""
        headings = re.findall(r"^#+ (.+)$", _BLOCK.sub("", self.text), re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


def document(name: str) -> Document:
    """The document of this path below the root."""
    return Document(name, (ROOT / name).read_text(encoding="utf-8"))


def _written_by_hand() -> Generator[Document]:
    yield document("README.md")
    for path in sorted((ROOT / "docs").rglob("*.md")):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(_GENERATED):
            yield document(name)


def _is_whole(source: str) -> bool:
    """Whether Python can compile it as a module: fragments use await outside of a function."""
    try:
        compile(source, "program.py", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


DOCUMENTS: Final = [*_written_by_hand()]
README: Final = DOCUMENTS[0]
BLOCKS: Final = {
    f"{one.name}:{number}": block
    for one in DOCUMENTS
    for number, block in enumerate(one.blocks("python"), 1)
}
"""Blocks of Python, by document and place in it."""
PROGRAMS: Final = {place: block for place, block in BLOCKS.items() if _is_whole(block)}

_GIVEN: Final = """\
from datetime import datetime

from grafana_oncall import OnCallClient


async def fragment(client: OnCallClient, start: datetime, end: datetime) -> None:
"""
"""What the text around a fragment introduces."""

FRAGMENTS: Final = {
    place: _GIVEN + textwrap.indent(block, "    ")
    for place, block in BLOCKS.items()
    if place not in PROGRAMS
}
"""Modules, each with a fragment as the body of the coroutine function `fragment`."""


def program(text: str) -> str:
    """The only whole program that contains this."""
    (found,) = {one for one in PROGRAMS.values() if text in one}
    return found


def table(first: str) -> list[list[str]]:
    """The rows of the only table whose header begins with this cell.

    Cells of a row, each without the white space round it.
    """
    (text,) = (one.text for one in DOCUMENTS if f"\n| {first} |" in one.text)
    lines = iter(text.splitlines())
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
    paragraphs = (part for one in DOCUMENTS for part in one.text.split("\n\n"))
    (found,) = (one for one in paragraphs if one.startswith(first))
    return " ".join(found.split())


def names(cell: str) -> list[str]:
    """The code in a cell, bare: arguments without `=`, options without their value."""
    return [code.rstrip("=").split()[0] for code in re.findall(r"`([^`]+)`", cell)]
