"""What the buttons of the page do: as a person would, with no request that a fault could hit."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from grafana_oncall.testing._resources.actions import ACTIONS, act
from grafana_oncall.testing._resources.alert_groups import add_label
from grafana_oncall.testing._server.auth import Grant, authorize
from grafana_oncall.testing._server.context import Context
from grafana_oncall.testing._server.rate_limit import RateLimit
from grafana_oncall.testing._server.responses import (
    FakeRequest,
    FakeResponse,
    RefusedError,
    as_json,
    detail,
    empty_response,
)
from grafana_oncall.testing._server.state import FakeUser, GroupEventType
from grafana_oncall.testing.factory import seed_arrival

from .clock import Advancing
from .watched import Watched

_SILENCE = timedelta(hours=1)
_MOST_GROUPS = 1000  # of one storm


def do(server: Watched, body: bytes) -> FakeResponse:
    """Do what the page asks for; the response to a refusal has the server's words for it."""
    try:
        asked = json.loads(body)
        _ACTIONS[asked["do"]](server, asked)
    except RefusedError as refusal:
        return refusal.response
    except (LookupError, ValueError) as error:  # what it is for has gone, or makes no sense
        return detail(400, str(error)).response
    return empty_response(204)


def _on_group(
    handler: Callable[[Context], FakeResponse], server: Watched, asked: Any, body: Any
) -> None:
    """Let a person call an operation on a group."""
    user = server.world.store(FakeUser)[asked["as"]]
    grant = Grant.of("", user, user.role)
    authorize(grant, "editor", needs_user=True)
    json_headers = {"Content-Type": "application/json"}
    request = FakeRequest("POST", "", "", json_headers, as_json(body).encode())
    now = server.world.apply_due()
    handler(
        Context(
            world=server.world, grant=grant, now=now, request=request, path="", id=asked["group"]
        )
    )


def _act(name: GroupEventType, server: Watched, asked: Any) -> None:
    _on_group(partial(act, name), server, asked, {"delay": _SILENCE.total_seconds()})


def _label(server: Watched, asked: Any) -> None:
    key, value = asked["key"], asked["value"]
    server.fake.add_label(key, value)  # which a person may make up
    _on_group(add_label, server, asked, {"key": {"name": key}, "value": {"name": value}})


def _alert(server: Watched, asked: Any) -> None:
    integration = server.fake.integration(asked["integration"])
    server.fake.add_alert(integration, _payload(asked["title"]))


def _payload(title: str) -> dict[str, Any]:
    """Return what the default templates of every type make a title of, if they make one."""
    names = {"alertname": title}
    return {
        **dict.fromkeys(("title", "ruleName", "subject", "message", "id", "alert_uid"), title),
        "status": "firing",
        "state": "alerting",
        "labels": names,
        "groupLabels": names,
        "groupKey": title,
        "alerts": [{"status": "firing", "labels": names}],
    }


def _storm(server: Watched, asked: Any) -> None:
    for _ in range(min(int(asked["groups"]), _MOST_GROUPS)):
        seed_arrival(server.fake)


def _fault(server: Watched, asked: Any) -> None:
    server.switches.set(asked["name"], is_on=bool(asked["on"]))


def _settings(server: Watched, asked: Any) -> None:
    requests = int(asked["requests"])
    window = timedelta(seconds=float(asked["window"]))
    server.fake.rate_limit = RateLimit(requests=requests, window=window) if requests else None
    server.fake.latency = timedelta(milliseconds=float(asked["latency"]))
    server.switches.every = max(1, int(asked["every"]))


def _skip(server: Watched, asked: Any) -> None:
    clock = server.world.clock
    if not isinstance(clock, Advancing):
        raise detail(400, "The clock of this server cannot be put ahead.")
    clock.advance(timedelta(seconds=float(asked["seconds"])))
    server.world.apply_due()


_ACTIONS: Mapping[str, Callable[[Watched, Any], None]] = {
    **{name: partial(_act, name) for name in ACTIONS},
    "label": _label,
    "alert": _alert,
    "storm": _storm,
    "fault": _fault,
    "settings": _settings,
    "skip": _skip,
}
