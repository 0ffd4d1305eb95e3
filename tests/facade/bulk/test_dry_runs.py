"""Dry runs: the plan, and nothing sent."""

from __future__ import annotations

from datetime import timedelta

from grafana_oncall import OnCallClient
from grafana_oncall.testing import FakeOnCall
from tests.support.bulk_stories import (
    BulkAction,
    add,
    counted,
    every_action,
    ids,
    prepared,
    sent,
    written,
)


async def test_a_dry_run_reports_the_plan_and_writes_nothing(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """What would be sent, what is done already, and what would be rejected."""
    fake.add_label("team", "SRE")
    fake.add_label("tier", "a")
    began = fake.now()
    some = fake.add_group(labels={"team": "SRE"}, started_at=began)
    every = fake.add_group(
        labels={"team": "SRE", "tier": "a"}, started_at=began - timedelta(seconds=1)
    )
    full = fake.add_group(
        labels={f"k{'x' * number}": "v" for number in range(50)},
        started_at=began - timedelta(seconds=2),
    )
    query = oncall.alert_groups.list(state="new")
    run = oncall.alert_groups.bulk.add_labels(query, {"team": "SRE", "tier": "a"}, dry_run=True)
    report = await run
    assert [(outcome.id, outcome.status.value) for outcome in report.outcomes] == [
        (some.id, "not_attempted"),
        (every.id, "already"),
        (full.id, "rejected"),
    ]
    assert report.outcomes[0].detail == "add tier:a"
    assert (report.dry_run, written(fake)) == (True, [])
    assert "dry run" in str(report)


@every_action
async def test_a_dry_run_of_any_action_writes_nothing(
    fake: FakeOnCall, oncall: OnCallClient, action: BulkAction
) -> None:
    """Neither for a query nor for ids."""
    groups, _ = prepared(fake, action)
    before = [group.state for group in groups]
    bulk = oncall.alert_groups.bulk
    for selection in (ids(groups), oncall.alert_groups.list(id=groups[0].id)):
        report = await action.run(bulk, selection, dry_run=True)
        assert counted(report) == {"not_attempted": len(report.outcomes)}
        assert {bool(outcome.detail) for outcome in report.outcomes} == {True}
    assert (written(fake), [group.state for group in groups]) == ([], before)


async def test_a_dry_run_that_would_converge_walks_once_and_plans_what_it_saw(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """What each group lacks; nothing new can appear, because nothing is done."""
    fake.add_label("tier", "a")
    first, second = add(fake, 2, labels={"team": "SRE"})
    second.labels.append(("tier", "a"))
    query = oncall.alert_groups.list(labels={"team": "SRE"})
    report = await oncall.alert_groups.bulk.add_labels(
        query, ["team:SRE", "tier:a"], dry_run=True, converge=True
    )
    assert [(outcome.id, outcome.status.value, outcome.detail) for outcome in report.outcomes] == [
        (first.id, "not_attempted", "add tier:a"),
        (second.id, "already", ""),
    ]
    assert (sent(fake), report.complete) == ({"list_alert_groups": 1}, True)
