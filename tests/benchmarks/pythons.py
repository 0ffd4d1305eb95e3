"""The processor time of a call on each version of Python, on asyncio's event loop and uvloop's.

Each `python3.X` on the PATH gets the SDK in an environment of its own, which takes half a minute.
"""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from itertools import product
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from tests.packaging.environments import Environment

from .processes import Worker, server, worker
from .rows import Row
from .samples import PER_PAGE

PART: Final = "pythons"
_VERSIONS: Final = ("3.11", "3.12", "3.13")
_LOOPS: Final = ("asyncio",) if sys.platform == "win32" else ("asyncio", "uvloop")
_SENDERS: Final = ("httpx", "aiohttp")
_CHECKOUT: Final = Path(__file__).parents[2]
_ROUNDS: Final = 21
_CALLS: Final = 200


class _Setting(NamedTuple):
    version: str
    loop: str


def rows(*, quick: bool) -> Iterator[Row]:
    """Microseconds of a call; a quick run makes no environments."""
    found = {} if quick else _measured()
    for sender, version, loop in product(_SENDERS, _VERSIONS, ("asyncio", "uvloop")):
        yield Row(
            part=PART,
            name=f"processor time of a call over {sender}, CPython {version} with {loop}",
            value=found.get((sender, _Setting(version, loop))),
            unit="µs",
            labels={"python": version, "loop": loop, "client": sender},
        )


def _measured() -> Mapping[tuple[str, _Setting], float]:
    """Measure all settings in turn, so that what else the machine does slows all of them."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        url = stack.enter_context(server(PER_PAGE))
        workers = {
            _Setting(version, loop): stack.enter_context(_worker(python, url, loop))
            for version in filter(_is_there, _VERSIONS)
            for python in [_environment(folder, version)]
            for loop in _LOOPS
        }
        for each in workers.values():
            each.read()  # what it can call
        settings = [*product(_SENDERS, workers)]
        for sender, setting in settings:
            _seconds(workers[setting], sender)  # connects
        rounds = [
            [_seconds(workers[setting], sender) for sender, setting in settings]
            for _ in range(_ROUNDS)
        ]
    medians = map(median, zip(*rounds, strict=True))
    return {each: 1_000_000 * one / _CALLS for each, one in zip(settings, medians, strict=True)}


def _is_there(version: str) -> bool:
    try:
        done = subprocess.run([f"python{version}", "-c", ""], capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return done.returncode == 0  # a shim is there for versions that are not


def _environment(folder: Path, version: str) -> Path:
    """Install this checkout for a version of Python, and return the interpreter."""
    made = Environment.make(folder / version, python=f"python{version}")
    made.install(f"{_CHECKOUT}[aiohttp,httpx2]", *[loop for loop in _LOOPS if loop != "asyncio"])
    return made.python


def _worker(python: Path, url: str, loop: str) -> AbstractContextManager[Worker]:
    return worker("-m", "tests.benchmarks.calls", url, f"--loop={loop}", python=python)


def _seconds(one: Worker, sender: str) -> float:
    return float(one.ask(f"sdk over {sender} {_CALLS} 1"))
