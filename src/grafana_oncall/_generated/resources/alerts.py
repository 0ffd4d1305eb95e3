# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""Facade of alerts: a method for each operation."""

from __future__ import annotations

from grafana_oncall._listing.pager import DEFAULT_PREFETCH, Pager
from grafana_oncall._listing.resource import Resource
from grafana_oncall._validation import arguments

from ..models.alert_groups import Alert
from ..operations import alerts as operations


class Alerts(Resource):
    """The alerts that groups are made of. The API only lists them.

    Nothing is sent by `list` until it is iterated. All methods raise `InvalidArgument` before
    anything is sent, `StatusError` for an error response, `TransportError` if there is no response,
    `DecodeError` for a response that is not what the API promises, and `ClientStateError` when the
    client is closed.

    API page: https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/alerts/
    """

    def list(
        self,
        *,
        id: str | None = None,
        alert_group_id: str | None = None,
        search: str | None = None,
        perpage: int | None = None,
        prefetch: int = DEFAULT_PREFETCH,
    ) -> Pager[Alert]:
        """List alerts, newest first.

        There is no filter by time or state; without `alert_group_id`, the alerts of all groups
        are listed. After a wipe of the group, payloads are empty.

        Args:
            id: Id of the alert; an unknown one matches nothing.
            alert_group_id: Id of the alert group; an unknown one has no alerts.
            search: Part of the payload as JSON text; case does not matter. The server scans
                all alerts, which is slow without `alert_group_id`.
            perpage: Items on a page. Undocumented: servers use their own number without it,
                and may ignore it.
            prefetch: Pages to request ahead, once the second page is requested; up to as many
                more may be buffered. 0 to 64; 0 requests none ahead.
        """
        request = operations.list_alerts(
            id=arguments.identifier("id", id),
            alert_group_id=arguments.identifier("alert_group_id", alert_group_id),
            search=arguments.text_filter("search", search),
            perpage=arguments.optional_whole("perpage", perpage),
        )
        return self._list(request, prefetch)
