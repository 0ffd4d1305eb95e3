"""Regenerates the models, builders and constants, or checks that they are up to date."""

import argparse
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from .read.names import check_unique
from .read.paths import Operation, read_operations
from .read.schemas import is_class, used_schemas
from .read.spec import SCHEMAS, Spec, Unsupported
from .read.webhooks import read_webhooks
from .render.constraints import Constant, read_constants, render_constraints
from .render.models import render_models
from .render.operations import render_operations

ROOT: Final = Path(__file__).parent.parent
HEADER: Final = "# Written by `make codegen` from openapi.yaml. Do not edit."
_RUFF: Final = (sys.executable, "-m", "ruff")
_LAYOUT: Final = ("--isolated", "--line-length=100", "--target-version=py311")


def render(spec: Spec) -> dict[str, str]:
    """File name -> finished source, a pure function of the specification."""
    spec.check()
    operations, constants = list(read_operations(spec)), list(read_constants(spec))
    roots = [name for one in operations for name in (one.body, one.answer) if name]
    used = used_schemas(spec, [*roots, *read_webhooks(spec)])
    classes = [name for name in used if is_class(spec.schemas[name])]
    check_unique(_names(operations, constants, classes))
    files = {
        "__init__.py": f'{HEADER}\n"""The public door is `grafana_oncall.models`."""\n',
        "constraints.py": render_constraints(constants, HEADER),
        **render_operations(operations, HEADER),
        **render_models(spec, classes, HEADER),
    }
    return {name: _formatted(source) for name, source in sorted(files.items())}


def _names(
    operations: list[Operation], constants: list[Constant], classes: list[str]
) -> Iterator[tuple[str, str]]:
    """What is rendered under which name, and the pointer of each."""
    yield from ((one.name, f"{one.pointer}/x-constraint") for one in constants)
    yield from ((name.rpartition(".")[2], SCHEMAS + name) for name in classes)
    for one in operations:
        yield one.id, f"{one.pointer}/operationId"
        yield one.id.upper(), f"{one.pointer}/operationId"


def _formatted(source: str) -> str:
    imports = ("check", *_LAYOUT, "--quiet", "--fix", "--select=F401,I", "-")
    for command in (imports, ("format", *_LAYOUT, "--quiet", "-")):
        run = subprocess.run(  # noqa: S603  # our own ruff, with arguments of ours
            [*_RUFF, *command], input=source, cwd=ROOT, capture_output=True, text=True, check=True
        )
        source = run.stdout
    return source


def drift(files: dict[str, str], folder: Path) -> list[str]:
    """Names of the files that differ from what stands in the folder, missing and extra included."""
    present = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*.py")
    }
    return sorted(name for name in files.keys() | present if files.get(name) != present.get(name))


def write(files: dict[str, str], folder: Path) -> None:
    """Makes the folder hold these files, and no other module."""
    for name in drift(files, folder):
        path = folder / name
        if name in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[name], encoding="utf-8")
        else:
            path.unlink()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m codegen", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail on a difference")
    parser.add_argument("--spec", type=Path, default=ROOT / "openapi.yaml")
    parser.add_argument("--output", type=Path, default=ROOT / "src/grafana_oncall/_generated")
    options = parser.parse_args(arguments)
    try:
        files = render(Spec.load(options.spec))
    except Unsupported as error:
        print(f"{options.spec}: {error}", file=sys.stderr)
        return 1
    differing = drift(files, options.output)
    if not options.check:
        write(files, options.output)
        print(f"{len(differing)} of {len(files)} files written to {options.output}")
    elif differing:
        print(f"Out of date: {', '.join(differing)}. Run: make codegen", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
