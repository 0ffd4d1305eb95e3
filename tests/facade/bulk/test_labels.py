"""Labels of many groups: only missing ones are added, and only existing ones removed."""

from __future__ import annotations

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import BadRequest, LabelError
from grafana_oncall.testing import FakeOnCall, FakeRequest
from tests.support.bulk_stories import counted, ids, meanwhile, sent, written


@pytest.mark.parametrize("source", ["query", "ids"])
async def test_only_labels_that_are_missing_are_added(
    fake: FakeOnCall, oncall: OnCallClient, source: str
) -> None:
    """A query has read the groups already; for ids, each takes one request."""
    both = fake.add_group(labels={"team": "SRE", "tier": "a"})
    one = fake.add_group(labels={"team": "SRE"})
    none = fake.add_group()
    query = oncall.alert_groups.list(state="new")
    selection = query if source == "query" else ids([both, one, none])
    report = await oncall.alert_groups.bulk.add_labels(selection, ["team:SRE", "tier:a"])
    outcomes = {outcome.id: (outcome.status.value, outcome.detail) for outcome in report.outcomes}
    assert outcomes == {
        both.id: ("already", ""),
        one.id: ("changed", "add tier:a"),
        none.id: ("changed", "add team:SRE; add tier:a"),
    }
    assert [set(group.labels) for group in (both, one, none)] == [set(both.labels)] * 3
    assert sent(fake).pop("add_alert_group_label") == 3
    assert sent(fake).get("get_alert_group", 0) == (0 if source == "query" else 3)


async def test_only_labels_that_are_there_are_removed(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """By key and value; another value of the same key stays."""
    sre, other = fake.add_group(labels={"team": "SRE"}), fake.add_group(labels={"team": "Web"})
    query = oncall.alert_groups.list(state="new")
    report = await oncall.alert_groups.bulk.remove_labels(query, {"team": "SRE", "2nd": "x"})
    assert counted(report) == {"changed": 1, "already": 1}
    assert (sre.labels, other.labels) == ([], [("team", "Web")])
    assert sent(fake)["remove_alert_group_label"] == 1


@pytest.mark.parametrize("source", ["query", "ids"])
async def test_a_plan_beyond_fifty_labels_is_rejected_before_anything_is_sent(
    fake: FakeOnCall, oncall: OnCallClient, source: str
) -> None:
    """None of them is added; fifty are allowed."""
    fake.add_label("team", "SRE")
    fake.add_label("tier", "a")
    full = fake.add_group(labels={f"k{'x' * number}": "v" for number in range(49)})
    room = fake.add_group(labels={f"k{'x' * number}": "v" for number in range(48)})
    query = oncall.alert_groups.list(state="new")
    selection = query if source == "query" else ids([full, room])
    report = await oncall.alert_groups.bulk.add_labels(selection, {"team": "SRE", "tier": "a"})
    assert counted(report) == {"changed": 1, "rejected": 1}
    assert isinstance(report.failures[0].error, LabelError)
    assert "51" in report.failures[0].detail
    assert (len(full.labels), len(room.labels)) == (49, 50)
    assert {full.id in path for path in written(fake)} == {False}


@pytest.mark.parametrize("name", ["add_labels", "remove_labels"])
async def test_another_client_that_is_faster_does_not_make_a_failure(
    fake: FakeOnCall, oncall: OnCallClient, name: str
) -> None:
    """What it did between the plan and the request counts as already."""
    fake.add_label("team", "SRE")
    group = fake.add_group(labels={} if name == "add_labels" else {"team": "SRE"})
    labels = group.labels[:]

    def act(_: FakeRequest) -> None:
        group.labels[:] = [] if labels else [("team", "SRE")]

    meanwhile(fake, f"{name[:-1].replace('_', '_alert_group_')}", act)
    report = await getattr(oncall.alert_groups.bulk, name)([group.id], ["team:SRE"])
    assert counted(report) == {"already": 1}
    assert group.labels == ([] if labels else [("team", "SRE")])


@pytest.mark.parametrize("name", ["add_labels", "remove_labels"])
async def test_another_client_that_does_a_part_leaves_the_rest_to_be_done(
    fake: FakeOnCall, oncall: OnCallClient, name: str
) -> None:
    """The detail says which part this run did."""
    labels = {"team": "SRE", "tier": "a"}
    other = fake.add_group(labels=labels)
    group = fake.add_group(labels={} if name == "add_labels" else labels)

    def act(_: FakeRequest) -> None:
        group.labels[:] = [("tier", "a")] if group.labels else [("team", "SRE")]

    meanwhile(fake, f"{name[:-1].replace('_', '_alert_group_')}", act)
    report = await getattr(oncall.alert_groups.bulk, name)([group.id], labels)
    assert counted(report) == {"changed": 1}
    assert report.outcomes[0].detail == f"{name.partition('_')[0]} tier:a"
    assert group.labels == (other.labels if name == "add_labels" else [])


async def test_a_plan_that_is_refused_half_way_says_what_was_done(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """With the server's reason; the rest is not sent, and a part that was done is `unknown`."""
    fake.add_label("team", "SRE")
    fake.add_label("tier", "a")
    group = fake.add_group()
    labels = {"team": "SRE", "unheard": "of", "tier": "a"}
    report = await oncall.alert_groups.bulk.add_labels([group.id], labels)
    assert counted(report) == {"unknown": 1}
    (failure,) = report.failures
    assert failure.detail.startswith("add team:SRE; ")
    assert "'unheard' does not exist" in failure.detail
    assert isinstance(failure.error, BadRequest)
    assert group.labels == [("team", "SRE")]


@pytest.mark.parametrize("source", ["query", "ids"])
async def test_a_group_with_too_many_labels_that_has_all_that_are_wanted_is_done_already(
    fake: FakeOnCall, oncall: OnCallClient, source: str
) -> None:
    """It needs no new label, so nothing is refused."""
    other = {f"k{'x' * number}": "v" for number in range(51)}
    group = fake.add_group(labels={"team": "SRE", **other})
    query = oncall.alert_groups.list(state="new")
    selection = query if source == "query" else [group.id]
    report = await oncall.alert_groups.bulk.add_labels(selection, ["team:SRE", "k:v"])
    assert (counted(report), written(fake)) == ({"already": 1}, [])
    assert len(group.labels) == 52
