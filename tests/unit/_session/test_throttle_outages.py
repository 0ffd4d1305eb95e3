"""The gate in an outage: who may probe, and when, and who gives up."""

import asyncio

import pytest

from grafana_oncall._session.throttle import Caller, Gate, OutageTooLong, Pace
from grafana_oncall.errors import ClientStateError
from tests.support.gates import turn
from tests.support.virtual_time import loop, passed

BACKGROUND = Caller(background=True)


def fail(gate: Gate, episode: int, *, pause: float = 8.0) -> None:
    """A request that entered in this episode finds nobody there."""
    gate.failed(episode, delay=lambda _: pause, reason="unreachable", words="nobody there")


async def shut(width: int = 4, *, pause: float = 8.0) -> Gate:
    """A gate at which an outage has just begun."""
    gate = Gate(Pace(width=width))
    for _ in range(2):
        episode = await gate.enter()
        fail(gate, episode, pause=pause)
        gate.leave(episode)
    return gate


async def test_one_at_a_time_probes_after_the_pause() -> None:
    """The others wait until it is back; with its success they go, more and more at once."""
    gate, entered = await shut(), list[float]()

    async def call() -> None:
        episode = await gate.enter(BACKGROUND)
        entered.append(passed())
        await asyncio.sleep(1)
        gate.outage.success(episode)
        gate.leave(episode)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(7):
            tasks.create_task(call())
    assert entered == [8, 9, 9, 10, 10, 10, 10]
    assert loop().timers == []


async def test_a_probe_that_fails_lets_nobody_in() -> None:
    """Before the next pause is over."""
    gate = await shut()
    episode = await gate.enter(BACKGROUND)
    waiting = asyncio.create_task(gate.enter(BACKGROUND))
    await turn()
    fail(gate, episode)
    gate.leave(episode)
    await waiting
    assert passed() == 16


async def test_the_foreground_probes_after_a_second() -> None:
    """Although the background came first, and has made a timer for later."""
    gate = await shut()
    behind = asyncio.create_task(gate.enter(BACKGROUND))
    await turn()
    assert await gate.enter() == 1
    assert passed() == 1
    gate.outage.success(1)
    gate.leave(1)
    await behind
    assert passed() == 1


async def test_what_was_on_its_way_before_does_not_keep_others_from_probing() -> None:
    """It may hang for long."""
    gate = Gate(Pace(width=4))
    hanging = [await gate.enter() for _ in range(3)]
    for _ in range(2):
        fail(gate, 0)
    assert await gate.enter() == 1
    assert passed() == 1
    for episode in hanging:
        gate.leave(episode)
    late = asyncio.create_task(gate.enter())
    await asyncio.sleep(5)
    assert not late.done()  # one probe is enough
    gate.leave(1)
    await late


async def test_a_probe_that_is_cancelled_makes_room_for_another() -> None:
    """When it is let in, and afterwards."""
    gate = await shut(pause=1)
    first, second = (asyncio.create_task(gate.enter(BACKGROUND)) for _ in range(2))
    await asyncio.sleep(1)
    first.cancel()
    await asyncio.wait([first])
    assert await second == 1
    gate.leave(1)
    assert (gate._under_way, gate._entered) == (0, 0)


async def test_whoever_waits_gives_up_when_a_probe_has_failed_and_its_time_is_over() -> None:
    """Not before the one, nor before the other."""
    gate, began = await shut(), loop().time()
    patient = Caller(background=True, patience=30, least=5)
    probe = await gate.enter()
    early = asyncio.create_task(gate.enter(patient, began=began))
    await asyncio.sleep(39)
    assert not early.done()
    late = asyncio.create_task(gate.enter(patient, began=began + 38))
    fail(gate, probe, pause=60)
    with pytest.raises(OutageTooLong):
        await early
    assert 40 <= passed() <= 41
    with pytest.raises(OutageTooLong):
        await late
    assert 43 <= passed() <= 44


async def test_close_in_an_outage_leaves_no_timer() -> None:
    """Who waits learns at once."""
    gate = await shut()
    waiting = asyncio.create_task(gate.enter(BACKGROUND))
    await turn()
    assert len(loop().timers) == 2
    gate.close()
    with pytest.raises(ClientStateError):
        await waiting
    assert loop().timers == []
