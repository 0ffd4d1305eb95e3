# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""One pure builder per operation: arguments in, a request out. Nothing is sent here."""

from __future__ import annotations

from typing import Final

from grafana_oncall._core.request import Operation, Page, Request, query
from grafana_oncall._core.types import UNSET, UnsetType

from ..models.user_groups import UserGroup

LIST_USER_GROUPS: Final = Operation(
    id="list_user_groups",
    method="GET",
    path="user_groups/",
    permission="grafana-irm-app.chatops:read",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/user_groups/",
)


def list_user_groups(
    *,
    slack_handle: str | UnsetType = UNSET,
    page: int | UnsetType = UNSET,
    perpage: int | UnsetType = UNSET,
) -> Request[Page[UserGroup]]:
    """List user groups.

    `GET /api/v1/user_groups/`

    Without Slack, there are none.
    """
    return Request(
        operation=LIST_USER_GROUPS,
        path="user_groups/",
        returns=Page[UserGroup],
        query=query(("slack_handle", slack_handle), ("page", page), ("perpage", perpage)),
    )
