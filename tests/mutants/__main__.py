"""`python -m tests.mutants`: which mutants of the core the tests killed, by module.

It reads what `mutmut run` left behind; `make mutants` runs both. The exit status is 1 if too few
were killed, or if one survived that `survivors.toml` does not argue.
"""

import json
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from tests.packaging.project import ROOT

FLOOR: Final = 95.0
"""Percent of all mutants that must be killed."""

SURVIVORS: Final = Path(__file__).with_name("survivors.toml")
"""Mutants that may survive, each with the reason why no test tells it from the code."""

_KILLED: Final = {"killed", "timeout"}
_NOT_RUN: Final = 255
"""Exit status of a mutant for which pytest refused to run the tests, as by an id with a backslash;
mutmut shows it as a timeout."""


def figures(statuses: Iterable[tuple[str, str]]) -> tuple[list[str], float]:
    """Return one line for each module and one for all, and the percentage of the latter.

    Args:
        statuses: Names of mutants, and what became of them.
    """
    found = [(name.rpartition(".")[0], status) for name, status in statuses]
    rows = {module: Counter(s for m, s in found if m == module) for module, _ in sorted(found)}
    rows["all"] = Counter(status for _, status in found)
    lines = [f"{'':40}  mutants  killed  by timeout"]
    for row, counts in rows.items():
        killed, total = sum(counts[status] for status in _KILLED), counts.total()
        lines.append(f"{row:40} {total:8} {killed / total:7.1%} {counts['timeout']:11}")
    return lines, 100 * sum(rows["all"][status] for status in _KILLED) / rows["all"].total()


def changed_lines(diff: str) -> tuple[str, ...]:
    """Return the lines that a diff takes out and puts in, without their layout."""
    lines = (line for line in diff.splitlines() if line[:1] in {"-", "+"})
    return tuple(
        f"{line[0]} {' '.join(line[1:].split())}"
        for line in lines
        if line[:3] not in {"---", "+++"}
    )


def _mutmut(*arguments: str) -> str:
    command = [sys.executable, "-m", "mutmut", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def _statuses() -> list[tuple[str, str]]:
    found = (line.strip().split(": ") for line in _mutmut("results", "--all", "true").splitlines())
    return [(name, status) for name, status in found]


def _not_run() -> Iterator[str]:
    """Yield the mutants whose tests could not be run."""
    for path in (ROOT / "mutants").rglob("*.meta"):
        codes: dict[str, int | None] = json.loads(path.read_text("utf-8"))["exit_code_by_key"]
        yield from (name for name, code in codes.items() if code == _NOT_RUN)


def _function(mutant: str) -> str:
    """Return `module.function` or `module.Class.method` of a mutant's name."""
    module, _, name = mutant.partition("__mutmut_")[0].rpartition(".")
    return f"{module}.{name.removeprefix('x_').removeprefix('xǁ').replace('ǁ', '.')}"


def _argued() -> set[tuple[str, tuple[str, ...]]]:
    functions = tomllib.loads(SURVIVORS.read_text("utf-8"))
    return {
        (f"grafana_oncall.{function}", changed_lines(diff))
        for function, arguments in functions.items()
        for argument in arguments
        for diff in argument["diffs"]
    }


def _report() -> Iterator[str]:
    """Yield what is wrong, after printing the figures."""
    everything = _statuses()
    statuses = [(name, status) for name, status in everything if status != "not checked"]
    table, percent = figures(statuses)
    print(*table, sep="\n")  # noqa: T201  # a command speaks to its user
    if len(statuses) < len(everything):
        yield f"{len(everything) - len(statuses)} mutants were not tried: `mutmut run` goes on."
    yield from (f"{name}: its tests could not be run." for name in _not_run())
    if percent < FLOOR:
        yield f"Fewer than {FLOOR:g} % were killed."
    argued, survived = _argued(), set[tuple[str, tuple[str, ...]]]()
    for name, status in statuses:
        if status not in _KILLED:
            diff = _mutmut("show", name)
            key = (_function(name), changed_lines(diff))
            if key not in argued:
                yield f"{name} {status}:\n" + "\n".join(key[1])
            survived.add(key)
    for function, lines in sorted(argued - survived):
        yield f"{SURVIVORS.name} argues what did not survive in {function}:\n" + "\n".join(lines)


if __name__ == "__main__":
    problems = [*_report()]
    print(*problems, sep="\n\n")  # noqa: T201  # as above
    sys.exit(bool(problems))
