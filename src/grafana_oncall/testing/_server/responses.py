"""Requests and responses on the wire, and the shapes of the server's responses."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import msgspec

from grafana_oncall._core.field_texts import DocumentedFields

from .arguments import shown


def as_json(value: object) -> str:
    """Encode a value as JSON, as the server does: compact, and not only in ASCII."""
    return msgspec.json.encode(value).decode()


def _lowered(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name.lower(): value for name, value in dict(headers).items()}


def _text(query: str | bytes) -> str:
    return query.decode("ascii", "replace") if isinstance(query, bytes) else query


@attrs.frozen
class FakeRequest(DocumentedFields):
    """One request as it stands on the wire.

    `path` is percent-encoded, without the query; `query` has no leading question mark.
    Header names become lower case.
    """

    method: str
    """Method of the request."""
    path: str
    """Path, without the query."""
    query: str = attrs.field(default="", converter=_text)
    """The query."""
    headers: dict[str, str] = attrs.field(factory=dict[str, str], converter=_lowered, repr=False)
    """The headers."""
    body: bytes = attrs.field(default=b"", repr=shown)
    """The body."""


@attrs.frozen
class FakeResponse(DocumentedFields):
    """A complete response."""

    status: int
    """Status of the response."""
    headers: dict[str, str] = attrs.field(factory=dict[str, str])
    """The headers."""
    body: bytes = attrs.field(default=b"", repr=shown)
    """The body."""

    def json(self) -> Any:
        """Return the parsed body; `json.JSONDecodeError` for a page of HTML or an empty body."""
        return json.loads(self.body)


class RefusedError(Exception):
    """Ends the processing of a request with this response; never leaves the fake."""

    def __init__(self, response: FakeResponse) -> None:
        super().__init__(response.status)
        self.response = response


def json_object(*names: str) -> str:
    """Return a `%` template of a JSON object, for its members as JSON in this order.

    Building a page of groups takes half as long as from dictionaries.
    """
    return "{" + ",".join(f'"{name}":%s' for name in names) + "}"


def json_response(status: int, value: Any, **headers: str) -> FakeResponse:
    """Return a response with a JSON body; `Retry_After=...` becomes the header `Retry-After`."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return text_response(status, as_json(value), named)


def text_response(status: int, text: str, headers: Mapping[str, str] | None = None) -> FakeResponse:
    """Return a response with a body that is already JSON."""
    return FakeResponse(
        status, {"Content-Type": "application/json", **(headers or {})}, text.encode()
    )


def empty_response(status: int) -> FakeResponse:
    """Return a response without a body and, as on the real server, without a Content-Type."""
    return FakeResponse(status)


def _page(title: str, text: str) -> bytes:
    # The leading newline is Django's: its 404 page is 179 bytes long.
    return (
        f'\n<!doctype html>\n<html lang="en">\n<head>\n  <title>{title}</title>\n</head>\n'
        f"<body>\n  <h1>{title}</h1><p>{text}</p>\n</body>\n</html>\n"
    ).encode()


_NOT_FOUND = _page("Not Found", "The requested resource was not found on this server.")
_SERVER_ERROR = _page("Server Error (500)", "")


def html_response(status: int, title: str, text: str = "") -> FakeResponse:
    """Return a response with a page of HTML."""
    return _html_response(status, _page(title, text))


def html_text(status: int, text: str) -> FakeResponse:
    """Return a response of a few words, which the server calls HTML."""
    return _html_response(status, text.encode())


def _html_response(status: int, body: bytes) -> FakeResponse:
    return FakeResponse(status, {"Content-Type": "text/html; charset=utf-8"}, body)


def no_such_route() -> RefusedError:
    """Return the HTML 404 of an unknown path."""
    return RefusedError(_html_response(404, _NOT_FOUND))


def crashed() -> RefusedError:
    """Return the HTML 500 of input that crashes the server."""
    return RefusedError(_html_response(500, _SERVER_ERROR))


def refused(status: int, body: Any, **headers: str) -> RefusedError:
    """Return a refusal with this JSON body."""
    return RefusedError(json_response(status, body, **headers))


def detail(status: int, text: str, **headers: str) -> RefusedError:
    """Return a refusal of the most common shape, `{"detail": text}`."""
    return refused(status, {"detail": text}, **headers)


def not_found() -> RefusedError:
    """Return the JSON 404 of an object that does not exist."""
    return detail(404, "Not found.")
