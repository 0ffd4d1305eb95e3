"""All errors of the SDK; none inherits from another library's.

    OnCallError
    ├── InvalidArgument (ValueError)      an argument makes no sense; nothing was sent
    │   ├── LabelError                    .problems: every broken rule of a label set
    │   ├── TemplateError                 .problems: every template that is not Jinja2
    │   └── TimeRangeError
    ├── ClientStateError (RuntimeError)   the client is closed, or belongs to another event loop
    ├── TransportError                    no response; .sent: may the request have arrived?
    │   └── RequestTimeout
    ├── OutcomeUnknown                    a write that may or may not have taken effect
    ├── TokenUnavailable                  the function given as token= failed; nothing was sent
    ├── FilterIgnored                     the server returned groups that the filter excludes
    ├── IdsDropped                        a write of which the server dropped unknown ids
    ├── MultipleFound                     several objects have the value that was looked for
    ├── SelectionTooLarge                 more groups than max_items allows
    ├── JournalError                      a bulk journal that cannot be written or read
    ├── CheckpointError                   a watcher's checkpoint that cannot be written or read
    ├── StoreUnavailable                  a store of journals or checkpoints does not respond
    ├── WaitTimeout (TimeoutError)        not reached in time; .last has the states seen last
    ├── NotAnEvent (ValueError)           a webhook's body that is not an event
    ├── DecodeError                       a response that does not match the specification
    └── StatusError                       the server refused the request: .status .detail .fields
        ├── BadRequest                    400, and any 4xx of OnCall without a class of its own
        │   └── Conflict                  the object's state does not allow it
        │       └── AlreadyInState        … because it is already so
        ├── Unauthorized                  bad token: 401, or the server's 403 "Invalid token."
        ├── Forbidden                     403
        │   └── UserTokenRequired         the action needs a user's key, not a service account
        ├── NotFound                      404: no such object
        ├── EndpointUnavailable           404 of the path: no such endpoint, or not OnCall
        ├── RateLimited                   429; .reset_after
        └── ServerError                   5xx, and the 4xx of gateways; .is_gateway

All of them can be pickled, and none shows the token.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from . import _arguments, _request
from ._arguments import InvalidArgument, LabelError, Problem, TemplateError, TimeRangeError
from ._request import (
    AlreadyInState,
    Attempt,
    BadRequest,
    ClientStateError,
    Conflict,
    DecodeError,
    EndpointUnavailable,
    Forbidden,
    NotFound,
    OnCallError,
    OutcomeUnknown,
    RateLimited,
    RequestTimeout,
    ServerError,
    StatusError,
    TransportError,
    Unauthorized,
    UserTokenRequired,
)
from ._request import excerpt as excerpt

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
    "IdsDropped",
    "InvalidArgument",
    "JournalError",
    "LabelError",
    "MultipleFound",
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
    "StoreUnavailable",
    "TemplateError",
    "TimeRangeError",
    "TokenUnavailable",
    "TransportError",
    "Unauthorized",
    "UserTokenRequired",
    "WaitTimeout",
]


def __dir__() -> list[str]:
    return sorted(__all__)


class TokenUnavailable(OnCallError):
    """The function given as `token=` or `user_token=` failed, so a request was not sent.

    What it raised is chained, unless that may show a token. Bots and waits ask again later, if the
    function raised or took too long; bulk runs end, and can be resumed.

    What to do: see its cause. Bots ask again.
    """

    def __init__(self, message: str, *, argument: str, raised: bool) -> None:
        super().__init__(message)
        self.argument: str = argument
        """`token` or `user_token`."""
        self.raised: bool = raised
        """Whether the function raised or took too long; otherwise it returned no usable token."""


class FilterIgnored(OnCallError):
    """The server returned a group that the filter excludes, so its response cannot be trusted.

    Nothing was written to any group of it, and a list yields none of that page. Either the server
    or a proxy ignores the filter, or the group changed at that very moment: then a retry succeeds.
    A list has already tried twice.

    What to do: try again, for the group may have changed at that moment.
    """

    def __init__(self, message: str, *, group_id: str | None, unmet: str) -> None:
        super().__init__(message)
        self.group_id: str | None = group_id
        """Id of the first such group, integration or the like; None for one that has no id."""
        self.unmet: str = unmet
        """The part of the filter that it does not match, such as `state=new`."""


class IdsDropped(OnCallError):
    """A write named ids that the server does not know. It dropped them, and stored all the rest.

    The object exists, or has changed: correct it, or delete it, by its id in `.result`.

    What to do: correct or delete the object, `.result`.
    """

    def __init__(
        self,
        message: str,
        *,
        kept: Mapping[str, tuple[str, ...]],
        lost: Mapping[str, tuple[str, ...]],
        result: Any,
    ) -> None:
        super().__init__(message)
        self.kept: Mapping[str, tuple[str, ...]] = kept
        """The ids that the object has now, by member, such as `users`."""
        self.lost: Mapping[str, tuple[str, ...]] = lost
        """The ids that the server dropped, by member."""
        self.result: Any = result
        """The object as the server stored it."""


class MultipleFound(OnCallError):
    """Several objects have the value by which one was looked for.

    What to do: get the right one by its id.
    """

    def __init__(self, message: str, *, ids: tuple[str, ...]) -> None:
        super().__init__(message)
        self.ids: tuple[str, ...] = ids
        """Their ids; there may be more."""


class SelectionTooLarge(OnCallError):
    """A bulk selection has more groups than `max_items` allows; nothing was written to them.

    What to do: narrow the selection, or allow more.
    """

    def __init__(self, message: str, *, limit: int) -> None:
        super().__init__(message)
        self.limit: int = limit
        """The value of `max_items`."""


JournalReason: TypeAlias = Literal[
    "in_use", "exists", "missing", "nothing_sent", "other_run", "taken_over", "broken", "io"
]
"""Why a bulk journal cannot be used; see `JournalError.reason`."""


class JournalError(OnCallError):
    """The journal of a bulk run cannot be written, read or resumed. The cause is chained.

    What to do: as the message says: resume it, delete it, or name another file.
    """

    def __init__(self, message: str, *, path: str, reason: JournalReason = "io") -> None:
        super().__init__(message)
        self.path: str = path
        """The file, or the name in a store."""
        self.reason: JournalReason = reason
        """`in_use`: another run is using it now. `exists`: a new run needs a new file, or
        `resume=True`. `missing`: there is no such file. `nothing_sent`: its run ended before its
        selection was complete. `other_run`: it belongs to another server, organization, action
        or selection. `taken_over`: another worker goes on with this run, whose journal is in a
        store. `broken`: it is not a journal, or damaged. `io`: the file or the
        store cannot be read or written."""


class CheckpointError(OnCallError):
    """The checkpoint of a watcher cannot be written, read, or used for this watcher.

    With a checkpoint in a store, it also means that another replica leads, or may lead by now.

    What to do: as the message says: delete it, name another file, or start again, to stand by.
    """

    def __init__(self, message: str, *, path: str | None) -> None:
        super().__init__(message)
        self.path: str | None = path
        """The file, if it is in one."""


class StoreUnavailable(OnCallError):
    """A store (`grafana_oncall.stores`) does not respond, or not as it should.

    It is for whoever writes a store to raise. What a write of it did is unknown.

    What to do: try later, or look for what is wrong with the store.
    """


class WaitTimeout(OnCallError, TimeoutError):
    """The state that was waited for was not reached in time.

    What to do: see `.last`.
    """

    def __init__(self, message: str, *, last: Mapping[str, str | None]) -> None:
        super().__init__(message)
        self.last: Mapping[str, str | None] = last
        """The last seen state of each group that has not reached it, by id; None: never seen."""


class NotAnEvent(OnCallError, ValueError):
    """A body is not what an outgoing webhook with the whole payload sends.

    The message shows nothing of the body.

    What to do: let the webhook forward the whole payload.
    """

    def __init__(self, reason: str, *, path: str | None = None) -> None:
        place = f" at {path}" if path else ""
        super().__init__(
            f"This is not an event of an outgoing webhook: {reason}{place}. Hint: let the webhook "
            "forward the whole payload, or add every required member to its template."
        )
        self.reason: str = reason
        """What is wrong."""
        self.path: str | None = path
        """Where in the JSON, such as `$.event.type`; None when it is not JSON at all."""


def client_closed() -> ClientStateError:
    """Return the error of a call to a client that is closed."""
    return ClientStateError("The client is closed. Make a new one, or keep it open longer.")


# Tracebacks and pickles name the classes by the module that users import them from.
for _class in [*vars(_arguments).values(), *vars(_request).values()]:
    if isinstance(_class, type) and _class.__module__.startswith(f"{__name__}."):
        _class.__module__ = __name__
