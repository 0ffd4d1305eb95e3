"""What the server reads and writes: bodies in JSON and as forms, responses in JSON only."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable
from email import message_from_bytes
from email.message import Message
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
    """Return the parsed body as `read_body` does; raise 500 for what no database accepts."""
    data = read_body(request)
    _check_text(data)
    return data


def read_body(request: FakeRequest) -> Any:
    """Return the parsed body, `{}` if it is empty; raise 415 or 400 for an invalid one."""
    # The real server (uWSGI) reads a chunked body as empty.
    if not request.body or "transfer-encoding" in request.headers:
        return {}
    content_type = request.headers.get("content-type", "")
    parse = _PARSERS.get(_media_type(content_type))
    if parse is None:
        raise detail(415, f'Unsupported media type "{content_type}" in request.')
    return parse(content_type, request.body)


def has_file(request: FakeRequest) -> bool:
    """Whether the body is a form with a file in it."""
    content_type = request.headers.get("content-type", "")
    if _media_type(content_type) != "multipart/form-data":
        return False
    return any(
        part.get_filename() is not None for part in _message(content_type, request.body).walk()
    )


def _media_type(header: str) -> str:
    return header.partition(";")[0].strip().lower()


def _json(content_type: str, body: bytes) -> Any:
    try:
        # As text, since from bytes Python would also read UTF-16 and a byte order mark.
        return json.loads(body.decode(_charset(content_type)), parse_constant=_not_json)
    except ValueError as error:
        raise detail(400, f"JSON parse error - {error}") from error
    except LookupError as error:  # an encoding of Python's that is not one of texts, such as hex
        raise crashed() from error


def _charset(content_type: str) -> str:
    """Return the encoding that a header names; the server ignores one that it does not know."""
    named = content_type.partition("charset=")[2].strip(' "')
    try:
        return codecs.lookup(named).name
    except LookupError:
        return "utf-8"


def _not_json(constant: str) -> NoReturn:
    raise ValueError(f"Out of range float values are not JSON compliant: {constant!r}")


def _form(_: str, body: bytes) -> dict[str, str]:
    """Return the last value of each field."""
    fields = parse_qs(body.decode(errors="replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in fields.items()}


def _message(content_type: str, body: bytes) -> Message:
    return message_from_bytes(f"Content-Type: {content_type}\n\n".encode() + body)


def _multipart(content_type: str, body: bytes) -> dict[str, str]:
    message = _message(content_type, body)
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
