"""Measures of the house: its layers, its top, the size of its functions and modules.

`python -m tests.packaging.house` prints them beside their bounds. A bound is changed in a line of
its own, with a reason in the commit: it is a ratchet, and turns one way.
"""

import ast
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median, quantiles
from typing import Final

import attrs

from grafana_oncall.operations import OPERATIONS
from tests.packaging.project import ROOT

PACKAGE: Final = ROOT / "src" / "grafana_oncall"

_TAGS: Final = {path.stem for path in (PACKAGE / "_generated" / "resources").glob("[!_]*.py")}
"""The resources; beside what is written for one of them, the facade has what joins several."""

BOUNDS: Final = {
    "layers of packages": 8,
    "modules at the top of the package": 12,
    "longest chain of packages": 10,
    "hand-written modules, without those of resources": 237,
    "lines of a function, median": 5,
    "lines of a function, 90th percentile": 13,
    "lines of the longest module": 300,
    "lines of the facade for each operation": 12,
    "lines of the fake for each operation": 50,
}
"""The most that each measure may be."""


@attrs.frozen(kw_only=True)
class Module:
    """One hand-written module."""

    path: Path
    tree: ast.Module
    lines: int

    @property
    def unit(self) -> str:
        """The package or module at the top that it belongs to."""
        return self.path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def modules() -> list[Module]:
    """All modules that are not generated."""
    return [
        Module(path=path, tree=ast.parse(text := path.read_text("utf-8")), lines=text.count("\n"))
        for path in sorted(PACKAGE.rglob("*.py"))
        if not path.read_text("utf-8").startswith("# Written by `make codegen`")
    ]


def measures() -> dict[str, float]:
    """Each measure by its name."""
    house = modules()
    sizes = sorted(size for module in house for size in _function_sizes(module.tree))
    return {
        "layers of packages": len(_layers()),
        "modules at the top of the package": len([*PACKAGE.glob("*.py")]),
        "longest chain of packages": _longest_chain(house),
        "hand-written modules, without those of resources": len(_of_no_resource(house)),
        "lines of a function, median": median(sizes),
        "lines of a function, 90th percentile": quantiles(sizes, n=10)[-1],
        "lines of the longest module": max(module.lines for module in house),
        "lines of the facade for each operation": _for_each_operation(
            module for module in _in(house, "resources") if module.path.stem in _TAGS
        ),
        "lines of the fake for each operation": _for_each_operation(
            _in(house, "testing/_resources")
        ),
    }


def _of_no_resource(house: list[Module]) -> list[Module]:
    """The others have one module for each resource, or for each topic of the API."""
    folders = {PACKAGE / name for name in ("resources", "testing/_resources", "testing/_objects")}
    return [module for module in house if module.path.parent not in folders]


def _in(house: list[Module], folder: str) -> list[Module]:
    return [module for module in house if module.path.parent == PACKAGE / folder]


def _for_each_operation(found: Iterable[Module]) -> float:
    """Hand-written lines of modules, which must not grow with each operation of the API."""
    return round(sum(module.lines for module in found) / len(OPERATIONS), 1)


def _layers() -> list[str]:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    found: list[str] = contracts["contracts"][0]["layers"]
    return found


def _function_sizes(tree: ast.Module) -> Iterator[int]:
    """Lines of each function, without its docstring and its signature."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            if body:
                yield (body[-1].end_lineno or 0) - body[0].lineno + 1


def _longest_chain(house: list[Module]) -> int:
    """Packages and modules at the top, each of which imports the next."""
    imports: dict[str, set[str]] = {}
    for module in house:
        if module.unit not in {"__init__", "__main__"}:
            imports.setdefault(module.unit, set()).update(_imported(module) - {module.unit})
    depths: dict[str, int] = {}

    def depth(unit: str, above: tuple[str, ...] = ()) -> int:
        if unit in above:
            chain = " -> ".join((*above, unit))
            raise ValueError(f"packages that import each other: {chain}")
        if unit not in depths:
            below = imports.get(unit, set())
            depths[unit] = 1 + max((depth(one, (*above, unit)) for one in below), default=0)
        return depths[unit]

    return max(map(depth, imports))


def _imported(module: Module) -> set[str]:
    """Units that a module imports, including inside functions and for type checkers."""
    found: set[str] = set()
    at_top = module.path.parent == PACKAGE
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom):
            name = node.module or ""
            if node.level == 0 and name.startswith("grafana_oncall."):
                found.add(name.split(".")[1])
            elif at_top and node.level == 1:
                found.update([name.split(".")[0]] if name else [alias.name for alias in node.names])
            elif node.level == 0 and name == "grafana_oncall":
                found.update(alias.name for alias in node.names)
    return {
        unit for unit in found if (PACKAGE / unit).is_dir() or (PACKAGE / f"{unit}.py").exists()
    }


def report() -> str:
    """One line for each measure."""
    return "\n".join(
        f"{name:50} {value:6g}  (at most {BOUNDS[name]})" for name, value in measures().items()
    )


if __name__ == "__main__":
    print(report())  # noqa: T201  # a command prints to its user
