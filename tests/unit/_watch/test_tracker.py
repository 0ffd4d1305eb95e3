"""What a watcher knows of groups: what is news when they are seen again, and what is not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import attrs
import pytest

from grafana_oncall._watch.tracker import Delivery, Known
from grafana_oncall.changes import Snapshot
from grafana_oncall.models import AlertGroup, AlertGroupState
from tests.support.samples import GROUP_MODEL

FIRING = [("state", "new")]


def group(id: str = "I1", state: str = "firing", **fields: Any) -> AlertGroup:
    """One of this id, in this state."""
    return attrs.evolve(GROUP_MODEL, id=id, state=AlertGroupState(state), **fields)


def news(known: Known) -> dict[str, list[str]]:
    """The names of the changes by group, in their order."""
    return {one.id: [type(change).__name__ for change in one.changes] for one in known.changed()}


def told(known: Known, groups: Sequence[AlertGroup]) -> None:
    """All that was seen is told."""
    known.begin(())
    known.see(groups)
    for one in known.changed():
        known.end_delivery(known.delivery(one))


def test_what_is_new_is_news_until_it_is_told() -> None:
    """Each poll finds it again before that, and none afterwards."""
    known = Known(())
    for _ in range(2):
        known.begin(())
        known.see([group()])
        assert news(known) == {"I1": ["Created"]}
    told(known, [group()])
    known.begin(())
    known.see([group()])
    assert news(known) == {}


def test_what_changes_back_before_it_is_told_is_no_news() -> None:
    """As where an answer of a page is older than that of a single read."""
    known = Known(())
    told(known, [group()])
    known.begin(())
    known.see([group(state="resolved")])
    known.see_one("I1", group())
    assert news(known) == {}


def test_a_group_that_leaves_the_filter_is_told_once_and_is_not_new_when_it_returns() -> None:
    """It is known to be outside meanwhile."""
    known = Known(FIRING)
    told(known, [group()])
    known.begin(())
    known.see_one("I1", group(state="acknowledged"))
    assert news(known) == {"I1": ["Acknowledged"]}
    known.end_delivery(known.delivery(*known.changed()))
    assert known.left_filter == {"I1"}
    known.begin(())
    known.see_one("I1", group(state="resolved"))
    assert news(known) == {}
    told(known, [group()])
    assert known.left_filter == set()
    assert [*known.told] == ["I1"]


def test_a_group_that_the_filter_excludes_is_not_seen_in_the_list() -> None:
    """A server may ignore filters; read by its id, one that was never told is none of ours."""
    known = Known(FIRING)
    known.begin(())
    known.see([group(state="resolved")])
    known.see_one("I2", group("I2", state="resolved"))
    assert news(known) == {}
    assert known.met == {"I2"}


def test_of_a_busy_group_nothing_is_told() -> None:
    """Its handlers are at work: what happens meanwhile is one difference afterwards."""
    known = Known(())
    told(known, [group()])
    known.begin({"I1"})
    known.see([group(), group("I2")])
    known.see_one("I1", None)
    assert news(known) == {"I2": ["Created"]}


def test_a_group_that_is_gone_is_forgotten_when_that_is_told() -> None:
    """And not before: a bot may be killed in between."""
    known = Known(())
    told(known, [group()])
    known.begin(())
    known.see_one("I1", None)
    assert news(known) == {"I1": ["Deleted"]}
    assert [*known.told] == ["I1"]
    known.end_delivery(known.delivery(*known.changed()))
    assert known.told == {}


def test_news_come_in_the_order_in_which_the_groups_began() -> None:
    """Whatever the order of the pages."""
    known = Known(())
    began = GROUP_MODEL.created_at
    known.begin(())
    known.see([group("I2", created_at=began + timedelta(hours=1)), group("I1", created_at=began)])
    assert [*news(known)] == ["I1", "I2"]


def test_groups_beyond_the_horizon_are_neither_seen_nor_kept() -> None:
    """It moves with the time."""
    known = Known(())
    told(known, [group()])
    known.oldest = GROUP_MODEL.created_at + timedelta(seconds=1)
    known.forget()
    assert known.told == {}
    known.begin(())
    known.see([group()])
    assert news(known) == {}


def test_what_is_learned_is_told_already() -> None:
    """Unless it began after the time until which it is."""
    known = Known(())
    began = GROUP_MODEL.created_at
    known.learn([group(), group("I2", created_at=began + timedelta(seconds=1))], began)
    known.learn([group(state="resolved")], None)
    known.begin(())
    known.see([group(state="resolved"), group("I2", created_at=began + timedelta(seconds=1))])
    assert news(known) == {"I1": ["Resolved"], "I2": ["Created"]}


@pytest.mark.parametrize(
    ("told", "in_flight", "now", "expected"),
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
            id="there and back again",
        ),
        pytest.param(None, ["firing"], "firing", "Created", id="new"),
        pytest.param(None, ["firing"], "resolved", "Created Resolved", id="new, and over"),
        pytest.param(None, ["resolved"], "firing", "Created Unresolved", id="new, and undone"),
        pytest.param(None, ["firing"], None, "Deleted", id="new, and gone"),
        pytest.param(None, ["firing", None], None, "Deleted", id="gone, and in flight again"),
        pytest.param("firing", [None], None, "Deleted", id="gone"),
        pytest.param("firing", [None], "firing", "Created", id="gone by mistake"),
        pytest.param(None, [None], None, "", id="never there"),
    ],
)
def test_a_group_is_compared_with_all_that_a_consumer_may_believe_of_it(
    told: str | None, in_flight: list[str | None], now: str | None, expected: str
) -> None:
    """What differs from the latest stands last; then it is known, and nothing is in flight."""
    known = Known(())
    if told is not None:
        known.end_delivery(Delivery(id="I1", after=Snapshot.of(group(state=told))))
    for state in in_flight:
        after = None if state is None else Snapshot.of(group(state=state))
        known.begin_delivery(Delivery(id="I1", after=after))
    known.begin(())
    known.see_one("I1", None if now is None else group(state=now))
    assert " ".join(news(known).get("I1", [])) == expected
    for one in known.changed():
        known.end_delivery(known.delivery(one))
    assert (known.in_flight, [*known.told]) == ({}, [] if now is None else ["I1"])


def test_a_group_beyond_the_horizon_is_not_in_flight_any_more() -> None:
    """It is not looked for at each poll."""
    known = Known(())
    known.begin_delivery(Delivery(id="I1", after=Snapshot.of(group())))
    known.oldest = GROUP_MODEL.created_at + timedelta(seconds=1)
    known.forget()
    assert known.in_flight == {}


def test_what_left_the_filter_before_and_after_is_no_news() -> None:
    """Nor is it looked for at the next poll."""
    known, outside = Known(FIRING), Snapshot.of(group(state="resolved"))
    known.end_delivery(Delivery(id="I1", after=outside, left_filter=True))
    known.begin_delivery(Delivery(id="I1", after=outside, left_filter=True))
    known.begin(())
    known.see_one("I1", group(state="acknowledged"))
    assert (news(known), known.in_flight) == ({}, {})
