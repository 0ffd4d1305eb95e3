"""What comes in, what goes out, and the shapes of the server's answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

as_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
"""A value as the JSON text of an answer."""


def _lowered(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name.lower(): value for name, value in dict(headers).items()}


def _text(query: str | bytes) -> str:
    return query.decode("ascii", "replace") if isinstance(query, bytes) else query


@attrs.frozen
class FakeRequest:
    """One request as it stands on the wire.

    `path` is percent-encoded and holds no query; `query` has no leading question mark.
    Header names are lower-cased on the way in.
    """

    method: str
    path: str
    query: str = attrs.field(default="", converter=_text)
    headers: dict[str, str] = attrs.field(factory=dict[str, str], converter=_lowered, repr=False)
    body: bytes = b""


@attrs.frozen
class FakeResponse:
    """One answer, complete: nothing is streamed."""

    status: int
    headers: dict[str, str] = attrs.field(factory=dict[str, str])
    body: bytes = b""

    def json(self) -> Any:
        """The parsed body; `json.JSONDecodeError` for an HTML page or an empty answer."""
        return json.loads(self.body)


class RefusedError(Exception):
    """Carries the answer of a request that goes no further; never leaves the fake."""

    def __init__(self, response: FakeResponse) -> None:
        super().__init__(response.status)
        self.response = response


def json_object(*names: str) -> str:
    """A `%` template of a JSON object; it takes the members as JSON texts, in this order.

    A page of groups is put together twice as fast so as from dictionaries.
    """
    return "{" + ",".join(f'"{name}":%s' for name in names) + "}"


def answer_json(status: int, value: Any, **headers: str) -> FakeResponse:
    """An answer with a JSON body; `Retry_After=...` becomes the header `Retry-After`."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return answer_text(status, as_json(value), named)


def answer_text(status: int, text: str, headers: Mapping[str, str] | None = None) -> FakeResponse:
    """An answer with a body that is JSON already."""
    return FakeResponse(
        status, {"Content-Type": "application/json", **(headers or {})}, text.encode()
    )


def answer_empty(status: int) -> FakeResponse:
    """An answer without a body and, as on the real server, without a Content-Type."""
    return FakeResponse(status)


def _page(title: str, text: str) -> bytes:
    # The leading newline is Django's: its 404 page is 179 bytes long.
    return (
        f'\n<!doctype html>\n<html lang="en">\n<head>\n  <title>{title}</title>\n</head>\n'
        f"<body>\n  <h1>{title}</h1><p>{text}</p>\n</body>\n</html>\n"
    ).encode()


_NOT_FOUND = _page("Not Found", "The requested resource was not found on this server.")
_SERVER_ERROR = _page("Server Error (500)", "")


def answer_page(status: int, title: str, text: str = "") -> FakeResponse:
    """An answer with an HTML page."""
    return _answer_html(status, _page(title, text))


def _answer_html(status: int, body: bytes) -> FakeResponse:
    return FakeResponse(status, {"Content-Type": "text/html; charset=utf-8"}, body)


def no_such_route() -> RefusedError:
    """The HTML 404 of a path that the server does not have."""
    return RefusedError(_answer_html(404, _NOT_FOUND))


def crashed() -> RefusedError:
    """The HTML 500 with which the server answers input that it did not foresee."""
    return RefusedError(_answer_html(500, _SERVER_ERROR))


def refused(status: int, body: Any, **headers: str) -> RefusedError:
    """A refusal with this JSON body."""
    return RefusedError(answer_json(status, body, **headers))


def detail(status: int, text: str, **headers: str) -> RefusedError:
    """A refusal of the commonest shape, `{"detail": text}`."""
    return refused(status, {"detail": text}, **headers)


def not_found() -> RefusedError:
    """The JSON 404 of an object that does not exist."""
    return detail(404, "Not found.")
