"""How much memory a bulk run takes: `python -m tests.benchmarks.bulk_memory`, some minutes.

The ids arrive one by one, a journal is written, and a stub responds to each request at once. Each
number of ids has a process of its own.
"""

import argparse
import asyncio
import gc
import json
import random
import resource
import subprocess
import sys
import time
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from grafana_oncall import OnCallClient
from grafana_oncall.bulk import Status

_COUNTS = (10_000, 100_000)
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


async def _ids(number: int) -> AsyncIterator[str]:
    """Ids as servers make them, in no order."""
    chance = random.Random(number)  # noqa: S311  # nothing is secret
    for _ in range(number):
        yield "I" + "".join(chance.choices(_LETTERS, k=13))


class _AtOnce(httpx.AsyncBaseTransport):
    """A server that responds at once."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)  # a socket lets other tasks run too
        return httpx.Response(200, request=request)


class _Beat:
    """Measures how long the event loop is busy between two turns."""

    longest = 0.0

    async def measure_turns(self) -> None:
        """Measure thread time: what other processes do does not count."""
        while True:
            began = time.thread_time()
            await asyncio.sleep(0.001)
            self.longest = max(self.longest, time.thread_time() - began)


async def _run(ids: int, journal: Path) -> dict[str, float]:
    beat = _Beat()
    async with OnCallClient(
        url="https://oncall.example", token="token", transport=_AtOnce()
    ) as client:
        beating = asyncio.create_task(beat.measure_turns())
        report = await client.alert_groups.bulk.resolve(_ids(ids), journal=journal)
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating
    if report.counts[Status.CHANGED] != ids:
        raise AssertionError(str(report))
    return {
        "selecting_seconds": report.seconds_selecting,
        "acting_seconds": report.seconds_acting,
        "longest_pause_seconds": beat.longest,
    }


def measure(ids: int, *, traced: bool = True) -> dict[str, float]:
    """Run on this many ids: its times, and how much memory it took at its peak, in bytes.

    `traced_bytes` is what Python allocated, which takes two to four times as long to measure; it
    is 0 unless `traced`. `resident_bytes` is what the process had beyond that before the run, the
    tracer's own included.
    """
    with TemporaryDirectory() as folder:
        asyncio.run(_run(100, Path(folder, "first")))  # loads what is imported late
        gc.collect()
        before = _resident()
        if traced:
            tracemalloc.start()
        figures = asyncio.run(_run(ids, Path(folder, "journal")))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return {"traced_bytes": peak, "resident_bytes": _resident() - before, **figures}


def _resident() -> int:
    """The process's peak memory, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _in_a_process(ids: int, *, traced: bool) -> dict[str, float]:
    command = [sys.executable, "-m", __spec__.name, str(ids), *(["--traced"] if traced else [])]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ids", type=int, nargs="?", help="measure this number in this process")
    parser.add_argument("--traced", action="store_true", help="trace Python's memory, slowly")
    arguments = parser.parse_args()
    if arguments.ids is not None:
        sys.stdout.write(json.dumps(measure(arguments.ids, traced=arguments.traced)) + "\n")
        return
    few, many = (_in_a_process(count, traced=arguments.traced) for count in _COUNTS)
    for name in ("traced_bytes", "resident_bytes"):
        per_id = (many[name] - few[name]) / (_COUNTS[1] - _COUNTS[0])
        sys.stdout.write(f"{name + ' per id':22} {per_id:14,.1f}\n")
    for name, figure in many.items():
        row = (
            f"{name:22} {few[name]:14,.3f} {figure:14,.3f}  difference {figure - few[name]:14,.3f}"
        )
        sys.stdout.write(f"{row}\n")


if __name__ == "__main__":
    _main()
