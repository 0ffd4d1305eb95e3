"""One job by one client, in a process of its own.

python -m tests.benchmarks.peers.client JOB CLIENT URL TOKEN FOLDER PACKAGES [quick]

The folder is that of the server; what the client claims goes there. It prints what its process used
until the job was done, imports included: seconds of the processor, and the peak memory. It imports
no other client. The time of a job, which goes to the folder, is from opening the client on. The
generated client is imported from the folder `PACKAGES`.
"""

import asyncio
import json
import logging
import resource
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from time import process_time
from typing import Any, Final, cast

from .jobs import CLAIMS, FULL, QUICK, SKIPPED, Job, Jobs, Size, names
from .waiting import Skipped, SkippingLoop

GENERATED: Final = "generated"
PEERS: Final[Mapping[str, str]] = {
    GENERATED: "generated",
    "bare httpx": "bare_httpx",
    "bare aiohttp": "bare_aiohttp",
}
"""Modules by the names of clients."""
OURS: Final[Mapping[str, Mapping[str, str]]] = {
    "SDK": {"transport": "httpx"},
    "SDK [httpx2]": {"transport": "httpx2"},
    "SDK [aiohttp]": {"transport": "aiohttp"},
}
"""Options by the names of clients."""
CLIENTS: Final = (*PEERS, *OURS)


def _opening(client: str, skipped: Skipped) -> Any:
    """Import the client; return how to open its jobs, by URL and token."""
    if client in PEERS:
        return import_module(f".{PEERS[client]}", __package__).opened
    import_module(OURS[client]["transport"])  # or else the SDK does, on first use
    clock = skipped.clock(datetime.now(UTC) - timedelta(seconds=skipped.monotonic()))
    return partial(import_module(".ours", __package__).opened, clock=clock, **OURS[client])


async def _followed(jobs: Jobs, size: Size) -> Any:
    reports: list[tuple[str, str, float]] = []
    now = asyncio.get_running_loop().time
    with suppress(TimeoutError):
        async with asyncio.timeout(size.seconds):
            await jobs.follow(lambda group, kind: reports.append((group, kind, now())))
    return reports


async def _did(jobs: Jobs, job: Job, size: Size) -> Any:
    match job:
        case "list":
            return await jobs.groups()
        case "storm":
            return await jobs.storm()
        case "create":
            return await jobs.create(names(size.integrations))
        case "follow":
            return await _followed(jobs, size)


async def _run(opening: Any, job: Job, size: Size, folder: Path) -> Mapping[str, float]:
    now = asyncio.get_running_loop().time
    began = now()
    async with opening() as jobs:
        claims = await _did(jobs, job, size)
        seconds = now() - began
    work = process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if job == "list":
        claims = [*map(jobs.row, claims)]
    said = json.dumps({"seconds": seconds, "claims": claims})
    (folder / CLAIMS).write_text(said, encoding="utf-8")
    return {"CPU": work, "memory": peak * (1 if sys.platform == "darwin" else 1024) / 1e6}


def main() -> None:
    """Do the job, and print what it took."""
    job, client, url, token, where, packages, *quick = sys.argv[1:]
    sys.path.append(packages)
    logging.disable(logging.WARNING)  # pauses are part of the job
    folder = Path(where)
    skipped = Skipped(folder / SKIPPED)
    opening = partial(_opening(client, skipped), url=url, token=token)
    run = _run(opening, cast("Job", job), QUICK if quick else FULL, folder)
    with asyncio.Runner(loop_factory=partial(SkippingLoop, skipped)) as runner:
        sys.stdout.write(json.dumps(runner.run(run)))


if __name__ == "__main__":
    main()
