# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""One pure builder per operation: arguments in, a request out. Nothing is sent here."""

from __future__ import annotations

from typing import Final

from grafana_oncall._core.request import Operation, Request

from ..models.info import StackInfo

GET_INFO: Final = Operation(
    id="get_info",
    method="GET",
    path="info/",
    permission="grafana-irm-app.other-settings:read",
    needs_user=True,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/index/",
)


def get_info() -> Request[StackInfo]:
    """Get the URL of the Grafana stack.

    `GET /api/v1/info/`

    It has its own limit, 100 requests per minute.
    """
    return Request(operation=GET_INFO, path="info/", returns=StackInfo)
