"""The links of integrations, to which monitoring systems post alerts and heartbeats."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from grafana_oncall.testing._resources.integration_fields import TYPES, link_type
from grafana_oncall.testing._server.bodies import check_accepts_json, has_file, read_body
from grafana_oncall.testing._server.responses import (
    FakeRequest,
    FakeResponse,
    RefusedError,
    detail,
    empty_response,
    html_text,
    json_response,
    no_such_route,
)
from grafana_oncall.testing._server.state import FakeIntegration
from grafana_oncall.testing._server.world import World

from .heartbeats import beat
from .limits import refusal
from .payloads import payloads_of
from .receive import receive_all

_LINK = re.compile(
    r"(?:/[^/]+)*?/integrations/v1/(?P<type>[^/]+)/(?P<secret>[^/]+)/(?P<heartbeat>heartbeat/)?"
)
_GOOD = json_response(200, "Ok.", Allow="GET, POST, HEAD, OPTIONS")
_WHAT_IT_IS = "This is a Grafana OnCall integration link."
_UNKNOWN = "Integration key was not found. Permission denied."
_TOO_MANY_HEARTBEATS = (
    "\n    We received too many heartbeats from integration and had to apply rate limiting.\n"
    "    Please don't hesitate to reach out in case you need increased capacity.\"\n    "
)
_OPTIONS = {
    "name": "Universal Api",
    "description": "",
    "renders": ["application/json"],
    "parses": ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"],
}
# How the server says that a link has the path of another type: its views differ in a blank.
_WRONG_TYPE = {
    **dict.fromkeys(
        ("alertmanager", "grafana_alerting"),
        "This url is for integration with {0}. Key is for {0}",
    ),
    "grafana": "This url is for integration with Grafana. Key is for {0}",
}
_WRONG_UNIVERSAL_TYPE = "This url is for integration with {0}.Key is for {0}"


def answer(world: World, request: FakeRequest) -> FakeResponse | None:
    """Return the response to a request for a link; `None` if it is for something else."""
    match = _LINK.fullmatch(unquote(request.path))
    if match is None:
        return None
    now = world.apply_due()
    integration = _integration(world, match["secret"])
    if integration is None:
        return _to_deleted(world, match["secret"], request.method, now)
    if match["heartbeat"]:
        return _heartbeat(world, integration, request.method, now)
    return _alerts(world, integration, match["type"], request, now)


def _integration(world: World, secret: str) -> FakeIntegration | None:
    found = (each for each in world.store(FakeIntegration).values() if each.secret == secret)
    return next(found, None)


def _to_deleted(world: World, secret: str, method: str, now: datetime) -> FakeResponse:
    """Respond for a link that is not known, or that the server has not forgotten yet."""
    until = world.deleted_links.get(secret)
    if method == "POST" and until is not None and now < until:
        return _GOOD  # and the alert is lost
    return html_text(403, _UNKNOWN)


def _heartbeat(
    world: World, integration: FakeIntegration, method: str, now: datetime
) -> FakeResponse:
    if integration.type not in TYPES or not TYPES[integration.type].heartbeat:
        raise no_such_route()
    if method not in {"GET", "HEAD", "POST"}:
        raise detail(405, f'Method "{method}" not allowed.')
    if refusal(world, integration, now) is not None:
        return html_text(429, _TOO_MANY_HEARTBEATS)
    beat(world, integration, now)
    return empty_response(200) if method == "POST" else json_response(200, ":)")


def _alerts(
    world: World, integration: FakeIntegration, type: str, request: FakeRequest, now: datetime
) -> FakeResponse:
    if request.method in {"GET", "HEAD"}:
        return html_text(200, _WHAT_IT_IS)
    check_accepts_json(request)
    if request.method == "OPTIONS":
        return json_response(200, _OPTIONS)
    if request.method != "POST":
        raise detail(405, f'Method "{request.method}" not allowed.')
    if (reason := refusal(world, integration, now)) is not None:
        return html_text(429, reason)
    body = _body(integration, type, request)
    receive_all(world, integration, payloads_of(integration.type, body), now)
    return _GOOD


def _body(integration: FakeIntegration, type: str, request: FakeRequest) -> Any:
    if type != link_type(integration.type):
        name = integration.type.replace("_", " ").title()
        raise RefusedError(
            html_text(400, _WRONG_TYPE.get(type, _WRONG_UNIVERSAL_TYPE).format(name))
        )
    if has_file(request):
        raise RefusedError(html_text(400, "File uploads are not allowed"))
    body = read_body(request)
    if body is None:
        raise RefusedError(html_text(400, "Payload is required"))
    return body
