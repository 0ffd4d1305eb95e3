"""The time to import the SDK and to make its clients, in new interpreters."""

from collections.abc import Callable, Iterator
from compileall import compile_dir
from pathlib import Path
from statistics import median
from typing import Final

import grafana_oncall

from .processes import figures
from .rows import Row, interleaved

PART: Final = "start"

_IMPORT: Final = """
from time import process_time
began = process_time()
{}
print(process_time() - began)
"""

_MAKE: Final = """
from time import process_time
import httpx
from grafana_oncall import OnCallClient
began = process_time()
{}
print(process_time() - began)
"""
_OURS: Final = 'OnCallClient(url="https://oncall.test", token="token")'
_BARE: Final = 'httpx.AsyncClient(base_url="https://oncall.test")'

_CLIENTS: Final = """
from time import process_time
from grafana_oncall import OnCallClient
times = []
for _ in range(2):
    began = process_time()
    OnCallClient(url="https://oncall.test", token="token")
    times.append(process_time() - began)
print(times)
"""


def rows(*, quick: bool) -> Iterator[Row]:
    """Imports relative to that of httpx, and the second client relative to the first."""
    rounds = 1 if quick else 11
    compile_dir(Path(grafana_oncall.__file__).parent, quiet=1)  # as pip does on installation
    ratio = interleaved(
        {
            statement: _taking(_IMPORT, statement)
            for statement in (
                "import httpx",
                "import grafana_oncall",
                "from grafana_oncall import errors, models",
                "from grafana_oncall import OnCallClient",
            )
        },
        rounds=rounds,
    )
    for statement, goal in (
        ("import grafana_oncall", 0.7),
        ("from grafana_oncall import errors, models", None),
        ("from grafana_oncall import OnCallClient", None),
    ):
        yield Row(
            part=PART,
            name=f"{statement}, over import httpx",
            value=ratio(statement, "import httpx"),
            goal=goal,
        )
    made = interleaved({one: _taking(_MAKE, one) for one in (_OURS, _BARE)}, rounds=rounds)
    yield Row(
        part=PART,
        name="making the first client of a process, over making a bare httpx.AsyncClient",
        value=made(_OURS, _BARE),
        goal=1.5,
    )
    both = [figures("-c", _CLIENTS) for _ in range(rounds)]
    yield Row(
        part=PART,
        name="making the second client of a process, of the first one's time",
        value=100 * median(second / first for first, second in both),
        unit="%",
        goal=2,
    )


def _taking(program: str, statement: str) -> Callable[[], float]:
    return lambda: float(figures("-c", program.format(statement)))
