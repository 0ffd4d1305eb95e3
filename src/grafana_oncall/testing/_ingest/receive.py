"""What an alert does on the server: it makes a group or joins one, and may resolve it.

On a real server this follows the response by a fraction of a second; here it is done before it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from operator import attrgetter
from typing import Any

import attrs

from grafana_oncall.testing._objects.routes import FakeRoute
from grafana_oncall.testing._resources.actions import ActionContext, perform
from grafana_oncall.testing._server.index import GroupingKey
from grafana_oncall.testing._server.state import (
    FakeAlert,
    FakeAlertGroup,
    FakeIntegration,
    GroupEvent,
)
from grafana_oncall.testing._server.world import World

from .batches import resolve_soon
from .labels import kept, labels_of
from .payloads import Payloads, is_storable, is_too_deep
from .reading import Reading, read_alert
from .routing import choose


@attrs.frozen(kw_only=True)
class _Arrival:
    """An alert on its way into a group."""

    integration: FakeIntegration
    route_id: str
    payload: Any
    labels: dict[str, str] | None
    """`None` on a server without labels."""
    reading: Reading
    at: datetime

    @property
    def key(self) -> GroupingKey:
        """What it has in common with the other alerts of its group."""
        key = self.reading.key.encode()
        hashed = hashlib.md5(key, usedforsecurity=False).hexdigest() if key else None
        return self.integration.id, self.route_id, hashed


def receive_all(
    world: World, integration: FakeIntegration, payloads: Payloads, at: datetime
) -> list[FakeAlertGroup]:
    """Take in the alerts of a body, and return the group of each that has one."""
    found: list[FakeAlertGroup] = []
    for payload in payloads.alerts:
        group = receive(world, integration, payload, at, by_signal=not payloads.each_has_status)
        if group is not None:
            found.append(group)
            if payloads.each_has_status:
                resolve_soon(world, group, at)
    return found


def receive(
    world: World,
    integration: FakeIntegration,
    payload: Any,
    at: datetime,
    *,
    by_signal: bool = True,
) -> FakeAlertGroup | None:
    """Take in an alert, and return its group; `None` if the server makes none of it.

    Args:
        world: The state of the server.
        integration: Where it was posted.
        payload: What was posted.
        at: When.
        by_signal: Whether the template for it may resolve the group.
    """
    if is_too_deep(payload):
        return None
    arrival = _arrival(world, integration, payload, at)
    if not is_storable([arrival.reading.title, arrival.reading.key]):
        return None
    group = _joined(world, arrival, by_signal=by_signal)
    if not is_storable(payload):
        # The alert is retried for ever; its group is there, and nothing follows from it.
        return group or _without_alerts(world, arrival)
    group = _started(world, arrival) if group is None else _added(world, group, arrival)
    _apply_signals(world, group, arrival.reading, at, by_signal=by_signal)
    return group


def _arrival(world: World, integration: FakeIntegration, payload: Any, at: datetime) -> _Arrival:
    labels = None
    if world.flavour == "cloud":
        labels = labels_of(integration.labels, integration.dynamic_labels, payload, at)
    return _Arrival(
        integration=integration,
        route_id=_route_id(world, integration, payload, labels, at),
        payload=payload,
        labels=labels,
        reading=read_alert(integration.type, integration.templates, payload, labels, at),
        at=at,
    )


def _route_id(
    world: World,
    integration: FakeIntegration,
    payload: Any,
    labels: Mapping[str, str] | None,
    at: datetime,
) -> str:
    routes = [
        route
        for route in world.store(FakeRoute).values()
        if route.integration_id == integration.id and not route.is_default
    ]
    route = choose(routes, payload, labels, at)
    default: str = integration.default_route["id"]
    return default if route is None else route.id


def _joined(world: World, arrival: _Arrival, *, by_signal: bool) -> FakeAlertGroup | None:
    """Return the group that an alert joins: the open one, or for its end also a resolved one."""
    alike = world.groups.alike(arrival.key)
    for group in alike:
        if not group.is_closed:
            return group
    if not (by_signal and arrival.reading.resolves):
        return None
    resolved = [group for group in alike if group.resolved_at is not None]
    return max(resolved, key=attrgetter("started_at"), default=None)


def _new_group(world: World, arrival: _Arrival) -> FakeAlertGroup:
    group = world.new_group(source=arrival.integration, started_at=arrival.at)
    group.route_id, group.title = arrival.route_id, arrival.reading.title
    group.grouping_key = arrival.key[-1]
    group.labels = kept(arrival.labels or {})
    group.alerts_count = 0
    if arrival.integration.maintenance_group_id is not None:
        group.root = world.groups.get(arrival.integration.maintenance_group_id)
    return group


def _started(world: World, arrival: _Arrival) -> FakeAlertGroup:
    group = _new_group(world, arrival)
    _keep(group, arrival, group.last_alert_id)
    return world.open_group(group)


def _without_alerts(world: World, arrival: _Arrival) -> FakeAlertGroup:
    group = _new_group(world, arrival)
    world.groups.add(group)
    return group


def _added(world: World, group: FakeAlertGroup, arrival: _Arrival) -> FakeAlertGroup:
    _keep(group, arrival, world.ids.new("A"))
    world.publish(GroupEvent(type="alert added", group=group, at=arrival.at))
    return group


def _keep(group: FakeAlertGroup, arrival: _Arrival, id: str) -> None:
    """Keep an alert in its group."""
    group.alerts.append(FakeAlert(id=id, created_at=arrival.at, payload=arrival.payload))
    group.alerts_count += 1
    group.last_alert_id, group.last_alert_at = id, arrival.at
    group.payload = arrival.payload


def _apply_signals(
    world: World, group: FakeAlertGroup, reading: Reading, at: datetime, *, by_signal: bool
) -> None:
    by_server = ActionContext(by=None, at=at)
    if reading.acknowledges and group.state in {"firing", "silenced"}:
        perform(world, "acknowledge", group, by_server)
    if by_signal and reading.resolves and group.resolved_at is None:
        perform(world, "resolve", group, by_server)
