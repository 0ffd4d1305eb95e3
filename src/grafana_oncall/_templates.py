"""Syntax of Jinja2 templates: what is wrong with one, and at which line and column.

A template is parsed and nothing else: it is never compiled, rendered or executed. Names of filters,
tests and variables are the server's, and are not looked at.
"""

import re
import warnings
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Final

from grafana_oncall.errors import Problem

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.lexer import Token
    from jinja2.parser import Parser

__all__ = ["template_problem"]

_LINE_END: Final = re.compile(r"\r\n?")
_OFFSET_IN_MESSAGE: Final = re.compile(r" at \d+$")
_OPENINGS: Final = frozenset({"comment_begin", "raw_begin"})


def template_problem(source: str, *, where: str) -> Problem | None:
    """What is wrong with the syntax of a template; None when nothing is.

    Lines and columns count from 1, columns in characters. What ends too early is placed behind its
    last character that is not white space; an unclosed comment or raw block, where it begins.

        >>> print(template_problem("{{ a b }}", where="templates.web.title"))
        templates.web.title (line 1, column 6): expected token 'end of print statement', got 'b'
    """
    from jinja2 import TemplateSyntaxError  # noqa: PLC0415 - most callers send no template

    text = _LINE_END.sub("\n", source)
    parser = _parser(text)
    try:
        _parse(parser)
    except TemplateSyntaxError as error:
        offset, rule = error.lineno, error.message or "invalid syntax"
    except RecursionError:
        offset, rule = parser.stream.current.lineno, "nested too deeply to be checked"
    else:
        return None
    line = text.count("\n", 0, offset) + 1
    column = offset - text.rfind("\n", 0, offset)
    return Problem(where=where, rule=rule, line=line, column=column)


@cache
def _environment() -> "Environment":
    from jinja2 import Environment  # noqa: PLC0415 - most callers send no template

    return Environment()  # noqa: S701 - nothing is rendered, so there is nothing to escape


def _parse(parser: "Parser") -> None:
    with warnings.catch_warnings():  # "\d" in a string is a warning of Python, and no error here
        warnings.simplefilter("ignore")
        parser.parse()


def _parser(text: str) -> "Parser":
    """A parser of jinja2 whose line numbers are offsets in the text.

    It does nothing with the line number of a token but put it into the error, so that an offset in
    its place tells which token is to blame.
    """
    from jinja2.lexer import TokenStream  # noqa: PLC0415 - most callers send no template
    from jinja2.parser import Parser  # noqa: PLC0415 - as above

    parser = Parser(_environment(), "")
    parser.stream = TokenStream(_tokens(text), None, None)
    return parser


def _tokens(text: str) -> "Iterator[Token]":
    """What the parser reads."""
    from jinja2 import TemplateSyntaxError  # noqa: PLC0415 - most callers send no template

    for raw in _raw_tokens(text):
        try:
            yield from _environment().lexer.wrap([raw])
        except (ValueError, SyntaxError) as error:  # 9…9 and 1.٣, which jinja2 lets through
            raise TemplateSyntaxError("not a number that can be read", raw[0]) from error


def _raw_tokens(text: str) -> Iterator[tuple[int, str, str]]:
    """What jinja2 makes of the text, each token with its offset, between a begin and an end."""
    from jinja2 import TemplateSyntaxError  # noqa: PLC0415 - most callers send no template

    yield 0, "data", ""  # a stream reads its first token when it is made: too early for an error
    kind, start, end = "", 0, 0
    try:
        for _, kind, value in _environment().lex(text):
            start = text.index(value, end)  # beyond the white space that a "{%-" has taken
            end = start + len(value)
            yield start, kind, value
    except TemplateSyntaxError as error:
        message = _OFFSET_IN_MESSAGE.sub("", error.message or "")
        raise TemplateSyntaxError(message, start if kind in _OPENINGS else end) from error
    yield len(text.rstrip()), "eof", ""
