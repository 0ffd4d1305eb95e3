"""A bot that polls and takes webhooks acts once on each group."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

import attrs
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.bot import Bot
from grafana_oncall.changes import Acknowledged, Change, Created
from grafana_oncall.testing import FakeAlertGroup, FakeOnCall, VirtualClock
from grafana_oncall.webhooks import Event, Router
from tests.support.webhook_payloads import body
from tests.support.webhook_requests import SECRET, post


@attrs.define
class Story:
    """A bot, its router, and what its handlers got."""

    bot: Bot
    router: Router
    delivered: list[tuple[str, str]] = attrs.field(factory=list[tuple[str, str]])

    async def push(self, group: FakeAlertGroup, kind: str) -> None:
        """Send the server's webhook, and its retry after a lost response."""
        for _ in range(2):
            response = await post(self.router, body(kind, group=group.id))
            assert response.status_code == 200


@asynccontextmanager
async def _running(
    oncall: OnCallClient, clock: VirtualClock, every: timedelta
) -> AsyncGenerator[Story]:
    story = Story(Bot(oncall.alert_groups.watch(every=every, clock=clock)), Router(secret=SECRET))

    @story.bot.on(Change)
    async def deliver(change: Change) -> None:
        story.delivered.append((type(change).__name__, change.id))

    @story.bot.on(Created)
    async def acknowledge(change: Created) -> None:
        await oncall.alert_groups.acknowledge(change.id)

    @story.router.on()
    async def hint(event: Event) -> None:
        story.bot.hint(event.alert_group.id)

    async with story.router, asyncio.TaskGroup() as tasks:
        tasks.create_task(story.bot.run(signals=()))
        await asyncio.sleep(1)
        yield story
        story.bot.stop()


@pytest.mark.parametrize(
    "every",
    [
        pytest.param(timedelta(hours=6), id="webhooks with a poll now and then"),
        pytest.param(timedelta(seconds=5), id="both"),
    ],
)
async def test_what_webhooks_and_polls_deliver_is_handled_once(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock, every: timedelta
) -> None:
    """Pushed, pushed twice, and found by polls: each change is handled once, and at once."""
    async with _running(oncall, clock, every) as story:
        group = fake.add_group()
        await story.push(group, "alert group created")
        await asyncio.sleep(2)
        assert story.delivered[0] == ("Created", group.id)
        await story.push(group, "acknowledge")
        await asyncio.sleep(60)
    assert story.delivered == [("Created", group.id), (Acknowledged.__name__, group.id)]
    assert [call.operation for call in fake.calls].count("acknowledge_alert_group") == 1


async def test_a_late_webhook_is_not_taken_for_news(
    fake: FakeOnCall, oncall: OnCallClient, clock: VirtualClock
) -> None:
    """Its state is outdated; the bot reads the current one."""
    async with _running(oncall, clock, timedelta(seconds=5)) as story:
        group = fake.add_group()
        await asyncio.sleep(10)
        group.resolved_at = fake.now()
        await asyncio.sleep(10)
        await story.push(group, "acknowledge")
        await asyncio.sleep(10)
    kinds = [kind for kind, _ in story.delivered]
    assert kinds == ["Created", "Acknowledged", "Resolved"]
