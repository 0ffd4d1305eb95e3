"""Watching: what is reported, once."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import attrs
import httpx
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall._watch.watcher import Watcher
from grafana_oncall.changes import Change, Created, Snapshot
from grafana_oncall.testing import FakeAlertGroup, FakeOnCall, VirtualClock
from tests.support.samples import BASE
from tests.support.watchers import SRE, STATES, add, enter, polls, reported, watch_with, watching

watch = pytest.fixture(watch_with)


@attrs.frozen
class Action:
    """What someone does to a group, and what is reported."""

    state: Any
    act: Callable[[OnCallClient, FakeOnCall, FakeAlertGroup], Awaitable[Any]]
    expected: str


async def add_alert(_: OnCallClient, __: FakeOnCall, group: FakeAlertGroup) -> None:
    """Add an alert."""
    group.alerts_count += 1


async def label(client: OnCallClient, fake: FakeOnCall, group: FakeAlertGroup) -> None:
    """Add a label."""
    fake.add_label("env", "prod")
    await client.alert_groups.add_label(group.id, "env", "prod")


async def silence_shortly(client: OnCallClient, fake: FakeOnCall, group: FakeAlertGroup) -> None:
    """Add a silence that ends before the next poll, and an alert."""
    await client.alert_groups.silence(group.id, 1)
    await asyncio.sleep(2)
    await add_alert(client, fake, group)


ACTIONS = {
    "acknowledge": Action(
        "firing", lambda c, _, g: c.alert_groups.acknowledge(g.id), "Acknowledged"
    ),
    "unacknowledge": Action(
        "acknowledged", lambda c, _, g: c.alert_groups.unacknowledge(g.id), "Unacknowledged"
    ),
    "resolve": Action("firing", lambda c, _, g: c.alert_groups.resolve(g.id), "Resolved"),
    "resolve a silenced one": Action(
        "silenced", lambda c, _, g: c.alert_groups.resolve(g.id), "Resolved"
    ),
    "unresolve": Action("resolved", lambda c, _, g: c.alert_groups.unresolve(g.id), "Unresolved"),
    "silence": Action("firing", lambda c, _, g: c.alert_groups.silence(g.id, 3600), "Silenced"),
    "unsilence": Action("silenced", lambda c, _, g: c.alert_groups.unsilence(g.id), "Unsilenced"),
    "acknowledge a silenced one": Action(
        "silenced", lambda c, _, g: c.alert_groups.acknowledge(g.id), "Unsilenced Acknowledged"
    ),
    "add an alert": Action("firing", add_alert, "AlertsAdded"),
    "add an alert to a resolved one": Action("resolved", add_alert, "AlertsAdded"),
    "label": Action("acknowledged", label, "LabelsChanged"),
    "label a resolved one": Action("resolved", label, "LabelsChanged"),
    "delete": Action(
        "firing", lambda c, _, g: c.alert_groups.delete(g.id, mode="delete"), "Deleted"
    ),
    "delete a resolved one": Action(
        "resolved", lambda c, _, g: c.alert_groups.delete(g.id, mode="delete"), "Deleted"
    ),
    "wipe": Action("firing", lambda c, _, g: c.alert_groups.delete(g.id, mode="wipe"), "Resolved"),
    "silence shortly": Action("firing", silence_shortly, "AlertsAdded"),
}


@pytest.mark.parametrize(
    "action", [pytest.param(action, id=name) for name, action in ACTIONS.items()]
)
async def test_an_action_on_a_group_is_reported_once_with_before_and_after(
    fake: FakeOnCall, oncall: OnCallClient, watch: Callable[..., Watcher], action: Action
) -> None:
    """Nothing is reported for its neighbours."""
    groups = [fake.add_group(state=action.state, labels=SRE) for _ in range(3)]
    snapshot = Snapshot.of(await oncall.alert_groups.get(groups[1].id))
    async with watching(watch()) as seen:
        await polls(3)
        await action.act(oncall, fake, groups[1])
        await polls(20)
    assert reported(seen) == reported(seen, groups[1]) == action.expected
    after = None if action.expected == "Deleted" else await oncall.alert_groups.get(groups[1].id)
    assert all(isinstance(change, Change) and change.before == snapshot for change in seen)
    assert all(isinstance(change, Change) and change.after == after for change in seen)


@pytest.mark.parametrize("state", STATES)
async def test_a_new_group_is_reported_with_the_state_it_is_in(
    fake: FakeOnCall, watch: Callable[..., Watcher], state: Any
) -> None:
    """At the next poll."""
    fake.add_group()
    async with watching(watch()) as seen:
        group = fake.add_group(state=state)
        await polls()
        [created, *entered] = seen
        assert isinstance(created, Created)
        assert (created.id, created.before, created.after.state) == (group.id, None, state)
        expected = "" if state == "firing" else state.capitalize()
        assert reported(entered, group) == reported(entered) == expected
        await polls(20)
        assert len(seen) == 1 + len(entered)


async def test_a_group_of_an_empty_server_is_reported(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """It is the first group ever; then nothing more is reported."""
    async with watching(watch()) as seen:
        group = fake.add_group()
        await polls()
        del fake.groups[group.id]
        await polls()
    assert reported(seen) == "Created Deleted"


async def test_the_end_of_a_silence_is_reported(
    fake: FakeOnCall, oncall: OnCallClient, watch: Callable[..., Watcher]
) -> None:
    """Although no one acts."""
    group = fake.add_group()
    async with watching(watch()) as seen:
        await oncall.alert_groups.silence(group.id, 60)
        await polls(1)
        assert reported(seen) == "Silenced"
        await polls(5)
    assert reported(seen) == "Silenced Unsilenced"


async def test_groups_are_reported_in_the_order_of_their_start(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """The oldest first, although the list has the newest first."""
    async with watching(watch()) as seen:
        groups = add(fake, 5)
        await polls()
    ids = [change.id for change in seen if isinstance(change, Change)]
    assert ids == [group.id for group in reversed(groups)]


async def test_over_hundreds_of_polls_nothing_is_reported_twice(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """There are 30 groups in all states, half of which change once."""
    fake._world.page_size = 7
    groups = [group for state in STATES for group in add(fake, 8, state=state)]
    async with watching(watch()) as seen:
        await polls(50)
        assert seen == []
        for group in groups[::2]:
            group.alerts_count += 1
        await polls(150)
        assert Counter(map(type, seen)) == {type(seen[0]): 16}
        assert {change.id for change in seen if isinstance(change, Change)} == {
            group.id for group in groups[::2]
        }


async def test_existing_groups_are_reported_on_request(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Each once."""
    for state in STATES:
        fake.add_group(state=state)
    async with watching(watch(existing=True)) as seen:
        await polls(20)
    assert reported(seen) == "Created Created Acknowledged Created Resolved Created Silenced"


async def test_groups_beyond_the_horizon_are_not_watched(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Groups that cross it are forgotten, but not reported as deleted."""
    groups = add(fake, 3, apart=3600)
    watcher = watch(horizon=timedelta(hours=2), existing=True)
    async with watching(watcher) as seen:
        assert reported(seen) == "Created Created"
        await polls(4 * 60)
        for group in groups:
            enter(group, "acknowledged", fake)
        await polls(4)
        assert reported(seen) == "Created Created Acknowledged"
        await polls(4 * 60)
        assert (reported(seen), watcher.health.watched) == ("Created Created Acknowledged", 0)


async def test_resolved_groups_beyond_the_horizon_are_forgotten(
    fake: FakeOnCall, watch: Callable[..., Watcher]
) -> None:
    """Nothing is reported."""
    add(fake, 3, state="resolved")
    watcher = watch(horizon=timedelta(hours=1))
    async with watching(watcher) as seen:
        assert watcher.health.watched == 3
        await polls(4 * 60)
        assert (seen, watcher.health.watched) == ([], 0)


class Deaf(httpx.AsyncBaseTransport):
    """A proxy that drops all filters except the time range."""

    def __init__(self, fake: FakeOnCall) -> None:
        self._inner = fake.transport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Forward the request without the filters."""
        for name in ("label", "state"):
            request.url = request.url.copy_remove_param(name)
        return await self._inner.handle_async_request(request)


async def test_what_a_server_lists_outside_the_filter_is_not_reported(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """It ignores the filter; matching groups are reported all the same."""
    inside, outside = fake.add_group(labels=SRE), fake.add_group()
    async with (
        OnCallClient(url=BASE, token=fake.token, transport=Deaf(fake)) as client,
        watching(client.alert_groups.watch(clock=clock, labels=SRE, existing=True)) as seen,
    ):
        assert reported(seen) == reported(seen, inside) == "Created"
        enter(outside, "resolved", fake)
        fake.add_group()
        inside.labels.clear()
        await polls(5)
    assert reported(seen) == reported(seen, inside) == "Created LabelsChanged"


async def test_a_watcher_logs_that_it_watches_and_how_many_groups(
    fake: FakeOnCall, watch: Callable[..., Watcher], caplog: pytest.LogCaptureFixture
) -> None:
    """At INFO, after the first poll; otherwise the log would show nothing until a change."""
    add(fake, 3)
    with caplog.at_level(logging.INFO, "grafana_oncall"):
        async with watching(watch()):
            await polls(5)
    lines = [record.getMessage() for record in caplog.records if record.name == "grafana_oncall"]
    assert lines == ["Watching 3 alert groups, with a poll every 0:00:15"]
