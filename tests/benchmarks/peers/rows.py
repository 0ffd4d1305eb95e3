"""Whole jobs, by this SDK and by what a user would write or generate instead.

Each run has a client and a server, processes of their own, on loopback sockets; an answer takes
20 ms. Waits in which no request is in flight are skipped (`waiting`): an hour takes seconds.

- `list`: read 10,000 groups, whole, while nothing moves.
- `storm`: resolve the 3,000 that fire and carry a label, while other people take on groups and new
  ones arrive. 300 requests pass in a minute, most of which another program has used up at first.
- `follow`: report what happens to 500 groups for an hour.
- `create`: create 200 integrations with a label, while one answer in five is lost after its effect.

The measures: the time over that of an ideal client (`jobs`), but for `follow` the mean time from a
change to its report over half the interval of polls; processor time and peak memory of the client's
process, imports included; requests; those in vain, which were refused (4xx, 5xx) or had the very
answer that they had before; and what went wrong (`accounts.Account`).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, product
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from tests.benchmarks.processes import figures, worker
from tests.benchmarks.rows import Row, aligned

from .client import CLIENTS, GENERATED, OURS, PEERS
from .generated import generate
from .jobs import JOBS, SKIPPED, Job
from .waiting import Skipped

PART: Final = "peers"

UNITS: Final[Mapping[str, str]] = {
    "time over ideal": "×",  # noqa: RUF001  # times, not the letter x
    "CPU": "s",
    "memory": "MB",
    "requests": "",
    "in vain": "",
    "left": "",
    "doubled": "",
    "wrong": "",
    "misreported": "",
}
"""The measures, with their units."""
FAULTS: Final = ("left", "doubled", "wrong", "misreported")
_SHORT: Final = ("list", "create")
_NOISE: Final = 1.05
"""By how much two runs of one client differ."""
_FINE: Final = ("×", "s")  # noqa: RUF001  # likewise
"""Units of which hundredths are shown."""
_COSTS: Final = ("time over ideal", "CPU")

Run = Mapping[str, float]
"""Values by measure."""


def rows(*, quick: bool) -> Iterator[Row]:
    """All measures of all jobs by all clients; a quick run measures some (`shortened`)."""
    pairs = shortened() if quick else [*product(JOBS, CLIENTS)]
    with TemporaryDirectory() as folder, ThreadPoolExecutor(4 if quick else 1) as pool:
        generate(Path(folder))
        done = pool.map(lambda pair: _rounds(pair[0], pair[1], folder, quick=quick), pairs)
        found = dict(zip(pairs, done, strict=True))
    for job in JOBS:
        yield from of_job(job, {client: found.get((job, client), {}) for client in CLIENTS})


def shortened() -> Sequence[tuple[Job, str]]:
    """Each job by one of the peers and by the SDK, and each client once at least."""
    return [*zip(JOBS, cycle(PEERS), strict=False), *zip(JOBS, cycle(OURS), strict=False)]


def _rounds(job: Job, client: str, package: str, *, quick: bool) -> Run:
    """The jobs of a second or two are done three times, because so short ones vary."""
    number = 3 if job in _SHORT and not quick else 1
    return combined([_run(job, client, package, quick=quick) for _ in range(number)])


def combined(runs: Sequence[Run]) -> Run:
    """The median of what it cost, and the most that ever went wrong."""
    return {
        measure: (max if measure in FAULTS else median)(run[measure] for run in runs)
        for measure in UNITS
    }


def _run(job: Job, client: str, package: str, *, quick: bool) -> Run:
    """One job by one client; the folder has the package of the generated client."""
    options = ("quick",) if quick else ()
    with TemporaryDirectory() as folder:
        Skipped(Path(folder) / SKIPPED)  # makes the file
        with worker("-m", f"{__package__}.server", job, folder, *options) as server:
            url, token = server.read(), server.read()
            program = ("-m", f"{__package__}.client", job, client, url, token, folder, package)
            used: dict[str, float] = figures(*program, *options)
            found: dict[str, float] = json.loads(server.ask("report"))
            return used | found


def of_job(job: Job, runs: Mapping[str, Run]) -> Iterator[Row]:
    """The measures of a job by all clients; none of those that did not run."""
    for client, run in runs.items():
        for measure, unit in UNITS.items():
            yield Row(
                part=PART,
                name=f"{job}, {client}: {measure}",
                value=run.get(measure),
                unit=unit,
                goal=goal(client, measure, runs),
                labels={"job": job, "client": client, "measure": measure},
            )


def goal(client: str, measure: str, runs: Mapping[str, Run]) -> float | None:
    """For the SDK: no fault, and no more time and processor time than the best peer takes, or 5 %.

    Over aiohttp it must also take half of the processor time of the generated client at most.
    """
    if client not in OURS:
        return None
    if measure in FAULTS:
        return 0.0
    if measure not in _COSTS:
        return None
    bounds = {peer: _NOISE * run[measure] for peer, run in runs.items() if peer in PEERS and run}
    if measure == "CPU" and OURS[client]["transport"] == "aiohttp" and GENERATED in bounds:
        bounds[GENERATED] = runs[GENERATED][measure] / 2
    return min(bounds.values(), default=None)


def compact(found: Sequence[Row]) -> str:
    """A table in Markdown with a line for each job and client; `!` marks what is out of bounds."""
    by_line: dict[tuple[str, str], list[Row]] = {}
    for row in found:
        by_line.setdefault((row.labels["job"], row.labels["client"]), []).append(row)
    lines = [[*line, *map(_cell, cells)] for line, cells in by_line.items()]
    return aligned([["job", "client", *map(_title, UNITS)], *lines])


def _title(measure: str) -> str:
    unit = UNITS[measure]
    return f"{measure}, {unit}" if unit else measure


def _cell(row: Row) -> str:
    if row.value is None:
        return ""
    shown = f"{row.value:.2f}" if row.unit in _FINE else f"{row.value:,.0f}"
    return f"{shown} !" if row.verdict == "out of bounds" else shown
