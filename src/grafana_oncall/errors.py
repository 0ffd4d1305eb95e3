"""Every error of the SDK, none of which inherits from another library's.

    OnCallError
    ├── InvalidArgument (ValueError)      before anything is sent: what was given makes no sense
    │   ├── LabelError                    .problems: every broken rule of a label set
    │   ├── TemplateError                 .problems: every template that is not Jinja2
    │   └── TimeRangeError
    ├── ClientStateError (RuntimeError)   the client is closed, or belongs to another event loop
    ├── TransportError                    no answer; .sent says whether the request may have arrived
    │   └── RequestTimeout
    ├── OutcomeUnknown                    a write whose effect could not be established
    ├── FilterIgnored                     the server answered groups that the filter excludes
    ├── SelectionTooLarge                 more groups than max_items allows
    ├── JournalError                      a bulk journal that cannot be written, or read
    ├── CheckpointError                   a watcher's checkpoint that cannot be written, or read
    ├── WaitTimeout (TimeoutError)        it did not come about in time; .last is what was seen last
    ├── NotAnEvent (ValueError)           a webhook's body that is no event
    ├── DecodeError                       an answer that is not what the specification says
    └── StatusError                       the server refused: .status .detail .fields
        ├── BadRequest                    400, and any 4xx of OnCall without a class of its own
        │   └── Conflict                  the group's state does not allow it
        │       └── AlreadyInState        … because it is already so
        ├── Unauthorized                  bad token: 401, or the server's 403 "Invalid token."
        ├── Forbidden                     403
        │   └── UserTokenRequired         a service account did what only a user may
        ├── NotFound                      404 in JSON: no such object
        ├── EndpointUnavailable           404 in HTML: this server has no such endpoint
        ├── RateLimited                   429; .reset_after
        └── ServerError                   5xx, and the 4xx of gateways; .is_gateway

All of them pickle, and none of them shows the token.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

import attrs

__all__ = [
    "AlreadyInState",
    "Attempt",
    "BadRequest",
    "CheckpointError",
    "ClientStateError",
    "Conflict",
    "DecodeError",
    "EndpointUnavailable",
    "FilterIgnored",
    "Forbidden",
    "InvalidArgument",
    "JournalError",
    "LabelError",
    "NotAnEvent",
    "NotFound",
    "OnCallError",
    "OutcomeUnknown",
    "Problem",
    "RateLimited",
    "RequestTimeout",
    "SelectionTooLarge",
    "ServerError",
    "StatusError",
    "TemplateError",
    "TimeRangeError",
    "TransportError",
    "Unauthorized",
    "UserTokenRequired",
    "WaitTimeout",
]


def _restored(cls: type["OnCallError"], args: tuple[Any, ...], state: dict[str, Any]) -> Any:
    error = cls.__new__(cls, *args)
    error.args = args  # which an OSError, as TimeoutError is one, sets elsewhere
    error.__dict__.update(state)
    return error


@attrs.frozen(kw_only=True)
class Attempt:
    """One request of a call, as errors tell it. Times in seconds."""

    number: int
    """From 1."""
    status: int | None
    """Status of the answer; None without one."""
    error: str | None
    """Name of the error's class; None after a success."""
    waited: float
    """Time until it was sent: for a place, or for a pause of all calls to end."""
    latency: float
    """Time from sending to the whole answer, or to the failure."""
    delay: float | None = None
    """Time until the next attempt was due; None when there was none."""


class OnCallError(Exception):
    """Any error that this SDK raises."""

    attempts: tuple[Attempt, ...] = ()
    """Every request of the call, in order; empty when nothing was sent."""
    elapsed: float | None = None
    """Seconds from the beginning of the call to this error, waiting included; None when it came
    before any call, as InvalidArgument does."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self.args, self.__dict__)


class InvalidArgument(OnCallError, ValueError):
    """An argument is missing or makes no sense; nothing was sent."""

    def __init__(self, message: str, *, argument: str) -> None:
        super().__init__(message)
        self.argument: str = argument
        """Name of the argument."""


@attrs.frozen(kw_only=True)
class Problem:
    """One broken rule, and where."""

    where: str
    """The label or member at fault, such as `team:SRE` or `templates.slack.title`."""
    rule: str
    """What is wrong, in words."""
    line: int | None = None
    """Line in a template, from 1; None where Jinja2 does not say."""

    def __str__(self) -> str:
        place = f" (line {self.line})" if self.line is not None else ""
        return f"{self.where}{place}: {self.rule}"


class _Problems(InvalidArgument):
    """Several problems that are reported at once."""

    def __init__(self, problems: Sequence[Problem], *, argument: str) -> None:
        lines = "".join(f"\n  - {problem}" for problem in problems)
        many = "one problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(f"{argument}: {many}:{lines}", argument=argument)
        self.problems: tuple[Problem, ...] = tuple(problems)
        """Every problem, in the order of what was given."""


class LabelError(_Problems):
    """Labels that break the API's rules, or that a filter cannot match."""


class TemplateError(_Problems):
    """Templates that are not valid Jinja2."""


class TimeRangeError(InvalidArgument):
    """A time range that is naive, reversed or incomplete."""


class ClientStateError(OnCallError, RuntimeError):
    """The client cannot be used here and now: it is closed, or bound to another event loop."""


class TransportError(OnCallError):
    """No answer came, or no connection; or the Redis of `rate_limit_storage=` did not answer.

    The cause is chained, where nothing of it can show the token.
    """

    def __init__(self, message: str, *, operation: str, sent: bool) -> None:
        super().__init__(message)
        self.operation: str = operation
        """The operationId."""
        self.sent: bool = sent
        """False only when the request certainly never reached the server."""


class RequestTimeout(TransportError):
    """No answer came in time."""


class OutcomeUnknown(OnCallError):
    """A write may have had its effect, or not. The last failure is chained.

    It was not repeated, because a repeat could have its effect twice, or the repeats did not
    tell. The message says how to find out.
    """

    def __init__(self, message: str, *, operation: str) -> None:
        super().__init__(message)
        self.operation: str = operation
        """The operationId."""


class FilterIgnored(OnCallError):
    """The server answered a group that the filter excludes, so none of its answer can be trusted.

    Nothing was written to any of them, and a list gives nothing of that page. A server or a proxy
    may ignore a filter; a group may also have changed at that very moment, in which case another
    try succeeds; a list has tried twice.
    """

    def __init__(self, message: str, *, group_id: str, unmet: str) -> None:
        super().__init__(message)
        self.group_id: str = group_id
        """Id of the first such group, or integration."""
        self.unmet: str = unmet
        """The part of the filter that it does not meet, such as `state=new`."""


class SelectionTooLarge(OnCallError):
    """A bulk selection has more groups than `max_items` allows; nothing was written to them."""

    def __init__(self, message: str, *, limit: int) -> None:
        super().__init__(message)
        self.limit: int = limit
        """The value of `max_items`."""


_JournalReason: TypeAlias = Literal[
    "in_use", "exists", "missing", "nothing_sent", "other_run", "broken", "io"
]
"""Why a bulk journal cannot be used; see `JournalError.reason`."""


class JournalError(OnCallError):
    """The journal of a bulk run cannot be written, read or resumed. The cause is chained."""

    def __init__(self, message: str, *, path: str, reason: _JournalReason = "io") -> None:
        super().__init__(message)
        self.path: str = path
        """The file."""
        self.reason: _JournalReason = reason
        """`in_use`: another run is using it now. `exists`: a new run needs a new file, or
        `resume=True`. `missing`: there is no such file. `nothing_sent`: its run ended before its
        selection was complete. `other_run`: it belongs to another server, action or selection.
        `broken`: it is no journal, or damaged. `io`: the file cannot be read or written."""


class CheckpointError(OnCallError):
    """The checkpoint of a watcher cannot be written, read, or used for this watcher."""

    def __init__(self, message: str, *, path: str | None) -> None:
        super().__init__(message)
        self.path: str | None = path
        """The file, if it is in one."""


class WaitTimeout(OnCallError, TimeoutError):
    """What was waited for did not come about in time."""

    def __init__(self, message: str, *, last: Mapping[str, str | None]) -> None:
        super().__init__(message)
        self.last: Mapping[str, str | None] = last
        """By id: the state in which each group that is left was last seen; None: never seen."""


class NotAnEvent(OnCallError, ValueError):
    """A body that is not what an outgoing webhook with the whole payload sends.

    The message shows nothing of the body.
    """

    def __init__(self, reason: str, *, path: str | None = None) -> None:
        place = f" at {path}" if path else ""
        super().__init__(
            f"This is no event of an outgoing webhook: {reason}{place}. Hint: let the webhook "
            "forward the whole payload, or let its template make every member that is needed."
        )
        self.reason: str = reason
        """What is wrong."""
        self.path: str | None = path
        """Where in the JSON, such as `$.event.type`; None when it is not JSON at all."""


_NO_JSON: Final = (
    "check that url= is the OnCall API's, and that no proxy or login page answers for it."
)
_OTHER_SHAPE: Final = (
    "the server may be newer than this release: look for a newer one; .content has the whole body."
)


class DecodeError(OnCallError):
    """An answer came that is not what the specification says."""

    def __init__(
        self,
        reason: str,
        *,
        operation: str,
        status: int,
        content: bytes,
        path: str | None = None,
        hint: str | None = None,
    ) -> None:
        place = f" at {path}" if path else ""
        advice = hint or (_OTHER_SHAPE if path else _NO_JSON)
        super().__init__(
            f"{operation}: {status}, but {reason}{place}. It begins {excerpt(content)}. "
            f"Hint: {advice}"
        )
        self.operation: str = operation
        """The operationId."""
        self.status: int = status
        self.path: str | None = path
        """Where in the JSON, such as `$.results[0].id`; None where all of it is not what is due."""
        self.content: bytes = content
        """The whole undecoded body."""


class StatusError(OnCallError):
    """The server answered, and refused."""

    def __init__(
        self,
        *,
        status: int,
        detail: str,
        fields: Mapping[str, tuple[str, ...]],
        operation: str,
        method: str,
        path: str,
        hint: str | None = None,
        reset_after: float | None = None,
        is_gateway: bool = False,
    ) -> None:
        advice = f" Hint: {hint}" if hint else ""
        super().__init__(f"{operation}: {status} {detail} ({method} {path}).{advice}")
        self.status: int = status
        self.detail: str = detail
        """What the server said, as one readable line."""
        self.fields: Mapping[str, tuple[str, ...]] = fields
        """Its messages by member, dotted where nested; empty when it named none."""
        self.operation: str = operation
        """The operationId."""
        self.method: str = method
        self.path: str = path
        """Path of the request from `/api/v1/` on, without its query."""
        self.hint: str | None = hint
        """What to do about it, where that is known."""
        self.reset_after: float | None = reset_after
        """Seconds until the server takes requests again, where it says so (429, 503)."""
        self.is_gateway: bool = is_gateway
        """Whether a proxy or gateway answered in OnCall's place: a redirect, a status that only
        they give (408, 502, …), or a page of HTML where OnCall answers JSON."""


class BadRequest(StatusError):
    """400, and any other 4xx of OnCall that has no class of its own: it cannot take this input."""


class Conflict(BadRequest):
    """The state of the alert group does not allow the action."""


class AlreadyInState(Conflict):
    """The server says that the group, or its label, is so already.

    An acknowledged group that was resolved since is called acknowledged, too: its state tells.
    """


class Unauthorized(StatusError):
    """The token is missing, wrong or malformed: 401, or the server's 403 "Invalid token."."""


class Forbidden(StatusError):
    """The token is good, and may not do this."""


class UserTokenRequired(Forbidden):
    """A service account called an action that needs a user's OnCall API key."""


class NotFound(StatusError):
    """The server knows the endpoint, and has no such object."""

    @property
    def is_certain(self) -> bool:
        """Whether it says so in OnCall's own words: gateways have 404s of their own."""
        return self.detail == "Not found."


class EndpointUnavailable(StatusError):
    """This server has no such endpoint, which it says with an HTML page."""


class RateLimited(StatusError):
    """Too many requests."""


class ServerError(StatusError):
    """The server failed, which it also does on some bad input; or a gateway in front of it did.

    A 5xx, and any 4xx of a gateway that has no class of its own, such as 408 or 499.
    """


PASSING: Final = (TransportError, DecodeError, RateLimited, ServerError)
"""Errors of an outage: later, the same may succeed."""

EXCERPT_LENGTH: Final = 120


def excerpt(content: bytes) -> str:
    """The first bytes of a body as one printable line, for messages."""
    text = ascii(content[:EXCERPT_LENGTH].decode("utf-8", "replace"))
    return f"{text}…" if len(content) > EXCERPT_LENGTH else text


def closed() -> ClientStateError:
    """The error of whoever comes after the client was closed."""
    return ClientStateError("The client is closed. Make a new one, or keep it open longer.")
