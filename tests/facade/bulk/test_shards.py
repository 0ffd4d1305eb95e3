"""Bulk runs in parts, which workers of any engine do, perhaps twice, perhaps at once."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall import FOREVER, OnCallClient
from grafana_oncall.bulk import Bulk, BulkRun, Shard, collect, in_turn
from grafana_oncall.errors import ClientStateError, InvalidArgument, JournalError
from grafana_oncall.testing import FakeOnCall, MemoryStore
from tests.support.bulk_stories import SECOND, add, connect, counted, cut, ids, written
from tests.support.stores import KINDS, Store, store_without_server

HOUR = timedelta(hours=1)

store = pytest.fixture(params=KINDS)(store_without_server)


def acted_on(fake: FakeOnCall) -> Counter[str]:
    """How often each group was acted on, by id."""
    return Counter(path.split("/")[-3] for path in written(fake))


async def test_a_selection_is_divided_and_nothing_is_written(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """In its order, each group once; the query is read and checked as always."""
    groups = add(fake, 25, labels={"team": "SRE"})
    add(fake, 5)
    query = oncall.alert_groups.list(labels={"team": "SRE"})
    run = oncall.alert_groups.bulk.silence(query, HOUR)
    shards = await run.shards(10)
    assert [len(shard) for shard in shards] == [10, 10, 5]
    assert [group_id for shard in shards for group_id in shard.ids] == ids(groups)
    assert {shard.action for shard in shards} == {"silence"}
    assert len({shard.id for shard in shards}) == 3
    assert not written(fake)
    with pytest.raises(ClientStateError, match="awaited once"):
        await run


async def test_shards_survive_a_queue(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """As JSON, which has no token, and is as short as ids allow."""
    shards = await oncall.alert_groups.bulk.resolve(ids(add(fake, 200))).shards()
    (text,) = [shard.to_json() for shard in shards]
    assert [Shard.from_json(text), Shard.from_json(text.encode())] == shards * 2
    assert fake.token not in text
    assert len(text) < 200 * 20 + 300


async def test_workers_do_all_shards_and_one_report_tells(
    fake: FakeOnCall, oncall: OnCallClient, store: Store
) -> None:
    """At any time, whether any worker has begun or not."""
    groups = add(fake, 30)
    shards = await oncall.alert_groups.bulk.silence(ids(groups), HOUR).shards(10)
    before = await collect(shards, journal=store)
    assert counted(before) == {"not_attempted": 30}
    assert not before.finished
    bulk = connect(fake).alert_groups.bulk
    await bulk.run(shards[0], journal=store)
    between = await collect(shards, journal=store)
    assert counted(between) == {"changed": 10, "not_attempted": 20}
    assert not between.finished
    for shard in shards[1:]:
        await bulk.run(Shard.from_json(shard.to_json()), journal=store)
    report = await collect(shards, journal=store)
    assert counted(report) == {"changed": 30}
    assert ids(report.outcomes) == ids(groups)
    assert report.ok
    assert report.finished


async def test_a_shard_that_is_delivered_again_repeats_nothing(
    fake: FakeOnCall, oncall: OnCallClient, store: Store
) -> None:
    """Not even a silence, which a repeat would prolong."""
    groups = add(fake, 10)
    (shard,) = await oncall.alert_groups.bulk.silence(ids(groups), HOUR).shards()
    bulk = oncall.alert_groups.bulk
    first = await bulk.run(shard, journal=store)
    again = await bulk.run(shard, journal=store)
    assert counted(first) == counted(again) == {"changed": 10}
    assert set(acted_on(fake).values()) == {1}


async def test_of_two_workers_at_once_one_does_it(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """The first one ends at its next group, whenever the second one comes."""
    for delay in (0.5, 1.5, 2.5, 3.5):
        groups, store = add(fake, 10), MemoryStore()
        fake.latency = SECOND
        bulk = oncall.alert_groups.bulk
        (shard,) = await bulk.silence(ids(groups), HOUR).shards()
        fake.calls.clear()
        first = asyncio.create_task(bulk.run(shard, journal=store, max_at_once=2).wait())
        await asyncio.sleep(delay)
        second = await bulk.run(shard, journal=store, max_at_once=2)
        with pytest.raises(JournalError) as caught:
            await first
        assert caught.value.reason == "taken_over"
        assert set(acted_on(fake).values()) == {1}
        assert acted_on(fake).keys() == {*ids(groups)}
        assert second.finished
        assert sum((await collect([shard], journal=store)).counts.values()) == 10


async def test_a_killed_worker_leaves_its_shard_to_another(
    fake: FakeOnCall, oncall: OnCallClient, store: Store
) -> None:
    """What was in flight is looked at, and not repeated."""
    groups = add(fake, 10)
    fake.latency = SECOND
    bulk = oncall.alert_groups.bulk
    (shard,) = await bulk.acknowledge(ids(groups)).shards()
    await cut(bulk.run(shard, journal=store, max_at_once=3), 1.5)
    report = await bulk.run(shard, journal=store)
    assert {group.state for group in groups} == {"acknowledged"}
    assert set(acted_on(fake).values()) == {1}
    assert report.ok


async def test_without_a_journal_a_shard_is_simply_done(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Harmless for all actions but a silence, if it is delivered again."""
    groups = add(fake, 3)
    (shard,) = await oncall.alert_groups.bulk.resolve(ids(groups)).shards()
    assert counted(await oncall.alert_groups.bulk.run(shard)) == {"changed": 3}
    assert counted(await oncall.alert_groups.bulk.run(shard)) == {"already": 3}


async def test_a_shard_is_for_its_own_server(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """On another one, its ids would be other groups, or none."""
    (shard,) = await oncall.alert_groups.bulk.resolve(ids(add(fake, 1))).shards()
    other = OnCallClient(url="https://other.test", token="t", transport=fake.transport())
    with pytest.raises(InvalidArgument, match=r"oncall\.example.*other\.test"):
        other.alert_groups.bulk.run(shard)


@pytest.mark.parametrize("option", ["converge", "dry_run", "journal"])
async def test_some_runs_cannot_be_divided(
    oncall: OnCallClient, tmp_path: Path, option: str
) -> None:
    """They repeat their query, send nothing, or have a journal for all."""
    query = oncall.alert_groups.list(state="new")
    options: dict[str, Any] = {option: tmp_path / "j" if option == "journal" else True}
    run = oncall.alert_groups.bulk.resolve(query, **options)
    with pytest.raises(InvalidArgument, match="cannot be divided"):
        await run.shards()
    await run


async def test_shards_take_a_size_of_one_at_least(oncall: OnCallClient) -> None:
    """And nothing was read yet."""
    run = oncall.alert_groups.bulk.resolve(["I1"])
    with pytest.raises(InvalidArgument, match="size=0"):
        await run.shards(0)
    assert [shard.ids for shard in await run.shards(1)] == [("I1",)]


async def test_a_name_gives_shards_the_same_ids_again(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """So a program that crashed while it enqueued them may start again."""
    groups = add(fake, 4)
    bulk = oncall.alert_groups.bulk
    first = await bulk.resolve(ids(groups), name="nightly").shards(2)
    assert await bulk.resolve(ids(groups), name="nightly").shards(2) == first
    assert await bulk.resolve(ids(groups)).shards(2) != first


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "nonsense",
        b"\xff",
        '{"shard": 2}',
        json.dumps({"shard": 1, "id": "x", "server": "s", "grafana_url": None, "ids": ["../x"]}),
    ],
)
def test_what_is_no_shard_is_refused(text: str | bytes) -> None:
    """Whatever came through the queue."""
    with pytest.raises(InvalidArgument, match="is no shard"):
        Shard.from_json(text)


async def test_a_shard_with_an_unknown_action_is_refused(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """As from a newer release, or from somebody who plays."""
    (shard,) = await oncall.alert_groups.bulk.resolve(ids(add(fake, 1))).shards()
    for action in ({"name": "explode"}, {"name": "silence"}, {"name": "resolve", "more": 1}, {}):
        text = json.dumps({**json.loads(shard.to_json()), "action": action})
        with pytest.raises(InvalidArgument, match="is no shard"):
            Shard.from_json(text)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), unique=True))
def test_servers_take_turns(drawn: list[tuple[str, int]]) -> None:
    """All shards are there, a server's own in order, and none is served twice in a round."""
    shards = [
        Shard(id=f"{server}{number}", server=server, ids=("I1",), arguments={"name": "resolve"})
        for server, number in drawn
    ]
    turned = in_turn(shards)
    assert Counter(shard.id for shard in turned) == Counter(shard.id for shard in shards)
    for server in "abc":
        own = [shard for shard in shards if shard.server == server]
        assert [shard for shard in turned if shard.server == server] == own
    seen: Counter[str] = Counter()
    for shard in turned:
        seen[shard.server] += 1
        left = Counter(each.server for each in shards) - seen
        assert seen[shard.server] <= 1 + min((seen[each] for each in left), default=len(shards))


@pytest.mark.parametrize(
    "make",
    [
        lambda bulk, group: bulk.acknowledge(group),
        lambda bulk, group: bulk.unacknowledge(group),
        lambda bulk, group: bulk.resolve(group),
        lambda bulk, group: bulk.unresolve(group),
        lambda bulk, group: bulk.silence(group, HOUR),
        lambda bulk, group: bulk.silence(group, FOREVER),
        lambda bulk, group: bulk.unsilence(group),
        lambda bulk, group: bulk.delete(group, mode="delete", wait=5),
        lambda bulk, group: bulk.add_labels(group, {"team": "SRE", "tier": "a"}),
        lambda bulk, group: bulk.remove_labels(group, ["team:SRE"]),
    ],
)
async def test_every_action_goes_through_a_queue(
    fake: FakeOnCall, oncall: OnCallClient, make: Callable[[Bulk, list[str]], BulkRun]
) -> None:
    """As it is, and with all of its arguments."""
    run = make(oncall.alert_groups.bulk, ids(add(fake, 1)))
    (shard,) = await run.shards()
    received = Shard.from_json(shard.to_json())
    assert received.header == shard.header
    assert received.action == shard.action
    await oncall.alert_groups.bulk.run(received, journal=MemoryStore())
    again = await oncall.alert_groups.bulk.run(shard, journal=MemoryStore())
    assert len(again.outcomes) == 1
