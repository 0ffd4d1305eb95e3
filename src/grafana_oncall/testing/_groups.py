"""Alert groups: list, get, delete, and how an answer shows one."""

from __future__ import annotations

from typing import Any

from grafana_oncall.testing._answers import (
    FakeResponse,
    answer_empty,
    answer_json,
    not_found,
    refused,
)
from grafana_oncall.testing._clock import stamp
from grafana_oncall.testing._context import Context
from grafana_oncall.testing._fields import is_mapping
from grafana_oncall.testing._filters import select_groups
from grafana_oncall.testing._pages import answer_page
from grafana_oncall.testing._state import FakeAlertGroup


def find_group(context: Context) -> FakeAlertGroup:
    """The group that the path names, or the JSON 404."""
    group = context.world.groups.get(context.id)
    if group is None:
        raise not_found()
    return group


def show_label(key: str, value: str) -> dict[str, Any]:
    """A label as answers show it: on Cloud an id is the name."""
    return {"key": {"id": key, "name": key}, "value": {"id": value, "name": value}}


def show_group(group: FakeAlertGroup) -> dict[str, Any]:
    """A group as answers show it, in the list and alone alike."""
    return {
        "id": group.id,
        "integration_id": group.integration_id,
        "team_id": group.team_id,
        "route_id": group.route_id,
        "alerts_count": group.alerts_count,
        "state": group.state,
        "created_at": stamp(group.started_at),
        "resolved_at": stamp(group.resolved_at),
        "resolved_by": group.resolved_by,
        "acknowledged_at": stamp(group.acknowledged_at),
        "acknowledged_by": group.acknowledged_by,
        "labels": [show_label(key, value) for key, value in group.labels],
        "title": group.title,
        "permalinks": group.permalinks,
        "silenced_at": stamp(group.silenced_at),
        "last_alert": _show_alert(group) if group.alerts_count else None,
    }


def _show_alert(group: FakeAlertGroup) -> dict[str, Any]:
    return {
        "id": group.last_alert_id,
        "alert_group_id": group.id,
        "created_at": stamp(group.last_alert_at),
        "payload": group.payload,
    }


def list_groups(context: Context) -> FakeResponse:
    """A page of the groups that pass the filters."""
    return answer_page(context, select_groups(context), show_group)


def get_group(context: Context) -> FakeResponse:
    """One group."""
    return answer_json(200, show_group(find_group(context)))


def delete_group(context: Context) -> FakeResponse:
    """Ask for a wipe or a deletion; both happen later."""
    group = find_group(context)
    body = context.data()
    if not is_mapping(body):
        raise refused(400, "A dict with a `mode` key is expected")
    mode = body.get("mode", "wipe")
    if mode == "delete":
        group.delete_requested_at = group.delete_requested_at or context.now
    elif mode == "wipe":
        group.wipe_requested_at = group.wipe_requested_at or context.now
    else:
        raise refused(400, "Invalid mode")
    return answer_empty(204)
