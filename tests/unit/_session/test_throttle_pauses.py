"""The gate of a client's requests while all of them pause."""

import asyncio
from collections.abc import Callable

import attrs
import pytest

from grafana_oncall._session.throttle import Caller, Gate, Pace, PauseTooLong
from grafana_oncall.errors import ClientStateError
from tests.support.gates import counted_lines, hold, place, refuse, room, served, turn
from tests.support.virtual_time import loop, passed

either = pytest.mark.parametrize("pause", [hold, refuse])
"""Whatever closes the gate for a while."""


@either
async def test_a_pause_ends_by_itself_and_nobody_polls(
    pause: Callable[[Gate, float], None],
) -> None:
    """One timer for all of them, which goes off once."""
    gate = Gate(Pace(width=4))
    pause(gate, 48)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(4):
            tasks.create_task(gate.enter())
        await turn()
        assert [timer.when() - loop().time() for timer in loop().timers] == [48.0]
    assert passed() == 48.0
    assert loop().timers == []


async def test_a_pause_that_grows_is_waited_out_to_its_end() -> None:
    """Also when it grows while they wait, by another task's 429."""
    gate = Gate(Pace(width=2, served=120))
    await gate.enter()
    gate.hold(10)
    waiting = asyncio.create_task(gate.enter())
    await asyncio.sleep(4)
    assert gate.pace.throttled(loop().time(), 20.0) == 20.0
    gate.leave()
    await waiting
    assert passed() == 24.0
    assert loop().timers == []


@either
async def test_a_pause_that_grows_without_anybody_leaving(
    pause: Callable[[Gate, float], None],
) -> None:
    """The first timer finds that it is too early."""
    gate = Gate(Pace(width=2))
    pause(gate, 10)
    waiting = asyncio.create_task(gate.enter())
    await asyncio.sleep(4)
    pause(gate, 10)
    await waiting
    assert passed() == 14.0


async def test_a_hold_is_news_once_unless_it_grows_much() -> None:
    """Tasks that find the quota used up at nearly the same time speak of the same pause."""
    gate = Gate(Pace(width=2))
    told = [gate.hold(10), gate.hold(10.01), gate.hold(3), gate.hold(40)]
    assert told == [True, False, False, True]
    await asyncio.sleep(39)
    assert not gate.hold(1.5)
    await asyncio.sleep(2)
    assert gate.hold(10)


async def test_a_hold_teaches_nothing_about_the_server() -> None:
    """It is not the server that refused: no burst has ended, and nobody grows careful."""
    pace = served(301)
    before = attrs.evolve(pace)
    gate = Gate(pace)
    gate.hold(48)
    assert pace == before
    for _ in range(2):
        await gate.enter()
    assert passed() == 48.0
    assert room(pace, loop().time()) == 2
    assert pace == before


@pytest.mark.parametrize(
    ("own", "servers", "end"),
    [
        pytest.param([10], [20], 20.0, id="the server's is longer"),
        pytest.param([20], [10], 20.0, id="the client's is longer"),
        pytest.param([20, 5], [], 20.0, id="a later one never shortens"),
        pytest.param([0], [], 0.0, id="no time at all"),
    ],
)
async def test_the_longest_of_all_pauses_holds(
    own: list[int], servers: list[int], end: float
) -> None:
    """Whichever came first."""
    gates = [Gate(Pace(width=1)) for _ in range(2)]
    plans = [[(hold, s) for s in own], [(refuse, s) for s in servers]]
    for gate, order in zip(gates, (plans, plans[::-1]), strict=True):
        for pause, seconds in (step for plan in order for step in plan):
            pause(gate, seconds)
    await asyncio.gather(*(gate.enter() for gate in gates))
    assert passed() == end
    assert loop().timers == []


@either
async def test_a_pause_ends_without_a_stampede(pause: Callable[[Gate, float], None]) -> None:
    """A hundred wait; the width goes in, and the others after them."""
    gate, times = Gate(Pace(width=10)), list[float]()
    pause(gate, 48)

    async def one() -> None:
        async with place(gate):
            times.append(passed())
            await asyncio.sleep(1)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(100):
            tasks.create_task(one())
    assert times == [48.0 + i // 10 for i in range(100)]


@either
async def test_close_during_a_pause_leaves_no_timer(pause: Callable[[Gate, float], None]) -> None:
    """Who waits learns at once."""
    gate = Gate(Pace(width=1))
    pause(gate, 48)
    waiting = asyncio.create_task(gate.enter())
    await turn()
    gate.close()
    with pytest.raises(ClientStateError):
        await waiting
    assert passed() == 0.0
    assert loop().timers == []


@either
async def test_who_leaves_after_close_sets_no_timer(pause: Callable[[Gate, float], None]) -> None:
    """It would hold the loop's memory until the pause ends."""
    gate = Gate(Pace(width=1))
    await gate.enter()
    pause(gate, 48)
    waiting = asyncio.create_task(gate.enter())
    await turn()
    gate.close()
    with pytest.raises(ClientStateError):
        await waiting
    gate.leave()
    assert loop().timers == []


@either
async def test_where_nobody_waits_no_timer_is_set(pause: Callable[[Gate, float], None]) -> None:
    """Nobody needs to be woken."""
    gate = Gate(Pace(width=1))
    await gate.enter()
    pause(gate, 48)
    gate.leave()
    assert loop().timers == []


async def test_a_pause_is_too_long_for_some() -> None:
    """Whoever comes during it, and whoever waits when it begins, learn it at once."""
    gate = Gate(Pace(width=1))
    await gate.enter()
    before = [asyncio.create_task(gate.enter(patience=seconds)) for seconds in (48, 49)]
    await turn()
    refuse(gate, 48)
    gate.turn_away()
    with pytest.raises(PauseTooLong) as caught:
        await before[0]
    assert caught.value.seconds == 48.0
    await asyncio.sleep(8)
    with pytest.raises(PauseTooLong) as caught:
        await gate.enter(patience=40)
    assert caught.value.seconds == 40.0
    late = asyncio.create_task(gate.enter(patience=41))
    gate.leave()
    await before[1]
    gate.leave()
    await late
    assert passed() == 48.0


async def test_a_pause_that_grows_becomes_too_long_for_the_least_patient_first() -> None:
    """Each at the refusal that makes it so, and nobody before."""
    gate = Gate(Pace(width=1))
    refuse(gate, 10)
    waiting = [asyncio.create_task(gate.enter(patience=p)) for p in (40, 20, 30)]
    await turn()
    left: list[int] = []
    for seconds in (19, 20, 29, 31, 39):
        refuse(gate, seconds)
        gate.turn_away()
        await turn()
        left.append(sum(not task.done() for task in waiting))
    assert left == [3, 2, 2, 1, 1]
    await waiting[0]
    assert passed() == 39.0
    for task in waiting[1:]:
        with pytest.raises(PauseTooLong):
            await task


async def test_pauses_that_follow_each_other_are_waited_out_as_one() -> None:
    """A server that grants nothing keeps nobody waiting for longer than one pause may take."""
    gate = Gate(Pace(width=1))
    refuse(gate, 60)
    waiting = asyncio.create_task(gate.enter(patience=600))
    await turn()
    probes = 0
    while not waiting.done():
        await gate.enter(first=True)
        gate.pace.throttled(loop().time(), 60.0, sent=loop().time())
        gate.turn_away()
        gate.leave()
        await turn()
        probes += 1
    with pytest.raises(PauseTooLong) as caught:
        await waiting
    assert 540 < passed() + caught.value.seconds < 700
    assert probes < 10


async def test_after_a_pause_that_is_beyond_belief_one_probes_for_all() -> None:
    """When it succeeds, the width goes in."""
    gate, times = Gate(Pace(width=4, served=120)), list[float]()
    gate.pace.throttled(loop().time(), 86_400_000.0)

    async def one() -> None:
        async with place(gate):
            sent = loop().time()
            times.append(passed())
            await asyncio.sleep(1)
            gate.pace.success(sent)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(9):
            tasks.create_task(one())
    assert times == [900.0, *[901.0] * 4, *[902.0] * 4]


@pytest.mark.parametrize("cancelled", [False, True], ids=["let in", "cancelled"])
@pytest.mark.parametrize("refusals", [0, 8])
async def test_a_caller_costs_the_same_however_many_wait(refusals: int, *, cancelled: bool) -> None:
    """Counted in lines of the gate that run, in a pause that grows while they wait."""

    async def one(gate: Gate) -> None:
        await gate.enter(patience=900)
        gate.leave()

    async def lines(count: int) -> float:
        gate = Gate(Pace(width=8))
        refuse(gate, 10)
        with counted_lines(Gate) as lines:
            waiting = [asyncio.create_task(one(gate)) for _ in range(count)]
            await turn()
            for number in range(refusals):
                refuse(gate, 11 + number)
                gate.turn_away()
            if cancelled:
                for task in waiting:
                    task.cancel()
            await asyncio.wait(waiting)
        assert not gate._foreground
        return lines.total / count

    few, many = await lines(50), await lines(400)
    assert many < few * 1.1


async def test_who_gives_up_during_a_pause_leaves_nothing_behind() -> None:
    """Also from the middle of the queue: callers with a short timeout may come again and again."""
    gate = Gate(Pace(width=1))
    refuse(gate, 48)
    stays = asyncio.create_task(gate.enter())
    for background in (False, True) * 50:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await gate.enter(Caller(background=background))
    assert (len(gate._foreground), len(gate._background)) == (1, 0)
    await stays
