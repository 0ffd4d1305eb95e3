"""Tables of figures in the documentation, which the command that measured them writes.

    <!-- figures: codec -->
    (the origin of the figures, and their table)
    <!-- end of figures -->

A block has the name of a part, or of an extract. Those of parts that did not run stay as they are.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from .report import Origin, Report
from .rows import Row

Tables = Mapping[str, Callable[[Sequence[Row]], str]]
"""By the name of a block: makes its table of its rows, or nothing of none."""

_BLOCK: Final = re.compile(
    r"^<!-- figures: (?P<name>.*?) -->\n(?P<body>.*?)^<!-- end of figures -->$",
    flags=re.DOTALL | re.MULTILINE,
)
_MARKER: Final = re.compile(r"^<!-- (?:figures:.*|end of figures) -->$", flags=re.MULTILINE)


class BadMarker(ValueError):
    """A marker that is no figures' begin or end."""


def rewritten(text: str, report: Report, tables: Tables) -> str:
    """Return a document with the figures of a report.

    Raises:
        BadMarker: A block has an unknown name, no end, or no beginning.
    """
    _check(text, tables)

    def block(match: re.Match[str]) -> str:
        table = tables[match["name"]](report.rows)
        if not table:
            return match[0]
        body = f"\n{_caption(report.origin)}\n\n{table}\n\n"
        return f"<!-- figures: {match['name']} -->\n{body}<!-- end of figures -->"

    return _BLOCK.sub(block, text)


def _caption(origin: Origin) -> str:
    when, _, command = origin.lines()
    return f"Measured on {when}, by `{command}`:"


def _check(text: str, tables: Tables) -> None:
    blocks = [*_BLOCK.finditer(text)]
    for match in blocks:
        if match["name"] not in tables:
            known = ", ".join(tables)
            raise BadMarker(f"figures: {match['name']}: there are no such figures; known: {known}")
        if (inner := _MARKER.search(match["body"])) is not None:
            raise BadMarker(f"figures: {match['name']}: {inner[0]} comes before its end")
    if len(_MARKER.findall(text)) != 2 * len(blocks):
        raise BadMarker("figures: there is a beginning without an end, or an end without beginning")
