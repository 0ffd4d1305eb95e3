"""The error that the codec makes of an error response."""

import json
from typing import Any

from grafana_oncall import Request, Response, errors, operations
from grafana_oncall._codec.error_responses import error_from_response

GET = operations.get_alert_group("A")


def refused(
    status: int,
    content: bytes | str | object = b"",
    *,
    request: Request[Any] = GET,
    headers: dict[str, str] | None = None,
) -> errors.StatusError:
    """The error for a response."""
    match content:
        case bytes():
            body = content
        case str():
            body = content.encode()
        case _:
            body = json.dumps(content).encode()
    return error_from_response(
        request, Response(status=status, headers=headers or {}, content=body)
    )
