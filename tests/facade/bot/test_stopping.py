"""Bots that are stopped: what is in flight is completed, or cancelled after the grace."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.bot import Bot
from grafana_oncall.changes import Change, Created
from grafana_oncall.testing import FakeOnCall
from tests.support.bots import LATER, POLICY, Make, fail, hear, maker, run_for, running
from tests.support.listing import other_tasks
from tests.support.timeline import later
from tests.support.virtual_time import about, passed

make = pytest.fixture(maker)


async def test_stopping_finishes_what_is_in_flight_and_begins_nothing(
    fake: FakeOnCall, make: Make, tmp_path: Path
) -> None:
    """The next bot with this checkpoint delivers what was not begun, and nothing else."""
    groups = [fake.add_group() for _ in range(5)]
    bot = make(checkpoint=tmp_path / "c", max_at_once=2)
    begun, ended = hear(bot, lasting=10), hear(bot)
    await run_for(bot, 15)
    assert passed() == about(20)
    assert begun == ended
    following = make(checkpoint=tmp_path / "c")
    rest = hear(following)
    await run_for(following, 100)
    assert (len(begun), len(rest)) == (4, 1)
    assert sorted(begun + rest) == sorted(("Created", group.id) for group in groups)


async def test_all_changes_of_a_group_that_is_in_flight_are_finished(
    fake: FakeOnCall, make: Make
) -> None:
    """The group is in flight, not just one of its changes."""
    group = fake.add_group(state="silenced")
    bot = make()
    delivered = hear(bot, lasting=10)
    await run_for(bot, 1)
    assert delivered == [("Created", group.id), ("Silenced", group.id)]


async def test_a_handler_that_waits_for_its_next_attempt_is_in_flight(
    fake: FakeOnCall, make: Make
) -> None:
    """It is retried before the bot ends."""
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
    """Although other groups wait, and could be handled."""
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


@pytest.mark.parametrize("turns", range(8))
async def test_after_a_stop_no_group_begins(fake: FakeOnCall, make: Make, turns: int) -> None:
    """Those that have begun are completed, with all their handlers."""
    for _ in range(4):
        fake.add_group()
    bot, first = make(), asyncio.Event()

    @bot.on(Created)
    async def handle(_: Created) -> None:
        first.set()

    delivered = hear(bot, lasting=5)
    async with running(bot) as run:
        await first.wait()
        for _ in range(turns):
            await asyncio.sleep(0)
        begun = bot.health.busy
        bot.stop()
        await run
    assert 1 <= len(delivered) <= begun < 4


@pytest.mark.parametrize("turns", range(12))
async def test_an_anyio_cancel_scope_ends_a_bot(fake: FakeOnCall, make: Make, turns: int) -> None:
    """At any turn: the scope recognises its own cancellation, and its block ends."""
    fake.add_group()
    bot = make()
    hear(bot)
    ending: list[asyncio.Task[None]] = []
    with anyio.CancelScope() as scope:
        ending.append(asyncio.create_task(cancel_after(turns, scope)))
        await bot.run(signals=())
    assert scope.cancelled_caught


async def cancel_after(turns: int, scope: anyio.CancelScope) -> None:
    """Cancel the scope after so many turns of the event loop."""
    for _ in range(turns):
        await asyncio.sleep(0)
    scope.cancel()


@pytest.mark.parametrize(
    "latency", [pytest.param(0, id="while it waits"), pytest.param(3600, id="in a poll")]
)
async def test_a_bot_with_nothing_to_do_stops_at_once(
    fake: FakeOnCall, make: Make, latency: float
) -> None:
    """It waits neither for the next poll nor for a response to one."""
    fake.latency = timedelta(seconds=latency)
    await run_for(make(), 3)
    assert passed() == 3


async def test_a_bot_that_is_stopped_before_it_runs_does_nothing(
    fake: FakeOnCall, make: Make
) -> None:
    """As when a signal arrives while a program starts."""
    fake.add_group()
    bot = make()
    delivered = hear(bot)
    bot.stop()
    await bot.run(signals=())
    assert (delivered, passed()) == ([], 0)


async def test_a_second_stop_ends_it_at_once(fake: FakeOnCall, make: Make, tmp_path: Path) -> None:
    """What was in flight is cancelled, and redelivered by the next bot."""
    group = fake.add_group()
    bot = make(checkpoint=tmp_path / "c")
    delivered = hear(bot, lasting=LATER)
    later(5, bot.stop)
    await run_for(bot, 3)
    assert passed() == 5
    following = make(checkpoint=tmp_path / "c")
    redelivered = hear(following)
    await run_for(following, 1)
    assert delivered == redelivered == [("Created", group.id)]


async def test_further_stops_have_no_effect(fake: FakeOnCall, make: Make) -> None:
    """As when a user keeps pressing Ctrl-C, and code calls `stop` in a `finally`."""
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
    """It is redelivered, unlike what has ended."""
    slow, _ = fake.add_group(), fake.add_group()
    bot = make(checkpoint=tmp_path / "c")

    @bot.on(Created)
    async def handle(change: Created) -> None:
        await asyncio.sleep(33 if change.id == slow.id else 6)

    await run_for(bot, 3, grace=grace)
    assert passed() == about(ended)
    following = make(checkpoint=tmp_path / "c")
    redelivered = hear(following)
    await run_for(following, 1)
    assert redelivered == ([] if grace == 60 else [("Created", slow.id)])


async def test_a_handler_that_turns_its_cancellation_into_an_error_is_not_retried(
    fake: FakeOnCall, make: Make
) -> None:
    """The grace is a bound."""
    fake.add_group()
    bot, called = make(), list[float]()

    @bot.on(Change)
    async def handle(_: Change) -> None:
        called.append(passed())
        try:
            await asyncio.sleep(LATER)
        except asyncio.CancelledError as error:
            raise RuntimeError("It was interrupted.") from error

    await run_for(bot, 5, grace=10)
    assert (called, passed()) == ([0], 15)


async def test_after_a_handler_that_swallows_its_cancellation_no_other_begins(
    fake: FakeOnCall, make: Make, tmp_path: Path
) -> None:
    """The grace is a bound, and the next bot with this checkpoint redelivers the change."""
    group = fake.add_group()
    bot = make(checkpoint=tmp_path / "c")

    @bot.on(Change)
    async def handle(_: Change) -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(LATER)

    others = hear(bot, lasting=LATER)
    await run_for(bot, 5, grace=10)
    assert (others, passed()) == ([], 15)
    following = make(checkpoint=tmp_path / "c")
    redelivered = hear(following)
    await run_for(following, 1)
    assert redelivered == [("Created", group.id)]


async def test_a_handler_that_ignores_its_cancellation_does_not_hold_up_the_end(
    fake: FakeOnCall, make: Make, tmp_path: Path
) -> None:
    """It is abandoned after a while, and the next bot with this checkpoint redelivers."""
    group, released = fake.add_group(), asyncio.Event()
    bot = make(checkpoint=tmp_path / "c")

    @bot.on(Change)
    async def handle(_: Change) -> None:
        while not released.is_set():
            with suppress(asyncio.CancelledError):
                await released.wait()

    later(2, bot.stop)
    await run_for(bot, 1)
    ended = passed()
    released.set()
    assert ended == about(7)
    following = make(checkpoint=tmp_path / "c")
    redelivered = hear(following)
    await run_for(following, 1)
    assert redelivered == [("Created", group.id)]


@pytest.mark.parametrize("turns", range(12))
async def test_two_stops_in_quick_succession_count_as_two(
    fake: FakeOnCall, make: Make, turns: int
) -> None:
    """Whatever the bot does in between."""
    fake.add_group()
    bot = make()
    hear(bot, lasting=LATER)
    async with running(bot) as run:
        await asyncio.sleep(5)
        bot.stop()
        for _ in range(turns):
            await asyncio.sleep(0)
        bot.stop()
        await run
        assert passed() == 5


async def test_the_number_of_abandoned_handlers_is_logged(
    fake: FakeOnCall, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """In one line, with the true number."""
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
    """Whether a poll or a handler was running."""
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
        assert (other_tasks(), shared.in_flight, shared.throttle._in_flight) == (set(), 0, 0)
        assert (await oncall.alert_groups.get(groups[0].id)).id == groups[0].id
