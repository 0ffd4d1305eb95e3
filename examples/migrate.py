"""Copy integrations from one stack to another, with templates, labels and routes.

    python migrate.py --dry-run
    python migrate.py

The settings are SOURCE_GRAFANA_ONCALL_URL, TARGET_GRAFANA_ONCALL_URL and so on. Teams and
escalation chains are found by name; if the target lacks one, nothing is written. An integration or
a route that it has is updated, so that the copy can be repeated, also after a failure.
"""

import asyncio
import os
import sys
from typing import Any, TypeAlias

import attrs

from grafana_oncall import OnCallClient, OnCallError, Pager
from grafana_oncall.models import DefaultRoute, Integration, Route

Ids: TypeAlias = dict[str | None, str | None]


def client_of(prefix: str) -> OnCallClient:
    """Return a client with the settings of the environment whose names begin with this."""
    given = {name: value for name, value in os.environ.items() if name.startswith(prefix)}
    return OnCallClient.from_env({name.removeprefix(prefix): given[name] for name in given})


async def ids_by_name(source: Pager[Any], target: Pager[Any]) -> Ids:
    """Return ids of the target by those of the source; raise LookupError if it lacks a name."""
    ids = {each.name: each.id async for each in target}
    names = {each.id: each.name async for each in source}
    if missing := {*names.values()} - ids.keys():
        raise LookupError(f"The target lacks {', '.join(sorted(missing))}: create it first.")
    return {None: None} | {each: ids[name] for each, name in names.items()}


def copy_of(integration: Integration, teams: Ids, chains: Ids) -> dict[str, Any]:
    """Return what is to be written of an integration."""
    route = integration.default_route or DefaultRoute()
    return {
        "name": integration.name,
        "description_short": integration.description_short,
        "team_id": teams[integration.team_id],
        "labels": integration.labels,
        "dynamic_labels": integration.dynamic_labels,
        "templates": integration.templates,
        "default_route": attrs.evolve(route, escalation_chain_id=chains[route.escalation_chain_id]),
    }


def copy_of_route(route: Route, chains: Ids) -> dict[str, Any]:
    """Return what is to be written of a route."""
    members = route.to_dict() | {"escalation_chain_id": chains[route.escalation_chain_id]}
    for name in ("id", "integration_id", "position", "is_the_last_route"):
        del members[name]
    return members


async def write_routes(target: OnCallClient, to: str, routes: list[Route], chains: Ids) -> None:
    """Create routes, or update those with the same expression."""
    listed = target.routes.list(integration_id=to)
    known = {(each.routing_type, each.routing_regex): each async for each in listed}
    for route in routes:
        copy = copy_of_route(route, chains)
        if there := known.get((route.routing_type, route.routing_regex)):
            await target.routes.update(there, **copy)
        else:
            await target.routes.create(integration_id=to, **copy)


async def migrate(*, dry_run: bool) -> None:
    """Copy everything but what OnCall makes by itself, or print what would be copied."""
    async with client_of("SOURCE_") as source, client_of("TARGET_") as target:
        teams = await ids_by_name(source.teams.list(), target.teams.list())
        chains = await ids_by_name(source.escalation_chains.list(), target.escalation_chains.list())
        known = {(each.team_id, each.name): each async for each in target.integrations.list()}
        listed = source.integrations.list()
        for one in [each async for each in listed if each.type != "direct_paging"]:
            copy = copy_of(one, teams, chains)
            there = known.get((copy["team_id"], copy["name"]))
            print("Update" if there else "Create", one.type, one.name)
            if dry_run:
                continue
            if there:
                made = await target.integrations.update(there, **copy)
            else:
                made = await target.integrations.create(type=one.type, **copy, reconcile=True)
            its = source.routes.list(integration_id=one.id)
            routes = [each async for each in its if not each.is_the_last_route]  # else in `copy`
            await write_routes(target, made.id, routes, chains)


if __name__ == "__main__":
    try:
        asyncio.run(migrate(dry_run="--dry-run" in sys.argv))
    except (OnCallError, LookupError) as error:
        sys.exit(f"migrate.py: {error}")
