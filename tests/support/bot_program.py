"""A bot as a user writes it: acknowledges every new group of a team.

    python bot_program.py CHECKPOINT

A group whose title begins with "Slow" is acknowledged only once it is silenced, so that a test
decides how long its handler runs. The bot is stopped and killed in `test_bot_process.py`.
"""

import asyncio
import signal
import sys
from contextlib import suppress
from datetime import timedelta

from grafana_oncall import OnCallClient
from grafana_oncall.bot import Bot
from grafana_oncall.changes import Created
from grafana_oncall.errors import AlreadyInState

SOON = timedelta(milliseconds=50)


async def main(checkpoint: str) -> None:
    """Run until a signal arrives."""
    async with OnCallClient.from_env() as client:
        groups = client.alert_groups
        watcher = groups.watch(
            labels={"team": "SRE"}, existing=True, every=SOON, checkpoint=checkpoint
        )
        bot = Bot(watcher, max_at_once=8)

        @bot.on(Created)
        async def acknowledge(change: Created) -> None:
            group = change.after
            if group.state == "firing" and (group.title or "").startswith("Slow"):
                await groups.wait_until(change.id, "silenced", timeout=60, every=SOON)
            with suppress(AlreadyInState):  # before it was killed
                await groups.acknowledge(change.id)

        await bot.run()
        print(bot.health)  # noqa: T201  # its last output


if __name__ == "__main__":
    # A shell starts what is in its background with Ctrl-C ignored, tests that start this included.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    asyncio.run(main(*sys.argv[1:]))
