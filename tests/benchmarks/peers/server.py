"""The fake server of one job, on a socket.

python -m tests.benchmarks.peers.server JOB FOLDER [quick]

It prints its URL and its token. For each line that it reads, it prints how the job went; the client
has written what it claims to the folder by then.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import cast

from grafana_oncall.testing import serve

from .jobs import CLAIMS, FULL, QUICK, SKIPPED, Job, Size
from .site import made
from .truth import report
from .waiting import Skipped


async def _serve(job: Job, folder: Path, size: Size) -> None:
    site = made(job, size, Skipped(folder / SKIPPED))
    async with serve(site.fake) as url:
        sys.stdout.write(f"{url}\n{site.fake.token}\n")
        sys.stdout.flush()
        while await asyncio.to_thread(sys.stdin.readline):
            said = json.loads((folder / CLAIMS).read_text(encoding="utf-8"))
            found = report(site, job, said["seconds"], said["claims"])
            sys.stdout.write(f"{json.dumps(found)}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(
        _serve(cast("Job", sys.argv[1]), Path(sys.argv[2]), QUICK if sys.argv[3:] else FULL)
    )
