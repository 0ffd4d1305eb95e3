"""How fast requests go out: the pure decisions, and the laws that hold everywhere in them."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall._session.throttle import DOCUMENTED_QUOTA, LONGEST_PAUSE, Pace
from tests.support.throttles import room, served


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


@pytest.mark.parametrize("seconds", [901.0, 3600.0, 86_400_000.0])
def test_no_pause_is_believed_for_longer_than_a_quarter_of_an_hour(seconds: float) -> None:
    """Then one request probes, whose success opens the client again; the quota is as learnt."""
    pace = served(120)
    assert pace.throttled(0.0, seconds) == LONGEST_PAUSE == 900.0
    assert room(pace, 899.9) == 0
    assert room(pace, 900.0) == 1
    pace.success(900.0)
    assert room(pace, 901.0) == 8
    assert pace.expected == 120


def test_a_probe_that_is_refused_renews_the_pause() -> None:
    """It says nothing about the quota, and the next request probes again, after a short one too."""
    pace = served(120)
    pace.throttled(0.0, 86_400.0)
    assert pace.throttled(900.1, 86_400.0, sent=900.0) == 900.0
    assert pace.throttled(1800.2, 30.0, sent=1800.1) == 30.0
    assert room(pace, 1830.1) == 0
    assert room(pace, 1830.2) == 1
    pace.success(1830.2)
    assert (room(pace, 1831.0), pace.expected) == (8, 120)


def test_what_left_before_the_pause_is_no_probe() -> None:
    """Its success, which arrives during the pause, does not open the client."""
    pace = served(120)
    pace.throttled(0.0, 86_400.0)
    pace.success(-0.1)
    assert room(pace, 900.0) == 1


def test_pauses_without_a_success_between_them_are_one_pause() -> None:
    """For who has waited since it began; whoever came later has waited for less of it."""
    pace = served(120)
    pace.throttled(0.0, 60.0)
    pace.throttled(61.0, 60.0, sent=60.5)
    length = pace.paused_until
    assert length > 120
    assert pace.pauses_for(length, 62.0, since=-5.0)
    assert not pace.pauses_for(length + 0.1, 62.0, since=-5.0)
    assert pace.pauses_for(length - 50, 62.0, since=50.0)
    assert not pace.pauses_for(length - 49, 62.0, since=50.0)
    assert not pace.pauses_for(0.0, length, since=50.0)
    pace.success(length)
    pace.throttled(130.0, 60.0, sent=129.0)
    assert not pace.pauses_for(100.0, 130.0, since=-5.0)


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
def test_the_laws_of_pace_hold(width: int, steps: list[tuple[str | float | None, float]]) -> None:
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
            unpaused = attrs.evolve(
                pace, paused_until=before.paused_until, paused_since=before.paused_since
            )
            assert not late or unpaused == before
            assert late or (pace.expected, pace.served) == (max(1, before.served), 0)
        assert pace.paused_until >= before.paused_until
        assert 1 <= pace.careful <= width
        assert pace.expected >= 1
        assert room(pace, pace.paused_until) in range(1, width + 1)
        if now < pace.paused_until:
            assert room(pace, now) == 0
