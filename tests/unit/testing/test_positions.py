"""Positions in a list: a move, a swap, and what both keep."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall.testing._resources.positions import move, next_position, swap


def _rearrangements() -> st.SearchStrategy[tuple[dict[str, int], str, int]]:
    """Positions with gaps, one of their objects, and where it shall go."""
    names = st.text("abcdef", min_size=1, max_size=1)
    positions = st.dictionaries(names, st.integers(0, 9), min_size=1).filter(
        lambda drawn: len({*drawn.values()}) == len(drawn)
    )
    return positions.flatmap(
        lambda drawn: st.tuples(st.just(drawn), st.sampled_from([*drawn]), st.integers(0, 12))
    )


rearrangements = given(_rearrangements())


def _order(positions: dict[str, int]) -> list[str]:
    return sorted(positions, key=positions.__getitem__)


def test_a_new_object_comes_after_the_last() -> None:
    """Gaps are not filled."""
    assert [next_position(taken) for taken in ([], [0, 1], [99, 3])] == [0, 2, 100]


def test_a_move_shifts_what_it_passes() -> None:
    """Down and up, as the real server did it."""
    four = {"a": 0, "b": 1, "c": 2, "d": 3}
    assert _order(move(four, "a", 3)) == ["b", "c", "d", "a"]
    assert _order(move(four, "a", 2)) == ["b", "c", "a", "d"]
    assert _order(move(four, "d", 1)) == ["a", "d", "b", "c"]


def test_an_insertion_shifts_all_after_it_and_keeps_their_gaps() -> None:
    """A new object is at the end before it moves."""
    assert move({"a": 1, "b": 2, "c": 9, "new": 10}, "new", 1) == {
        "new": 1,
        "a": 2,
        "b": 3,
        "c": 10,
    }


@rearrangements
def test_a_move_keeps_the_order_of_the_others(case: tuple[dict[str, int], str, int]) -> None:
    """The object stands where it was told to, and all positions stay unique."""
    before, one, to = case
    after = move(before, one, to)
    assert after[one] == to
    assert len({*after.values()}) == len(before)
    assert [each for each in _order(after) if each != one] == [
        each for each in _order(before) if each != one
    ]
    assert all(abs(after[other] - before[other]) <= 1 for other in before if other != one)


@rearrangements
def test_a_swap_moves_two_at_most(case: tuple[dict[str, int], str, int]) -> None:
    """A second swap to the former position undoes it."""
    before, one, to = case
    after = swap(before, one, to)
    assert after[one] == to
    assert len({*after.values()}) == len(before)
    assert sum(after[each] != before[each] for each in before) <= 2
    assert swap(after, one, before[one]) == before
