"""Values as plain JSON."""

import json
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from grafana_oncall._codec.converter import loads
from grafana_oncall._core.serializable import Serializable
from grafana_oncall._core.types import UNSET, UnsetType
from grafana_oncall.changes import Deleted, Gap, Resolved, Snapshot
from grafana_oncall.events import Paused
from grafana_oncall.models import AlertGroup, AlertGroupDelete, AlertGroupState
from tests.benchmarks.samples import group

RAW: dict[str, Any] = json.loads(group(7))
GROUP = loads(group(7), AlertGroup)
TIME = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def test_a_group_is_written_as_the_server_sent_it() -> None:
    """Every member that the model has, in nested objects too."""
    written = GROUP.to_dict()
    assert {name: written[name] for name in RAW if name in written} == RAW
    assert loads(GROUP.to_json().encode(), AlertGroup) == GROUP


def test_a_dict_is_what_the_json_says() -> None:
    """One is the other, decoded."""
    assert json.loads(GROUP.to_json()) == GROUP.to_dict()


def test_a_state_that_this_release_does_not_know_is_written_as_it_is() -> None:
    """Like any string."""
    raw = json.dumps(RAW | {"state": "burning"}).encode()
    assert loads(raw, AlertGroup).to_dict()["state"] == "burning"


def test_absent_members_are_left_out() -> None:
    """Because an absent member of a request differs from a null one."""
    assert AlertGroupDelete().to_dict() == {}


def test_members_have_their_names_in_the_api() -> None:
    """Even where Python has another name for them."""

    @attrs.frozen(kw_only=True)
    class Renamed(Serializable):
        from_: str | UnsetType = attrs.field(default=UNSET, metadata={"wire": "from"})
        inner: "Renamed | None" = None

    assert Renamed(from_="a", inner=Renamed(from_="b")).to_dict() == {
        "from": "a",
        "inner": {"from": "b", "inner": None},
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(
            Gap(since=TIME, until=TIME),
            {"type": "Gap", "since": "2026-03-01T12:30:00Z", "until": "2026-03-01T12:30:00Z"},
            id="a gap",
        ),
        pytest.param(
            Paused(seconds=2.5, reason="throttled"),
            {"type": "Paused", "seconds": 2.5, "reason": "throttled"},
            id="an event",
        ),
    ],
)
def test_changes_and_events_say_what_they_are(
    value: Gap | Paused, expected: dict[str, object]
) -> None:
    """Their class is their meaning."""
    assert value.to_dict() == expected


def test_a_change_is_written_with_both_states_of_its_group() -> None:
    """A deleted group has none after it."""
    before = Snapshot.of(GROUP)
    change = Resolved(id=GROUP.id, before=before, after=GROUP).to_dict()
    assert (change["type"], change["after"]) == ("Resolved", GROUP.to_dict())
    assert change["before"]["labels"] == [list(pair) for pair in before.labels]
    assert Deleted(id=GROUP.id, before=before).to_dict()["after"] is None


def test_groups_and_changes_can_be_members_of_sets() -> None:
    """Even though a payload can be any JSON."""
    twin = loads(group(7), AlertGroup)
    change = Resolved(id=GROUP.id, before=Snapshot.of(GROUP), after=GROUP)
    assert {GROUP, twin} == {GROUP}
    assert len({change, Deleted(id=GROUP.id, before=None)}) == 2


def test_a_group_cannot_be_changed_and_equals_one_that_is_made_by_hand() -> None:
    """Its lists are tuples, like the defaults."""
    assert isinstance(GROUP.labels, tuple)
    bare = {name: RAW[name] for name in ("id", "integration_id", "alerts_count", "created_at")}
    decoded = loads(json.dumps(bare | {"state": "firing", "labels": []}).encode(), AlertGroup)
    assert decoded == AlertGroup(
        id=decoded.id,
        integration_id=decoded.integration_id,
        alerts_count=decoded.alerts_count,
        state=AlertGroupState.FIRING,
        created_at=decoded.created_at,
    )
