"""Watching a server that fails, for long, among many actors and with restarts in between."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, suppress
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, cast

import attrs
import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from grafana_oncall import OnCallClient, RetryPolicy
from grafana_oncall._checkpoint import Checkpoint
from grafana_oncall._watch import Watcher
from grafana_oncall.changes import (
    AlertsAdded,
    Change,
    Created,
    Deleted,
    Gap,
    LabelsChanged,
    Snapshot,
    Watched,
)
from grafana_oncall.errors import (
    BadRequest,
    CheckpointError,
    ClientStateError,
    Forbidden,
    NotFound,
    OnCallError,
    Unauthorized,
)
from grafana_oncall.testing import (
    FakeAlertGroup,
    FakeOnCall,
    FakeRequest,
    Fault,
    VirtualClock,
    hang,
    html,
    refuse,
    reset,
    status,
    throttle,
    truncate,
)
from tests import virtual_time
from tests.facade.conftest import LoopClock
from tests.facade.samples import BASE
from tests.facade.test_watch import EVERY, SRE, add, enter, meanwhile, polls, told, watching

STATES = ("firing", "acknowledged", "resolved", "silenced")
ONCE = RetryPolicy(attempts=1)


@pytest.fixture
async def impatient(fake: FakeOnCall) -> AsyncGenerator[OnCallClient]:
    """A client that waits 2 seconds, and tries once."""
    async with OnCallClient(
        url=BASE, token=fake.token, transport=fake.transport(), timeout=2, retry=ONCE
    ) as client:
        yield client


def requests(fake: FakeOnCall) -> list[float]:
    """The times of the requests from now on, by the loop's clock."""
    times: list[float] = []
    meanwhile(fake, lambda _: times.append(virtual_time.loop().time()))
    return times


# Outages


OUTAGES = {
    "503": status(503),
    "502": status(502),
    "500": status(500),
    "reset": reset(),
    "refuse": refuse(),
    "hang": hang(),
    "truncate": truncate(),
    "a login page": html(),
    "429": throttle(1800),
}


@pytest.mark.parametrize("fault", [pytest.param(one, id=name) for name, one in OUTAGES.items()])
async def test_after_an_outage_a_gap_is_told_and_all_that_is_left_to_see(
    fake: FakeOnCall, impatient: OnCallClient, clock: VirtualClock, fault: Fault
) -> None:
    """Each change once; what was done and undone meanwhile is not seen."""
    groups = add(fake, 6, state="firing")
    watcher = impatient.alert_groups.watch(clock=clock)
    async with watching(watcher) as seen:
        await polls(2)
        last = watcher.health.polled
        fake.calls.clear()
        fake.faults.add(fault, lasting=timedelta(seconds=1800))
        await polls(3)
        enter(groups[0], "resolved", fake)
        enter(groups[1], "acknowledged", fake)
        new = fake.add_group()
        del fake.groups[groups[2].id]
        groups[3].alerts_count += 1
        await polls(2)
        enter(groups[1], "firing", fake)
        await asyncio.sleep(1800 - 6 * EVERY)
        assert seen == []
        assert 1 <= len(fake.calls) <= 20
        assert watcher.health.lag == clock() - last if last else None
        await asyncio.sleep(400)
        gaps = [one for one in seen if isinstance(one, Gap)]
        rest = [one for one in seen if isinstance(one, Change)]
        # A poll that waits for the server to take requests again is late, and so is the next.
        assert gaps == seen[:1] or fault.kind == "throttle"
        assert gaps[0].since == last
        assert gaps[-1].until - gaps[0].since >= timedelta(seconds=1800)
        assert all(one.until == other.since for one, other in pairwise(gaps))
        assert told(rest, groups[0]) == "Resolved"
        assert told(rest, groups[2]) == "Deleted"
        assert told(rest, groups[3]) == "AlertsAdded"
        assert told(rest, new) == "Created"
        await polls(20)
        assert (len(seen), watcher.health.failures) == (len(gaps) + 4, 0)


async def test_polls_back_off_in_an_outage_and_come_back(
    fake: FakeOnCall, impatient: OnCallClient, clock: VirtualClock
) -> None:
    """Twice as long each time, up to five minutes; then as before."""
    watcher = impatient.alert_groups.watch(clock=clock)
    async with watching(watcher):
        times = requests(fake)
        fake.faults._entries.insert(0, fake.faults._entries.pop())  # it stands first
        fake.faults.add(status(503), times=7)
        await asyncio.sleep(2000)
    pauses = [later - earlier for earlier, later in pairwise(times) if later > earlier]
    assert pauses[:7] == [30, 60, 120, 240, 300, 300, 300]
    assert set(pauses[7:]) == {EVERY}


async def test_a_long_interval_is_not_made_shorter_by_a_failure(
    fake: FakeOnCall, impatient: OnCallClient, clock: VirtualClock
) -> None:
    """Nor longer."""
    async with watching(impatient.alert_groups.watch(clock=clock, every=3600)):
        times = requests(fake)
        fake.faults._entries.insert(0, fake.faults._entries.pop())  # it stands first
        fake.faults.add(status(503), times=3)
        await asyncio.sleep(6 * 3600)
    assert {later - earlier for earlier, later in pairwise(times) if later > earlier} == {3600}


@pytest.mark.parametrize("number", range(8))
async def test_a_poll_that_fails_in_the_middle_is_made_again(
    fake: FakeOnCall, impatient: OnCallClient, clock: VirtualClock, number: int
) -> None:
    """Nothing is lost with it, and nothing is told twice."""
    fake._world.page_size = 4
    groups = add(fake, 10)
    async with watching(impatient.alert_groups.watch(clock=clock)) as seen:
        left = [*range(number + 1)]

        def choose(_: FakeRequest, __: str | None) -> Fault | None:
            return status(503) if left and left.pop(0) == number else None

        fake.faults.choose(choose)
        enter(groups[0], "resolved", fake)
        del fake.groups[groups[8].id]
        groups[5].alerts_count += 1
        await polls(12)
    assert left == []
    assert [told(seen, groups[one]) for one in (0, 5, 8)] == ["Resolved", "AlertsAdded", "Deleted"]
    assert Counter(told(seen).split())["Gap"] == len(seen) - 3 <= 1


@pytest.mark.parametrize("number", range(6))
async def test_an_outage_while_everything_is_learned_is_waited_out(
    fake: FakeOnCall, impatient: OnCallClient, clock: VirtualClock, number: int
) -> None:
    """What was there at the beginning is not told, whenever it comes."""
    fake._world.page_size = 3
    add(fake, 20)
    left = [*range(number + 1)]
    fake.faults.choose(lambda *_: reset() if left and left.pop(0) == number else None)
    async with watching(impatient.alert_groups.watch(clock=clock)) as seen:
        await polls(5)
        assert seen == []
        fake.add_group()
        await polls(1)
    assert (left, told(seen)) == ([], "Created")


async def test_a_throttled_poll_goes_on_when_the_server_says(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """It is no failure; the next poll is late by the pause."""
    group = fake.add_group()
    watcher = oncall.alert_groups.watch(clock=clock)
    async with watching(watcher) as seen:
        fake.faults.add(throttle(100))
        enter(group, "resolved", fake)
        await asyncio.sleep(99)
        assert (seen, watcher.health.failures) == ([], 0)
        await asyncio.sleep(20)
        assert told(seen, group) == "Resolved"
        assert Counter(map(type, seen))[Gap] == 1
        await polls(10)
        assert len(seen) == 2


async def test_short_failures_that_the_client_mends_are_no_gap(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """A poll that came in time is complete."""
    group = fake.add_group()
    async with watching(oncall.alert_groups.watch(clock=clock)) as seen:
        for _ in range(20):
            fake.faults.add(status(502))
            fake.faults.add(reset())
            await polls()
        enter(group, "resolved", fake)
        await polls()
    assert told(seen) == "Resolved"


@pytest.mark.parametrize(("turns", "gaps"), [(0.5, 0), (0.9, 0), (1.4, 1), (3, 1), (100, 1)])
async def test_a_gap_is_told_exactly_when_a_poll_came_late(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock, turns: float, gaps: int
) -> None:
    """By more than a turn: here the consumer was slow, more and more."""
    group = fake.add_group()
    seen: list[Watched] = []
    watcher = oncall.alert_groups.watch(clock=clock)
    async with asyncio.timeout(200 * EVERY), aclosing(cast("Any", aiter(watcher))) as stream:
        task = asyncio.ensure_future(anext(stream))
        await polls(0.5)
        group.alerts_count += 1
        seen.append(await task)
        polled = watcher.health.polled
        await polls(1 + turns)
        group.alerts_count += 1
        seen.append(await anext(stream))
        if gaps:
            assert seen[-1] == Gap(since=cast("datetime", polled), until=clock())
            seen.append(await anext(stream))
    assert told(seen) == " ".join(["AlertsAdded", *["Gap"] * gaps, "AlertsAdded"])


async def test_hints_wait_for_the_end_of_an_outage(
    fake: FakeOnCall, impatient: OnCallClient, clock: VirtualClock
) -> None:
    """They do not make a client hammer a server that fails."""
    group = fake.add_group()
    watcher = impatient.alert_groups.watch(clock=clock)
    async with watching(watcher) as seen:
        fake.faults.add(status(503), lasting=timedelta(minutes=20))
        await polls(2)
        fake.calls.clear()
        enter(group, "resolved", fake)
        for _ in range(600):
            watcher.hint(group.id)
            await asyncio.sleep(1)
        assert 1 <= len(fake.calls) <= 6
        await asyncio.sleep(1200)
    assert told(seen, group) == "Resolved"


async def test_health_tells_of_an_outage(
    fake: FakeOnCall, impatient: OnCallClient, clock: VirtualClock
) -> None:
    """Before anything was read, while all is well, and while it lasts."""
    add(fake, 3)
    watcher = impatient.alert_groups.watch(clock=clock)
    health = watcher.health
    assert (health.polled, health.lag, health.failures, health.watched) == (None, None, 0, 0)
    began = clock()
    async with watching(watcher):
        health = watcher.health
        assert (health.polled, health.failures, health.watched) == (began, 0, 3)
        assert health.lag == timedelta(seconds=EVERY / 3)
        fake.faults.add(status(503), lasting=timedelta(minutes=10))
        await asyncio.sleep(590)
        health = watcher.health
        assert (health.polled, health.failures) == (began, 5)
        assert health.lag == clock() - began


# Errors that are raised


async def revoke(fake: FakeOnCall, _: OnCallClient) -> None:
    """The token is not good any more."""
    del fake._world.grants[fake.token]


async def refuse_all(fake: FakeOnCall, _: OnCallClient) -> None:
    """A proxy lets nobody through."""
    fake.faults.add(status(403), lasting=timedelta(days=1))


async def close(_: FakeOnCall, client: OnCallClient) -> None:
    """The client is closed."""
    await client.aclose()


async def delete_team(fake: FakeOnCall, _: OnCallClient) -> None:
    """The team of the filter is no team any more."""
    fake._world.teams.clear()


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        (revoke, Unauthorized),
        (refuse_all, Forbidden),
        (close, ClientStateError),
        (delete_team, BadRequest),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
async def test_what_waiting_cannot_help_is_raised(  # noqa: PLR0917  # fixtures
    fake: FakeOnCall,
    oncall: OnCallClient,
    clock: VirtualClock,
    tmp_path: Path,
    act: Callable[[FakeOnCall, OnCallClient], Any],
    kind: type[OnCallError],
    at_once: bool,  # noqa: FBT001  # a parameter
) -> None:
    """At the first poll or later; what was told until then is in the file."""
    team, path = fake.add_team("SRE"), tmp_path / "bot.json"
    fake.add_group(integration=fake.add_integration(team_id=team))
    seen: list[Watched] = []
    watcher = oncall.alert_groups.watch(clock=clock, team_id=team, existing=True, checkpoint=path)
    if at_once:
        await act(fake, oncall)
    with pytest.raises(kind):  # noqa: PT012  # wherever it comes
        async for one in watcher:
            seen.append(one)
            await act(fake, oncall)
    assert told(seen) == ("" if at_once else "Created")
    left = Checkpoint.load(path)
    assert (left is None) == at_once
    assert left is None or len(left.groups) == 1


async def test_a_checkpoint_that_cannot_be_written_is_told(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock, tmp_path: Path
) -> None:
    """A bot that would repeat itself after the next restart must not go on silently."""
    fake.add_group()
    place = tmp_path / "missing" / "bot.json"
    stream = aiter(oncall.alert_groups.watch(clock=clock, checkpoint=place))
    with pytest.raises(CheckpointError, match="missing"):
        await anext(stream)


async def test_a_gap_that_a_consumer_dies_of_is_told_again(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock, tmp_path: Path
) -> None:
    """It counts as told when the next change is asked for, as any change."""
    fake.add_group()
    path = tmp_path / "bot.json"
    async with watching(oncall.alert_groups.watch(clock=clock, checkpoint=path)):
        pass
    await asyncio.sleep(3600)
    stream = aiter(oncall.alert_groups.watch(clock=clock, checkpoint=path))
    async with aclosing(cast("Any", stream)):
        assert isinstance(await anext(stream), Gap)
    async with watching(oncall.alert_groups.watch(clock=clock, checkpoint=path)) as seen:
        pass
    assert told(seen) == "Gap"


class Gateway(httpx.AsyncBaseTransport):
    """In front of a server; now and then it finds no way to a group."""

    def __init__(self, fake: FakeOnCall) -> None:
        self.lost = False
        self._inner = fake.transport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Sends it on, or answers in its own words."""
        if self.lost and not request.url.path.endswith("/alert_groups/"):
            return httpx.Response(404, json={"message": "no Route matched with those values"})
        return await self._inner.handle_async_request(request)


async def test_the_404_of_a_gateway_is_not_taken_for_a_deletion(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """The server's own says "Not found."; any other says nothing about the group."""
    group, gateway = fake.add_group(), Gateway(fake)
    async with OnCallClient(url=BASE, token=fake.token, transport=gateway) as client:
        watcher = client.alert_groups.watch(clock=clock)
        seen: list[Watched] = []
        with suppress(NotFound):  # it may be raised, or waited out
            async with watching(watcher) as seen:
                gateway.lost = True
                watcher.hint(group.id)
                await polls(2)
        assert not any(isinstance(one, Deleted) for one in seen)


async def test_before_anything_was_read_there_is_no_checkpoint(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock, tmp_path: Path
) -> None:
    """In an outage at the very beginning."""
    path = tmp_path / "bot.json"
    watcher = oncall.alert_groups.watch(clock=clock, checkpoint=path)
    fake.faults.add(status(503), lasting=timedelta(minutes=5))
    async with watching(watcher):
        await asyncio.sleep(60)
        with pytest.raises(CheckpointError, match="Nothing was read"):
            _ = watcher.checkpoint
    assert not path.exists()


# Oracles


@attrs.frozen
class Look:
    """What can be told of a group, at one moment."""

    state: str
    alerts: int
    labels: tuple[tuple[str, str], ...]

    @classmethod
    def at(cls, group: FakeAlertGroup) -> Look:
        """As the server has it."""
        return cls(group.state, group.alerts_count, tuple(sorted(group.labels)))

    @classmethod
    def of(cls, snapshot: Snapshot) -> Look:
        """As a watcher has it."""
        return cls(snapshot.state.value, snapshot.alerts_count, snapshot.labels)


Looks = Mapping[str, Look]


def on_server(fake: FakeOnCall, label: tuple[str, str] | None = None) -> dict[str, Look]:
    """All groups, or those with the label."""
    return {
        one.id: Look.at(one) for one in fake.groups.values() if not label or label in one.labels
    }


def follow(model: dict[str, Look], change: Watched, label: tuple[str, str] | None = None) -> None:
    """What a consumer does who mirrors the groups."""
    if isinstance(change, Change):
        look = None if change.after is None else Look.of(Snapshot.of(change.after))
        if look is None or (label and label not in look.labels):
            model.pop(change.id, None)
        else:
            model[change.id] = look


@attrs.define
class Life:
    """Others who act once between two polls, and what each group was at each poll."""

    fake: FakeOnCall
    random: Random
    past: dict[str, list[str]] = attrs.field(factory=lambda: defaultdict[str, list[str]](list))

    def act(self) -> None:
        """Creates, changes and deletes a few; about 20 of them are there."""
        if self.random.random() < 1 - len(self.fake.groups) / 40:
            self.fake.add_group(state=cast("Any", self.random.choice(STATES)))
        for group in self.random.sample([*self.fake.groups.values()], k=2):
            match self.random.randrange(12):
                case 0 | 1:
                    group.alerts_count += 1
                case 2:
                    group.labels[:] = [("env", self.random.choice(["prod", "test"]))]
                case 3 | 4:
                    del self.fake.groups[group.id]
                case _:
                    enter(group, self.random.choice(STATES), self.fake)
        self.note()

    def note(self) -> None:
        """What the next poll can see of each group, without what repeats."""
        looks = on_server(self.fake)
        for group_id in {*looks, *self.past}:
            state = looks[group_id].state if group_id in looks else "deleted"
            past = self.past[group_id]
            if not past or past[-1] != state:
                past.append(state)


STEPS = (Created, AlertsAdded, LabelsChanged)


def states_told(changes: Sequence[tuple[datetime, Change]]) -> list[str]:
    """The states of one group, poll by poll, as the changes tell them."""
    found: dict[datetime, str] = {}
    for moment, one in changes:
        if not isinstance(one, STEPS) or isinstance(one, Created):
            found[moment] = "deleted" if one.after is None else one.after.state.value
    return [*found.values()]


async def test_a_week_is_told_transition_by_transition(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """Each once, at the poll after it; in the end the consumer has what the server has."""
    life, model = Life(fake, Random(7)), dict[str, Look]()  # noqa: S311  # no secret
    seen: dict[str, list[tuple[datetime, Change]]] = defaultdict(list)
    add(fake, 20)
    life.note()

    async def mirror() -> None:
        async for one in oncall.alert_groups.watch(
            clock=clock, every=timedelta(minutes=5), existing=True
        ):
            assert isinstance(one, Change)
            seen[one.id].append((clock(), one))
            follow(model, one)

    task = asyncio.create_task(mirror())
    await asyncio.sleep(150)
    for _ in range(7 * 24 * 12):
        life.act()
        fake.calls.clear()
        await asyncio.sleep(300)
    await asyncio.sleep(4 * 300)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert model == on_server(fake)
    assert {one: states_told(changes) for one, changes in seen.items()} == life.past
    assert len(life.past) > 500
    for changes in seen.values():
        assert sum(isinstance(one, Created) for _, one in changes) == 1
        assert sum(isinstance(one, Deleted) for _, one in changes) <= 1


async def test_memory_stays_flat_for_a_week(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """With groups that come and go."""
    life = Life(fake, Random(8))  # noqa: S311  # no secret
    add(fake, 20)
    sizes: list[int] = []
    async with watching(oncall.alert_groups.watch(clock=clock, every=3600)) as seen:
        tracemalloc.start()
        try:
            for _ in range(7):
                for _ in range(24):
                    life.act()
                    await asyncio.sleep(3600)
                    seen.clear()
                    fake.calls.clear()
                    life.past.clear()
                gc.collect()
                sizes.append(tracemalloc.get_traced_memory()[0])
        finally:
            tracemalloc.stop()
    assert max(sizes[2:]) - sizes[1] < 50_000


# Anything at any time


class Tape:
    """What was drawn in advance, and is decided from; at its end nothing happens any more."""

    def __init__(self, drawn: bytes) -> None:
        self._left: Iterator[int] = iter(drawn)

    def below(self, number: int) -> int:
        """A number from 0."""
        return next(self._left, 0) % number


FAULTS = [status(503), status(500), reset(), reset(applied=True), hang(), truncate(), throttle(40)]
LABEL = ("team", "SRE")


class Chaos:
    """A server with actors and faults between all requests, which keeps its history."""

    def __init__(self, tape: Tape) -> None:
        self.fake = FakeOnCall(clock=LoopClock(), page_size=3)
        self.tape = tape
        self.history: dict[str, list[Look | None]] = defaultdict(lambda: [None])
        for number, state in enumerate(STATES * 2):
            began = self.fake.now() - timedelta(minutes=number)
            self.fake.add_group(state=cast("Any", state), labels=SRE, started_at=began)
        self.note()
        self.fake.faults.choose(self._choose)

    def note(self) -> None:
        """What all groups are now."""
        looks = on_server(self.fake)
        for one in {*looks, *self.history}:
            if self.history[one][-1] != looks.get(one):
                self.history[one].append(looks.get(one))

    def _choose(self, _request: FakeRequest, _operation: str | None) -> Fault | None:
        match self.tape.below(8):
            case 1 | 2 | 3:
                self.act()
            case 4:
                return FAULTS[self.tape.below(len(FAULTS))]
            case _:
                pass
        return None

    def act(self) -> None:
        """One deed."""
        groups = [*self.fake.groups.values()]
        group = groups[self.tape.below(len(groups))] if groups else self.create()
        match self.tape.below(6):
            case 0 | 1:
                self.create()
            case 2:
                group.alerts_count += 1
            case 3:
                group.labels[:] = [] if LABEL in group.labels else [LABEL]
            case 4:
                del self.fake.groups[group.id]
            case _:
                enter(group, STATES[self.tape.below(4)], self.fake)
        self.note()

    def create(self) -> FakeAlertGroup:
        """A group, perhaps a late one."""
        began = self.fake.now() - timedelta(seconds=self.tape.below(4) * 60)
        state = cast("Any", STATES[self.tape.below(4)])
        return self.fake.add_group(state=state, started_at=began, labels=SRE)

    def check(self, change: Change) -> None:
        """It is of a difference that was really there, between two moments in their order."""
        past = self.history[change.id]
        after = None if change.after is None else Look.of(Snapshot.of(change.after))
        before = None if change.before is None else Look.of(change.before)
        assert after in past
        assert before in past
        assert before != after
        latest = len(past) - 1 - past[::-1].index(after)
        assert past.index(before) < latest
        if isinstance(change, AlertsAdded | LabelsChanged):
            assert before
            assert after
            assert before.alerts < after.alerts or before.labels != after.labels
        elif not isinstance(change, Created | Deleted):
            # Of a new group, it is the state in which it began that is left.
            assert (before.state if before else "firing") != (after.state if after else None)


@attrs.define
class Mirror:
    """A consumer, and what it has stored for the next one."""

    chaos: Chaos
    client: OnCallClient
    watcher: Watcher
    model: dict[str, Look]
    stored: tuple[str, dict[str, Look]] | None = None

    async def run(self) -> None:
        """Follows all changes; now and then the checkpoint is stored, with the mirror."""
        before, last = dict(self.model), None
        async for one in self.watcher:
            if isinstance(one, Change):
                self.chaos.check(one)
            # Changes of one look at a group count as told together.
            if not _are_told_together(last, one):
                before = dict(self.model)
            if self.chaos.tape.below(3) == 0:
                self.stored = (self.watcher.checkpoint.to_json(), before)
            follow(self.model, one, LABEL)
            last = one

    def next(self) -> Mirror:
        """Goes on from what was stored, after a kill."""
        text, model = self.stored or (None, dict[str, Look]())
        return Mirror(self.chaos, self.client, watcher(self.client, text), dict(model), self.stored)


def _are_told_together(one: Watched | None, other: Watched) -> bool:
    if not isinstance(one, Change) or not isinstance(other, Change):
        return False
    return one.id == other.id and one.after is other.after


def watcher(client: OnCallClient, text: str | None) -> Watcher:
    """One that tells all there is at the beginning."""
    checkpoint = None if text is None else Checkpoint.from_json(text)
    return client.alert_groups.watch(
        clock=virtual_time.now,
        labels=SRE,
        existing=True,
        checkpoint=checkpoint,
        every=60,
        most_pages=2,
    )


async def disturbed(drawn: bytes, lives: Sequence[int]) -> None:
    """Watchers that live for so many minutes each, then one in peace."""
    chaos = Chaos(Tape(drawn))
    async with OnCallClient(
        url=BASE, token=chaos.fake.token, transport=chaos.fake.transport(), timeout=5
    ) as client:
        mirror = Mirror(chaos, client, watcher(client, None), {})
        for minutes in [*lives, 0]:
            if not minutes:
                chaos.fake.faults.clear()
            # In peace, long enough for all pages to come round.
            turns = minutes or len(chaos.fake.groups) + 10
            task = asyncio.create_task(mirror.run())
            await asyncio.wait([task], timeout=60 * turns)
            if task.done():
                task.result()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            if minutes:
                mirror = mirror.next()
        assert mirror.model == on_server(chaos.fake, LABEL)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=st.binary(max_size=400), lives=st.lists(st.integers(1, 30), max_size=4))
@example(drawn=bytes(range(256)) * 4, lives=[7, 7, 7, 7])
@example(drawn=Random(1).randbytes(1500), lives=[20] * 6)  # noqa: S311  # no secret
@example(drawn=Random(2).randbytes(1500), lives=[3] * 20)  # noqa: S311  # no secret
def test_whatever_happens_the_consumer_ends_with_what_the_server_has(
    drawn: bytes, lives: list[int]
) -> None:
    """Actors and faults between all requests, and kills: no change is false, and none is lost."""
    virtual_time.run(disturbed(drawn, lives))
