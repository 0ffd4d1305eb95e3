"""Labels of alert groups on the fake: what the server holds afterwards."""

from __future__ import annotations

import pytest

from grafana_oncall import OnCallClient, models
from grafana_oncall.errors import AlreadyInState, BadRequest, EndpointUnavailable, NotFound
from grafana_oncall.testing import FakeOnCall, VirtualClock
from tests.support.named_calls import OPERATIONS, connect, sent


async def test_a_label_is_added_and_removed(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """The result is the label as the server has it."""
    fake.add_label("severity", "critical")
    group = fake.add_group()
    label = await oncall.alert_groups.add_label(group.id, "severity", "critical")
    assert label == models.Label(
        key=models.LabelKey(id="severity", name="severity"),
        value=models.LabelValue(id="critical", name="critical"),
    )
    assert group.labels == [("severity", "critical")]
    await oncall.alert_groups.remove_label(group.id, label.key.name, label.value.name)
    assert group.labels == []
    assert sent(fake) == [("add_alert_group_label", 201), ("remove_alert_group_label", 204)]


async def test_a_label_that_is_older_than_the_rules_can_be_found_and_removed(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """The rules apply to new labels only."""
    group = fake.add_group(labels={"2nd": "on call"})
    fake.add_group()
    (found,) = await oncall.alert_groups.list(labels={"2nd": "on call"}).collect()
    await oncall.alert_groups.remove_label(found.id, "2nd", "on call")
    assert group.labels == []


@pytest.mark.parametrize(
    ("label", "error", "detail"),
    [
        pytest.param(
            ("tier", "a"), BadRequest, "Label key 'tier' does not exist", id="an unknown key"
        ),
        pytest.param(
            ("team", "QA"),
            BadRequest,
            "Label value 'QA' does not exist for key 'team'",
            id="an unknown value",
        ),
        pytest.param(
            ("team", "SRE"),
            AlreadyInState,
            "Label already exists for this alert group",
            id="a label that is there",
        ),
        pytest.param(
            ("spare", "a"),
            BadRequest,
            "Alert group already has the maximum number of labels (50)",
            id="the fifty-first",
        ),
    ],
)
async def test_a_label_that_cannot_be_added_is_refused_with_the_documented_words(
    fake: FakeOnCall,
    oncall: OnCallClient,
    label: tuple[str, str],
    error: type[BadRequest],
    detail: str,
) -> None:
    """All four documented errors, on a group that has as many labels as it may."""
    labels = {"team": "SRE", **{f"k{number}x": "v" for number in range(49)}}
    group = fake.add_group(labels=labels)
    fake.add_label("spare", "a")
    with pytest.raises(BadRequest) as caught:
        await oncall.alert_groups.add_label(group.id, *label)
    assert type(caught.value) is error
    assert caught.value.detail == detail
    assert len(group.labels) == 50


async def test_a_label_that_is_not_there_is_not_found(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """The labels that exist stay."""
    group = fake.add_group(labels={"team": "SRE"})
    with pytest.raises(NotFound) as caught:
        await oncall.alert_groups.remove_label(group.id, "team", "QA")
    assert caught.value.detail == "Label not found"
    assert group.labels == [("team", "SRE")]


@pytest.mark.parametrize("name", ["add_label", "remove_label"])
async def test_a_server_without_group_labels_says_so(clock: VirtualClock, name: str) -> None:
    """The open-source engine has no such endpoint; that differs from no such group."""
    oss = FakeOnCall(clock=clock, flavour="oss")
    group = oss.add_group()
    async with connect(oss, oss.token) as client:
        with pytest.raises(EndpointUnavailable) as caught:
            await OPERATIONS[name](client, group.id)
    assert caught.value.status == 404
    assert "the open-source engine cannot add or remove labels" in str(caught.value)
