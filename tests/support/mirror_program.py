"""A consumer that mirrors the groups of a team into a file; as a bot, or as a loop.

    python mirror_program.py CHECKPOINT MIRROR bot|loop

Each line of the mirror is a group as it was reported, or its end. Then the handler keeps working
for a moment. It is killed in `test_mirror_killed.py`.
"""

import asyncio
import json
import os
import sys
from datetime import timedelta
from random import Random

from grafana_oncall import OnCallClient, Watcher
from grafana_oncall.bot import Bot
from grafana_oncall.changes import Change, Snapshot
from tests.support.mirrors import View

AT_WORK = 0.08
"""Seconds, at most."""


class Mirror:
    """What a consumer knows, on a disk."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._random = Random()  # noqa: S311  # no secret

    async def take(self, change: Change) -> None:
        """Receive a change."""
        after = change.after
        view = None if after is None else View.of(Snapshot.of(after)).to_json()
        os.write(self._file, json.dumps([change.id, type(change).__name__, view]).encode() + b"\n")
        await asyncio.sleep(self._random.random() * AT_WORK)


async def as_bot(watcher: Watcher, mirror: Mirror) -> None:
    """Run until a signal; handlers in flight then have little time left."""
    bot = Bot(watcher, max_at_once=3)
    bot.on(Change)(mirror.take)
    await bot.run(grace=AT_WORK / 4)


async def as_loop(watcher: Watcher, mirror: Mirror) -> None:
    """Run until the end of the process."""
    async for one in watcher:
        if isinstance(one, Change):
            await mirror.take(one)


async def main(checkpoint: str, mirror: str, kind: str) -> None:
    """Follow the team."""
    async with OnCallClient.from_env() as client:
        watcher = client.alert_groups.watch(
            labels={"team": "SRE"},
            existing=True,
            every=timedelta(milliseconds=30),
            checkpoint=checkpoint,
        )
        await {"bot": as_bot, "loop": as_loop}[kind](watcher, Mirror(mirror))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
