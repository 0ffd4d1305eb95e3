"""Watching the fake in virtual time: what is told, once, whatever moves meanwhile."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, cast

import attrs
import httpx
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall._checkpoint import Checkpoint
from grafana_oncall._watch import Watcher
from grafana_oncall.changes import Change, Created, Gap, Snapshot, Watched
from grafana_oncall.errors import InvalidArgument
from grafana_oncall.testing import FakeAlertGroup, FakeOnCall, FakeRequest, Fault, VirtualClock
from tests.facade.samples import BASE

EVERY = 15.0
SRE = {"team": "SRE"}
STATES: Any = ["firing", "acknowledged", "resolved", "silenced"]


@pytest.fixture
def watch(oncall: OnCallClient, clock: VirtualClock) -> Callable[..., Watcher]:
    """Watchers that share the time with the server."""
    return lambda **options: oncall.alert_groups.watch(clock=clock, **options)


async def collect(watcher: Watcher, seen: list[Watched]) -> None:
    """Takes all that is told."""
    async for one in watcher:
        seen.append(one)  # noqa: PERF401  # it is looked at meanwhile


@asynccontextmanager
async def watching(watcher: Watcher) -> AsyncGenerator[list[Watched]]:
    """What it tells, after its first poll."""
    seen: list[Watched] = []
    task = asyncio.create_task(collect(watcher, seen))
    try:
        await asyncio.sleep(EVERY / 3)
        yield seen
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def polls(number: float = 1) -> None:
    """Lets so many polls happen."""
    await asyncio.sleep(number * EVERY)


def told(seen: Sequence[Watched], group: FakeAlertGroup | None = None) -> str:
    """The names of the changes, of all groups or of one."""
    return " ".join(
        type(one).__name__
        for one in seen
        if group is None or (isinstance(one, Change) and one.id == group.id)
    )


def add(fake: FakeOnCall, number: int, apart: float = 1.0, **fields: Any) -> list[FakeAlertGroup]:
    """So many groups, the newest first, which began so many seconds apart."""
    began = fake.now() - timedelta(minutes=10)
    return [
        fake.add_group(started_at=began - timedelta(seconds=one * apart), **fields)
        for one in range(number)
    ]


def enter(group: FakeAlertGroup, state: str, fake: FakeOnCall) -> None:
    """Another actor brings the group into a state."""
    group.acknowledged_at = fake.now() if state == "acknowledged" else None
    group.resolved_at = fake.now() if state == "resolved" else None
    group.silenced_at = fake.now() if state == "silenced" else None
    group.silenced_until = None


def meanwhile(fake: FakeOnCall, act: Callable[[int], None]) -> None:
    """Another actor, who acts before each request that is served, and is given its number."""
    numbers = iter(range(10**6))

    def choose(_request: FakeRequest, _operation: str | None) -> Fault | None:
        act(next(numbers))
        return None

    fake.faults.choose(choose)


# What is told


@attrs.frozen
class Deed:
    """What somebody does to a group, and what is told of it."""

    state: Any
    act: Callable[[OnCallClient, FakeOnCall, FakeAlertGroup], Awaitable[Any]]
    expected: str


async def add_alert(_: OnCallClient, __: FakeOnCall, group: FakeAlertGroup) -> None:
    """One alert more."""
    group.alerts_count += 1


async def label(client: OnCallClient, fake: FakeOnCall, group: FakeAlertGroup) -> None:
    """One label more."""
    fake.add_label("env", "prod")
    await client.alert_groups.add_label(group.id, "env", "prod")


async def silence_shortly(client: OnCallClient, fake: FakeOnCall, group: FakeAlertGroup) -> None:
    """A silence that is over before anybody looks, and an alert."""
    await client.alert_groups.silence(group.id, 1)
    await asyncio.sleep(2)
    await add_alert(client, fake, group)


DEEDS = {
    "acknowledge": Deed("firing", lambda c, _, g: c.alert_groups.acknowledge(g.id), "Acknowledged"),
    "unacknowledge": Deed(
        "acknowledged", lambda c, _, g: c.alert_groups.unacknowledge(g.id), "Unacknowledged"
    ),
    "resolve": Deed("firing", lambda c, _, g: c.alert_groups.resolve(g.id), "Resolved"),
    "resolve a silenced one": Deed(
        "silenced", lambda c, _, g: c.alert_groups.resolve(g.id), "Resolved"
    ),
    "unresolve": Deed("resolved", lambda c, _, g: c.alert_groups.unresolve(g.id), "Unresolved"),
    "silence": Deed("firing", lambda c, _, g: c.alert_groups.silence(g.id, 3600), "Silenced"),
    "unsilence": Deed("silenced", lambda c, _, g: c.alert_groups.unsilence(g.id), "Unsilenced"),
    "acknowledge a silenced one": Deed(
        "silenced", lambda c, _, g: c.alert_groups.acknowledge(g.id), "Unsilenced Acknowledged"
    ),
    "add an alert": Deed("firing", add_alert, "AlertsAdded"),
    "add an alert to a resolved one": Deed("resolved", add_alert, "AlertsAdded"),
    "label": Deed("acknowledged", label, "LabelsChanged"),
    "label a resolved one": Deed("resolved", label, "LabelsChanged"),
    "delete": Deed("firing", lambda c, _, g: c.alert_groups.delete(g.id, mode="delete"), "Deleted"),
    "delete a resolved one": Deed(
        "resolved", lambda c, _, g: c.alert_groups.delete(g.id, mode="delete"), "Deleted"
    ),
    "wipe": Deed("firing", lambda c, _, g: c.alert_groups.delete(g.id, mode="wipe"), "Resolved"),
    "silence shortly": Deed("firing", silence_shortly, "AlertsAdded"),
}


@pytest.mark.parametrize("deed", [pytest.param(deed, id=name) for name, deed in DEEDS.items()])
async def test_what_is_done_to_a_group_is_told_once_with_both_looks(
    fake: FakeOnCall, oncall: OnCallClient, watch: Callable[..., Watcher], deed: Deed
) -> None:
    """And nothing of its neighbours."""
    groups = [fake.add_group(state=deed.state, labels=SRE) for _ in range(3)]
    snapshot = Snapshot.of(await oncall.alert_groups.get(groups[1].id))
    async with watching(watch()) as seen:
        await polls(3)
        await deed.act(oncall, fake, groups[1])
        await polls(20)
    assert told(seen) == told(seen, groups[1]) == deed.expected
    after = None if deed.expected == "Deleted" else await oncall.alert_groups.get(groups[1].id)
    assert all(isinstance(one, Change) and one.before == snapshot for one in seen)
    assert all(isinstance(one, Change) and one.after == after for one in seen)


@pytest.mark.parametrize("state", STATES)
async def test_a_new_group_is_told_with_the_state_it_is_in(
    fake: FakeOnCall, watch: Callable[..., Watcher], state: Any
) -> None:
    """At the next poll."""
    fake.add_group()
    async with watching(watch()) as seen:
        group = fake.add_group(state=state)
        await polls()
        [created, *entered] = seen
        assert isinstance(created, Created)
        assert (created.id, created.before, created.after.state) == (group.id, None, state)
        expected = "" if state == "firing" else state.capitalize()
        assert told(entered, group) == told(entered) == expected
        await polls(20)
        assert len(seen) == 1 + len(entered)


async def test_a_group_of_an_empty_server_is_told(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """The first there ever was, and then no more."""
    async with watching(watch()) as seen:
        group = fake.add_group()
        await polls()
        del fake.groups[group.id]
        await polls()
    assert told(seen) == "Created Deleted"


async def test_what_an_expired_silence_does_is_told(
    fake: FakeOnCall, oncall: OnCallClient, watch: Callable[..., Watcher]
) -> None:
    """Nobody acts then."""
    group = fake.add_group()
    async with watching(watch()) as seen:
        await oncall.alert_groups.silence(group.id, 60)
        await polls(1)
        assert told(seen) == "Silenced"
        await polls(5)
    assert told(seen) == "Silenced Unsilenced"


async def test_groups_are_told_in_the_order_in_which_they_began(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """The oldest first, although the list has the newest first."""
    async with watching(watch()) as seen:
        groups = add(fake, 5)
        await polls()
    ids = [one.id for one in seen if isinstance(one, Change)]
    assert ids == [group.id for group in reversed(groups)]


async def test_over_hundreds_of_polls_nothing_is_told_twice(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Of 30 groups in all states, half of which change once."""
    fake._world.page_size = 7
    groups = [one for state in STATES for one in add(fake, 8, state=state)]
    async with watching(watch()) as seen:
        await polls(100)
        assert seen == []
        for group in groups[::2]:
            group.alerts_count += 1
        await polls(300)
        assert Counter(map(type, seen)) == {type(seen[0]): 16}
        assert {one.id for one in seen if isinstance(one, Change)} == {
            group.id for group in groups[::2]
        }


async def test_groups_that_are_there_are_told_when_asked_for(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Each once."""
    for state in STATES:
        fake.add_group(state=state)
    async with watching(watch(existing=True)) as seen:
        await polls(20)
    assert told(seen) == "Created Created Acknowledged Created Resolved Created Silenced"


async def test_groups_beyond_the_horizon_are_not_watched(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Those that cross it are forgotten, and not taken for deleted."""
    groups = add(fake, 3, apart=3600)
    watcher = watch(horizon=timedelta(hours=2), existing=True)
    async with watching(watcher) as seen:
        assert told(seen) == "Created Created"
        await polls(4 * 60)
        for group in groups:
            enter(group, "acknowledged", fake)
        await polls(4)
        assert told(seen) == "Created Created Acknowledged"
        await polls(4 * 60)
        assert (told(seen), watcher.health.watched) == ("Created Created Acknowledged", 0)


async def test_resolved_groups_beyond_the_horizon_are_forgotten(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Without a word."""
    add(fake, 3, state="resolved")
    watcher = watch(horizon=timedelta(hours=1))
    async with watching(watcher) as seen:
        assert watcher.health.watched == 3
        await polls(4 * 60)
        assert (seen, watcher.health.watched) == ([], 0)


class Deaf(httpx.AsyncBaseTransport):
    """A proxy that drops all filters but the time."""

    def __init__(self, fake: FakeOnCall) -> None:
        self._inner = fake.transport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Sends it on."""
        for name in ("label", "state"):
            request.url = request.url.copy_remove_param(name)
        return await self._inner.handle_async_request(request)


async def test_what_a_server_lists_outside_the_filter_is_not_told(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """It ignores the filter; groups inside it are told all the same."""
    inside, outside = fake.add_group(labels=SRE), fake.add_group()
    async with (
        OnCallClient(url=BASE, token=fake.token, transport=Deaf(fake)) as client,
        watching(client.alert_groups.watch(clock=clock, labels=SRE, existing=True)) as seen,
    ):
        assert told(seen) == told(seen, inside) == "Created"
        enter(outside, "resolved", fake)
        fake.add_group()
        inside.labels.clear()
        await polls(5)
    assert told(seen) == told(seen, inside) == "Created LabelsChanged"


# What moves meanwhile


@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("state", STATES)
async def test_a_group_that_is_created_during_a_poll_is_told_once(
    fake: FakeOnCall, watch: Callable[..., Watcher], state: Any, number: int
) -> None:
    """Before any of its requests."""
    add(fake, 7, state="firing")
    fake._world.page_size = 3
    async with watching(watch()) as seen:
        created: list[FakeAlertGroup] = []
        meanwhile(
            fake, lambda one: created.append(fake.add_group(state=state)) if one == number else None
        )
        await polls(2)
        assert len(created) == 1
        names = told(seen)
        assert names.split()[0] == "Created"
        await polls(20)
        assert told(seen, created[0]) == told(seen) == names


@pytest.mark.parametrize("state", ["firing", "resolved"])
@pytest.mark.parametrize("late", [1, 30, 240, 299])
async def test_a_late_group_is_told_at_the_next_poll(
    fake: FakeOnCall, watch: Callable[..., Watcher], state: Any, late: int
) -> None:
    """It began before others that are known, and appears after them."""
    add(fake, 60)
    fake._world.page_size = 10
    fake.add_group()
    async with watching(watch()) as seen:
        await polls(2)  # so the page that comes round is another one
        fake.add_group()
        await polls(1)
        seen.clear()
        began = fake.now() - timedelta(seconds=late)
        group = fake.add_group(started_at=began, state=state)
        await polls(1)
        names = told(seen, group)
        assert names == told(seen) == ("Created" if state == "firing" else "Created Resolved")
        await polls(30)
        assert told(seen) == names


async def test_a_very_late_group_is_told_at_the_next_poll_while_it_is_open(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """And as soon as its page comes round when it is not."""
    add(fake, 120, apart=60)
    async with watching(watch()) as seen:
        began = fake.now() - timedelta(minutes=55, seconds=7)
        group = fake.add_group(started_at=began)
        resolved = fake.add_group(started_at=began, state="resolved")
        await polls(1)
        assert told(seen, group) == "Created"
        await polls(4)
    assert (told(seen, group), told(seen, resolved)) == ("Created", "Created Resolved")


@pytest.mark.parametrize("state", STATES)
async def test_a_group_that_leaves_the_filter_is_told_as_it_is(
    fake: FakeOnCall, watch: Callable[..., Watcher], state: Any
) -> None:
    """It lost the label: that is told once, and later nothing."""
    group, *_ = add(fake, 3, labels=SRE, state=state)
    async with watching(watch(labels=SRE)) as seen:
        group.labels.clear()
        await polls(3)
        [left] = seen
        assert told(seen, group) == "LabelsChanged"
        assert isinstance(left, Change)
        assert left.before is not None
        assert left.after is not None
        assert (left.before.labels, left.after.labels) == ((("team", "SRE"),), [])
        enter(group, "acknowledged" if state == "firing" else "firing", fake)
        await polls(20)
    assert len(seen) == 1


async def test_what_a_group_became_as_it_left_the_filter_is_told(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Its integration went to another team, and it was resolved."""
    sre, other = fake.add_team("SRE"), fake.add_team("Other")
    source = fake.add_integration(team_id=sre)
    groups = add(fake, 3, integration=source)
    async with watching(watch(team_id=sre)) as seen:
        await polls(1)
        source.team_id = other
        enter(groups[0], "resolved", fake)
        groups[1].alerts_count += 1
        await polls(20)
    assert told(seen, groups[0]) == "Resolved"
    assert told(seen, groups[1]) == "AlertsAdded"
    assert len(seen) == 2
    assert all(isinstance(one, Change) and one.after for one in seen)


async def test_a_group_that_enters_the_filter_is_told_as_created(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """It was not seen before, however old it is; others never are."""
    group, *_ = add(fake, 3, apart=3600)
    async with watching(watch(labels=SRE)) as seen:
        await polls(3)
        group.labels.append(("team", "SRE"))
        await polls(20)
    assert told(seen) == told(seen, group) == "Created"


@pytest.mark.parametrize("number", range(8))
async def test_what_is_done_between_two_requests_of_a_poll_is_told_once(
    fake: FakeOnCall, watch: Callable[..., Watcher], number: int
) -> None:
    """Groups change state between the lists of states, and the pages move."""
    fake._world.page_size = 2
    groups = add(fake, 8, state="firing")
    async with watching(watch()) as seen:

        def act(one: int) -> None:
            if one == number:
                enter(groups[0], "acknowledged", fake)
                enter(groups[3], "resolved", fake)
                del fake.groups[groups[5].id]

        meanwhile(fake, act)
        await polls(12)
    assert told(seen, groups[0]) == "Acknowledged"
    assert told(seen, groups[3]) == "Resolved"
    assert told(seen, groups[5]) == "Deleted"
    assert len(seen) == 3


async def test_lists_that_move_all_the_time_lead_to_nothing_false(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Before every request a group is created, and an older one is resolved or deleted."""
    fake._world.page_size = 3
    groups = add(fake, 12)
    async with watching(watch()) as seen:
        moves = iter(range(40))

        def act(_: int) -> None:
            number = next(moves, None)
            if number is None:
                return
            groups.append(fake.add_group())
            if number % 2:
                enter(groups[number], "resolved", fake)
            else:
                fake.groups.pop(groups[number].id, None)

        meanwhile(fake, act)
        await polls(60)
    for number, group in enumerate(groups):
        names = told(seen, group).split()
        expected = ["Created"] if number >= 12 else []
        if number < 40:
            expected.append(["Deleted", "Resolved"][number % 2])
        # Those that were created and deleted between two looks were never seen.
        assert names == expected or (not names and number % 2 == 0 and 12 <= number < 40)
    assert len(groups) == 52


async def test_more_groups_in_a_second_than_on_a_page_are_all_told(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Those that are there, those that come, and what becomes of them when they are resolved."""
    fake._world.page_size = 5
    for state in ("firing", "resolved"):
        add(fake, 23, apart=0.01, state=state)
    async with watching(watch()) as seen:
        assert seen == []
        groups = [
            fake.add_group(started_at=fake.now() + timedelta(milliseconds=one), state="resolved")
            for one in range(37)
        ]
        await polls(30)
        assert Counter(told(seen).split()) == {"Created": 37, "Resolved": 37}
        for group in groups[::2]:
            del fake.groups[group.id]
        await polls(60)
        assert Counter(told(seen).split())["Deleted"] == 19
        assert len(seen) == 37 + 37 + 19


# Restarts


async def first(watcher: Watcher, number: int) -> list[Watched]:
    """So many changes; the last one is not told to its end."""
    seen: list[Watched] = []
    stream = aiter(watcher)
    while len(seen) < number:
        seen.append(await anext(stream))
    return seen


@pytest.mark.parametrize("kind", ["value", "JSON", "file", "name of a file"])
async def test_the_next_watcher_tells_what_was_under_way_and_the_rest(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path, kind: str
) -> None:
    """And not what was told."""
    path = tmp_path / "bot.json"
    place = {"file": path, "name of a file": str(path)}.get(kind)
    groups = add(fake, 5)[::-1]
    watcher = watch(existing=True, checkpoint=place)
    assert told(await first(watcher, 3)) == "Created Created Created"
    watcher.save()
    left: Any = watcher.checkpoint
    assert [one.id for one in left.groups] == [group.id for group in groups[:2]]
    if kind == "JSON":
        left = Checkpoint.from_json(left.to_json())
    async with watching(watch(checkpoint=place or left)) as seen:
        await polls(5)
    assert [one.id for one in seen if isinstance(one, Change)] == [one.id for one in groups[2:]]


async def test_what_happened_between_two_watchers_is_told(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path
) -> None:
    """Against what the first one told, after a Gap."""
    path = tmp_path / "bot.json"
    groups = add(fake, 4)
    async with watching(watch(checkpoint=path)):
        pass
    enter(groups[0], "resolved", fake)
    groups[1].labels.append(("team", "SRE"))
    del fake.groups[groups[2].id]
    new = fake.add_group()
    await asyncio.sleep(3600)
    async with watching(watch(checkpoint=path)) as seen:
        await polls(5)
    names = [told(seen, group) for group in [*groups, new]]
    assert names == ["Resolved", "LabelsChanged", "Deleted", "", "Created"]
    assert told(seen[:1]) == "Gap"
    assert len(seen) == 5
    async with watching(watch(checkpoint=path)) as seen:
        await polls(5)
    assert seen == []


async def test_a_restart_soon_enough_is_no_gap(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path
) -> None:
    """Within two turns."""
    fake.add_group()
    for _ in range(3):
        async with watching(watch(checkpoint=tmp_path / "bot.json")) as seen:
            pass
        await polls(1.5)
        assert seen == []


async def test_the_file_has_what_was_told_a_second_ago(
    fake: FakeOnCall, watch: Callable[..., Watcher], tmp_path: Path
) -> None:
    """Also in the middle of a poll that finds much."""
    path = tmp_path / "bot.json"
    add(fake, 10)
    number = 0
    async for _ in watch(existing=True, checkpoint=path):
        number += 1
        saved = Checkpoint.load(path)
        assert number == 1 or (saved is not None and len(saved.groups) >= number - 2)
        await asyncio.sleep(1.5)
        if number == 10:
            break
    assert number == 10


# Hints


async def test_a_hint_is_looked_at_at_once_and_told_once(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """By one request for the group; the next poll has nothing more to tell."""
    known, other = fake.add_group(), fake.add_group()
    watcher = watch()
    async with watching(watcher) as seen:
        enter(known, "resolved", fake)
        enter(other, "resolved", fake)
        new = fake.add_group()
        fake.calls.clear()
        for one in (known.id, new.id, known.id):
            watcher.hint(one)
        await asyncio.sleep(0.1)
        assert told(seen) == "Resolved Created"
        assert [call.operation for call in fake.calls] == ["get_alert_group"] * 2
        await polls(10)
        assert told(seen) == "Resolved Created Resolved"
        assert told(seen, other) == "Resolved"


async def test_hints_at_what_is_gone_or_not_watched_tell_what_is_true(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Unknown ids and groups outside the filter lead to nothing; a deletion is told."""
    group, outside = fake.add_group(labels=SRE), fake.add_group()
    watcher = watch(labels=SRE)
    async with watching(watcher) as seen:
        del fake.groups[group.id]
        for one in ("NONESUCH", outside.id, group.id):
            watcher.hint(one)
        await asyncio.sleep(0.1)
        assert told(seen) == told(seen, group) == "Deleted"
        await polls(5)
        assert len(seen) == 1


@pytest.mark.parametrize("bad", ["", "a/b", 1])
async def test_a_hint_at_no_id_is_refused(watch: Callable[..., Watcher], bad: Any) -> None:
    """At once."""
    with pytest.raises(InvalidArgument):
        watch().hint(bad)


# Slow consumers


async def test_a_slow_consumer_gets_one_difference_for_each_group(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """While it works nothing is read; afterwards a Gap says that something may be missing."""
    groups = add(fake, 3)
    stream = aiter(watch())
    enter_all = iter(STATES * 25)
    task = asyncio.ensure_future(anext(stream))
    await polls(0.3)
    groups[0].alerts_count += 1
    assert told([await task]) == "AlertsAdded"
    fake.calls.clear()
    for _ in range(100):
        enter(groups[1], next(enter_all), fake)
        groups[2].alerts_count += 1
        await polls()
    assert fake.calls == []
    gap = await anext(stream)
    assert isinstance(gap, Gap)
    assert gap.until - gap.since == timedelta(seconds=100 * EVERY)
    after = [await anext(stream) for _ in range(2)]
    assert (told(after, groups[1]), told(after, groups[2])) == ("AlertsAdded", "Silenced")[::-1]


async def test_a_slow_consumer_does_not_make_memory_grow(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """However much happens meanwhile."""
    groups = add(fake, 30)
    seen = 0
    sizes: list[int] = []
    tracemalloc.start()
    try:
        async for _ in watch(existing=True):
            seen += 1
            for group in groups:
                group.alerts_count += 1
            await polls(10)
            fake.calls.clear()
            if seen % 50 == 0:
                gc.collect()
                sizes.append(tracemalloc.get_traced_memory()[0])
            if len(sizes) == 6:
                break
    finally:
        tracemalloc.stop()
    assert max(sizes[2:]) - sizes[1] < 50_000


# Clocks


@pytest.mark.parametrize(
    "skew",
    [
        pytest.param(timedelta(minutes=minutes), id=f"{minutes} minutes")
        for minutes in (-24 * 60, -10, 10, 24 * 60)
    ],
)
async def test_clocks_of_client_and_server_may_differ(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock, skew: timedelta
) -> None:
    """By up to a day, either way: everything is told at the next poll, and no gap is seen."""
    groups = add(fake, 60)
    watcher = oncall.alert_groups.watch(clock=lambda: clock() + skew)
    async with watching(watcher) as seen:
        for round_ in range(5):
            new = fake.add_group()
            resolved = fake.add_group(state="resolved")
            enter(groups[round_], "acknowledged", fake)
            del fake.groups[groups[-1 - round_].id]
            await polls()
            assert told(seen, new) == "Created"
            assert told(seen, resolved) == "Created Resolved"
            assert told(seen, groups[round_]) == "Acknowledged"
            assert told(seen, groups[-1 - round_]) == "Deleted"
        await polls(10)
    assert len(seen) == 25


# What it costs


def crowd(fake: FakeOnCall, apart: float = 200.0, **numbers: int) -> list[FakeAlertGroup]:
    """So many groups of each state, one after the other over the last weeks."""
    began = fake.now()
    states = [state for state, number in numbers.items() for _ in range(number)]
    Random(5).shuffle(states)  # noqa: S311  # no secret
    return [
        fake.add_group(
            started_at=began - timedelta(seconds=apart * number), state=cast("Any", state)
        )
        for number, state in enumerate(states)
    ]


@asynccontextmanager
async def watching_many(fake: FakeOnCall, clock: VirtualClock) -> AsyncGenerator[list[Watched]]:
    """As `watching`; all is learned from large pages, to save the test's time."""
    async with OnCallClient(url=BASE, token=fake.token, transport=fake.transport()) as client:
        fake._world.page_size = 2500
        async with watching(client.alert_groups.watch(clock=clock)) as seen:
            fake._world.page_size = 50
            fake.calls.clear()
            yield seen


async def cost(fake: FakeOnCall, number: int) -> list[int]:
    """Requests of so many polls."""
    counts: list[int] = []
    for _ in range(number):
        fake.calls.clear()
        await polls()
        counts.append(len(fake.calls))
    return counts


@pytest.mark.parametrize(
    ("numbers", "most"),
    [
        pytest.param({"resolved": 9_990, "firing": 10}, 5, id="nearly all resolved"),
        pytest.param({"resolved": 9_700, "firing": 300}, 10, id="some open"),
        pytest.param(
            {"resolved": 9_600, "firing": 130, "acknowledged": 130, "silenced": 140},
            12,
            id="as many open as are read each time",
        ),
        pytest.param({"resolved": 9_500, "firing": 500}, 10, id="more than that"),
        pytest.param({"firing": 10_000}, 10, id="all open"),
    ],
)
async def test_an_idle_poll_of_10000_groups_costs_few_requests(
    fake: FakeOnCall, clock: VirtualClock, numbers: dict[str, int], most: int
) -> None:
    """At most so many, always the same, and all of them lists."""
    crowd(fake, **numbers)
    async with watching_many(fake, clock) as seen:
        counts = await cost(fake, 6)
        assert {call.operation for call in fake.calls} == {"list_alert_groups"}
    assert seen == []
    assert max(counts) <= most


async def test_after_a_storm_an_idle_poll_costs_few_requests_again(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """1,500 groups within the overlap are not read again at each poll for ever."""
    crowd(fake, apart=0.1, resolved=1_200, firing=300)
    async with watching_many(fake, clock) as seen:
        await polls(22)
        counts = await cost(fake, 3)
    assert seen == []
    assert max(counts) <= 12


async def test_of_many_open_groups_everything_is_told_in_turn(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """1,000 of them: within one round of all pages."""
    groups = crowd(fake, firing=1_000)
    async with watching_many(fake, clock) as seen:
        enter(groups[500], "resolved", fake)
        del fake.groups[groups[700].id]
        await polls(6)
    assert (told(seen, groups[500]), told(seen, groups[700])) == ("Resolved", "Deleted")
    assert len(seen) == 2


async def test_when_all_is_resolved_at_once_all_of_it_is_told(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """Once each, and at every poll by a bounded number of requests."""
    groups = crowd(fake, resolved=2_000, firing=390)
    firing = [group for group in groups if group.state == "firing"]
    async with watching_many(fake, clock) as seen:
        for group in firing:
            enter(group, "resolved", fake)
        counts = await cost(fake, 30)
    assert max(counts) <= 45
    assert Counter(told(seen).split()) == {"Resolved": 390}
    assert len({one.id for one in seen if isinstance(one, Change)}) == 390
