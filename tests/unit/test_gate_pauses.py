"""The gate of a client's requests while all of them pause."""

import asyncio
from collections.abc import Callable

import attrs
import pytest

from grafana_oncall._pacing import Gate, Pace
from grafana_oncall.errors import ClientStateError
from tests.unit.gates import hold, place, refuse, room, served, turn
from tests.virtual_time import loop, passed

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
