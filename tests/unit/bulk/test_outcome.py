"""Which outcome a group has whose action ended with an error."""

import attrs
import pytest

from grafana_oncall import errors
from grafana_oncall.bulk.outcome import Outcome, Status, status_of
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
    "JournalError": Status.FAILED,
    "CheckpointError": Status.FAILED,
    "WaitTimeout": Status.FAILED,
    "NotAnEvent": Status.FAILED,
    "DecodeError": Status.FAILED,
    "StatusError": Status.FAILED,
    "BadRequest": Status.REJECTED,
    "Conflict": Status.REJECTED,
    "AlreadyInState": Status.ALREADY,
    "Unauthorized": Status.FAILED,
    "Forbidden": Status.FAILED,
    "UserTokenRequired": Status.FAILED,
    "NotFound": Status.FAILED,  # the one of ERRORS is not in the server's words
    "EndpointUnavailable": Status.FAILED,
    "RateLimited": Status.FAILED,
    "ServerError": Status.FAILED,
}
"""By the name of the error's class."""


@pytest.mark.parametrize("error", [pytest.param(one, id=type(one).__name__) for one in ERRORS])
def test_every_error_is_an_outcome(error: OnCallError) -> None:
    """Refusals would be repeated, failures may pass, and doubt stays doubt."""
    assert status_of(error) is EXPECTED[type(error).__name__]


def test_every_error_has_its_line_here() -> None:
    """A new one must be added to EXPECTED."""
    assert {*EXPECTED} == {*errors.__all__} - {"Attempt", "Problem"}


def test_a_group_that_is_not_there_is_rejected() -> None:
    """If the server says so in its own words."""
    error = errors.NotFound(
        status=404, detail="Not found.", fields={}, operation="o", method="POST", path="/"
    )
    assert status_of(error) is Status.REJECTED


class Custom(errors.Conflict):
    """A user's own."""


def test_a_subclass_has_the_outcome_of_its_class() -> None:
    """Such as a user's own error."""
    error = Custom(status=400, detail="", fields={}, operation="o", method="POST", path="/")
    assert status_of(error) is Status.REJECTED


@pytest.mark.parametrize(
    ("status", "is_failure"),
    [
        pytest.param(Status.CHANGED, False, id="changed"),
        pytest.param(Status.ACCEPTED, False, id="accepted"),
        pytest.param(Status.ALREADY, False, id="already"),
        pytest.param(Status.REJECTED, True, id="rejected"),
        pytest.param(Status.FAILED, True, id="failed"),
        pytest.param(Status.UNKNOWN, True, id="unknown"),
        pytest.param(Status.NOT_ATTEMPTED, False, id="not attempted"),
    ],
)
def test_failures_are_what_was_tried_in_vain(status: Status, *, is_failure: bool) -> None:
    """What was not attempted is none."""
    assert status.is_failure is is_failure


def test_the_statuses_are_these_seven() -> None:
    """By these names, which journals and reports hold."""
    done, not_done = ["changed", "accepted", "already"], ["rejected", "failed", "unknown"]
    assert [*Status] == [*done, *not_done, "not_attempted"]


def test_an_outcome_does_not_change() -> None:
    """It is a value."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Outcome(id="I1", status=Status.CHANGED).status = Status.FAILED  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
