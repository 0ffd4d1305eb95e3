"""What may keep the event loop busy: work that grows with a list, a file, a queue or a body."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, cast

import httpx

from grafana_oncall import Checkpoint
from grafana_oncall._core.aio import cancel_all
from grafana_oncall._session.rate_estimate import RateEstimate
from grafana_oncall._session.throttle import Caller, PauseTooLong, Throttle
from grafana_oncall.bulk import BulkReport, Outcome, Status, collect
from grafana_oncall.changes import Snapshot, Watched
from grafana_oncall.errors import ClientStateError
from grafana_oncall.models import AlertGroupState
from grafana_oncall.stores import StoredCheckpoint
from grafana_oncall.testing import MemoryStore
from grafana_oncall.webhooks import Event, Router
from tests.support.webhook_payloads import body

from .clients import Transport, client
from .journals import write_journal
from .listed import Listed, created_at
from .processes import server
from .samples import group_id
from .steps import Steps, measuring

Case = Callable[[Steps, int], Coroutine[Any, Any, None]]
"""Does the work for so many groups, and measures its steps."""

_URL: Final = "http://localhost"
_API: Final = "http://localhost/api/v1/"
_NOW: Final = created_at(-60)
_NEW: Final = 3
"""Groups that a watcher does not know yet."""


async def page(steps: Steps, groups: int, *, transport: Transport) -> None:
    """Walk over a list in pages of 100."""
    with server(groups, 100) as url:
        async with client(url, transport) as sdk:
            await sdk.alert_groups.list().collect(limit=1)  # connects, and makes the decoder
            async with measuring(steps):
                found = await sdk.alert_groups.list().collect()
    _check(len(found), groups)


async def watch_file(steps: Steps, groups: int) -> None:
    """Continue from a checkpoint that is a file, and write it anew."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "watcher")
        _checkpoint(groups).save(path)
        await _watch(steps, groups, path)


async def watch_store(steps: Steps, groups: int) -> None:
    """Continue from a checkpoint that is in a store."""
    store = MemoryStore()
    stored = store.checkpoint("watcher")
    opened = await store.open(stored.log)
    line = _checkpoint(groups).to_json().encode() + b"\n"
    await store.append(stored.log, opened.fence, [line])
    await _watch(steps, groups, stored)


async def _watch(steps: Steps, groups: int, checkpoint: Path | StoredCheckpoint) -> None:
    async with client(_URL, Listed(groups + _NEW)) as sdk, measuring(steps):
        watcher = sdk.alert_groups.watch(checkpoint=checkpoint, clock=lambda: _NOW)
        async with aclosing(cast("AsyncGenerator[Watched]", aiter(watcher))) as changes:
            found = [await anext(changes) for _ in range(_NEW)]
    _check(len(found), _NEW)


def _checkpoint(groups: int) -> Checkpoint:
    """What a watcher knows of all groups but the newest."""
    known = (_snapshot(number) for number in range(_NEW, groups + _NEW))
    return Checkpoint(
        server=_API,
        query=(),
        polled=created_at(0),
        groups=tuple(known),
        left_filter=(),
    )


def _snapshot(number: int) -> Snapshot:
    return Snapshot(
        id=group_id(number),
        created_at=created_at(number),
        state=AlertGroupState.FIRING,
        alerts_count=1 + number % 7,
        labels=(("severity", "critical"), ("team", "SRE")),
        title=f"[firing:1] DiskFull on node-{number} (storage critical)",
    )


async def journal(steps: Steps, groups: int) -> None:
    """Acknowledge groups with a journal that is on the disk before each request."""
    ids = [group_id(number) for number in range(groups)]
    with TemporaryDirectory() as folder:
        async with client(_URL, Listed(1)) as sdk, measuring(steps):
            bulk = sdk.alert_groups.bulk
            report = await bulk.acknowledge(ids, journal=Path(folder, "journal"), fsync=True)
    _check(report.counts[Status.CHANGED], groups)


async def resume(steps: Steps, groups: int) -> None:
    """Resume a run whose journal has the outcomes of all groups but one."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "journal")
        ids = [group_id(number) for number in range(groups)]
        await write_journal(path, _URL, "acknowledge", ids, done=ids[1:])
        async with client(_URL, Listed(groups)) as sdk, measuring(steps):
            report = await sdk.alert_groups.bulk.resume(path)
    _check(report.counts[Status.CHANGED], groups)


async def select(steps: Steps, groups: int) -> None:
    """Divide a query into shards: read it, check each group, freeze the ids."""
    async with client(_URL, Listed(groups)) as sdk, measuring(steps):
        run = sdk.alert_groups.bulk.acknowledge(sdk.alert_groups.list(state="new"))
        shards = await run.shards()
    _check(sum(map(len, shards)), groups)


async def plan(steps: Steps, groups: int) -> None:
    """Run dry on ids, look at the progress, and write the report as JSON."""
    ids = [group_id(number) for number in range(groups)]
    async with client(_URL, Listed(1)) as sdk, measuring(steps):
        report = await sdk.alert_groups.bulk.acknowledge(ids, dry_run=True)
    _check(len(report.outcomes), groups)


async def report_json(steps: Steps, groups: int) -> None:
    """Write the report of a bulk run as JSON, and read it."""
    outcome = partial(Outcome, status=Status.CHANGED, seconds=0.25)
    report = BulkReport(
        action="acknowledge",
        outcomes=[outcome(id=group_id(number)) for number in range(groups)],
        counts={**dict.fromkeys(Status, 0), Status.CHANGED: groups},
        seconds_selecting=1.0,
        seconds_acting=1.0,
    )
    async with measuring(steps):
        text = report.to_json()
        await asyncio.sleep(0)
        again = BulkReport.from_json(text)
    _check(again, report)


async def collected(steps: Steps, groups: int) -> None:
    """Collect the report of shards."""
    store, ids = MemoryStore(), [group_id(number) for number in range(groups)]
    async with client(_URL, Listed(1)) as sdk:
        shards = await sdk.alert_groups.bulk.acknowledge(ids, name="run").shards()
        await sdk.alert_groups.bulk.run(shards[0], journal=store)
        async with measuring(steps):
            report = await collect(shards, journal=store)
    _check(len(report.outcomes), groups)


async def wait(steps: Steps, groups: int) -> None:
    """Wait until many groups have a state: they are looked for on pages of the list."""
    ids = [group_id(number) for number in range(groups)]
    async with client(_URL, Listed(groups)) as sdk, measuring(steps):
        found = await sdk.alert_groups.wait_until(ids, "firing", timeout=300)
    _check(len(found), groups)


async def webhook(steps: Steps, kilobytes: int) -> None:
    """Receive an event with a body of this size, of many small members, and handle it."""
    handled = asyncio.Event()
    router = Router(secret=None)

    @router.on()
    async def handle(_: Event) -> None:
        handled.set()

    alert = {"status": "firing", "labels": {"alertname": "DiskFull"}, "value": 0.5}
    alerts = [alert] * (1000 * kilobytes // len(json.dumps(alert)))
    content = body("resolve", alert_payload={"alerts": alerts})
    transport = httpx.ASGITransport(router)
    async with router, httpx.AsyncClient(transport=transport) as sender, measuring(steps):
        response = await sender.post("http://bot.example/", content=content)
        await handled.wait()
    _check(response.status_code, 200)


async def queue(steps: Steps, callers: int) -> None:
    """Queue callers in the throttle, refuse a request, and let them all through after the pause."""
    throttle = Throttle(RateEstimate(max_in_flight=32, window_size=callers))

    async def call() -> None:
        throttle.leave(await throttle.enter())
        throttle.rate.success(_time())

    places = [await throttle.enter() for _ in range(32)]
    tasks = [asyncio.create_task(call()) for _ in range(callers)]
    async with measuring(steps):
        await asyncio.sleep(0.01)
        throttle.rate.throttled(_time(), 0.02)
        throttle.rate.window_size = callers
        throttle.fail_impatient_waiters()
        for place in places:
            throttle.leave(place)
        await _ends(tasks)


async def impatient(steps: Steps, callers: int) -> None:
    """Refuse for longer than the queued callers are willing to wait."""
    throttle, tasks = await _queued(callers)
    async with measuring(steps):
        throttle.rate.throttled(_time(), 60)
        throttle.fail_impatient_waiters()
        await _ends(tasks)
    _check({type(task.exception()) for task in tasks}, {PauseTooLong})


async def outage(steps: Steps, callers: int) -> None:
    """Search the queue for callers that have waited for the end of an outage, and let it end."""
    throttle, tasks = await _queued(callers, Caller(max_outage=60))
    for _ in range(9):
        throttle.failed(throttle.outage.episode, delay=lambda _: 0.01, reason="r", words="w")
    async with measuring(steps):
        throttle.leave()
        await asyncio.sleep(1.5)
    await cancel_all(tasks)


async def closed(steps: Steps, callers: int) -> None:
    """Close a client for which callers are queued."""
    throttle, tasks = await _queued(callers)
    async with measuring(steps):
        throttle.close()
        await _ends(tasks)
    _check({type(task.exception()) for task in tasks}, {ClientStateError})


async def cancelled(steps: Steps, callers: int) -> None:
    """Cancel callers that are queued, each by itself."""
    throttle, tasks = await _queued(callers)
    async with measuring(steps):
        for task in tasks:
            task.cancel()
            await asyncio.sleep(0)
    throttle.leave()


async def _ends(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Wait for one after the other: to prepare to wait for all takes long itself."""
    for task in tasks:
        await asyncio.wait([task])


async def _queued(
    callers: int, caller: Caller | None = None
) -> tuple[Throttle, Sequence[asyncio.Task[int]]]:
    """Callers behind a request that does not end."""
    throttle = Throttle(RateEstimate(max_in_flight=1))
    await throttle.enter()
    enter = partial(throttle.enter, caller or Caller(), patience=10)
    tasks = [asyncio.create_task(enter()) for _ in range(callers)]
    await asyncio.sleep(0)
    return throttle, tasks


def _time() -> float:
    return asyncio.get_running_loop().time()


MANY: Final = 36_000
CALLERS: Final = 20_000
CASES: Final[Mapping[str, tuple[Case, int, int]]] = {
    "pages of 100 groups are read, over httpx": (partial(page, transport="httpx"), 1000, 100),
    "pages of 100 groups are read, over aiohttp": (partial(page, transport="aiohttp"), 1000, 100),
    "a watcher continues from a file with {:,} groups": (watch_file, MANY, 300),
    "a watcher continues from a store with {:,} groups": (watch_store, MANY, 300),
    "a bulk run over {:,} groups writes a journal, with fsync": (journal, 500, 10),
    "a journal of {:,} groups is resumed": (resume, MANY, 300),
    "{:,} groups are selected, and divided into shards": (select, MANY, 300),
    "{:,} ids are given to a bulk run": (plan, MANY, 300),
    "a report of {:,} groups is written as JSON, and read": (report_json, MANY, 300),
    "shards of {:,} groups are collected": (collected, MANY, 300),
    "{:,} groups are waited for": (wait, 3_000, 100),
    "{:,} callers are queued, and wait for the end of a pause": (queue, CALLERS, 200),
    "{:,} callers are queued for less than a pause": (impatient, CALLERS, 200),
    "{:,} callers are queued in an outage": (outage, CALLERS, 200),
    "{:,} callers are queued when the client is closed": (closed, CALLERS, 200),
    "{:,} callers are queued, and cancelled": (cancelled, CALLERS, 200),
    "a webhook of {:,} kilobytes is received": (webhook, 1000, 10),
}
"""By name, into which the size goes: the work, its size, and that of a quick run."""


def _check(found: object, wanted: object) -> None:
    if found != wanted:
        raise AssertionError(f"{found!r} instead of {wanted!r}")
