"""The first client of a process, made inside a running loop: the steps of its first call, as JSON.

python -m tests.benchmarks.loop_first URL TRANSPORT CERTIFICATES
"""

import asyncio
import json
import os
import sys
from typing import Any

import attrs

from grafana_oncall import OnCallClient

from .steps import Steps, measuring


async def _call(steps: Steps, url: str, transport: Any) -> None:
    async with measuring(steps), OnCallClient(url=url, token="token", transport=transport) as sdk:
        await sdk.alert_groups.get("I000000000000")


if __name__ == "__main__":
    os.environ["SSL_CERT_FILE"] = sys.argv[3]
    found = Steps()
    asyncio.run(_call(found, *sys.argv[1:3]))
    sys.stdout.write(json.dumps(attrs.asdict(found)))
