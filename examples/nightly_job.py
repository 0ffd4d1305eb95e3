"""A job for cron, which resolves every night what fires for information only.

    0 3 * * *  cd /var/lib/oncall && python nightly_job.py

The journal makes it safe to interrupt at any moment, even with `kill -9`: the next night first
finishes what was begun, and nothing is resolved twice.

Exit codes: 0 all done; 1 something is left, or went wrong; 130 interrupted.
"""

import asyncio
import logging
import signal
import sys
from pathlib import Path

from grafana_oncall import OnCallClient, OnCallError

JOURNAL = Path("nightly_job.jsonl")


async def resolve_information() -> bool:
    """Start a run, or finish that of a night that was cut short; return whether all is done."""
    async with OnCallClient.from_env() as client:
        # The filter is the same every night: a run with another one, such as with times that move,
        # is not the run of the journal, and would be refused.
        run = client.alert_groups.bulk.resolve(
            client.alert_groups.list(state="firing", labels={"severity": "info"}),
            journal=JOURNAL,
            resume=True,
            max_items=5_000,  # more than that is an incident, which somebody should see
            stop_after_failures=50,
        )
        running = asyncio.create_task(run.wait())
        # What ends a container or a service ends the job as Ctrl-C does: with its report.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
        try:
            return (await running).ok
        finally:
            print(run.report)  # true also when the run was interrupted


def main() -> int:
    """Run the job, and return the exit code."""
    # Pauses and outages. At INFO, httpx would have a line for each request.
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    try:
        return 0 if asyncio.run(resolve_information()) else 1
    except OnCallError as error:
        print(f"nightly_job.py: {error}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 130


if __name__ == "__main__":
    sys.exit(main())
