"""What the buttons of the page do: as a person would, with no request that a fault could hit."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

import attrs

from grafana_oncall.testing._resources.actions import ACTIONS, act
from grafana_oncall.testing._resources.alert_groups import add_label
from grafana_oncall.testing._server.auth import Grant, authorize
from grafana_oncall.testing._server.context import Context
from grafana_oncall.testing._server.fields import is_mapping
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
from .faults import FAULTS
from .watched import Watched

T = TypeVar("T")

_SILENCE = timedelta(hours=1)
_DAY = 86_400  # seconds


def do(server: Watched, body: bytes) -> FakeResponse:
    """Do what the page asks for; the response to a refusal has the server's words for it."""
    try:
        asked = _Asked.read(body)
        _one(_ACTIONS, asked.text("do"), "action")(server, asked)
    except RefusedError as refusal:
        return refusal.response
    except ValueError as error:  # an alert that no group can be made of
        return detail(400, str(error)).response
    return empty_response(204)


@attrs.frozen
class _Asked:
    """What the page asks for: members of an object, which may be anything."""

    members: Mapping[str, Any]

    @classmethod
    def read(cls, body: bytes) -> _Asked:
        try:
            members = json.loads(body)
        except (RecursionError, ValueError) as error:
            raise detail(400, "This is not JSON.") from error
        if not is_mapping(members):
            raise detail(400, "An object is needed.")
        return cls(members)

    def text(self, name: str) -> str:
        value = self.members.get(name)
        if not isinstance(value, str) or not value or re.search("[\0\ud800-\udfff]", value):
            raise detail(400, f"{name}: a text is needed.")
        return value

    def number(self, name: str, least: float, most: float) -> float:
        value: Any = self.members.get(name)
        if type(value) in {int, float} and least <= value <= most:
            return float(value)
        raise detail(400, f"{name}: a number from {least:,} to {most:,} is needed.")

    def whole(self, name: str, least: int, most: int) -> int:
        number = self.number(name, least, most)
        if number != int(number):
            raise detail(400, f"{name}: a whole number is needed.")
        return int(number)


def _one(known: Mapping[str, T], name: str, kind: str) -> T:
    if name not in known:
        raise detail(400, f"There is no such {kind}: {name!r}.")
    return known[name]


def _on_group(
    handler: Callable[[Context], FakeResponse], server: Watched, asked: _Asked, body: Any
) -> None:
    """Let a person call an operation on a group."""
    user = _one(server.world.store(FakeUser), asked.text("as"), "user")
    grant = Grant.of("", user, user.role)
    authorize(grant, "editor", needs_user=True)
    json_headers = {"Content-Type": "application/json"}
    request = FakeRequest("POST", "", "", json_headers, as_json(body).encode())
    now = server.world.apply_due()
    handler(
        Context(
            world=server.world,
            grant=grant,
            now=now,
            request=request,
            path="",
            id=asked.text("group"),
        )
    )


def _act(name: GroupEventType, server: Watched, asked: _Asked) -> None:
    _on_group(partial(act, name), server, asked, {"delay": _SILENCE.total_seconds()})


def _label(server: Watched, asked: _Asked) -> None:
    key, value = asked.text("key"), asked.text("value")
    server.fake.add_label(key, value)  # which a person may make up
    _on_group(add_label, server, asked, {"key": {"name": key}, "value": {"name": value}})


def _alert(server: Watched, asked: _Asked) -> None:
    integration = _one(server.fake.integrations, asked.text("integration"), "integration")
    server.fake.add_alert(integration, _payload(asked.text("title")))


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


def _storm(server: Watched, asked: _Asked) -> None:
    for _ in range(asked.whole("groups", 1, 1000)):
        seed_arrival(server.fake)


def _fault(server: Watched, asked: _Asked) -> None:
    name = asked.text("name")
    _one(FAULTS, name, "fault")
    server.switches.set(name, is_on=asked.members.get("on") is True)


def _settings(server: Watched, asked: _Asked) -> None:
    requests = asked.whole("requests", 0, 10**9)
    window = timedelta(seconds=asked.number("window", 0.001, _DAY))
    latency = timedelta(milliseconds=asked.number("latency", 0, _DAY * 1000))
    server.switches.every = asked.whole("every", 1, 100)
    server.fake.rate_limit = RateLimit(requests=requests, window=window) if requests else None
    server.fake.latency = latency


def _skip(server: Watched, asked: _Asked) -> None:
    clock = server.world.clock
    if not isinstance(clock, Advancing):
        raise detail(400, "The clock of this server cannot be put ahead.")
    clock.advance(timedelta(seconds=asked.number("seconds", 0, 366 * _DAY)))
    server.world.apply_due()


_ACTIONS: Mapping[str, Callable[[Watched, _Asked], None]] = {
    **{name: partial(_act, name) for name in ACTIONS},
    "label": _label,
    "alert": _alert,
    "storm": _storm,
    "fault": _fault,
    "settings": _settings,
    "skip": _skip,
}
