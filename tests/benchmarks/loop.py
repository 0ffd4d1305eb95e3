"""How long the event loop stands while the SDK does what grows with a list, a file or a queue.

Each case runs in a process of its own. Its figure is the processor time of the longest step, in the
loop's thread, so that other programs do not add to it; see `Steps`.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

import certifi

from grafana_oncall.testing import LoopClock
from tests.support.certificates import LOOPBACK

from .loop_cases import CASES, report_json
from .processes import figures, in_a_process, server
from .rows import Row
from .samples import PER_PAGE
from .steps import Steps

PART: Final = "loop"
_GOAL: Final = 10.0
"""Milliseconds. A report is written by a call without `await`: that is one step, however long."""
_SENDERS: Final = ("httpx", "aiohttp")


def rows(*, quick: bool) -> Iterator[Row]:
    """The longest step of each case, and that without the garbage collector."""
    rounds = 1 if quick else 3
    for sender in _SENDERS[:1] if quick else _SENDERS:
        name = f"the first client of a process makes its first call, over {sender}"
        yield from _rows(name, [_first(sender) for _ in range(rounds)])
    for name, (case, size, few) in CASES.items():
        groups = few if quick else size
        found = [_quickly(name, few)] if quick else [_alone(name, size) for _ in range(rounds)]
        goal = None if case is report_json else _GOAL
        yield from _rows(name.format(groups), found, goal)


def _rows(name: str, found: Sequence[Steps], goal: float | None = _GOAL) -> Iterator[Row]:
    longest = f"longest step while {name}"
    for what, seconds in (
        (longest, [each.processor for each in found]),
        (f"{longest}, without garbage collection", [each.own for each in found]),
    ):
        yield Row(part=PART, name=what, value=1000 * median(seconds), unit="ms", goal=goal)


def _alone(name: str, groups: int) -> Steps:
    return in_a_process(_warm, name, groups)


def _warm(name: str, groups: int) -> Steps:
    """Measure what has been done before: nothing is imported any more."""
    _measured(name, CASES[name][2])
    return _measured(name, groups)


def _measured(name: str, groups: int) -> Steps:
    found = Steps()
    asyncio.run(CASES[name][0](found, groups))
    return found


def _quickly(name: str, groups: int) -> Steps:
    """See that it runs, in virtual time: some cases are about the end of a pause."""
    found = Steps()
    LoopClock().run(CASES[name][0](found, groups))
    return found


def _first(sender: str) -> Steps:
    """Measure in a new interpreter, which trusts the usual certificates and that of the server."""
    with ExitStack() as stack:
        trusted = Path(stack.enter_context(TemporaryDirectory()), "trusted.pem")
        trusted.write_bytes(Path(certifi.where()).read_bytes() + LOOPBACK.read_bytes())
        url = stack.enter_context(server(PER_PAGE, certificate=LOOPBACK))
        program = "tests.benchmarks.loop_first"
        members: dict[str, Any] = figures("-m", program, url, sender, str(trusted))
    return Steps(**members)
