"""How many functions a page, a call and a new client take: the same on every machine.

python -m tests.benchmarks.counts            prints them
python -m tests.benchmarks.counts --write    writes them as the baseline of this Python version
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from statistics import median
from types import FrameType
from typing import Any, Final, cast

import httpx

from grafana_oncall import OnCallClient, Response
from grafana_oncall._codec.decode import decode

from .codec import LIST
from .samples import group, group_id, page

BASELINE: Final = Path(__file__).with_name("baseline.json")
COMMAND: Final = "python -m tests.benchmarks.counts --write"
PYTHON: Final = ".".join(map(str, sys.version_info[:2]))

_TIMES: Final = 21
_PACKAGE: Final = "grafana_oncall"

Counts = Mapping[str, int]


class _Counter:
    """Counts calls of Python and C functions, and those that are the SDK's."""

    def __init__(self) -> None:
        self.all = self.ours = 0

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        """Count, as `sys.setprofile` calls it."""
        if event in {"call", "c_call"}:
            self.all += 1
        # A file of the package, or what attrs writes for a class of it.
        if event == "call" and _PACKAGE in frame.f_code.co_filename:
            self.ours += 1


async def _counted(name: str, work: Callable[[], Awaitable[object]]) -> Counts:
    """The median of several runs: now and then the event loop cleans up."""
    found: list[_Counter] = []
    for _ in range(_TIMES):
        counter = _Counter()
        sys.setprofile(counter)
        try:
            await work()
        finally:
            sys.setprofile(None)
        found.append(counter)
    warm = found[3:]
    return {
        f"{name}, functions of the SDK": int(median(one.ours for one in warm)),
        f"{name}, all functions": int(median(one.all for one in warm)),
    }


async def _made() -> None:
    """Make a client, as a program with one for each of many stacks does."""
    OnCallClient(url="https://oncall.test", token="token")


async def measured() -> Counts:
    """All counts of this Python version."""
    response = Response(status=200, headers={}, content=page(1))
    content = group(0).replace(group_id(0).encode(), b"I1")

    def respond(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=content if request.method == "GET" else None)

    transport = httpx.MockTransport(respond)

    async def decoded() -> None:
        decode(LIST, response)

    async with OnCallClient(url="http://localhost", token="token", transport=transport) as sdk:
        return {
            **await _counted("decode a page of 50 groups", decoded),
            **await _counted("get a group", lambda: sdk.alert_groups.get("I1")),
            **await _counted("acknowledge a group", lambda: sdk.alert_groups.acknowledge("I1")),
            **await _counted("make a client", _made),
        }


def baseline() -> dict[str, Counts]:
    """By Python version, such as "3.11"."""
    return cast("dict[str, Any]", json.loads(BASELINE.read_text(encoding="utf-8")))


def main() -> None:
    """Print the counts, or write them."""
    counts = asyncio.run(measured())
    if "--write" in sys.argv:
        kept = {**(baseline() if BASELINE.exists() else {}), PYTHON: counts}
        BASELINE.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(counts, indent=2) + "\n")


if __name__ == "__main__":
    main()
