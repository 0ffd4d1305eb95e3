"""Outcomes: the outcome of each error, and the outcomes of a run with their counts."""

from collections import Counter
from collections.abc import Sequence

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall import errors
from grafana_oncall.bulk.outcomes import (
    TO_DO,
    WITHOUT_EFFECT,
    Outcome,
    Outcomes,
    Status,
    status_of,
)
from grafana_oncall.errors import OnCallError
from tests.unit.test_errors import ERRORS

EXPECTED = {
    "OnCallError": Status.FAILED,
    "InvalidArgument": Status.REJECTED,
    "LabelError": Status.REJECTED,
    "TemplateError": Status.REJECTED,
    "TimeRangeError": Status.REJECTED,
    "ClientStateError": Status.FAILED,
    "TransportError": Status.FAILED,
    "RequestTimeout": Status.FAILED,
    "OutcomeUnknown": Status.UNKNOWN,
    "FilterIgnored": Status.FAILED,
    "SelectionTooLarge": Status.FAILED,
    "StoreUnavailable": Status.FAILED,
    "JournalError": Status.FAILED,
    "CheckpointError": Status.FAILED,
    "WaitTimeout": Status.FAILED,
    "NotAnEvent": Status.FAILED,
    "IdsDropped": Status.FAILED,
    "MultipleFound": Status.FAILED,
    "TokenUnavailable": Status.FAILED,
    "DecodeError": Status.FAILED,
    "StatusError": Status.FAILED,
    "BadRequest": Status.REJECTED,
    "Conflict": Status.REJECTED,
    "AlreadyInState": Status.ALREADY,
    "Unauthorized": Status.FAILED,
    "Forbidden": Status.FAILED,
    "UserTokenRequired": Status.FAILED,
    "NotFound": Status.FAILED,  # the one in ERRORS does not have the server's text
    "EndpointUnavailable": Status.FAILED,
    "RateLimited": Status.FAILED,
    "ServerError": Status.FAILED,
}
"""By the name of the error's class."""


@pytest.mark.parametrize(
    "error", [pytest.param(error, id=type(error).__name__) for error in ERRORS]
)
def test_every_error_has_an_outcome(error: OnCallError) -> None:
    """Refusals would recur, failures may pass, and what is unknown stays unknown."""
    assert status_of(error) is EXPECTED[type(error).__name__]


def test_every_error_is_in_the_table() -> None:
    """A new one must be added to EXPECTED."""
    assert {*EXPECTED} == {*errors.__all__} - {"Attempt", "Problem"}


def test_a_missing_group_is_rejected() -> None:
    """If the 404 has the server's own text."""
    error = errors.NotFound(
        status=404, detail="Not found.", fields={}, operation="o", method="POST", path="/"
    )
    assert status_of(error) is Status.REJECTED


class Custom(errors.Conflict):
    """A user's own error."""


def test_a_subclass_has_the_outcome_of_its_class() -> None:
    """Such as a user's own error."""
    error = Custom(status=400, detail="", fields={}, operation="o", method="POST", path="/")
    assert status_of(error) is Status.REJECTED


def test_what_becomes_of_a_group_is_decided_for_every_status() -> None:
    """Whether it is a failure, is acted on by a run that is resumed, and certainly untouched."""
    decided = {
        status.value: (status.is_failure, status in TO_DO, status in WITHOUT_EFFECT)
        for status in Status
    }
    assert decided == {
        "changed": (False, False, False),
        "accepted": (False, False, False),
        "already": (False, False, False),
        "rejected": (True, False, False),
        "failed": (True, True, True),
        "unknown": (True, True, False),
        "not_attempted": (False, True, True),
    }


def test_an_outcome_does_not_change() -> None:
    """It is a value."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Outcome(id="I1", status=Status.CHANGED).status = Status.FAILED  # type: ignore[misc]


IDS = st.lists(st.sampled_from([f"I{number}" for number in range(12)]))
RECORDS = st.lists(
    st.tuples(
        st.integers(0, 100),
        st.sampled_from(Status),
        st.sampled_from(["", "words"]),
        st.sampled_from([None, OnCallError("it")]),
        st.floats(0, 1e6),
    )
)


def outcomes_of(*ids: str) -> Outcomes:
    """The outcomes of groups that were not attempted."""
    outcomes = Outcomes()
    for group_id in ids:
        outcomes.add(group_id)
    return outcomes


def assert_holds(outcomes: Outcomes, expected: Sequence[Outcome]) -> None:
    """Assert these outcomes in this order, with matching counts."""
    assert [*outcomes] == [*expected]
    assert [outcomes[outcome.id] for outcome in expected] == [*expected]
    counted = Counter(outcome.status for outcome in expected)
    assert outcomes.counts == {**dict.fromkeys(Status, 0), **counted}
    assert sum(outcomes.counts.values()) == len(outcomes)
    assert outcomes.to_do() == [outcome.id for outcome in expected if outcome.status in TO_DO]


@given(ids=IDS, records=RECORDS, more=IDS)
def test_the_counts_always_sum_to_the_selection(
    ids: list[str],
    records: list[tuple[int, Status, str, OnCallError | None, float]],
    more: list[str],
) -> None:
    """Whatever is recorded, how often, and in which order; each group has its last outcome."""
    outcomes, names = outcomes_of(*ids), [*dict.fromkeys(ids)]
    expected = [Outcome(id=name, status=Status.NOT_ATTEMPTED) for name in names]
    for anywhere, status, detail, error, seconds in records if ids else ():
        position = anywhere % len(names)
        expected[position] = Outcome(
            id=names[position], status=status, detail=detail, error=error, seconds=seconds
        )
        outcomes.record(expected[position])
        assert_holds(outcomes, expected)
    for name in more:
        outcomes.add(name)
    new = [name for name in dict.fromkeys(more) if name not in names]
    assert_holds(
        outcomes, [*expected, *(Outcome(id=name, status=Status.NOT_ATTEMPTED) for name in new)]
    )


def test_a_group_that_is_added_twice_keeps_its_place_and_its_outcome() -> None:
    """As in a later walk of the same query."""
    outcomes = outcomes_of("b", "a")
    outcomes.record(Outcome(id="b", status=Status.CHANGED))
    outcomes.add("c")
    outcomes.add("b")
    assert [(outcome.id, outcome.status) for outcome in outcomes] == [
        ("b", Status.CHANGED),
        ("a", Status.NOT_ATTEMPTED),
        ("c", Status.NOT_ATTEMPTED),
    ]


def test_an_outcome_of_a_group_that_was_not_selected_is_a_key_error() -> None:
    """The counts do not change."""
    outcomes = outcomes_of("a")
    with pytest.raises(KeyError):
        outcomes.record(Outcome(id="b", status=Status.CHANGED))
    assert_holds(outcomes, [Outcome(id="a", status=Status.NOT_ATTEMPTED)])


def test_a_copy_and_the_original_do_not_change_each_other() -> None:
    """As when a report calls groups unknown whose request is in flight."""
    outcomes = outcomes_of("a", "b")
    outcomes.record(Outcome(id="a", status=Status.FAILED, detail="no"))
    before = [*outcomes]
    copied = outcomes.copy()
    copied.record(Outcome(id="b", status=Status.UNKNOWN))
    assert_holds(outcomes, before)
    outcomes.record(Outcome(id="a", status=Status.CHANGED))
    outcomes.add("c")
    assert_holds(copied, [before[0], Outcome(id="b", status=Status.UNKNOWN)])
