"""Integrations: create, list, get, update, delete."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grafana_oncall.testing._server.context import Context
from grafana_oncall.testing._server.fields import checked
from grafana_oncall.testing._server.responses import (
    FakeResponse,
    crashed,
    detail,
    empty_response,
    refused,
)
from grafana_oncall.testing._server.state import FakeIntegration
from grafana_oncall.testing._server.world import World
from grafana_oncall.testing.clock import stamp

from .alert_groups import show_label
from .collection import Collection
from .filters import team_test
from .integration_fields import TYPES, IntegrationType, create_checks, update_checks
from .integration_settings import merge_default_route, merge_templates

_LONGEST_NAME = 150  # of the column in the database
_NO_GRAFANA = (
    "Failed to create the integration with current Grafana Alerting. "
    "Please reach out to our support team"
)
_PLAIN = ("name", "team_id", "description_short", "labels", "dynamic_labels")


def show_integration(world: World, integration: FakeIntegration) -> dict[str, Any]:
    """Return an integration as in responses; labels only on Cloud."""
    link = f"{world.base_url}/integrations/v1/{integration.type}/{integration.secret}/"
    kind = TYPES.get(integration.type, IntegrationType())
    return {
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
        "maintenance_mode": integration.maintenance_mode,
        "maintenance_started_at": stamp(integration.maintenance_started_at),
        "maintenance_end_at": stamp(integration.maintenance_end_at),
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


def _filters(context: Context) -> Callable[[FakeIntegration], bool]:
    in_team = team_test(context)
    if context.world.flavour == "oss" and context.last("team_id"):
        raise crashed()  # that of any team breaks this list of the open-source engine
    names = context.query.get("name", [])[-1:]  # an empty one counts as well
    return lambda integration: (
        in_team(integration.team_id) and (not names or integration.name in names)
    )


INTEGRATIONS = Collection(
    name="integrations", kind=FakeIntegration, show=show_integration, filters=_filters
)


def create_integration(context: Context) -> FakeResponse:
    """Create an integration; the server names it if the request does not."""
    world = context.world
    fields = checked(create_checks(world), context.data(), required=("type",))
    _check_name(world, fields, fields.get("team_id"), None)
    if fields["type"] == "grafana_alerting" and world.flavour == "oss" and not world.grafana_url:
        raise refused(400, [_NO_GRAFANA])
    integration = world.new_integration(type=fields["type"], name=fields.get("name"))
    _apply(world, integration, fields)
    if integration.type != "maintenance":  # those are created, and never seen again
        world.add(integration)
    return INTEGRATIONS.respond(201, context, integration)


def update_integration(context: Context) -> FakeResponse:
    """Update an integration by merging, although it is a PUT: what the body omits stays."""
    integration, world = INTEGRATIONS.find(context), context.world
    fields = checked(update_checks(world), context.data())
    _check_name(world, fields, fields.get("team_id", integration.team_id), integration)
    _apply(world, integration, fields)
    return INTEGRATIONS.respond(200, context, integration)


def delete_integration(context: Context) -> FakeResponse:
    """Delete an integration; its alert groups stay."""
    integration = INTEGRATIONS.find(context)
    if integration.type == "direct_paging":
        raise detail(400, "Direct paging integrations can't be deleted")
    del context.world.store(FakeIntegration)[integration.id]
    return empty_response(204)


def _check_name(
    world: World, fields: dict[str, Any], team_id: str | None, own: FakeIntegration | None
) -> None:
    # Only a request with a name is checked: a change of team alone may create a duplicate.
    for other in world.store(FakeIntegration).values():
        if other is not own and (other.name, other.team_id) == (fields.get("name"), team_id):
            raise detail(400, "An integration with this name already exists for this team")
    if len(fields.get("name", "")) > _LONGEST_NAME:
        raise crashed()


def _apply(world: World, integration: FakeIntegration, fields: dict[str, Any]) -> None:
    # Both merges come first, because a refusal must leave the integration unchanged.
    templates = merge_templates(integration.templates, fields.get("templates", {}))
    route = merge_default_route(
        integration.default_route, fields.get("default_route", {}), world.chains, world.flavour
    )
    integration.templates, integration.default_route = templates, route
    for name in _PLAIN:
        if name in fields:
            setattr(integration, name, fields[name])
