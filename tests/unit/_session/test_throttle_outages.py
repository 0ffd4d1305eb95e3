"""The throttle in an outage: who may probe, and when, and who gives up."""

import asyncio

import pytest

from grafana_oncall._session.outage import Outage
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


async def test_what_entered_between_the_failures_of_its_beginning_does_not_probe_either() -> None:
    """It left before all knew of the outage, and may hang as well."""
    throttle = Throttle(RateEstimate(max_in_flight=4))
    await throttle.enter()
    fail(throttle, 0)
    await throttle.enter()
    fail(throttle, 0)
    assert await throttle.enter() == 1


async def test_what_failed_is_kept_for_those_who_wait() -> None:
    """Its kind, its words, and whether the host has an address."""
    throttle = await shut()
    outage = throttle.outage
    assert (outage.reason, outage.words) == ("unreachable", "nobody there")
    assert outage.reach(loop().time() + 60).unresolved == 0
    news = throttle.failed(1, delay=lambda _: 1, reason="dns", words="no such", unresolved=True)
    assert (news, outage.reason, outage.words) == (True, "dns", "no such")
    assert outage.reach(loop().time() + 60).unresolved == 60


async def test_the_rest_of_a_pause_is_that_of_the_longest_for_this_caller() -> None:
    """The foreground probes earlier; the client's own limit holds for both."""
    calm, throttle = Throttle(RateEstimate(max_in_flight=4)), await shut()
    assert (calm.pause_left(), calm.pause_left(background=False)) == (0, 0)
    assert (throttle.pause_left(), throttle.pause_left(background=False)) == (8, 1)
    await asyncio.sleep(0.5)
    assert (throttle.pause_left(), throttle.pause_left(background=False)) == (7.5, 0.5)
    throttle.pause(3)
    assert (throttle.pause_left(), throttle.pause_left(background=False)) == (7.5, 3)
    await asyncio.sleep(9)
    assert (throttle.pause_left(), throttle.pause_left(background=False)) == (0, 0)


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


@pytest.mark.parametrize(
    ("now", "began", "gives_up"),
    [
        pytest.param(35, 5, True, id="both have lasted long enough, to the instant"),
        pytest.param(35, 5.1, False, id="the call has not waited long enough"),
        pytest.param(34.9, 0, False, id="the outage has not lasted long enough"),
        pytest.param(99, 10, False, id="no probe has failed since the call began"),
    ],
)
def test_a_caller_gives_up_when_both_the_outage_and_the_call_have_lasted_long_enough(
    now: float, began: float, *, gives_up: bool
) -> None:
    """And a probe has failed meanwhile."""
    outage = Outage(max_in_flight=4)
    for failed in (0.0, 10.0):
        outage.failure(failed, 0, delay=lambda _: 1, reason="", words="", unresolved=False)
    caller = Caller(max_outage=35, min_wait=30)
    assert caller.gives_up(outage, now, began=began) is gives_up


async def test_nobody_gives_up_for_an_outage_that_is_over() -> None:
    """Not even who would not have waited at all: it is for a place that it waits now."""
    throttle = await shut(width=1, pause=0.25)
    probe = await throttle.enter()
    waiting = asyncio.create_task(throttle.enter(Caller(max_outage=0), began=loop().began - 1))
    await turn()
    throttle.outage.success(probe)
    await asyncio.sleep(2)
    assert not waiting.done()
    throttle.leave(probe)
    await waiting


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
