"""The Jinja2 environment of the templates, and the filters that they share."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import jinja2

TEMPLATES: Final = Path(__file__).parent / "templates"
_NONE: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType({})


def class_name(schema: str | None) -> str:
    """Return the name of the class of a schema, without its module; None for no schema."""
    return schema.rpartition(".")[2] if schema else "None"


def id_hint(name: str, objects: Mapping[str, str]) -> str:
    """Return the type hint of an id in a path: of the id, or of the object that it identifies."""
    return f"str | {class_name(objects[name])}" if name in objects else "str"


def docstring(text: str) -> str:
    """Escape a text so that it can stand between triple quotes."""
    return text.replace("\\", "\\\\").replace('"""', r"\"\"\"")


def jinja_environment(filters: Mapping[str, Callable[..., Any]] = _NONE) -> jinja2.Environment:
    """Make an environment in which a variable that does not exist is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701  # the output is Python, not HTML
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "class_name": class_name,
        "docstring": docstring,
        "repr": repr,
        **filters,
    }
    return environment
