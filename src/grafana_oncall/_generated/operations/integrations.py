# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""One pure builder per operation: arguments in, a request out. Nothing is sent here."""

from __future__ import annotations

from typing import Final

from grafana_oncall._core.request import Operation, Page, Request, query, segment
from grafana_oncall._core.types import UNSET, UnsetType

from ..constraints import ID
from ..models.integrations import (
    Integration,
    IntegrationCreate,
    IntegrationUpdate,
    MaintenanceStart,
)

LIST_INTEGRATIONS: Final = Operation(
    id="list_integrations",
    method="GET",
    path="integrations/",
    permission="grafana-irm-app.integrations:read",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/integrations/",
)


def list_integrations(
    *,
    name: str | UnsetType = UNSET,
    team_id: str | UnsetType = UNSET,
    page: int | UnsetType = UNSET,
    perpage: int | UnsetType = UNSET,
) -> Request[Page[Integration]]:
    """List integrations.

    `GET /api/v1/integrations/`

    The open-source engine fails with 500 if `team_id` is given.
    """
    return Request(
        operation=LIST_INTEGRATIONS,
        path="integrations/",
        returns=Page[Integration],
        query=query(("name", name), ("team_id", team_id), ("page", page), ("perpage", perpage)),
    )


CREATE_INTEGRATION: Final = Operation(
    id="create_integration",
    method="POST",
    path="integrations/",
    permission="grafana-irm-app.integrations:write",
    needs_user=False,
    success=201,
    retry="never",
    check="list the integrations with this name.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/integrations/",
)


def create_integration(body: IntegrationCreate) -> Request[Integration]:
    """Create an integration.

    `POST /api/v1/integrations/`

    Not idempotent: a repeat creates another one.

    The result shows what the server kept: the open-source engine ignores labels.
    """
    return Request(
        operation=CREATE_INTEGRATION, path="integrations/", returns=Integration, body=body
    )


GET_INTEGRATION: Final = Operation(
    id="get_integration",
    method="GET",
    path="integrations/{integration_id}/",
    permission="grafana-irm-app.integrations:read",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/integrations/",
)


def get_integration(integration_id: str | Integration) -> Request[Integration]:
    """Get one integration.

    `GET /api/v1/integrations/{integration_id}/`
    """
    return Request(
        operation=GET_INTEGRATION,
        path=f"integrations/{segment('integration_id', integration_id, ID, Integration)}/",
        returns=Integration,
    )


UPDATE_INTEGRATION: Final = Operation(
    id="update_integration",
    method="PUT",
    path="integrations/{integration_id}/",
    permission="grafana-irm-app.integrations:write",
    needs_user=False,
    success=200,
    retry="same",
    check="read the integration and compare.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/integrations/",
)


def update_integration(
    integration_id: str | Integration, body: IntegrationUpdate
) -> Request[Integration]:
    """Change the members that are given, and keep the others.

    `PUT /api/v1/integrations/{integration_id}/`

    In `templates`, null resets a template or a whole block to its default, and members that are
    absent keep their values. The type of an integration cannot be changed.
    """
    return Request(
        operation=UPDATE_INTEGRATION,
        path=f"integrations/{segment('integration_id', integration_id, ID, Integration)}/",
        returns=Integration,
        body=body,
    )


DELETE_INTEGRATION: Final = Operation(
    id="delete_integration",
    method="DELETE",
    path="integrations/{integration_id}/",
    permission="grafana-irm-app.integrations:write",
    needs_user=False,
    success=204,
    retry="missing",
    check="read the integration; NotFound means that it is deleted.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/integrations/",
)


def delete_integration(integration_id: str | Integration) -> Request[None]:
    """Delete an integration.

    `DELETE /api/v1/integrations/{integration_id}/`

    It stops receiving alerts; its alert groups are kept.
    """
    return Request(
        operation=DELETE_INTEGRATION,
        path=f"integrations/{segment('integration_id', integration_id, ID, Integration)}/",
        returns=type(None),
    )


START_INTEGRATION_MAINTENANCE: Final = Operation(
    id="start_integration_maintenance",
    method="POST",
    path="integrations/{integration_id}/maintenance_start/",
    permission="grafana-irm-app.integrations:write",
    needs_user=False,
    success=200,
    retry="already",
    check="read the integration; maintenance_mode is null outside of a maintenance.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/integrations/",
)


def start_integration_maintenance(
    integration_id: str | Integration, body: MaintenanceStart
) -> Request[Integration]:
    """Start the maintenance of an integration, which ends by itself.

    `POST /api/v1/integrations/{integration_id}/maintenance_start/`

    While it lasts, new alert groups are not escalated; older ones still are. With
    `maintenance`, new ones are also attached to one maintenance group: resolving that one ends
    the maintenance, and the end of the maintenance resolves them all.
    """
    return Request(
        operation=START_INTEGRATION_MAINTENANCE,
        path=f"integrations/{segment('integration_id', integration_id, ID, Integration)}/maintenance_start/",
        returns=Integration,
        body=body,
    )


STOP_INTEGRATION_MAINTENANCE: Final = Operation(
    id="stop_integration_maintenance",
    method="POST",
    path="integrations/{integration_id}/maintenance_stop/",
    permission="grafana-irm-app.integrations:write",
    needs_user=False,
    success=200,
    retry="same",
    check="read the integration; maintenance_mode is null outside of a maintenance.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/integrations/",
)


def stop_integration_maintenance(integration_id: str | Integration) -> Request[Integration]:
    """End the maintenance of an integration, if it is in maintenance.

    `POST /api/v1/integrations/{integration_id}/maintenance_stop/`
    """
    return Request(
        operation=STOP_INTEGRATION_MAINTENANCE,
        path=f"integrations/{segment('integration_id', integration_id, ID, Integration)}/maintenance_stop/",
        returns=Integration,
    )
