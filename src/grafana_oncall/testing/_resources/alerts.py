"""The alerts of groups: those that arrived, or what a group of a test says of itself."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any

from grafana_oncall.testing._server.context import Context, Operation, page_response
from grafana_oncall.testing._server.responses import FakeResponse, as_json
from grafana_oncall.testing._server.state import FakeAlert, FakeAlertGroup
from grafana_oncall.testing.clock import stamp


def list_alerts(context: Context) -> FakeResponse:
    """List the alerts that match the filters, newest first."""
    wanted, text = context.last("id"), context.last("search").casefold()
    found = [
        (group, alert)
        for group in _groups(context)
        for alert in _alerts(group)
        if wanted in {"", alert.id} and (not text or text in _as_text(alert.payload))
    ]
    newest_first = sorted(found, key=lambda pair: pair[1].created_at, reverse=True)
    return page_response(context, newest_first, _show)


def _groups(context: Context) -> list[FakeAlertGroup]:
    wanted = context.last("alert_group_id")
    return [group for group in context.world.groups.listed(None) if wanted in {"", group.id}]


def _alerts(group: FakeAlertGroup) -> Iterable[FakeAlert]:
    """Return those that arrived; without any, as many as the group says, evenly spread."""
    if group.alerts:
        return reversed(group.alerts)
    return map(partial(_alert, group), range(group.alerts_count))


def _alert(group: FakeAlertGroup, number: int) -> FakeAlert:
    """Return an alert that follows from its group, by its number from 0 for the last one."""
    span = group.last_alert_at - group.started_at
    return FakeAlert(
        id=f"{group.last_alert_id}{number or ''}",
        created_at=group.last_alert_at - span * number / max(1, group.alerts_count - 1),
        payload=group.payload,
    )


def _as_text(payload: Any) -> str:
    return json.dumps(payload, ensure_ascii=False).casefold()


def alert_times(group: FakeAlertGroup) -> list[datetime]:
    """Return when the alerts of a group arrived, the last one first."""
    return [alert.created_at for alert in _alerts(group)]


def _show(pair: tuple[FakeAlertGroup, FakeAlert]) -> str:
    group, alert = pair
    shown = {"id": alert.id, "alert_group_id": group.id, "created_at": stamp(alert.created_at)}
    return as_json({**shown, "payload": alert.payload})


OPERATIONS = (Operation("list_alerts", "GET", "alerts", "viewer", list_alerts),)
