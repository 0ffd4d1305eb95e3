"""The errors of one request; users import them from `grafana_oncall.errors`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

_EXCERPT_BYTES: Final = 120


def excerpt(content: bytes) -> str:
    """Return the first bytes of a body as one printable line, for messages."""
    text = ascii(content[:_EXCERPT_BYTES].decode("utf-8", "replace"))
    return f"{text}…" if len(content) > _EXCERPT_BYTES else text


@attrs.frozen(kw_only=True)
class Attempt:
    """One request of a call, in the history that errors carry. Times in seconds.

    Attributes:
        number: From 1.
        status: Status of the response; None without one.
        error: Name of the error's class; None after a success.
        waited: Time until it was sent: for a free connection, or for a pause of all calls to end.
        latency: Time from sending to the whole response, or to the failure.
        delay: Time until the next attempt was due; None when there was none.
    """

    number: int
    """From 1."""
    status: int | None
    """Status of the response; None without one."""
    error: str | None
    """Name of the error's class; None after a success."""
    waited: float
    """Time until it was sent: for a free connection, or for a pause of all calls to end."""
    latency: float
    """Time from sending to the whole response, or to the failure."""
    delay: float | None = None
    """Time until the next attempt was due; None when there was none."""


def _unpickled(cls: type[OnCallError], args: tuple[Any, ...], state: dict[str, Any]) -> Any:
    error = cls.__new__(cls, *args)
    error.args = args  # which an OSError, as TimeoutError is one, sets elsewhere
    error.__dict__.update(state)
    return error


class OnCallError(Exception):
    """Base class of all errors that this SDK raises.

    What to do: as the message says.
    """

    attempts: tuple[Attempt, ...] = ()
    """Every request of the call, in order; empty when nothing was sent."""
    elapsed: float | None = None
    """Seconds from the beginning of the call to this error, waiting included; None when it came
    before any call, as InvalidArgument does."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (type(self), self.args, self.__dict__)


class ClientStateError(OnCallError, RuntimeError):
    """The client cannot be used here and now: it is closed, or bound to another event loop.

    What to do: make a new client, in the event loop that uses it.
    """


class TransportError(OnCallError):
    """No response, or no connection; or the Redis of `rate_limit_storage=` did not respond.

    The cause is chained, unless it may show the token.

    What to do: try later, or look for what is wrong with the network.
    """

    def __init__(self, message: str, *, operation: str, sent: bool) -> None:
        super().__init__(message)
        self.operation: str = operation
        """The operationId."""
        self.sent: bool = sent
        """False only when the request certainly never reached the server."""


class RequestTimeout(TransportError):
    """No response in time.

    What to do: try later, or raise `timeout=`.
    """


class OutcomeUnknown(OnCallError):
    """A write may or may not have taken effect. The last failure is chained.

    It was not retried, because a retry could have its effect twice; or the retries did not show
    whether the effect is there. The message says how to find out.

    What to do: look whether it has; the message says where.
    """

    def __init__(self, message: str, *, operation: str) -> None:
        super().__init__(message)
        self.operation: str = operation
        """The operationId."""


_NO_JSON: Final = (
    "check that url= is the OnCall API's, and that no proxy or login page responds in its place."
)
_OTHER_SHAPE: Final = (
    "the server may be newer than this release: look for a newer one; .content has the whole body."
)


class DecodeError(OnCallError):
    """A response does not match the specification.

    What to do: check `url=` and proxies, or look for a newer release.
    """

    def __init__(
        self,
        reason: str,
        *,
        operation: str,
        status: int,
        content: bytes,
        path: str | None = None,
        hint: str | None = None,
        object_id: str | None = None,
    ) -> None:
        place = f" at {path}" if path else ""
        what = f"in {object_id}: {reason}" if object_id else reason
        advice = hint or (_OTHER_SHAPE if path else _NO_JSON)
        begins = f" The body begins {excerpt(content)}." if content else ""
        super().__init__(f"{operation}: {status}, but {what}{place}.{begins} Hint: {advice}")
        self.operation: str = operation
        """The operationId."""
        self.status: int = status
        """Status of the response."""
        self.path: str | None = path
        """Where in the JSON, such as `$.results[0].id`; None if the body as a whole is not what was
        expected, such as a page of HTML."""
        self.content: bytes = content
        """The whole undecoded body."""
        self.object_id: str | None = object_id
        """Id of the object that has another shape, alone or on a page; None where it shows none."""


class StatusError(OnCallError):
    """The server refused the request.

    What to do: read `.detail`, `.fields` and `.hint`; `.is_gateway` tells whether it was OnCall
    that refused.
    """

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
        """Status of the response."""
        self.detail: str = detail
        """What the server said, as one readable line."""
        self.fields: Mapping[str, tuple[str, ...]] = fields
        """Its messages by member, dotted where nested; empty when it named none."""
        self.operation: str = operation
        """The operationId."""
        self.method: str = method
        """Method of the request."""
        self.path: str = path
        """Path of the request from `/api/v1/` on, without its query."""
        self.hint: str | None = hint
        """What to do about it, where that is known."""
        self.reset_after: float | None = reset_after
        """Seconds until the server accepts requests again, if it says so (429, 503)."""
        self.is_gateway: bool = is_gateway
        """Whether a proxy or gateway responded in OnCall's place: a redirect, a status that only
        they send (408, 502, …), or a page of HTML where OnCall sends JSON."""


class BadRequest(StatusError):
    """400, and any other 4xx of OnCall without a class of its own: the input is not accepted.

    What to do: correct what `.detail` and `.fields` name.
    """


class Conflict(BadRequest):
    """The state of the alert group or shift swap does not allow the action.

    What to do: suppress it in handlers, where it is an ordinary race; otherwise read the object.
    """


class AlreadyInState(Conflict):
    """The alert group, or its label, is already as requested, says the server.

    It also says so of an acknowledged group that was resolved since: check the group's state.

    What to do: nothing.
    """


class Unauthorized(StatusError):
    """The token is missing, wrong or malformed: 401, or the server's 403 "Invalid token.".

    What to do: check the token, and `grafana_url=`.
    """


class Forbidden(StatusError):
    """403: the token is valid, but not allowed to do this.

    What to do: grant the permission that the operation needs.
    """


class UserTokenRequired(Forbidden):
    """A service account called an action that needs a user's OnCall API key.

    What to do: pass a user's OnCall API key as `user_token=`.
    """


class NotFound(StatusError):
    """404: the server has the endpoint, but no such object, as it says in OnCall's own words.

    Methods that look for an object, such as `by_name`, raise it too if they find none: the hint
    names similar values.

    What to do: check the id; suppress it in handlers, where it was deleted meanwhile.
    """

    @property
    def is_certain(self) -> bool:
        """Whether the object itself is missing, and not one of its labels."""
        return self.detail == "Not found."


class EndpointUnavailable(StatusError):
    """The server has no such endpoint, or it is not OnCall: a 404 in other words than OnCall's.

    What to do: do without, or check `url=`.
    """


class RateLimited(StatusError):
    """429: too many requests.

    What to do: retry after `.reset_after` seconds, or raise `RetryPolicy.deadline`.
    """


class ServerError(StatusError):
    """5xx: the server, or a gateway in front of it, failed; the server also does on some bad input.

    A 5xx, or a 4xx of a gateway without a class of its own, such as 408 or 499.

    What to do: try later; check the input, unless `.is_gateway`.
    """
