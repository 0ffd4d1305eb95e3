"""The maintenance of integrations on the wire, as the open-source engine answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from grafana_oncall.testing import FakeOnCall, VirtualClock
from tests.support.fake_requests import ask

START = "integrations/C1/maintenance_start/"
STOP = "integrations/C1/maintenance_stop/"
UNKNOWN_MODE = {"mode": ["Unknown mode"]}
INVALID_DURATION = {"duration": ["Invalid duration"]}


@pytest.fixture
def engine(oss: FakeOnCall) -> FakeOnCall:
    """A server with an integration."""
    oss.add_integration(id="C1")
    return oss


@pytest.mark.parametrize("mode", ["debug", "maintenance", "MAINTENANCE"])
def test_a_maintenance_starts_and_stops(engine: FakeOnCall, mode: str) -> None:
    """In any case of its mode; a stop without one is a success as well."""
    started = ask(engine, "POST", START, {"mode": mode, "duration": 3600})
    shown = started.json()
    assert (started.status, shown["id"], shown["maintenance_mode"]) == (200, "C1", mode.lower())
    assert shown["maintenance_started_at"] == "2026-03-02T09:30:00Z"
    assert shown["maintenance_end_at"] == "2026-03-02T10:30:00Z"
    for _ in range(2):
        stopped = ask(engine, "POST", STOP)
        assert (stopped.status, stopped.json()["maintenance_mode"]) == (200, None)
        assert stopped.json()["maintenance_end_at"] is None


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        pytest.param({"mode": "x", "duration": 60}, UNKNOWN_MODE, id="an unknown mode"),
        pytest.param({"duration": 60}, UNKNOWN_MODE, id="no mode"),
        pytest.param({"mode": "debug", "duration": 0}, INVALID_DURATION, id="no time"),
        pytest.param({"mode": "debug", "duration": "x"}, INVALID_DURATION, id="a text"),
        pytest.param({"mode": "debug"}, INVALID_DURATION, id="no duration"),
    ],
)
def test_a_start_that_is_refused(engine: FakeOnCall, body: dict[str, Any], answer: Any) -> None:
    """With its reason."""
    refused = ask(engine, "POST", START, body)
    assert (refused.status, refused.json()) == (400, answer)


def test_a_second_start_is_refused_until_the_first_has_ended(
    engine: FakeOnCall, clock: VirtualClock
) -> None:
    """It ends by itself."""
    body = {"mode": "debug", "duration": 60}
    assert ask(engine, "POST", START, body).status == 200
    again = ask(engine, "POST", START, body)
    assert (again.status, again.json()) == (400, {"detail": "Already on maintenance"})
    clock.advance(timedelta(seconds=60))
    assert ask(engine, "GET", "integrations/C1/").json()["maintenance_mode"] is None
    assert ask(engine, "POST", START, body).status == 200


def test_an_unknown_integration_is_a_404(engine: FakeOnCall) -> None:
    """In both requests."""
    for path in (START, STOP):
        unknown = path.replace("C1", "CX")
        assert ask(engine, "POST", unknown, {"mode": "debug", "duration": 1}).status == 404


ATTACHED = "Can't {} an attached alert group"


def test_a_maintenance_collects_new_groups_and_resolves_them_when_it_ends(
    engine: FakeOnCall, clock: VirtualClock
) -> None:
    """By time or by a stop; what was resolved meanwhile keeps its time."""
    source = engine.integration("C1")
    source.name = "ci"
    earlier = engine.add_alert(source, {"n": 0})
    assert ask(engine, "POST", START, {"mode": "maintenance", "duration": 3600}).status == 200
    collects = [*engine.groups.values()][1]
    assert (collects.title, collects.alerts_count) == ("Maintenance of ci for 3600", 1)
    assert collects.payload == {
        "title": "Maintenance of ci for an hour",
        "message": "Initiated by admin. During this time all alerts from integration will be "
        "collected here without escalations",
    }
    assert ask(engine, "GET", f"integrations/{collects.integration_id}/").status == 404
    attached, over = engine.add_alert(source, {"n": 1}), engine.add_alert(source, {"state": "ok"})
    assert (attached.root, over.root, earlier.root) == (collects, collects, None)
    assert (attached.state, over.state) == ("firing", "resolved")
    refused = ask(engine, "POST", f"alert_groups/{attached.id}/acknowledge/")
    assert refused.json() == {"detail": ATTACHED.format("acknowledge")}
    assert engine.add_alert(source, {"n": 0}) is earlier
    resolved_at = over.resolved_at
    clock.advance(timedelta(seconds=3600))
    assert ask(engine, "GET", "integrations/C1/").json()["maintenance_mode"] is None
    assert (collects.state, attached.state, earlier.state) == ("resolved", "resolved", "firing")
    assert attached.resolved_at == clock.now()
    assert over.resolved_at == resolved_at
    assert engine.add_alert(source, {"n": 1}).root is None


def test_the_group_of_a_maintenance_ends_it_when_it_is_resolved(engine: FakeOnCall) -> None:
    """It cannot be acknowledged."""
    ask(engine, "POST", START, {"mode": "maintenance", "duration": 60})
    (group,) = engine.groups.values()
    path = f"alert_groups/{group.id}"
    refused = ask(engine, "POST", f"{path}/acknowledge/")
    assert refused.json() == {"detail": "Can't acknowledge a maintenance alert group"}
    assert ask(engine, "POST", f"{path}/resolve/").status == 200
    assert ask(engine, "GET", "integrations/C1/").json()["maintenance_mode"] is None
    assert (group.state, group.resolved_by) == ("resolved", None)


def test_a_maintenance_for_debugging_collects_nothing(engine: FakeOnCall) -> None:
    """Its groups stay as they are when it ends."""
    ask(engine, "POST", START, {"mode": "debug", "duration": 60})
    group = engine.add_alert(engine.integration("C1"), {})
    ask(engine, "POST", STOP)
    assert [*engine.groups.values()] == [group]
    assert (group.state, group.root) == ("firing", None)


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (1, "a second"),
        (90, "a minute"),
        (150, "2 minutes"),
        (7200, "2 hours"),
        (86_400, "a day"),
        (172_801, "2 days"),
    ],
)
def test_a_maintenance_says_how_long_it_takes(
    engine: FakeOnCall, duration: int, words: str
) -> None:
    """In words, in its alert."""
    ask(engine, "POST", START, {"mode": "maintenance", "duration": duration})
    (group,) = engine.groups.values()
    assert group.payload["title"].endswith(f" for {words}")


def test_maintenances_of_a_team_share_a_hidden_integration(engine: FakeOnCall) -> None:
    """Each has a group of its own."""
    engine.add_integration(id="C2")
    engine.add_integration(id="C3", team_id=engine.add_team("SRE"))
    for number in (1, 2, 3):
        path = f"integrations/C{number}/maintenance_start/"
        ask(engine, "POST", path, {"mode": "maintenance", "duration": 60})
    first, second, third = (group.integration for group in engine.groups.values())
    assert first is second
    assert third is not first
