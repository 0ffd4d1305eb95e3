"""What users can rely on, one line for each name, in `public_surface.txt` beside this.

python -m tests.packaging.public_surface            prints it
python -m tests.packaging.public_surface --write    writes the file

A module is public when no part of its name begins with an underscore, and a name when it is in
the `__all__` of such a module (or, without `__all__`, is defined there). A command is public as
such. So are the fixtures of pytest. Whatever their signatures, bases and defaults name is part
of the surface too, whichever module exports it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import attrs

from tests.packaging.source_tree import (
    SOURCES,
    Definition,
    Module,
    Place,
    exported,
    members,
    origin,
    read_modules,
)

PINNED: Final = Path(__file__).with_name("public_surface.txt")
COMMAND: Final = "python -m tests.packaging.public_surface --write"

_VISIBLE_TO_USERS = {"alias", "converter", "default", "factory", "init", "kw_only"}
"""What users of an attrs class see of `attrs.field(…)`."""


def surface(sources: Path = SOURCES) -> list[str]:
    """Return the lines, sorted."""
    modules = read_modules(sources)
    lines = {f"{module.name} command" for module in modules.values() if module.is_command}
    exports = {export: origin(modules, export) or export for export in _exports(modules)}
    names = _public_names(modules, exports)
    for export, place in exports.items():
        if not place.name:
            lines.add(f"{export} module")
        elif names.get(place) != str(export):
            lines.add(f"{export} is {names.get(place, place)}")
    book = Book(modules, names)
    waiting, seen = list(names), set(names)
    while waiting:
        place = waiting.pop()
        shown = _Shown(names.get(place, str(place)), place.module, book)
        for definition in modules[place.module].definitions[place.name]:
            shown.add(definition)
        lines.update(shown.lines)
        found = shown.reached - seen
        seen |= found
        waiting += found
    return sorted(lines)


def main(arguments: list[str]) -> None:
    """Print the surface, or write the file."""
    text = "".join(f"{line}\n" for line in surface())
    if arguments == ["--write"]:
        PINNED.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


def _exports(modules: Mapping[str, Module]) -> Iterator[Place]:
    """Each name that can be imported from a public module, and each fixture."""
    for module in modules.values():
        if module.is_public and not module.is_command:
            yield from (Place(module.name, name) for name in exported(modules, module))
        for name, definitions in module.definitions.items():
            if any(_is_fixture(definition) for definition in definitions):
                yield Place(module.name, name)


def _is_fixture(definition: Definition) -> bool:
    decorators = getattr(definition, "decorator_list", [])
    return any("fixture" in ast.unparse(decorator).split("(")[0] for decorator in decorators)


def _public_names(
    modules: Mapping[str, Module], exports: Mapping[Place, Place]
) -> dict[Place, str]:
    """The public name of each thing: where it is defined, or else the last of its exports."""
    names: dict[Place, str] = {}
    for export, place in sorted(exports.items()):
        if place.module in modules and place.name and names.get(place) != str(place):
            names[place] = str(export)
    return names


@attrs.frozen
class Book:
    """The modules, and the public names of what can be imported from public ones."""

    modules: Mapping[str, Module]
    names: Mapping[Place, str]

    def find(self, module: str, expression: ast.AST) -> Place | None:
        """Where in the package an expression in a module is defined."""
        match expression:
            case ast.Name(id=name):
                place = origin(self.modules, Place(module, name))
            case ast.Attribute(value=ast.Name(id=export), attr=name):
                owner = origin(self.modules, Place(module, export))
                if owner is None or owner.name:
                    return None
                place = origin(self.modules, Place(owner.module, name))
            case _:
                return None
        return place if place and place.name and place.module in self.modules else None

    def is_internal(self, module: str, annotation: ast.expr | None) -> bool:
        """Whether it is a class that cannot be imported from a public module."""
        place = annotation and self.find(module, annotation)
        if not place or place in self.names:
            return False
        definitions = self.modules[place.module].definitions[place.name]
        return isinstance(definitions[0], ast.ClassDef)


@attrs.define
class _Shown:
    """One public thing of a module: its lines, and what they name of the package."""

    name: str
    module: str
    book: Book
    lines: list[str] = attrs.field(factory=list)
    reached: set[Place] = attrs.field(factory=set)

    def add(self, definition: ast.stmt) -> None:
        """Add a definition, with its members."""
        match definition:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._add_function(definition)
            case ast.ClassDef():
                self._add_class(definition)
            case ast.AnnAssign(annotation=annotation, value=value):
                is_given = isinstance(definition.target, ast.Attribute)  # by `__init__`
                default = "" if is_given else _default(value)
                self._say(f": {self._annotation(annotation)}{default}")
            case ast.Assign(targets=[ast.Name(id="__version__")]):
                self._say("")
            case ast.Assign(value=value):
                if isinstance(value, ast.Call):
                    self._reach(value.func)  # its class
                elif not any(isinstance(node, ast.Call) for node in ast.walk(value)):
                    self._reach(value)  # an alias of a type
                self._say(_default(value))
            case _:
                pass

    def _add_function(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        kind = "async def" if isinstance(function, ast.AsyncFunctionDef) else "def"
        for argument in _arguments(function):
            if argument.annotation:
                unquoted = _Unquoted().visit(argument.annotation)
                argument.annotation = unquoted
                self._reach(unquoted)
        for default in (*function.args.defaults, *function.args.kw_defaults):
            if isinstance(default, ast.Name):
                self._reach(default)
        returns = f" -> {self._annotation(function.returns)}" if function.returns else ""
        self._say(f" {_decorators(function)}{kind}({ast.unparse(function.args)}){returns}")

    def _add_class(self, definition: ast.ClassDef) -> None:
        for base in definition.bases:
            self._reach(base)
        bases = [ast.unparse(base) for base in (*definition.bases, *definition.keywords)]
        self._say(f" {_decorators(definition)}class({', '.join(bases)})")
        for name, member in members(definition):
            if self._is_public(name, member):
                inner = _Shown(f"{self.name}.{name}", self.module, self.book)
                inner.add(member)
                self.lines += inner.lines
                self.reached |= inner.reached

    def _is_public(self, name: str, member: ast.stmt) -> bool:
        """Operators and `__init__` are too, but nothing that takes internal arguments."""
        if not isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef):
            return not name.startswith("_")
        is_private = name.startswith("_") and not name.startswith("__")
        return not is_private and not any(
            self.book.is_internal(self.module, argument.annotation)
            for argument in _arguments(member)
        )

    def _annotation(self, node: ast.expr) -> str:
        unquoted = _Unquoted().visit(node)
        self._reach(unquoted)
        return ast.unparse(unquoted)

    def _reach(self, expression: ast.expr) -> None:
        places = (self.book.find(self.module, node) for node in ast.walk(expression))
        self.reached.update(place for place in places if place)

    def _say(self, text: str) -> None:
        self.lines.append(f"{self.name}{text}")


class _Unquoted(ast.NodeTransformer):
    """Reads quoted annotations, which name late imports, as if they were not quoted."""

    def visit_Constant(self, node: ast.Constant) -> ast.expr:  # as ast names it
        return ast.parse(node.value, mode="eval").body if isinstance(node.value, str) else node

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:  # as ast names it
        is_text = ast.unparse(node.value) in {"Literal", "Annotated"}
        return node if is_text else self.generic_visit(node)


def _decorators(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str:
    return "".join(f"@{ast.unparse(decorator)} " for decorator in node.decorator_list)


def _arguments(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    return [node for node in ast.walk(function.args) if isinstance(node, ast.arg)]


def _default(value: ast.expr | None) -> str:
    match value:
        case None:
            return ""
        case ast.Call(func=ast.Attribute(attr="field"), keywords=keywords):
            telling = [word for word in keywords if word.arg in _VISIBLE_TO_USERS]
            return "".join(f" {ast.unparse(word)}" for word in telling)
        case _:
            return f" = {ast.unparse(value)}"


if __name__ == "__main__":
    main(sys.argv[1:])
