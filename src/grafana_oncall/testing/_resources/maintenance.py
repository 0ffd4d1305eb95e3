"""The maintenance of integrations: nobody is paged, and in one mode a group collects the others."""

from __future__ import annotations

from datetime import datetime, timedelta

from grafana_oncall.testing._server.agenda import Name
from grafana_oncall.testing._server.context import Context
from grafana_oncall.testing._server.fields import is_mapping
from grafana_oncall.testing._server.responses import crashed, detail, refused
from grafana_oncall.testing._server.state import FakeAlert, FakeIntegration
from grafana_oncall.testing._server.world import World

from .actions import ActionContext, perform

KIND = "maintenance"
_UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))


def start(context: Context, integration: FakeIntegration) -> None:
    """Start a maintenance, which ends by itself."""
    body = context.data()
    if not is_mapping(body):
        raise crashed()
    mode = str(body.get("mode")).lower()
    if mode not in {"debug", "maintenance"}:
        raise refused(400, {"mode": ["Unknown mode"]})
    duration = body.get("duration")
    if isinstance(duration, bool) or not isinstance(duration, int) or duration <= 0:
        raise refused(400, {"duration": ["Invalid duration"]})
    if integration.maintenance_mode is not None:
        raise detail(400, "Already on maintenance")
    try:
        integration.maintenance_end_at = context.now + timedelta(seconds=duration)
    except OverflowError as error:
        raise crashed() from error
    integration.maintenance_mode, integration.maintenance_started_at = mode, context.now
    if mode == "maintenance":
        _collect(context, integration, duration)


def stop(context: Context, integration: FakeIntegration) -> None:
    """End a maintenance, if there is one."""
    _end(context.world, integration, context.now)


def end_due(world: World, name: Name, at: datetime) -> None:
    """End a maintenance whose time is up."""
    _end(world, world.store(FakeIntegration)[name[1]], at)


def _end(world: World, integration: FakeIntegration, at: datetime) -> None:
    """Resolve the group of a maintenance and all that are attached to it, and go on as usual."""
    group = world.groups.get(integration.maintenance_group_id or "")
    integration.end_maintenance()
    if group is not None:
        perform(world, "resolve", group, ActionContext(by=None, at=at))


def _collect(context: Context, integration: FakeIntegration, duration: int) -> None:
    """Add the group that collects those of a maintenance; no webhook tells of it."""
    world = context.world
    group = world.new_group(source=_source(world, integration), started_at=context.now)
    group.title, group.maintenance = f"Maintenance of {integration.name} for {duration}", True
    group.payload = {
        "title": f"Maintenance of {integration.name} for {_in_words(duration)}",
        "message": f"Initiated by {context.grant.user.username}. During this time all alerts from "
        "integration will be collected here without escalations",
    }
    group.alerts = [
        FakeAlert(id=group.last_alert_id, created_at=context.now, payload=group.payload)
    ]
    integration.maintenance_group_id = group.id
    world.groups.add(group)


def _source(world: World, integration: FakeIntegration) -> FakeIntegration:
    """Return the hidden integration of such groups, of which each team has one."""
    made = (each for each in world.groups.values() if each.maintenance)
    known = (each.integration for each in made if each.team_id == integration.team_id)
    return next(known, None) or world.new_integration(
        type="maintenance", name="Maintenance", team_id=integration.team_id
    )


def _in_words(duration: int) -> str:
    """Return a time roughly, as people say it: `an hour`, `2 hours`."""
    unit, seconds = next(each for each in _UNITS if duration >= each[1])
    number = duration // seconds
    one = "an" if unit == "hour" else "a"
    return f"{one} {unit}" if number == 1 else f"{number} {unit}s"
