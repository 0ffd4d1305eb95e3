"""What counts as an outage, when it is probed, and the laws that always hold."""

from collections.abc import Callable
from math import inf, ldexp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall._session.outage import Outage
from grafana_oncall._session.retry import Reachability


def doubled(number: int) -> float:
    """Return the seconds to wait after so many failures."""
    return min(ldexp(0.5, number - 1), 20.0)


def fail(
    outage: Outage,
    now: float,
    episode: int | None = None,
    *,
    in_flight: int = 1,
    delay: Callable[[int], float] = doubled,
    unresolved: bool = False,
) -> bool:
    """Report a failed connection of this episode, by default the current one."""
    return outage.failure(
        now,
        outage.episode if episode is None else episode,
        in_flight=in_flight,
        delay=delay,
        reason="unreachable",
        words="connection refused",
        unresolved=unresolved,
    )


def begun(now: float = 0.0, *, width: int = 32) -> Outage:
    """An outage that has just begun."""
    outage = Outage(max_in_flight=width)
    fail(outage, now)
    fail(outage, now)
    assert outage.is_on
    return outage


def room(outage: Outage) -> float:
    """Return how many requests of an episode may be in flight."""
    return next((number for number in range(100) if not outage.admits(number)), inf)


def test_one_failure_is_not_an_outage() -> None:
    """Other calls are not affected; but what must not be retried is preceded by a read."""
    outage = Outage(max_in_flight=32)
    assert not fail(outage, 0.0)
    assert (outage.is_on, outage.is_suspected, room(outage)) == (False, True, inf)
    outage.success(0)
    assert not outage.is_suspected
    assert not fail(outage, 1.0)


def test_two_failures_in_a_row_are_an_outage() -> None:
    """It began with the first of them."""
    outage = Outage(max_in_flight=32)
    fail(outage, 1.0)
    assert fail(outage, 3.0)
    assert (outage.is_on, room(outage), outage.episode) == (True, 1, 1)
    assert outage.lasted(4.5) == 3.5
    assert outage.opens(background=True) == outage.opens(background=False) == 3.5


@pytest.mark.parametrize(("in_flight", "accidents"), [(1, 1), (2, 1), (3, 2), (4, 3), (32, 3)])
def test_of_several_requests_in_flight_more_may_fail_by_accident(
    in_flight: int, accidents: int
) -> None:
    """But never all of them: in an outage they fail anyway. Pauses are as after one accident."""
    outage = Outage(max_in_flight=32)
    for left in range(accidents):
        assert not fail(outage, 0.0, in_flight=in_flight - left)
    assert fail(outage, 1.0)
    assert outage.opens(background=True) == 1.5
    assert fail(outage, 2.0)
    assert outage.opens(background=True) == 3.0
    outage.success(1)
    assert not fail(outage, 4.0)
    assert fail(outage, 5.0), "one at a time again"


def test_failures_from_its_start_do_not_prolong_the_pause() -> None:
    """32 requests were in flight."""
    outage = begun(5.0)
    for _ in range(30):
        assert not fail(outage, 5.0, episode=0)
    assert outage.opens(background=True) == 5.5


def test_pauses_double_but_are_short_for_the_foreground() -> None:
    """Up to 20 seconds; a second for foreground calls."""
    outage, now = begun(), 0.0
    pauses: list[float] = []
    for _ in range(8):
        pauses.append(outage.opens(background=True) - now)
        assert outage.opens(background=False) - now == min(pauses[-1], 1.0)
        now = outage.opens(background=True)
        assert fail(outage, now)
    assert pauses == [0.5, 1, 2, 4, 8, 16, 20, 20]


def test_no_pause_is_longer_than_a_minute() -> None:
    """Whatever a gateway asks for."""
    outage = begun()
    fail(outage, 1.0, delay=lambda _: 86_400.0)
    assert outage.opens(background=True) == 61.0


def test_a_success_ends_it_and_the_number_in_flight_grows_gradually() -> None:
    """A server that has just started is not hit by all waiting calls at once."""
    outage, rooms = begun(width=8), list[float]()
    for _ in range(4):
        outage.success(1)
        rooms.append(room(outage))
    assert (outage.is_on, rooms) == (False, [2, 4, inf, inf])


def test_a_success_from_before_it_ends_no_outage() -> None:
    """A server that shuts down still responds to what it has begun."""
    outage = begun()
    outage.success(0)
    assert outage.is_on
    outage.success(1)
    assert not outage.is_on


def test_a_failure_from_before_it_does_not_begin_another_alone() -> None:
    """Such as a request that hung during all of it."""
    outage = begun()
    outage.success(1)
    assert not fail(outage, 30.0, episode=0)
    assert not outage.is_on


def test_it_is_calm_once_oncall_has_responded_and_no_outage_is_left() -> None:
    """Then nothing has to be counted."""
    outage = Outage(max_in_flight=4)
    assert not outage.is_calm
    outage.success(0)
    assert not outage.is_calm
    outage.success(0, answered=True)
    assert outage.is_calm
    fail(outage, 0.0)
    assert outage.is_calm is False
    fail(outage, 0.0)
    outage.success(1)
    assert (outage.is_calm, room(outage)) == (False, 2)
    outage.success(1)
    assert (outage.is_calm, room(outage)) == (True, inf)


def test_a_host_counts_as_unresolved_only_until_anything_else_is_known() -> None:
    """DNS may flap."""
    outage = Outage(max_in_flight=4)
    assert outage.reach(50.0) == Reachability(answered=False, unresolved=0.0)
    fail(outage, 10.0, unresolved=True)
    fail(outage, 20.0, unresolved=True)
    assert outage.reach(50.0) == Reachability(answered=False, unresolved=40.0)
    fail(outage, 50.0)
    assert outage.reach(60.0) == Reachability(answered=False, unresolved=0.0)
    fail(outage, 70.0, unresolved=True)
    assert outage.reach(100.0).unresolved == 30.0
    outage.success(1, answered=True)
    assert outage.reach(200.0) == Reachability(answered=True, unresolved=0.0)


@given(
    width=st.integers(1, 64),
    steps=st.lists(
        st.tuples(st.sampled_from(["fails", "succeeds", "old"]), st.floats(0, 30)), max_size=200
    ),
)
def test_the_laws_of_an_outage_hold(width: int, steps: list[tuple[str, float]]) -> None:
    """It can always be probed, never by two at once, and never begins with a success."""
    outage, now = Outage(max_in_flight=width), 0.0
    for step, seconds in steps:
        now += seconds
        was_on, episode = outage.is_on, outage.episode
        if step == "succeeds":
            outage.success(outage.episode)
            assert not outage.is_on
        else:
            old = step == "old" and episode > 0
            news = fail(outage, now, episode - 1 if old else episode)
            assert outage.is_on >= was_on
            assert not (news and old and was_on)
        assert outage.episode - episode == (outage.is_on and not was_on)
        assert room(outage) >= 1
        if outage.is_on:
            assert room(outage) == 1
            assert outage.opens(background=False) <= now + 1.0
            assert outage.opens(background=False) <= outage.opens(background=True) <= now + 60.0
            assert outage.lasted(now) >= 0.0
        else:
            assert outage.lasted(now) == 0.0
