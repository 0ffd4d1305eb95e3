"""Bots whose checkpoint is in a store: one replica leads, the others stand by."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from random import Random

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import CheckpointError, StoreUnavailable
from grafana_oncall.testing import FakeOnCall, MemoryStore, VirtualClock
from tests.support.budget import budget
from tests.support.replicas import (
    EVERY,
    LOG,
    TTL,
    Link,
    Replica,
    Site,
    Trouble,
    replica,
    stored,
    until,
)
from tests.support.virtual_time import about, loop, passed

OWN_END = 0.9 * TTL
"""Seconds without a renewal after which a leader stops by itself."""


@pytest.fixture
def site(oncall: OnCallClient, clock: VirtualClock) -> Site:
    """A store, and bots that share the time with the server."""
    return Site(oncall, clock)


@pytest.fixture
async def pair(site: Site) -> AsyncGenerator[tuple[Replica, Replica]]:
    """A leader, and a replica that stands by; both end with the test."""
    first = replica(site)
    await until(lambda: first.leads)
    second = replica(site)
    await asyncio.sleep(1)
    yield first, second
    for each in (first, second):
        await each.kill()


async def test_one_replica_leads_and_the_others_stand_by(
    fake: FakeOnCall, site: Site, pair: tuple[Replica, Replica], caplog: pytest.LogCaptureFixture
) -> None:
    """For as long as it lives; health and the log say which is which."""
    caplog.set_level(logging.INFO)
    third = replica(site)
    group = fake.add_group()
    await asyncio.sleep(20 * TTL)
    assert [each.bot.health.standby for each in (*pair, third)] == [False, True, True]
    assert [each.bot.health.polled is None for each in (*pair, third)] == [False, True, True]
    assert {call.life for call in site.calls} == {1}
    assert site.handled() == {(group.id, "Created"): 1}
    assert "'noise': another replica leads, and this one stands by" in caplog.text
    await third.terminate()
    assert not third.bot.health.standby


async def test_after_a_crash_another_replica_continues_within_the_ttl(
    fake: FakeOnCall, site: Site, pair: tuple[Replica, Replica]
) -> None:
    """It repeats what was in flight, and nothing else."""
    first, second = pair
    done = fake.add_group()
    await asyncio.sleep(2 * EVERY)
    site.lasting = 100
    slow = fake.add_group()
    await asyncio.sleep(2 * EVERY)
    killing = asyncio.create_task(first.kill())
    took = await until(lambda: second.leads)
    site.lasting = 0
    await killing
    late = fake.add_group()
    await asyncio.sleep(110)
    assert took <= TTL + 0.25
    assert site.handled() == {(each.id, "Created"): 1 for each in (done, slow, late)}
    assert [call.life for call in site.calls if call.group == slow.id] == [1, 2]
    site.assert_one_acts_at_a_time()


async def test_what_was_handled_a_moment_before_a_crash_is_not_repeated(
    fake: FakeOnCall, site: Site, pair: tuple[Replica, Replica]
) -> None:
    """Although nothing happened after it."""
    fake.add_group()
    await until(site.handled)
    await asyncio.sleep(0.15)
    await pair[0].kill()
    await until(lambda: pair[1].leads)
    await asyncio.sleep(2 * EVERY)
    assert set(site.handled().values()) == {1}


async def test_after_a_stop_another_replica_continues_at_once(
    fake: FakeOnCall, site: Site, pair: tuple[Replica, Replica]
) -> None:
    """What was in flight is finished first, however long that takes, and not repeated."""
    first, second = pair
    site.lasting = 3 * TTL
    slow = fake.add_group()
    await asyncio.sleep(2 * EVERY)
    await first.terminate()
    ended = passed()
    assert await until(lambda: second.leads) < 0.5
    site.lasting = 0
    late = fake.add_group()
    await asyncio.sleep(2 * EVERY)
    assert site.handled() == {(each.id, "Created"): 1 for each in (slow, late)}
    assert max(call.ended or 0 for call in site.calls if call.life == 1) <= ended
    site.assert_one_acts_at_a_time()


@pytest.mark.parametrize("trouble", ["cut", "held", "deaf"])
async def test_a_leader_that_cannot_renew_stops_before_another_begins(
    fake: FakeOnCall, site: Site, pair: tuple[Replica, Replica], trouble: Trouble
) -> None:
    """Its handlers are cancelled; once it reaches the store again, it stands by."""
    first, second = pair
    site.lasting = 100
    slow = fake.add_group()
    await asyncio.sleep(2 * EVERY)
    first.link.break_(trouble)
    cut = passed()
    fake.add_group()
    await until(lambda: first.errors)
    assert OWN_END - TTL / 3 <= passed() - cut <= OWN_END
    assert [(call.group, call.ended) for call in site.calls] == [(slow.id, None)]
    before = await stored(site.store)
    site.lasting = 0
    await until(lambda: second.leads, TTL)
    assert "another replica may take over" in str(first.errors[0])
    assert isinstance(first.errors[0].__cause__, StoreUnavailable) == (trouble != "held")
    first.link.mend()
    await asyncio.sleep(10 * EVERY)
    assert first.bot.health.standby
    assert {call.life for call in site.calls if call.ended is not None} == {2}
    assert len(site.handled()) == 2
    assert before is not None
    site.assert_one_acts_at_a_time()


async def test_what_an_old_leader_held_back_never_lands(
    fake: FakeOnCall, site: Site, pair: tuple[Replica, Replica]
) -> None:
    """The store refuses it, also where the writer has not noticed yet."""
    first, second = pair
    first.link.break_("held")
    fake.add_group()
    await until(lambda: second.leads, 2 * TTL)
    await asyncio.sleep(EVERY)
    content = [*await site.store.read(LOG)]
    written = len(first.link.writes)
    first.link.mend()
    await asyncio.sleep(0.1)
    assert [*await site.store.read(LOG)] == content
    assert len(first.link.writes) == written
    assert {call.life for call in site.calls} == {2}


async def test_a_leader_that_another_has_replaced_says_so(
    fake: FakeOnCall, site: Site, pair: tuple[Replica, Replica]
) -> None:
    """As when its clock stood still: the store tells it at the next renewal."""
    first, _ = pair
    site.lasting = 100
    fake.add_group()
    await asyncio.sleep(2 * EVERY)
    await site.store.release(LOG, 1)  # in the place of a clock that is far ahead
    await site.store.acquire(LOG, ttl=60)
    await until(lambda: first.errors, TTL / 3 + 0.1)
    assert "another replica has taken over" in str(first.errors[0])
    assert [call.ended for call in site.calls] == [None]


class Lenient(Link):
    """Says that every renewal was granted."""

    async def renew(self, name: str, fence: int, *, ttl: float) -> bool:
        """Ask nobody."""
        del name, fence, ttl
        return True


async def test_a_leader_that_another_has_replaced_begins_nothing(
    fake: FakeOnCall, site: Site
) -> None:
    """Even where it believes that its lease was renewed: the store refuses what comes first."""
    bot = site.bot(Lenient(site.store))
    running = asyncio.create_task(bot.run(signals=()))
    await asyncio.sleep(EVERY / 2)
    await site.store.release(LOG, 1)
    await site.store.acquire(LOG, ttl=60)
    fake.add_group()
    with pytest.raises(CheckpointError, match="another replica has taken over"):
        await running
    assert (site.calls, passed()) == ([], EVERY)


async def test_a_stop_while_the_store_is_written_begins_nothing(
    fake: FakeOnCall, site: Site
) -> None:
    """The next bot does it."""
    link = Link(site.store)
    bot = site.bot(link)
    running = asyncio.create_task(bot.run(signals=()))
    await asyncio.sleep(EVERY / 2)
    group = fake.add_group()
    link.latency = 1
    await until(lambda: bot.health.busy)
    bot.stop()
    await running
    assert site.calls == []
    following = replica(site)
    await asyncio.sleep(EVERY)
    await following.terminate()
    assert site.handled() == {(group.id, "Created"): 1}


async def test_after_a_pause_of_its_process_a_leader_begins_nothing(
    fake: FakeOnCall, site: Site, pair: tuple[Replica, Replica]
) -> None:
    """Not even the next change of a group whose handler ends when it wakes up."""
    site.lasting = 1
    fake.add_group(state="silenced")
    await until(lambda: pair[0].bot.health.busy)
    await asyncio.sleep(0.5)
    loop()._timeline.seconds += 2 * TTL  # no callback runs meanwhile
    woken = passed()
    await until(lambda: pair[0].errors)
    assert [call.kind for call in site.calls if call.life == 1] == ["Created"]
    await until(lambda: len(site.handled()) == 2)
    assert all(call.life > 2 or call.began >= woken for call in site.calls[1:])
    site.assert_one_acts_at_a_time()


@pytest.mark.parametrize("trouble", ["cut", "held", "deaf"])
async def test_a_store_that_is_back_before_the_lease_ends_is_waited_for(
    fake: FakeOnCall, site: Site, pair: tuple[Replica, Replica], trouble: Trouble
) -> None:
    """No handler begins meanwhile, those that run go on, and nothing is repeated."""
    first, second = pair
    site.lasting = 2.5
    running = fake.add_group()
    await asyncio.sleep(EVERY + 0.1)
    first.link.break_(trouble)
    cut = passed()
    waiting = fake.add_group()
    await asyncio.sleep(2.7)
    assert site.handled() == {(running.id, "Created"): 1}
    first.link.mend()
    mended = passed()
    await asyncio.sleep(10 * EVERY)
    assert not first.errors
    assert second.bot.health.standby
    assert site.handled() == {(each.id, "Created"): 1 for each in (running, waiting)}
    assert [call.began >= mended for call in site.calls] == [False, True]
    assert cut < mended
    assert await stored(site.store) is not None
    await first.terminate()
    await until(lambda: second.leads)
    await asyncio.sleep(3 * EVERY)
    assert set(site.handled().values()) == {1}


async def test_a_store_that_has_lost_everything_ends_the_leader(
    fake: FakeOnCall, site: Site, pair: tuple[Replica, Replica]
) -> None:
    """The next leader starts anew, as without a checkpoint."""
    group = fake.add_group()
    await asyncio.sleep(2 * EVERY)
    await site.store.delete(LOG)
    await until(lambda: pair[0].errors, TTL)
    await asyncio.sleep(3 * EVERY)
    assert site.handled() == {(group.id, "Created"): 2}
    site.assert_one_acts_at_a_time()


async def test_a_replica_that_stands_by_waits_for_its_store(
    fake: FakeOnCall, site: Site, pair: tuple[Replica, Replica], caplog: pytest.LogCaptureFixture
) -> None:
    """However long that takes, with one line in the log; then it leads where nobody else does."""
    first, second = pair
    for each in pair:
        each.link.break_("cut")
    killing = asyncio.create_task(first.kill())
    group = fake.add_group()
    await asyncio.sleep(100 * TTL)
    await killing
    assert (second.errors, second.bot.health.standby) == ([], True)
    assert caplog.text.count("does not respond, and is asked again") <= 2
    second.link.mend()
    await until(site.handled, EVERY)
    assert site.handled() == {(group.id, "Created"): 1}


async def test_a_store_that_does_not_respond_at_the_start_is_an_error(site: Site) -> None:
    """Its address may be wrong."""
    link = Link(site.store)
    link.break_("cut")
    with pytest.raises(StoreUnavailable, match="cut"):
        await site.bot(link).run(signals=())


async def test_a_bot_that_stands_by_can_be_stopped(pair: tuple[Replica, Replica]) -> None:
    """At once, without an error."""
    began = passed()
    await pair[1].terminate()
    assert passed() - began == about(0)
    assert pair[0].leads


async def test_a_bot_whose_store_fails_at_the_end_says_so(
    fake: FakeOnCall, site: Site, pair: tuple[Replica, Replica]
) -> None:
    """What it has handled last is handled again."""
    first, second = pair
    site.lasting = 1
    group = fake.add_group()
    await until(lambda: first.bot.health.busy)
    first.link.break_("cut")
    began = passed()
    first.bot.stop()
    await until(lambda: first.errors)
    assert passed() - began <= OWN_END
    assert "delivered again by the next replica" in str(first.errors[0])
    await until(lambda: second.leads)
    await asyncio.sleep(2 * EVERY)
    assert site.handled() == {(group.id, "Created"): 2}
    site.assert_one_acts_at_a_time()


async def test_the_changes_of_several_groups_are_noted_in_one_write(
    fake: FakeOnCall, site: Site
) -> None:
    """Before the first of their handlers begins."""
    link = Link(site.store)
    link.latency = 0.05
    bot = site.bot(link)
    running = asyncio.create_task(bot.run(signals=()))
    await asyncio.sleep(EVERY / 2)
    for _ in range(8):
        fake.add_group()
    link.writes.clear()
    await asyncio.sleep(EVERY)
    bot.stop()
    await running
    writes = [sum(b'"in_flight"' in line for line in lines) for lines, _ in link.writes]
    assert max(writes) >= 7
    assert sum(writes) == 8
    assert len(site.handled()) == 8


async def test_a_buggy_store_ends_the_bot(fake: FakeOnCall, site: Site) -> None:
    """With its error as the cause, and no handler is called."""

    class Buggy(MemoryStore):
        async def append(self, *_: object, **__: object) -> bool:
            raise ZeroDivisionError

    site.store = Buggy()
    fake.add_group()
    with pytest.raises(CheckpointError, match="the store failed: ZeroDivisionError") as caught:
        await site.bot(Link(site.store)).run(signals=())
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert site.calls == []


@pytest.mark.parametrize("seed", range(budget(6, hunt=300)))
async def test_whatever_happens_to_replicas_nothing_is_lost(
    fake: FakeOnCall, site: Site, seed: int
) -> None:
    """They crash, stop, and are cut off; only what was handled just then is handled again."""
    random = Random(seed)  # noqa: S311  # no secret
    replicas = [replica(site) for _ in range(3)]
    groups = list[str]()
    for _ in range(60):
        groups.append(fake.add_group().id)
        site.lasting = random.choice([0, 0.3, 2])
        await asyncio.sleep(random.random() * 2)
        place = random.randrange(3)
        match random.randrange(8):
            case 0:
                crash = asyncio.create_task(replicas[place].kill())
                replicas[place] = replica(site)
                await asyncio.sleep(random.random() * TTL)
                await crash
            case 1:
                await replicas[place].terminate()
                replicas[place] = replica(site)
            case 2:
                replicas[place].link.break_(random.choice(["cut", "held", "deaf"]))
            case _:
                for each in replicas:
                    if each.link.trouble and random.random() < 0.5:
                        each.link.mend()
    for each in replicas:
        each.link.mend()
    site.lasting = 0
    await until(lambda: {group for group, _ in site.handled()} >= {*groups})
    await asyncio.sleep(3 * TTL)
    site.assert_one_acts_at_a_time()
    assert max(site.repeated(), default=0) <= TTL
    for each in replicas:
        await each.kill()
