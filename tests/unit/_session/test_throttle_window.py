"""How fast requests are sent: the decisions, without I/O, and the laws that always hold."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall._session.rate_estimate import DOCUMENTED_LIMIT, MAX_PAUSE, RateEstimate
from tests.support.throttles import room, served


@pytest.mark.parametrize(
    ("successes", "width", "expected"),
    [
        pytest.param(0, 8, 8, id="at first"),
        pytest.param(292, 8, 8, id="the last that fit whole"),
        pytest.param(293, 8, 7, id="up to the limit"),
        pytest.param(299, 8, 1, id="the last one"),
        pytest.param(300, 8, 1, id="one beyond"),
        pytest.param(301, 8, 2, id="doubled"),
        pytest.param(302, 8, 4, id="doubled twice"),
        pytest.param(303, 8, 8, id="full width"),
        pytest.param(5000, 8, 8, id="never more"),
        pytest.param(303, 3, 3, id="a width that is no power of two"),
        pytest.param(5000, 1, 1, id="one by one"),
        pytest.param(0, 1000, 300, id="wider than the limit"),
    ],
)
def test_the_full_width_is_used_up_to_the_documented_limit(
    successes: int, width: int, expected: int
) -> None:
    """Beyond it one request, then twice as many after each success."""
    assert DOCUMENTED_LIMIT == 300
    assert room(served(successes, width=width)) == expected


def test_a_429_pauses_all_for_as_long_as_it_says() -> None:
    """To the instant."""
    rate = served(120, now=1.0)
    assert rate.throttled(2.0, 48.0) == 48.0
    assert room(rate, 2.0) == room(rate, 49.999) == 0
    assert room(rate, 50.0) == 8


def test_a_429_without_a_time_pauses_all_the_same() -> None:
    """A proxy's 429 gives no time."""
    rate = served(120)
    assert rate.throttled(0.0, None) == 5.0
    assert room(rate, 4.999) == 0
    assert room(rate, 5.0) == 8


def test_the_next_burst_is_as_long_as_the_last() -> None:
    """What succeeded before the 429 is the limit."""
    rate = served(42)
    rate.throttled(0.0, 10.0)
    rooms: list[int] = []
    for _ in range(46):
        rooms.append(room(rate, 10.0))
        rate.success(10.0)
    assert rooms == [8] * 35 + [7, 6, 5, 4, 3, 2, 1] + [1, 2, 4, 8]


@pytest.mark.parametrize(("successes", "extra"), [(9, 1.0), (10, 0.0)])
def test_a_burst_of_fewer_than_ten_makes_the_next_pause_longer(
    successes: int, extra: float
) -> None:
    """A sliding window grants such short bursts."""
    rate = served(successes)
    assert rate.throttled(0.0, 48.0) == 48.0 + extra


def test_several_429s_of_one_episode_count_once() -> None:
    """Requests that left together are refused together."""
    rate = served(120)
    pauses = [rate.throttled(5.0 + i / 10, 48.0) for i in range(8)]
    assert pauses == [48.0] * 8
    assert (rate.window_size, rate.served, rate.extra_pause) == (120, 0, 0.0)
    assert rate.paused_until == pytest.approx(53.7)


def test_a_later_429_never_shortens_the_pause() -> None:
    """The longest applies."""
    rate = served(120)
    rate.throttled(0.0, 48.0)
    assert rate.throttled(1.0, 2.0) == 2.0
    assert rate.throttled(1.0, 3.0, sent=0.5) == 3.0
    assert rate.paused_until == 48.0


def test_successes_that_were_in_flight_belong_to_the_last_burst() -> None:
    """They were sent before the refusal, and arrive during the pause."""
    rate = served(120)
    rate.throttled(0.0, 48.0)
    for _ in range(3):
        rate.success(-0.2)
    assert (rate.window_size, rate.served) == (123, 0)


def test_a_response_belongs_to_the_episode_in_which_its_request_was_sent() -> None:
    """However late it comes: slow responses of a burst outlast the pause after it."""
    rate = served(120)
    rate.throttled(0.0, 2.0)
    before = attrs.evolve(rate)
    assert rate.throttled(3.0, 1.0, sent=1.999) == 1.0
    assert rate == attrs.evolve(before, paused_until=4.0)
    rate.success(1.999)
    assert rate == attrs.evolve(before, paused_until=4.0, window_size=121)


def test_what_is_sent_when_the_pause_ends_belongs_to_the_next_burst() -> None:
    """At that very instant; if it is refused, it begins an episode of its own."""
    rate = served(120)
    rate.throttled(0.0, 2.0)
    for _ in range(20):
        rate.success(2.0)
    assert (rate.window_size, rate.served) == (120, 20)
    assert rate.throttled(9.0, 1.0, sent=2.0) == 1.0
    assert (rate.window_size, rate.served, rate.paused_until) == (20, 0, 10.0)


def test_without_the_time_of_its_sending_a_429_counts_as_sent_now() -> None:
    """During a pause it belongs to its episode; after it, it begins the next."""
    rate = served(120)
    rate.throttled(0.0, 2.0)
    rate.throttled(1.0, 1.0)
    assert rate.window_size == 120
    rate.throttled(2.0, 1.0)
    assert (rate.window_size, rate.extra_pause) == (1, 1.0)


def test_patience_grows_while_bursts_stay_short() -> None:
    """Up to a bound; it is reset by a long burst."""
    rate, now = served(300), 0.0
    extra: list[float] = []
    for _ in range(9):
        now += rate.throttled(now, 2.0)
        extra.append(rate.extra_pause)
        rate.success(now)
    assert extra == [0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
    for _ in range(10):
        rate.success(now)
    assert rate.throttled(now, 2.0) == 2.0
    assert rate.window_size == 11


def test_a_server_that_grants_nothing_is_probed_one_by_one() -> None:
    """Never by none at all, which would last for ever."""
    rate = served(0)
    now = rate.throttled(0.0, 1.0)
    assert room(rate, now) == 1


@pytest.mark.parametrize("seconds", [901.0, 3600.0, 86_400_000.0])
def test_no_pause_lasts_longer_than_a_quarter_of_an_hour(seconds: float) -> None:
    """Then one request probes, and its success reopens the client with the learnt limit."""
    rate = served(120)
    assert rate.throttled(0.0, seconds) == MAX_PAUSE == 900.0
    assert room(rate, 899.9) == 0
    assert room(rate, 900.0) == 1
    rate.success(900.0)
    assert room(rate, 901.0) == 8
    assert rate.window_size == 120


def test_a_probe_that_is_refused_renews_the_pause() -> None:
    """It says nothing about the limit; the next request probes too, even after a short pause."""
    rate = served(120)
    rate.throttled(0.0, 86_400.0)
    assert rate.throttled(900.1, 86_400.0, sent=900.0) == 900.0
    assert rate.throttled(1800.2, 30.0, sent=1800.1) == 30.0
    assert room(rate, 1830.1) == 0
    assert room(rate, 1830.2) == 1
    rate.success(1830.2)
    assert (room(rate, 1831.0), rate.window_size) == (8, 120)


def test_what_was_sent_before_the_pause_is_not_a_probe() -> None:
    """Its success, which arrives during the pause, does not reopen the client."""
    rate = served(120)
    rate.throttled(0.0, 86_400.0)
    rate.success(-0.1)
    assert room(rate, 900.0) == 1


def test_pauses_without_a_success_between_them_are_one_pause() -> None:
    """For callers that have waited since its start; later ones have waited for less."""
    rate = served(120)
    rate.throttled(0.0, 60.0)
    rate.throttled(61.0, 60.0, sent=60.5)
    length = rate.paused_until
    assert length > 120
    assert rate.outlasts(length, 62.0, since=-5.0)
    assert not rate.outlasts(length + 0.1, 62.0, since=-5.0)
    assert rate.outlasts(length - 50, 62.0, since=50.0)
    assert not rate.outlasts(length - 49, 62.0, since=50.0)
    assert not rate.outlasts(0.0, length, since=50.0)
    rate.success(length)
    rate.throttled(130.0, 60.0, sent=129.0)
    assert not rate.outlasts(100.0, 130.0, since=-5.0)


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
def test_the_laws_of_the_estimate_hold(
    width: int, steps: list[tuple[str | float | None, float]]
) -> None:
    """Whatever the server says: bounded, and never stuck once the pause has ended.

    A response to what was sent before the last pause ended does not begin another burst.
    """
    rate, now = RateEstimate(max_in_flight=width), 0.0
    for step, latency in steps:
        before = attrs.evolve(rate)
        late = now - latency < rate.paused_until
        if step == "success":
            rate.success(now - latency)
            assert (rate.window_size - before.window_size, rate.served - before.served) == (
                late,
                not late,
            )
        elif step == "wait":
            now = max(now + 0.5, rate.paused_until)
        else:
            assert step is None or not isinstance(step, str)
            seconds = rate.throttled(now, step, sent=now - latency)
            announced = 5.0 if step is None else step
            assert announced <= seconds <= announced + 30
            assert rate.paused_until >= now + seconds
            unpaused = attrs.evolve(
                rate, paused_until=before.paused_until, paused_since=before.paused_since
            )
            assert not late or unpaused == before
            assert late or (rate.window_size, rate.served) == (max(1, before.served), 0)
        assert rate.paused_until >= before.paused_until
        assert 1 <= rate.probe_window <= width
        assert rate.window_size >= 1
        assert room(rate, rate.paused_until) in range(1, width + 1)
        if now < rate.paused_until:
            assert room(rate, now) == 0
