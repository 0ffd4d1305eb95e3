# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""One pure builder per operation: arguments in, a request out. Nothing is sent here."""

from __future__ import annotations

from typing import Final

from grafana_oncall._core.request import Operation, Request

from ..models.alert_groups import AlertGroup
from ..models.direct_paging import EscalationCreate

PAGE_PEOPLE: Final = Operation(
    id="page_people",
    method="POST",
    path="escalation/",
    permission="grafana-irm-app.alert-groups:direct-paging",
    needs_user=True,
    success=200,
    retry="never",
    check="list the newest alert groups, and do not page again before that.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/escalation/",
)


def page_people(body: EscalationCreate) -> Request[AlertGroup]:
    """Page users or a team, for a new alert group or for one that there is.

    `POST /api/v1/escalation/`
    """
    return Request(operation=PAGE_PEOPLE, path="escalation/", returns=AlertGroup, body=body)
