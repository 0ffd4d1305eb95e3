"""Bulk runs that repeat their query until it finds nothing new."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import SelectionTooLarge
from grafana_oncall.testing import FakeOnCall, FakeRequest
from tests.support.bulk_stories import Groups, add, counted, meanwhile, void, written


@pytest.mark.parametrize("state", ["resolved", "firing"])
async def test_converging_finds_what_appears_meanwhile(
    fake: FakeOnCall, oncall: OnCallClient, state: str
) -> None:
    """Until a walk finds nothing new; each is acted on once. Otherwise they are left alone."""
    add(fake, 60)
    late: Groups = []

    def act(_: FakeRequest) -> None:
        late.append(fake.add_group(started_at=fake.now() + timedelta(seconds=1)))

    meanwhile(fake, "resolve_alert_group", act, times=3)
    converge = state == "resolved"
    query = oncall.alert_groups.list(state="new")
    report = await oncall.alert_groups.bulk.resolve(query, converge=converge)
    assert [group.state for group in late] == [state] * 3
    assert (counted(report), report.complete) == ({"changed": 63 if converge else 60}, True)
    assert len(written(fake)) == len(report.outcomes)


async def test_converging_is_bounded(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """Even if there is always one more: ten walks after the first, as the report says."""
    fake.add_group()
    meanwhile(fake, "resolve_alert_group", lambda _: void(fake.add_group()), times=999)
    query = oncall.alert_groups.list(state="new")
    report = await oncall.alert_groups.bulk.resolve(query, converge=True)
    assert (counted(report), report.complete) == ({"changed": 11}, False)
    assert "may have been missed" in str(report)
    assert json.loads(report.to_json())["complete"] is False
    assert [group.state for group in fake.groups.values()].count("firing") == 1


async def test_converging_respects_max_items(fake: FakeOnCall, oncall: OnCallClient) -> None:
    """It limits all walks together; the report has what was done until then."""
    add(fake, 3)
    meanwhile(fake, "resolve_alert_group", lambda _: void(fake.add_group()), times=2)
    query = oncall.alert_groups.list(state="new")
    run = oncall.alert_groups.bulk.resolve(query, converge=True, max_items=4)
    with pytest.raises(SelectionTooLarge):
        await run
    assert (counted(run.report), len(written(fake))) == ({"changed": 3}, 3)
