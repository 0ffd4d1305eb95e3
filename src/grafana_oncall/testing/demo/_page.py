"""What the demo prints: plain text, 80 columns wide, and in colours if rich is installed."""

import ast
import inspect
import sys
from collections.abc import Callable
from textwrap import dedent, indent
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from rich.console import Console

WIDTH: Final = 80


class Writer(Protocol):
    """Writes lines."""

    def line(self, text: str, style: str = "") -> None:
        """Write a line, in a style of rich."""
        ...

    def code(self, text: str) -> None:
        """Write lines of Python."""
        ...


class PlainWriter:
    """Writes to the standard output."""

    def line(self, text: str, style: str = "") -> None:  # noqa: ARG002  # it has no styles
        """Write a line."""
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    code = line


class RichWriter:
    """Writes to a console of rich."""

    def __init__(self, console: "Console") -> None:
        self._console = console

    def line(self, text: str, style: str = "") -> None:
        """Write a line in this style."""
        self._console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)

    def code(self, text: str) -> None:
        """Write lines of Python, coloured."""
        from rich.syntax import Syntax  # noqa: PLC0415  # an extra

        coloured = Syntax("", "python", theme="ansi_dark").highlight(text)
        coloured.rstrip()
        self._console.print(coloured, soft_wrap=True)


def standard_writer() -> Writer:
    """Return a writer to the standard output."""
    try:
        from rich.console import Console  # noqa: PLC0415  # an extra
    except ModuleNotFoundError:
        return PlainWriter()
    return RichWriter(Console())


class Page:
    """The story as it is printed, and whether its facts are as they should be."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self.is_true = True
        self.remaining: list[int] = []
        """How many groups each act left undone."""

    def heading(self, text: str) -> None:
        """Begin an act."""
        self.blank()
        self._writer.line(f"{text} ".ljust(WIDTH, "-"), "bold cyan")

    def blank(self) -> None:
        """Leave a line blank."""
        self._writer.line("")

    def say(self, text: str, style: str = "") -> None:
        """Write a line of prose."""
        self._writer.line(f"  {text}", style)

    def code(self, function: Callable[..., Any]) -> None:
        """Show the source of a function that the demo runs."""
        self._writer.code(indent(_source(function), "    "))
        self.blank()

    def fact(self, number: int, text: str, *, expected: int, style: str = "") -> None:
        """Write a number, and remember whether it is the expected one."""
        if number != expected:
            self.is_true = False
            text, style = f"{text}: WRONG, {expected:,} expected", "bold red reverse"
        self.say(f"{number:>5,}  {text}", style)

    def left(self, number: int, wanted: int, *, expected: int) -> None:
        """Write how many groups an act left undone, which is what matters."""
        self.remaining.append(number)
        style = "bold red" if number else "bold green"
        self.fact(number, f"of {wanted:,} groups still firing", expected=expected, style=style)


def _source(function: Callable[..., Any]) -> str:
    """Return the source of a function, without its docstring."""
    lines = dedent(inspect.getsource(function)).splitlines()
    definition = ast.parse("\n".join(lines)).body[0]
    if isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef):
        docstring, *_ = definition.body
        del lines[docstring.lineno - 1 : docstring.end_lineno]
    return "\n".join(lines)
