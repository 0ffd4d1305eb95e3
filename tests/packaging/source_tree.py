"""The modules of the package as they are written: what each exports, and where that is defined.

Read without importing anything, so that the result is the same on every version of Python.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Final

import attrs

SOURCES: Final = Path(__file__).parents[2] / "src"

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign


@attrs.frozen(order=True)
class Place:
    """A module and a name in it; the name is empty where the module itself is meant."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@attrs.define(slots=False)
class Module:
    """One file."""

    name: str
    is_package: bool
    tree: ast.Module

    @cached_property
    def definitions(self) -> Mapping[str, list[Definition]]:
        """What it defines by name; a function with overloads more than once."""
        found: dict[str, list[Definition]] = {}
        for statement in statements(self.tree.body):
            if isinstance(statement, Definition):
                for name in names_defined(statement):
                    found.setdefault(name, []).append(statement)
        return found

    @cached_property
    def imports(self) -> Mapping[str, Place]:
        """What it imports, by the name it has here; stars are under `*`."""
        return {
            alias.asname or alias.name: Place(self._absolute(statement), alias.name)
            for statement in statements(self.tree.body)
            if isinstance(statement, ast.ImportFrom)
            for alias in statement.names
        }

    @property
    def is_public(self) -> bool:
        """No part of its name begins with an underscore."""
        return "._" not in f".{self.name}"

    @property
    def is_command(self) -> bool:
        """It is meant to be run with `python -m`, as a private module is not."""
        last = self.name.rpartition(".")[2]
        is_private = last.startswith("_") and last != "__main__"
        return not is_private and any(
            isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'"
            for node in self.tree.body
        )

    def _absolute(self, statement: ast.ImportFrom) -> str:
        parts = self.name.split(".")
        up = statement.level - self.is_package
        base = parts[: len(parts) - up] if statement.level else []
        return ".".join([*base, *filter(None, [statement.module])])


def read_modules(sources: Path = SOURCES) -> dict[str, Module]:
    """All modules below a folder, by their dotted names."""
    modules: dict[str, Module] = {}
    for path in sorted(sources.rglob("*.py")):
        parts = path.relative_to(sources).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        modules[name] = Module(name=name, is_package=is_package, tree=tree)
    return modules


def exported(modules: Mapping[str, Module], module: Module) -> list[str]:
    """The names in its `__all__`, or else the public ones that it defines."""
    for assignment in module.definitions.get("__all__", []):
        if isinstance(assignment, ast.Assign | ast.AnnAssign) and assignment.value:
            return list(ast.literal_eval(assignment.value))
    again = module.imports.get("__all__")
    if again:
        return exported(modules, modules[again.module])
    return [name for name in module.definitions if not name.startswith("_")]


def origin(modules: Mapping[str, Module], place: Place) -> Place | None:
    """Where the thing with this name in this module is defined; None when no import shows it."""
    module = modules.get(place.module)
    if module is None:
        return place  # another package's
    if place.name in module.definitions:
        return place
    if f"{place}" in modules:
        return Place(f"{place}", "")
    if place.name in module.imports:
        return origin(modules, module.imports[place.name])
    star = module.imports.get("*")
    return origin(modules, Place(star.module, place.name)) if star else None


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements, and those below `if` and `try`."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.If | ast.Try):
            yield from statements(statement.body)
            yield from statements(statement.orelse)


def names_defined(statement: ast.stmt) -> list[str]:
    """The plain names that a statement binds."""
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [statement.name]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case _:
            return []


def members(definition: ast.ClassDef) -> Iterator[tuple[str, ast.stmt]]:
    """What the body defines, and what else `__init__` gives the object."""
    defined = [(name, line) for line in statements(definition.body) for name in names_defined(line)]
    yield from defined
    names = {name for name, _ in defined}
    for _, member in defined:
        if isinstance(member, ast.FunctionDef) and member.name == "__init__":
            given = ((_given(line), line) for line in statements(member.body))
            yield from ((name, line) for name, line in given if name and name not in names)


def _given(line: ast.stmt) -> str | None:
    """The name of the attribute of `self` that a statement sets."""
    match line:
        case ast.AnnAssign(target=ast.Attribute(value=ast.Name(id="self"), attr=name)):
            return name
        case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=name)]):
            return name
        case _:
            return None
