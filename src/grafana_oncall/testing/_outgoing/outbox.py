"""The outgoing webhooks of a server: sent where a test says, and recorded."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from random import Random

import attrs
import httpx

from grafana_oncall.testing._objects.webhooks import (
    FakeWebhook,
    FakeWebhookResponse,
    WebhookDelivery,
    WebhookRun,
)
from grafana_oncall.testing._server.agenda import Name
from grafana_oncall.testing._server.arguments import CALLABLE
from grafana_oncall.testing._server.state import keep
from grafana_oncall.testing._server.world import World
from grafana_oncall.testing._serving.asgi import App
from grafana_oncall.testing.clock import VirtualClock, tick

from .answers import Answer, repeat_delay
from .bodies import Occasion, context_of
from .rendering import NotSentError, NotTriggeredError, Rendering, WebhookRequest
from .sending import URL, Target, opened
from .triggers import SEND, new_id, plan

_SHORTEST = 0.001
"""Seconds to sleep at least, so that a clock which moves is seen to."""


@attrs.frozen
class _Attempt:
    """A webhook that is due."""

    run: WebhookRun
    rendering: Rendering


class Outbox:
    """Sends the webhooks of a server, and keeps what came of them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.targets: list[Target] = []
        """Where webhooks may be sent."""
        self.deliveries: list[WebhookDelivery] = []
        """Those that were answered, and those that were not sent."""
        world.subscribers.append(plan)
        world.due_actions[SEND] = self._send_due

    def _send_due(self, world: World, name: Name, at: datetime) -> None:
        """Send a webhook; what it tells of the group is what is true by now."""
        run = world.store(WebhookRun).pop(name[1])
        webhook, group = world.store(FakeWebhook).get(run.webhook), world.groups.get(run.group)
        if webhook is None or group is None:
            return
        occasion = Occasion(type=run.type, group=group, user=run.user, now=at)
        context = context_of(world, occasion, webhook)
        attempt = _Attempt(run, Rendering(webhook=webhook, context=context, now=at))
        try:
            self._send(attempt, attempt.rendering.request(world.base_url))
        except NotTriggeredError as error:
            self._keep(attempt, None, reason=str(error))
        except NotSentError as error:
            self._record(attempt, Answer(status=None, content=""))
            self._keep(attempt, None, reason=str(error))

    def _send(self, attempt: _Attempt, request: WebhookRequest) -> None:
        target = next((each for each in self.targets if each.covers(request.url)), None)
        if target is None:
            self._keep(attempt, request, reason=f"no deliver_webhooks() names {request.url}")
        else:
            target.send(request, partial(self._receive, attempt, request))

    def _receive(self, attempt: _Attempt, request: WebhookRequest, answer: Answer) -> None:
        """Take in an answer, and plan to send the webhook again if the server does so."""
        self._record(attempt, answer)
        reason = answer.content if answer.status is None else None
        self._keep(attempt, request, status=answer.status, reason=reason)
        run, world = attempt.run, self._world
        random = Random(f"{world.seed}-{run.webhook}-{run.group}-{run.attempt}")  # noqa: S311  # delays must be repeatable
        delay = repeat_delay(answer, run.attempt, random)
        if delay is not None:
            following = attrs.evolve(run, id=new_id(world), attempt=run.attempt + 1)
            world.agenda.put((SEND, world.add(following).id), world.clock() + delay)

    def _record(self, attempt: _Attempt, answer: Answer) -> None:
        """Keep what the API shows of an attempt."""
        rendering = attempt.rendering
        response = FakeWebhookResponse(
            timestamp=self._world.clock(),
            url=rendering.url,
            request_trigger=rendering.request_trigger,
            request_headers=rendering.request_headers,
            request_data=rendering.request_data,
            status_code=answer.status,
            content=answer.content,
            event_data=json.dumps(rendering.context),
            trigger_type=attempt.run.type,
            group=attempt.run.group,
        )
        keep(rendering.webhook.responses, response)

    def _keep(
        self,
        attempt: _Attempt,
        request: WebhookRequest | None,
        *,
        status: int | None = None,
        reason: str | None = None,
    ) -> None:
        """Keep what a test reads of an attempt."""
        run, webhook = attempt.run, attempt.rendering.webhook
        delivery = WebhookDelivery(
            webhook=run.webhook,
            group=run.group,
            event=run.type,
            at=attempt.rendering.now,
            attempt=run.attempt,
            method=webhook.http_method,
            url=webhook.url if request is None else request.url,
            body=None if request is None else request.body,
            status=status,
            reason=reason,
        )
        keep(self.deliveries, delivery)

    @asynccontextmanager
    async def sending_to(self, url: httpx.URL, app: App | None) -> AsyncGenerator[None]:
        """Send what is meant for a URL, and at the end wait for what has been triggered."""
        async with _keeping_up(self._world), opened(url, app) as target:
            self.targets.append(target)
            try:
                yield
                await self._finish()
            finally:
                self.targets.remove(target)

    async def _finish(self) -> None:
        """Wait until all is sent, repeats included, unless the clock stands still."""
        before = None
        while before != self._world.apply_due():
            await asyncio.sleep(0)  # until what is due has begun to be sent
            if tasks := [task for target in self.targets for task in target.tasks]:
                await asyncio.gather(*tasks)
                continue
            before = self._world.clock()
            delays = [
                each.at - before for each in self._world.agenda.planned() if each.name[0] == SEND
            ]
            if not delays:
                return
            await asyncio.sleep(max(_SHORTEST, delays[0].total_seconds()))


@asynccontextmanager
async def _keeping_up(world: World) -> AsyncGenerator[None]:
    """Let things happen at their times; a virtual clock does so by itself."""
    if isinstance(world.clock, VirtualClock):
        yield
        return
    ticking = asyncio.create_task(tick(world.apply_due))
    try:
        yield
    finally:
        ticking.cancel()


class Webhooks:
    """Lets a server send its outgoing webhooks."""

    _outbox: Outbox
    _world: World

    @property
    def deliveries(self) -> list[WebhookDelivery]:
        """What became of the outgoing webhooks that were triggered, in order.

        One is sent a fifth of a second after what triggers it, and is here when it has been
        answered. One that is not sent has the `reason`. The latest 10,000 are kept.
        """
        self._world.apply_due()
        return self._outbox.deliveries

    @asynccontextmanager
    async def deliver_webhooks(self, url: str, *, to: App | None = None) -> AsyncGenerator[None]:
        """Send the outgoing webhooks for a URL, and what is below it, while the block runs.

        Without this, none leaves the process: they are recorded in `deliveries` only. The end of
        the block waits until those that have been triggered are sent, including repeats of those
        that got no response, unless the clock is a `VirtualClock` that nobody advances. If the
        block raises, they are abandoned.

        Args:
            url: The absolute URL up to which those of webhooks must be the same. Redirects to
                others are not followed.
            to: The ASGI application that gets them, such as a `Router`; what it raises is logged,
                and the response is a 500. Without one, they are sent by HTTP, on this machine or
                to any other.

        Raises:
            ValueError: The URL is not an absolute one of http or https.
            TypeError, if it or the application is something else altogether.
        """
        URL(url=url)
        CALLABLE.or_none(to=to)
        async with self._outbox.sending_to(httpx.URL(url), to):
            yield
