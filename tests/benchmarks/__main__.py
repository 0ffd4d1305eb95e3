"""Everything side by side, as ratios that hold on other machines too.

python -m tests.benchmarks                about ten minutes
python -m tests.benchmarks --quick        a few seconds: checks that everything runs; no figures
python -m tests.benchmarks --only call    one part
python -m tests.benchmarks --json out.json
python -m tests.benchmarks --from out.json --write --plot    into the documentation
"""

import argparse
import gc
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from . import (
    calls,
    codec,
    documents,
    growth,
    imports,
    loop,
    memory,
    pythons,
    stores,
    tenants,
    walks,
)
from .peers import rows as peers
from .report import Origin, Report
from .rows import Row

_FAKE: Final = "tests.benchmarks.fake_server"
_OPERATIONS: Final = "tests.benchmarks.fake_operations"
_PLOTS: Final = "tests.benchmarks.plots"
"""Imported to draw only, because it needs matplotlib."""
_GOAL: Final = 1000


def _fake(*, quick: bool) -> Iterator[Row]:
    """Requests that the fake server serves in a second."""
    measured: Mapping[str, float | None] = {"requests": None}
    if find_spec(_FAKE) and not quick:
        measured = import_module(_FAKE).measure()
    for name, value in measured.items():
        yield Row(
            part="fake",
            name=f"fake server with 10,000 groups, one core: {name}",
            value=value,
            unit="/s",
            goal=_GOAL,
            at_least=True,
        )
    yield from _operations(quick=quick)


def _operations(*, quick: bool) -> Iterator[Row]:
    """The slowest operation, all that are below the goal, and an alert on its way."""
    found = import_module(_OPERATIONS)
    rates: Mapping[str, float] = found.measure(quick=quick)
    for number, (name, value) in enumerate(rates.items()):
        if number == 0 or value < _GOAL:
            yield Row(
                part="fake",
                name=f"in process, {'the slowest of all operations, ' * (not number)}{name}",
                value=None if quick else value,
                unit="/s",
                goal=_GOAL,
                at_least=True,
            )
    milliseconds: float = found.alert_milliseconds(quick=quick)
    yield Row(
        part="fake",
        name="in process, from an alert until its group is listed",
        value=None if quick else milliseconds,
        unit="ms",
        goal=2,
    )


def parts(*, quick: bool, million: bool) -> Mapping[str, Callable[[], Iterator[Row]]]:
    """What there is to measure, by name."""
    return {
        codec.PART: partial(codec.rows, quick=quick),
        calls.PART: partial(calls.rows, quick=quick),
        walks.PART: partial(walks.rows, quick=quick),
        memory.PART: partial(memory.rows, quick=quick, million=million),
        imports.PART: partial(imports.rows, quick=quick),
        stores.PART: partial(stores.rows, quick=quick),
        tenants.PART: partial(tenants.rows, quick=quick),
        loop.PART: partial(loop.rows, quick=quick),
        pythons.PART: partial(pythons.rows, quick=quick),
        "fake": partial(_fake, quick=quick),
        peers.PART: partial(peers.rows, quick=quick),
        growth.PART: partial(growth.rows, quick=quick),
    }


def main() -> None:
    """Print the tables; a figure that is out of bounds is marked, and is no error."""
    names = [*parts(quick=True, million=False)]
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds, whose figures say little")
    parser.add_argument("--million", action="store_true", help="a bulk run over a million ids")
    parser.add_argument("--only", choices=names, help="one part")
    parser.add_argument("--json", nargs="?", const="-", help="a file; without one, to the output")
    parser.add_argument(
        "--from", dest="source", type=Path, help="a file of --json: measure nothing"
    )
    parser.add_argument("--plot", action="store_true", help="draw docs/_static/bench-*.svg")
    parser.add_argument("--write", action="store_true", help="write the tables of the documents")
    arguments = parser.parse_args()
    report = _measured(arguments) if arguments.source is None else _read(arguments.source)
    if arguments.json not in {None, "-"}:
        Path(arguments.json).write_text(report.to_json(), encoding="utf-8")
    if arguments.plot:
        _plot(report)
    if arguments.write:
        documents.write(report)
    tables = report.to_json() if arguments.json == "-" else documents.tables(report.rows) + "\n"
    sys.stdout.write(tables)


def _read(file: Path) -> Report:
    return Report.from_json(file.read_text(encoding="utf-8"))


def _measured(arguments: argparse.Namespace) -> Report:
    """The figures of the parts that are wanted: to draw only, of those that are drawn."""
    wanted = [arguments.only] if arguments.only else None
    if arguments.plot and not (arguments.only or arguments.write):
        wanted = [peers.PART, growth.PART]
    if arguments.quick:
        gc.freeze()  # or each of many collections goes through all that was imported
    rows: list[Row] = []
    for name, part in parts(quick=arguments.quick, million=arguments.million).items():
        if wanted is None or name in wanted:
            sys.stderr.write(f"{name} …\n")
            rows.extend(part())
    return Report(origin=Origin.here(_options(arguments)), rows=rows)


def _options(arguments: argparse.Namespace) -> list[str]:
    """What decides about the figures, and not where they go."""
    flags = [f"--{name}" for name in ("quick", "million") if getattr(arguments, name)]
    return [*flags, "--only", arguments.only] if arguments.only else flags


def _plot(report: Report) -> None:
    """Draw what there are figures for."""
    for name, draw in import_module(_PLOTS).PLOTS.items():
        if (picture := draw(report)) is not None:
            documents.STATIC.joinpath(name).write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
