"""All the way round: an alert, an escalation, a page, a webhook, a bot, and the escalation ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import attrs
import httpx
import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.bot import Bot
from grafana_oncall.changes import Created
from grafana_oncall.testing import FakeOnCall, LoopClock, VirtualClock, serve
from grafana_oncall.webhooks import Event, Router
from tests.support.asgi_server import serving

POSTED = Path(__file__).parents[1] / "unit" / "testing" / "posted" / "alertmanager.json"
SECRET = "s3cret"
JSON = {"Content-Type": "application/json"}
HOUR = timedelta(hours=1)
IN_ALL = timedelta(seconds=6.2)
"""From the alert to the webhook: the first step after a second, the next one five seconds later,
and the webhook of that a moment after it."""


@attrs.frozen
class Team:
    """A bot that acknowledges new groups, and the router that hints at them."""

    router: Router
    bot: Bot
    acknowledged: asyncio.Event


def team(server: FakeOnCall, client: OnCallClient) -> Team:
    """A bot that hardly ever polls: it hears of a group by a webhook."""
    made = Team(
        Router(secret=SECRET),
        Bot(client.alert_groups.watch(every=24 * HOUR, existing=True, clock=server.now)),
        asyncio.Event(),
    )

    @made.router.on("escalation")
    async def hint(event: Event) -> None:
        made.bot.hint(event.alert_group_id)

    @made.bot.on(Created)
    async def acknowledge(change: Created) -> None:
        await client.alert_groups.acknowledge(change.id)
        made.acknowledged.set()

    return made


@asynccontextmanager
async def running(made: Team, server: FakeOnCall) -> AsyncGenerator[None]:
    """Let a bot run, once it has polled, and so acknowledged a group that it found."""
    server.add_group(integration=server.add_integration(name="Other"))
    task = asyncio.create_task(made.bot.run(signals=()))
    await made.acknowledged.wait()
    made.acknowledged.clear()
    yield
    task.cancel()
    await asyncio.wait([task])


def set_up(server: FakeOnCall, hook: str) -> str:
    """Escalate what Alertmanager posts: page who is on call, tell the bot, call the manager.

    Returns:
        The path to post to.
    """
    ana, bob = (server.add_user(name, role="editor") for name in ("ana", "bob"))
    bob.is_phone_number_verified = True
    server.add_personal_notification_rule(ana, "notify_by_mobile_app")
    server.add_personal_notification_rule(bob, "notify_by_phone_call", important=True)
    schedule = server.add_schedule("Primary", on_call=[ana])
    webhook = server.add_webhook("bot", url=hook, trigger_type="escalation")
    webhook.authorization_header = SECRET
    chain = server.add_escalation_chain("SRE")
    on_call = server.add_escalation_policy(chain, "notify_on_call_from_schedule")
    on_call.notify_on_call_from_schedule = schedule.id
    server.add_escalation_policy(chain, "trigger_webhook").action_to_trigger = webhook.id
    server.add_escalation_policy(chain, "wait").duration = 900
    manager = server.add_escalation_policy(chain, "notify_persons", persons=[bob.id])
    manager.important = True
    source = server.add_integration(type="alertmanager", name="Alertmanager")
    source.default_route["escalation_chain_id"] = chain.id
    return f"integrations/v1/alertmanager/{source.secret}/"


def check(server: FakeOnCall) -> None:
    """The group is acknowledged by the bot, at once; only who was on call has been paged."""
    _, group = server.groups.values()
    assert (group.state, group.acknowledged_by) == ("acknowledged", server.user.id)
    assert group.payload["groupKey"] == json.loads(POSTED.read_text("utf-8"))["groupKey"]
    assert [(page.user, page.how) for page in server.pages] == [("ana", "mobile_app")]
    (delivery,) = server.deliveries
    assert (delivery.status, delivery.event) == (200, "escalation")
    assert delivery.at - group.started_at == IN_ALL


async def test_in_one_process_and_in_virtual_time(
    oncall_clock: LoopClock, oncall_server: FakeOnCall, oncall_client: OnCallClient
) -> None:
    """Nothing waits, and the manager sleeps on."""
    path, made = set_up(oncall_server, "https://bot.example/"), team(oncall_server, oncall_client)
    monitoring = httpx.AsyncClient(
        transport=oncall_server.transport(), base_url="https://oncall.test"
    )
    async with (
        running(made, oncall_server),
        made.router,
        oncall_server.deliver_webhooks("https://bot.example/", to=made.router),
        monitoring,
    ):
        response = await monitoring.post(path, json=json.loads(POSTED.read_text("utf-8")))
        assert response.json() == "Ok."
        began = oncall_clock.now()
        await made.acknowledged.wait()
        assert oncall_clock.now() - began < timedelta(seconds=10)
        await asyncio.sleep(HOUR.total_seconds())
    check(oncall_server)


async def test_over_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the server, of the router; a proxy of the environment gets nothing."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    clock = VirtualClock()
    server = FakeOnCall(clock=clock)
    async with (
        asyncio.timeout(20),
        serve(server) as url,
        OnCallClient(url=url, token=server.token) as client,
    ):
        made = team(server, client)
        async with serving(made.router) as (host, port), running(made, server):
            hook = f"http://{host}:{port}/"
            path = set_up(server, hook)
            async with (
                server.deliver_webhooks(hook),
                httpx.AsyncClient(base_url=url, trust_env=False) as monitoring,
            ):
                await monitoring.post(path, content=POSTED.read_bytes(), headers=JSON)
                clock.advance(IN_ALL)
                await made.acknowledged.wait()
                clock.advance(HOUR)
    check(server)
