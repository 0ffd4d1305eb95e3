"""Bulk runs whose journal is in a store: on another machine, another worker finishes them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.bulk.journal_store import StoreJournal, log_of
from grafana_oncall.errors import InvalidArgument, JournalError, StoreUnavailable
from grafana_oncall.stores import FileStore
from grafana_oncall.testing import FakeOnCall, MemoryStore, throttle
from tests.support.bulk_stories import SECOND, add, connect, counted, cut, ids, written
from tests.support.stores import KINDS, Store, store_without_server

HOUR = timedelta(hours=1)

store = pytest.fixture(params=KINDS)(store_without_server)


def acted_on(fake: FakeOnCall) -> Counter[str]:
    """How often each group was acted on, by id."""
    return Counter(path.split("/")[-3] for path in written(fake))


async def refused(work: Awaitable[object], reason: str) -> JournalError:
    """Return the error of a run that is refused, before it has written anything."""
    with pytest.raises(JournalError) as caught:
        await work
    assert caught.value.reason == reason
    assert caught.value.path == "nightly"
    return caught.value


async def test_a_run_that_was_cut_short_is_finished_by_another(
    fake: FakeOnCall, oncall: OnCallClient, store: Store
) -> None:
    """By the same call; nothing that succeeded is repeated."""
    groups = add(fake, 10)
    fake.latency = SECOND
    bulk = oncall.alert_groups.bulk
    await cut(bulk.silence(ids(groups), HOUR, journal=store, name="nightly", max_at_once=3), 1.5)
    first = acted_on(fake)
    assert 0 < len(first) < 10
    again = bulk.silence(ids(groups), HOUR, journal=store, name="nightly", resume=True)
    report = await again
    assert {group.state for group in groups} == {"silenced"}
    assert set(acted_on(fake).values()) == {1}
    assert report.finished
    assert sum(report.counts.values()) == 10


async def test_resume_needs_nothing_but_the_name(
    fake: FakeOnCall, oncall: OnCallClient, store: Store
) -> None:
    """The action and the groups are in the journal."""
    groups = add(fake, 6)
    fake.latency = SECOND
    bulk = oncall.alert_groups.bulk
    await cut(bulk.resolve(ids(groups), journal=store, name="nightly", max_at_once=2), 1.5)
    report = await bulk.resume(store, name="nightly")
    assert report.action == "resolve"
    assert ids(report.outcomes) == ids(groups)
    assert {group.state for group in groups} == {"resolved"}


async def test_a_journal_in_a_directory_is_the_file_of_a_journal(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """A run that began in a store is finished in the file, by its path, and the reverse."""
    groups, store = add(fake, 10), FileStore(tmp_path)
    fake.latency = SECOND
    bulk, path = oncall.alert_groups.bulk, store.path("journal:nightly")
    await cut(bulk.resolve(ids(groups), journal=store, name="nightly", max_at_once=2), 1.5)
    await cut(bulk.resume(path, max_at_once=2), 1.5)
    assert 0 < len(acted_on(fake)) < 10
    report = await bulk.resume(store, name="nightly")
    assert report.finished
    assert {group.state for group in groups} == {"resolved"}
    assert set(acted_on(fake).values()) == {1}
    assert ids((await bulk.resume(path)).outcomes) == ids(groups)


async def test_a_run_of_a_file_and_workers_of_its_store_exclude_each_other(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path
) -> None:
    """The worker is told who has the log, and sends nothing more."""
    groups, store = add(fake, 10), FileStore(tmp_path, timeout=0.5)
    fake.latency = SECOND
    bulk = oncall.alert_groups.bulk
    run = bulk.resolve(ids(groups), journal=store, name="nightly", max_at_once=1)
    task = asyncio.create_task(run.wait())
    await asyncio.sleep(2.5)
    report = await bulk.resume(store.path("journal:nightly"), max_at_once=1)
    error = await refused(task, "io")
    assert "another process has it locked for 0.5 seconds" in str(error)
    assert report.finished
    assert set(acted_on(fake).values()) == {1}


async def test_a_worker_that_was_replaced_begins_no_further_group(
    fake: FakeOnCall, oncall: OnCallClient, store: Store
) -> None:
    """It was paused, not dead; it says so, and nothing is done twice."""
    groups = add(fake, 20)
    fake.latency = SECOND
    bulk = oncall.alert_groups.bulk
    first = bulk.silence(ids(groups), HOUR, journal=store, name="nightly", max_at_once=2)
    task = asyncio.create_task(first.wait())
    await asyncio.sleep(2.5)
    report = await bulk.resume(store, name="nightly")
    error = await refused(task, "taken_over")
    assert "another worker has taken the run over" in str(error)
    assert set(acted_on(fake).values()) == {1}
    assert {group.state for group in groups} == {"silenced"}
    assert report.finished
    assert not first.report.finished


@pytest.mark.parametrize("options", [{}, {"rate_limit": "5/1m"}], ids=["refused", "own limit"])
async def test_a_worker_that_was_replaced_while_it_waited_to_send_sends_nothing(
    fake: FakeOnCall, store: Store, options: dict[str, Any]
) -> None:
    """Not even what it has announced: its successor found that undone, and has done it."""
    groups = add(fake, 20)
    if not options:
        fake.faults.add(throttle(60), operation="silence_alert_group", times=1)
    waiting, other = connect(fake, **options), connect(fake)
    run = waiting.alert_groups.bulk.silence(ids(groups), HOUR, journal=store, name="nightly")
    task = asyncio.create_task(run.wait())
    await asyncio.sleep(30)
    assert (await other.alert_groups.bulk.resume(store, name="nightly")).finished
    await refused(task, "taken_over")
    applied = Counter(call.path for call in fake.calls if call.applied and call.method == "POST")
    assert applied == Counter(
        {f"/oncall/api/v1/alert_groups/{one}/silence/": 1 for one in ids(groups)}
    )
    again = await waiting.alert_groups.bulk.acknowledge(ids(groups)[:2])
    assert counted(again) == {"changed": 2}, "the client itself is sound"


async def test_eight_tasks_share_their_writes(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """A group costs an eighth of a write, and a run a few more."""
    writes: list[int] = []

    class Counting(MemoryStore):
        async def append(
            self, name: str, fence: int, lines: Sequence[bytes], *, replace: bool = False
        ) -> bool:
            writes.append(len(lines))
            await asyncio.sleep(0.001)
            return await super().append(name, fence, lines, replace=replace)

    groups = add(fake, 80)
    fake.latency = timedelta(milliseconds=20)
    run = oncall.alert_groups.bulk.resolve(ids(groups), journal=Counting(), name="nightly")
    assert counted(await run) == {"changed": 80}
    assert len(writes) <= 80 / 8 + 5
    assert sum(writes) == 80 * 2 + 4, "header, ids, their number, the end"


async def test_all_tasks_that_waited_for_a_write_go_on_in_the_same_turn_of_the_loop() -> None:
    """One by one, each would cost a turn, and their next lines would come in many writes."""
    store, ended = MemoryStore(), list[int]()
    turn = 0

    async def announce(journal: StoreJournal, group_id: str) -> None:
        await journal.begin(group_id)
        ended.append(turn)

    async with StoreJournal(store, "nightly") as journal, asyncio.TaskGroup() as tasks:
        for number in range(8):
            tasks.create_task(announce(journal, f"I{number}"))
        while len(ended) < 8:
            turn += 1
            await asyncio.sleep(0)
    assert max(ended) - min(ended) <= 1
    assert len(await store.read(log_of("nightly"))) == 8


async def test_a_write_goes_on_when_tasks_that_wait_for_it_are_cancelled() -> None:
    """The one that began it waits for its end, since nobody can say what was written before."""
    opened = asyncio.Event()

    class Slow(MemoryStore):
        async def append(
            self, name: str, fence: int, lines: Sequence[bytes], *, replace: bool = False
        ) -> bool:
            await opened.wait()
            return await super().append(name, fence, lines, replace=replace)

    store = Slow()
    async with StoreJournal(store, "nightly") as journal:
        first = asyncio.create_task(journal.begin("I1"))
        other = asyncio.create_task(journal.begin("I2"))
        await asyncio.sleep(1)
        for task in (first, other):
            task.cancel()
        await asyncio.sleep(1)
        assert (first.done(), other.done()) == (False, True)
        opened.set()
        await asyncio.wait([first])
        assert first.cancelled()
    assert len(await store.read(log_of("nightly"))) == 2


async def test_a_store_that_is_away_ends_the_run_before_the_next_group(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """And the report says what was done; the run can be resumed when the store is back."""

    class Away(MemoryStore):
        away = False

        async def append(
            self, name: str, fence: int, lines: Sequence[bytes], *, replace: bool = False
        ) -> bool:
            if self.away:
                raise StoreUnavailable("Redis does not respond.")
            return await super().append(name, fence, lines, replace=replace)

    groups, store = add(fake, 6), Away()
    fake.latency = SECOND
    bulk = oncall.alert_groups.bulk
    run = bulk.resolve(ids(groups), journal=store, name="nightly", max_at_once=1)
    task = asyncio.create_task(run.wait())
    await asyncio.sleep(1.5)
    store.away = True
    error = await refused(task, "io")
    assert "Redis does not respond" in str(error)
    assert isinstance(error.__cause__, StoreUnavailable)
    assert counted(run.report) == {"changed": 2, "not_attempted": 4}
    store.away = False
    assert counted(await bulk.resume(store, name="nightly")) == {"changed": 5, "already": 1}
    assert set(acted_on(fake).values()) == {1}


async def test_names_are_as_paths(fake: FakeOnCall, oncall: OnCallClient, store: Store) -> None:
    """A new run needs a new one; one to resume must be there, and be that run."""
    groups = add(fake, 2)
    bulk = oncall.alert_groups.bulk
    await refused(bulk.resume(store, name="nightly"), "missing")
    await bulk.resolve(ids(groups), journal=store, name="nightly")
    fake.calls.clear()
    await refused(bulk.resolve(ids(groups), journal=store, name="nightly"), "exists")
    assert not written(fake)
    report = await bulk.unresolve(ids(groups), journal=store, name="nightly", resume=True)
    assert counted(report) == {"changed": 2}


async def test_an_unfinished_run_is_not_replaced_by_another(
    fake: FakeOnCall, oncall: OnCallClient, store: Store
) -> None:
    """It has to be finished first, or deleted."""
    groups = add(fake, 4)
    fake.latency = SECOND
    bulk = oncall.alert_groups.bulk
    await cut(bulk.resolve(ids(groups), journal=store, name="nightly", max_at_once=1), 1.5)
    other = bulk.silence(ids(groups), HOUR, journal=store, name="nightly", resume=True)
    await refused(other, "other_run")
    await store.delete("journal:nightly")
    await bulk.silence(ids(groups[3:]), HOUR, journal=store, name="nightly")
    assert groups[3].state == "silenced"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"journal": MemoryStore()}, "a journal in a store needs a name"),
        ({"journal": MemoryStore(), "name": ""}, "name='': a text of 1 to 500"),
        ({"journal": MemoryStore(), "name": 7}, "name=7: a text of 1 to 500"),
        ({"journal": MemoryStore(), "name": "x" * 501}, "name='x+….*a text of 1 to 500"),
        ({"journal": MemoryStore(), "name": "a\0b"}, "a text of 1 to 500"),
        ({"journal": MemoryStore(), "name": "\ud800"}, "a text of 1 to 500"),
        ({"journal": MemoryStore(), "name": "n", "fsync": True}, "fsync, lock: they are for"),
        ({"journal": MemoryStore(), "name": "n", "lock": False}, "fsync, lock: they are for"),
        ({"journal": "file.jsonl", "name": "n"}, "name: a journal in a file"),
        ({"journal": MemoryStore(), "name": "n", "dry_run": True}, "a dry run sends nothing"),
        ({"journal": 7}, "journal=7"),
    ],
)
async def test_options_that_make_no_sense_are_refused(
    oncall: OnCallClient, options: dict[str, Any], message: str
) -> None:
    """Before anything is sent."""
    with pytest.raises(InvalidArgument, match=message):
        oncall.alert_groups.bulk.resolve(["I1"], **options)


async def test_damage_in_a_store_is_found(
    fake: FakeOnCall, oncall: OnCallClient, store: Store
) -> None:
    """Each line has its checksum there, too."""
    groups = add(fake, 2)
    bulk = oncall.alert_groups.bulk
    await bulk.resolve(ids(groups), journal=store, name="nightly")
    opened = await store.open("journal:nightly")
    spoilt = [line.replace(b"changed", b"already") for line in opened.lines]
    await store.append("journal:nightly", opened.fence, spoilt, replace=True)
    error = await refused(bulk.resume(store, name="nightly"), "broken")
    assert "nightly, line" in str(error)
