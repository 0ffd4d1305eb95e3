"""The throttle in an outage: who may probe, and when, and who gives up."""

import asyncio

import pytest

from grafana_oncall._session.rate_estimate import RateEstimate
from grafana_oncall._session.throttle import Caller, OutageTooLong, Throttle
from grafana_oncall.errors import ClientStateError
from tests.support.throttles import turn
from tests.support.virtual_time import loop, passed

BACKGROUND = Caller(background=True)


def fail(throttle: Throttle, episode: int, *, pause: float = 8.0) -> None:
    """A request that entered in this episode finds nobody there."""
    throttle.failed(episode, delay=lambda _: pause, reason="unreachable", words="nobody there")


async def shut(width: int = 4, *, pause: float = 8.0) -> Throttle:
    """A throttle at which an outage has just begun."""
    throttle = Throttle(RateEstimate(max_in_flight=width))
    for _ in range(2):
        episode = await throttle.enter()
        fail(throttle, episode, pause=pause)
        throttle.leave(episode)
    return throttle


async def test_one_at_a_time_probes_after_the_pause() -> None:
    """The others wait until it is back; with its success they go, more and more at once."""
    throttle, entered = await shut(), list[float]()

    async def call() -> None:
        episode = await throttle.enter(BACKGROUND)
        entered.append(passed())
        await asyncio.sleep(1)
        throttle.outage.success(episode)
        throttle.leave(episode)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(7):
            tasks.create_task(call())
    assert entered == [8, 9, 9, 10, 10, 10, 10]
    assert loop().timers == []


async def test_a_probe_that_fails_lets_nobody_in() -> None:
    """Before the next pause is over."""
    throttle = await shut()
    episode = await throttle.enter(BACKGROUND)
    waiting = asyncio.create_task(throttle.enter(BACKGROUND))
    await turn()
    fail(throttle, episode)
    throttle.leave(episode)
    await waiting
    assert passed() == 16


async def test_the_foreground_probes_after_a_second() -> None:
    """Although the background came first, and has made a timer for later."""
    throttle = await shut()
    behind = asyncio.create_task(throttle.enter(BACKGROUND))
    await turn()
    assert await throttle.enter() == 1
    assert passed() == 1
    throttle.outage.success(1)
    throttle.leave(1)
    await behind
    assert passed() == 1


async def test_what_was_in_flight_before_does_not_keep_others_from_probing() -> None:
    """It may hang for long."""
    throttle = Throttle(RateEstimate(max_in_flight=4))
    hanging = [await throttle.enter() for _ in range(3)]
    for _ in range(2):
        fail(throttle, 0)
    assert await throttle.enter() == 1
    assert passed() == 1
    for episode in hanging:
        throttle.leave(episode)
    late = asyncio.create_task(throttle.enter())
    await asyncio.sleep(5)
    assert not late.done()  # one probe is enough
    throttle.leave(1)
    await late


async def test_a_probe_that_is_cancelled_makes_room_for_another() -> None:
    """When it is let in, and afterwards."""
    throttle = await shut(pause=1)
    first, second = (asyncio.create_task(throttle.enter(BACKGROUND)) for _ in range(2))
    await asyncio.sleep(1)
    first.cancel()
    await asyncio.wait([first])
    assert await second == 1
    throttle.leave(1)
    assert (throttle._in_flight, throttle._in_flight_since_outage) == (0, 0)


async def test_a_caller_gives_up_when_a_probe_has_failed_and_its_time_is_over() -> None:
    """Not before the one, nor before the other."""
    throttle, began = await shut(), loop().time()
    patient = Caller(background=True, max_outage=30, min_wait=5)
    probe = await throttle.enter()
    early = asyncio.create_task(throttle.enter(patient, began=began))
    await asyncio.sleep(39)
    assert not early.done()
    late = asyncio.create_task(throttle.enter(patient, began=began + 38))
    fail(throttle, probe, pause=60)
    with pytest.raises(OutageTooLong):
        await early
    assert 40 <= passed() <= 41
    with pytest.raises(OutageTooLong):
        await late
    assert 43 <= passed() <= 44


async def test_close_in_an_outage_leaves_no_timer() -> None:
    """Who waits learns at once."""
    throttle = await shut()
    waiting = asyncio.create_task(throttle.enter(BACKGROUND))
    await turn()
    assert len(loop().timers) == 2
    throttle.close()
    with pytest.raises(ClientStateError):
        await waiting
    assert loop().timers == []
