"""The drawing of the layers, from the import contract in pyproject.toml.

python -m docs._sphinx.drawing    prints it, as SVG
"""

import re
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Final

import attrs

_PYPROJECT: Final = Path(__file__).parents[2] / "pyproject.toml"
_LAYER: Final = re.compile(r'^    "(?P<modules>[^"]+)",\s+# (?P<job>.+)$', re.MULTILINE)

_WIDTH: Final = 720
_LEFT: Final = 40  # room for the arrow
_PAD: Final = 12
_CHARACTER: Final = 7.3  # width of one, in the monospaced font of 12 px
_BOX: Final = 26  # height


@attrs.frozen
class Layer:
    """One layer of the package."""

    modules: tuple[str, ...]
    job: str

    def rows(self) -> list[list[str]]:
        """Return the modules in rows that fit."""
        rows: list[list[str]] = [[]]
        for module in self.modules:
            if sum(map(_box_width, [*rows[-1], module])) > _WIDTH - _LEFT - 2 * _PAD:
                rows.append([])
            rows[-1].append(module)
        return rows


def layers() -> list[Layer]:
    """Return the layers of the contract, from the top, with the comments there as their jobs."""
    text = _PYPROJECT.read_text("utf-8")
    contract = text[text.index("\nlayers = [") : text.index("\n]", text.index("\nlayers = ["))]
    return [
        Layer(tuple(re.split(r" [:|] ", found["modules"])), found["job"])
        for found in _LAYER.finditer(contract)
    ]


def drawing() -> str:
    """Return the drawing as SVG, in the colours of the text around it."""
    shapes: list[str] = []
    top = 1
    for layer in layers():
        height = 30 + (_BOX + 6) * len(layer.rows())
        shapes += _layer(layer, top, height)
        top += height + 8
    names = escape(", ".join(module for layer in layers() for module in layer.modules))
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top}" role="img"
 aria-label="Layers from the top: {names}">
<path d="M14 8V{top - 20}m-6 -8l6 10l6 -10" fill="none" stroke="currentColor"/>
<text transform="translate(30 {top / 2}) rotate(-90)" text-anchor="middle" font-size="12"
 fill="currentColor">imports</text>
{chr(10).join(shapes)}
</svg>
"""


def _layer(layer: Layer, top: int, height: int) -> Iterator[str]:
    yield (
        f'<rect x="{_LEFT}" y="{top}" width="{_WIDTH - _LEFT - 1}" height="{height}" rx="6" '
        'fill="currentColor" fill-opacity="0.05" stroke="currentColor" stroke-opacity="0.35"/>'
    )
    yield (
        f'<text x="{_LEFT + _PAD}" y="{top + 19}" font-size="13" fill="currentColor">'
        f"{escape(layer.job)}</text>"
    )
    for number, row in enumerate(layer.rows()):
        left = float(_LEFT + _PAD)
        for module in row:
            yield from _module(module, left, top + 28 + number * (_BOX + 6))
            left += _box_width(module)


def _module(name: str, left: float, top: int) -> Iterator[str]:
    width = _box_width(name) - 8
    yield (
        f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{_BOX}" rx="4" '
        'fill="none" stroke="currentColor" stroke-opacity="0.6"/>'
    )
    yield (
        f'<text x="{left + width / 2:.1f}" y="{top + 17}" text-anchor="middle" font-size="12" '
        f'font-family="monospace" fill="currentColor">{escape(name)}</text>'
    )


def _box_width(name: str) -> float:
    return len(name) * _CHARACTER + 24


if __name__ == "__main__":
    sys.stdout.write(drawing())
