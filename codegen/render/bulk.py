"""The methods of bulk runs, each with all options by name, type, default and description."""

import ast
from collections.abc import Iterator
from typing import Final

import attrs

from .formatting import format_sources
from .templating import jinja_environment

_HEADER: Final = "# Written by `make codegen` from options.py. Do not edit."
_FILE: Final = "methods.py"


@attrs.frozen
class Option:
    """An option of bulk runs."""

    name: str
    hint: str
    default: str
    description: str


def render_bulk(source: str) -> str:
    """Render the module of the methods.

    Args:
        source: The module that defines the options: `ResumeOptions` and `BulkOptions` with a
            description after each, and `Settings` with their defaults.
    """
    classes = {one.name: one for one in ast.parse(source).body if isinstance(one, ast.ClassDef)}
    defaults = dict(_defaults(classes["Settings"]))
    resume_options = list(_options(classes["ResumeOptions"], defaults))
    options = [*_options(classes["BulkOptions"], defaults), *resume_options]
    template = jinja_environment().get_template("bulk.jinja2")
    text = template.render(header=_HEADER, options=options, resume_options=resume_options)
    return format_sources({_FILE: text})[_FILE]


def _options(keys: ast.ClassDef, defaults: dict[str, str]) -> Iterator[Option]:
    """Yield the keys of a TypedDict; a string after a key is its description."""
    for field, text in zip(keys.body, keys.body[1:], strict=False):
        match field, text:
            case (
                ast.AnnAssign(target=ast.Name(id=name), annotation=hint),
                ast.Expr(value=ast.Constant(value=str(description))),
            ):
                words = " ".join(description.split())
                yield Option(name, ast.unparse(hint), defaults[name], words)
            case _:
                pass


def _defaults(settings: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field in settings.body:
        match field:
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Call(keywords=keywords)):
                given = {each.arg: each.value for each in keywords}
                yield name, ast.unparse(given["default"])
            case _:
                pass
