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
