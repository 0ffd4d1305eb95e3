"""Docstrings, which are Markdown with sections in Google's style, as reStructuredText."""

import ast
import re
from collections.abc import Callable, Iterator
from itertools import groupby
from textwrap import dedent, indent

_SECTION = re.compile(r"(Args|Raises|Returns|Yields):")
_CODE = re.compile(r"(`[^`]+`)")
_SPECIAL = re.compile(r"([|]|(?<=\w)_(?!\w))")

Link = Callable[[str], str | None]
"""Returns the full name of what is in backticks, or None if nothing documented has that name."""


def to_rst(lines: list[str], link: Link) -> list[str]:
    """Convert a docstring without its indentation.

    What is in backticks becomes a link where it names something that is documented, else code.
    """
    rst: list[str] = []
    in_section = False
    if "Attributes:" in lines:  # which each have an entry of their own
        lines = lines[: lines.index("Attributes:")]
    for is_fenced, block in _blocks(lines):
        is_indented = block[0].startswith("    ")
        in_section = bool(_SECTION.fullmatch(block[0])) or (in_section and is_indented)
        if is_fenced or (is_indented and not in_section):
            rst += _code_block(block)
        else:
            rst += _text(block, link)
        rst.append("")
    return rst


def _blocks(lines: list[str]) -> Iterator[tuple[bool, list[str]]]:
    """Yield each fenced block, and what is between blank lines outside of them."""
    fences = 0

    def key(line: str) -> tuple[int, bool]:
        nonlocal fences
        is_fence = line.startswith("```")
        fences += is_fence
        return fences, is_fence or (fences % 2 == 0 and not line)

    for (number, is_edge), found in groupby(lines, key):
        if not is_edge:
            yield number % 2 == 1, [*found]


def _code_block(lines: list[str]) -> list[str]:
    code = dedent("\n".join(lines))
    language = "python" if _is_python(code) else "text"
    return [f".. code-block:: {language}", "   :force:", "", *indent(code, "   ").split("\n")]


def _is_python(code: str) -> bool:
    try:
        ast.parse(code.replace("…", "..."))
    except SyntaxError:
        return False
    return True


def with_links(text: str, link: Link, linked: str, plain: str) -> str:
    """Replace what is in backticks.

    Args:
        text: Text in Markdown.
        link: Looks names up.
        linked: Form of a link, with `{code}` and `{name}`.
        plain: Form of code that names nothing, with `{code}`.
    """

    def replaced(match: re.Match[str]) -> str:
        code = " ".join(match[0].strip("`").split())
        name = link(code)
        return linked.format(code=code, name=name) if name else plain.format(code=code)

    return _CODE.sub(replaced, text)


def _text(lines: list[str], link: Link) -> list[str]:
    """Convert running text; code that is broken over two lines joins them."""
    parts = _CODE.split("\n".join(lines))
    escaped = "".join(
        part if _CODE.fullmatch(part) else _SPECIAL.sub(r"\\\1", part) for part in parts
    )
    return with_links(escaped, link, ":py:obj:`{code} <{name}>`", "``{code}``").split("\n")
