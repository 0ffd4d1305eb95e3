"""What becomes of each group of a bulk run."""

from enum import StrEnum

import attrs

from grafana_oncall.errors import (
    AlreadyInState,
    BadRequest,
    InvalidArgument,
    NotFound,
    OnCallError,
    OutcomeUnknown,
    StatusError,
)


class Status(StrEnum):
    """What became of a group; each has exactly one."""

    CHANGED = "changed"
    """A request of this run brought it about."""
    ACCEPTED = "accepted"
    """The server accepted it, and does it later; whether it has was not looked at."""
    ALREADY = "already"
    """It was found so."""
    REJECTED = "rejected"
    """The server refused it for this group, for a reason that it gave."""
    FAILED = "failed"
    """An error that is not the group's, such as a refused token, or an outage that outlasted
    `RetryPolicy.deadline`; certainly no effect."""
    UNKNOWN = "unknown"
    """Perhaps an effect, perhaps none, perhaps a part of it: a request was under way."""
    NOT_ATTEMPTED = "not_attempted"
    """Nothing was sent for it."""

    @property
    def is_failure(self) -> bool:
        """Whether the group may not be as it should be, although something was done."""
        return self in {Status.REJECTED, Status.FAILED, Status.UNKNOWN}


@attrs.frozen(kw_only=True)
class Outcome:
    """What became of one group."""

    id: str
    """Id of the alert group."""
    status: Status
    detail: str = ""
    """The server's reason, the error, or what was done of several things; in words."""
    error: OnCallError | None = None
    """Of a failure; None when it came from a journal that has only its words."""
    seconds: float = 0.0
    """Time from its first request to its end, waiting and pauses included."""


def status_of(error: OnCallError) -> Status:
    """The status of a group whose action ended with this error."""
    match error:
        case AlreadyInState():
            return Status.ALREADY
        case OutcomeUnknown():
            return Status.UNKNOWN
        case NotFound():
            return Status.REJECTED if error.is_certain else Status.FAILED
        case StatusError(is_gateway=True):
            return Status.FAILED
        case BadRequest() | InvalidArgument():
            return Status.REJECTED
        case _:
            return Status.FAILED
