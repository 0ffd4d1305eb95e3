"""Regenerate the package, its bulk methods and the page of operations, or check them."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from .read.names import check_unique
from .read.paths import Operation, read_operations
from .read.schemas import is_named, used_schemas
from .read.spec import SCHEMAS, Spec, Unsupported, read_tags
from .read.webhooks import read_webhooks
from .render.arguments import member_argument
from .render.bulk import render_bulk
from .render.constraints import Constant, read_constants, render_constraints
from .render.docs import render_docs
from .render.formatting import format_sources
from .render.models import render_models
from .render.operations import render_operations
from .render.resources import render_resources

ROOT: Final = Path(__file__).parent.parent
_OPTIONS: Final = ROOT / "src/grafana_oncall/bulk/options.py"
HEADER: Final = "# Written by `make codegen` from openapi.yaml. Do not edit."


def render(spec: Spec) -> dict[str, str]:
    """Render every generated file. Depends on nothing but the specification.

    Args:
        spec: The parsed specification.

    Returns:
        Formatted source by file name, relative to the output folder.

    Raises:
        Unsupported: The specification uses something that cannot be rendered faithfully.
    """
    spec.check()
    operations, constants = list(read_operations(spec)), list(read_constants(spec))
    roots = [name for op in operations for name in (op.body, op.result) if name]
    used = used_schemas(spec, [*roots, *read_webhooks(spec)])
    named = [name for name in used if is_named(spec.schemas[name])]
    likes = sorted(_hints_of_arguments(operations) - spec.schemas.keys())
    check_unique(_claimed_names(operations, constants, [*named, *likes]))
    files = {
        "__init__.py": f'{HEADER}\n"""Everything that is generated from the specification."""\n',
        "constraints.py": render_constraints(constants, HEADER),
        **render_operations(operations, HEADER),
        **render_models(spec, named, likes, HEADER),
        **render_resources(operations, read_tags(spec), HEADER),
    }
    return format_sources(files)


def render_page(spec: Spec) -> str:
    """Render the page of operations for readers."""
    return render_docs(list(read_operations(spec)), read_tags(spec))


def _hints_of_arguments(operations: list[Operation]) -> set[str]:
    """Return the names of the classes and aliases in the hints of arguments of bodies."""
    members = [member for op in operations for member in op.members]
    shown = [each for each in members if member_argument(each).hint == each.hint]
    return {name for each in shown for name in each.classes}


def _claimed_names(
    operations: list[Operation], constants: list[Constant], named: list[str]
) -> Iterator[tuple[str, str]]:
    """Yield each name that the output defines, with the JSON pointer of its definition."""
    yield from ((constant.name, f"{constant.pointer}/x-constraint") for constant in constants)
    yield from ((name.rpartition(".")[2], SCHEMAS + name) for name in named)
    for op in operations:
        yield op.id, f"{op.pointer}/operationId"
        yield op.id.upper(), f"{op.pointer}/operationId"


def drift(files: dict[str, str], folder: Path, pattern: str = "*.py") -> list[str]:
    """List the files that are changed, missing or superfluous in the folder, sorted by name."""
    present = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob(pattern)
    }
    return sorted(name for name in files.keys() | present if files.get(name) != present.get(name))


def write(files: dict[str, str], folder: Path) -> None:
    """Make these files the only modules in the folder. Files that are up to date stay untouched."""
    for name in drift(files, folder):
        path = folder / name
        if name in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[name], encoding="utf-8")
        else:
            path.unlink()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m codegen", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail on outdated files"
    )
    parser.add_argument("--spec", type=Path, default=ROOT / "openapi.yaml")
    parser.add_argument("--output", type=Path, default=ROOT / "src/grafana_oncall/_generated")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs/operations.md")
    parser.add_argument("--bulk", type=Path, default=ROOT / "src/grafana_oncall/bulk/methods.py")
    options = parser.parse_args(arguments)
    try:
        spec = Spec.load(options.spec)
        files = render(spec)
        methods = render_bulk(_OPTIONS.read_text(encoding="utf-8"))
        others = {options.docs: render_page(spec), options.bulk: methods}
    except Unsupported as error:
        print(f"{options.spec}: {error}", file=sys.stderr)
        return 1
    outdated = drift(files, options.output)
    for path, text in others.items():
        outdated += drift({path.name: text}, path.parent, path.name)
    if not options.check:
        write(files, options.output)
        for path, text in others.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        print(f"{len(outdated)} of {len(files) + len(others)} files written")
    elif outdated:
        print(f"Out of date: {', '.join(outdated)}. Run: make codegen", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
