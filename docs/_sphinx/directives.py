"""Sphinx extension: directives for what is made of the code: sections, tables, and the drawing."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Final

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from docs._sphinx.drawing import drawing
from docs._sphinx.names import PACKAGE, TYPES, place_of, public_names, resource_classes, value_of
from docs._sphinx.tables import TABLES
from grafana_oncall._generated.models import MODULES

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    for name, text in TEXTS.items():
        app.add_directive(name, type("Text", (_Text,), {"make_text": staticmethod(text)}))
    app.add_directive("layers", _Layers)
    return {"parallel_read_safe": True}


class _Text(SphinxDirective):
    """Text in Markdown, made of the code."""

    make_text: ClassVar[Callable[..., str]]

    def run(self) -> list[nodes.Node]:
        return self.parse_text_to_nodes(self.make_text(), allow_section_headings=True)


class _Layers(SphinxDirective):
    """The drawing, inside the page, so that it takes the colours of the theme."""

    def run(self) -> list[nodes.Node]:
        return [nodes.raw("", drawing(), format="html")]


def _resources() -> str:
    """Return a section for each resource of the client."""
    return "\n".join(
        f"## client.{name}\n\n{_auto(place_of(kind), kind, inherited=True)}"
        for name, kind in resource_classes().items()
        if place_of(kind) not in public_names()
    )


def _models() -> str:
    """Return a section for the models of each resource."""
    return "\n".join(
        f"## {_title(module)}\n\n{_entries(f'{PACKAGE}.models.{name}' for name in names)}"
        for module, names in MODULES.items()
    )


def _title(module: str) -> str:
    return module.rpartition(".")[2].replace("_", " ").capitalize()


def _types() -> str:
    """Return an entry for each type that signatures name, and few programs import."""
    return _entries(f"{PACKAGE}.{name}" for name in TYPES)


def _entries(names: Iterable[str]) -> str:
    return "\n".join(_auto(name, value_of(name)) for name in names)


def _auto(name: str, value: Any, *, inherited: bool = False) -> str:
    """Return the directive of autodoc for a class or an alias."""
    kind = "class" if inspect.isclass(value) else "data"
    options = ["   :members:"] if kind == "class" else []
    options += ["   :inherited-members:"] if inherited else []
    return "\n".join(["```{eval-rst}", f".. auto{kind}:: {name}", *options, "```", ""])


TEXTS: Final = {"resources": _resources, "models": _models, "types": _types, **TABLES}
"""What each directive shows, by its name."""
