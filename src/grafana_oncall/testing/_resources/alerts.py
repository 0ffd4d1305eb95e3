"""The alerts of the groups, which follow from what a group says of itself, and are not kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from grafana_oncall.testing._server.context import Context, Operation, page_response
from grafana_oncall.testing._server.responses import FakeResponse, as_json
from grafana_oncall.testing._server.state import FakeAlertGroup
from grafana_oncall.testing.clock import stamp

_Alert: TypeAlias = tuple[FakeAlertGroup, int]
"""A group, and the number of the alert in it, from 0 for its last one."""


def list_alerts(context: Context) -> FakeResponse:
    """List the alerts that match the filters, newest first."""
    passes, wanted = _group_test(context), context.last("id")
    groups = [group for group in context.world.groups.listed(None) if passes(group)]
    found = [(group, number) for group in groups for number in range(group.alerts_count)]
    found = [alert for alert in found if not wanted or _id(alert) == wanted]
    return page_response(context, sorted(found, key=_created_at, reverse=True), _show)


def _group_test(context: Context) -> Callable[[FakeAlertGroup], bool]:
    wanted, text = context.last("alert_group_id"), context.last("search").casefold()
    return lambda group: (
        wanted in {"", group.id}
        and (not text or text in json.dumps(group.payload, ensure_ascii=False).casefold())
    )


def _id(alert: _Alert) -> str:
    group, number = alert
    return f"{group.last_alert_id}{number or ''}"


def _created_at(alert: _Alert) -> datetime:
    """Return a time between the first and the last alert of the group, evenly spread."""
    group, number = alert
    span = group.last_alert_at - group.started_at
    return group.last_alert_at - span * number / max(1, group.alerts_count - 1)


def alert_times(group: FakeAlertGroup) -> list[datetime]:
    """Return when the alerts of a group arrived, the last one first."""
    return [_created_at((group, number)) for number in range(group.alerts_count)]


def _show(alert: _Alert) -> str:
    group, created_at = alert[0], stamp(_created_at(alert))
    shown = {"id": _id(alert), "alert_group_id": group.id, "created_at": created_at}
    return as_json({**shown, "payload": group.payload})


OPERATIONS = (Operation("list_alerts", "GET", "alerts", "viewer", list_alerts),)
