"""Watchers whose checkpoint is in a store: what is written there, and who reads."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import attrs
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall._core.files import sealed
from grafana_oncall._watch.checkpoint_store import CheckpointLog
from grafana_oncall._watch.tracker import Delivery
from grafana_oncall.changes import Created, OnCallChanged, Watched
from grafana_oncall.errors import CheckpointError
from grafana_oncall.stores import FileStore, Opened
from grafana_oncall.testing import FakeOnCall, VirtualClock
from tests.support.checkpoints import CHECKPOINT
from tests.support.replicas import EVERY, LOG, NAME, TTL, Link, Site, stored, until
from tests.support.timeline import later
from tests.support.virtual_time import about, loop, passed
from tests.support.watchers import SRE, collect, enter, reported, watching

GROUP = CHECKPOINT.groups[0]


@pytest.fixture
def site(oncall: OnCallClient, clock: VirtualClock) -> Site:
    """A store, and watchers that share the time with the server."""
    return Site(oncall, clock)


@pytest.fixture
def link(site: Site) -> Link:
    """A connection to it."""
    return Link(site.store)


class HeldOnceItLeads(Link):
    """It is held up from the moment at which it has the lease."""

    async def acquire(self, name: str, *, ttl: float) -> Opened | float:
        """Pass on, for the last time."""
        reply = await super().acquire(name, ttl=ttl)
        self.break_("held")
        return reply


def kinds(link: Link) -> list[str]:
    """The first member of each line that was written."""
    return [
        bytes(line[2 : line.index(b'"', 2)]).decode() for lines, _ in link.writes for line in lines
    ]


async def test_a_watcher_stands_by_and_continues_where_another_has_ended(
    fake: FakeOnCall, site: Site, link: Link
) -> None:
    """It is not polling meanwhile."""
    second, seen = site.watcher(Link(site.store)), list[Watched]()
    async with watching(site.watcher(link)) as first:
        task = asyncio.create_task(collect(second, seen))
        group = fake.add_group()
        await asyncio.sleep(2 * EVERY)
        assert (second.health.standby, second.health.polled) == (True, None)
    enter(group, "resolved", fake)
    await asyncio.sleep(2 * EVERY)
    assert not second.health.standby
    task.cancel()
    await asyncio.wait([task])
    assert (reported(first), reported(seen)) == ("Created", "Resolved")


async def test_watchers_with_stores_in_one_directory_are_replicas(
    fake: FakeOnCall, site: Site, tmp_path: Path
) -> None:
    """And the last one leaves the file of a checkpoint, with which a single watcher goes on."""
    stores = [FileStore(tmp_path), FileStore(tmp_path)]
    leader, follower = [
        site.oncall.alert_groups.watch(
            existing=True, every=EVERY, checkpoint=store.checkpoint(NAME), clock=site.clock
        )
        for store in stores
    ]
    seen = list[Watched]()
    async with watching(leader) as first:
        task = asyncio.create_task(collect(follower, seen))
        group = fake.add_group()
        await asyncio.sleep(2 * EVERY)
        assert follower.health.standby
    enter(group, "acknowledged", fake)
    await asyncio.sleep(2 * EVERY)
    task.cancel()
    await asyncio.wait([task])
    enter(group, "resolved", fake)
    path = stores[0].path(LOG)
    alone = site.oncall.alert_groups.watch(every=EVERY, checkpoint=path, clock=site.clock)
    async with watching(alone) as last:
        await asyncio.sleep(EVERY)
    assert [reported(each) for each in (first, seen, last)] == [
        "Created",
        "Acknowledged",
        "Resolved",
    ]


async def test_an_old_leader_yields_nothing_more(fake: FakeOnCall, site: Site, link: Link) -> None:
    """Not even the next change of the group whose change it handles at that moment."""
    fake.add_group(state="silenced")
    async with aclosing(cast("Any", aiter(site.watcher(link)))) as first:
        assert isinstance(await anext(first), Created)
        link.break_("held")
        async with watching(site.watcher(Link(site.store))) as second:
            await until(lambda: second)
            with pytest.raises(CheckpointError, match="another replica"):
                await anext(first)
            await asyncio.sleep(EVERY)
    assert reported(second) == "Gap Created Silenced"


async def test_an_old_leader_that_did_not_notice_yields_nothing_more(
    fake: FakeOnCall, site: Site, link: Link
) -> None:
    """As when the code that handles a change blocks the event loop for long."""
    fake.add_group(state="silenced")
    async with aclosing(cast("Any", aiter(site.watcher(link)))) as changes:
        await anext(changes)
        loop()._timeline.seconds += TTL  # no callback runs meanwhile
        with pytest.raises(CheckpointError, match="another replica may take over"):
            await anext(changes)


async def test_an_old_leader_whose_code_is_busy_renews_no_more(
    fake: FakeOnCall, site: Site, link: Link
) -> None:
    """Although it reaches the store again before the lease ends there."""
    fake.add_group()
    async with aclosing(cast("Any", aiter(site.watcher(link)))) as changes:
        await anext(changes)
        await asyncio.sleep(0.1)
        link.break_("cut")
        await asyncio.sleep(0.9 * TTL)
        link.mend()
        async with watching(site.watcher(Link(site.store))) as second:
            await until(lambda: second, TTL)


async def test_a_watcher_that_waits_for_the_store_ends_with_its_lease(
    fake: FakeOnCall, site: Site
) -> None:
    """Whether the store ever replies or not."""
    fake.add_group()
    with pytest.raises(CheckpointError, match="another replica may take over"):
        await collect(site.watcher(HeldOnceItLeads(site.store)), [])
    assert passed() == pytest.approx(0.9 * TTL)


async def test_a_watcher_that_waits_for_a_poll_ends_with_its_lease(site: Site, link: Link) -> None:
    """And not with the next poll."""
    task = asyncio.create_task(collect(site.watcher(link), []))
    await asyncio.sleep(0.1)
    link.break_("cut")
    with pytest.raises(CheckpointError, match="another replica"):
        await task
    assert passed() <= TTL


@pytest.mark.parametrize("pause", [0, 10 * EVERY], ids=["a change", "a gap"])
async def test_nothing_is_yielded_before_the_store_knows(
    fake: FakeOnCall, site: Site, link: Link, pause: float
) -> None:
    """A gap waits for the store as a change does."""
    async with watching(site.watcher(link)):
        await asyncio.sleep(EVERY)
    await asyncio.sleep(pause)
    fake.add_group()
    held = HeldOnceItLeads(site.store)
    watcher, seen = site.watcher(held), list[Watched]()
    task = asyncio.create_task(collect(watcher, seen))
    await asyncio.sleep(EVERY)
    assert (watcher.health.lag, seen) == (timedelta(seconds=EVERY), [])
    held.mend()
    await asyncio.sleep(EVERY)
    task.cancel()
    await asyncio.wait([task])
    assert reported(seen) == ("Gap Created" if pause else "Created")


async def test_the_store_has_what_a_file_would_have(
    fake: FakeOnCall, site: Site, link: Link
) -> None:
    """The whole once, and then what has changed: of each change, that it begins and ends."""
    async with watching(site.watcher(link, existing=False)) as seen:
        group = fake.add_group()
        await asyncio.sleep(2 * EVERY)
        enter(group, "resolved", fake)
        await asyncio.sleep(2 * EVERY)
        known = await stored(site.store)
    assert reported(seen) == "Created Resolved"
    assert known is not None
    assert [(each.id, each.state.value) for each in known.groups] == [(group.id, "resolved")]
    assert [each for each in kinds(link) if each != "polled"] == [
        "format",
        "in_flight",
        "delivered",
        "in_flight",
        "delivered",
    ]
    assert [replaced for _, replaced in link.writes].count(True) == 1


async def test_polls_without_changes_write_a_line_every_ttl(site: Site, link: Link) -> None:
    """So that the next leader reports no gap for them."""
    async with watching(site.watcher(link)):
        link.writes.clear()
        await asyncio.sleep(60)
        wrote = kinds(link)
        known = await stored(site.store)
        assert known is not None
        assert site.clock.now() - known.polled <= timedelta(seconds=TTL + EVERY)
    assert set(wrote) == {"polled"}
    assert 60 / (TTL + EVERY) <= len(wrote) <= 60 / TTL


async def test_the_end_writes_what_is_left(fake: FakeOnCall, site: Site, link: Link) -> None:
    """The next watcher is told nothing twice, and when groups were last read."""
    fake.add_group()
    watcher = site.watcher(link)
    async with watching(watcher) as seen:
        await asyncio.sleep(60.3)
    known = await stored(site.store)
    assert reported(seen) == "Created"
    assert known == watcher.checkpoint
    assert isinstance(await site.store.acquire(LOG, ttl=TTL), Opened)


@pytest.mark.parametrize("moment", range(10))
async def test_an_end_at_any_moment_of_a_write_loses_nothing(
    fake: FakeOnCall, site: Site, link: Link, moment: int
) -> None:
    """A write that was interrupted may not have been made."""
    watcher, seen = site.watcher(link), list[Watched]()
    fake.add_group()
    link.latency = 0.3
    task = asyncio.create_task(collect(watcher, seen))
    await until(lambda: seen)
    await asyncio.sleep(moment / 20)
    task.cancel()
    await asyncio.wait([task])
    assert await stored(site.store) == watcher.checkpoint
    assert isinstance(await site.store.acquire(LOG, ttl=TTL), Opened)


async def test_a_store_that_has_many_lines_is_compacted(
    fake: FakeOnCall, site: Site, link: Link
) -> None:
    """To the whole checkpoint, and nothing is lost by that."""
    async with watching(site.watcher(link)):
        for _ in range(150):
            fake.add_group()
        await asyncio.sleep(3 * EVERY)
        assert len(link.writes) > 100
        assert link.writes[-1][1] or any(replaced for _, replaced in link.writes[1:])
        assert sum(map(len, await site.store.read(LOG))) < 100_000
        known = await stored(site.store)
    assert known is not None
    assert {group.id for group in known.groups} == {*fake.groups}


async def test_lost_replies_neither_lose_nor_double_a_line(
    fake: FakeOnCall, site: Site, link: Link
) -> None:
    """The whole takes the place of all lines, as soon as the store responds again."""
    async with watching(site.watcher(link)) as seen:
        link.break_("deaf")
        later(TTL / 2, link.mend)
        fake.add_group()
        await asyncio.sleep(TTL)
        link.writes.clear()
        fake.add_group()
        await asyncio.sleep(2 * EVERY)
        lines = await site.store.read(LOG)
        known = await stored(site.store)
    assert reported(seen) == "Created Created"
    assert known is not None
    assert known.in_flight == ()
    assert {group.id for group in known.groups} == {*fake.groups}
    assert len(lines) == len({*lines})


async def test_who_is_on_call_is_watched_in_a_store_as_well(
    fake: FakeOnCall, oncall: OnCallClient, site: Site, clock: VirtualClock
) -> None:
    """The next watcher continues where the first one ended."""
    people = [fake.add_user(name) for name in ("ana", "bob")]
    fake.add_schedule(
        "Primary",
        spans=[
            (
                person,
                fake.now() + timedelta(minutes=number),
                fake.now() + timedelta(minutes=number + 1),
            )
            for number, person in enumerate([*people, people[0]])
        ],
    )
    seen = list[Watched]()
    for _ in range(2):
        watcher = oncall.schedules.watch(
            every=EVERY, checkpoint=site.store.checkpoint(NAME), clock=clock
        )
        async with watching(watcher) as found:
            await asyncio.sleep(60)
        seen += found
    came = [change.came for change in seen if isinstance(change, OnCallChanged)]
    assert came == [(people[1].id,), (people[0].id,)]


async def test_a_bulk_run_of_the_same_name_is_apart(
    fake: FakeOnCall, oncall: OnCallClient, site: Site, link: Link
) -> None:
    """One store may have both: neither reads, writes or takes over the other's log."""
    group = fake.add_group()
    bulk = oncall.alert_groups.bulk
    run = bulk.resolve([group.id], journal=site.store, name=NAME)
    async with watching(site.watcher(link)):
        await run
        await asyncio.sleep(TTL)
        assert link.writes
    assert await stored(site.store) is not None
    assert (await bulk.resume(site.store, name=NAME)).finished


@pytest.mark.parametrize("content", [b"{}\n", sealed(b'{"format":1}'), sealed(b'{"polled":1}')])
async def test_what_is_no_checkpoint_is_refused_with_its_name(
    site: Site, link: Link, content: bytes
) -> None:
    """Whoever looks next can have it at once."""
    opened = await site.store.open(LOG)
    await site.store.append(LOG, opened.fence, [content])
    for _ in range(2):
        with pytest.raises(
            CheckpointError, match=r"Checkpoint 'noise' cannot be used: .*Delete 'checkpoint:noise'"
        ):
            await collect(site.watcher(link), [])
    assert passed() == about(0)
    assert [*await site.store.read(LOG)] == [content]


async def test_a_checkpoint_of_another_filter_is_refused(
    fake: FakeOnCall, oncall: OnCallClient, site: Site, link: Link
) -> None:
    """With what to do; the checkpoint stays, and whoever it belongs to can use it at once."""
    async with watching(site.watcher(link)):
        pass
    before = [*await site.store.read(LOG)]
    stranger = oncall.alert_groups.watch(labels=SRE, checkpoint=link.checkpoint())
    with pytest.raises(
        CheckpointError, match=r"with the filter .*Use another name for it"
    ) as caught:
        await collect(stranger, [])
    assert caught.value.path is None
    assert [*await site.store.read(LOG)] == before
    fake.add_group()
    async with watching(site.watcher(link)) as seen:
        pass
    assert reported(seen) == "Created"


async def test_a_loop_that_was_left_is_continued_with_the_same_lease(
    fake: FakeOnCall, site: Site, link: Link
) -> None:
    """And after its end, the next one takes the lease anew."""
    watcher, seen = site.watcher(link), list[Watched]()
    for _ in range(2):
        fake.add_group()
    for _ in range(3):
        async for change in watcher:
            seen.append(change)
            break
    assert reported(seen) == "Created Created Created"
    async with watching(watcher):
        await asyncio.sleep(20 * TTL)
    assert await stored(site.store) == watcher.checkpoint


async def test_a_large_checkpoint_does_not_stop_the_loop_while_it_is_encoded(
    site: Site, link: Link
) -> None:
    """Other tasks run after every 500 groups, and may add lines, which follow it."""
    many = attrs.evolve(
        CHECKPOINT,
        in_flight=(),
        left_filter=(),
        groups=tuple(attrs.evolve(GROUP, id=f"I{number}") for number in range(4000)),
    )
    log = CheckpointLog(link.checkpoint(), lambda: many, lambda _: pytest.fail("It leads."))
    assert await log.lock()
    assert not await log.lock()
    assert await log.load() is None
    assert log.needs_rewrite
    writing = asyncio.create_task(log.rewrite(many))
    turns = 0
    while not writing.done():
        await asyncio.sleep(0)
        turns += 1
        if turns == 5:
            log.append("delivered", Delivery(id="I7", after=None))
    assert turns >= 4000 / 500
    assert not log.needs_rewrite
    assert await stored(site.store) == many
    await log.close()
    assert await stored(site.store) == attrs.evolve(
        many, groups=tuple(group for group in many.groups if group.id != "I7")
    )
