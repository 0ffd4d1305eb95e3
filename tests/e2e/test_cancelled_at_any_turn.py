"""Calls are cancelled at every turn of the event loop, one after the other, over real sockets.

Whatever they were about to do, their client loses no connection: as many calls as it may have
connections succeed afterwards, all at once. This cannot be guaranteed for a user's own client of
httpx 0.28, whose pool may lose a place when a request is cancelled (httpcore#1093).
"""

import asyncio
import gc
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, Literal

import attrs
import httpx
import pytest

from grafana_oncall import OnCallClient, RetryPolicy
from grafana_oncall.errors import OutcomeUnknown
from tests.support.budget import budget
from tests.support.certificates import LOOPBACK
from tests.support.scripted import Point, Scripted, Writer, raw_response, serving

PEM = LOOPBACK
PLACES = 4

OWN_TRANSPORTS = ["httpx", "httpx2", "aiohttp"]


@attrs.frozen
class Story:
    """What calls meet while they are cancelled."""

    calls: int = PLACES
    before: int = 0
    """Calls that completed before, each over a connection of its own."""
    idle: Literal["kept", "closed"] = "kept"
    """What the server has done with those connections since."""
    fails: bool = False
    """Whether the server closes the connection instead of responding."""
    second_after: int | None = None
    """Turns after which they are cancelled a second time."""
    tls: bool = False


@attrs.define(eq=False)
class Server:
    """Serves calls for groups as its story says, and those for integrations all at once."""

    story: Story
    warming: asyncio.Barrier | None = None
    requested: int = 0
    """Calls for integrations that wait for a response."""
    all_requested: asyncio.Event = attrs.field(factory=asyncio.Event)
    is_over: bool = False
    """Whether it has stopped failing."""

    async def say(self, server: Scripted, writer: Writer) -> None:
        """Act once the scripted server has read a request."""
        if b"/integrations/" in server.requests[-1]:
            self.requested += 1
            if self.requested == PLACES:
                self.all_requested.set()
            await self.all_requested.wait()
        elif self.warming is not None:
            await self.warming.wait()
        elif self.story.fails and not self.is_over:
            writer.close()
            return
        writer.write(raw_response())


@pytest.fixture(scope="module", autouse=True)
def none_of_the_garbage_of_others() -> None:
    """What other tests left in memory is not looked through after each test of this module."""
    gc.collect()
    gc.freeze()


async def groups(client: OnCallClient) -> int:
    """A call that is cancelled."""
    return await client.alert_groups.list().count()


async def integrations(client: OnCallClient) -> int:
    """A call that completes once there are as many as connections."""
    return await client.integrations.list().count()


async def gather_or_cancel(client: OnCallClient, server: Server) -> int:
    """How many calls complete when as many are in flight as connections are allowed."""
    calls = [asyncio.ensure_future(integrations(client)) for _ in range(PLACES)]
    await asyncio.wait(calls, timeout=2)
    requested = server.requested
    server.all_requested.set()
    for call in calls:
        call.cancel()
    results = await asyncio.gather(*calls, return_exceptions=True)
    return min(requested, results.count(7))


async def turns(number: int) -> None:
    """Let this many turns of the event loop pass."""
    for _ in range(number):
        await asyncio.sleep(0)


async def warm(client: OnCallClient, scripted: Scripted, server: Server) -> None:
    """Open the connections that the story begins with."""
    story = server.story
    if not story.before:
        return
    server.warming = asyncio.Barrier(story.before)
    counts = await asyncio.gather(*(groups(client) for _ in range(story.before)))
    assert counts == [7] * story.before
    server.warming = None
    if story.idle == "closed":
        scripted.hang_up()
        await asyncio.sleep(0.001)


async def cancelled_after(number: int, client: OnCallClient, story: Story) -> bool:
    """Cancel its calls after this many turns; return whether all had ended by then."""
    calls = [asyncio.ensure_future(groups(client)) for _ in range(story.calls)]
    await turns(number)
    over = all(call.done() for call in calls)
    for call in calls:
        call.cancel()
    if story.second_after is not None:
        await turns(story.second_after)
        for call in calls:
            call.cancel()
    results = await asyncio.gather(*calls, return_exceptions=True)
    if not story.fails:
        cancelled = [result for result in results if result != 7]
        assert {type(result) for result in cancelled} <= {asyncio.CancelledError}
    return over


@asynccontextmanager
async def sending(transport: str, *, verify: bool = True) -> AsyncGenerator[dict[str, Any]]:
    """The settings of a client that sends with this."""
    if transport != "the user's httpx":
        yield {"transport": transport, "verify": verify, "max_connections": PLACES}
        return
    limits = httpx.Limits(max_connections=PLACES, max_keepalive_connections=PLACES)
    # Without TLS no certificate is needed, and loading those of the system takes most of the time.
    no_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    async with httpx.AsyncClient(verify=no_tls if verify else False, limits=limits) as http:
        yield {"http_client": http, "max_connections": PLACES}


async def has_later_turn(number: int, story: Story, transport: str) -> bool:
    """Play the story with a cancellation at this turn; return whether there may be a later one."""
    server = Server(story)
    scripted = Scripted(Point(2), server.say)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if story.tls else None
    if tls is not None:
        tls.load_cert_chain(PEM)
    async with (
        serving(scripted, tls=tls),
        sending(transport, verify=not story.tls) as settings,
        OnCallClient(
            # An address: a name is looked up in a thread, which takes any number of turns.
            url=scripted.url.replace("localhost", "127.0.0.1"),
            token="tok-1",
            retry=RetryPolicy(max_attempts=1),
            timeout=30,
            random=lambda: 0.0,
            **settings,
        ) as client,
    ):
        await warm(client, scripted, server)
        over = await cancelled_after(number, client, story)
        if story.fails:
            server.is_over = True
            # After an outage, more and more calls are sent at once.
            assert [await groups(client) for _ in range(PLACES)] == [7] * PLACES
        assert await gather_or_cancel(client, server) == PLACES, f"after {number} turns"
    return not over


STORIES = {
    "one new connection": Story(calls=1),
    "new connections": Story(),
    "calls that wait for a place": Story(calls=2 * PLACES),
    "some connections are kept": Story(before=2),
    "kept connections": Story(before=PLACES),
    "kept connections that are closed": Story(before=2, idle="closed"),
    "the server hangs up": Story(fails=True),
    "twice, in the next turn": Story(second_after=1),
    "twice, two turns later": Story(second_after=2),
    "over TLS": Story(calls=2, tls=True),
}

LEFT_TO_THE_GARBAGE = {
    # Cancelled in the handshake.
    ("over TLS", "httpx"),
    ("over TLS", "httpx2"),
    # Cancelled while the pool of httpx2 closes what the server has closed.
    ("kept connections that are closed", "httpx2"),
}
"""Where httpcore leaves closing a socket to the garbage collector."""

ignoring_garbage = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.mark.parametrize(
    ("story", "transport"),
    [
        pytest.param(
            STORIES[name],
            transport,
            id=f"{name}-{transport}",
            marks=[ignoring_garbage] if (name, transport) in LEFT_TO_THE_GARBAGE else [],
        )
        for name in STORIES
        for transport in OWN_TRANSPORTS
    ],
)
async def test_no_place_is_lost(story: Story, transport: str) -> None:
    """From the turn in which the calls begin to the one in which the last completes."""
    step = budget(4, hunt=1)  # the loops take different turns
    first = step // 2 if "uvloop" in type(asyncio.get_running_loop()).__module__ else 0
    for number in count(first, step):
        if not await has_later_turn(number, story, transport):
            break
    gc.collect()


@pytest.mark.parametrize("transport", [*OWN_TRANSPORTS, "the user's httpx"])
async def test_a_cancelled_write_that_the_server_got_says_so(transport: str) -> None:
    """Whatever the turn: the unknown outcome is reported, and nothing is sent twice."""

    async def acted(_: Scripted, writer: Writer) -> None:
        writer.write(raw_response(b""))

    for number in count():
        scripted = Scripted(Point(2), acted)
        async with (
            serving(scripted),
            sending(transport) as settings,
            OnCallClient(url=scripted.url, token="tok-1", **settings) as client,
        ):
            call = asyncio.ensure_future(client.alert_groups.silence("I1", 60))
            await turns(number)
            if call.done():
                break
            call.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await call
        assert len(scripted.requests) <= 1
        if scripted.requests:
            assert isinstance(caught.value.__cause__, OutcomeUnknown)
