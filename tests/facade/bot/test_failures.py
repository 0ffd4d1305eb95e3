"""Bots whose handlers fail: retries and dead letters."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from grafana_oncall import OnCallClient, RetryPolicy
from grafana_oncall.bot import Bot, DeadLetter
from grafana_oncall.changes import Change, Created, Gap, Resolved
from grafana_oncall.testing import FakeOnCall, VirtualClock, status
from tests.support.bots import EVERY, POLICY, Broken, Make, fail, hear, maker, run_for
from tests.support.timeline import become, later
from tests.support.virtual_time import passed

make = pytest.fixture(maker)


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
async def test_a_handler_that_fails_is_retried_with_growing_delays(
    fake: FakeOnCall, make: Make, failures: int | None, called: list[float]
) -> None:
    """Doubled up to the longest, and as often as the policy says."""
    bot = make(retry=POLICY)
    calls, after = fail(bot, failures), hear(bot)
    group = fake.add_group()
    await run_for(bot, 100)
    assert calls == pytest.approx(called)
    assert after == [("Created", group.id)]
    assert bot.health.dead_letters == (failures is None)


async def test_delays_have_jitter(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """So that handlers that failed together do not retry together."""
    numbers = iter([0.5, 0.25, 0.0])
    watcher = oncall.alert_groups.watch(existing=True, clock=fake.now)
    bot = Bot(watcher, retry=POLICY, random=lambda: next(numbers))
    calls = fail(bot)
    fake.add_group()
    await run_for(bot, 100)
    assert calls == pytest.approx([0, 1, 2, 2])


async def test_other_groups_are_handled_between_two_attempts(
    fake: FakeOnCall, clock: VirtualClock, make: Make
) -> None:
    """A group whose handler fails blocks only itself."""
    bad, good = fake.add_group(), fake.add_group()
    bot, handled = make(retry=RetryPolicy(initial_backoff=60, max_backoff=60)), list[Any]()

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
    """With all that is needed to investigate; the change counts as delivered."""
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
    delivered = hear(following)
    await run_for(following, 40)
    assert delivered == []


async def test_a_handler_that_ends_with_its_own_cancellation_has_failed(
    fake: FakeOnCall, make: Make
) -> None:
    """It was not cancelled: it awaited something that was."""
    letters = list[DeadLetter]()

    async def keep(letter: DeadLetter) -> None:
        letters.append(letter)

    bot = make(retry=POLICY, on_dead_letter=keep)

    @bot.on(Created)
    async def handle(_: Created) -> None:
        waiting = asyncio.create_task(asyncio.sleep(60))
        waiting.cancel()
        await waiting

    after = hear(bot)
    group = fake.add_group()
    await run_for(bot, 100)
    (letter,) = letters
    assert "CancelledError" in str(letter.error)
    assert letter.attempts == 4
    assert after == [("Created", group.id)]


async def test_a_handler_whose_tasks_fail_has_failed(fake: FakeOnCall, make: Make) -> None:
    """Before Python 3.13, a failed TaskGroup leaves its task marked as cancelled."""
    letters = list[DeadLetter]()

    async def several(_: object) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(broken())

    async def keep(letter: DeadLetter) -> None:
        letters.append(letter)
        await several(letter)

    bot = make(retry=POLICY, on_dead_letter=keep)
    bot.on(Created)(several)
    after = hear(bot)
    group = fake.add_group()
    await run_for(bot, 100)
    assert [(type(letter.error), letter.attempts) for letter in letters] == [(ExceptionGroup, 4)]
    assert after == [("Created", group.id)]


async def broken() -> None:
    """Raise an error."""
    raise Broken


@pytest.mark.parametrize(
    "raised", [GeneratorExit(), BaseExceptionGroup("some", [GeneratorExit()])], ids=repr
)
async def test_a_base_exception_is_a_failure_and_the_bot_goes_on(
    fake: FakeOnCall, make: Make, raised: BaseException
) -> None:
    """Except those that end the process; the dead letter has what was raised as its cause."""
    letters = list[DeadLetter]()

    async def keep(letter: DeadLetter) -> None:
        letters.append(letter)

    bot = make(retry=POLICY, on_dead_letter=keep)

    @bot.on(Created)
    async def handle(_: Created) -> None:
        raise raised

    after = hear(bot)
    group = fake.add_group()
    await run_for(bot, 100)
    (letter,) = letters
    assert letter.error.__cause__ is raised
    assert after == [("Created", group.id)]


async def test_a_falsy_error_is_a_failure(fake: FakeOnCall, make: Make) -> None:
    """Such as an empty collection."""

    class Empty(Exception):
        def __len__(self) -> int:
            return 0

    bot, called = make(retry=POLICY), list[float]()

    @bot.on(Created)
    async def handle(_: Created) -> None:
        called.append(passed())
        raise Empty

    fake.add_group()
    await run_for(bot, 100)
    assert (len(called), bot.health.dead_letters) == (4, 1)


async def test_a_dead_letter_without_callback_is_logged(
    fake: FakeOnCall, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """Once, as an error with its traceback."""
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
    """No user code ends the bot."""

    async def lose(letter: DeadLetter) -> None:
        raise Broken(letter.handler)

    bot = make(retry=RetryPolicy(max_attempts=1), on_dead_letter=lose)
    calls, after = fail(bot), hear(bot)
    groups = [fake.add_group()]
    later(20, lambda: groups.append(fake.add_group()))
    await run_for(bot, 60)
    assert after == [("Created", group.id) for group in groups]
    assert (len(calls), bot.health.dead_letters) == (2, 2)
    assert sum(record.levelno >= logging.ERROR for record in caplog.records) == 2


async def test_a_gap_whose_handler_fails_is_a_dead_letter(fake: FakeOnCall, make: Make) -> None:
    """Like any other change."""
    letters = list[DeadLetter]()

    async def keep(letter: DeadLetter) -> None:
        letters.append(letter)

    bot = make(retry=POLICY, on_dead_letter=keep)
    hear(bot, Gap, fails=True)
    later(1, lambda: fake.faults.add(status(503), lasting=timedelta(minutes=2)))
    await run_for(bot, 600)
    assert [type(letter.change) for letter in letters] == [Gap]


async def test_a_change_that_is_given_up_is_logged_briefly(
    fake: FakeOnCall, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """Without the alert's contents."""
    bot = make(retry=RetryPolicy(max_attempts=1))
    fail(bot)
    group = fake.add_group(payload={"password": "in an alert"})
    await run_for(bot, 10)
    (record,) = (record for record in caplog.records if record.levelno == logging.ERROR)
    assert record.getMessage().endswith(f"gave up on Created of {group.id}")
    assert "in an alert" not in caplog.text
