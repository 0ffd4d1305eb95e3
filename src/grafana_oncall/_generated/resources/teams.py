# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""Facade of teams: a method for each operation."""

from __future__ import annotations

from grafana_oncall._listing.pager import DEFAULT_PREFETCH, Pager
from grafana_oncall._listing.resource import Resource
from grafana_oncall._validation import arguments

from ..models.teams import Team
from ..operations import teams as operations


class Teams(Resource):
    """The teams of the organization.

    They are those of Grafana; a new one appears some minutes after it was added there.

    Nothing is sent by `list` until it is iterated. All methods raise `InvalidArgument` before
    anything is sent, `StatusError` for an error response, `TransportError` if there is no response,
    `DecodeError` for a response that is not what the API promises, and `ClientStateError` when the
    client is closed.

    API page: https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/teams/
    """

    def list(
        self,
        *,
        name: str | None = None,
        perpage: int | None = None,
        prefetch: int = DEFAULT_PREFETCH,
    ) -> Pager[Team]:
        """List teams.

        Args:
            name: Exact name of the team; case-sensitive.
            perpage: Items on a page. Undocumented: servers use their own number without it,
                and may ignore it.
            prefetch: Pages to request ahead, once the second page is requested; up to as many
                more may be buffered. 0 to 64; 0 requests none ahead.
        """
        request = operations.list_teams(
            name=arguments.text_filter("name", name),
            perpage=arguments.optional_whole("perpage", perpage),
        )
        return self._list(request, prefetch)

    async def by_name(self, name: str) -> Team:
        """Get the team with this name, by one request.

        Args:
            name: Exact name of the team; case-sensitive.

        Raises:
            NotFound: There is none. The error names similar ones, which takes another request.
            MultipleFound: There are several; it has their ids.
        """
        name = arguments.required("name", arguments.text_filter("name", name))
        request = operations.list_teams(name=name)
        return await self._one(request, operations.list_teams(), "name", name)

    async def get(self, team_id: str | Team) -> Team:
        """Get one team.

        Args:
            team_id: Id of the team, or the object.

        Raises:
            NotFound: There is no such team.
        """
        return await self._session.send(operations.get_team(team_id))
