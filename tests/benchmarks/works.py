"""What must cost as much for each of a hundred items as for each of a hundred thousand.

A work prepares itself, does what is measured within the block of `measured`, and returns how many
requests that took. Its server is a stub in this process, and its waits take no time.
"""

import asyncio
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from grafana_oncall._session.rate_estimate import RateEstimate
from grafana_oncall._session.throttle import Throttle
from grafana_oncall._watch.checkpoint import Checkpoint
from grafana_oncall.bulk import Status
from grafana_oncall.changes import Snapshot
from grafana_oncall.models import AlertGroupState
from grafana_oncall.testing import (
    FakeOnCall,
    FakeRequest,
    VirtualClock,
    seed_storm,
)
from grafana_oncall.webhooks import Router
from tests.support.webhook_payloads import body

from .journals import write_journal
from .samples import group_id
from .storm import NEWEST, URL, Storm, created_at
from .watch_works import hints, watch, watch_resolved
from .work import Measured, Work, check, client, ids


async def _list(groups: int, measured: Measured) -> int:
    storm, found = Storm(groups), 0
    async with client(storm) as sdk:
        with measured:
            async for _ in sdk.alert_groups.list():
                found += 1
    check(found, groups)
    return storm.requests


async def _bulk(groups: int, measured: Measured) -> int:
    storm = Storm(groups)
    async with client(storm) as sdk:
        with measured:
            report = await sdk.alert_groups.bulk.resolve(ids(groups))
    check(report.counts[Status.CHANGED], groups)
    return storm.requests


async def _wait_until(groups: int, measured: Measured) -> int:
    """All of them are resolved after the first look."""
    storm = Storm(groups)
    async with client(storm) as sdk:
        asyncio.get_running_loop().call_later(1, partial(setattr, storm, "firing", 0))
        with measured:
            found = await sdk.alert_groups.wait_until(ids(groups), "resolved", timeout=60)
    check(len(found), groups)
    return storm.requests


async def _checkpoint(groups: int, measured: Measured) -> int:
    """It is saved, and loaded."""
    checkpoint = Checkpoint(
        server=f"{URL}/api/v1/",
        query=(),
        polled=NEWEST,
        groups=tuple(map(_snapshot, range(groups))),
        left_filter=(),
    )
    with TemporaryDirectory() as folder:
        file = Path(folder, "checkpoint")
        with measured:
            checkpoint.save(file)
            loaded = Checkpoint.load(file)
    if loaded != checkpoint:
        raise AssertionError(loaded)
    return 0


def _snapshot(number: int) -> Snapshot:
    return Snapshot(
        id=group_id(number),
        created_at=created_at(number),
        state=AlertGroupState.FIRING,
        alerts_count=1,
        labels=(("severity", "critical"), ("team", "SRE")),
        title=f"[firing:1] DiskFull on node-{number} (storage critical)",
    )


async def _journal(groups: int, measured: Measured) -> int:
    """Two lines are appended for each group."""
    with TemporaryDirectory() as folder, measured:
        every = [*ids(groups)]
        await write_journal(Path(folder, "journal"), URL, "resolve", every, done=every)
    return 0


async def _resume(groups: int, measured: Measured) -> int:
    """One group of a journal is left."""
    storm = Storm(groups)
    with TemporaryDirectory() as folder:
        path = Path(folder, "journal")
        every = [*ids(groups)]
        await write_journal(path, URL, "resolve", every, done=every[:-1])
        async with client(storm) as sdk:
            with measured:
                report = await sdk.alert_groups.bulk.resume(path)
    check(report.counts[Status.CHANGED], groups)
    return storm.requests


async def _throttle(callers: int, measured: Measured) -> int:
    """They wait for the end of a pause, all at once."""
    rate = RateEstimate(max_in_flight=8, served=callers)
    throttle = Throttle(rate)

    async def call() -> None:
        place = await throttle.enter(patience=3600)
        await asyncio.sleep(0)
        throttle.leave(place)

    with measured:
        rate.throttled(asyncio.get_running_loop().time(), 60)
        async with asyncio.TaskGroup() as tasks:
            for _ in range(callers):
                tasks.create_task(call())
    return 0


async def _webhooks(events: int, measured: Measured) -> int:
    """Each event comes twice, is remembered, and handled once."""
    router, handled = Router(secret=None, remember=events), 0

    @router.on()
    async def handle(_: object) -> None:
        nonlocal handled
        handled += 1

    event = body("alert group created", group=group_id(0))
    async with router:
        with measured:
            for group in ids(events):
                for _ in range(2):
                    await _post(router, event.replace(group_id(0).encode(), group.encode()))
    check(handled, events)
    return 2 * events


async def _post(router: Router, content: bytes) -> None:
    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": content}

    async def send(message: Any) -> None:
        check(message.get("status", 200), 200)

    await router({"type": "http", "method": "POST", "headers": []}, receive, send)


async def _fake(groups: int, measured: Measured) -> int:
    """The fake server is filled, and serves a page and a group."""
    with measured:
        fake = FakeOnCall(clock=VirtualClock(), keep_calls=False)
        seeded = seed_storm(fake, groups)
        for path in ("", f"{seeded[0].id}/"):
            response = fake.handle(_read(fake, f"/api/v1/alert_groups/{path}"))
            check(response.status, 200)
    return 2


def _read(fake: FakeOnCall, path: str) -> FakeRequest:
    return FakeRequest("GET", path, "", {"Authorization": fake.token}, b"")


WORKS: Final[Mapping[str, Work]] = {
    "list": _list,
    "bulk run": _bulk,
    "watch, all reported": watch,
    "watch, nearly all resolved": watch_resolved,
    "wait_until": _wait_until,
    "checkpoint, saved and loaded": _checkpoint,
    "journal, written": _journal,
    "journal, resumed": _resume,
    "callers in a pause": _throttle,
    "hints": hints,
    "webhook events": _webhooks,
    "fake server, filled": _fake,
}
