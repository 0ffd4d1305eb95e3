"""Bots that end with an error, and bots that are run twice."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall._watch.checkpoint import Checkpoint
from grafana_oncall.bot import Bot
from grafana_oncall.changes import Created
from grafana_oncall.errors import CheckpointError, ClientStateError, Unauthorized
from grafana_oncall.testing import FakeOnCall
from tests.support.bots import EVERY, LATER, LIST, Make, hear, maker, running
from tests.support.listing import other_tasks
from tests.support.samples import BASE
from tests.support.timeline import later
from tests.support.virtual_time import about, passed

make = pytest.fixture(maker)


def saved(path: Path) -> Checkpoint:
    """The checkpoint in the file."""
    return Checkpoint.from_json(path.read_text())


def revoke(fake: FakeOnCall) -> None:
    """Make the token invalid for every request."""
    del fake._world.grants[fake.token]


async def test_a_refused_token_ends_it_after_what_is_in_flight(
    fake: FakeOnCall, make: Make, tmp_path: Path
) -> None:
    """Waiting does not help; what was handled is in the checkpoint."""
    group = fake.add_group()
    bot = make(checkpoint=tmp_path / "c")
    delivered, ended = hear(bot, lasting=22), hear(bot)
    later(1, lambda: revoke(fake))
    with pytest.raises(Unauthorized):
        await bot.run(signals=())
    assert (delivered, ended) == ([("Created", group.id)], [("Created", group.id)])
    assert passed() == about(22)
    assert [group.id for group in saved(tmp_path / "c").groups] == [group.id]
    assert other_tasks() == set()


async def test_a_wrong_token_ends_it_at_once(fake: FakeOnCall) -> None:
    """The error says so, and is not wrapped in an exception group."""
    async with OnCallClient(url=BASE, token="wrong", transport=fake.transport()) as client:
        with pytest.raises(Unauthorized):
            await Bot(client.alert_groups.watch(clock=fake.now)).run(signals=())
    assert passed() == 0


async def test_a_client_that_is_closed_ends_it(
    fake: FakeOnCall, oncall: OnCallClient, make: Make
) -> None:
    """There can be no further poll."""
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
    """Otherwise it would silently repeat everything after a restart."""
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
    assert ended == [first.id, second.id]
    assert passed() == about(late)
    assert other_tasks() == set()


async def test_an_error_that_ends_it_waits_no_longer_than_the_grace(
    fake: FakeOnCall, make: Make
) -> None:
    """The grace is the same as after a stop."""
    fake.add_group()
    bot = make()
    hear(bot, lasting=LATER)
    later(1, lambda: revoke(fake))
    with pytest.raises(Unauthorized):
        await bot.run(signals=(), grace=10)
    assert passed() == EVERY + 10


async def test_a_bot_runs_once(make: Make) -> None:
    """It is refused during the first run and after it."""
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
