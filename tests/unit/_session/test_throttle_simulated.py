"""The rate estimate against a simulated server with a sliding window: no loop, no tasks."""

import heapq
import math
import random
from collections import deque
from collections.abc import Iterator

import attrs
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from grafana_oncall._session.rate_estimate import MAX_PAUSE, RateEstimate
from tests.support.budget import budget


@attrs.define(kw_only=True)
class Server:
    """Grants so many requests within any window, and counts only those it grants."""

    limit: int
    window: float
    granted: deque[float] = attrs.field(factory=deque[float])

    def refusal(self, now: float) -> float | None:
        """Return None, or how long to wait: whole seconds, rounded up, as the real server."""
        while self.granted and self.granted[0] <= now - self.window:
            self.granted.popleft()
        if len(self.granted) < self.limit:
            self.granted.append(now)
            return None
        return math.ceil(self.granted[0] + self.window - now)


@attrs.define(kw_only=True)
class Simulation:
    """As many requests as RateEstimate admits, until all have been granted."""

    server: Server
    width: int
    latency: float
    total: int
    jitter: random.Random | None = None
    rate: RateEstimate = attrs.field(
        default=attrs.Factory(lambda s: RateEstimate(max_in_flight=s.width), takes_self=True)
    )
    now: float = 0.0
    refused: int = 0
    in_flight: int = 0
    most: int = 0
    left: int = attrs.field(default=attrs.Factory(lambda s: s.total, takes_self=True))
    _events: list[tuple[float, int, str, float, float | None]] = attrs.field(
        factory=list, init=False
    )
    _number: Iterator[int] = attrs.field(factory=lambda: iter(range(10**9)), init=False)

    def run(self) -> "Simulation":
        """Run the simulation."""
        done = 0
        while done < self.total:
            self._start()
            self.now, _, kind, sent, retry_after = heapq.heappop(self._events)
            if kind == "arrives":
                self._at(self.latency / 2, "responded", sent, self.server.refusal(self.now))
            elif kind == "responded":
                self.in_flight -= 1
                done += self._responded(sent, retry_after)
        return self

    def _at(self, delay: float, kind: str, sent: float, retry_after: float | None = None) -> None:
        heapq.heappush(
            self._events, (self.now + delay, next(self._number), kind, sent, retry_after)
        )

    def _start(self) -> None:
        while self.left and self.rate.admits(self.now, self.in_flight):
            self.left -= 1
            self.in_flight += 1
            self.most = max(self.most, self.in_flight)
            spread = self.jitter.uniform(0.7, 1.3) if self.jitter else 1.0
            self._at(self.latency / 2 * spread, "arrives", self.now)
        if self.left and self.now < self.rate.paused_until:
            self._at(self.rate.paused_until - self.now, "wakes", self.now)

    def _responded(self, sent: float, retry_after: float | None) -> bool:
        if retry_after is None:
            self.rate.success(sent)
            return True
        self.rate.throttled(self.now, retry_after, sent=sent)
        self.refused += 1
        self.left += 1
        return False

    @property
    def windows(self) -> float:
        """How many windows the requests fill."""
        return self.total / self.server.limit

    @property
    def ideal(self) -> float:
        """The time that a client needs that knows the limit and the window."""
        starts: list[float] = []
        for k in range(self.total):
            free = starts[k - self.width] + self.latency if k >= self.width else 0.0
            limit, window = self.server.limit, self.server.window
            granted = starts[k - limit] + window if k >= limit else 0.0
            starts.append(max(free, granted))
        return starts[-1] + self.latency


def simulate(
    *,
    limit: int,
    window: float,
    width: int,
    latency: float,
    total: int,
    jitter: random.Random | None = None,
    rate: RateEstimate | None = None,
) -> Simulation:
    """Run a simulation to its end."""
    return Simulation(
        server=Server(limit=limit, window=window),
        width=width,
        latency=latency,
        total=total,
        jitter=jitter,
        rate=rate or RateEstimate(max_in_flight=width),
    ).run()


@pytest.mark.parametrize(
    "window", [pytest.param(60.0, id="open source"), pytest.param(300.0, id="documented")]
)
def test_a_thousand_requests_cost_hardly_more_than_necessary(window: float) -> None:
    """1,000 requests of 32 tasks: at most 1 % refused, and 2 % over the ideal time."""
    played = simulate(limit=300, window=window, width=32, latency=0.1, total=1000)
    assert played.refused == 3
    assert played.now <= played.ideal * 1.02


def test_a_larger_limit_is_found_within_few_round_trips() -> None:
    """Seven more than without a throttle, for a width of 32."""
    played = simulate(limit=10**6, window=60.0, width=32, latency=0.1, total=2000)
    assert played.refused == 0
    assert played.now <= played.ideal + 7 * 0.1


def test_a_smaller_limit_costs_one_width_and_then_one_request_per_window() -> None:
    """The first end of a burst hits all requests in flight; later ones are probed."""
    played = simulate(limit=100, window=60.0, width=32, latency=0.1, total=1000)
    assert played.refused <= 32 + 10
    assert played.now <= played.ideal + 1.5 * 10


def test_a_burst_after_slow_hours_costs_two_widths() -> None:
    """Slow requests never hit the limit, so it seems to be as large as their number."""
    rate = RateEstimate(max_in_flight=32)
    for second in range(2000):
        rate.success(float(second - 2000))
    played = simulate(limit=300, window=60.0, width=32, latency=0.1, total=1200, rate=rate)
    assert played.refused <= 2 * 32 + 4
    assert played.now <= played.ideal + 1.5 * 4


widths = st.integers(1, 64)
latencies = st.floats(0.01, 0.5)
lengths = st.sampled_from([0.5, 1, 3, 6, 10])


@settings(derandomize=True, deadline=None, max_examples=budget(50, hunt=3000))
@given(st.integers(20, 300), st.floats(10, 3600), widths, latencies, lengths)
def test_up_to_the_documented_limit_each_window_costs_one_request(
    limit: int, window: float, width: int, latency: float, length: float
) -> None:
    """One refused request per window, and one width in the first; whole seconds cost some time.

    Not where the width alone takes about as long as the window: a burst then has no
    end to learn from. A window beyond the longest pause costs a probe for each such pause.
    """
    assume(limit * latency / width < window / 2)
    total = max(1, int(limit * length))
    played = simulate(limit=limit, window=window, width=width, latency=latency, total=total)
    each = math.ceil(window / MAX_PAUSE)
    assert played.refused <= width + played.windows * each + 1
    assert played.now <= played.ideal + 1.6 * played.windows + 2
    assert played.most <= width


@settings(derandomize=True, deadline=None, max_examples=budget(50, hunt=3000))
@given(st.integers(20, 600), st.floats(1, 3600), widths, latencies, lengths, st.integers(0, 99))
def test_any_limit_costs_little_time(  # noqa: PLR0917  # hypothesis passes them in order
    limit: int, window: float, width: int, latency: float, length: float, seed: int
) -> None:
    """Also with jitter, and with limits that are larger than the documented one.

    The latter split into two bursts per window (the first careful end of a burst is slower than its
    repetition), and each end costs up to one width.
    """
    total = max(1, int(limit * length))
    played = simulate(
        limit=limit,
        window=window,
        width=width,
        latency=latency,
        total=total,
        jitter=random.Random(seed),  # noqa: S311  # no secret
    )
    assert played.refused <= width * (1 + 2 * played.windows) + 4 * played.windows + 1
    assert played.now <= played.ideal * 1.1 + 3 * played.windows + 4
    assert played.most <= width
