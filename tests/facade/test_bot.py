"""Bots in virtual time: what handlers are told and in which order, failing, stopping, health."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias, cast

import pytest

from grafana_oncall import OnCallClient, RetryPolicy
from grafana_oncall._checkpoint import Checkpoint
from grafana_oncall.bot import Bot, BotHealth, DeadLetter
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
    Unauthorized,
)
from grafana_oncall.models import AlertGroup
from grafana_oncall.testing import FakeAlertGroup, FakeOnCall, VirtualClock, status
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


@pytest.mark.parametrize("handler", [None, print, "notice", lambda _: None])
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

KINDS: dict[type[Change], tuple[str, str] | None] = {
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
    assert order == [
        f"{one} {what}" for one in ("first", "second", "third") for what in ("begins", "ends")
    ]


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
            later(turn * 7, partial(become, group, state, clock))
            later(turn * 7, partial(bot.hint, group.id))
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
        for group in (slow, quick):
            later(second, partial(become, group, state, clock))
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


# Handlers that fail

POLICY = RetryPolicy(attempts=4, first_delay=2, longest_delay=5)


class Broken(Exception):
    """What a handler raises; it is unlike any other."""


def fail(bot: Bot, times: int | None = None) -> list[float]:
    """A handler that fails so often, or always; when it was called."""
    called = list[float]()

    @bot.on(Change)
    async def fragile(_: Change) -> None:
        called.append(passed())
        if times is None or len(called) <= times:
            raise Broken(len(called))

    return called


@pytest.mark.parametrize(
    ("failures", "called"),
    [
        pytest.param(0, [0], id="never"),
        pytest.param(1, [0, 2], id="once"),
        pytest.param(2, [0, 2, 6], id="twice"),
        pytest.param(3, [0, 2, 6, 11], id="up to the last attempt"),
        pytest.param(None, [0, 2, 6, 11], id="always"),
    ],
)
async def test_a_handler_that_fails_is_called_again_later_and_later(
    fake: FakeOnCall, make: Make, failures: int | None, called: list[float]
) -> None:
    """With doubled delays up to the longest, and as often as the policy says."""
    bot = make(retry=POLICY)
    calls, after = fail(bot, failures), hear(bot)
    group = fake.add_group()
    await run_for(bot, 100)
    assert calls == pytest.approx(called)
    assert after == [("Created", group.id)]
    assert bot.health.dead_letters == (failures is None)


async def test_delays_are_random_below_their_bound(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """So that handlers which failed together do not come back together."""
    numbers = iter([0.5, 0.25, 0.0])
    watcher = oncall.alert_groups.watch(existing=True, clock=fake.now)
    bot = Bot(watcher, retry=POLICY, random=lambda: next(numbers))
    calls = fail(bot)
    fake.add_group()
    await run_for(bot, 100)
    assert calls == pytest.approx([0, 1, 2, 2])


async def test_other_groups_go_on_between_two_attempts(
    fake: FakeOnCall, clock: VirtualClock, make: Make
) -> None:
    """A group whose handler fails keeps its own place only."""
    bad, good = fake.add_group(), fake.add_group()
    bot, handled = make(retry=RetryPolicy(first_delay=60, longest_delay=60)), list[Any]()

    @bot.on(Change)
    async def handle(change: Change) -> None:
        handled.append((type(change), change.id, passed()))
        if change.id == bad.id and passed() < 60:
            raise Broken

    later(10, lambda: become(good, "resolved", clock))
    await run_for(bot, 300)
    assert handled == [
        (Created, bad.id, 0),
        (Created, good.id, 0),
        (Resolved, good.id, EVERY),
        (Created, bad.id, 60),
    ]


async def test_a_change_that_no_attempt_could_handle_is_a_dead_letter(
    fake: FakeOnCall, make: Make, tmp_path: Path
) -> None:
    """With all that one needs to look into it; it counts as told."""
    letters = list[DeadLetter]()

    async def keep(letter: DeadLetter) -> None:
        letters.append(letter)

    group = fake.add_group()
    bot = make(retry=POLICY, on_dead_letter=keep, checkpoint=tmp_path / "c")
    fail(bot)
    await run_for(bot, 100)
    (letter,) = letters
    assert (letter.change.id if isinstance(letter.change, Created) else None) == group.id
    assert letter.handler.endswith("fragile")
    assert (type(letter.error), letter.error.args, letter.attempts) == (Broken, (4,), 4)
    following = make(checkpoint=tmp_path / "c")
    told = hear(following)
    await run_for(following, 40)
    assert told == []


async def test_a_dead_letter_without_callback_is_logged(
    fake: FakeOnCall, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """As an error, with its traceback, and once."""
    group = fake.add_group()
    bot = make(retry=POLICY)
    fail(bot)
    await run_for(bot, 100)
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.name == "grafana_oncall"
    assert group.id in record.getMessage()
    assert record.exc_info is not None
    assert record.exc_info[0] is Broken


async def test_a_callback_that_fails_is_logged_and_the_bot_goes_on(
    fake: FakeOnCall, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing that somebody else writes ends it."""

    async def lose(letter: DeadLetter) -> None:
        raise Broken(letter.handler)

    bot = make(retry=RetryPolicy(attempts=1), on_dead_letter=lose)
    calls, after = fail(bot), hear(bot)
    groups = [fake.add_group()]
    later(20, lambda: groups.append(fake.add_group()))
    await run_for(bot, 60)
    assert after == [("Created", group.id) for group in groups]
    assert (len(calls), bot.health.dead_letters) == (2, 2)
    assert sum(record.levelno >= logging.ERROR for record in caplog.records) == 2


async def test_a_gap_whose_handler_fails_is_a_dead_letter(fake: FakeOnCall, make: Make) -> None:
    """As any other."""
    letters = list[DeadLetter]()

    async def keep(letter: DeadLetter) -> None:
        letters.append(letter)

    bot = make(retry=POLICY, on_dead_letter=keep)
    hear(bot, Gap, fails=True)
    later(1, lambda: fake.faults.add(status(503), lasting=timedelta(minutes=2)))
    await run_for(bot, 600)
    assert [type(letter.change) for letter in letters] == [Gap]


# Stopping


async def test_stopping_finishes_what_is_in_flight_and_begins_nothing(
    fake: FakeOnCall, make: Make, tmp_path: Path
) -> None:
    """What was not begun is told by the next bot of the checkpoint, and nothing else is."""
    groups = [fake.add_group() for _ in range(5)]
    bot = make(checkpoint=tmp_path / "c", max_at_once=2)
    begun, ended = hear(bot, lasting=10), hear(bot)
    await run_for(bot, 15)
    assert passed() == 20
    assert begun == ended
    following = make(checkpoint=tmp_path / "c")
    rest = hear(following)
    await run_for(following, 100)
    assert (len(begun), len(rest)) == (4, 1)
    assert sorted(begun + rest) == sorted(("Created", group.id) for group in groups)


async def test_all_changes_of_a_group_that_is_in_flight_are_finished(
    fake: FakeOnCall, make: Make
) -> None:
    """It is the group that is in flight, not one change of it."""
    group = fake.add_group(state="silenced")
    bot = make()
    told = hear(bot, lasting=10)
    await run_for(bot, 1)
    assert told == [("Created", group.id), ("Silenced", group.id)]


async def test_a_handler_that_waits_for_its_next_attempt_is_in_flight(
    fake: FakeOnCall, make: Make
) -> None:
    """It is tried again before the bot ends."""
    fake.add_group()
    bot = make(retry=POLICY)
    calls = fail(bot, 2)
    await run_for(bot, 3)
    assert calls == pytest.approx([0, 2, 6])
    assert passed() == 6


@pytest.mark.parametrize("at_once", [1, 4])
async def test_a_handler_that_stops_its_bot_is_the_last_to_begin(
    fake: FakeOnCall, make: Make, at_once: int
) -> None:
    """Although there are free places, and groups that wait for them."""
    for _ in range(8):
        fake.add_group()
    bot = make(max_at_once=at_once)

    @bot.on(Created)
    async def stop(_: Created) -> None:
        if not others:
            bot.stop()

    others = hear(bot)
    await bot.run(signals=())
    assert len(others) == 1


@pytest.mark.parametrize(
    "latency", [pytest.param(0, id="while it waits"), pytest.param(3600, id="in a poll")]
)
async def test_a_bot_with_nothing_to_do_stops_at_once(
    fake: FakeOnCall, make: Make, latency: float
) -> None:
    """It waits neither for the next poll nor for the answer to one."""
    fake.latency = timedelta(seconds=latency)
    await run_for(make(), 3)
    assert passed() == 3


async def test_a_bot_that_is_stopped_before_it_runs_does_nothing(
    fake: FakeOnCall, make: Make
) -> None:
    """As when a signal comes while a program starts."""
    fake.add_group()
    bot = make()
    told = hear(bot)
    bot.stop()
    await bot.run(signals=())
    assert (told, passed()) == ([], 0)


async def test_stopped_twice_it_ends_at_once(fake: FakeOnCall, make: Make, tmp_path: Path) -> None:
    """What it was at is cancelled, and told again by the next bot."""
    group = fake.add_group()
    bot = make(checkpoint=tmp_path / "c")
    told = hear(bot, lasting=LATER)
    later(5, bot.stop)
    await run_for(bot, 3)
    assert passed() == 5
    following = make(checkpoint=tmp_path / "c")
    again = hear(following)
    await run_for(following, 1)
    assert told == again == [("Created", group.id)]


async def test_stopped_again_and_again_it_does_not_mind(fake: FakeOnCall, make: Make) -> None:
    """Somebody presses Ctrl-C until the program is gone, and code calls `stop` in a `finally`."""
    fake.add_group()
    bot = make()

    @bot.on(Change)
    async def tidy(_: Change) -> None:
        try:
            await asyncio.sleep(LATER)
        finally:
            await asyncio.sleep(2)

    async with running(bot) as run:
        await asyncio.sleep(1)
        for _ in range(3):
            bot.stop()
            await asyncio.sleep(0.5)
        await run
    bot.stop()
    assert passed() == 3.5


@pytest.mark.parametrize(
    ("grace", "ended"),
    [
        pytest.param(5, 8, id="too short"),
        pytest.param(timedelta(seconds=5), 8, id="as a timedelta"),
        pytest.param(60, 33, id="long enough"),
    ],
)
async def test_what_has_not_ended_after_the_grace_is_cancelled(
    fake: FakeOnCall, make: Make, tmp_path: Path, grace: Any, ended: float
) -> None:
    """And told again, while what has ended is not."""
    slow, _ = fake.add_group(), fake.add_group()
    bot = make(checkpoint=tmp_path / "c")

    @bot.on(Created)
    async def handle(change: Created) -> None:
        await asyncio.sleep(33 if change.id == slow.id else 6)

    await run_for(bot, 3, grace=grace)
    assert passed() == ended
    following = make(checkpoint=tmp_path / "c")
    again = hear(following)
    await run_for(following, 1)
    assert again == ([] if grace == 60 else [("Created", slow.id)])


async def test_how_many_were_left_is_logged(
    fake: FakeOnCall, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """One line, with the true number."""
    for _ in range(3):
        fake.add_group()
    bot = make()
    hear(bot, lasting=LATER)
    await run_for(bot, 3, grace=5)
    (line,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert "3 groups" in line


@pytest.mark.parametrize(
    "ending",
    [
        pytest.param(lambda bot, _: bot.stop(), id="stopped"),
        pytest.param(lambda bot, _: (bot.stop(), bot.stop()), id="stopped twice"),
        pytest.param(lambda _, run: run.cancel(), id="cancelled"),
    ],
)
@pytest.mark.parametrize("latency", [0, 2])
async def test_no_task_is_left_and_the_client_can_still_be_used(
    fake: FakeOnCall,
    oncall: OnCallClient,
    make: Make,
    ending: Callable[[Bot, asyncio.Task[None]], object],
    latency: float,
) -> None:
    """Whether it was at a poll or at a handler."""
    groups = [fake.add_group() for _ in range(3)]
    fake.latency = timedelta(seconds=latency)
    for seconds in (0.5, 1.5, 4.5, 6.5, 9.5, 16.5):
        bot = make(retry=POLICY, max_at_once=1)
        hear(bot, lasting=3)
        fail(bot)
        async with running(bot) as run:
            await asyncio.sleep(seconds)
            ending(bot, run)
            await asyncio.wait([run])
        shared = oncall._session.shared
        assert (other_tasks(), shared.under_way, shared.gate._under_way) == (set(), 0, 0)
        assert (await oncall.alert_groups.get(groups[0].id)).id == groups[0].id


# Errors, and running twice


def saved(path: Path) -> Checkpoint:
    """What is in the file."""
    return Checkpoint.from_json(path.read_text())


def revoke(fake: FakeOnCall) -> None:
    """Nobody may do anything any more."""
    del fake._world.grants[fake.token]


async def test_a_token_that_is_refused_ends_it_after_what_is_in_flight(
    fake: FakeOnCall, make: Make, tmp_path: Path
) -> None:
    """Waiting cannot help; what was finished is in the checkpoint."""
    group = fake.add_group()
    bot = make(checkpoint=tmp_path / "c")
    told, ended = hear(bot, lasting=22), hear(bot)
    later(1, lambda: revoke(fake))
    with pytest.raises(Unauthorized):
        await bot.run(signals=())
    assert (told, ended, passed()) == ([("Created", group.id)], [("Created", group.id)], 22)
    assert [one.id for one in saved(tmp_path / "c").groups] == [group.id]
    assert other_tasks() == set()


async def test_a_wrong_token_ends_it_at_once(fake: FakeOnCall) -> None:
    """The error says so, and no group of exceptions is round it."""
    async with OnCallClient(url=BASE, token="wrong", transport=fake.transport()) as client:
        with pytest.raises(Unauthorized):
            await Bot(client.alert_groups.watch(clock=fake.now)).run(signals=())
    assert passed() == 0


async def test_a_client_that_is_closed_ends_it(
    fake: FakeOnCall, oncall: OnCallClient, make: Make
) -> None:
    """There will never be another poll."""
    bot = make()
    later(20, lambda: asyncio.ensure_future(oncall.aclose()))
    with pytest.raises(ClientStateError):
        await bot.run(signals=())
    assert passed() == 2 * EVERY
    assert {call.operation for call in fake.calls} == {LIST}


@pytest.mark.parametrize(
    ("soon", "late"),
    [
        pytest.param(2, 9, id="before the next poll"),
        pytest.param(EVERY + 5, EVERY + 7, id="after it"),
    ],
)
async def test_a_checkpoint_that_cannot_be_written_ends_it_after_what_is_in_flight(
    fake: FakeOnCall, make: Make, tmp_path: Path, soon: float, late: float
) -> None:
    """Otherwise it would do everything again after a restart, and nobody would know."""
    (tmp_path / "d").mkdir()
    first, second = fake.add_group(), fake.add_group()
    bot = make(checkpoint=tmp_path / "d" / "c")
    ended = list[str]()

    @bot.on(Created)
    async def handle(change: Created) -> None:
        await asyncio.sleep(soon if change.id == first.id else late)
        ended.append(change.id)

    later(1, lambda: shutil.rmtree(tmp_path / "d"))
    with pytest.raises(CheckpointError) as caught:
        await bot.run(signals=())
    assert caught.value.path == str(tmp_path / "d" / "c")
    assert (ended, passed()) == ([first.id, second.id], late)
    assert other_tasks() == set()


async def test_an_error_that_ends_it_waits_no_longer_than_the_grace(
    fake: FakeOnCall, make: Make
) -> None:
    """As a stop."""
    fake.add_group()
    bot = make()
    hear(bot, lasting=LATER)
    later(1, lambda: revoke(fake))
    with pytest.raises(Unauthorized):
        await bot.run(signals=(), grace=10)
    assert passed() == EVERY + 10


async def test_a_bot_runs_once(make: Make) -> None:
    """Neither twice at the same time nor again afterwards."""
    bot = make()
    async with running(bot) as run:
        await asyncio.sleep(1)
        with pytest.raises(ClientStateError):
            await bot.run(signals=())
        assert not run.done()
        bot.stop()
        await run
    with pytest.raises(ClientStateError):
        await bot.run(signals=())


# Killed: nothing is done at the end, and the next bot has the file as it was then


async def test_a_change_whose_handler_was_killed_is_told_again(
    fake: FakeOnCall, make: Make, tmp_path: Path
) -> None:
    """Also when it is the first that ever happened."""
    fake.add_group()
    dead = make(existing=False, checkpoint=tmp_path / "c")
    hear(dead, lasting=LATER)
    async with running(dead):
        await asyncio.sleep(20)
        group = fake.add_group()
        await asyncio.sleep(40)
        bot = make(existing=False, checkpoint=tmp_path / "c")
        told = hear(bot)
        await run_for(bot, 40)
    assert told == [("Created", group.id)]


async def test_changes_that_were_settled_long_before_a_kill_are_not_told_again(
    fake: FakeOnCall, make: Make, tmp_path: Path
) -> None:
    """Also the last ones of many that came together."""
    for _ in range(5):
        fake.add_group()
    dead = make(checkpoint=tmp_path / "c", max_at_once=1)
    first = hear(dead, lasting=0.1)
    async with running(dead):
        await asyncio.sleep(4 * EVERY)
        bot = make(checkpoint=tmp_path / "c")
        told = hear(bot)
        await run_for(bot, 40)
    assert (len(first), told) == (5, [])


async def test_a_bot_that_was_killed_while_nothing_happened_leaves_no_gap(
    fake: FakeOnCall, make: Make, tmp_path: Path
) -> None:
    """It had read the groups until a moment ago."""
    fake.add_group()
    dead = make(checkpoint=tmp_path / "c")
    async with running(dead):
        await asyncio.sleep(100 * EVERY + 1)
        bot = make(checkpoint=tmp_path / "c")
        gaps = hear(bot, Gap)
        await run_for(bot, 40)
    assert gaps == []


# Health


async def test_before_it_runs_a_bot_knows_nothing(make: Make) -> None:
    """A probe sees that, too."""
    assert make().health == BotHealth(
        polled=None, lag=None, failures=0, watched=0, busy=0, backlog=0, dead_letters=0
    )


async def test_health_shows_what_is_busy_and_what_waits(fake: FakeOnCall, make: Make) -> None:
    """And that polls come late because of it."""
    for _ in range(5):
        fake.add_group()
    bot = make(max_at_once=2)
    hear(bot, lasting=20)
    began = fake.now()
    async with running(bot):
        seen = list[tuple[int, int, float]]()
        for _ in range(4):
            await asyncio.sleep(18)
            health = bot.health
            assert health.lag is not None
            assert health.lag == fake.now() - cast("Any", health.polled)
            seen.append((health.busy, health.backlog, (fake.now() - began - health.lag).seconds))
    # At 18 s, at 36, at 54 when a poll has come at last, and at 72 when all is over.
    assert seen == [(2, 3, 0), (2, 1, 0), (1, 0, 40), (0, 0, 70)]
    assert bot.health.failures == 0


async def test_health_shows_an_outage_and_its_end(fake: FakeOnCall, make: Make) -> None:
    """The lag grows until groups are read again."""
    bot = make()
    async with running(bot):
        await asyncio.sleep(2 * EVERY + 1)
        before = bot.health
        fake.faults.add(status(503), lasting=timedelta(minutes=10))
        await asyncio.sleep(540)
        during = bot.health
        await asyncio.sleep(600)
        after = bot.health
    assert (before.lag, before.failures) == (timedelta(seconds=1), 0)
    assert (during.polled, during.lag) == (before.polled, timedelta(seconds=541))
    assert during.failures > 2
    assert after.failures == 0
    assert after.lag is not None
    assert after.lag < timedelta(seconds=EVERY)


async def test_health_outlives_the_bot(fake: FakeOnCall, make: Make) -> None:
    """What it knew, and that it does nothing any more."""
    for _ in range(3):
        fake.add_group()
    bot = make()
    await run_for(bot, 2 * EVERY + 1)
    health = bot.health
    assert (health.watched, health.busy, health.backlog) == (3, 0, 0)
    assert (health.lag, health.polled) == (timedelta(seconds=1), fake.now() - timedelta(seconds=1))


# Hints


async def test_a_hint_has_a_group_told_at_once_and_once(fake: FakeOnCall, make: Make) -> None:
    """The poll that comes later does not tell it again."""
    bot, told = make(existing=False), list[tuple[str, float]]()

    @bot.on(Change)
    async def note(change: Change) -> None:
        told.append((change.id, passed()))

    async with running(bot):
        await asyncio.sleep(2)
        group = fake.add_group()
        bot.hint(group.id)
        bot.hint(group.id)
        await asyncio.sleep(60)
    assert told == [(group.id, 2)]


async def test_a_hint_at_a_busy_group_waits_until_it_is_free(
    fake: FakeOnCall, clock: VirtualClock, make: Make
) -> None:
    """And is not forgotten."""
    group = fake.add_group()
    bot, told = make(), list[tuple[str, float]]()

    @bot.on(Change)
    async def note(change: Change) -> None:
        told.append((type(change).__name__, passed()))
        await asyncio.sleep(5)

    async with running(bot):
        await asyncio.sleep(2)
        become(group, "resolved", clock)
        bot.hint(group.id)
        await asyncio.sleep(60)
    assert told == [("Created", 0), ("Resolved", 5)]


async def test_hints_at_what_is_not_watched_or_not_there_change_nothing(
    fake: FakeOnCall, make: Make
) -> None:
    """A webhook may be of another team."""
    bot = make(labels={"team": "SRE"}, existing=False)
    told = hear(bot)
    async with running(bot) as run:
        await asyncio.sleep(2)
        bot.hint(fake.add_group(labels={"team": "Payments"}).id)
        bot.hint("INOSUCHGROUP")
        await asyncio.sleep(60)
        assert not run.done()
    assert told == []


@pytest.mark.parametrize("group_id", ["", "a/b", 7])
def test_a_hint_that_is_no_id_is_refused(make: Make, group_id: Any) -> None:
    """By its name."""
    with pytest.raises(InvalidArgument) as caught:
        make().hint(group_id)
    assert caught.value.argument == "alert_group_id"
