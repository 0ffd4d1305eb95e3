"""The six actions on an alert group: when each is refused, and its effect."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import attrs

from grafana_oncall.testing._server.context import Context
from grafana_oncall.testing._server.fields import is_mapping
from grafana_oncall.testing._server.responses import FakeResponse, crashed, detail, empty_response
from grafana_oncall.testing._server.state import (
    FakeAlertGroup,
    FakeIntegration,
    GroupEvent,
    GroupEventType,
)
from grafana_oncall.testing._server.world import World

from .alert_groups import find_group


@attrs.frozen(kw_only=True)
class ActionContext:
    """Who acts (`None` is an alert), when, and the end of a silence (`None` is never)."""

    by: str | None
    at: datetime
    until: datetime | None = None


@attrs.frozen
class Refusal:
    """A state in which the server refuses, and its name in the message."""

    applies: Callable[[FakeAlertGroup], bool]
    name: str


@attrs.frozen
class Action:
    """The effect of an action, and its refusals in the order in which the server checks."""

    effect: Callable[[FakeAlertGroup, ActionContext], None]
    refusals: tuple[Refusal, ...]


def _acknowledge(group: FakeAlertGroup, ctx: ActionContext) -> None:
    _unresolve(group, ctx)  # an attached group follows its root, whatever its own state
    _unsilence(group, ctx)
    group.acknowledged_at, group.acknowledged_by = ctx.at, ctx.by


def _unacknowledge(group: FakeAlertGroup, _: ActionContext) -> None:
    group.acknowledged_at = group.acknowledged_by = None


def _resolve(group: FakeAlertGroup, ctx: ActionContext) -> None:
    _unsilence(group, ctx)
    group.resolved_at = group.resolved_at or ctx.at  # a maintenance resolves what is resolved
    # A maintenance incident is resolved by the end of the maintenance, not by a user.
    group.resolved_by = None if group.maintenance else ctx.by


def _unresolve(group: FakeAlertGroup, ctx: ActionContext) -> None:
    _unacknowledge(group, ctx)
    group.resolved_at = group.resolved_by = None


def _unresolve_unless_wiped(group: FakeAlertGroup, ctx: ActionContext) -> None:
    # The server responds with success, but a wiped group stays resolved.
    if group.wiped_at is None:
        _unresolve(group, ctx)


def _silence(group: FakeAlertGroup, ctx: ActionContext) -> None:
    _unresolve(group, ctx)
    group.silenced_at, group.silenced_until = ctx.at, ctx.until


def _unsilence(group: FakeAlertGroup, _: ActionContext) -> None:
    group.silenced_at = group.silenced_until = None


_ACKNOWLEDGED = Refusal(lambda group: group.acknowledged_at is not None, "an acknowledged")
_UNACKNOWLEDGED = Refusal(lambda group: group.acknowledged_at is None, "an unacknowledged")
_RESOLVED = Refusal(lambda group: group.resolved_at is not None, "a resolved")
_UNRESOLVED = Refusal(lambda group: group.resolved_at is None, "an unresolved")
_UNSILENCED = Refusal(lambda group: group.silenced_at is None, "an unsilenced")
_ATTACHED = Refusal(lambda group: group.root is not None, "an attached")
_MAINTENANCE = Refusal(lambda group: group.maintenance, "a maintenance")

ACTIONS: dict[GroupEventType, Action] = {
    "acknowledge": Action(_acknowledge, (_ACKNOWLEDGED, _RESOLVED, _ATTACHED, _MAINTENANCE)),
    "unacknowledge": Action(_unacknowledge, (_UNACKNOWLEDGED, _RESOLVED, _ATTACHED, _MAINTENANCE)),
    "resolve": Action(_resolve, (_RESOLVED, _ATTACHED)),
    "unresolve": Action(_unresolve_unless_wiped, (_UNRESOLVED, _ATTACHED, _MAINTENANCE)),
    "silence": Action(_silence, (_RESOLVED, _ACKNOWLEDGED, _ATTACHED)),
    "unsilence": Action(_unsilence, (_UNSILENCED, _RESOLVED, _ACKNOWLEDGED, _ATTACHED)),
}


def act(name: GroupEventType, context: Context) -> FakeResponse:
    """Do the action, on the group and on those attached to it."""
    if context.grant.service_account:
        raise detail(403, f"Service accounts are not allowed to {name} alert groups")
    group, action = find_group(context), ACTIONS[name]
    delay = _delay(context) if name == "silence" else None
    for refusal in action.refusals:
        if refusal.applies(group):
            raise detail(400, f"Can't {name} {refusal.name} alert group")
    ctx = ActionContext(by=context.grant.user.id, at=context.now, until=_until(context.now, delay))
    perform(context.world, name, group, ctx)
    return empty_response(200)


def perform(world: World, name: GroupEventType, group: FakeAlertGroup, ctx: ActionContext) -> None:
    """Do an action that nothing refuses, on a group and on those attached to it."""
    if group.maintenance and name == "resolve":
        _end_maintenance(world, group)
    for affected in (group, *world.groups.attached(group)):
        ACTIONS[name].effect(affected, ctx)
        world.publish(GroupEvent(type=name, group=affected, at=ctx.at, by=ctx.by))


def _end_maintenance(world: World, group: FakeAlertGroup) -> None:
    """Let the maintenance that this group stands for be over."""
    for integration in world.store(FakeIntegration).values():
        if integration.maintenance_group_id == group.id:
            integration.end_maintenance()


def _delay(context: Context) -> int:
    body = context.data()
    if not is_mapping(body):
        raise crashed()
    if body.get("delay") is None:
        raise detail(400, "delay is required")
    try:
        delay = int(body["delay"])
    except ValueError as error:
        raise detail(400, "invalid delay value") from error
    except (TypeError, OverflowError) as error:
        raise crashed() from error
    if delay < -1:
        raise detail(400, "invalid delay value")
    return delay


def _until(now: datetime, delay: int | None) -> datetime | None:
    # -1 is forever. So is 0: on a real server it did not expire.
    if delay is None or delay <= 0:
        return None
    try:
        return now + timedelta(seconds=delay)
    except OverflowError as error:
        raise crashed() from error
