# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""One pure builder per operation: arguments in, a request out. Nothing is sent here."""

from __future__ import annotations

from typing import Final

from grafana_oncall._core.request import Operation, Page, Request, query
from grafana_oncall._core.types import UNSET, UnsetType

from ..models.organizations import Organization

LIST_ORGANIZATIONS: Final = Operation(
    id="list_organizations",
    method="GET",
    path="organizations/",
    permission="grafana-irm-app.other-settings:read",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/organizations/",
)


def list_organizations(
    *, page: int | UnsetType = UNSET, perpage: int | UnsetType = UNSET
) -> Request[Page[Organization]]:
    """List organizations; a token sees only its own.

    `GET /api/v1/organizations/`

    The open-source engine always fails with 500; `current` works there too.
    """
    return Request(
        operation=LIST_ORGANIZATIONS,
        path="organizations/",
        returns=Page[Organization],
        query=query(("page", page), ("perpage", perpage)),
    )


GET_CURRENT_ORGANIZATION: Final = Operation(
    id="get_current_organization",
    method="GET",
    path="organizations/current/",
    permission="grafana-irm-app.other-settings:read",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/organizations/",
)


def get_current_organization() -> Request[Organization]:
    """Get the organization that the token belongs to.

    `GET /api/v1/organizations/current/`

    There is no other to get, because the server ignores the id in the path.
    """
    return Request(
        operation=GET_CURRENT_ORGANIZATION, path="organizations/current/", returns=Organization
    )
