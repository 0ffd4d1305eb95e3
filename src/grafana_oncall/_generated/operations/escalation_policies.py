# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""One pure builder per operation: arguments in, a request out. Nothing is sent here."""

from __future__ import annotations

from typing import Final

from grafana_oncall._core.request import Operation, Page, Request, query, segment
from grafana_oncall._core.types import UNSET, UnsetType

from ..constraints import ID
from ..models.escalation_policies import (
    EscalationPolicy,
    EscalationPolicyCreate,
    EscalationPolicyUpdate,
)

LIST_ESCALATION_POLICIES: Final = Operation(
    id="list_escalation_policies",
    method="GET",
    path="escalation_policies/",
    permission="grafana-irm-app.escalation-chains:read",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/escalation_policies/",
)


def list_escalation_policies(
    *,
    escalation_chain_id: str | UnsetType = UNSET,
    page: int | UnsetType = UNSET,
    perpage: int | UnsetType = UNSET,
) -> Request[Page[EscalationPolicy]]:
    """List escalation policies, by chain and then by position.

    `GET /api/v1/escalation_policies/`
    """
    return Request(
        operation=LIST_ESCALATION_POLICIES,
        path="escalation_policies/",
        returns=Page[EscalationPolicy],
        query=query(
            ("escalation_chain_id", escalation_chain_id), ("page", page), ("perpage", perpage)
        ),
    )


CREATE_ESCALATION_POLICY: Final = Operation(
    id="create_escalation_policy",
    method="POST",
    path="escalation_policies/",
    permission="grafana-irm-app.escalation-chains:write",
    needs_user=False,
    success=201,
    retry="never",
    check="list the policies of the chain.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/escalation_policies/",
)


def create_escalation_policy(body: EscalationPolicyCreate) -> Request[EscalationPolicy]:
    """Add a step to an escalation chain.

    `POST /api/v1/escalation_policies/`

    Without a `position` it becomes the last one; with one, those from there on move by one.

    Not idempotent: a repeat adds the step once more.
    """
    return Request(
        operation=CREATE_ESCALATION_POLICY,
        path="escalation_policies/",
        returns=EscalationPolicy,
        body=body,
    )


GET_ESCALATION_POLICY: Final = Operation(
    id="get_escalation_policy",
    method="GET",
    path="escalation_policies/{escalation_policy_id}/",
    permission="grafana-irm-app.escalation-chains:read",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/escalation_policies/",
)


def get_escalation_policy(
    escalation_policy_id: str | EscalationPolicy,
) -> Request[EscalationPolicy]:
    """Get one escalation policy.

    `GET /api/v1/escalation_policies/{escalation_policy_id}/`
    """
    return Request(
        operation=GET_ESCALATION_POLICY,
        path=f"escalation_policies/{segment('escalation_policy_id', escalation_policy_id, ID, EscalationPolicy)}/",
        returns=EscalationPolicy,
    )


UPDATE_ESCALATION_POLICY: Final = Operation(
    id="update_escalation_policy",
    method="PUT",
    path="escalation_policies/{escalation_policy_id}/",
    permission="grafana-irm-app.escalation-chains:write",
    needs_user=False,
    success=200,
    retry="same",
    check="read the policy and compare.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/escalation_policies/",
)


def update_escalation_policy(
    escalation_policy_id: str | EscalationPolicy, body: EscalationPolicyUpdate
) -> Request[EscalationPolicy]:
    """Change the members that are given, and keep the others.

    `PUT /api/v1/escalation_policies/{escalation_policy_id}/`

    The server ignores members that the type of the step does not have. A `type` clears the
    members that it does not have; without `important`, it makes the step unimportant.

    A `position` moves the step there, and those between by one. The server can also swap two
    steps (`manual_order`); that is not offered, because a repeat would swap them back.

    The open-source engine hides a `notify_person_next_each_time` that is important: it stays in
    the chain, and the API can neither show nor delete it. So the SDK reads the policy, and the
    users to see what server it is, before it makes such a step important.
    """
    return Request(
        operation=UPDATE_ESCALATION_POLICY,
        path=f"escalation_policies/{segment('escalation_policy_id', escalation_policy_id, ID, EscalationPolicy)}/",
        returns=EscalationPolicy,
        body=body,
    )


DELETE_ESCALATION_POLICY: Final = Operation(
    id="delete_escalation_policy",
    method="DELETE",
    path="escalation_policies/{escalation_policy_id}/",
    permission="grafana-irm-app.escalation-chains:write",
    needs_user=False,
    success=204,
    retry="missing",
    check="read the policy; NotFound means that it is deleted.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/escalation_policies/",
)


def delete_escalation_policy(escalation_policy_id: str | EscalationPolicy) -> Request[None]:
    """Remove a step from its escalation chain.

    `DELETE /api/v1/escalation_policies/{escalation_policy_id}/`

    The others keep their positions.
    """
    return Request(
        operation=DELETE_ESCALATION_POLICY,
        path=f"escalation_policies/{segment('escalation_policy_id', escalation_policy_id, ID, EscalationPolicy)}/",
        returns=type(None),
    )
