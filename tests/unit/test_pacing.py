"""The gate: what Pace decides, and how Gate makes tasks wait. No test waits for anything."""

import asyncio
import heapq
import math
import random
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager

import attrs
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from grafana_oncall._pacing import DOCUMENTED_QUOTA, Gate, Pace, closed
from grafana_oncall.errors import ClientStateError
from tests.virtual_time import START, Stuck, loop, now, run

# Pace, which is pure.


def served(count: int, *, width: int = 8, now: float = 0.0) -> Pace:
    """A pace after so many successes."""
    pace = Pace(width=width)
    for _ in range(count):
        pace.success(now)
    return pace


def room(pace: Pace, now: float = 0.0) -> int:
    """How many requests it lets under way at once."""
    under_way = 0
    while pace.admits(now, under_way):
        under_way += 1
    return under_way


@pytest.mark.parametrize(
    ("successes", "width", "expected"),
    [
        pytest.param(0, 8, 8, id="at first"),
        pytest.param(292, 8, 8, id="the last that fit whole"),
        pytest.param(293, 8, 7, id="up to the quota"),
        pytest.param(299, 8, 1, id="the last one"),
        pytest.param(300, 8, 1, id="one beyond"),
        pytest.param(301, 8, 2, id="doubled"),
        pytest.param(302, 8, 4, id="doubled again"),
        pytest.param(303, 8, 8, id="full width"),
        pytest.param(5000, 8, 8, id="never more"),
        pytest.param(303, 3, 3, id="a width that is no power of two"),
        pytest.param(5000, 1, 1, id="one by one"),
        pytest.param(0, 1000, 300, id="wider than the quota"),
    ],
)
def test_full_width_up_to_the_documented_quota(successes: int, width: int, expected: int) -> None:
    """Beyond it one, then twice as many after each success."""
    assert DOCUMENTED_QUOTA == 300
    assert room(served(successes, width=width)) == expected


def test_a_429_pauses_all_for_what_was_told() -> None:
    """To the instant."""
    pace = served(120, now=1.0)
    assert pace.throttled(2.0, 48.0) == 48.0
    assert room(pace, 2.0) == room(pace, 49.999) == 0
    assert room(pace, 50.0) == 8


def test_untold_it_pauses_all_the_same() -> None:
    """A 429 of a proxy says nothing."""
    pace = served(120)
    assert pace.throttled(0.0, None) == 5.0
    assert room(pace, 4.999) == 0
    assert room(pace, 5.0) == 8


def test_the_next_burst_is_as_long_as_the_last() -> None:
    """What went through before the 429 is the quota."""
    pace = served(42)
    pace.throttled(0.0, 10.0)
    rooms: list[int] = []
    for _ in range(46):
        rooms.append(room(pace, 10.0))
        pace.success(10.0)
    assert rooms == [8] * 35 + [7, 6, 5, 4, 3, 2, 1] + [1, 2, 4, 8]


def test_several_429_of_one_episode_count_once() -> None:
    """Requests that left together are refused together."""
    pace = served(120)
    told = [pace.throttled(5.0 + i / 10, 48.0) for i in range(8)]
    assert told == [48.0] * 8
    assert (pace.expected, pace.served, pace.patience) == (120, 0, 0.0)
    assert pace.paused_until == pytest.approx(53.7)


def test_a_later_429_never_shortens_the_pause() -> None:
    """The longest holds."""
    pace = served(120)
    pace.throttled(0.0, 48.0)
    assert pace.throttled(1.0, 2.0) == 2.0
    assert pace.throttled(1.0, 3.0, sent=0.5) == 3.0
    assert pace.paused_until == 48.0


def test_successes_that_were_under_way_belong_to_the_last_burst() -> None:
    """They left before the refusal, and arrive during the pause."""
    pace = served(120)
    pace.throttled(0.0, 48.0)
    for _ in range(3):
        pace.success(-0.2)
    assert (pace.expected, pace.served) == (123, 0)


def test_an_answer_is_of_the_episode_in_which_its_request_was_sent() -> None:
    """However late it comes: the slow ones of a burst outlast the pause after it."""
    pace = served(120)
    pace.throttled(0.0, 2.0)
    before = attrs.evolve(pace)
    assert pace.throttled(3.0, 1.0, sent=1.999) == 1.0
    assert pace == attrs.evolve(before, paused_until=4.0)
    pace.success(1.999)
    assert pace == attrs.evolve(before, paused_until=4.0, expected=121)


def test_what_is_sent_when_the_pause_ends_is_of_the_next_burst() -> None:
    """At that very instant; and it begins an episode of its own when it is refused."""
    pace = served(120)
    pace.throttled(0.0, 2.0)
    for _ in range(20):
        pace.success(2.0)
    assert (pace.expected, pace.served) == (120, 20)
    assert pace.throttled(9.0, 1.0, sent=2.0) == 1.0
    assert (pace.expected, pace.served, pace.paused_until) == (20, 0, 10.0)


def test_without_the_time_of_its_sending_a_429_counts_as_sent_now() -> None:
    """One of a pause is of its episode, one after it begins the next."""
    pace = served(120)
    pace.throttled(0.0, 2.0)
    pace.throttled(1.0, 1.0)
    assert pace.expected == 120
    pace.throttled(2.0, 1.0)
    assert (pace.expected, pace.patience) == (1, 1.0)


def test_patience_grows_while_bursts_stay_short() -> None:
    """Up to a bound; and it is forgotten after a burst worth the name."""
    pace, now = served(300), 0.0
    extra: list[float] = []
    for _ in range(9):
        now += pace.throttled(now, 2.0)
        extra.append(pace.patience)
        pace.success(now)
    assert extra == [0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
    for _ in range(10):
        pace.success(now)
    assert pace.throttled(now, 2.0) == 2.0
    assert pace.expected == 11


def test_a_server_that_grants_nothing_is_asked_one_by_one() -> None:
    """Never none at all: that would be for ever."""
    pace = served(0)
    now = pace.throttled(0.0, 1.0)
    assert room(pace, now) == 1


@given(
    width=st.integers(1, 64),
    steps=st.lists(
        st.tuples(
            st.one_of(
                st.just("success"),
                st.none(),
                st.floats(0, 100),
                st.integers(0, 60),
                st.just("wait"),
            ),
            st.sampled_from([0.0, 0.5]) | st.floats(0, 100),
        ),
        max_size=400,
    ),
)
def test_laws_of_pace(width: int, steps: list[tuple[str | float | None, float]]) -> None:
    """Whatever the server says: bounded, and always on the move once the pause is over.

    And an answer to what was sent before the last pause ended does not begin another burst.
    """
    pace, now = Pace(width=width), 0.0
    for step, latency in steps:
        before = attrs.evolve(pace)
        late = now - latency < pace.paused_until
        if step == "success":
            pace.success(now - latency)
            assert (pace.expected - before.expected, pace.served - before.served) == (
                late,
                not late,
            )
        elif step == "wait":
            now = max(now + 0.5, pace.paused_until)
        else:
            assert step is None or not isinstance(step, str)
            seconds = pace.throttled(now, step, sent=now - latency)
            told = 5.0 if step is None else step
            assert told <= seconds <= told + 30
            assert pace.paused_until >= now + seconds
            assert not late or attrs.evolve(pace, paused_until=before.paused_until) == before
            assert late or (pace.expected, pace.served) == (max(1, before.served), 0)
        assert pace.paused_until >= before.paused_until
        assert 1 <= pace.careful <= width
        assert pace.expected >= 1
        assert room(pace, pace.paused_until) in range(1, width + 1)
        if now < pace.paused_until:
            assert room(pace, now) == 0


# Pace against a server whose window slides, in a simulation of its own: no loop, no tasks.


@attrs.define(kw_only=True)
class Server:
    """Grants so many requests within any window, and counts only those it grants."""

    quota: int
    window: float
    granted: deque[float] = attrs.field(factory=deque[float])

    def refusal(self, now: float) -> float | None:
        """None, or how long to wait: whole seconds, rounded up, as on the real one."""
        while self.granted and self.granted[0] <= now - self.window:
            self.granted.popleft()
        if len(self.granted) < self.quota:
            self.granted.append(now)
            return None
        return math.ceil(self.granted[0] + self.window - now)


@attrs.define(kw_only=True)
class Simulation:
    """As many requests as Pace lets under way, until all have been granted."""

    server: Server
    width: int
    latency: float
    total: int
    jitter: random.Random | None = None
    pace: Pace = attrs.field(default=attrs.Factory(lambda s: Pace(width=s.width), takes_self=True))
    now: float = 0.0
    refused: int = 0
    under_way: int = 0
    most: int = 0
    left: int = attrs.field(default=attrs.Factory(lambda s: s.total, takes_self=True))
    _events: list[tuple[float, int, str, float, float | None]] = attrs.field(
        factory=list, init=False
    )
    _number: Iterator[int] = attrs.field(factory=lambda: iter(range(10**9)), init=False)

    def run(self) -> "Simulation":
        """Plays it."""
        done = 0
        while done < self.total:
            self._start()
            self.now, _, kind, sent, told = heapq.heappop(self._events)
            if kind == "arrives":
                self._at(self.latency / 2, "answered", sent, self.server.refusal(self.now))
            elif kind == "answered":
                self.under_way -= 1
                done += self._answered(sent, told)
        return self

    def _at(self, delay: float, kind: str, sent: float, told: float | None = None) -> None:
        heapq.heappush(self._events, (self.now + delay, next(self._number), kind, sent, told))

    def _start(self) -> None:
        while self.left and self.pace.admits(self.now, self.under_way):
            self.left -= 1
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            spread = self.jitter.uniform(0.7, 1.3) if self.jitter else 1.0
            self._at(self.latency / 2 * spread, "arrives", self.now)
        if self.left and self.now < self.pace.paused_until:
            self._at(self.pace.paused_until - self.now, "wakes", self.now)

    def _answered(self, sent: float, told: float | None) -> bool:
        if told is None:
            self.pace.success(sent)
            return True
        self.pace.throttled(self.now, told, sent=sent)
        self.refused += 1
        self.left += 1
        return False

    @property
    def windows(self) -> float:
        """How many quotas the requests fill."""
        return self.total / self.server.quota

    @property
    def ideal(self) -> float:
        """The time that somebody needs who knows the quota and the window."""
        starts: list[float] = []
        for k in range(self.total):
            free = starts[k - self.width] + self.latency if k >= self.width else 0.0
            quota, window = self.server.quota, self.server.window
            granted = starts[k - quota] + window if k >= quota else 0.0
            starts.append(max(free, granted))
        return starts[-1] + self.latency


def simulate(
    *,
    quota: int,
    window: float,
    width: int,
    latency: float,
    total: int,
    jitter: random.Random | None = None,
    pace: Pace | None = None,
) -> Simulation:
    """One, played to its end."""
    return Simulation(
        server=Server(quota=quota, window=window),
        width=width,
        latency=latency,
        total=total,
        jitter=jitter,
        pace=pace or Pace(width=width),
    ).run()


@pytest.mark.parametrize(
    "window", [pytest.param(60.0, id="open source"), pytest.param(300.0, id="documented")]
)
def test_the_bar_of_the_issue(window: float) -> None:
    """1,000 requests of 32 tasks: at most 1 % in vain, and 2 % over the ideal time."""
    played = simulate(quota=300, window=window, width=32, latency=0.1, total=1000)
    assert played.refused == 3
    assert played.now <= played.ideal * 1.02


def test_a_larger_quota_is_found_within_few_round_trips() -> None:
    """Seven more than without any care, for a width of 32."""
    played = simulate(quota=10**6, window=60.0, width=32, latency=0.1, total=2000)
    assert played.refused == 0
    assert played.now <= played.ideal + 7 * 0.1


def test_a_smaller_quota_costs_one_width_and_then_one_a_window() -> None:
    """The first end of it comes unforeseen, for whoever is under way; the others are probed."""
    played = simulate(quota=100, window=60.0, width=32, latency=0.1, total=1000)
    assert played.refused <= 32 + 10
    assert played.now <= played.ideal + 1.5 * 10


def test_a_burst_after_slow_hours_costs_two_widths() -> None:
    """Slow requests never meet the quota, so it seems to be as large as they were many."""
    pace = Pace(width=32)
    for second in range(2000):
        pace.success(float(second - 2000))
    played = simulate(quota=300, window=60.0, width=32, latency=0.1, total=1200, pace=pace)
    assert played.refused <= 2 * 32 + 4
    assert played.now <= played.ideal + 1.5 * 4


widths = st.integers(1, 64)
latencies = st.floats(0.01, 0.5)
lengths = st.sampled_from([0.5, 1, 3, 6, 10])


@settings(derandomize=True, deadline=None, max_examples=150)
@given(st.integers(20, 300), st.floats(10, 3600), widths, latencies, lengths)
def test_up_to_the_documented_quota_each_window_costs_one(
    quota: int, window: float, width: int, latency: float, length: float
) -> None:
    """One request in vain a window, and one width at the first; whole seconds cost some time.

    Not where the width alone takes about as long as the window for a quota: a burst then has no
    end to learn from.
    """
    assume(quota * latency / width < window / 2)
    total = max(1, int(quota * length))
    played = simulate(quota=quota, window=window, width=width, latency=latency, total=total)
    assert played.refused <= width + played.windows + 1
    assert played.now <= played.ideal + 1.6 * played.windows + 2
    assert played.most <= width


@settings(derandomize=True, deadline=None, max_examples=150)
@given(st.integers(20, 600), st.floats(1, 3600), widths, latencies, lengths, st.integers(0, 99))
def test_any_quota_costs_little_time(  # noqa: PLR0917  # hypothesis passes them in order
    quota: int, window: float, width: int, latency: float, length: float, seed: int
) -> None:
    """Also with jitter, and with quotas that are larger than the documented one.

    These last split into two bursts a window (the first careful end of a burst is slower than its
    repetition), and each end costs up to one width.
    """
    total = max(1, int(quota * length))
    played = simulate(
        quota=quota,
        window=window,
        width=width,
        latency=latency,
        total=total,
        jitter=random.Random(seed),  # noqa: S311  # no secret
    )
    assert played.refused <= width * (1 + 2 * played.windows) + 4 * played.windows + 1
    assert played.now <= played.ideal * 1.1 + 3 * played.windows + 4
    assert played.most <= width


# Gate, on a loop that skips the waiting.


def passed() -> float:
    """Seconds since the loop began."""
    return loop().time() - START


@asynccontextmanager
async def place(gate: Gate, *, background: bool = False) -> AsyncGenerator[None]:
    """A place, as the session takes it."""
    await gate.enter(background=background)
    try:
        yield
    finally:
        gate.leave()


async def turn() -> None:
    """Lets every task go on that can."""
    for _ in range(5):
        await asyncio.sleep(0)


def hold(gate: Gate, seconds: float) -> None:
    """The client's own limit closes the gate."""
    gate.hold(seconds)


def refuse(gate: Gate, seconds: float) -> None:
    """A 429 closes it, after a burst worth the name."""
    gate.pace.served = 120
    assert gate.pace.throttled(loop().time(), seconds) == seconds


either = pytest.mark.parametrize("pause", [hold, refuse])
"""Whatever closes the gate for a while."""


async def is_whole(gate: Gate) -> bool:
    """Whether all places are free: as many enter at once as the pace admits, and one does not."""
    places = room(gate.pace, loop().time())
    for _ in range(places):
        async with asyncio.timeout(0.001):
            await gate.enter()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await gate.enter()
    for _ in range(places):
        gate.leave()
    return places > 0 and gate._under_way == 0


def test_the_gate_is_as_wide_as_the_pace() -> None:
    """Seven tasks of a second, three at a time."""

    async def main() -> None:
        gate, most, inside = Gate(Pace(width=3)), 0, 0

        async def one() -> None:
            nonlocal most, inside
            async with place(gate):
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(1)
                inside -= 1

        async with asyncio.TaskGroup() as tasks:
            for _ in range(7):
                tasks.create_task(one())
        assert (most, passed()) == (3, 3.0)
        assert await is_whole(gate)

    run(main())


def test_foreground_passes_background_and_each_keeps_its_order() -> None:
    """A user's click does not wait for ten thousand acknowledgements."""

    async def main() -> list[str]:
        gate, order = Gate(Pace(width=1)), list[str]()

        async def one(name: str) -> None:
            async with place(gate, background=name.startswith("b")):
                order.append(name)
                await asyncio.sleep(1)

        async with asyncio.TaskGroup() as tasks:
            for name in ("b0", "b1", "f1", "b2", "f2", "f3", "b3"):
                tasks.create_task(one(name))
        return order

    assert run(main()) == ["b0", "f1", "f2", "f3", "b1", "b2", "b3"]


def test_who_is_cancelled_in_the_queue_takes_no_place() -> None:
    """The next in the queue gets it."""

    async def main() -> None:
        gate = Gate(Pace(width=1))
        await gate.enter()
        gone, stays = (asyncio.create_task(gate.enter()) for _ in range(2))
        await turn()
        gone.cancel()
        await turn()
        assert gone.cancelled()
        gate.leave()
        await stays
        gate.leave()
        assert await is_whole(gate)

    run(main())


@pytest.mark.parametrize("granted_first", [True, False], ids=["grant, cancel", "cancel, grant"])
@pytest.mark.parametrize("others", [0, 1], ids=["alone", "with another behind"])
def test_who_is_cancelled_in_the_tick_of_the_grant_gives_it_back(
    others: int, *, granted_first: bool
) -> None:
    """The hole through which httpx's pool loses its connections."""

    async def main() -> None:
        gate = Gate(Pace(width=1))
        await gate.enter()
        gone = asyncio.create_task(gate.enter())
        behind = [asyncio.create_task(gate.enter()) for _ in range(others)]
        await turn()
        if granted_first:
            gate.leave()
            gone.cancel()
        else:
            gone.cancel()
            gate.leave()
        with pytest.raises(asyncio.CancelledError):
            await gone
        for task in behind:
            await task
            gate.leave()
        assert await is_whole(gate)

    run(main())


def test_cancelled_before_its_first_step() -> None:
    """It has never been at the gate."""

    async def main() -> None:
        gate = Gate(Pace(width=1))
        task = asyncio.create_task(gate.enter())
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await is_whole(gate)

    run(main())


@attrs.frozen(kw_only=True)
class Visit:
    """A task at the gate; times on a coarse grid, so that things happen in the same tick."""

    arrives: int
    stays: int
    leaves_early: int | None
    """When it is cancelled."""
    background: bool


visits = st.builds(
    Visit,
    arrives=st.integers(0, 6),
    stays=st.integers(0, 3),
    leaves_early=st.none() | st.integers(0, 12),
    background=st.booleans(),
)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(
    st.integers(1, 3),
    st.lists(visits, max_size=12),
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 4), st.booleans()), max_size=2),
    st.randoms(use_true_random=False),
)
def test_no_schedule_loses_or_doubles_a_place(
    width: int, plan: list[Visit], pauses: list[tuple[int, int, bool]], shuffled: random.Random
) -> None:
    """Arrivals, departures, pauses and cancellations in any order, many of them in one tick."""

    async def main() -> None:
        gate, inside, finished = Gate(Pace(width=width)), 0, 0

        async def visit(one: Visit) -> None:
            nonlocal inside, finished
            await asyncio.sleep(one.arrives)
            async with place(gate, background=one.background):
                inside += 1
                assert inside <= width
                try:
                    await asyncio.sleep(one.stays)
                finally:
                    inside -= 1
            finished += 1

        tasks = [asyncio.create_task(visit(one)) for one in plan]
        timed = [(one.leaves_early, task) for one, task in zip(plan, tasks, strict=True)]
        shuffled.shuffle(timed)
        for when, task in timed:
            if when is not None:
                loop().call_later(when, task.cancel)
        for when, seconds, own in pauses:
            loop().call_later(when, hold if own else refuse, gate, seconds)
        if tasks:
            await asyncio.wait(tasks)
        for task in tasks:
            assert task.cancelled() or task.exception() is None
        assert finished >= sum(one.leaves_early is None for one in plan)
        assert inside == gate._under_way == 0
        await asyncio.sleep(20)
        assert await is_whole(gate)
        assert loop().timers == []

    run(main())


@either
def test_a_pause_ends_by_itself_and_nobody_polls(pause: Callable[[Gate, float], None]) -> None:
    """One timer for all of them, which goes off once."""

    async def main() -> None:
        gate = Gate(Pace(width=4))
        pause(gate, 48)
        async with asyncio.TaskGroup() as tasks:
            for _ in range(4):
                tasks.create_task(gate.enter())
            await turn()
            assert len(loop().timers) == 1
            turns = loop().turns
        assert passed() == 48.0
        assert loop().turns - turns <= 5
        assert loop().timers == []

    run(main())


def test_a_pause_that_grows_is_waited_out_to_its_end() -> None:
    """Also when it grows while they wait, by another task's 429."""

    async def main() -> None:
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

    run(main())


@either
def test_a_pause_that_grows_without_anybody_leaving(pause: Callable[[Gate, float], None]) -> None:
    """The first timer finds that it is too early."""

    async def main() -> None:
        gate = Gate(Pace(width=2))
        pause(gate, 10)
        waiting = asyncio.create_task(gate.enter())
        await asyncio.sleep(4)
        pause(gate, 10)
        await waiting
        assert passed() == 14.0

    run(main())


def test_a_hold_is_news_once_unless_it_grows_much() -> None:
    """Tasks that find the quota used up at nearly the same time speak of the same pause."""

    async def main() -> None:
        gate = Gate(Pace(width=2))
        assert [gate.hold(10), gate.hold(10.01), gate.hold(3), gate.hold(40)] == [
            True,
            False,
            False,
            True,
        ]
        await asyncio.sleep(39)
        assert not gate.hold(1.5)
        await asyncio.sleep(2)
        assert gate.hold(10)

    run(main())


def test_a_hold_teaches_nothing_about_the_server() -> None:
    """It is not the server that refused: no burst has ended, and nobody grows careful."""

    async def main() -> None:
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

    run(main())


@pytest.mark.parametrize(
    ("own", "servers", "end"),
    [
        pytest.param([10], [20], 20.0, id="the server's is longer"),
        pytest.param([20], [10], 20.0, id="the client's is longer"),
        pytest.param([20, 5], [], 20.0, id="a later one never shortens"),
        pytest.param([0], [], 0.0, id="no time at all"),
    ],
)
def test_the_longest_of_all_pauses_holds(own: list[int], servers: list[int], end: float) -> None:
    """Whichever came first."""

    async def main() -> None:
        gates = [Gate(Pace(width=1)) for _ in range(2)]
        plans = [[(hold, s) for s in own], [(refuse, s) for s in servers]]
        for gate, order in zip(gates, (plans, plans[::-1]), strict=True):
            for pause, seconds in (step for plan in order for step in plan):
                pause(gate, seconds)
        await asyncio.gather(*(gate.enter() for gate in gates))
        assert passed() == end
        assert loop().timers == []

    run(main())


@either
def test_no_stampede_after_a_pause(pause: Callable[[Gate, float], None]) -> None:
    """A hundred wait; the width goes in, and the others after them."""

    async def main() -> list[float]:
        gate, times = Gate(Pace(width=10)), list[float]()
        pause(gate, 48)

        async def one() -> None:
            async with place(gate):
                times.append(passed())
                await asyncio.sleep(1)

        async with asyncio.TaskGroup() as tasks:
            for _ in range(100):
                tasks.create_task(one())
        return times

    assert run(main()) == [48.0 + i // 10 for i in range(100)]


def test_close_turns_away_who_waits_and_who_comes() -> None:
    """Whoever is inside may finish."""

    async def main() -> None:
        gate = Gate(Pace(width=1))
        await gate.enter()
        waiting = [asyncio.create_task(gate.enter(background=b)) for b in (False, True)]
        cancelled = asyncio.create_task(gate.enter())
        await turn()
        cancelled.cancel()
        await turn()
        gate.close()
        gate.close()
        for task in waiting:
            with pytest.raises(ClientStateError, match="closed"):
                await task
        with pytest.raises(ClientStateError, match="closed"):
            await gate.enter()
        gate.leave()
        assert gate._under_way == 0

    run(main())


@either
def test_close_during_a_pause_leaves_no_timer(pause: Callable[[Gate, float], None]) -> None:
    """Who waits learns at once."""

    async def main() -> None:
        gate = Gate(Pace(width=1))
        pause(gate, 48)
        waiting = asyncio.create_task(gate.enter())
        await turn()
        gate.close()
        with pytest.raises(ClientStateError):
            await waiting
        assert passed() == 0.0
        assert loop().timers == []

    run(main())


def test_cancelled_and_closed_in_one_tick() -> None:
    """It is cancelled, and has no place to give back."""

    async def main() -> None:
        gate = Gate(Pace(width=1))
        await gate.enter()
        waiting = asyncio.create_task(gate.enter())
        await turn()
        gate.close()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        gate.leave()
        assert gate._under_way == 0

    run(main())


@either
def test_who_leaves_after_close_sets_no_timer(pause: Callable[[Gate, float], None]) -> None:
    """It would hold the loop's memory until the pause ends."""

    async def main() -> None:
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

    run(main())


@either
def test_where_nobody_waits_no_timer_is_set(pause: Callable[[Gate, float], None]) -> None:
    """Nobody needs to be woken."""

    async def main() -> None:
        gate = Gate(Pace(width=1))
        await gate.enter()
        pause(gate, 48)
        gate.leave()
        assert loop().timers == []

    run(main())


def test_the_error_of_who_comes_too_late_says_what_to_do() -> None:
    """And is one of ours."""
    assert "new one" in str(closed())


# The loop itself.


def test_a_loop_on_which_nothing_can_happen_says_so() -> None:
    """A real one would hang."""

    async def main() -> None:
        await loop().create_future()

    with pytest.raises(Stuck):
        run(main())


def test_time_passes_without_waiting() -> None:
    """For timers and timeouts alike, and for a server's clock."""

    async def main() -> None:
        before = now()
        await asyncio.sleep(48 * 3600)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(10):
                await asyncio.sleep(20)
        assert passed() == 48 * 3600 + 10
        assert (now() - before).total_seconds() == passed()
        assert loop().timers == []

    begin = now()
    run(main())
    assert now() == begin
