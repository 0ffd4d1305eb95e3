"""Every operation and every fault: the state before a call, and the state that it should leave."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import attrs
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall._session.retry_policy import RetryPolicy
from grafana_oncall.errors import (
    DecodeError,
    OnCallError,
    RateLimited,
    RequestTimeout,
    ServerError,
    TransportError,
)
from grafana_oncall.models import Integration
from grafana_oncall.testing import (
    FakeAlertGroup,
    FakeIntegration,
    FakeOnCall,
    Fault,
    hang,
    html,
    refuse,
    reset,
    status,
    throttle,
    truncate,
)
from tests.support.listing import other_tasks
from tests.support.samples import BASE

ONCE = RetryPolicy(max_attempts=1)


def connect(fake: FakeOnCall, **options: Any) -> OnCallClient:
    """Return a client of the fake, with the longest backoff."""
    settings: dict[str, Any] = {"random": lambda: 1.0, **options}
    return OnCallClient(url=BASE, token=fake.token, transport=fake.transport(), **settings)


def applied(fake: FakeOnCall, operation: str) -> int:
    """How often the server received it."""
    return sum(call.operation == operation and call.applied for call in fake.calls)


def assert_idle(client: OnCallClient) -> None:
    """No place in the throttle is taken, and no task is left."""
    shared = client._session.shared
    assert (shared.throttle._in_flight, shared.in_flight) == (0, 0)
    assert other_tasks() == set()


@attrs.frozen
class Case:
    """A server to make a call on, and a check that the call had its effect."""

    group: FakeAlertGroup
    source: FakeIntegration
    fake: FakeOnCall

    @property
    def made(self) -> list[FakeIntegration]:
        """The integrations that `create` left."""
        return [
            integration
            for integration in self.fake.integrations.values()
            if integration.name == "new"
        ]


@attrs.frozen(kw_only=True)
class OperationCase:
    """An operation: the effect of repeating it, the state before it, and the state after it."""

    retry: str
    call: Callable[[OnCallClient, Case], Awaitable[object]]
    before: Any = "firing"
    done: Callable[[Case], bool] = lambda _: True
    reads_back: bool = False
    """Whether the SDK reads the effect back."""


OPERATIONS: dict[str, OperationCase] = {
    "list_alert_groups": OperationCase(
        retry="safe", call=lambda c, _: c.alert_groups.list().collect()
    ),
    "get_alert_group": OperationCase(
        retry="safe", call=lambda c, at: c.alert_groups.get(at.group.id)
    ),
    "list_integrations": OperationCase(
        retry="safe", call=lambda c, _: c.integrations.list().count()
    ),
    "get_integration": OperationCase(
        retry="safe", call=lambda c, at: c.integrations.get(at.source.id)
    ),
    "acknowledge_alert_group": OperationCase(
        retry="already",
        call=lambda c, at: c.alert_groups.acknowledge(at.group.id),
        done=lambda at: at.group.state == "acknowledged",
    ),
    "unacknowledge_alert_group": OperationCase(
        retry="already",
        before="acknowledged",
        call=lambda c, at: c.alert_groups.unacknowledge(at.group.id),
        done=lambda at: at.group.state == "firing",
    ),
    "resolve_alert_group": OperationCase(
        retry="already",
        call=lambda c, at: c.alert_groups.resolve(at.group.id),
        done=lambda at: at.group.state == "resolved",
    ),
    "unresolve_alert_group": OperationCase(
        retry="already",
        before="resolved",
        call=lambda c, at: c.alert_groups.unresolve(at.group.id),
        done=lambda at: at.group.state == "firing",
    ),
    "silence_alert_group": OperationCase(
        retry="never",
        call=lambda c, at: c.alert_groups.silence(at.group.id, 10_000),
        done=lambda at: at.group.state == "silenced",
    ),
    "unsilence_alert_group": OperationCase(
        retry="already",
        before="silenced",
        call=lambda c, at: c.alert_groups.unsilence(at.group.id),
        done=lambda at: at.group.state == "firing",
    ),
    "delete_alert_group": OperationCase(
        retry="missing",
        call=lambda c, at: c.alert_groups.delete(at.group.id, mode="delete"),
        done=lambda at: (
            at.group.delete_requested_at is not None or at.group.id not in at.fake.groups
        ),
    ),
    "add_alert_group_label": OperationCase(
        retry="already",
        call=lambda c, at: c.alert_groups.add_label(at.group.id, "tier", "a"),
        done=lambda at: at.group.labels == [("team", "SRE"), ("tier", "a")],
        reads_back=True,
    ),
    "remove_alert_group_label": OperationCase(
        retry="missing",
        call=lambda c, at: c.alert_groups.remove_label(at.group.id, "team", "SRE"),
        done=lambda at: at.group.labels == [],
    ),
    "create_integration": OperationCase(
        retry="never",
        call=lambda c, _: c.integrations.create(type="webhook", name="new"),
        done=lambda at: len(at.made) == 1,
    ),
    "update_integration": OperationCase(
        retry="same",
        call=lambda c, at: c.integrations.update(at.source.id, name="renamed"),
        done=lambda at: at.source.name == "renamed",
        reads_back=True,
    ),
    "delete_integration": OperationCase(
        retry="missing",
        call=lambda c, at: c.integrations.delete(at.source.id),
        done=lambda at: at.source.id not in at.fake.integrations,
    ),
}
every_operation = pytest.mark.parametrize("name", list(OPERATIONS))
FAULTS: dict[str, tuple[Fault, type[OnCallError]]] = {
    "reset": (reset(), TransportError),
    "reset, applied": (reset(applied=True), TransportError),
    "refuse": (refuse(), TransportError),
    "502": (status(502), ServerError),
    "503": (status(503), ServerError),
    "503, applied": (status(503, applied=True), ServerError),
    "500": (status(500), ServerError),
    "500, applied": (status(500, applied=True), ServerError),
    "html": (html(), DecodeError),
    "html, applied": (html(applied=True), DecodeError),
    "truncate": (truncate(), TransportError),
    "hang": (hang(), RequestTimeout),
    "hang, applied": (hang(applied=True), RequestTimeout),
    "throttle": (throttle(1), RateLimited),
}
every_fault = pytest.mark.parametrize("fault", list(FAULTS))
UNAMBIGUOUS = {"refuse", "throttle"}


def case(fake: FakeOnCall, operation: OperationCase) -> Case:
    """A server in the state before the operation."""
    fake.add_label("tier", "a")
    source = fake.add_integration(name="old")
    group = fake.add_group(integration=source, state=operation.before, labels={"team": "SRE"})
    return Case(group, source, fake)


async def create(client: OnCallClient, **options: Any) -> Integration:
    """Create an integration by name, which is looked up first."""
    settings: dict[str, Any] = {"type": "webhook", "name": "new", "reconcile": True, **options}
    return await client.integrations.create(**settings)
