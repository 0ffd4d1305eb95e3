"""Everything side by side, as ratios that hold on other machines too.

python -m tests.benchmarks                about ten minutes
python -m tests.benchmarks --quick        a few seconds: checks that everything runs; no figures
python -m tests.benchmarks --only call    one part
python -m tests.benchmarks --json out.json
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from . import calls, codec, growth, imports, memory, stores, tenants, walks
from .peers import rows as peers
from .rows import Row, as_json, table

_FAKE: Final = "tests.benchmarks.fake_server"
_OPERATIONS: Final = "tests.benchmarks.fake_operations"
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


def _parts(*, quick: bool, million: bool) -> Mapping[str, Callable[[], Iterator[Row]]]:
    return {
        codec.PART: partial(codec.rows, quick=quick),
        calls.PART: partial(calls.rows, quick=quick),
        walks.PART: partial(walks.rows, quick=quick),
        memory.PART: partial(memory.rows, quick=quick, million=million),
        imports.PART: partial(imports.rows, quick=quick),
        stores.PART: partial(stores.rows, quick=quick),
        tenants.PART: partial(tenants.rows, quick=quick),
        "fake": partial(_fake, quick=quick),
        peers.PART: partial(peers.rows, quick=quick),
        growth.PART: partial(growth.rows, quick=quick),
    }


def main() -> None:
    """Print the table; a figure that is out of bounds is marked, and is no error."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds, whose figures say little")
    parser.add_argument("--million", action="store_true", help="a bulk run over a million ids")
    parser.add_argument("--only", choices=[*_parts(quick=True, million=False)], help="one part")
    parser.add_argument("--json", nargs="?", const="-", help="a file; without one, to the output")
    arguments = parser.parse_args()
    rows: list[Row] = []
    for name, part in _parts(quick=arguments.quick, million=arguments.million).items():
        if arguments.only in {None, name}:
            sys.stderr.write(f"{name} …\n")
            rows.extend(part())
    if arguments.json not in {None, "-"}:
        Path(arguments.json).write_text(as_json(rows) + "\n", encoding="utf-8")
    sys.stdout.write((as_json(rows) if arguments.json == "-" else _tables(rows)) + "\n")


def _tables(rows: Sequence[Row]) -> str:
    """One with a line for each figure, and one with a line for each job of each client."""
    others = [row for row in rows if row.part != peers.PART]
    jobs = [row for row in rows if row.part == peers.PART]
    return "\n\n".join([table(others)] * bool(others) + [peers.compact(jobs)] * bool(jobs))


if __name__ == "__main__":
    main()
