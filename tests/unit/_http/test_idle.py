"""Idle connections: how long they are reused, by which clock, and for which requests."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import attrs
import pytest

from grafana_oncall import models, operations
from grafana_oncall._core.secret import Secret
from grafana_oncall._http.auth import Redactor
from grafana_oncall._http.factory import make_sender
from grafana_oncall._http.sender import Sender, Target
from tests.support.scripted import Point, Scripted, keep, raw_response, serving

each_sender = pytest.mark.parametrize("transport", ["httpx", "httpx2", "aiohttp"])

READ = operations.list_alert_groups()
SILENCE = operations.silence_alert_group("I1", models.AlertGroupSilence(delay=60))
ACKNOWLEDGE = operations.acknowledge_alert_group("I1")


@attrs.define
class Clock:
    """The clocks of a machine, which move only when a test advances them."""

    loop: float = 1000.0
    wall: float = 1.8e9

    def __call__(self) -> tuple[float, float]:
        """Return the time they show."""
        return self.loop, self.wall

    def passed(self, seconds: float) -> None:
        """Advance both."""
        self.loop += seconds
        self.wall += seconds


@asynccontextmanager
async def sending(transport: Any, clock: Clock) -> AsyncGenerator[tuple[Sender, Scripted]]:
    """A sender and its server, which closes no connection."""
    async with serving(Scripted(Point(2, raw_response()), keep)) as server:
        target = Target(
            base_url=f"{server.url}/api/v1/",
            headers=Secret({}),
            redactor=Redactor("f00dfeedc0ffee12"),
            max_response_bytes=1000,
        )
        sender = make_sender(
            target,
            http_client=None,
            transport=transport,
            verify=True,
            proxy=Secret(None),
            allow_http=True,
            max_connections=8,
            clocks=clock,
        )
        try:
            yield sender, server
        finally:
            await sender.aclose()


async def send(sender: Sender, *requests: Any) -> None:
    """Send all requests at once."""
    await asyncio.gather(*(sender.send(request, 5) for request in requests))


@each_sender
@pytest.mark.parametrize(
    ("seconds", "connections"),
    [pytest.param(2.9, 1, id="reused"), pytest.param(3.1, 2, id="replaced")],
)
@pytest.mark.parametrize("request_", [READ, ACKNOWLEDGE], ids=["read", "acknowledge"])
async def test_a_connection_is_reused_for_less_time_than_servers_keep_it(
    request_: Any, seconds: float, connections: int, transport: str
) -> None:
    """Most keep it for 5 seconds, and both sides must not decide at the same moment."""
    clock = Clock()
    async with sending(transport, clock) as (sender, server):
        for _ in range(2):
            await send(sender, request_)
            clock.passed(seconds)
        assert server.connections == connections


@each_sender
@pytest.mark.parametrize(
    ("seconds", "connections"),
    [pytest.param(0.9, 1, id="reused"), pytest.param(1.1, 2, id="replaced")],
)
async def test_what_cannot_be_retried_gets_a_fresh_connection_after_a_second(
    seconds: float, connections: int, transport: str
) -> None:
    """Its outcome would be unknown if the server hung up just then; a read is retried."""
    clock = Clock()
    async with sending(transport, clock) as (sender, server):
        await send(sender, READ)
        clock.passed(seconds)
        await send(sender, SILENCE)
        assert server.connections == connections


@each_sender
@pytest.mark.parametrize("request_", [READ, SILENCE], ids=["read", "silence"])
async def test_a_connection_is_not_used_after_the_machine_was_suspended(
    request_: Any, transport: str
) -> None:
    """The event loop's clock may have stood still, but the wall clock moved on."""
    clock = Clock()
    async with sending(transport, clock) as (sender, server):
        await send(sender, READ)  # by itself: a sender is made in a thread by its first request
        await send(sender, READ, READ)
        clock.wall += 3600
        await send(sender, request_)
        assert server.connections == 3
        clock.passed(0.5)
        await send(sender, request_)
        assert server.connections == 3


@each_sender
@pytest.mark.parametrize("hours", [-24, -1])
async def test_a_clock_that_is_put_back_keeps_no_connection(hours: int, transport: str) -> None:
    """Nor does it close any early."""
    clock = Clock()
    async with sending(transport, clock) as (sender, server):
        await send(sender, READ)
        clock.wall += hours * 3600
        await send(sender, READ)
        assert server.connections == 1
        clock.wall += hours * 3600
        clock.loop += 3.1
        await send(sender, READ)
        assert server.connections == 2
