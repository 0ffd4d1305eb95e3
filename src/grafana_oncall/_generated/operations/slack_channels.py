# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""One pure builder per operation: arguments in, a request out. Nothing is sent here."""

from __future__ import annotations

from typing import Final

from grafana_oncall._core.request import Operation, Page, Request, query
from grafana_oncall._core.types import UNSET, UnsetType

from ..models.slack_channels import SlackChannel

LIST_SLACK_CHANNELS: Final = Operation(
    id="list_slack_channels",
    method="GET",
    path="slack_channels/",
    permission="grafana-irm-app.chatops:read",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/slack_channels/",
)


def list_slack_channels(
    *,
    channel_name: str | UnsetType = UNSET,
    page: int | UnsetType = UNSET,
    perpage: int | UnsetType = UNSET,
) -> Request[Page[SlackChannel]]:
    """List Slack channels.

    `GET /api/v1/slack_channels/`

    Archived channels are left out. Without Slack, there are none.
    """
    return Request(
        operation=LIST_SLACK_CHANNELS,
        path="slack_channels/",
        returns=Page[SlackChannel],
        query=query(("channel_name", channel_name), ("page", page), ("perpage", perpage)),
    )
