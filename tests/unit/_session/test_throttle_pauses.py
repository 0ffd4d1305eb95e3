"""The throttle of a client's requests while all of them pause."""

import asyncio
from collections.abc import Callable

import attrs
import pytest

from grafana_oncall._session.rate_estimate import RateEstimate
from grafana_oncall._session.throttle import Caller, PauseTooLong, Throttle
from grafana_oncall.errors import ClientStateError
from tests.support.throttles import counted_lines, hold, place, refuse, room, served, turn
from tests.support.virtual_time import loop, passed

either = pytest.mark.parametrize("pause", [hold, refuse])
"""Whatever closes the throttle for a while."""


@either
async def test_a_pause_ends_by_itself_without_polling(
    pause: Callable[[Throttle, float], None],
) -> None:
    """One timer for all tasks, which fires once."""
    throttle = Throttle(RateEstimate(max_in_flight=4))
    pause(throttle, 48)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(4):
            tasks.create_task(throttle.enter())
        await turn()
        assert [timer.when() - loop().time() for timer in loop().timers] == [48.0]
    assert passed() == 48.0
    assert loop().timers == []


async def test_a_pause_that_grows_is_waited_out_to_its_end() -> None:
    """Also if another task's 429 extends it during the wait."""
    throttle = Throttle(RateEstimate(max_in_flight=2, served=120))
    await throttle.enter()
    throttle.pause(10)
    waiting = asyncio.create_task(throttle.enter())
    await asyncio.sleep(4)
    assert throttle.rate.throttled(loop().time(), 20.0) == 20.0
    throttle.leave()
    await waiting
    assert passed() == 24.0
    assert loop().timers == []


@either
async def test_a_pause_that_grows_while_tasks_wait(
    pause: Callable[[Throttle, float], None],
) -> None:
    """The first timer finds that it fired too early."""
    throttle = Throttle(RateEstimate(max_in_flight=2))
    pause(throttle, 10)
    waiting = asyncio.create_task(throttle.enter())
    await asyncio.sleep(4)
    pause(throttle, 10)
    await waiting
    assert passed() == 14.0


async def test_a_pause_is_reported_once_unless_it_grows_much() -> None:
    """Tasks that hit the limit at nearly the same time report the same pause."""
    throttle = Throttle(RateEstimate(max_in_flight=2))
    grew = [throttle.pause(10), throttle.pause(10.01), throttle.pause(3), throttle.pause(40)]
    assert grew == [True, False, False, True]
    await asyncio.sleep(39)
    assert not throttle.pause(1.5)
    await asyncio.sleep(2)
    assert throttle.pause(10)


async def test_a_pause_is_reported_anew_if_more_than_half_of_it_is_new() -> None:
    """With 10 seconds left, and then 20."""
    throttle = Throttle(RateEstimate(max_in_flight=2))
    throttle.pause(10)
    assert not throttle.pause(20)
    assert not throttle.pause(32)
    assert throttle.pause(64.5)


async def test_a_pause_of_the_clients_own_limit_says_nothing_about_the_server() -> None:
    """The server has not refused: no burst has ended, and nothing is probed."""
    rate = served(301)
    before = attrs.evolve(rate)
    throttle = Throttle(rate)
    throttle.pause(48)
    assert rate == before
    for _ in range(2):
        await throttle.enter()
    assert passed() == 48.0
    assert room(rate, loop().time()) == 2
    assert rate == before


@pytest.mark.parametrize(
    ("own", "servers", "end"),
    [
        pytest.param([10], [20], 20.0, id="the server's is longer"),
        pytest.param([20], [10], 20.0, id="the client's is longer"),
        pytest.param([20, 5], [], 20.0, id="a later one never shortens"),
        pytest.param([0], [], 0.0, id="no time at all"),
    ],
)
async def test_the_longest_of_all_pauses_applies(
    own: list[int], servers: list[int], end: float
) -> None:
    """Whichever came first."""
    throttles = [Throttle(RateEstimate(max_in_flight=1)) for _ in range(2)]
    plans = [[(hold, s) for s in own], [(refuse, s) for s in servers]]
    for throttle, order in zip(throttles, (plans, plans[::-1]), strict=True):
        for pause, seconds in (step for plan in order for step in plan):
            pause(throttle, seconds)
    await asyncio.gather(*(throttle.enter() for throttle in throttles))
    assert passed() == end
    assert loop().timers == []


@either
async def test_a_pause_ends_without_a_stampede(pause: Callable[[Throttle, float], None]) -> None:
    """A hundred wait; the width enters, and the others follow."""
    throttle, times = Throttle(RateEstimate(max_in_flight=10)), list[float]()
    pause(throttle, 48)

    async def one() -> None:
        async with place(throttle):
            times.append(passed())
            await asyncio.sleep(1)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(100):
            tasks.create_task(one())
    assert times == [48.0 + i // 10 for i in range(100)]


@either
async def test_close_during_a_pause_leaves_no_timer(
    pause: Callable[[Throttle, float], None],
) -> None:
    """Waiting tasks are refused at once."""
    throttle = Throttle(RateEstimate(max_in_flight=1))
    pause(throttle, 48)
    waiting = asyncio.create_task(throttle.enter())
    await turn()
    throttle.close()
    with pytest.raises(ClientStateError):
        await waiting
    assert passed() == 0.0
    assert loop().timers == []


@either
async def test_a_task_that_leaves_after_close_sets_no_timer(
    pause: Callable[[Throttle, float], None],
) -> None:
    """A timer would hold memory until the pause ends."""
    throttle = Throttle(RateEstimate(max_in_flight=1))
    await throttle.enter()
    pause(throttle, 48)
    waiting = asyncio.create_task(throttle.enter())
    await turn()
    throttle.close()
    with pytest.raises(ClientStateError):
        await waiting
    throttle.leave()
    assert loop().timers == []


@either
async def test_without_waiting_tasks_no_timer_is_set(
    pause: Callable[[Throttle, float], None],
) -> None:
    """There is nothing to wake."""
    throttle = Throttle(RateEstimate(max_in_flight=1))
    await throttle.enter()
    pause(throttle, 48)
    throttle.leave()
    assert loop().timers == []


async def test_a_pause_may_be_too_long_for_a_caller() -> None:
    """Callers that come during it or wait when it begins are refused at once."""
    throttle = Throttle(RateEstimate(max_in_flight=1))
    await throttle.enter()
    before = [asyncio.create_task(throttle.enter(patience=seconds)) for seconds in (48, 49)]
    await turn()
    refuse(throttle, 48)
    throttle.fail_impatient_waiters()
    with pytest.raises(PauseTooLong) as caught:
        await before[0]
    assert (caught.value.seconds, str(caught.value)) == (48.0, "48.0")
    await asyncio.sleep(8)
    with pytest.raises(PauseTooLong) as caught:
        await throttle.enter(patience=40)
    assert caught.value.seconds == 40.0
    late = asyncio.create_task(throttle.enter(patience=41))
    throttle.leave()
    await before[1]
    throttle.leave()
    await late
    assert passed() == 48.0


async def test_a_pause_that_grows_becomes_too_long_for_the_least_patient_first() -> None:
    """Each at the 429 that makes it too long, and none before."""
    throttle = Throttle(RateEstimate(max_in_flight=1))
    refuse(throttle, 10)
    waiting = [asyncio.create_task(throttle.enter(patience=p)) for p in (40, 20, 30)]
    await turn()
    left: list[int] = []
    for seconds in (19, 20, 29, 31, 39):
        refuse(throttle, seconds)
        throttle.fail_impatient_waiters()
        await turn()
        left.append(sum(not task.done() for task in waiting))
    assert left == [3, 2, 2, 1, 1]
    await waiting[0]
    assert passed() == 39.0
    for task in waiting[1:]:
        with pytest.raises(PauseTooLong):
            await task


async def test_pauses_that_follow_each_other_are_waited_out_as_one() -> None:
    """If a server grants nothing, a caller waits no longer than one pause may take."""
    throttle = Throttle(RateEstimate(max_in_flight=1))
    refuse(throttle, 60)
    waiting = asyncio.create_task(throttle.enter(patience=600))
    await turn()
    probes = 0
    while not waiting.done():
        await throttle.enter(first=True)
        throttle.rate.throttled(loop().time(), 60.0, sent=loop().time())
        throttle.fail_impatient_waiters()
        throttle.leave()
        await turn()
        probes += 1
    with pytest.raises(PauseTooLong) as caught:
        await waiting
    assert 540 < passed() + caught.value.seconds < 700
    assert probes < 10


async def test_after_an_absurd_pause_one_task_probes_for_all() -> None:
    """After its success, the width enters."""
    throttle, times = Throttle(RateEstimate(max_in_flight=4, served=120)), list[float]()
    throttle.rate.throttled(loop().time(), 86_400_000.0)

    async def one() -> None:
        async with place(throttle):
            sent = loop().time()
            times.append(passed())
            await asyncio.sleep(1)
            throttle.rate.success(sent)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(9):
            tasks.create_task(one())
    assert times == [900.0, *[901.0] * 4, *[902.0] * 4]


@pytest.mark.parametrize("cancelled", [False, True], ids=["let in", "cancelled"])
@pytest.mark.parametrize("refusals", [0, 8])
async def test_a_caller_costs_the_same_however_many_wait(refusals: int, *, cancelled: bool) -> None:
    """Measured in executed lines of the throttle, in a pause that grows meanwhile."""

    async def one(throttle: Throttle) -> None:
        await throttle.enter(patience=900)
        throttle.leave()

    async def lines(count: int) -> float:
        throttle = Throttle(RateEstimate(max_in_flight=8))
        refuse(throttle, 10)
        with counted_lines(Throttle) as lines:
            waiting = [asyncio.create_task(one(throttle)) for _ in range(count)]
            await turn()
            for number in range(refusals):
                refuse(throttle, 11 + number)
                throttle.fail_impatient_waiters()
            if cancelled:
                for task in waiting:
                    task.cancel()
            await asyncio.wait(waiting)
        assert not throttle._foreground
        return lines.total / count

    few, many = await lines(50), await lines(400)
    assert many < few * 1.1


async def test_a_task_that_gives_up_during_a_pause_leaves_nothing_behind() -> None:
    """Also from the middle of the queue: callers with a short timeout may come repeatedly."""
    throttle = Throttle(RateEstimate(max_in_flight=1))
    refuse(throttle, 48)
    stays = asyncio.create_task(throttle.enter())
    for background in (False, True) * 50:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await throttle.enter(Caller(background=background))
    assert (len(throttle._foreground), len(throttle._background)) == (1, 0)
    await stays


async def test_after_the_pause_of_another_client_one_task_probes_for_all() -> None:
    """All clients that share the limit begin at the same time."""
    throttle, times = Throttle(RateEstimate(max_in_flight=4, served=120)), list[float]()
    throttle.rate.pause(loop().time(), 20.0)
    throttle.rate.pause(loop().time(), 10.0)

    async def one() -> None:
        async with place(throttle):
            sent = loop().time()
            times.append(passed())
            await asyncio.sleep(1)
            throttle.rate.success(sent)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(5):
            tasks.create_task(one())
    assert times == [20.0, *[21.0] * 4]
    assert throttle.rate.window_size == 300  # it says nothing about the limit
    throttle.rate.pause(loop().time(), 1e9)
    assert throttle.pause_left() == 900.0


async def test_the_pause_of_another_client_may_be_too_long_for_a_caller() -> None:
    """As a pause that this client was asked for; several in a row are one pause."""
    throttle = Throttle(RateEstimate(max_in_flight=2))
    throttle.rate.pause(loop().time(), 20.0)
    waiting = asyncio.create_task(throttle.enter(patience=30.0))
    await asyncio.sleep(15)
    throttle.rate.pause(loop().time(), 20.0)
    throttle.fail_impatient_waiters()
    with pytest.raises(PauseTooLong) as caught:
        await waiting
    assert (caught.value.seconds, passed()) == (20.0, 15.0)
