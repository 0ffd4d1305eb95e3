"""Sphinx extension: the reference, from docstrings in Markdown, by public names."""

from __future__ import annotations

import builtins
import inspect
import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import attrs
from sphinx.addnodes import pending_xref
from sphinx.ext.napoleon import Config
from sphinx.ext.napoleon.docstring import GoogleDocstring
from sphinx.util import logging
from sphinx.util.inspect import TypeAliasForwardRef
from sphinx.util.nodes import find_pending_xref_condition

from docs._sphinx.borrowed import borrowed, describe_exports
from docs._sphinx.docstrings import to_rst
from docs._sphinx.names import (
    PACKAGE,
    TYPES,
    is_type_variable,
    link,
    place_of,
    public_names,
)

if TYPE_CHECKING:
    from docutils.nodes import Element
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

_SECTIONS: Final[Any] = Config(napoleon_use_rtype=False)
_LOG: Final = logging.getLogger(__name__)
_TYPES: Final = {f"{PACKAGE}.{name}" for name in TYPES}
_UNLINKED: Final = {
    f"{PACKAGE}.{name}"
    for name in ("_session.session.Session", "bulk.journal_reader.Header", "testing.clock.Timeline")
}
"""What users never pass, although a signature has it."""
_INTERNAL: Final = re.compile(r"\b(Session|Journal|Work|Context)\b")
"""What only the package itself passes to a class."""


def setup(app: Sphinx) -> dict[str, bool]:
    """Register what changes docstrings, signatures and references."""
    app.setup_extension("sphinx.ext.autodoc")
    # Sphinx shows an alias by the repr of what stands for it, where it is part of a union.
    TypeAliasForwardRef.__repr__ = _name_of_alias  # type: ignore[method-assign]
    app.connect("builder-inited", lambda _app: describe_exports())
    app.connect("autodoc-process-docstring", _convert)
    app.connect("autodoc-process-signature", _hide_signature)
    app.connect("autodoc-process-bases", _hide_bases)
    app.connect("autodoc-skip-member", _skip)
    app.connect("doctree-read", _leave_builtins)
    app.connect("missing-reference", _resolve)
    return {"parallel_read_safe": True}


def _name_of_alias(self: TypeAliasForwardRef) -> str:
    return self.name


def _convert(
    app: Sphinx, what: Any, name: str, value: Any, _options: Any, lines: list[str]
) -> None:
    """Convert a docstring, or else what the thing borrows; a warning if there is neither."""
    found = lines if any(lines) else borrowed(name)
    if not any(found):
        _LOG.warning("%s has no description", name, type="docs", subtype="description")
    converted = to_rst(found, lambda code: link(code, within=name))
    if what not in {"attribute", "data"}:  # which have no sections
        converted = GoogleDocstring(converted, _SECTIONS, app, what, name, value).lines()
    lines[:] = converted


def _hide_signature(
    _app: Sphinx,
    what: str,
    _name: str,
    value: Any,
    _options: Any,
    signature: str | None,
    _returns: str | None,
) -> tuple[str, None] | None:
    """Hide the arguments of classes that are its documented fields, or that users do not make."""
    if signature and what == "exception":
        return "", None
    if what == "class" and (attrs.has(value) or _INTERNAL.search(signature or "")):
        return "", None
    return None


def _skip(
    app: Sphinx,
    what: str,
    name: str,
    value: Any,
    skip: bool,  # noqa: FBT001  # as Sphinx calls it
    _options: Any,
) -> bool | None:
    """Skip what the reference has under another module; show what has no description."""
    if what == "module":
        module = app.env.current_document.autodoc_module
        public = public_names().get(place_of(value, module, name), f"{module}.{name}")
        return inspect.ismodule(value) or public != f"{module}.{name}"
    if _is_inherited(value):
        return True
    return False if skip and not name.startswith("_") else None


def _is_inherited(value: Any) -> bool:
    """Whether a member of a class is the standard library's."""
    if isinstance(value, cached_property):  # which inspect takes for a routine
        return False
    is_foreign = inspect.isroutine(value) and not place_of(value).startswith(PACKAGE)
    return is_foreign or inspect.isgetsetdescriptor(value)


def _hide_bases(_app: Sphinx, _name: str, _value: Any, _options: Any, bases: list[type]) -> None:
    """Hide bases that the reference does not have: what they define is shown as the class's own."""
    bases[:] = [base for base in bases if _is_shown(base)] or [object]


def _is_shown(base: Any) -> bool:
    place = place_of(base)
    return not place.startswith(PACKAGE) or place in {*public_names(), *_TYPES}


def _leave_builtins(_app: Sphinx, document: Element) -> None:
    """Link no builtin: Sphinx takes `type[…]` for an attribute of that name."""
    for node in [*document.findall(pending_xref)]:
        if node.get("reftarget") in vars(builtins):
            content = find_pending_xref_condition(node, "resolved") or node
            node.replace_self(content.children)


def _resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: Element
) -> Element | None:
    """Link what is named by its private place; leave what others define as it is."""
    target = node.get("reftarget", "")
    if node.get("refdomain") != "py":
        return None
    if target in _UNLINKED:
        return content
    is_ours = target.startswith(PACKAGE)
    name = public_names().get(target) or (target if is_ours else link(target) or target)
    found = env.domains.python_domain.resolve_xref(
        env, node["refdoc"], app.builder, "obj", name, node, content
    )
    return found if found or (is_ours and not is_type_variable(target)) else content
