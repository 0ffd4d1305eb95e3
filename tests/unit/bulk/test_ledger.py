"""The books of a bulk run: order, counts, and what a copy keeps."""

from collections import Counter
from collections.abc import Iterable, Sequence

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall.bulk.outcome import Outcome, Status
from grafana_oncall.bulk.report import Ledger
from grafana_oncall.errors import OnCallError

IDS = st.lists(st.sampled_from([f"I{number}" for number in range(12)]))
SETTLES = st.lists(
    st.tuples(
        st.integers(0, 100),
        st.sampled_from(Status),
        st.sampled_from(["", "words"]),
        st.sampled_from([None, OnCallError("it")]),
        st.floats(0, 1e6, width=32),
    )
)


def ledger_of(*ids: str) -> Ledger:
    """With these groups, of which none is attempted."""
    ledger = Ledger()
    add(ledger, ids)
    return ledger


def add(ledger: Ledger, ids: Iterable[str]) -> None:
    """These groups, unless they are there."""
    for one in ids:
        ledger.ids.add(one)
    ledger.take_in()


def record(ledger: Ledger, position: int, status: Status, detail: str = "") -> None:
    """Notes what became of a group."""
    ledger.settle(position, Outcome(id=ledger.ids[position], status=status, detail=detail))


def as_expected(ledger: Ledger, expected: Sequence[Outcome]) -> None:
    """What each of the ways to read a ledger must show."""
    assert [*ledger] == [ledger[position] for position in range(len(ledger))] == [*expected]
    assert [ledger.status(position) for position in range(len(ledger))] == [
        outcome.status for outcome in expected
    ]
    assert ledger.counts == {**dict.fromkeys(Status, 0), **Counter(one.status for one in expected)}
    assert sum(ledger.counts.values()) == len(ledger)


@given(ids=IDS, settles=SETTLES, more=IDS)
def test_the_counts_always_sum_to_the_selection(
    ids: list[str],
    settles: list[tuple[int, Status, str, OnCallError | None, float]],
    more: list[str],
) -> None:
    """Whatever is noted, how often, and in which order; and each group has its last outcome."""
    ledger = ledger_of(*ids)
    expected = [Outcome(id=one, status=Status.NOT_ATTEMPTED) for one in dict.fromkeys(ids)]
    for anywhere, status, detail, error, seconds in settles if ids else ():
        position = anywhere % len(ledger)
        expected[position] = Outcome(
            id=ledger.ids[position], status=status, detail=detail, error=error, seconds=seconds
        )
        ledger.settle(position, expected[position])
        as_expected(ledger, expected)
    add(ledger, more)
    new = [one for one in dict.fromkeys(more) if one not in ids]
    as_expected(ledger, [*expected, *(Outcome(id=one, status=Status.NOT_ATTEMPTED) for one in new)])


@given(ids=IDS, index=st.slices(15), position=st.integers(-15, 15))
def test_a_ledger_is_indexed_as_a_list_is(ids: list[str], index: slice, position: int) -> None:
    """Slices, negative indexes, and those that are out of range."""
    ledger = ledger_of(*ids)
    for number in range(0, len(ledger), 2):
        record(ledger, number, Status.FAILED, f"words of {number}")
    outcomes = [*ledger]
    assert ledger[index] == outcomes[index]
    if -len(outcomes) <= position < len(outcomes):
        assert ledger[position] == outcomes[position]
    else:
        with pytest.raises(IndexError):
            ledger[position]


def test_groups_keep_the_order_in_which_they_were_first_added() -> None:
    """Each once, also when it is added again later."""
    ledger = ledger_of("b", "a", "b")
    add(ledger, ["c", "a"])
    assert [*ledger.ids] == ["b", "a", "c"]
    assert [outcome.id for outcome in ledger] == ["b", "a", "c"]
    assert [outcome.id for outcome in reversed(ledger)] == ["c", "a", "b"]


def test_a_group_that_is_added_again_keeps_its_outcome() -> None:
    """As in a later walk of the same query."""
    ledger = ledger_of("a")
    record(ledger, 0, Status.CHANGED)
    add(ledger, ["a"])
    assert [*ledger] == [Outcome(id="a", status=Status.CHANGED)]


@given(ids=IDS, settles=SETTLES, start=st.integers(0, 14))
def test_what_is_to_do_is_what_was_not_attempted_or_has_failed_or_is_unknown(
    ids: list[str],
    settles: list[tuple[int, Status, str, OnCallError | None, float]],
    start: int,
) -> None:
    """In order, from any position on."""
    ledger = ledger_of(*ids)
    for anywhere, status, *_ in settles if ids else ():
        record(ledger, anywhere % len(ledger), status)
    to_do = {Status.NOT_ATTEMPTED, Status.FAILED, Status.UNKNOWN}
    expected = [at for at in range(start, len(ledger)) if ledger.status(at) in to_do]
    assert [*ledger.to_do(start)] == expected
    assert ledger.left(start) == len(expected)


def test_what_is_to_do_is_told_as_it_is_when_its_turn_comes() -> None:
    """And once, also when it fails again."""
    ledger = ledger_of("a", "b", "c")
    to_do = ledger.to_do()
    assert next(to_do) == 0
    record(ledger, 0, Status.FAILED)
    record(ledger, 1, Status.CHANGED)
    assert [*to_do] == [2]


def test_ids_are_in_the_books_when_they_are_taken_in() -> None:
    """Not while a selection is read, which may still be refused."""
    ledger = ledger_of("a")
    ledger.ids.add("b")
    as_expected(ledger, [Outcome(id="a", status=Status.NOT_ATTEMPTED)])


def test_a_new_outcome_leaves_no_words_of_the_old_one() -> None:
    """Nor its error."""
    ledger = ledger_of("a")
    failed = Outcome(id="a", status=Status.FAILED, detail="no", error=OnCallError("no"))
    ledger.settle(0, failed)
    assert ledger[0] == failed
    record(ledger, 0, Status.CHANGED)
    assert ledger[0] == Outcome(id="a", status=Status.CHANGED)


def test_a_snapshot_does_not_change_later() -> None:
    """Neither by what is noted, nor by what is added."""
    ledger = ledger_of("a", "b", "c")
    record(ledger, 0, Status.FAILED, "no")
    now = ledger.snapshot()
    before = [*now]
    for position in range(3):
        ledger.settle(position, attrs.evolve(ledger[position], status=Status.CHANGED, seconds=9.0))
    add(ledger, ["d"])
    as_expected(now, before)
    assert [(one.id, one.status) for one in now] == [
        ("a", Status.FAILED),
        ("b", Status.NOT_ATTEMPTED),
        ("c", Status.NOT_ATTEMPTED),
    ]


def test_what_is_noted_in_a_snapshot_is_not_in_the_books() -> None:
    """As when a report calls groups under way unknown."""
    ledger = ledger_of("a", "b")
    record(ledger.snapshot(), 1, Status.UNKNOWN, "It is under way.")
    as_expected(ledger, [Outcome(id=one, status=Status.NOT_ATTEMPTED) for one in "ab"])
