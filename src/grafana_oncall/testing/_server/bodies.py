"""What the server reads and writes: bodies in JSON and as forms, responses in JSON only."""

from __future__ import annotations

import json
from collections.abc import Callable
from email import message_from_bytes
from typing import Any, NoReturn
from urllib.parse import parse_qs

from .responses import FakeRequest, as_json, crashed, detail, not_found

_JSON = {"application/json", "application/*", "*/*"}


def check_accepts_json(request: FakeRequest) -> None:
    """Refuse a request for another format than JSON, by parameter or by header."""
    wanted = parse_qs(request.query).get("format") if "format" in request.query else None
    if wanted is not None and wanted[-1] != "json":
        raise not_found()
    accepted = request.headers.get("accept", "*/*").split(",")
    if _JSON.isdisjoint(map(_media_type, accepted)):
        raise detail(406, "Could not satisfy the request Accept header.")


def parse_body(request: FakeRequest) -> Any:
    """Return the parsed body, `{}` if it is empty; raise 415 or 400 for an invalid one."""
    # The real server (uWSGI) reads a chunked body as empty.
    if not request.body or "transfer-encoding" in request.headers:
        return {}
    content_type = request.headers.get("content-type", "")
    parse = _PARSERS.get(_media_type(content_type))
    if parse is None:
        raise detail(415, f'Unsupported media type "{content_type}" in request.')
    data = parse(content_type, request.body)
    _check_text(data)
    return data


def _media_type(header: str) -> str:
    return header.partition(";")[0].strip().lower()


def _json(_: str, body: bytes) -> Any:
    try:
        # As text, since from bytes Python would also read UTF-16 and a byte order mark.
        return json.loads(body.decode(), parse_constant=_not_json)
    except ValueError as error:
        raise detail(400, f"JSON parse error - {error}") from error


def _not_json(constant: str) -> NoReturn:
    raise ValueError(f"Out of range float values are not JSON compliant: {constant!r}")


def _form(_: str, body: bytes) -> dict[str, str]:
    """Return the last value of each field."""
    fields = parse_qs(body.decode(errors="replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in fields.items()}


def _multipart(content_type: str, body: bytes) -> dict[str, str]:
    message = message_from_bytes(f"Content-Type: {content_type}\n\n".encode() + body)
    if not message.is_multipart():
        raise detail(400, "Multipart form parse error - Invalid boundary in multipart: None")
    fields: dict[str, str] = {}
    for part in message.walk():
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):  # the whole has parts instead
            name = part.get_param("name", header="Content-Disposition")
            fields[str(name)] = content.decode(errors="replace")
    return fields


_PARSERS: dict[str, Callable[[str, bytes], Any]] = {
    "application/json": _json,
    "application/x-www-form-urlencoded": _form,
    "multipart/form-data": _multipart,
}


def _check_text(data: Any) -> None:
    try:
        as_json(data).encode()
    except UnicodeEncodeError as error:
        raise crashed() from error  # a lone surrogate, which no database accepts
