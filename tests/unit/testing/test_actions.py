"""The six actions: effects, refusals in the server's order, silence timers, children."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from grafana_oncall.testing import FakeAlertGroup, FakeOnCall, VirtualClock
from tests.support.fake_requests import ask

ACTIONS = ["acknowledge", "unacknowledge", "resolve", "unresolve", "silence", "unsilence"]


def act(fake: FakeOnCall, group: FakeAlertGroup, name: str, delay: Any = 60) -> tuple[int, Any]:
    """Return the status, and the detail unless the body is empty."""
    body = {"delay": delay} if name == "silence" else {}
    response = ask(fake, "POST", f"alert_groups/{group.id}/{name}/", body)
    return response.status, response.json()["detail"] if response.body else None


def in_state(fake: FakeOnCall, name: Any) -> FakeAlertGroup:
    """A group in one of the seven situations that the actions distinguish."""
    if name == "attached":
        return fake.add_group(root=fake.add_group())
    if name == "maintenance":
        return fake.add_group(maintenance=True)
    if name == "acknowledged, then resolved":
        group = fake.add_group(state="acknowledged")
        act(fake, group, "resolve")
        return group
    return fake.add_group(state=name)


REFUSALS = {
    "acknowledge": {
        "acknowledged": "an acknowledged",
        "resolved": "a resolved",
        "acknowledged, then resolved": "an acknowledged",
        "attached": "an attached",
        "maintenance": "a maintenance",
    },
    "unacknowledge": {
        "firing": "an unacknowledged",
        "silenced": "an unacknowledged",
        "resolved": "an unacknowledged",
        "acknowledged, then resolved": "a resolved",
        "attached": "an unacknowledged",
        "maintenance": "an unacknowledged",
    },
    "resolve": {
        "resolved": "a resolved",
        "acknowledged, then resolved": "a resolved",
        "attached": "an attached",
    },
    "unresolve": {
        "firing": "an unresolved",
        "acknowledged": "an unresolved",
        "silenced": "an unresolved",
        "attached": "an unresolved",
        "maintenance": "an unresolved",
    },
    "silence": {
        "acknowledged": "an acknowledged",
        "resolved": "a resolved",
        "acknowledged, then resolved": "a resolved",
        "attached": "an attached",
    },
    "unsilence": {
        "firing": "an unsilenced",
        "acknowledged": "an unsilenced",
        "resolved": "an unsilenced",
        "acknowledged, then resolved": "an unsilenced",
        "attached": "an unsilenced",
        "maintenance": "an unsilenced",
    },
}
SITUATIONS = [
    "firing",
    "acknowledged",
    "resolved",
    "silenced",
    "acknowledged, then resolved",
    "attached",
    "maintenance",
]


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("name", ACTIONS)
def test_each_action_is_refused_in_the_states_of_the_table(
    fake: FakeOnCall, name: str, situation: str
) -> None:
    """400 with the server's text where the table says so, 200 without a body elsewhere."""
    group = in_state(fake, situation)
    expected = REFUSALS[name].get(situation)
    result = act(fake, group, name)
    if expected is None:
        assert result == (200, None)
    else:
        assert result == (400, f"Can't {name} {expected} alert group")


@pytest.mark.parametrize(
    ("name", "before"),
    [
        pytest.param("unacknowledge", "acknowledged", id="unacknowledge"),
        pytest.param("unresolve", "resolved", id="unresolve"),
        pytest.param("unsilence", "silenced", id="unsilence"),
    ],
)
def test_an_attached_group_in_the_right_state_is_refused_as_attached(
    fake: FakeOnCall, name: str, before: Any
) -> None:
    """The state is checked first, then the root."""
    group = fake.add_group(state=before, root=fake.add_group())
    assert act(fake, group, name) == (400, f"Can't {name} an attached alert group")


def test_success_has_no_body_and_no_content_type(fake: FakeOnCall) -> None:
    """An empty 200."""
    response = ask(fake, "POST", f"alert_groups/{fake.add_group().id}/acknowledge")
    assert (response.status, response.headers, response.body) == (200, {}, b"")


def test_acknowledging_sets_its_fields_and_ends_a_silence(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """The user is the token's."""
    group = fake.add_group(state="silenced")
    act(fake, group, "acknowledge")
    assert (group.acknowledged_at, group.acknowledged_by) == (clock.now(), fake.user.id)
    assert group.silenced_at is None


def test_resolving_keeps_the_acknowledgement_and_unresolving_drops_it(fake: FakeOnCall) -> None:
    """Firing, as if it had never been acknowledged."""
    group = fake.add_group(state="acknowledged")
    steps = []
    for name in ("resolve", "unresolve"):
        act(fake, group, name)
        steps.append((group.state, group.acknowledged_by, group.resolved_by))
    assert steps == [("resolved", fake.user.id, fake.user.id), ("firing", None, None)]


def test_a_silence_ends_by_itself(fake: FakeOnCall, clock: VirtualClock) -> None:
    """When the delay is over, not before."""
    group = fake.add_group()
    act(fake, group, "silence", 5)
    clock.advance(timedelta(seconds=4.9))
    assert fake.groups[group.id].state == "silenced"
    clock.advance(timedelta(seconds=0.1))
    assert fake.groups[group.id].state == "firing"


def test_silencing_again_restarts_the_timer(fake: FakeOnCall, clock: VirtualClock) -> None:
    """Both return 200, and the second one counts."""
    group = fake.add_group()
    act(fake, group, "silence", 60)
    clock.advance(timedelta(seconds=50))
    assert act(fake, group, "silence", 60) == (200, None)
    clock.advance(timedelta(seconds=50))
    assert fake.groups[group.id].state == "silenced"


@pytest.mark.parametrize("delay", [pytest.param(-1, id="forever"), pytest.param(0, id="zero")])
def test_these_silences_never_end(fake: FakeOnCall, clock: VirtualClock, delay: int) -> None:
    """Zero too, on the real server."""
    group = fake.add_group()
    act(fake, group, "silence", delay)
    clock.advance(timedelta(days=1000))
    assert fake.groups[group.id].state == "silenced"


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        pytest.param({}, 400, "delay is required", id="missing"),
        pytest.param({"delay": None}, 400, "delay is required", id="null"),
        pytest.param({"delay": "abc"}, 400, "invalid delay value", id="a word"),
        pytest.param({"delay": -2}, 400, "invalid delay value", id="too negative"),
        pytest.param({"delay": "60"}, 200, "", id="a number in a string"),
        pytest.param({"delay": 10**12}, 500, "Server Error", id="past the year 9999"),
        pytest.param({"delay": [60]}, 500, "Server Error", id="a list"),
        pytest.param([60], 500, "Server Error", id="a list as the body"),
    ],
)
def test_the_delay_is_checked_as_the_server_checks_it(
    fake: FakeOnCall, body: Any, status: int, text: str
) -> None:
    """Three of these crash the real server."""
    response = ask(fake, "POST", f"alert_groups/{fake.add_group().id}/silence/", body)
    assert response.status == status
    assert text in response.body.decode()


def test_a_bad_delay_is_found_before_a_bad_state(fake: FakeOnCall) -> None:
    """The server reads the body first."""
    group = fake.add_group(state="resolved")
    assert act(fake, group, "silence", "abc") == (400, "invalid delay value")


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        pytest.param("acknowledge", "firing", "acknowledged", id="acknowledge"),
        pytest.param("unacknowledge", "acknowledged", "firing", id="unacknowledge"),
        pytest.param("resolve", "acknowledged", "resolved", id="resolve"),
        pytest.param("unresolve", "resolved", "firing", id="unresolve"),
        pytest.param("silence", "firing", "silenced", id="silence"),
        pytest.param("unsilence", "silenced", "firing", id="unsilence"),
    ],
)
def test_attached_groups_follow_their_root(
    fake: FakeOnCall, name: str, before: Any, after: str
) -> None:
    """Other groups do not."""
    root, other = fake.add_group(state=before), fake.add_group(state=before)
    child = fake.add_group(state=before, root=root)
    assert act(fake, root, name) == (200, None)
    assert (root.state, child.state, other.state) == (after, after, before)


def wiped(fake: FakeOnCall, clock: VirtualClock, state: Any = "firing") -> FakeAlertGroup:
    """A group that was wiped in this state."""
    group = fake.add_group(state=state)
    ask(fake, "DELETE", f"alert_groups/{group.id}/", {"mode": "wipe"})
    clock.advance(timedelta(seconds=1))
    return fake.groups[group.id]


def test_unresolving_a_wiped_group_succeeds_and_changes_nothing(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """It stays resolved for good, and cannot be silenced either."""
    group = wiped(fake, clock)
    assert act(fake, group, "unresolve") == (200, None)
    assert group.state == "resolved"
    assert act(fake, group, "silence") == (400, "Can't silence a resolved alert group")


def test_wiping_a_silenced_group_keeps_the_time_of_its_silence(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """Although it is resolved, which otherwise ends a silence."""
    group = wiped(fake, clock, "silenced")
    clock.advance(timedelta(days=1))
    assert fake.groups[group.id].silenced_at == group.started_at
    assert group.state == "resolved"


def test_resolving_a_maintenance_incident_ends_it_without_a_resolver(fake: FakeOnCall) -> None:
    """It has no resolver: the maintenance is over."""
    group = fake.add_group(maintenance=True)
    act(fake, group, "resolve")
    assert (group.state, group.resolved_by) == ("resolved", None)


@pytest.mark.parametrize("name", ACTIONS)
def test_service_accounts_cannot_act(fake: FakeOnCall, name: str) -> None:
    """Even on a group that does not exist."""
    fake.add_token("glsa_robot", user="robot")
    response = ask(
        fake,
        "POST",
        f"alert_groups/NONE/{name}/",
        token="glsa_robot",
        headers={"X-Grafana-URL": "https://stack.example"},
    )
    text = f"Service accounts are not allowed to {name} alert groups"
    assert (response.status, response.json()) == (403, {"detail": text})


@pytest.mark.parametrize("name", ACTIONS)
def test_acting_on_an_unknown_group_is_not_found(fake: FakeOnCall, name: str) -> None:
    """The JSON 404."""
    response = ask(fake, "POST", f"alert_groups/NONE/{name}/")
    assert (response.status, response.json()) == (404, {"detail": "Not found."})
