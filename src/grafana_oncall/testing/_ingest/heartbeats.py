"""Heartbeats: the server makes an alert when they stop, and resolves it when they are back.

It looks every two minutes, so an alert comes up to two minutes after the timeout of ten.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from grafana_oncall.testing._server.agenda import Name
from grafana_oncall.testing._server.state import FakeIntegration
from grafana_oncall.testing._server.world import World

from .receive import receive

KIND = "heartbeat"
_TIMEOUT = timedelta(seconds=600)
_EVERY = timedelta(minutes=2)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UID = "7973c835-ff3f-46e4-9444-06df127b6f8e"
_ALERTMANAGER = "OnCallHeartBeatMissing"


def beat(world: World, integration: FakeIntegration, at: datetime) -> None:
    """Take in a heartbeat, and plan the next look."""
    integration.heartbeat_at = at
    _plan(world, integration, at if integration.heartbeat_is_missing else at + _TIMEOUT)


def check(world: World, name: Name, at: datetime) -> None:
    """Make the alert that a heartbeat is missing, or the one that it is back."""
    integration = world.store(FakeIntegration).get(name[1])
    if integration is None or integration.heartbeat_at is None:
        return
    integration.heartbeat_is_missing = not integration.heartbeat_is_missing
    missing = integration.heartbeat_is_missing
    receive(world, integration, _payload(integration.type, missing=missing), at)
    if not missing:
        _plan(world, integration, integration.heartbeat_at + _TIMEOUT)


def _plan(world: World, integration: FakeIntegration, at: datetime) -> None:
    looks = -((_EPOCH - at) // _EVERY)  # rounded up
    world.agenda.put((KIND, integration.id), _EPOCH + looks * _EVERY)


def _payload(type: str, *, missing: bool) -> dict[str, Any]:
    if type in {"alertmanager", "legacy_alertmanager"}:
        return _alertmanager_body("firing" if missing else "resolved")
    name = type.replace("_", " ").title()
    payload = {
        "alert_uid": _UID,
        "title": f"{name} heartbeat {'is missing' if missing else 'restored'}",
        "state": "alerting" if missing else "ok",
        "message": f"Grafana OnCall was waiting for a heartbeat from {name} and one was "
        f"{'not received' if missing else 'received'}.",
        "is_oncall_heartbeat": True,
        "is_oncall_heartbeat_restored": not missing,
        "is_amixr_heartbeat": True,
        "is_amixr_heartbeat_restored": not missing,
    }
    more = {"image_url": None, "link_to_upstream_details": None} if type == "zabbix" else {}
    return {**payload, **more}


def _alertmanager_body(status: str) -> dict[str, Any]:
    labels = {"alertname": _ALERTMANAGER}
    return {
        "receiver": "",
        "status": status,
        "alerts": [{"status": status, "labels": labels, "annotations": {}}],
        "groupLabels": labels,
        "commonLabels": labels,
        "commonAnnotations": {},
        "externalURL": "",
        "version": "4",
        "groupKey": f'{{}}:{{alertname="{_ALERTMANAGER}"}}',
        "truncatedAlerts": 0,
        "numFiring": int(status == "firing"),
        "numResolved": int(status == "resolved"),
    }
