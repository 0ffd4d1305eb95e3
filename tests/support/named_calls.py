"""Calls by their names, clients of the fake by their tokens, and which requests arrived."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from grafana_oncall import OnCallClient
from grafana_oncall.testing import FakeOnCall
from tests.support.samples import BASE

ACTIONS: dict[str, Callable[[OnCallClient, str], Awaitable[None]]] = {
    "acknowledge": lambda client, group_id: client.alert_groups.acknowledge(group_id),
    "unacknowledge": lambda client, group_id: client.alert_groups.unacknowledge(group_id),
    "resolve": lambda client, group_id: client.alert_groups.resolve(group_id),
    "unresolve": lambda client, group_id: client.alert_groups.unresolve(group_id),
    "silence": lambda client, group_id: client.alert_groups.silence(group_id, 60),
    "unsilence": lambda client, group_id: client.alert_groups.unsilence(group_id),
}

OPERATIONS: dict[str, Callable[[OnCallClient, str], Awaitable[object]]] = {
    "get": lambda client, group_id: client.alert_groups.get(group_id),
    **ACTIONS,
    "delete": lambda client, group_id: client.alert_groups.delete(group_id),
    "add_label": lambda client, group_id: client.alert_groups.add_label(group_id, "team", "SRE"),
    "remove_label": lambda client, group_id: client.alert_groups.remove_label(
        group_id, "team", "SRE"
    ),
    "integrations.get": lambda client, group_id: client.integrations.get(group_id),
    "integrations.update": lambda client, group_id: client.integrations.update(group_id, name="x"),
    "integrations.delete": lambda client, group_id: client.integrations.delete(group_id),
}


def connect(fake: FakeOnCall, token: str, *, grafana_url: str | None = None) -> OnCallClient:
    """Return a client with this token."""
    return OnCallClient(url=BASE, token=token, grafana_url=grafana_url, transport=fake.transport())


def sent(fake: FakeOnCall) -> list[tuple[str | None, int | None]]:
    """Operations that reached the fake, each with the status of its response."""
    return [(call.operation, call.status) for call in fake.calls]
