"""The actions of bulk runs: what is left to do for a group, and whether it is done."""

import gc
import json
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_oncall._codec.decode import decode
from grafana_oncall._generated.models.alert_groups import AlertGroupState
from grafana_oncall._generated.operations import alert_groups as operations
from grafana_oncall.bulk.actions import Action, Seen, Silence, Transition
from grafana_oncall.bulk.deletions import Delete
from grafana_oncall.bulk.journal_reader import restored
from grafana_oncall.bulk.label_changes import LabelChange
from grafana_oncall.bulk.outcomes import Status
from grafana_oncall.errors import LabelError
from grafana_oncall.testing import FakeOnCall, FakeRequest, VirtualClock
from tests.support.responses import response_of

STATES = ["firing", "acknowledged", "resolved", "silenced"]
DONE = {
    "acknowledge": {"acknowledged"},
    "unacknowledge": {"firing", "silenced"},
    "resolve": {"resolved"},
    "unresolve": {"firing", "acknowledged", "silenced"},
    "unsilence": {"firing", "acknowledged", "resolved"},
}
"""By action: the states in which there is nothing left to do."""

TEAM, ENV = ("team", "SRE"), ("env", "prod")
ADD = LabelChange(name="add_labels", labels=(TEAM, ENV))
REMOVE = LabelChange(name="remove_labels", labels=(TEAM, ENV))
WIPE, DELETE = Delete(mode="wipe", wait=None), Delete(mode="delete", wait=3.5)
ACTIONS = [
    *(pytest.param(Transition(name=name), id=name) for name in DONE),
    pytest.param(Silence(delay=60), id="silence"),
    pytest.param(Silence(delay=-1), id="silence for ever"),
    pytest.param(WIPE, id="wipe"),
    pytest.param(DELETE, id="delete"),
    pytest.param(ADD, id="add labels"),
    pytest.param(REMOVE, id="remove labels"),
]


def seen(state: str = "firing", *labels: tuple[str, str], is_wiped: bool = False) -> Seen:
    """A group that was read."""
    return Seen(
        id="I1",
        created_at=VirtualClock().now(),
        state=AlertGroupState(state),
        labels=labels,
        silenced_at=None,
        is_wiped=is_wiped,
    )


def many(count: int, prefix: str = "key") -> tuple[tuple[str, str], ...]:
    """So many labels."""
    return tuple((f"{prefix}{number}", "value") for number in range(count))


def test_what_a_run_keeps_of_a_group_costs_the_garbage_collector_nothing() -> None:
    """There may be tens of thousands, while the event loop waits for a full collection."""
    assert not gc.is_tracked(seen("firing", TEAM))


@pytest.mark.parametrize("state", [*STATES, "paused"])
@pytest.mark.parametrize("name", DONE)
def test_a_change_of_state_has_nothing_to_do_where_it_is_done(name: str, state: str) -> None:
    """An unknown state of a newer server is left to the server."""
    action, is_done = Transition(name=name), state in DONE[name]
    assert action.is_done(seen(state)) is is_done
    assert [*action.steps(seen(state))] == ([] if is_done else [name])


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", DONE)
def test_the_server_agrees_that_a_change_of_state_is_done(name: str, state: Any) -> None:
    """A skipped change would be refused; and what the server did counts as done."""
    fake = FakeOnCall(clock=VirtualClock())
    group = fake.add_group(state=state)
    path = f"/api/v1/alert_groups/{group.id}/{name}/"
    response = fake.handle(FakeRequest("POST", path, headers={"Authorization": fake.token}))
    refused, action = response.status == 400, Transition(name=name)
    assert refused or not action.is_done(seen(state))
    assert refused or action.is_done(seen(group.state))


@pytest.mark.parametrize("name", DONE)
def test_a_change_of_state_is_sent_to_a_group_that_was_not_read(name: str) -> None:
    """The server knows its state."""
    assert [*Transition(name=name).steps(None)] == [name]


@pytest.mark.parametrize("state", STATES)
def test_a_silence_is_always_sent_and_is_done_while_silenced(state: str) -> None:
    """A silenced group gets the new delay too."""
    action = Silence(delay=60)
    assert [*action.steps(seen(state))] == [*action.steps(None)] == ["silence"]
    assert action.is_done(seen(state)) is (state == "silenced")


@pytest.mark.parametrize(
    ("state", "title", "payload", "wiped"),
    [
        pytest.param("resolved", None, {}, True, id="wiped"),
        pytest.param("firing", None, {}, False, id="firing"),
        pytest.param("resolved", "High load", {}, False, id="a title"),
        pytest.param("resolved", "", {}, False, id="an empty title"),
        pytest.param("resolved", None, {"a": 1}, False, id="a payload"),
    ],
)
def test_a_wiped_group_is_resolved_with_neither_title_nor_payload(
    state: Any, title: str | None, payload: Any, *, wiped: bool
) -> None:
    """Each of these alone occurs in other groups too."""
    fake = FakeOnCall(clock=VirtualClock())
    group = fake.add_group(state=state, title=title, payload=payload)
    path = f"/api/v1/alert_groups/{group.id}/"
    response = fake.handle(FakeRequest("GET", path, headers={"Authorization": fake.token}))
    shown = decode(operations.get_alert_group(group.id), response_of(response.body))
    assert Seen.of(shown).is_wiped is wiped


@pytest.mark.parametrize("is_wiped", [False, True])
@pytest.mark.parametrize("mode", ["wipe", "delete"])
def test_a_deletion_is_always_sent_and_only_a_wipe_can_be_seen(
    mode: Literal["wipe", "delete"], *, is_wiped: bool
) -> None:
    """A deleted group does not exist any more."""
    action, at = Delete(mode=mode, wait=None), seen("resolved", is_wiped=is_wiped)
    assert [*action.steps(at)] == [*action.steps(None)] == [mode]
    assert action.is_done(at) is (is_wiped and mode == "wipe")


@pytest.mark.parametrize("action", ACTIONS)
def test_only_a_deletion_without_wait_is_merely_accepted(action: Action) -> None:
    """Everything else is done when the response arrives."""
    is_later = isinstance(action, Delete) and action.wait is None
    assert action.success is (Status.ACCEPTED if is_later else Status.CHANGED)


@pytest.mark.parametrize(
    ("there", "to_add", "to_remove"),
    [
        pytest.param((), ["team:SRE", "env:prod"], [], id="none there"),
        pytest.param((TEAM,), ["env:prod"], ["team:SRE"], id="one there"),
        pytest.param((ENV, ("a", "b"), TEAM), [], ["team:SRE", "env:prod"], id="all there"),
        pytest.param((("team", "sre"), ("env", "SRE")), ["team:SRE", "env:prod"], [], id="others"),
        pytest.param((TEAM, TEAM), ["env:prod"], ["team:SRE"], id="twice"),
    ],
)
def test_labels_are_a_plan_for_each_group(
    there: tuple[tuple[str, str], ...], to_add: list[str], to_remove: list[str]
) -> None:
    """Only missing labels are added and existing ones removed, in the given order."""
    at = seen("firing", *there)
    assert ADD.steps(at) == [f"add {label}" for label in to_add]
    assert REMOVE.steps(at) == [f"remove {label}" for label in to_remove]
    assert ADD.is_done(at) is (not to_add)
    assert REMOVE.is_done(at) is (not to_remove)


def test_all_labels_are_planned_for_a_group_that_was_not_read() -> None:
    """Any of them may be needed."""
    assert ADD.steps(None) == ["add team:SRE", "add env:prod"]
    assert REMOVE.steps(None) == ["remove team:SRE", "remove env:prod"]


LABEL_SETS = st.lists(
    st.sampled_from([(key, value) for key in "abcd" for value in "xyz"]), unique=True
)


@given(there=LABEL_SETS, asked=LABEL_SETS)
def test_after_the_steps_nothing_is_left_to_do(
    there: list[tuple[str, str]], asked: list[tuple[str, str]]
) -> None:
    """Nothing else has changed."""
    labels = tuple(asked)
    add, remove = (LabelChange(name=f"{verb}_labels", labels=labels) for verb in ("add", "remove"))
    added, removed = [*there], [*there]
    for step in add.steps(seen("firing", *there)):
        key, _, value = step.removeprefix("add ").partition(":")
        added.append((key, value))
    for step in remove.steps(seen("firing", *there)):
        key, _, value = step.removeprefix("remove ").partition(":")
        removed.remove((key, value))
    assert set(added) == {*there, *asked}
    assert len(added) == len(set(added))
    assert removed == [label for label in there if label not in asked]
    assert add.is_done(seen("firing", *added))
    assert remove.is_done(seen("firing", *removed))


@pytest.mark.parametrize(
    ("there", "asked"),
    [
        pytest.param((), many(50), id="fifty new ones"),
        pytest.param(many(49), (TEAM,), id="the fiftieth"),
        pytest.param(many(50), many(3), id="full, and they are there"),
        pytest.param(many(49), (*many(49), TEAM), id="one of many is new"),
    ],
)
def test_a_group_may_have_fifty_labels(
    there: tuple[tuple[str, str], ...], asked: tuple[tuple[str, str], ...]
) -> None:
    """Existing labels count once."""
    steps = LabelChange(name="add_labels", labels=asked).steps(seen("firing", *there))
    assert len(steps) == len({*there, *asked}) - len(there)


@pytest.mark.parametrize(
    "at",
    [
        pytest.param(seen("firing", *many(50)), id="full"),
        pytest.param(seen("firing", *many(49)), id="both do not fit"),
    ],
)
def test_more_than_fifty_labels_are_refused_beforehand(at: Seen) -> None:
    """The error has their number; no part is sent."""
    with pytest.raises(LabelError, match=rf"{len(at.labels) + 2} labels; at most 50") as caught:
        ADD.steps(at)
    assert caught.value.argument == "labels"
    assert [problem.where for problem in caught.value.problems] == ["alert group"]


def test_more_than_fifty_labels_are_refused_for_unread_groups_too() -> None:
    """No group could have so many."""
    with pytest.raises(LabelError, match="51 labels"):
        LabelChange(name="add_labels", labels=many(51)).steps(None)


def test_labels_can_be_removed_from_a_group_with_more_than_fifty() -> None:
    """The limit applies to adding only."""
    action = LabelChange(name="remove_labels", labels=many(51))
    assert len(action.steps(seen("firing", *many(60)))) == 51


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_is_restored_from_its_arguments(action: Action) -> None:
    """Also after a round trip through JSON."""
    copies = [restored(action.arguments), restored(json.loads(json.dumps(action.arguments)))]
    assert copies == [action, action]
    assert {type(copy) for copy in copies} == {type(action)}


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"name": "escalate"}, id="unknown name"),
        pytest.param({"name": ["resolve"]}, id="list as name"),
        pytest.param({"name": "resolve", "delay": 3}, id="another action's field"),
        pytest.param({"name": "silence"}, id="missing field"),
        pytest.param({"name": "add_labels", "labels": None}, id="no labels"),
    ],
)
def test_what_is_not_an_action_is_not_restored(arguments: dict[str, Any]) -> None:
    """It raises KeyError or TypeError, as journals expect."""
    with pytest.raises((KeyError, TypeError)):
        restored(arguments)
