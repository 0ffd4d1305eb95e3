"""`grafana-oncall page`: wake people up."""

import asyncio
from typing import Annotated

from cyclopts import Group, Parameter

from grafana_oncall.errors import InvalidArgument

from .output import ask, print_json, print_members, require_person
from .selection import team as team_of
from .selection import user
from .session import Common

_WHY = Group("What for", sort_key=10)


async def page(
    *users: Annotated[str, Parameter(help="Ids, usernames or e-mail addresses of users.")],
    team: Annotated[
        str | None, Parameter(help="Id or exact name of a team, in place of users.")
    ] = None,
    important: Annotated[
        bool, Parameter(help="Page by the rules for important notifications.")
    ] = False,
    title: Annotated[
        str | None, Parameter(help="Title of the new alert group.", group=_WHY)
    ] = None,
    message: Annotated[str | None, Parameter(help="What it is about.", group=_WHY)] = None,
    source_url: Annotated[
        str | None, Parameter(help="Link to what it is about.", metavar="URL", group=_WHY)
    ] = None,
    group: Annotated[
        str | None,
        Parameter(help="Id of an alert group to call people to, in place of these.", group=_WHY),
    ] = None,
    yes: Annotated[bool, Parameter(help="Page without asking.")] = False,
    common: Common = Common(),  # noqa: B008  # frozen
) -> None:
    """Page users or a team now; this wakes people up.

    It is sent once. If the response is lost, the exit code is 4, and people may have been paged.
    It takes a user's API key.
    """
    if bool(users) == (team is not None):
        raise InvalidArgument("Name users, or a team by --team; one of the two.", argument="users")
    if not yes:
        require_person("to page people")
    async with common.client() as client:
        found = await asyncio.gather(*(user(client, each) for each in users))
        people = {each.id: each for each in found}
        whole = None if team is None else await team_of(client, team)
        if not yes:
            names = ", ".join(each.username for each in people.values())
            paged = f"the team {whole.name}" if whole else names
            ask(f"Page {paged} now{', as important' if important else ''}?")
        made = await client.direct_paging.page(
            users=people.values(),
            team=whole,
            important=important,
            title=title,
            message=message,
            source_url=source_url,
            alert_group_id=group,
        )
    print_json(made) if common.json else print_members(
        {"id": made.id, "title": made.title, "url": made.permalinks and made.permalinks.web}
    )
