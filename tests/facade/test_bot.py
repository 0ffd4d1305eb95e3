"""Bots in virtual time: what handlers are told and in which order, failing, stopping, health."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias, cast

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.bot import Bot, DeadLetter
from grafana_oncall.changes import (
    Acknowledged,
    AlertsAdded,
    Change,
    Created,
    Deleted,
    Gap,
    LabelsChanged,
    Resolved,
    Silenced,
    Snapshot,
    Unacknowledged,
    Unresolved,
    Unsilenced,
    Watched,
)
from grafana_oncall.errors import (
    CheckpointError,
    ClientStateError,
    InvalidArgument,
    OnCallError,
    Unauthorized,
)
from grafana_oncall.models import AlertGroup
from grafana_oncall.testing import FakeAlertGroup, FakeOnCall, VirtualClock, status
from grafana_oncall.testing import hang as hanging
from tests.facade.listing import other_tasks
from tests.facade.samples import BASE
from tests.virtual_time import START, loop

Make: TypeAlias = Callable[..., Bot]
Told: TypeAlias = list[tuple[str, str | None]]
"""Kind of change, and id of the group; that of a gap is None."""

EVERY = 15
"""Seconds from poll to poll; the first one is at once."""

LIST = "list_alert_groups"
LATER = 1000.0
"""Seconds of a handler that lasts longer than anything else."""


@pytest.fixture
def make(oncall: OnCallClient, clock: VirtualClock) -> Make:
    """Makes bots that are told of everything there is, and whose delays are the longest."""

    def made(
        *,
        labels: dict[str, str] | None = None,
        checkpoint: Path | None = None,
        existing: bool = True,
        **options: Any,
    ) -> Bot:
        watcher = oncall.alert_groups.watch(
            labels=labels, checkpoint=checkpoint, existing=existing, every=EVERY, clock=clock
        )
        return Bot(watcher, random=lambda: 1.0, **options)

    return made


def passed() -> float:
    """Seconds since the test began."""
    return loop().time() - START


def later(seconds: float, what: Callable[[], object]) -> None:
    """Does it then."""
    loop().call_later(seconds, what)


def become(group: FakeAlertGroup, state: str, clock: VirtualClock) -> None:
    """Somebody does this to the group."""
    group.acknowledged_at = group.resolved_at = group.silenced_at = None
    if state != "firing":
        setattr(group, f"{state}_at", clock.now())


def hear(bot: Bot, *kinds: type[Watched], lasting: float = 0.0, fails: bool = False) -> Told:
    """What a handler of these kinds is told from now on, each time it is called."""
    told: Told = []

    @bot.on(*(kinds or (Change,)))
    async def handle(change: Watched) -> None:
        told.append((type(change).__name__, None if isinstance(change, Gap) else change.id))
        await asyncio.sleep(lasting)
        if fails:
            raise ValueError("This handler always fails.")

    return told


async def run_for(bot: Bot, seconds: float, **options: Any) -> None:
    """Runs it, and stops it then."""
    later(seconds, bot.stop)
    await bot.run(signals=(), **options)


@asynccontextmanager
async def running(bot: Bot, **options: Any) -> AsyncGenerator[asyncio.Task[None]]:
    """Runs it during the block, if it has not ended before."""
    task = asyncio.create_task(bot.run(signals=(), **options))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


# Registration


@pytest.mark.parametrize(
    "kinds",
    [
        pytest.param((), id="none"),
        pytest.param(("Created",), id="a name"),
        pytest.param((None,), id="None"),
        pytest.param((Snapshot,), id="a class that is no change"),
        pytest.param((AlertGroup,), id="a model"),
        pytest.param((Created, object), id="one good, one bad"),
        pytest.param((Watched,), id="a union"),
    ],
)
def test_what_is_no_kind_of_change_is_refused(make: Make, kinds: Any) -> None:
    """At the registration, not when something happens."""
    with pytest.raises(InvalidArgument) as caught:
        make().on(*kinds)
    assert caught.value.argument == "kinds"


@pytest.mark.parametrize("handler", [None, print, lambda _: None, asyncio.sleep(0).close])
def test_what_is_no_async_function_is_no_handler(make: Make, handler: Any) -> None:
    """A plain function would block every other handler."""
    with pytest.raises(InvalidArgument) as caught:
        make().on(Created)(handler)
    assert caught.value.argument == "handler"


async def _notice(change: Watched) -> None:
    """Does nothing."""


def test_a_decorated_handler_stays_what_it_is(make: Make) -> None:
    """It can be called by others, and registered again."""
    bot = make()
    assert bot.on(Created)(_notice) is bot.on(Gap, Change)(_notice) is _notice


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        *(pytest.param("max_at_once", value, id=f"max_at_once={value}") for value in (0, -1, 1.5)),
        pytest.param("max_at_once", True, id="max_at_once=True"),
        pytest.param("retry", 3, id="retry=3"),
        pytest.param("retry", None, id="retry=None"),
        pytest.param("watcher", "SRE", id="watcher=SRE"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(make: Make, argument: str, value: Any) -> None:
    """By their names."""
    given: dict[str, Any] = {"watcher": make()._watcher, argument: value}
    with pytest.raises(InvalidArgument) as caught:
        Bot(given.pop("watcher"), **given)
    assert caught.value.argument == argument


@pytest.mark.parametrize("grace", [0, -1, True, "30", timedelta(0), float("nan")])
async def test_a_grace_that_cannot_be_meant_is_refused(make: Make, grace: Any) -> None:
    """Nothing is sent, and the bot can still be run."""
    bot = make()
    with pytest.raises(InvalidArgument) as caught:
        await bot.run(grace=grace, signals=())
    assert caught.value.argument == "grace"
    await run_for(bot, 1)


# What handlers are told

KINDS = {
    Created: None,
    Acknowledged: ("firing", "acknowledged"),
    Unacknowledged: ("acknowledged", "firing"),
    Resolved: ("firing", "resolved"),
    Unresolved: ("resolved", "firing"),
    Silenced: ("firing", "silenced"),
    Unsilenced: ("silenced", "firing"),
}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_handler_is_told_of_its_kind_alone(
    fake: FakeOnCall, clock: VirtualClock, make: Make, kind: type[Change]
) -> None:
    """And one of `Change` is told of it as well."""
    bot = make(existing=False)
    told = {each: hear(bot, each) for each in (*KINDS, AlertsAdded, LabelsChanged, Deleted, Change)}
    states = KINDS[kind]
    if states is None:
        later(1, fake.add_group)
    else:
        group = fake.add_group(state=cast("Any", states[0]))
        later(1, lambda: become(group, states[1], clock))
    await run_for(bot, 40)
    (group,) = fake.groups.values()
    told = {each: heard for each, heard in told.items() if heard}
    assert told == {kind: [(kind.__name__, group.id)], Change: [(kind.__name__, group.id)]}


async def test_what_is_neither_a_state_nor_new_is_told_too(fake: FakeOnCall, make: Make) -> None:
    """More alerts, other labels, a deletion; one handler may have several kinds."""
    bot = make(existing=False)
    told = hear(bot, AlertsAdded, LabelsChanged, Deleted)
    group = fake.add_group(labels={"team": "SRE"})
    later(1, lambda: setattr(group, "alerts_count", 2))
    later(1, group.labels.clear)
    later(20, lambda: fake.groups.pop(group.id))
    await run_for(bot, 60)
    assert told == [(kind, group.id) for kind in ("AlertsAdded", "LabelsChanged", "Deleted")]


async def test_handlers_of_a_change_are_called_in_the_order_of_their_registration(
    fake: FakeOnCall, make: Make
) -> None:
    """One after the other, and each to its end."""
    bot, order = make(), list[str]()

    def register(name: str, lasting: float, *kinds: type[Watched]) -> None:
        @bot.on(*kinds)
        async def handle(_: Watched) -> None:
            order.append(f"{name} begins")
            await asyncio.sleep(lasting)
            order.append(f"{name} ends")

    register("first", 3, Change)
    register("second", 2, Created)
    register("third", 1, Gap, Change)
    fake.add_group()
    await run_for(bot, 10)
    assert order == [f"{one} {what}" for one in ("first", "second", "third") for what in VERBS]


VERBS = ("begins", "ends")


async def test_an_outage_is_told_as_a_gap_to_its_handlers_alone(
    fake: FakeOnCall, make: Make
) -> None:
    """And what is left of it is told as changes."""
    bot = make(existing=False)
    gaps, changes = list[Gap](), hear(bot)

    @bot.on(Gap)
    async def note(gap: Gap) -> None:
        gaps.append(gap)

    began = fake.now()
    later(20, lambda: fake.faults.add(status(503), lasting=timedelta(minutes=10)))
    later(60, fake.add_group)
    await run_for(bot, 1800)
    (gap,) = gaps
    (group,) = fake.groups.values()
    assert gap.since == began + timedelta(seconds=EVERY)
    assert timedelta(minutes=10) < gap.until - began < timedelta(minutes=16)
    assert changes == [("Created", group.id)]


async def test_a_change_has_what_was_before_and_what_is_now(
    fake: FakeOnCall, clock: VirtualClock, make: Make
) -> None:
    """As the watcher gives it."""
    bot, got = make(existing=False), list[Resolved]()

    @bot.on(Resolved)
    async def note(change: Resolved) -> None:
        got.append(change)

    group = fake.add_group()
    later(1, lambda: become(group, "resolved", clock))
    await run_for(bot, 40)
    assert [(one.before and one.before.state, one.after.state) for one in got] == [
        ("firing", "resolved")
    ]


async def test_what_no_handler_is_there_for_counts_as_told(
    fake: FakeOnCall, make: Make, tmp_path: Path
) -> None:
    """The next bot does not tell it, though it has a handler."""
    fake.add_group()
    await run_for(make(checkpoint=tmp_path / "c"), 5)
    second = make(checkpoint=tmp_path / "c")
    told = hear(second)
    await run_for(second, 40)
    assert told == []
    assert second.health.watched == 1


# Order, and how many at a time


class Crowd:
    """A handler that sees how many of it are there at once."""

    def __init__(self, bot: Bot, lasting: float) -> None:
        self.now: Counter[str] = Counter()
        self.most = 0
        self.most_of_one = 0
        self.handled: Counter[str] = Counter()
        self._lasting = lasting
        bot.on(Change)(self._handle)

    async def _handle(self, change: Change) -> None:
        self.now[change.id] += 1
        self.most = max(self.most, self.now.total())
        self.most_of_one = max(self.most_of_one, self.now[change.id])
        await asyncio.sleep(self._lasting)
        self.now[change.id] -= 1
        self.handled[change.id] += 1


@pytest.mark.parametrize("at_once", [1, 3, 10, 50])
async def test_groups_are_handled_so_many_at_a_time(
    fake: FakeOnCall, make: Make, at_once: int
) -> None:
    """Never more, and no fewer while there are some."""
    groups = [fake.add_group() for _ in range(10)]
    bot = make(max_at_once=at_once)
    crowd, ended = Crowd(bot, lasting=2), list[float]()

    @bot.on(Change)
    async def note(_: Change) -> None:
        ended.append(passed())

    await run_for(bot, 100)
    assert crowd.most == min(at_once, 10)
    assert crowd.handled == Counter(group.id for group in groups)
    assert max(ended) == pytest.approx(2 * -(-10 // at_once))


async def test_the_changes_of_a_group_are_handled_one_after_the_other(
    fake: FakeOnCall, clock: VirtualClock, make: Make
) -> None:
    """Also those of later polls, and those that a hint brings."""
    groups = [fake.add_group(state="acknowledged") for _ in range(4)]
    bot = make()
    crowd = Crowd(bot, lasting=20)
    for turn in range(20):
        state = ("silenced", "firing", "resolved")[turn % 3]
        for group in groups:
            later(turn * 7, lambda group=group, state=state: become(group, state, clock))
            later(turn * 7, lambda group=group: bot.hint(group.id))
    await run_for(bot, 600)
    assert (crowd.most, crowd.most_of_one) == (4, 1)
    assert min(crowd.handled.values()) > 4


async def test_other_groups_go_on_while_one_is_slow(
    fake: FakeOnCall, clock: VirtualClock, make: Make
) -> None:
    """And what happens to the slow one meanwhile is told as one difference afterwards."""
    slow, quick = fake.add_group(), fake.add_group()
    bot = make()
    told = list[tuple[str, str, float]]()

    @bot.on(Change)
    async def handle(change: Change) -> None:
        told.append((type(change).__name__, change.id, passed()))
        await asyncio.sleep(100 if isinstance(change, Created) and change.id == slow.id else 0)

    for second, state in {20: "acknowledged", 35: "silenced", 50: "firing", 65: "resolved"}.items():
        later(second, lambda state=state: [become(one, state, clock) for one in (slow, quick)])
    later(70, lambda: setattr(slow, "alerts_count", 5))
    await run_for(bot, 200)
    assert [kind for kind, one, _ in told if one == quick.id] == [
        *("Created", "Acknowledged", "Unacknowledged", "Silenced", "Unsilenced", "Resolved")
    ]
    (first, *rest) = [(kind, at) for kind, one, at in told if one == slow.id]
    assert first == ("Created", 0)
    assert [kind for kind, _ in rest] == ["Resolved", "AlertsAdded"]
    assert all(100 <= at <= 100 + EVERY for _, at in rest)


async def test_what_was_done_and_undone_while_a_group_was_busy_is_not_told(
    fake: FakeOnCall, clock: VirtualClock, make: Make
) -> None:
    """There is no difference."""
    group = fake.add_group()
    bot = make()
    told = hear(bot, lasting=60)
    later(20, lambda: become(group, "acknowledged", clock))
    later(40, lambda: become(group, "firing", clock))
    await run_for(bot, 200)
    assert told == [("Created", group.id)]


async def test_a_group_that_is_deleted_while_it_is_busy_is_told_as_deleted(
    fake: FakeOnCall, make: Make
) -> None:
    """Afterwards."""
    group = fake.add_group()
    bot = make()
    told = hear(bot, lasting=60)
    later(20, lambda: fake.groups.pop(group.id))
    await run_for(bot, 200)
    assert told == [("Created", group.id), ("Deleted", group.id)]
