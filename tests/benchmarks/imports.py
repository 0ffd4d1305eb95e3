"""The time to import the SDK and to make its clients, in new interpreters."""

from collections.abc import Callable, Iterator
from compileall import compile_dir
from pathlib import Path
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
times = []
for _ in range(2):
    began = process_time()
    {}
    times.append(process_time() - began)
print(times)
"""
_OURS: Final = 'OnCallClient(url="https://oncall.test", token="token")'
_BARE: Final = 'httpx.AsyncClient(base_url="https://oncall.test")'


def rows(*, quick: bool) -> Iterator[Row]:
    """Imports relative to that of httpx, and clients relative to those of httpx."""
    rounds = 1 if quick else 11
    compile_dir(Path(grafana_oncall.__file__).parent, quiet=1)  # as pip does on installation
    ratio = interleaved(
        {
            statement: _importing(statement)
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
        ("import grafana_oncall", 0.15),
        ("from grafana_oncall import errors, models", None),
        ("from grafana_oncall import OnCallClient", None),
    ):
        yield Row(
            part=PART,
            name=f"{statement}, over import httpx",
            value=ratio(statement, "import httpx"),
            goal=goal,
        )
    for number, which in enumerate(("first", "second")):
        made = interleaved({one: _making(one, number) for one in (_OURS, _BARE)}, rounds=rounds)
        yield Row(
            part=PART,
            name=f"making the {which} client of a process, over making a bare httpx.AsyncClient",
            value=made(_OURS, _BARE),
            goal=1.5,
        )


def _importing(statement: str) -> Callable[[], float]:
    return lambda: float(figures("-c", _IMPORT.format(statement)))


def _making(statement: str, number: int) -> Callable[[], float]:
    return lambda: float(figures("-c", _MAKE.format(statement))[number])
