"""The throttle in an outage: which tasks may probe, when, and which give up."""

import asyncio

import pytest

from grafana_oncall._core.aio import AT_A_TIME
from grafana_oncall._session.outage import Outage
from grafana_oncall._session.rate_estimate import RateEstimate
from grafana_oncall._session.throttle import Caller, OutageTooLong, Throttle
from grafana_oncall.errors import ClientStateError
from tests.support.throttles import turn
from tests.support.virtual_time import loop, passed

BACKGROUND = Caller(background=True)


def fail(throttle: Throttle, episode: int, *, pause: float = 8.0) -> None:
    """Report a failed connection of a request that entered in this episode."""
    throttle.failed(
        episode, delay=lambda _: pause, reason="unreachable", words="connection refused"
    )


async def shut(width: int = 4, *, pause: float = 8.0) -> Throttle:
    """A throttle at which an outage has just begun."""
    throttle = Throttle(RateEstimate(max_in_flight=width))
    for _ in range(2):
        episode = await throttle.enter()
        fail(throttle, episode, pause=pause)
        throttle.leave(episode)
    return throttle


async def test_one_task_at_a_time_probes_after_the_pause() -> None:
    """The others wait for it; after its success they follow, more and more at once."""
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


async def test_a_probe_that_fails_admits_no_task() -> None:
    """Until the next pause has ended."""
    throttle = await shut()
    episode = await throttle.enter(BACKGROUND)
    waiting = asyncio.create_task(throttle.enter(BACKGROUND))
    await turn()
    fail(throttle, episode)
    throttle.leave(episode)
    await waiting
    assert passed() == 16


async def test_the_foreground_probes_after_a_second() -> None:
    """Although background tasks came first, and set a timer for later."""
    throttle = await shut()
    behind = asyncio.create_task(throttle.enter(BACKGROUND))
    await turn()
    assert await throttle.enter() == 1
    assert passed() == 1
    throttle.outage.success(1)
    throttle.leave(1)
    await behind
    assert passed() == 1


async def test_the_background_waits_for_its_own_pause_also_where_nobody_else_waits() -> None:
    """The foreground might have gone before."""
    throttle = await shut()
    await asyncio.sleep(2)
    await throttle.enter(BACKGROUND)
    assert passed() == 8


async def test_what_was_in_flight_before_does_not_keep_others_from_probing() -> None:
    """It may hang for long."""
    throttle = Throttle(RateEstimate(max_in_flight=4))
    hanging = [await throttle.enter() for _ in range(3)]
    for _ in hanging:
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


async def test_a_place_without_a_number_was_taken_before_any_outage() -> None:
    """Given back in one, it makes no room for another probe."""
    throttle = Throttle(RateEstimate(max_in_flight=4))
    await throttle.enter()
    for _ in range(2):
        fail(throttle, 0)
    assert await throttle.enter() == 1
    throttle.leave()
    waiting = asyncio.create_task(throttle.enter())
    await asyncio.sleep(5)
    assert not waiting.done()
    throttle.leave(1)
    assert await waiting == 1


async def test_what_entered_between_its_first_failures_does_not_count_as_a_probe_either() -> None:
    """It was sent before the outage was known, and may hang as well."""
    throttle = Throttle(RateEstimate(max_in_flight=4))
    await throttle.enter()
    fail(throttle, 0)
    await throttle.enter()
    fail(throttle, 0)
    assert await throttle.enter() == 1


async def test_what_failed_is_kept_for_waiting_tasks() -> None:
    """Its kind, its message, and whether the host has an address."""
    throttle = await shut()
    outage = throttle.outage
    assert (outage.reason, outage.words) == ("unreachable", "connection refused")
    assert outage.reach(loop().time() + 60).unresolved == 0
    news = throttle.failed(1, delay=lambda _: 1, reason="dns", words="no such", unresolved=True)
    assert (news, outage.reason, outage.words) == (True, "dns", "no such")
    assert outage.reach(loop().time() + 60).unresolved == 60


async def test_the_remaining_pause_is_the_longest_that_applies_to_the_caller() -> None:
    """The foreground probes earlier; the client's own limit applies to both."""
    calm, throttle = Throttle(RateEstimate(max_in_flight=4)), await shut()
    assert (calm.pause_left(), calm.pause_left(background=False)) == (0, 0)
    assert (throttle.pause_left(), throttle.pause_left(background=False)) == (8, 1)
    await asyncio.sleep(0.5)
    assert (throttle.pause_left(), throttle.pause_left(background=False)) == (7.5, 0.5)
    throttle.pause(3)
    assert (throttle.pause_left(), throttle.pause_left(background=False)) == (7.5, 3)
    await asyncio.sleep(9)
    assert (throttle.pause_left(), throttle.pause_left(background=False)) == (0, 0)


async def test_a_cancelled_probe_makes_room_for_another() -> None:
    """When it is admitted, and afterwards."""
    throttle = await shut(pause=1)
    first, second = (asyncio.create_task(throttle.enter(BACKGROUND)) for _ in range(2))
    await asyncio.sleep(1)
    first.cancel()
    await asyncio.wait([first])
    assert await second == 1
    throttle.leave(1)
    assert (throttle._in_flight, throttle._in_flight_since_outage) == (0, 0)


async def test_a_caller_gives_up_when_a_probe_has_failed_and_its_time_is_over() -> None:
    """Only after both."""
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
    """A probe must have failed meanwhile too."""
    outage = Outage(max_in_flight=4)
    for failed in (0.0, 10.0):
        outage.failure(
            failed,
            0,
            in_flight=1,
            delay=lambda _: 1,
            reason="",
            words="",
            unresolved=False,
        )
    caller = Caller(max_outage=35, min_wait=30)
    assert caller.gives_up(outage, now, began=began) is gives_up


async def test_no_caller_gives_up_because_of_an_outage_that_is_over() -> None:
    """Not even one that would not have waited at all: now it waits for a place."""
    throttle = await shut(width=1, pause=0.25)
    probe = await throttle.enter()
    waiting = asyncio.create_task(throttle.enter(Caller(max_outage=0), began=loop().began - 1))
    await turn()
    throttle.outage.success(probe)
    await asyncio.sleep(2)
    assert not waiting.done()
    throttle.leave(probe)
    await waiting


async def test_a_search_for_hasty_callers_stops_when_the_outage_ends() -> None:
    """Between two pieces of it."""
    throttle, ends = await shut(width=1, pause=0.25), list[str]()
    probe, began = await throttle.enter(), loop().began - 1

    async def call() -> None:
        try:
            await throttle.enter(Caller(max_outage=0), began=began)
        except OutageTooLong:
            throttle.outage.success(probe)
            ends.append("gave up")

    async with asyncio.TaskGroup() as tasks:
        crowd = [tasks.create_task(call()) for _ in range(2 * AT_A_TIME)]
        await asyncio.sleep(2)
        assert ends == ["gave up"] * AT_A_TIME
        for task in crowd:
            task.cancel()


async def test_close_in_an_outage_leaves_no_timer() -> None:
    """Waiting tasks are refused at once."""
    throttle = await shut()
    waiting = asyncio.create_task(throttle.enter(BACKGROUND))
    await turn()
    assert len(loop().timers) == 2
    throttle.close()
    with pytest.raises(ClientStateError):
        await waiting
    assert loop().timers == []
