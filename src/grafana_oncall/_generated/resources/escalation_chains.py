# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""Facade of escalation_chains: a method for each operation."""

from __future__ import annotations

from grafana_oncall._core.types import UNSET, UnsetType
from grafana_oncall._listing import bodies
from grafana_oncall._listing.pager import DEFAULT_PREFETCH, Pager
from grafana_oncall._listing.resource import Resource
from grafana_oncall._validation import arguments

from ..models.escalation_chains import EscalationChain, EscalationChainCreate, EscalationChainUpdate
from ..operations import escalation_chains as operations


class EscalationChains(Resource):
    """The chains of steps that an alert group goes through until somebody acts.

    Writes need the Admin role.

    Nothing is sent by `list` until it is iterated. All methods raise `InvalidArgument` before
    anything is sent, `StatusError` for an error response, `TransportError` if there is no response,
    `DecodeError` for a response that is not what the API promises, and `ClientStateError` when the
    client is closed. Writes raise `OutcomeUnknown` if their effect cannot be established.

    API page: https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/escalation_chains/
    """

    def list(
        self,
        *,
        name: str | None = None,
        team_id: str | None = None,
        perpage: int | None = None,
        prefetch: int = DEFAULT_PREFETCH,
    ) -> Pager[EscalationChain]:
        """List escalation chains.

        The open-source engine fails with 500 if `team_id` is given.

        Args:
            name: Exact name of the chain.
            team_id: Id of the team, or `NO_TEAM` for none; None does not filter.
            perpage: Items on a page. Undocumented: servers use their own number without it,
                and may ignore it.
            prefetch: Pages to request ahead, once the second page is requested; up to as many
                more may be buffered. 0 to 64; 0 requests none ahead.
        """
        request = operations.list_escalation_chains(
            name=arguments.text_filter("name", name),
            team_id=arguments.identifier("team_id", team_id),
            perpage=arguments.optional_whole("perpage", perpage),
        )
        return self._list(request, prefetch)

    async def by_name(self, name: str) -> EscalationChain:
        """Get the escalation chain with this name, by one request.

        Args:
            name: Exact name of the chain.

        Raises:
            NotFound: There is none. The error names similar ones, which takes another request.
            MultipleFound: There are several; it has their ids.
        """
        name = arguments.required("name", arguments.text_filter("name", name))
        request = operations.list_escalation_chains(name=name)
        return await self._one(request, operations.list_escalation_chains(), "name", name)

    async def create(
        self, *, name: str, team_id: str | None | UnsetType = UNSET, reconcile: bool = False
    ) -> EscalationChain:
        """Create an escalation chain, which has no steps yet.

        Args:
            name: Unique in the organization, up to 100 characters.
            team_id: Id of the team.
            reconcile: Whether to look for the `name`, which is then required, when a request
                got no response, and to retry if nothing has it. Costs a request for the list
                before, and one each time a request is in doubt. What another program creates by
                this name, and in this team if one is given, at the same moment is taken for the
                result.

        Raises:
            OutcomeUnknown: There was no response, so the chain may exist now.
            BadRequest: The name is taken, in whatever team, or the team is unknown.
        """
        body = bodies.body(
            EscalationChainCreate, name=arguments.filled("name", name), team_id=team_id
        )
        request = operations.create_escalation_chain(body)
        if reconcile:
            return await self._create_once(request, operations.list_escalation_chains, name)
        return await self._session.send(request)

    async def get(self, escalation_chain_id: str | EscalationChain) -> EscalationChain:
        """Get one escalation chain.

        Args:
            escalation_chain_id: Id of the escalation chain, or the object.

        Raises:
            NotFound: There is no such chain.
        """
        return await self._session.send(operations.get_escalation_chain(escalation_chain_id))

    async def update(
        self,
        escalation_chain_id: str | EscalationChain,
        *,
        name: str | UnsetType = UNSET,
        team_id: str | None | UnsetType = UNSET,
    ) -> EscalationChain:
        """Change the members that are given, and keep the others.

        Without `name`, reads the escalation chain first and sends it as it is, because the
        server would reset it or refuse the change. If another program changes it between the
        two requests, that change is undone.

        Args:
            escalation_chain_id: Id of the escalation chain, or the object.
            name: Unique in the organization, up to 100 characters.
            team_id: Id of the new team; None for no team.

        Raises:
            NotFound: There is no such chain.
            BadRequest: The name is taken, in whatever team, or the team is unknown.
        """
        body = bodies.body(
            EscalationChainUpdate,
            name=(name if name is UNSET else arguments.filled("name", name)),
            team_id=team_id,
        )
        body = await self._merged(
            body, operations.get_escalation_chain(escalation_chain_id), ["name"]
        )
        request = operations.update_escalation_chain(escalation_chain_id, body)
        return await self._change(request, operations.get_escalation_chain(escalation_chain_id))

    async def delete(self, escalation_chain_id: str | EscalationChain) -> None:
        """Delete an escalation chain and its steps.

        Routes that lead to it stay, and lead to no chain.

        Args:
            escalation_chain_id: Id of the escalation chain, or the object.

        Raises:
            NotFound: There is no such chain.
        """
        return await self._session.send(operations.delete_escalation_chain(escalation_chain_id))
