"""Integrations, and their maintenance."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from grafana_oncall._core.keywords import explain_keywords
from grafana_oncall.testing._objects.escalation import FakeEscalationChain
from grafana_oncall.testing._objects.routes import default_route
from grafana_oncall.testing._server.additions import Additions
from grafana_oncall.testing._server.arguments import NAME
from grafana_oncall.testing._server.context import Context, Operation
from grafana_oncall.testing._server.responses import FakeResponse, crashed, detail, refused
from grafana_oncall.testing._server.state import FakeIntegration
from grafana_oncall.testing._server.world import World
from grafana_oncall.testing.clock import stamp

from . import maintenance
from .alert_groups import show_label
from .collection import Collection
from .integration_fields import TYPES, IntegrationType, checks, link_type
from .integration_settings import merge_default_route, merge_templates
from .selection import all_of, equal_or_empty, in_team
from .writes import Writes, fields, remove, set_fields

_REMEMBERED = timedelta(seconds=5)
_LONGEST_NAME = 150  # of the column in the database
_NO_GRAFANA = (
    "Failed to create the integration with current Grafana Alerting. "
    "Please reach out to our support team"
)
_PLAIN = ("name", "team_id", "description_short", "labels", "dynamic_labels")


def show_integration(world: World, integration: FakeIntegration) -> dict[str, Any]:
    """Return an integration as in responses; labels only on Cloud."""
    link = f"{world.base_url}/integrations/v1/{link_type(integration.type)}/{integration.secret}/"
    kind = TYPES.get(integration.type, IntegrationType())
    return {
        "maintenance_mode": integration.maintenance_mode,
        "maintenance_started_at": stamp(integration.maintenance_started_at),
        "maintenance_end_at": stamp(integration.maintenance_end_at),
        "id": integration.id,
        "name": integration.name,
        "description_short": integration.description_short,
        "team_id": integration.team_id,
        "link": link if kind.link else None,
        "inbound_email": _inbound_email(integration),
        "type": integration.type,
        "default_route": integration.default_route,
        "templates": integration.templates,
        "heartbeat": {"link": f"{link}heartbeat/"} if kind.heartbeat else None,
        **(_show_labels(integration) if world.flavour == "cloud" else {}),
    }


def _show_labels(integration: FakeIntegration) -> dict[str, Any]:
    return {
        "labels": [show_label(*label) for label in integration.labels],
        "dynamic_labels": [show_label(*label) for label in integration.dynamic_labels],
    }


def _inbound_email(integration: FakeIntegration) -> str | None:
    if integration.type != "inbound_email":
        return None
    return f"{integration.secret.lower()}@inbound.oncall.example"


def _check(context: Context, own: FakeIntegration | None, given: dict[str, Any]) -> None:
    world = context.world
    team_id = given.get("team_id", own and own.team_id)
    # Only a request with a name is checked: a change of team alone may create a duplicate.
    for other in world.store(FakeIntegration).values():
        if other is not own and (other.name, other.team_id) == (given.get("name"), team_id):
            raise detail(400, "An integration with this name already exists for this team")
    if len(given.get("name", "")) > _LONGEST_NAME:
        raise crashed()
    if given.get("type") == "grafana_alerting" and world.flavour == "oss" and not world.grafana_url:
        raise refused(400, [_NO_GRAFANA])


def _create(context: Context, given: dict[str, Any]) -> FakeIntegration:
    """Make an integration; the server names it if the request does not."""
    integration = context.world.new_integration(type=given["type"], name=given.get("name"))
    _update(context, integration, given)
    if integration.type != "maintenance":  # those are created, and never seen again
        context.world.add(integration)
        context.world.add(default_route(integration))
    return integration


def _update(context: Context, integration: FakeIntegration, given: dict[str, Any]) -> None:
    world = context.world
    # Both merges come first, because a refusal must leave the integration unchanged.
    templates = merge_templates(integration.templates, given.get("templates", {}))
    route = merge_default_route(
        integration.default_route,
        given.get("default_route", {}),
        world.store(FakeEscalationChain),
        world.flavour,
    )
    integration.templates = templates
    integration.default_route.update(route)  # which the list of routes has as well
    set_fields(context, integration, {name: given[name] for name in _PLAIN if name in given})


def _delete(context: Context, integration: FakeIntegration) -> None:
    """Delete an integration; its alert groups stay."""
    if integration.type == "direct_paging":
        raise detail(400, "Direct paging integrations can't be deleted")
    _forget_link(context, integration.secret)
    remove(context, integration)


def _forget_link(context: Context, secret: str) -> None:
    """Let a link go on working for a moment, as the server does."""
    links, now = context.world.deleted_links, context.now
    recent = {link: until for link, until in links.items() if until > now}
    context.world.deleted_links = {**recent, secret: now + _REMEMBERED}


def _maintenance(verb: str, change: Callable[[Context, FakeIntegration], None]) -> Operation:
    def handle(context: Context) -> FakeResponse:
        integration = INTEGRATIONS.find(context)
        change(context, integration)
        return INTEGRATIONS.respond(200, context, integration)

    path = f"integrations/{{id}}/maintenance_{verb}"
    return Operation(f"{verb}_integration_maintenance", "POST", path, "admin", handle)


INTEGRATIONS = Collection(
    name="integrations",
    kind=FakeIntegration,
    show=show_integration,
    filters=all_of(in_team, equal_or_empty("name")),
    writes=Writes(
        prefix="C",
        fields=fields(checks, required=("type",), fixed=("type",)),
        check=_check,
        create=_create,
        update=_update,
        delete=_delete,
    ),
    extra=(
        _maintenance("start", maintenance.start),
        _maintenance("stop", maintenance.stop),
    ),
)


class AddIntegrations(Additions):
    """Add integrations."""

    @explain_keywords
    def add_integration(
        self,
        *,
        type: str = "webhook",
        name: str | None = None,
        team_id: str | None = None,
        id: str | None = None,
    ) -> FakeIntegration:
        """Add an integration of any type, also `direct_paging`; the name is optional."""
        NAME(type=type)
        NAME.or_none(name=name, team_id=team_id, id=id)
        integration = self._world.new_integration(type=type, name=name, team_id=team_id)
        integration.id = id or integration.id
        self._world.add(default_route(integration))
        return self._world.add(integration)
