"""A small program of a user, as type checkers see it. It is never run."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import assert_type

from grafana_oncall import OnCallClient, Pager, RetryPolicy
from grafana_oncall.bot import Bot
from grafana_oncall.bulk import BulkReport, Status
from grafana_oncall.changes import Created
from grafana_oncall.errors import OnCallError, RateLimited
from grafana_oncall.models import AlertGroup, AlertGroupState, Integration
from grafana_oncall.testing import FakeAlertGroup, FakeOnCall
from grafana_oncall.webhooks import Event, Router


async def work(client: OnCallClient) -> str | None:
    """Models, pagers, actions and reports have their types."""
    pager = client.alert_groups.list(state="new", labels={"team": "SRE"})
    assert_type(pager, Pager[AlertGroup])
    async for group in pager:
        assert_type(group.state, AlertGroupState)
        assert_type(group.created_at, datetime)
        await client.alert_groups.silence(group.id, timedelta(hours=1))
    report = await client.alert_groups.bulk.acknowledge(pager)
    assert_type(report, BulkReport)
    assert_type(report.counts, Mapping[Status, int])
    made = await client.integrations.create(type="webhook", templates={"slack": {"title": None}})
    assert_type(made, Integration)
    return made.name


def react(client: OnCallClient, router: Router) -> Bot:
    """Handlers are typed by the events they take."""
    bot = Bot(client.alert_groups.watch(labels=["team:SRE"]))

    @bot.on(Created)
    async def greet(change: Created) -> None:
        assert_type(change.after.title, str | None)

    @router.on("escalation")
    async def page(event: Event) -> None:
        bot.hint(event.alert_group.id)

    return bot


def pretend() -> OnCallClient:
    """The fake is typed too."""
    fake = FakeOnCall()
    assert_type(fake.add_group(title="Disk"), FakeAlertGroup)
    return OnCallClient(
        url="https://oncall.test",
        token=fake.token,
        transport=fake.transport(),
        retry=RetryPolicy(max_attempts=2),
    )


def describe(error: OnCallError) -> float | None:
    """Errors have their attributes."""
    return error.reset_after if isinstance(error, RateLimited) else None
