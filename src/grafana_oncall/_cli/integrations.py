"""`grafana-oncall integrations`: the sources of alerts."""

from typing import Annotated

from cyclopts import App, Parameter

from .output import ask, print_json, print_list, print_members, require_person
from .selection import TeamFilter, integration, team_id
from .session import Common

app = App(name="integrations", help="List, show, create and delete the sources of alerts.")
Key = Annotated[str, Parameter(help="Id or exact name of the integration.")]


@app.command(name="list")
async def list_integrations(
    *,
    name: Annotated[str | None, Parameter(help="Exact name.")] = None,
    team: TeamFilter = None,
    common: Common = Common(),  # noqa: B008  # frozen
) -> None:
    """List integrations."""
    async with common.client() as client:
        await print_list(
            client.integrations.list(name=name, team_id=await team_id(client, team)),
            lambda one: (one.id, one.name, one.type, one.team_id),
            *("id", "name", "type", "team"),
            json=common.json,
            limit=None,
        )


@app.command
async def show(
    key: Key,
    /,
    *,
    common: Common = Common(),  # noqa: B008  # frozen
) -> None:
    """Show one integration."""
    async with common.client() as client:
        found = await integration(client, key)
    print_json(found) if common.json else print_members(found.to_dict())


@app.command
async def create(
    name: Annotated[str, Parameter(help="Its name, unique within the team.")],
    /,
    *,
    type: Annotated[str, Parameter(help="Such as webhook or alertmanager.")],
    team: Annotated[str | None, Parameter(help="Id or exact name of its team.")] = None,
    common: Common = Common(),  # noqa: B008  # frozen
) -> None:
    """Create an integration, once: after a lost answer, it is looked for by its name."""
    async with common.client() as client:
        owner = await team_id(client, team)
        made = await client.integrations.create(type=type, name=name, team_id=owner, reconcile=True)
    print_json(made) if common.json else print_members(made.to_dict())


@app.command
async def delete(
    key: Key,
    /,
    *,
    yes: Annotated[bool, Parameter(help="Delete it without asking.")] = False,
    common: Common = Common(),  # noqa: B008  # frozen
) -> None:
    """Delete an integration; its alert groups stay."""
    if not yes:
        require_person("to delete it")
    async with common.client() as client:
        found = await integration(client, key)
        if not yes:
            ask(f"Delete the integration {found.name} ({found.id})?")
        await client.integrations.delete(found)
    if common.json:
        print_json({"id": found.id, "deleted": True})
