"""What a webhook tells of an event of an alert group: the body, and the names in its templates."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal, get_args

import attrs

from grafana_oncall.testing._escalation.people import Asked, people
from grafana_oncall.testing._escalation.steps import NotModelledError
from grafana_oncall.testing._objects.escalation import FakeEscalationPolicy
from grafana_oncall.testing._objects.pages import EscalationRun
from grafana_oncall.testing._objects.webhooks import FakeWebhook
from grafana_oncall.testing._resources.actions import ACTIONS, ActionContext
from grafana_oncall.testing._resources.alert_groups import show_group
from grafana_oncall.testing._server.arguments import GROUP, one_of
from grafana_oncall.testing._server.state import FakeAlertGroup, FakeIntegration, FakeTeam, FakeUser
from grafana_oncall.testing._server.world import World

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
_SAMPLE = FakeWebhook(id="WHFAKEONCALL1", name="fake", url="", http_method="POST", trigger_type="")
_NAMED = {"notify_persons", "notify_person_next_each_time", "notify_on_call_from_schedule"}
"""The steps whose people are shown as those to be notified."""


@attrs.frozen(kw_only=True)
class Occasion:
    """What a webhook is sent for."""

    type: str
    group: FakeAlertGroup
    user: str | None
    """Id of the user who did it, or who is notified."""
    now: datetime


def event_body(world: World, group: FakeAlertGroup, type: EventName, now: datetime) -> bytes:
    """Return the JSON of an event; its effect on the group is visible in it only."""
    GROUP(group=group)
    _NAME(type=type)
    by = next(iter(world.store(FakeUser)))
    after = _after(group, type, ActionContext(by=by, at=now))
    actors = {"acknowledge": after.acknowledged_by, "resolve": after.resolved_by}
    user = actors.get(type, by) if type in ACTIONS else None
    occasion = Occasion(type=type, group=after, user=user, now=now)
    return json.dumps(context_of(world, occasion, _SAMPLE)).encode()


def _after(group: FakeAlertGroup, type: EventName, ctx: ActionContext) -> FakeAlertGroup:
    """Return a copy of the group as it is after the event."""
    after = attrs.evolve(group)
    if type in ACTIONS and group.state != _STATES.get(type):
        ACTIONS[type].effect(after, ctx)
    return after


def context_of(world: World, occasion: Occasion, webhook: FakeWebhook) -> dict[str, Any]:
    """Return what a webhook tells of an occasion, with the group as it is now."""
    group, show_user = occasion.group, partial(_user, world)
    context: dict[str, Any] = {
        "event": _event(occasion, show_user(occasion.user)),
        "user": show_user(occasion.user),
        "alert_group": json.loads(show_group(group)),
        "alert_group_id": group.id,
        "alert_payload": group.first_payload,
        "integration": _integration(world, group.integration),
        "notified_users": [*map(show_user, _notified(world, group))],
        "users_to_be_notified": [*map(show_user, _to_be_notified(world, occasion))],
        "alert_group_acknowledged_by": show_user(group.acknowledged_by),
        "alert_group_resolved_by": show_user(group.resolved_by),
    }
    if responses := _responses(world, group, webhook):
        context["responses"] = responses
    if world.flavour == "cloud":  # a server without labels has them in the group only
        context["alert_group"]["labels"] = dict(group.labels)
        context["integration"]["labels"] = dict(group.integration.labels)
        context["webhook"] = {"id": webhook.id, "name": webhook.name, "labels": {}}
    return context


def _event(occasion: Occasion, user: dict[str, str | None] | None) -> dict[str, Any]:
    group = occasion.group
    times = {
        "alert group created": group.started_at,
        "acknowledge": group.acknowledged_at,
        "resolve": group.resolved_at,
        "silence": group.silenced_at,
        "escalation": occasion.now,
        "personal notification": occasion.now,
    }
    event: dict[str, Any] = {"type": occasion.type}
    if occasion.type in times:
        event["time"] = _moment(times[occasion.type])
    if occasion.type == "silence":
        event["until"] = _moment(group.silenced_until)
    if occasion.type == "personal notification":
        event["user"] = user
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


def _notified(world: World, group: FakeAlertGroup) -> list[str]:
    names = {page.user for page in world.paging.pages if page.group == group.id}
    return [user.id for user in world.store(FakeUser).values() if user.username in names]


def _to_be_notified(world: World, occasion: Occasion) -> list[str]:
    run = world.store(EscalationRun).get(occasion.group.id)
    steps = [step for step in run.steps if step.type in _NAMED] if run else []
    found = (_people(world, occasion, step) for step in steps)
    return [*dict.fromkeys(user for users in found for user in users)]


def _people(world: World, occasion: Occasion, step: FakeEscalationPolicy) -> Iterable[str]:
    users: Iterable[str] = ()
    with suppress(NotModelledError):  # the escalation reports it, when it comes to the step
        users = people(Asked(world=world, step=step, group=occasion.group, now=occasion.now))
    return users


def _responses(world: World, group: FakeAlertGroup, webhook: FakeWebhook) -> dict[str, Any]:
    """Return the newest response of each other webhook about this group."""
    found: dict[str, Any] = {}
    for other in world.store(FakeWebhook).values():
        contents = [each.content for each in other.responses if each.group == group.id]
        if contents and other is not webhook:
            found[other.id] = _json_or_text(contents[-1] or "")
    return found


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except (RecursionError, ValueError):
        return text
