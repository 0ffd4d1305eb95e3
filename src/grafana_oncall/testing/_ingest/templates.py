"""Templates as the server renders them, and its words for those that fail."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any, NoReturn

from jinja2 import Template, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import SandboxedEnvironment

from .filters import FILTERS

_LONGEST = 50_000  # characters of a template, and of its result
_TRUE = {"1", "true", "ok"}


class RenderFailed(Exception):
    """A template failed; the text is what the server shows in place of the result."""


def _restricted(*_: object) -> NoReturn:
    raise SecurityError("use of 'range' is restricted")


def _environment() -> SandboxedEnvironment:
    # Not the immutable one: on the server, too, templates may append to a list.
    environment = SandboxedEnvironment()
    environment.filters.update(FILTERS)
    return environment


_JINJA = _environment()


def is_jinja(source: str) -> bool:
    """Whether the server's Jinja would compile a template."""
    try:
        _JINJA.compile(source)
    except (TemplateSyntaxError, ValueError):  # a number may have too many digits
        return False
    return True


@lru_cache(maxsize=1024)
def _compiled(source: str) -> Template:
    return _JINJA.from_string(source)


def render(source: str, now: datetime, **names: Any) -> str:
    """Return the result of a template, cut if it is long.

    Args:
        source: The template.
        now: What `time()` returns in it.
        names: What else it may use, such as `payload`.

    Raises:
        RenderFailed: It has no result.
    """
    if len(source) > _LONGEST:
        raise RenderFailed(
            f"Template Error: Template exceeds length limit ({len(source)} > {_LONGEST})"
        )
    try:
        result = _compiled(source).render(time=lambda: now, range=_restricted, **names)
    except (TypeError, KeyError, ValueError, UndefinedError) as error:
        raise RenderFailed(f"Template Warning: {error}") from error
    except Exception as error:  # a template may raise anything
        raise RenderFailed(f"Template Error: {error}") from error
    return result if len(result) <= _LONGEST else f"{result[:_LONGEST]}.."


def holds(source: str | None, now: datetime, **names: Any) -> bool:
    """Whether a template says yes: no template and one that fails do not."""
    if not source:
        return False
    try:
        return render(source, now, **names).strip().lower() in _TRUE
    except RenderFailed:
        return False
