"""`grafana-oncall integrations`: the sources of alerts."""

from typing import Annotated

from cyclopts import App, Parameter

from grafana_oncall.errors import InvalidArgument

from .output import print_json, print_list, print_members
from .session import Common

app = App(name="integrations", help="Integrations, the sources of alerts.")
Id = Annotated[str, Parameter(help="Id of the integration.")]


@app.command(name="list")
async def list_integrations(
    *,
    name: Annotated[str | None, Parameter(help="Exact name.")] = None,
    common: Common = Common(),  # noqa: B008  # frozen
) -> None:
    """List integrations; with --json, one object a line."""
    async with common.client() as client:
        await print_list(
            client.integrations.list(name=name),
            lambda one: (one.id, one.name, one.type, one.team_id),
            *("id", "name", "type", "team"),
            json=common.json,
            limit=None,
        )


@app.command
async def show(
    integration_id: Id,
    *,
    common: Common = Common(),  # noqa: B008  # frozen
) -> None:
    """Show one integration."""
    async with common.client() as client:
        found = await client.integrations.get(integration_id)
    (print_json if common.json else print_members)(found)


@app.command
async def create(
    name: Annotated[str, Parameter(help="Its name, unique within the team.")],
    *,
    type: Annotated[str, Parameter(help="Such as webhook or alertmanager.")],
    team_id: Annotated[str | None, Parameter(help="Id of its team.")] = None,
    common: Common = Common(),  # noqa: B008  # frozen
) -> None:
    """Create an integration, once: after a lost answer, it is looked for by its name."""
    async with common.client() as client:
        made = await client.integrations.create(
            type=type, name=name, team_id=team_id, reconcile=True
        )
    (print_json if common.json else print_members)(made)


@app.command
async def delete(
    integration_id: Id,
    *,
    yes: Annotated[bool, Parameter(help="Delete it without asking.", negative=())] = False,
    common: Common = Common(),  # noqa: B008  # frozen
) -> None:
    """Delete an integration; its alert groups stay."""
    if not yes:
        raise InvalidArgument("Pass --yes to delete it.", argument="yes")
    async with common.client() as client:
        await client.integrations.delete(integration_id)
