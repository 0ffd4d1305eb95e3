"""Which webhooks an event triggers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from grafana_oncall.testing._objects.webhooks import FakeWebhook, WebhookRun
from grafana_oncall.testing._resources.actions import ACTIONS
from grafana_oncall.testing._server.state import FakeUser, GroupEvent
from grafana_oncall.testing._server.world import World

SEND = "outgoing webhook"
DELAY = timedelta(seconds=0.2)
"""From an event to its webhooks, as on an idle server."""


def triggered(
    webhooks: Iterable[FakeWebhook], event: GroupEvent, personal: str | None
) -> Iterator[tuple[FakeWebhook, str]]:
    """Yield the webhooks that an event triggers, each with the type of event that it tells of.

    Args:
        webhooks: All webhooks.
        event: What happened.
        personal: Id of the webhook of the user who is notified.
    """
    for webhook in webhooks:
        if event.type == "escalation":
            if webhook.id == event.webhook:
                yield webhook, webhook.trigger_type
        elif event.type == "personal notification":
            if webhook.id == personal and webhook.trigger_type == event.type:
                yield webhook, event.type
        elif webhook.trigger_type == event.type or _is_change(webhook, event):
            yield webhook, event.type


def _is_change(webhook: FakeWebhook, event: GroupEvent) -> bool:
    return webhook.trigger_type == "status change" and event.type in ACTIONS


def plan(world: World, event: GroupEvent) -> None:
    """Plan the webhooks that an event triggers."""
    user = world.store(FakeUser).get(event.by or "")
    webhooks = world.store(FakeWebhook).values()
    for webhook, told in triggered(webhooks, event, None if user is None else user.webhook):
        run = WebhookRun(
            id=new_id(world),
            webhook=webhook.id,
            group=event.group.id,
            type=told,
            user=event.by,
        )
        world.agenda.put((SEND, world.add(run).id), event.at + DELAY)


def new_id(world: World) -> str:
    """Return an id for a run: the number after that of the latest one."""
    return str(int(next(reversed(world.store(WebhookRun)), "0")) + 1)
