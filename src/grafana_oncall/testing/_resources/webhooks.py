"""Outgoing webhooks: the body that the server posts for an event of an alert group."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal, get_args

import attrs

from grafana_oncall.testing._server.arguments import GROUP, one_of
from grafana_oncall.testing._server.state import FakeAlertGroup, FakeIntegration, FakeTeam, FakeUser
from grafana_oncall.testing._server.world import World

from .actions import ACTIONS, ActionContext
from .alert_groups import show_group

EventName = Literal[
    "escalation",
    "alert group created",
    "acknowledge",
    "resolve",
    "silence",
    "unsilence",
    "unresolve",
    "unacknowledge",
    "personal notification",
]
_NAME = one_of(get_args(EventName))
_STATES = {"acknowledge": "acknowledged", "resolve": "resolved", "silence": "silenced"}
_WEBHOOK: dict[str, Any] = {"id": "WHFAKEONCALL1", "name": "fake", "labels": {}}


def event_body(world: World, group: FakeAlertGroup, type: EventName, now: datetime) -> bytes:
    """Return the JSON of an event; its effect on the group is visible in it only."""
    GROUP(group=group)
    _NAME(type=type)
    ctx = ActionContext(by=next(iter(world.store(FakeUser))), at=now)
    after = _after(group, type, ctx)
    actors = {"acknowledge": after.acknowledged_by, "resolve": after.resolved_by}
    user = partial(_user, world)
    body: dict[str, Any] = {
        "event": _event(after, type),
        "user": user(actors.get(type, ctx.by)) if type in ACTIONS else None,
        "alert_group": json.loads(show_group(after)),
        "alert_group_id": after.id,
        "alert_payload": after.first_payload,
        "integration": _integration(world, after.integration),
        "notified_users": [],
        "users_to_be_notified": [],
        "alert_group_acknowledged_by": user(after.acknowledged_by),
        "alert_group_resolved_by": user(after.resolved_by),
    }
    if world.flavour == "cloud":  # a server without labels has them in the group only
        body["alert_group"]["labels"] = dict(after.labels)
        body["integration"]["labels"] = dict(after.integration.labels)
        body["webhook"] = _WEBHOOK
    return json.dumps(body).encode()


def _after(group: FakeAlertGroup, type: EventName, ctx: ActionContext) -> FakeAlertGroup:
    """Return a copy of the group as it is after the event."""
    after = attrs.evolve(group)
    if type in ACTIONS and group.state != _STATES.get(type):
        ACTIONS[type].effect(after, ctx)
    return after


def _event(group: FakeAlertGroup, type: EventName) -> dict[str, Any]:
    times = {
        "alert group created": group.started_at,
        "acknowledge": group.acknowledged_at,
        "resolve": group.resolved_at,
        "silence": group.silenced_at,
    }
    event: dict[str, Any] = {"type": type}
    if type in times:
        event["time"] = _moment(times[type])
    if type == "silence":
        event["until"] = _moment(group.silenced_until)
    return event


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def _user(world: World, id: str | None) -> dict[str, str | None] | None:
    user = world.store(FakeUser).get(id or "")
    if user is None:
        return None
    return {"id": user.id, "username": user.username, "email": user.email}


def _integration(world: World, source: FakeIntegration) -> dict[str, Any]:
    team = world.store(FakeTeam).get(source.team_id or "")
    return {
        "id": source.id,
        "type": source.type,
        "name": f"{source.name} - {source.type.replace('_', ' ').title()}",
        "team": team.name if team else None,
    }
