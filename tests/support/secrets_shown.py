"""All the ways in which an exception or an object is written down, searched for a token."""

from __future__ import annotations

import html
import pickle
import re
import traceback
from collections.abc import Iterator
from urllib.parse import unquote

from rich.traceback import Stack, Traceback

from grafana_oncall.errors import OnCallError


def written_down(error: BaseException) -> dict[str, str]:
    """An exception as logs, terminals, and error collectors that show local variables have it."""
    return {
        "str": str(error),
        "repr": repr(error),
        "members": repr(vars(error)),
        "traceback": "".join(traceback.format_exception(error)),
        "traceback with locals": "".join(
            traceback.TracebackException.from_exception(error, capture_locals=True).format()
        ),
        "rich with locals": _rich(error),
        "pickle": repr(_pickled(error)),
    }


def shows(text: str, secret: str) -> bool:
    """Whether a text contains the secret, even escaped, or broken into lines."""
    unescaped = (text, html.unescape(html.unescape(text)), unquote(text), _backslashes(text))
    return any(_letters(secret) in _letters(one) for one in unescaped)


def leaks(error: BaseException, secret: str) -> list[str]:
    """Where the secret can be read, in the error or in any that is chained to it."""
    return [
        f"{kind} of {type(one).__name__}"
        for one in _chain(error)
        for kind, text in written_down(one).items()
        if shows(text, secret)
    ]


def _backslashes(text: str) -> str:
    """Without the escapes of JSON and of Python."""
    return re.sub(r"\\+(?:u00|x)([0-9A-Fa-f]{2})", lambda found: chr(int(found[1], 16)), text)


def _letters(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "", text)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _rich(error: BaseException) -> str:
    # The text that rich lays out in boxes: drawing them is most of its time.
    trace = Traceback.extract(
        type(error),
        error,
        error.__traceback__,
        show_locals=True,
        locals_max_length=1000,
        locals_max_string=100_000,
        locals_hide_dunder=False,
        locals_hide_sunder=False,
    )
    return "\n".join(line for stack in trace.stacks for line in _lines(stack))


def _lines(stack: Stack) -> Iterator[str]:
    yield f"{stack.exc_type}: {stack.exc_value}"
    for frame in stack.frames:
        yield from (f"{name} = {value}" for name, value in (frame.locals or {}).items())


def _pickled(error: BaseException) -> bytes:
    # A pickle leaves causes out; those of httpx hold their request with all its headers.
    return pickle.dumps(error) if isinstance(error, OnCallError) else b""
