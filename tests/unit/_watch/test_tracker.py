"""The tracker: what differs from the last report of a group, and what does not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import attrs
import pytest

from grafana_oncall._watch.tracker import Changes, Delivery, GroupTracker
from grafana_oncall.changes import Snapshot
from grafana_oncall.models import AlertGroup, AlertGroupState
from tests.support.samples import GROUP_MODEL

FIRING = [("state", "new")]


def group(id: str = "I1", state: str = "firing", **fields: Any) -> AlertGroup:
    """A group with this id, in this state."""
    return attrs.evolve(GROUP_MODEL, id=id, state=AlertGroupState(state), **fields)


def changes(tracker: GroupTracker) -> dict[str, list[str]]:
    """Return the names of the changes by group, in order."""
    return {
        group.id: [type(change).__name__ for change in group.changes] for group in tracker.changed()
    }


def report(tracker: GroupTracker, groups: Sequence[AlertGroup]) -> None:
    """Deliver all that differs."""
    tracker.start_poll(())
    tracker.observe(groups)
    for group in tracker.changed():
        tracker.mark_delivered(tracker.delivery(group))


def test_a_new_group_counts_as_changed_until_it_is_delivered() -> None:
    """Each poll finds it before that, and none afterwards."""
    tracker = GroupTracker(())
    for _ in range(2):
        tracker.start_poll(())
        tracker.observe([group()])
        assert changes(tracker) == {"I1": ["Created"]}
    report(tracker, [group()])
    for _ in range(2):
        tracker.start_poll(())
        tracker.observe([group()])
        assert changes(tracker) == {}


def test_before_the_first_poll_nothing_is_seen_busy_or_changed() -> None:
    """Except what is observed."""
    tracker = GroupTracker(())
    assert (tracker.seen, [*tracker.changed()]) == (set(), [])
    tracker.observe([group()])
    assert changes(tracker) == {"I1": ["Created"]}


def test_what_changes_back_before_it_is_delivered_is_not_reported() -> None:
    """As when a page is older than the response to a single read."""
    tracker = GroupTracker(())
    report(tracker, [group()])
    tracker.start_poll(())
    tracker.observe([group(state="resolved")])
    tracker.observe_one("I1", group())
    assert changes(tracker) == {}


def test_the_list_must_have_what_is_known_to_exist_and_is_with_no_consumer() -> None:
    """Neither what is deleted or has left the filter, nor what may be, as far as was reported."""
    tracker = GroupTracker(FIRING)
    report(tracker, [group(f"I{number}") for number in range(6)])
    tracker.mark_delivered(Delivery(id="I1", after=Snapshot.of(group("I1")), left_filter=True))
    tracker.mark_in_flight(Delivery(id="I2", after=None))
    tracker.start_poll({"I3"})
    tracker.observe([group("I0", alerts_count=9), group("I6")])
    tracker.observe_one("I4", None)
    tracker.observe_one("I5", group("I5", state="resolved"))
    assert tracker.listed() == dict.fromkeys(["I0", "I6"], GROUP_MODEL.created_at)
    tracker.observe([group("I2")])
    assert "I2" in tracker.listed()


def test_a_group_that_leaves_the_filter_is_reported_once_and_is_not_new_when_it_returns() -> None:
    """It counts as outside meanwhile."""
    tracker = GroupTracker(FIRING)
    report(tracker, [group()])
    tracker.start_poll(())
    tracker.observe_one("I1", group(state="acknowledged"))
    assert changes(tracker) == {"I1": ["Acknowledged"]}
    tracker.mark_delivered(tracker.delivery(*tracker.changed()))
    assert tracker.left_filter == {"I1"}
    tracker.start_poll(())
    tracker.observe_one("I1", group(state="resolved"))
    assert changes(tracker) == {}
    report(tracker, [group()])
    assert tracker.left_filter == set()
    assert [*tracker.reported] == ["I1"]


def test_a_group_that_the_filter_excludes_is_not_seen_in_the_list() -> None:
    """A server may ignore filters; nor is an unreported group tracked when read by its id."""
    tracker = GroupTracker(FIRING)
    tracker.start_poll(())
    tracker.observe([group(state="resolved")])
    tracker.observe_one("I2", group("I2", state="resolved"))
    assert changes(tracker) == {}
    assert (tracker.seen, tracker.reported) == ({"I2"}, {})


def test_nothing_is_reported_of_a_busy_group() -> None:
    """Its handlers are running; what happens meanwhile is one difference afterwards."""
    tracker = GroupTracker(())
    report(tracker, [group()])
    tracker.start_poll({"I1"})
    tracker.observe([group(), group("I2")])
    tracker.observe_one("I1", None)
    assert changes(tracker) == {"I2": ["Created"]}


def test_the_groups_of_the_list_are_seen() -> None:
    """So they are not read by their ids, unlike busy groups."""
    tracker = GroupTracker(())
    tracker.start_poll({"I3"})
    tracker.observe([group(), group("I2"), group("I3")])
    assert tracker.seen == {"I1", "I2"}


def test_tracked_groups_that_the_list_did_not_show_are_unseen() -> None:
    """They are looked up by their ids; others are none of its business."""
    tracker = GroupTracker(())
    report(tracker, [group()])
    tracker.mark_in_flight(Delivery(id="I2", after=None))
    tracker.start_poll(())
    assert tracker.unseen(["I1", "I2", "I3"]) == {"I1", "I2"}
    tracker.observe([group()])
    assert tracker.unseen(["I1", "I2", "I3"]) == {"I2"}


def test_changes_without_a_group_are_delivered_as_a_deletion() -> None:
    """Nothing else is known of it."""
    delivery = GroupTracker(()).delivery(Changes(id="I1", changes=()))
    assert delivery == Delivery(id="I1", after=None)


def test_a_deleted_group_is_tracked_until_its_deletion_is_delivered() -> None:
    """Because a bot may be killed in between."""
    tracker = GroupTracker(())
    report(tracker, [group()])
    tracker.start_poll(())
    tracker.observe_one("I1", None)
    assert changes(tracker) == {"I1": ["Deleted"]}
    assert [*tracker.reported] == ["I1"]
    tracker.mark_delivered(tracker.delivery(*tracker.changed()))
    assert tracker.reported == {}


def test_changes_come_in_the_order_in_which_the_groups_were_created() -> None:
    """Whatever the order of the pages."""
    tracker = GroupTracker(())
    began = GROUP_MODEL.created_at
    tracker.start_poll(())
    tracker.observe(
        [group("I2", created_at=began + timedelta(hours=1)), group("I1", created_at=began)]
    )
    assert [*changes(tracker)] == ["I1", "I2"]


def test_a_deleted_group_is_ordered_by_its_creation() -> None:
    """Among the other changed groups."""
    tracker = GroupTracker(())
    began = GROUP_MODEL.created_at
    later = group("I2", created_at=began + timedelta(hours=1))
    report(tracker, [group("I1", created_at=began), later])
    tracker.start_poll(())
    tracker.observe_one("I2", None)
    tracker.observe([group("I1", state="resolved", created_at=began)])
    assert [*changes(tracker).items()] == [("I1", ["Resolved"]), ("I2", ["Deleted"])]


def test_groups_beyond_the_horizon_are_neither_seen_nor_kept() -> None:
    """The horizon moves with time."""
    tracker = GroupTracker(())
    report(tracker, [group()])
    tracker.oldest = GROUP_MODEL.created_at + timedelta(seconds=1)
    tracker.drop_old()
    assert tracker.reported == {}
    tracker.start_poll(())
    tracker.observe([group()])
    assert changes(tracker) == {}


def test_the_groups_that_may_still_be_there_are_known_newest_first() -> None:
    """One whose deletion is in flight may be gone; one that is in flight otherwise is there."""
    tracker, began = GroupTracker(()), GROUP_MODEL.created_at
    hours = {"I1": 1, "I2": 3, "I3": 2, "I4": 4}
    report(
        tracker,
        [group(each, created_at=began + timedelta(hours=hours[each])) for each in hours],
    )
    tracker.mark_in_flight(Delivery(id="I4", after=Snapshot.of(group("I4"))))
    tracker.mark_in_flight(Delivery(id="I3", after=Snapshot.of(group("I3"))))
    assert tracker.known() == ["I4", "I2", "I3", "I1"]
    tracker.mark_in_flight(Delivery(id="I3", after=None))
    assert tracker.known() == ["I4", "I2", "I1"]


def test_primed_groups_count_as_reported() -> None:
    """Unless a group began after the time of priming."""
    tracker = GroupTracker(())
    began = GROUP_MODEL.created_at
    tracker.prime([group(), group("I2", created_at=began + timedelta(seconds=1))], began)
    tracker.prime([group(state="resolved")], None)
    tracker.start_poll(())
    tracker.observe([group(state="resolved"), group("I2", created_at=began + timedelta(seconds=1))])
    assert changes(tracker) == {"I1": ["Resolved"], "I2": ["Created"]}


@pytest.mark.parametrize(
    ("reported", "in_flight", "now", "expected"),
    [
        pytest.param("firing", ["resolved"], "firing", "Unresolved", id="undone"),
        pytest.param("firing", ["resolved"], "resolved", "Resolved", id="as it was"),
        pytest.param(
            "firing", ["acknowledged"], "silenced", "Unacknowledged Silenced", id="further"
        ),
        pytest.param(
            "resolved", ["firing"], "acknowledged", "Unresolved Acknowledged", id="one of two"
        ),
        pytest.param(
            "acknowledged",
            ["resolved", "silenced"],
            "firing",
            "Unacknowledged Unresolved Unsilenced",
            id="several restarts",
        ),
        pytest.param(
            "silenced",
            ["firing", "silenced", "firing"],
            "silenced",
            "Silenced",
            id="there and back",
        ),
        pytest.param(None, ["firing"], "firing", "Created", id="new"),
        pytest.param(None, ["firing"], "resolved", "Created Resolved", id="new, and over"),
        pytest.param(None, ["resolved"], "firing", "Created Unresolved", id="new, and undone"),
        pytest.param(None, ["firing"], None, "Deleted", id="new, and gone"),
        pytest.param(None, ["firing", None], None, "Deleted", id="gone, and in flight once more"),
        pytest.param("firing", [None], None, "Deleted", id="gone"),
        pytest.param("firing", [None], "firing", "Created", id="gone by mistake"),
        pytest.param(None, [None], None, "", id="never there"),
    ],
)
def test_a_group_is_compared_with_all_that_a_consumer_may_have_seen(
    reported: str | None, in_flight: list[str | None], now: str | None, expected: str
) -> None:
    """The difference from the latest comes last; after its delivery nothing is in flight."""
    tracker = GroupTracker(())
    if reported is not None:
        tracker.mark_delivered(Delivery(id="I1", after=Snapshot.of(group(state=reported))))
    for state in in_flight:
        after = None if state is None else Snapshot.of(group(state=state))
        tracker.mark_in_flight(Delivery(id="I1", after=after))
    tracker.start_poll(())
    tracker.observe_one("I1", None if now is None else group(state=now))
    assert " ".join(changes(tracker).get("I1", [])) == expected
    for one in tracker.changed():
        tracker.mark_delivered(tracker.delivery(one))
    assert (tracker.in_flight, [*tracker.reported]) == ({}, [] if now is None else ["I1"])


def test_a_group_beyond_the_horizon_is_not_in_flight_any_more() -> None:
    """It is not read at each poll."""
    tracker = GroupTracker(())
    tracker.mark_in_flight(Delivery(id="I1", after=Snapshot.of(group())))
    tracker.oldest = GROUP_MODEL.created_at + timedelta(seconds=1)
    tracker.drop_old()
    assert tracker.in_flight == {}


def test_a_group_of_unknown_age_is_not_beyond_the_horizon() -> None:
    """Such as one whose deletion alone is in flight; nor is one that is exactly as old."""
    tracker = GroupTracker(())
    tracker.mark_in_flight(Delivery(id="I1", after=None))
    tracker.mark_in_flight(Delivery(id="I2", after=Snapshot.of(group("I2"))))
    tracker.prime([group("I4")], None)
    tracker.oldest = GROUP_MODEL.created_at
    tracker.drop_old()
    assert ([*tracker.in_flight], [*tracker.reported]) == (["I1", "I2"], ["I4"])
    assert tracker.created_at("I1") == tracker.oldest
    tracker.observe([group("I3")])
    assert changes(tracker) == {"I3": ["Created"]}


def test_a_group_that_left_the_filter_before_and_after_has_no_changes() -> None:
    """Nor is it read at the next poll."""
    tracker, outside = GroupTracker(FIRING), Snapshot.of(group(state="resolved"))
    tracker.mark_delivered(Delivery(id="I1", after=outside, left_filter=True))
    tracker.mark_in_flight(Delivery(id="I1", after=outside, left_filter=True))
    tracker.start_poll(())
    tracker.observe_one("I1", group(state="acknowledged"))
    assert (changes(tracker), tracker.in_flight) == ({}, {})


def test_a_consumer_that_may_have_seen_a_group_leave_gets_the_difference_from_before() -> None:
    """Not what has happened outside the filter since."""
    tracker = GroupTracker(FIRING)
    report(tracker, [group()])
    outside = Snapshot.of(group(state="resolved"))
    tracker.mark_in_flight(Delivery(id="I1", after=outside, left_filter=True))
    tracker.start_poll(())
    tracker.observe_one("I1", group(state="acknowledged"))
    assert changes(tracker) == {"I1": ["Acknowledged"]}
