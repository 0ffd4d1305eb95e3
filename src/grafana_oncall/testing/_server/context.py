"""What an operation is given: the request, who sent it, when, and the world."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cached_property
from typing import Any, NoReturn
from urllib.parse import parse_qs

import attrs

from .auth import Grant
from .responses import FakeRequest, as_json, crashed, detail
from .world import World


@attrs.frozen(kw_only=True)
class Context:
    """One request on its way through an operation."""

    world: World
    grant: Grant
    now: datetime
    request: FakeRequest
    path: str
    id: str

    @cached_property
    def query(self) -> dict[str, list[str]]:
        """The parameters; blank ones stay."""
        return parse_qs(self.request.query, keep_blank_values=True)

    def last(self, name: str) -> str:
        """A parameter's value: the last of several, `""` when it is not there."""
        return self.query.get(name, [""])[-1]

    def data(self) -> Any:
        """The parsed body, `{}` when it is empty; 415 and 400 are raised from here.

        An operation that never looks at the body therefore accepts anything in it.
        """
        body = _received(self.request)
        if not body:
            return {}
        _check_media_type(self.request.headers.get("content-type", ""))
        try:
            data = json.loads(body, parse_constant=_not_json)
        except ValueError as error:
            raise detail(400, f"JSON parse error - {error}") from error
        _check_text(data)
        return data


def _received(request: FakeRequest) -> bytes:
    # The real server (uWSGI) reads a chunked body as empty.
    return b"" if "transfer-encoding" in request.headers else request.body


def _check_media_type(content_type: str) -> None:
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise detail(415, f'Unsupported media type "{content_type}" in request.')


def _check_text(data: Any) -> None:
    try:
        as_json(data).encode()
    except UnicodeEncodeError as error:
        raise crashed() from error  # half of a surrogate pair, which no database takes


def _not_json(constant: str) -> NoReturn:
    raise ValueError(f"Out of range float values are not JSON compliant: {constant!r}")
