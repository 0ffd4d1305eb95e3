"""The difference of two states of an alert group: what must have happened in between."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall.changes import Change, Deleted, OnCall, OnCallChanged, Snapshot, diff
from grafana_oncall.models import AlertGroup, AlertGroupState, Label, LabelKey, LabelValue
from tests.support.samples import GROUP_MODEL

STATES = ("firing", "acknowledged", "resolved", "silenced")

EXPECTED = {
    ("firing", "firing"): "",
    ("firing", "acknowledged"): "Acknowledged",
    ("firing", "resolved"): "Resolved",
    ("firing", "silenced"): "Silenced",
    ("acknowledged", "firing"): "Unacknowledged",
    ("acknowledged", "acknowledged"): "",
    ("acknowledged", "resolved"): "Resolved",
    ("acknowledged", "silenced"): "Unacknowledged Silenced",
    ("resolved", "firing"): "Unresolved",
    ("resolved", "acknowledged"): "Unresolved Acknowledged",
    ("resolved", "resolved"): "",
    ("resolved", "silenced"): "Unresolved Silenced",
    ("silenced", "firing"): "Unsilenced",
    ("silenced", "acknowledged"): "Unsilenced Acknowledged",
    ("silenced", "resolved"): "Resolved",
    ("silenced", "silenced"): "",
}

ENTERED: dict[str, tuple[set[str | None], str]] = {
    "Created": ({None}, "firing"),
    "Acknowledged": ({"firing"}, "acknowledged"),
    "Unacknowledged": ({"acknowledged"}, "firing"),
    "Resolved": ({"firing", "acknowledged", "silenced"}, "resolved"),
    "Unresolved": ({"resolved"}, "firing"),
    "Silenced": ({"firing"}, "silenced"),
    "Unsilenced": ({"silenced"}, "firing"),
}
"""For each kind: the states in which it can happen, and the one to which it leads."""


def label(key: str, value: str) -> Label:
    """A label whose ids are not its names."""
    return Label(key=LabelKey(id=f"K{key}", name=key), value=LabelValue(id=f"V{value}", name=value))


def group(state: str = "firing", *, labels: str = "", **fields: Any) -> AlertGroup:
    """A group in this state, with labels such as `team:SRE env:prod`."""
    pairs = [label.split(":") for label in labels.split()]
    return attrs.evolve(
        GROUP_MODEL,
        state=AlertGroupState(state),
        labels=tuple(label(key, value) for key, value in pairs),
        **fields,
    )


def reported(before: AlertGroup | None, after: AlertGroup | None) -> str:
    """Return the names of the changes."""
    changes = diff(None if before is None else Snapshot.of(before), after)
    return " ".join(type(change).__name__ for change in changes)


@pytest.mark.parametrize(
    ("before", "after"), [pytest.param(*pair, id="-".join(pair)) for pair in EXPECTED]
)
def test_a_change_of_state_is_reported_step_by_step(before: str, after: str) -> None:
    """For all pairs of states."""
    assert set(EXPECTED) == {(state, other) for state in STATES for other in STATES}
    assert reported(group(before), group(after)) == EXPECTED[before, after]


@pytest.mark.parametrize(
    ("before", "after"), [pytest.param(*pair, id="-".join(pair)) for pair in EXPECTED]
)
def test_each_change_has_before_and_after(before: str, after: str) -> None:
    """Also those that are reported together."""
    earlier, later = Snapshot.of(group(before)), group(after)
    changes = diff(earlier, later)
    assert all(change.before is earlier and change.after is later for change in changes)
    assert {change.id for change in changes} <= {later.id}


@pytest.mark.parametrize("state", STATES)
def test_a_new_group_was_created_and_then_brought_into_its_state(state: str) -> None:
    """Its labels and alerts are not changes."""
    new = group(state, labels="team:SRE", alerts_count=7)
    assert reported(None, new) == f"Created {EXPECTED['firing', state]}".strip()
    assert all(change.before is None and change.after is new for change in diff(None, new))


def test_a_missing_group_was_deleted() -> None:
    """Whatever it was before."""
    before = Snapshot.of(group("resolved"))
    assert diff(before, None) == (Deleted(id=before.id, before=before),)


def test_a_change_has_the_title_of_its_group_also_when_that_is_deleted() -> None:
    """The present one where there is one, and the last one otherwise."""
    before = attrs.evolve(Snapshot.of(GROUP_MODEL), title="Before")
    after = attrs.evolve(GROUP_MODEL, title="After", state=AlertGroupState.SILENCED)
    assert {change.title for change in diff(before, after)} == {"After"}
    assert [change.title for change in diff(before, None)] == ["Before"]
    assert Change(id="I1", before=None, after=None).title is None


def test_nothing_is_reported_of_a_group_that_never_existed() -> None:
    """It existed neither before nor after."""
    assert [*diff(None, None)] == []


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        pytest.param(2, "", id="fewer"),
        pytest.param(3, "", id="as many"),
        pytest.param(4, "AlertsAdded", id="more"),
    ],
)
def test_more_alerts_are_reported_and_fewer_are_not(count: int, expected: str) -> None:
    """A server may clean up."""
    assert reported(group(alerts_count=3), group(alerts_count=count)) == expected


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        pytest.param("team:SRE env:prod", "", id="the same"),
        pytest.param("env:prod team:SRE", "", id="in another order"),
        pytest.param("team:SRE", "LabelsChanged", id="one fewer"),
        pytest.param("team:SRE env:prod tier:a", "LabelsChanged", id="one more"),
        pytest.param("team:SRE env:test", "LabelsChanged", id="another value"),
        pytest.param("team:prod env:SRE", "LabelsChanged", id="values exchanged"),
    ],
)
def test_labels_are_compared_regardless_of_order(labels: str, expected: str) -> None:
    """By the names of keys and values."""
    assert reported(group(labels="team:SRE env:prod"), group(labels=labels)) == expected


def test_all_changes_are_reported_with_the_state_first() -> None:
    """For a difference in everything."""
    before = group("resolved", alerts_count=1)
    after = group("silenced", alerts_count=2, labels="team:SRE")
    assert reported(before, after) == "Unresolved Silenced AlertsAdded LabelsChanged"


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        pytest.param("firing", "", id="firing"),
        pytest.param("acknowledged", "Acknowledged", id="acknowledged"),
        pytest.param("resolved", "Resolved", id="resolved"),
        pytest.param("silenced", "Silenced", id="silenced"),
    ],
)
def test_after_a_state_of_a_newer_server_the_entered_state_is_reported(
    state: str, expected: str
) -> None:
    """How the unknown state was left is not known."""
    assert reported(group("paused"), group(state)) == expected


def test_a_snapshot_has_what_is_compared_and_what_identifies_the_group() -> None:
    """Its labels are sorted."""
    seen = group("acknowledged", labels="team:SRE env:prod", alerts_count=7)
    assert Snapshot.of(seen) == Snapshot(
        id=seen.id,
        created_at=seen.created_at,
        state=AlertGroupState.ACKNOWLEDGED,
        alerts_count=7,
        labels=(("env", "prod"), ("team", "SRE")),
        title="Memory above 90% threshold",
    )


@pytest.mark.parametrize("state", STATES)
def test_a_state_of_a_newer_server_is_not_guessed_at(state: str) -> None:
    """Other changes are reported all the same, and so is its creation."""
    unknown = group("paused", alerts_count=9, labels="team:SRE")
    assert reported(group(state, alerts_count=1), unknown) == "AlertsAdded LabelsChanged"
    assert reported(None, unknown) == "Created"
    assert reported(unknown, unknown) == ""
    assert reported(unknown, None) == "Deleted"


@pytest.mark.parametrize(
    "field",
    ["title", "permalinks", "last_alert", "resolved_by", "silenced_at"],
)
def test_changes_of_other_fields_are_not_reported(field: str) -> None:
    """Such as a title that was wiped."""
    after: AlertGroup = attrs.evolve(group(), **cast("Any", {field: None}))
    assert after != group()
    assert reported(group(), after) == ""


names = st.text("ab:é", min_size=1, max_size=3)
groups = st.builds(
    lambda state, count, labels, created: attrs.evolve(
        GROUP_MODEL,
        state=AlertGroupState(state),
        alerts_count=count,
        labels=tuple(label(key, value) for key, value in labels),
        created_at=created,
    ),
    st.sampled_from([*STATES, "new", "paused"]),
    st.integers(0, 5),
    st.lists(st.tuples(names, names), max_size=3),
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
known = groups.filter(lambda one: one.state in STATES)


@given(one=groups)
def test_a_group_does_not_differ_from_itself(one: AlertGroup) -> None:
    """Nor from itself with its labels reversed."""
    assert [*diff(Snapshot.of(one), one)] == []
    assert [*diff(Snapshot.of(one), attrs.evolve(one, labels=one.labels[::-1]))] == []


def replayed(state: str | None, changes: Sequence[Change]) -> str | None:
    """Follow the changes, each of which must be possible; return the final state."""
    for change in changes:
        if (name := type(change).__name__) in ENTERED:
            possible, entered = ENTERED[name]
            assert state in possible
            state = entered
    return state


@given(before=st.none() | known, after=known)
def test_following_the_changes_leads_to_the_current_state(
    before: AlertGroup | None, after: AlertGroup
) -> None:
    """Each step is possible, and none occurs twice."""
    changes = diff(None if before is None else Snapshot.of(before), after)
    assert replayed(None if before is None else before.state, changes) == after.state
    assert len({type(change) for change in changes}) == len(changes)


@pytest.mark.parametrize(
    ("before", "after", "came", "left"),
    [
        pytest.param(None, ("U1",), ("U1",), (), id="a new schedule"),
        pytest.param(("U1",), None, (), ("U1",), id="a deleted schedule"),
        pytest.param(("U1", "U2"), ("U2", "U3"), ("U3",), ("U1",), id="a handover"),
        pytest.param((), ("U1", "U2"), ("U1", "U2"), (), id="nobody before"),
    ],
)
def test_who_came_and_who_left_was_not_on_call_before_or_is_not_now(
    before: tuple[str, ...] | None,
    after: tuple[str, ...] | None,
    came: tuple[str, ...],
    left: tuple[str, ...],
) -> None:
    """Who stays is neither."""
    states = [
        None if users is None else OnCall(id="S1", name="Primary", users=users)
        for users in (before, after)
    ]
    change = OnCallChanged(id="S1", before=states[0], after=states[1])
    assert (change.came, change.left) == (came, left)
