"""Bulk actions: the effect of each, on its selection alone, and once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.errors import NotFound, OutcomeUnknown
from grafana_oncall.testing import FakeOnCall, VirtualClock
from tests.facade.bulk_stories import Deed, add, counted, every_action, ids, prepared, sent, written
from tests.virtual_time import passed


@every_action
async def test_each_action_has_its_effect_on_the_selection_alone(
    fake: FakeOnCall, oncall: OnCallClient, deed: Deed
) -> None:
    """The report says so, in the order of the selection."""
    groups, others = prepared(fake, deed)
    before = [attrs.asdict(one, recurse=False) | {"labels": [*one.labels]} for one in others]
    report = await deed.run(oncall.alert_groups.bulk, ids(groups))
    report.raise_for_failures()
    assert counted(report) == {"changed": 3}
    assert ids(report.outcomes) == ids(groups)
    assert all(map(deed.done, groups))
    assert [attrs.asdict(one, recurse=False) for one in others] == before


@every_action
async def test_what_a_query_shows_to_be_done_is_not_sent_again(
    fake: FakeOnCall, oncall: OnCallClient, deed: Deed
) -> None:
    """A silence is, because it restarts; of ids, the server's refusal says that it is so."""
    prepared(fake, deed)
    bulk, every = oncall.alert_groups.bulk, [*fake.groups]
    await deed.run(bulk, every)
    fake.calls.clear()
    source = next(iter(fake.integrations))
    report = await deed.run(bulk, oncall.alert_groups.list(integration_id=source))
    assert counted(report) == {"changed" if deed.repeats else "already": 6}
    assert len(written(fake)) == (6 if deed.repeats else 0)
    report = await deed.run(bulk, every)
    assert counted(report) == {"changed" if deed.repeats else "already": 6}


@pytest.mark.parametrize("mode", ["wipe", "delete"])
@pytest.mark.parametrize("wait", [None, 10, pytest.param(timedelta(seconds=10), id="a timedelta")])
async def test_deletions_are_taken_on_or_waited_for(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock, mode: Any, wait: Any
) -> None:
    """Both modes; without `wait` nobody looks."""
    groups = add(fake, 3)
    report = await oncall.alert_groups.bulk.delete(ids(groups), mode=mode, wait=wait)
    assert counted(report) == {"changed": 3}
    assert ("get_alert_group" in sent(fake)) is (wait is not None)

    def gone() -> list[bool]:
        now = fake.groups
        return [one.id not in now if mode == "delete" else one.title is None for one in groups]

    assert gone() == [wait is not None] * 3
    clock.advance(timedelta(seconds=1))
    assert gone() == [True] * 3


@pytest.mark.parametrize("mode", ["wipe", "delete"])
async def test_a_deletion_that_does_not_happen_is_unknown(
    fake: FakeOnCall, oncall: OnCallClient, mode: Any
) -> None:
    """When the time is over, and not before; it may happen later."""
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


async def test_deleting_what_is_gone_is_done_already(
    fake: FakeOnCall, oncall: OnCallClient
) -> None:
    """But there is nothing to wipe, and that is told."""
    bulk = oncall.alert_groups.bulk
    assert counted(await bulk.delete(["GONE"], mode="delete", wait=1)) == {"already": 1}
    report = await bulk.delete(["GONE"], mode="wipe")
    assert counted(report) == {"rejected": 1}
    assert isinstance(report.failures[0].error, NotFound)
    assert len(fake.calls) == 2
