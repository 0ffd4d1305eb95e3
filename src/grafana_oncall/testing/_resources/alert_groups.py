"""Alert groups: list, get, delete, and how an answer shows one."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any

from grafana_oncall.testing._server.context import Context
from grafana_oncall.testing._server.fields import is_mapping
from grafana_oncall.testing._server.pages import answer_page
from grafana_oncall.testing._server.responses import (
    FakeResponse,
    answer_empty,
    answer_text,
    as_json,
    json_object,
    not_found,
    refused,
)
from grafana_oncall.testing._server.state import FakeAlertGroup
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


def find_group(context: Context) -> FakeAlertGroup:
    """The group that the path names, or the JSON 404."""
    group = context.world.groups.get(context.id)
    if group is None:
        raise not_found()
    return group


def show_label(key: str, value: str) -> dict[str, Any]:
    """A label as answers show it: on Cloud an id is the name."""
    return {"key": {"id": key, "name": key}, "value": {"id": value, "name": value}}


def show_group(group: FakeAlertGroup) -> str:
    """A group as answers show it, in the list and alone alike, as JSON text."""
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
    """A page of the groups that pass the filters."""
    return answer_page(context, select_groups(context), show_group)


def get_group(context: Context) -> FakeResponse:
    """One group."""
    return answer_text(200, show_group(find_group(context)))


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
