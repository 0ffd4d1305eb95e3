"""Request, response and page value types."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Generic, Literal, TypeVar
from urllib.parse import quote

import attrs

from grafana_oncall.errors import DecodeError, InvalidArgument

from .field_texts import DocumentedFields
from .text import shown
from .types import UNSET, HasId, StringRule, UnsetType

T = TypeVar("T")

API_ROOT: Final = "api/v1/"
"""Between the base URL and the path of a request."""


def _without_token(query: tuple[tuple[str, str], ...]) -> str:
    return repr(tuple((name, "***" if name == "token" else value) for name, value in query))


@attrs.frozen(kw_only=True)
class Operation:
    """An operation of the specification, independent of its arguments."""

    id: str
    """Its operationId, such as `acknowledge_alert_group`."""
    method: str
    """Method of the request."""
    path: str
    """Path below `/api/v1/`, with the parameters in braces."""
    permission: str
    """The permission that it needs, according to the documentation."""
    needs_user: bool
    """Whether only a user's OnCall API key works, and a service account is refused."""
    success: int
    """The one status that means success."""
    retry: Literal["safe", "same", "already", "missing", "never"]
    """What a retry does after an attempt that may have taken effect: nothing (a read), the same
    again, a refusal because it is already so, a refusal because it is gone, or harm."""
    check: str
    """How to find out whether such an attempt took effect."""
    docs: str
    """URL of the documentation page."""


@attrs.frozen(kw_only=True)
class Request(DocumentedFields, Generic[T]):
    """A request that has not been sent; `T` is what its response decodes to.

    Made by the builders of `grafana_oncall.operations` and sent by `OnCallClient.send`.
    """

    operation: Operation
    """What it asks for."""
    path: str
    """Path below `/api/v1/`, percent-encoded, with a trailing slash."""
    returns: type[T]
    """The type that the response is decoded to."""
    query: tuple[tuple[str, str], ...] = attrs.field(default=(), repr=_without_token)
    """Its repr hides a token, such as that of a calendar."""
    body: Any = UNSET
    """The body, before it is encoded; UNSET for none."""
    skip_undecodable: bool = False
    """Whether the items of a page that cannot be decoded are left out, and kept in
    `Page.undecodable`. Otherwise they fail the request."""
    verify: Callable[[T], None] | None = attrs.field(default=None, repr=False, eq=False)
    """Raises an OnCallError for a value that cannot be the response to this request, such as a list
    of groups that do not match its filter."""

    @property
    def page_number(self) -> int:
        """Number of the requested page, from 1; raises InvalidArgument if it is no such number."""
        number = dict(self.query).get("page", "1")
        # For anything else the server returns page 1, which would be taken for another page.
        if not re.fullmatch(r"[1-9][0-9]{0,17}", number):
            message = f"page={shown(number)}: a whole number, 1 or more, is needed."
            raise InvalidArgument(message, argument="page")
        return int(number)


@attrs.frozen(kw_only=True)
class Response(DocumentedFields):
    """A response as it was received: status, case-insensitive headers, and the undecoded body.

    Its repr omits headers and body: they are long, and a proxy may repeat the token in them.
    """

    status: int
    """Status of the response."""
    headers: Mapping[str, str] = attrs.field(repr=False)
    """Its headers."""
    content: bytes = attrs.field(repr=False)
    """Its body."""
    received: datetime = attrs.field(factory=lambda: datetime.now(UTC))
    """When it had arrived."""


@attrs.frozen(kw_only=True)
class Result(DocumentedFields, Generic[T]):
    """A decoded value, and the response that it was decoded from."""

    value: T
    """The decoded body."""
    response: Response
    """The response that it was decoded from."""


@attrs.frozen(kw_only=True)
class Page(DocumentedFields, Generic[T]):
    """One page of a list as the server returned it; it may repeat items of other pages."""

    results: Sequence[T]
    """The objects of this page."""
    count: int
    """Items on all pages, at the time of this response."""
    number: int
    """Number of this page, from 1."""
    total_pages: int | None
    """How many pages there are, if the server says so."""
    next: str | None
    """URL of the next page, as the server knows its own host; only its query is ever used."""
    raw: bytes = attrs.field(repr=False)
    """The undecoded body, including members that the models do not know."""
    undecodable: Sequence[DecodeError] = attrs.field(default=(), repr=False)
    """What is wrong with the items that were left out; empty unless `Request.skip_undecodable`."""


def segment(name: str, value: object, rule: StringRule, kind: type[HasId] | None = None) -> str:
    """Return a value, or the id of an object of this class, as one segment of a path."""
    if kind is not None and isinstance(value, kind):
        value = value.id
    if not isinstance(value, str) or not rule.fullmatch(value):
        message = f"{name}={shown(value)} is not an id. {id_advice(value, rule)}"
        raise InvalidArgument(message, argument=name)
    # Nearly all ids are letters and digits, for which `quote` costs more than all of the above.
    return value if value.isalnum() and value.isascii() else quote(value, safe="")


def id_advice(value: object, rule: StringRule) -> str:
    """Say what to pass instead of a value that is not an id."""
    if isinstance(value, str) and rule.fullmatch(value.strip()):
        return "There is white space around the id, as in lines of a file: strip() it."
    return "Pass its .id." if isinstance(getattr(value, "id", None), str) else rule.text


def query(*pairs: tuple[str, str | int | Sequence[str] | UnsetType]) -> tuple[tuple[str, str], ...]:
    """Return query parameters in order; an absent one is left out, a list is repeated."""
    return tuple(
        (name, wire_text(item))
        for name, value in pairs
        if not isinstance(value, UnsetType)
        for item in ([value] if isinstance(value, str | int) else value)
    )


def wire_text(value: object) -> str:
    """Return a value as a query has it: `true` for True."""
    return str(value).lower() if isinstance(value, bool) else str(value)
