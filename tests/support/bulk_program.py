"""A program as a user writes it: acts on the groups of a team, and prints the report.

    python bulk_program.py resolve|silence|nightly|resume JOURNAL OPTIONS

It is interrupted in `test_bulk_killed.py`.
"""

import asyncio
import json
import signal
import sys
from datetime import timedelta

from grafana_oncall import OnCallClient
from grafana_oncall.bulk import BulkRun, ResumeOptions


def _run(client: OnCallClient, action: str, journal: str, options: ResumeOptions) -> BulkRun:
    bulk, groups = client.alert_groups.bulk, client.alert_groups.list(labels={"team": "SRE"})
    match action:
        case "resolve":
            return bulk.resolve(groups, journal=journal, **options)
        case "silence":
            return bulk.silence(groups, timedelta(hours=3), journal=journal, **options)
        case "nightly":
            return bulk.silence(groups, timedelta(hours=3), journal=journal, resume=True, **options)
        case _:
            return bulk.resume(journal, **options)


async def main(action: str, journal: str, options: str) -> None:
    """Act, and print the report however it ends."""
    async with OnCallClient.from_env() as client:
        run = _run(client, action, journal, json.loads(options))
        try:
            await run
        finally:
            print(run.report.to_json())  # noqa: T201  # its result


if __name__ == "__main__":
    # A shell starts what is in its background with Ctrl-C ignored, tests that start this included.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    asyncio.run(main(*sys.argv[1:]))
