# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""One pure builder per operation: arguments in, a request out. Nothing is sent here."""

from __future__ import annotations

from typing import Final

from grafana_oncall._core.request import Operation, Page, Request, query, segment
from grafana_oncall._core.types import UNSET, UnsetType

from ..constraints import ID
from ..models.teams import Team

LIST_TEAMS: Final = Operation(
    id="list_teams",
    method="GET",
    path="teams/",
    permission="grafana-irm-app.user-settings:read",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/teams/",
)


def list_teams(
    *,
    name: str | UnsetType = UNSET,
    page: int | UnsetType = UNSET,
    perpage: int | UnsetType = UNSET,
) -> Request[Page[Team]]:
    """List teams.

    `GET /api/v1/teams/`
    """
    return Request(
        operation=LIST_TEAMS,
        path="teams/",
        returns=Page[Team],
        query=query(("name", name), ("page", page), ("perpage", perpage)),
    )


GET_TEAM: Final = Operation(
    id="get_team",
    method="GET",
    path="teams/{team_id}/",
    permission="grafana-irm-app.user-settings:read",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/teams/",
)


def get_team(team_id: str | Team) -> Request[Team]:
    """Get one team.

    `GET /api/v1/teams/{team_id}/`
    """
    return Request(
        operation=GET_TEAM, path=f"teams/{segment('team_id', team_id, ID, Team)}/", returns=Team
    )
