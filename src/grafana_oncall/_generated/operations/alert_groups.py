# Written by `make codegen` from openapi.yaml. Do not edit.
# ruff: noqa: TID252
"""One pure builder per operation: arguments in, a request out. Nothing is sent here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from grafana_oncall._core.request import Operation, Page, Request, query, segment
from grafana_oncall._core.types import UNSET, UnsetType

from ..constraints import ID
from ..models.alert_groups import AlertGroup, AlertGroupDelete, AlertGroupSilence
from ..models.labels import AttachedLabelInput, Label, LabelInput

LIST_ALERT_GROUPS: Final = Operation(
    id="list_alert_groups",
    method="GET",
    path="alert_groups/",
    permission="grafana-irm-app.alert-groups:read",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/alertgroups/",
)


def list_alert_groups(
    *,
    id: str | UnsetType = UNSET,
    route_id: str | UnsetType = UNSET,
    integration_id: str | UnsetType = UNSET,
    team_id: str | UnsetType = UNSET,
    label: Sequence[str] | UnsetType = UNSET,
    started_at: str | UnsetType = UNSET,
    search: str | UnsetType = UNSET,
    state: Literal["new", "acknowledged", "resolved", "silenced"] | UnsetType = UNSET,
    page: int | UnsetType = UNSET,
    perpage: int | UnsetType = UNSET,
) -> Request[Page[AlertGroup]]:
    """List alert groups, newest first.

    `GET /api/v1/alert_groups/`

    Groups must match all filters. Without `started_at`, Grafana Cloud looks back only 30 days.
    Attached groups, maintenance groups and groups of deleted integrations are listed as well.
    """
    return Request(
        operation=LIST_ALERT_GROUPS,
        path="alert_groups/",
        returns=Page[AlertGroup],
        query=query(
            ("id", id),
            ("route_id", route_id),
            ("integration_id", integration_id),
            ("team_id", team_id),
            ("label", label),
            ("started_at", started_at),
            ("search", search),
            ("state", state),
            ("page", page),
            ("perpage", perpage),
        ),
    )


GET_ALERT_GROUP: Final = Operation(
    id="get_alert_group",
    method="GET",
    path="alert_groups/{alert_group_id}/",
    permission="grafana-irm-app.alert-groups:read",
    needs_user=False,
    success=200,
    retry="safe",
    check="look at what the server holds.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/alertgroups/",
)


def get_alert_group(alert_group_id: str | AlertGroup) -> Request[AlertGroup]:
    """Get one alert group.

    `GET /api/v1/alert_groups/{alert_group_id}/`
    """
    return Request(
        operation=GET_ALERT_GROUP,
        path=f"alert_groups/{segment('alert_group_id', alert_group_id, ID, AlertGroup)}/",
        returns=AlertGroup,
    )


DELETE_ALERT_GROUP: Final = Operation(
    id="delete_alert_group",
    method="DELETE",
    path="alert_groups/{alert_group_id}/",
    permission="grafana-irm-app.alert-groups:write",
    needs_user=False,
    success=204,
    retry="missing",
    check="read the group; NotFound, or no title after a wipe, means that it is done.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/alertgroups/",
)


def delete_alert_group(
    alert_group_id: str | AlertGroup, body: AlertGroupDelete | UnsetType = UNSET
) -> Request[None]:
    """Wipe or delete an alert group.

    `DELETE /api/v1/alert_groups/{alert_group_id}/`

    The server does it later; read the group to find out whether it is done.
    """
    return Request(
        operation=DELETE_ALERT_GROUP,
        path=f"alert_groups/{segment('alert_group_id', alert_group_id, ID, AlertGroup)}/",
        returns=type(None),
        body=body,
    )


ACKNOWLEDGE_ALERT_GROUP: Final = Operation(
    id="acknowledge_alert_group",
    method="POST",
    path="alert_groups/{alert_group_id}/acknowledge/",
    permission="grafana-irm-app.alert-groups:write",
    needs_user=True,
    success=200,
    retry="already",
    check="read the group and check its state.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/alertgroups/",
)


def acknowledge_alert_group(alert_group_id: str | AlertGroup) -> Request[None]:
    """Acknowledge an alert group.

    `POST /api/v1/alert_groups/{alert_group_id}/acknowledge/`

    Stops the escalation, and ends a silence. Attached groups are acknowledged as well.
    """
    return Request(
        operation=ACKNOWLEDGE_ALERT_GROUP,
        path=f"alert_groups/{segment('alert_group_id', alert_group_id, ID, AlertGroup)}/acknowledge/",
        returns=type(None),
    )


UNACKNOWLEDGE_ALERT_GROUP: Final = Operation(
    id="unacknowledge_alert_group",
    method="POST",
    path="alert_groups/{alert_group_id}/unacknowledge/",
    permission="grafana-irm-app.alert-groups:write",
    needs_user=True,
    success=200,
    retry="already",
    check="read the group and check its state.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/alertgroups/",
)


def unacknowledge_alert_group(alert_group_id: str | AlertGroup) -> Request[None]:
    """Unacknowledge an alert group.

    `POST /api/v1/alert_groups/{alert_group_id}/unacknowledge/`

    Ten seconds later, its escalation begins again with the first step.
    """
    return Request(
        operation=UNACKNOWLEDGE_ALERT_GROUP,
        path=f"alert_groups/{segment('alert_group_id', alert_group_id, ID, AlertGroup)}/unacknowledge/",
        returns=type(None),
    )


RESOLVE_ALERT_GROUP: Final = Operation(
    id="resolve_alert_group",
    method="POST",
    path="alert_groups/{alert_group_id}/resolve/",
    permission="grafana-irm-app.alert-groups:write",
    needs_user=True,
    success=200,
    retry="already",
    check="read the group and check its state.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/alertgroups/",
)


def resolve_alert_group(alert_group_id: str | AlertGroup) -> Request[None]:
    """Resolve an alert group.

    `POST /api/v1/alert_groups/{alert_group_id}/resolve/`

    Stops the escalation, and ends a silence. Resolving a maintenance group ends the
    maintenance.
    """
    return Request(
        operation=RESOLVE_ALERT_GROUP,
        path=f"alert_groups/{segment('alert_group_id', alert_group_id, ID, AlertGroup)}/resolve/",
        returns=type(None),
    )


UNRESOLVE_ALERT_GROUP: Final = Operation(
    id="unresolve_alert_group",
    method="POST",
    path="alert_groups/{alert_group_id}/unresolve/",
    permission="grafana-irm-app.alert-groups:write",
    needs_user=True,
    success=200,
    retry="already",
    check="read the group and check its state.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/alertgroups/",
)


def unresolve_alert_group(alert_group_id: str | AlertGroup) -> Request[None]:
    """Unresolve an alert group, so that it is firing again.

    `POST /api/v1/alert_groups/{alert_group_id}/unresolve/`

    Ten seconds later, its escalation begins again with the first step. No new alert joins it: a
    new group is made instead. A wiped group stays resolved, although the server reports
    success.
    """
    return Request(
        operation=UNRESOLVE_ALERT_GROUP,
        path=f"alert_groups/{segment('alert_group_id', alert_group_id, ID, AlertGroup)}/unresolve/",
        returns=type(None),
    )


SILENCE_ALERT_GROUP: Final = Operation(
    id="silence_alert_group",
    method="POST",
    path="alert_groups/{alert_group_id}/silence/",
    permission="grafana-irm-app.alert-groups:write",
    needs_user=True,
    success=200,
    retry="never",
    check="read the group; silenced_at says when it was last silenced.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/alertgroups/",
)


def silence_alert_group(alert_group_id: str | AlertGroup, body: AlertGroupSilence) -> Request[None]:
    """Silence an alert group for some time, or forever.

    `POST /api/v1/alert_groups/{alert_group_id}/silence/`

    Stops the escalation until the silence ends. Not idempotent: silencing a silenced group
    restarts its timer, so when no response comes, it is not retried but raises
    `OutcomeUnknown`.
    """
    return Request(
        operation=SILENCE_ALERT_GROUP,
        path=f"alert_groups/{segment('alert_group_id', alert_group_id, ID, AlertGroup)}/silence/",
        returns=type(None),
        body=body,
    )


UNSILENCE_ALERT_GROUP: Final = Operation(
    id="unsilence_alert_group",
    method="POST",
    path="alert_groups/{alert_group_id}/unsilence/",
    permission="grafana-irm-app.alert-groups:write",
    needs_user=True,
    success=200,
    retry="already",
    check="read the group and check its state.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/alertgroups/",
)


def unsilence_alert_group(alert_group_id: str | AlertGroup) -> Request[None]:
    """End the silence of an alert group.

    `POST /api/v1/alert_groups/{alert_group_id}/unsilence/`

    Ten seconds later, its escalation begins again with the first step.
    """
    return Request(
        operation=UNSILENCE_ALERT_GROUP,
        path=f"alert_groups/{segment('alert_group_id', alert_group_id, ID, AlertGroup)}/unsilence/",
        returns=type(None),
    )


ADD_ALERT_GROUP_LABEL: Final = Operation(
    id="add_alert_group_label",
    method="POST",
    path="alert_groups/{alert_group_id}/labels/",
    permission="grafana-irm-app.alert-groups:write",
    needs_user=False,
    success=201,
    retry="already",
    check="read the group and check its labels.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/alertgroups/",
)


def add_alert_group_label(alert_group_id: str | AlertGroup, body: LabelInput) -> Request[Label]:
    """Attach a label to an alert group.

    `POST /api/v1/alert_groups/{alert_group_id}/labels/`

    Key and value must exist on the server. Grafana Cloud only: the open-source engine has no
    such route.
    """
    return Request(
        operation=ADD_ALERT_GROUP_LABEL,
        path=f"alert_groups/{segment('alert_group_id', alert_group_id, ID, AlertGroup)}/labels/",
        returns=Label,
        body=body,
    )


REMOVE_ALERT_GROUP_LABEL: Final = Operation(
    id="remove_alert_group_label",
    method="POST",
    path="alert_groups/{alert_group_id}/labels/remove/",
    permission="grafana-irm-app.alert-groups:write",
    needs_user=False,
    success=204,
    retry="missing",
    check="read the group and check its labels.",
    docs="https://grafana.com/docs/grafana-cloud/observe-and-act/respond-to-incidents/reference/oncall-api/alertgroups/",
)


def remove_alert_group_label(
    alert_group_id: str | AlertGroup, body: AttachedLabelInput
) -> Request[None]:
    """Remove a label from an alert group.

    `POST /api/v1/alert_groups/{alert_group_id}/labels/remove/`

    Grafana Cloud only, as for adding one.
    """
    return Request(
        operation=REMOVE_ALERT_GROUP_LABEL,
        path=f"alert_groups/{segment('alert_group_id', alert_group_id, ID, AlertGroup)}/labels/remove/",
        returns=type(None),
        body=body,
    )
