# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""One pure builder per operation: arguments in, a request out. Nothing is sent here."""

from __future__ import annotations

from typing import Final

from grafana_oncall._core.request import Operation, Page, Request, query, segment
from grafana_oncall._core.types import UNSET, UnsetType

from ..constraints import ID
from ..models.escalation_chains import EscalationChain, EscalationChainCreate, EscalationChainUpdate

LIST_ESCALATION_CHAINS: Final = Operation(
    id="list_escalation_chains",
    method="GET",
    path="escalation_chains/",
    permission="grafana-irm-app.escalation-chains:read",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/escalation_chains/",
)


def list_escalation_chains(
    *,
    name: str | UnsetType = UNSET,
    team_id: str | UnsetType = UNSET,
    page: int | UnsetType = UNSET,
    perpage: int | UnsetType = UNSET,
) -> Request[Page[EscalationChain]]:
    """List escalation chains.

    `GET /api/v1/escalation_chains/`

    The open-source engine fails with 500 if `team_id` is given.
    """
    return Request(
        operation=LIST_ESCALATION_CHAINS,
        path="escalation_chains/",
        returns=Page[EscalationChain],
        query=query(("name", name), ("team_id", team_id), ("page", page), ("perpage", perpage)),
    )


CREATE_ESCALATION_CHAIN: Final = Operation(
    id="create_escalation_chain",
    method="POST",
    path="escalation_chains/",
    permission="grafana-irm-app.escalation-chains:write",
    needs_user=False,
    success=201,
    retry="never",
    check="list the escalation chains with this name.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/escalation_chains/",
)


def create_escalation_chain(body: EscalationChainCreate) -> Request[EscalationChain]:
    """Create an escalation chain, which has no steps yet.

    `POST /api/v1/escalation_chains/`
    """
    return Request(
        operation=CREATE_ESCALATION_CHAIN,
        path="escalation_chains/",
        returns=EscalationChain,
        body=body,
    )


GET_ESCALATION_CHAIN: Final = Operation(
    id="get_escalation_chain",
    method="GET",
    path="escalation_chains/{escalation_chain_id}/",
    permission="grafana-irm-app.escalation-chains:read",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/escalation_chains/",
)


def get_escalation_chain(escalation_chain_id: str | EscalationChain) -> Request[EscalationChain]:
    """Get one escalation chain.

    `GET /api/v1/escalation_chains/{escalation_chain_id}/`
    """
    return Request(
        operation=GET_ESCALATION_CHAIN,
        path=f"escalation_chains/{segment('escalation_chain_id', escalation_chain_id, ID, EscalationChain)}/",
        returns=EscalationChain,
    )


UPDATE_ESCALATION_CHAIN: Final = Operation(
    id="update_escalation_chain",
    method="PUT",
    path="escalation_chains/{escalation_chain_id}/",
    permission="grafana-irm-app.escalation-chains:write",
    needs_user=False,
    success=200,
    retry="same",
    check="read the escalation chain and compare.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/escalation_chains/",
)


def update_escalation_chain(
    escalation_chain_id: str | EscalationChain, body: EscalationChainUpdate
) -> Request[EscalationChain]:
    """Change the members that are given, and keep the others.

    `PUT /api/v1/escalation_chains/{escalation_chain_id}/`
    """
    return Request(
        operation=UPDATE_ESCALATION_CHAIN,
        path=f"escalation_chains/{segment('escalation_chain_id', escalation_chain_id, ID, EscalationChain)}/",
        returns=EscalationChain,
        body=body,
    )


DELETE_ESCALATION_CHAIN: Final = Operation(
    id="delete_escalation_chain",
    method="DELETE",
    path="escalation_chains/{escalation_chain_id}/",
    permission="grafana-irm-app.escalation-chains:write",
    needs_user=False,
    success=204,
    retry="missing",
    check="read the escalation chain; NotFound means that it is deleted.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/escalation_chains/",
)


def delete_escalation_chain(escalation_chain_id: str | EscalationChain) -> Request[None]:
    """Delete an escalation chain and its steps.

    `DELETE /api/v1/escalation_chains/{escalation_chain_id}/`

    Routes that lead to it stay, and lead to no chain.
    """
    return Request(
        operation=DELETE_ESCALATION_CHAIN,
        path=f"escalation_chains/{segment('escalation_chain_id', escalation_chain_id, ID, EscalationChain)}/",
        returns=type(None),
    )
