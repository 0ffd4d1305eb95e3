"""Alert groups: list, get and delete them, and the two routes for their labels."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache, partial
from json.encoder import encode_basestring
from typing import Any

from grafana_oncall.testing._server.context import Context, page_response
from grafana_oncall.testing._server.fields import as_named, checked, is_mapping
from grafana_oncall.testing._server.responses import (
    FakeResponse,
    as_json,
    detail,
    empty_response,
    json_object,
    json_response,
    not_found,
    refused,
    text_response,
)
from grafana_oncall.testing._server.state import FakeAlertGroup
from grafana_oncall.testing._server.world import World
from grafana_oncall.testing.clock import stamp

from .filters import select_groups

_GROUP = json_object(
    "id",
    "integration_id",
    "team_id",
    "route_id",
    "alerts_count",
    "state",
    "created_at",
    "resolved_at",
    "resolved_by",
    "acknowledged_at",
    "acknowledged_by",
    "labels",
    "title",
    "permalinks",
    "silenced_at",
    "last_alert",
)
_ALERT = json_object("id", "alert_group_id", "created_at", "payload")
_MOST_LABELS = 50


def find_group(context: Context) -> FakeAlertGroup:
    """Return the group of the path, or raise the JSON 404."""
    group = context.world.groups.get(context.id)
    if group is None:
        raise not_found()
    return group


def show_label(key: str, value: str) -> dict[str, Any]:
    """Return a label as in responses; on Cloud, its ids are its names."""
    return {"key": {"id": key, "name": key}, "value": {"id": value, "name": value}}


def show_group(group: FakeAlertGroup) -> str:
    """Return a group as in all responses, as JSON."""
    return _GROUP % (
        _text(group.id),
        _text(group.integration_id),
        _text(group.team_id),
        _text(group.route_id),
        group.alerts_count,
        _text(group.state),
        _moment(group.started_at),
        _moment(group.resolved_at),
        _text(group.resolved_by),
        _moment(group.acknowledged_at),
        _text(group.acknowledged_by),
        f"[{','.join(map(_label, group.labels))}]",
        _text(group.title),
        as_json(group.permalinks),
        _moment(group.silenced_at),
        _show_alert(group) if group.alerts_count else "null",
    )


def show_everything(world: World, group: FakeAlertGroup) -> str:
    """Return a group as in responses, with what only Cloud shows."""
    shown = show_group(group)
    if world.flavour == "oss":
        return shown
    more = {
        "alert_group_number": group.number,
        "root_alert_group_id": group.root and group.root.id,
        "dependent_alert_group_ids": [child.id for child in world.groups.attached(group)],
    }
    return f"{shown[:-1]},{as_json(more)[1:]}"


def _show_alert(group: FakeAlertGroup) -> str:
    return _ALERT % (
        _text(group.last_alert_id),
        _text(group.id),
        _moment(group.last_alert_at),
        as_json(group.payload),
    )


def _text(text: str | None) -> str:
    return "null" if text is None else encode_basestring(text)


def _moment(moment: datetime | None) -> str:
    return "null" if moment is None else f'"{stamp(moment)}"'


@lru_cache(maxsize=4096)
def _label(label: tuple[str, str]) -> str:
    return as_json(show_label(*label))


def list_groups(context: Context) -> FakeResponse:
    """List the groups that match the filters."""
    show = partial(show_everything, context.world)
    return page_response(context, select_groups(context), show)


def get_group(context: Context) -> FakeResponse:
    """Get one group."""
    return text_response(200, show_everything(context.world, find_group(context)))


def delete_group(context: Context) -> FakeResponse:
    """Request a wipe or a deletion; both happen later."""
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
    return empty_response(204)


def _named_label(context: Context) -> tuple[str, str]:
    checks = {"key": as_named, "value": as_named}
    fields = checked(checks, context.data(), required=("key", "value"))
    return fields["key"], fields["value"]


def add_label(context: Context) -> FakeResponse:
    """Add a label of the repository to a group."""
    group = find_group(context)
    key, value = _named_label(context)
    values = context.world.labels.get(key)
    if values is None:
        raise detail(400, f"Label key '{key}' does not exist")
    if value not in values:
        raise detail(400, f"Label value '{value}' does not exist for key '{key}'")
    if (key, value) in group.labels:
        raise detail(400, "Label already exists for this alert group")
    if len(group.labels) >= _MOST_LABELS:
        raise detail(400, f"Alert group already has the maximum number of labels ({_MOST_LABELS})")
    group.labels.append((key, value))
    return json_response(201, show_label(key, value))


def remove_label(context: Context) -> FakeResponse:
    """Remove a label from a group."""
    group = find_group(context)
    label = _named_label(context)
    if label not in group.labels:
        raise detail(404, "Label not found")
    group.labels.remove(label)
    return empty_response(204)
