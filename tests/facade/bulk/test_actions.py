"""Bulk actions: each has its effect on its selection alone, and once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import Conflict, NotFound, OutcomeUnknown
from grafana_oncall.testing import FakeOnCall, FakeRequest, VirtualClock, refuse
from tests.support.bulk_stories import (
    SECOND,
    BulkAction,
    add,
    counted,
    cut,
    every_action,
    ids,
    meanwhile,
    prepared,
    sent,
    written,
)
from tests.support.virtual_time import passed


@every_action
async def test_each_action_has_its_effect_on_the_selection_alone(
    fake: FakeOnCall, oncall: OnCallClient, action: BulkAction
) -> None:
    """The report says so, in the order of the selection."""
    groups, others = prepared(fake, action)
    before = [attrs.asdict(group, recurse=False) | {"labels": [*group.labels]} for group in others]
    report = await action.run(oncall.alert_groups.bulk, ids(groups))
    report.raise_for_failures()
    assert counted(report) == {"changed": 3}
    assert ids(report.outcomes) == ids(groups)
    assert all(map(action.done, groups))
    assert [attrs.asdict(group, recurse=False) for group in others] == before


@every_action
async def test_what_a_query_shows_to_be_done_is_not_sent(
    fake: FakeOnCall, oncall: OnCallClient, action: BulkAction
) -> None:
    """A silence is, because it restarts; for ids, the server's refusal shows it."""
    prepared(fake, action)
    bulk, every = oncall.alert_groups.bulk, [*fake.groups]
    await action.run(bulk, every)
    fake.calls.clear()
    source = next(iter(fake.integrations))
    report = await action.run(bulk, oncall.alert_groups.list(integration_id=source))
    assert counted(report) == {"changed" if action.repeats else "already": 6}
    assert len(written(fake)) == (6 if action.repeats else 0)
    report = await action.run(bulk, every)
    assert counted(report) == {"changed" if action.repeats else "already": 6}


@pytest.mark.parametrize("mode", ["wipe", "delete"])
@pytest.mark.parametrize("wait", [None, 10, pytest.param(timedelta(seconds=10), id="a timedelta")])
async def test_deletions_are_accepted_or_waited_for(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock, mode: Any, wait: Any
) -> None:
    """In both modes; without `wait` the run does not check, and the report says so."""
    groups = add(fake, 3)
    report = await oncall.alert_groups.bulk.delete(ids(groups), mode=mode, wait=wait)
    assert counted(report) == {"accepted" if wait is None else "changed": 3}
    assert ("get_alert_group" in sent(fake)) is (wait is not None)

    def gone() -> list[bool]:
        now = fake.groups
        return [
            group.id not in now if mode == "delete" else group.title is None for group in groups
        ]

    assert gone() == [wait is not None] * 3
    clock.advance(timedelta(seconds=1))
    assert gone() == [True] * 3


@pytest.mark.parametrize("mode", ["wipe", "delete"])
async def test_a_deletion_that_does_not_happen_is_unknown(
    fake: FakeOnCall, oncall: OnCallClient, mode: Any
) -> None:
    """Only after the timeout, because it may happen later."""
    fake.delete_delay = fake.wipe_delay = None
    (group,) = add(fake, 1)
    report = await oncall.alert_groups.bulk.delete([group.id], mode=mode, wait=20)
    assert counted(report) == {"unknown": 1}
    assert isinstance(report.failures[0].error, OutcomeUnknown)
    assert passed() == pytest.approx(20)
    assert len(written(fake)) == 1
    fake.delete_delay = fake.wipe_delay = timedelta(0)
    report = await oncall.alert_groups.bulk.delete([group.id], mode=mode, wait=20)
    assert report.failures == ()


async def test_deleting_a_deleted_group_counts_as_already(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """A deleted group cannot be wiped, and the report says so."""
    bulk = oncall.alert_groups.bulk
    assert counted(await bulk.delete(["GONE"], mode="delete", wait=1)) == {"already": 1}
    report = await bulk.delete(["GONE"], mode="wipe")
    assert counted(report) == {"rejected": 1}
    assert isinstance(report.failures[0].error, NotFound)
    assert len(fake.calls) == 2


@pytest.mark.parametrize("mode", ["wipe", "delete"])
async def test_an_accepted_deletion_is_not_sent_again(
    fake: FakeOnCall, oncall: OnCallClient, tmp_path: Path, mode: Any
) -> None:
    """The resumed run skips it; it did not fail, and the report explains `accepted`."""
    fake.delete_delay = fake.wipe_delay = None
    path, bulk = tmp_path / "j", oncall.alert_groups.bulk
    report = await bulk.delete(ids(add(fake, 3)), mode=mode, journal=path)
    report.raise_for_failures()
    assert "3 accepted" in str(report)
    assert "the server carries out later what it accepted" in str(report)
    fake.calls.clear()
    assert counted(await bulk.resume(path)) == {"accepted": 3}
    assert fake.calls == []


# What the server says, and what is true


async def wiped(fake: FakeOnCall, oncall: OnCallClient, number: int) -> list[str]:
    """Return the ids of groups that are wiped."""
    these = ids(add(fake, number))
    await oncall.alert_groups.bulk.delete(these, wait=10)
    fake.calls.clear()
    return these


@pytest.mark.parametrize("select", ["query", "ids"])
async def test_unresolving_a_wiped_group_is_rejected(
    fake: FakeOnCall, oncall: OnCallClient, select: str
) -> None:
    """The server reports success, but leaves it resolved; others of a query are not read."""
    gone, others = await wiped(fake, oncall, 2), ids(add(fake, 3, state="resolved"))
    query = oncall.alert_groups.list(state="resolved")
    report = await oncall.alert_groups.bulk.unresolve(
        query if select == "query" else [*gone, *others]
    )
    assert counted(report) == {"changed": 3, "rejected": 2}
    assert {*ids(report.failures)} == {*gone}
    assert "because it is wiped" in str(report)
    assert {fake.group(group_id).state for group_id in gone} == {"resolved"}
    assert {fake.group(group_id).state for group_id in others} == {"firing"}
    assert sent(fake)["get_alert_group"] == (2 if select == "query" else 5)


async def test_a_group_that_another_client_resolves_at_once_was_unresolved(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """It is not a wiped group: this run unresolved it, and another client was quick."""
    (group,) = add(fake, 1, state="resolved")

    def resolve(_: FakeRequest) -> None:
        group.resolved_at = fake.now()

    meanwhile(fake, "get_alert_group", resolve)
    assert counted(await oncall.alert_groups.bulk.unresolve([group.id])) == {"changed": 1}


async def test_an_unresolved_group_is_unknown_when_reading_it_back_is_cancelled(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """The server accepted the action, but the group may be a wiped one."""
    (group,) = add(fake, 1, state="resolved")
    fake.latency = SECOND
    report = await cut(oncall.alert_groups.bulk.unresolve([group.id]), 1.5)
    assert (counted(report), group.state) == ({"unknown": 1}, "firing")


async def test_an_unresolved_group_that_cannot_be_read_is_unknown(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """The server accepted the action, but nothing shows whether the group is wiped."""
    (group,) = add(fake, 1, state="resolved")
    fake.faults.add(refuse(), operation="get_alert_group", times=99)
    report = await oncall.alert_groups.bulk.unresolve([group.id])
    assert counted(report) == {"unknown": 1}
    assert "leaves wiped groups resolved" in str(report)


@pytest.mark.parametrize("select", ["query", "ids"])
async def test_a_group_that_was_acknowledged_and_resolved_does_not_count_as_already_acknowledged(
    fake: FakeOnCall, oncall: OnCallClient, select: str
) -> None:
    """The server calls both groups acknowledged, but only one of them is."""
    acknowledged, over = add(fake, 2, state="acknowledged")
    over.resolved_at = fake.now()
    source = next(iter(fake.integrations))
    report = await oncall.alert_groups.bulk.acknowledge(
        oncall.alert_groups.list(integration_id=source)
        if select == "query"
        else [acknowledged.id, over.id]
    )
    assert [outcome.status for outcome in report.outcomes] == ["already", "rejected"]
    assert "but it is resolved by now" in str(report)
    assert type(report.failures[0].error) is Conflict


async def test_what_is_called_acknowledged_but_cannot_be_read_has_failed(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """Nothing was changed, and the resumed run retries it."""
    (group,) = add(fake, 1, state="acknowledged")
    fake.faults.add(refuse(), operation="get_alert_group", times=99)
    report = await oncall.alert_groups.bulk.acknowledge([group.id])
    assert counted(report) == {"failed": 1}
