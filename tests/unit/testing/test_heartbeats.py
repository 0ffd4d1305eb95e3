"""Heartbeats of integrations: their answers, and the alert when they stop."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from grafana_oncall.testing import FakeIntegration, FakeOnCall, FakeRequest, VirtualClock
from tests.support.fake_requests import ask

SECONDS = timedelta(seconds=1)
Beat = Callable[..., tuple[int, bytes]]


@pytest.fixture
def source(oss: FakeOnCall) -> FakeIntegration:
    """An integration with a heartbeat."""
    return oss.add_integration(name="ci")


@pytest.fixture
def beat(oss: FakeOnCall) -> Beat:
    """Sends a request to the heartbeat of an integration."""

    def send(integration: FakeIntegration, method: str = "POST") -> tuple[int, bytes]:
        link = ask(oss, "GET", f"integrations/{integration.id}/").json()["link"]
        path = f"/oncall{link.split('/oncall')[1]}heartbeat/"
        response = oss.handle(FakeRequest(method, path, "", {"Content-Type": "x/y"}, b"anything"))
        return response.status, response.body

    return send


@pytest.mark.parametrize(
    ("method", "status", "body"),
    [
        ("GET", 200, b'":)"'),
        ("HEAD", 200, b""),
        ("POST", 200, b""),
        ("PUT", 405, b'{"detail":"Method \\"PUT\\" not allowed."}'),
        ("DELETE", 405, b'{"detail":"Method \\"DELETE\\" not allowed."}'),
    ],
)
def test_a_heartbeat_is_answered(
    source: FakeIntegration, beat: Beat, method: str, status: int, body: bytes
) -> None:
    """Whatever is in it."""
    assert beat(source, method) == (status, body)


def test_a_type_without_heartbeats_has_no_such_path(oss: FakeOnCall, beat: Beat) -> None:
    """404, as for any unknown path."""
    assert beat(oss.add_integration(type="kapacitor"))[0] == 404


def test_the_type_in_the_path_of_a_heartbeat_does_not_matter(
    oss: FakeOnCall, source: FakeIntegration
) -> None:
    """But the slash at its end does."""
    path = f"/integrations/v1/zabbix/{source.secret}/heartbeat"
    assert oss.handle(FakeRequest("POST", f"{path}/")).status == 200
    assert oss.handle(FakeRequest("POST", path)).status == 404


def test_nothing_is_missing_before_the_first_heartbeat(
    oss: FakeOnCall, source: FakeIntegration, clock: VirtualClock
) -> None:
    """An integration may do without."""
    clock.advance(timedelta(days=1))
    assert source.heartbeat_at is None
    assert not oss.groups


def test_a_missing_heartbeat_is_an_alert_and_the_next_one_resolves_it(
    oss: FakeOnCall, source: FakeIntegration, beat: Beat, clock: VirtualClock
) -> None:
    """Once per outage, ten minutes after the last one, at the next look of the server."""
    clock.advance(5 * SECONDS)
    beat(source)
    clock.advance(600 * SECONDS)
    assert not oss.groups
    clock.advance(115 * SECONDS)  # the server looks at 09:42
    (group,) = oss.groups.values()
    assert (group.started_at, group.state) == (clock.now(), "firing")
    assert group.payload["title"] == "Webhook heartbeat is missing"
    clock.advance(timedelta(hours=1))
    assert [*oss.groups.values()] == [group]
    beat(source)
    assert group.state == "firing"
    clock.advance(120 * SECONDS)
    assert [*oss.groups.values()] == [group]
    assert (group.state, group.alerts_count) == ("resolved", 2)
    assert group.payload["title"] == "Webhook heartbeat restored"
    clock.advance(720 * SECONDS)
    assert len(oss.groups) == 2


def test_heartbeats_in_time_are_no_alert(
    oss: FakeOnCall, source: FakeIntegration, beat: Beat, clock: VirtualClock
) -> None:
    """However long it goes on."""
    for _ in range(100):
        beat(source)
        clock.advance(599 * SECONDS)
    assert not oss.groups


def test_an_alertmanager_is_missed_in_its_own_form(
    oss: FakeOnCall, beat: Beat, clock: VirtualClock
) -> None:
    """With the key and the status that its templates read."""
    beat(oss.add_integration(type="alertmanager"))
    clock.advance(timedelta(minutes=12))
    (group,) = oss.groups.values()
    assert group.title == "OnCallHeartBeatMissing "
    assert group.payload["groupKey"] == '{}:{alertname="OnCallHeartBeatMissing"}'
    assert (group.payload["version"], group.payload["status"]) == ("4", "firing")


def test_a_deleted_integration_misses_nothing(
    oss: FakeOnCall, source: FakeIntegration, beat: Beat, clock: VirtualClock
) -> None:
    """What was planned for it comes to nothing."""
    beat(source)
    assert ask(oss, "DELETE", f"integrations/{source.id}/").status == 204
    clock.advance(timedelta(hours=1))
    assert not oss.groups
