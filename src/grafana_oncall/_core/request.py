"""The values that travel between the floors: a request, the answer's bytes, a page of items."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Generic, Literal, TypeVar
from urllib.parse import quote

import attrs

from grafana_oncall.errors import InvalidArgument

from .text import shown
from .types import UNSET, StringRule, UnsetType

T = TypeVar("T")

API_ROOT: Final = "api/v1/"
"""Stands between the URL that the user gives and the path of a request."""


@attrs.frozen(kw_only=True)
class Operation:
    """What the specification says of one operation, whatever its arguments."""

    id: str
    """Its operationId, such as `acknowledge_alert_group`."""
    method: str
    path: str
    """Path below `/api/v1/`, with the parameters in braces."""
    permission: str
    """The permission that the documentation asks for."""
    needs_user: bool
    """True where a service account is refused: only a user's OnCall API key works."""
    success: int
    """The one status with which it succeeds."""
    retry: Literal["safe", "same", "already", "missing", "never"]
    """What a repeat does after an attempt that may have had its effect: nothing (a read), the same
    again, a refusal because it is so already, a refusal because it is gone, or harm."""
    check: str
    """How to find out whether such an attempt had its effect."""
    docs: str
    """URL of the documentation page."""


@attrs.frozen(kw_only=True)
class Request(Generic[T]):
    """One call that has not been sent; `T` is what its answer decodes to.

    Made by the builders of `grafana_oncall.operations` and sent by `OnCallClient.send`.
    """

    operation: Operation
    path: str
    """Path below `/api/v1/`, percent-encoded, with a trailing slash."""
    returns: type[T]
    query: tuple[tuple[str, str], ...] = ()
    body: Any = UNSET
    verify: Callable[[T], None] | None = attrs.field(default=None, repr=False, eq=False)
    """Raises an OnCallError for a value that cannot be the answer, such as a list of other groups
    than those that were asked for."""

    @property
    def page_number(self) -> int:
        """Number of the page that is asked for, from 1; raises InvalidArgument for another."""
        number = dict(self.query).get("page", "1")
        # The server would answer page 1, and whoever walks on would take it for another.
        if not re.fullmatch(r"[1-9][0-9]{0,17}", number):
            message = f"page={shown(number)}: a whole number, 1 or more, is needed."
            raise InvalidArgument(message, argument="page")
        return int(number)


@attrs.frozen(kw_only=True)
class Response:
    """The answer as it came: status, headers by names in any case, and the undecoded body.

    Its repr leaves headers and body out: they are long, and a proxy may repeat the token in them.
    """

    status: int
    headers: Mapping[str, str] = attrs.field(repr=False)
    content: bytes = attrs.field(repr=False)
    received: datetime = attrs.field(factory=lambda: datetime.now(UTC))


@attrs.frozen(kw_only=True)
class Result(Generic[T]):
    """A decoded value beside the answer that it was decoded from."""

    value: T
    response: Response


@attrs.frozen(kw_only=True)
class Page(Generic[T]):
    """One page of a list as the server answered it, duplicates of other pages included."""

    results: Sequence[T]
    count: int
    """Items on all pages, at the time of this answer."""
    number: int
    """Number of this page, from 1."""
    total_pages: int | None
    next: str | None
    """URL of the next page on the server's own host; only its query is ever used."""
    raw: bytes = attrs.field(repr=False)
    """The undecoded body, with members that the models do not know."""


def segment(name: str, value: object, rule: StringRule) -> str:
    """A value as one segment of a path; raises InvalidArgument where it breaks the rule."""
    if not isinstance(value, str) or not rule.allows(value):
        raise InvalidArgument(f"{name}={shown(value)} is not an id. {rule.text}", argument=name)
    return quote(value, safe="")


def query(*pairs: tuple[str, str | int | Sequence[str] | UnsetType]) -> tuple[tuple[str, str], ...]:
    """Query parameters in order: an absent one is left out, a list is repeated."""
    return tuple(
        (name, str(one))
        for name, value in pairs
        if not isinstance(value, UnsetType)
        for one in ([value] if isinstance(value, str | int) else value)
    )
