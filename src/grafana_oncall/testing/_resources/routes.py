"""Routes: where the alerts of an integration go."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from grafana_oncall._core.keywords import explain_keywords
from grafana_oncall.testing._ingest.templates import is_jinja
from grafana_oncall.testing._objects.escalation import FakeEscalationChain
from grafana_oncall.testing._objects.routes import FakeRoute, default_route
from grafana_oncall.testing._server.additions import Additions
from grafana_oncall.testing._server.arguments import INTEGRATION, NAME
from grafana_oncall.testing._server.arguments import Check as ArgumentCheck
from grafana_oncall.testing._server.context import Context
from grafana_oncall.testing._server.fields import Check, as_text, nullable, related
from grafana_oncall.testing._server.responses import crashed, detail, refused
from grafana_oncall.testing._server.state import FakeIntegration
from grafana_oncall.testing._server.world import World

from .collection import Collection
from .integration_settings import (
    blank_default_route,
    channel_checks,
    merge_channels,
)
from .selection import equal
from .writes import PLACE, Writes, fields, put_last, remove

_LONGEST = 1024


def link_default_routes(world: World) -> None:
    """Let each integration and the list of routes have the same default route, after a restore."""
    routes = world.store(FakeRoute)
    for integration in world.store(FakeIntegration).values():
        made = default_route(integration)
        routes.setdefault(made.id, made).settings = integration.default_route


def _as_type(value: Any) -> str:
    if value is None or value == "":
        as_text(value)  # which says what is wrong
    if value not in ("regex", "jinja2", "labels"):
        raise detail(400, "Invalid route type")
    return str(value)


def _read(context: Context, route: FakeRoute | None) -> dict[str, Any]:
    """Read a body; Cloud does without a chain in a creation, and takes null for it in a change."""
    is_cloud = context.world.flavour == "cloud"

    def checks(world: World) -> dict[str, Check]:
        chain = related(world.store(FakeEscalationChain))
        return {
            "integration_id": related(world.store(FakeIntegration)),
            "escalation_chain_id": nullable(chain) if is_cloud or route is None else chain,
            "routing_type": _as_type,
            "routing_regex": as_text,
            **channel_checks(world.flavour),
            **PLACE,
        }

    required = ["integration_id", "routing_regex"]
    if not is_cloud:
        required.append("escalation_chain_id")
    return fields(checks, required=required, fixed=("integration_id",))(context, route)


def _check(_: Context, __: FakeRoute | None, given: dict[str, Any]) -> None:
    """Refuse an expression that its type does not allow; without a type, it is a regex."""
    expression = given.get("routing_regex")
    kind = given.get("routing_type", "regex")
    if expression is None:
        if "routing_type" in given:
            raise crashed()
        return
    if kind == "labels":
        raise _unfit("Expression type is incorrect")
    if kind == "jinja2" and not is_jinja(expression):
        raise _unfit("Jinja template is incorrect")
    if kind == "regex" and not _is_regex(expression):
        raise _unfit("Regular expression is incorrect")
    if len(expression) > _LONGEST:
        raise _unfit(
            f"Expression is too long. Maximum length: {_LONGEST} characters, "
            f"current length: {len(expression)}"
        )


def _unfit(text: str) -> Exception:
    return refused(400, {"non_field_errors": [text]})


def _is_regex(expression: str) -> bool:
    try:
        re.compile(expression)
    except (re.error, OverflowError):  # a number of repetitions may be too large
        return False
    return True


def _create(context: Context, given: dict[str, Any]) -> FakeRoute:
    world = context.world
    settings = blank_default_route(world.ids.new("R"), world.flavour)
    route = FakeRoute(id=settings["id"], integration_id=given["integration_id"], settings=settings)
    _update(context, route, given)
    return world.add(route)


def _update(context: Context, route: FakeRoute, given: dict[str, Any]) -> None:
    route.settings.update(merge_channels(route.settings, given, context.world.flavour))
    route.routing_type = given.get("routing_type", route.routing_type)
    if not route.is_default:  # that of a default route stays null
        route.routing_regex = given.get("routing_regex", route.routing_regex)


def _delete(context: Context, route: FakeRoute) -> None:
    if route.is_default:
        raise detail(400, "Unable to delete default filter")
    for group in context.world.groups.listed(None):
        if group.route_id == route.id:
            group.route_id = None
    remove(context, route)


def _list(route: FakeRoute) -> tuple[str, bool]:
    return route.integration_id, route.is_default


def _show(_: World, route: FakeRoute) -> dict[str, Any]:
    return {
        "position": route.position,
        "id": route.id,
        "integration_id": route.integration_id,
        "escalation_chain_id": route.escalation_chain_id,
        "routing_type": route.routing_type,
        "routing_regex": route.routing_regex,
        "is_the_last_route": route.is_default,
        **{name: value for name, value in route.settings.items() if isinstance(value, dict)},
    }


def _order(world: World, items: Iterable[FakeRoute]) -> list[FakeRoute]:
    age = {key: number for number, key in enumerate(world.store(FakeIntegration))}
    return sorted(items, key=lambda one: (age[one.integration_id], one.is_default, one.position))


ROUTES = Collection(
    name="routes",
    kind=FakeRoute,
    show=_show,
    filters=equal("integration_id", "routing_regex"),
    order=_order,
    page_size=25,
    writes=Writes(
        prefix="R",
        fields=_read,
        check=_check,
        create=_create,
        update=_update,
        delete=_delete,
        siblings=_list,
    ),
)


_REGEX = ArgumentCheck("a regular expression", str, lambda text: text != "" and _is_regex(text))
_TEMPLATE = ArgumentCheck("a Jinja template", str, lambda text: text != "" and is_jinja(text))


class AddRoutes(Additions):
    """Add routes."""

    @explain_keywords
    def add_route(
        self,
        integration: FakeIntegration,
        expression: str,
        *,
        type: str = "regex",
        chain: FakeEscalationChain | None = None,
        id: str | None = None,
    ) -> FakeRoute:
        """Add a route to an integration, before its default route."""
        INTEGRATION(integration=integration)
        NAME(type=type)
        (_TEMPLATE if type == "jinja2" else _REGEX)(expression=expression)
        NAME.or_none(id=id)
        settings = blank_default_route(id or self._world.ids.new("R"), self._world.flavour)
        settings["escalation_chain_id"] = chain and chain.id
        route = FakeRoute(
            id=settings["id"],
            integration_id=integration.id,
            settings=settings,
            routing_type=type,
            routing_regex=expression,
        )
        return self._world.add(put_last(self._world, route, _list))
