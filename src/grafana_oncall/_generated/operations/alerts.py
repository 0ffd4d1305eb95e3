# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""One pure builder per operation: arguments in, a request out. Nothing is sent here."""

from __future__ import annotations

from typing import Final

from grafana_oncall._core.request import Operation, Page, Request, query
from grafana_oncall._core.types import UNSET, UnsetType

from ..models.alert_groups import Alert

LIST_ALERTS: Final = Operation(
    id="list_alerts",
    method="GET",
    path="alerts/",
    permission="grafana-irm-app.alert-groups:read",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/alerts/",
)


def list_alerts(
    *,
    id: str | UnsetType = UNSET,
    alert_group_id: str | UnsetType = UNSET,
    search: str | UnsetType = UNSET,
    page: int | UnsetType = UNSET,
    perpage: int | UnsetType = UNSET,
) -> Request[Page[Alert]]:
    """List alerts, newest first.

    `GET /api/v1/alerts/`

    There is no filter by time or state; without `alert_group_id`, the alerts of all groups are
    listed. After a wipe of the group, payloads are empty.
    """
    return Request(
        operation=LIST_ALERTS,
        path="alerts/",
        returns=Page[Alert],
        query=query(
            ("id", id),
            ("alert_group_id", alert_group_id),
            ("search", search),
            ("page", page),
            ("perpage", perpage),
        ),
    )
