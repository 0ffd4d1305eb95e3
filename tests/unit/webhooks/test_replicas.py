"""Several routers behind a load balancer: events are handed on, and each is accepted once."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any, Final, Literal

import attrs
import pytest

from grafana_oncall.errors import InvalidArgument, StoreUnavailable
from grafana_oncall.testing import MemoryStore
from grafana_oncall.webhooks import Event, Router, parse
from tests.support.stores import KINDS, Store, store_without_server
from tests.support.virtual_time import loop
from tests.support.webhook_payloads import TIMED, body
from tests.support.webhook_requests import SECRET, Recorder, post

ACCEPTED: Final = (200, "Accepted.\n")
DUPLICATE: Final = (200, "Duplicate.\n")
NOT_HANDED_ON: Final = (503, "The event could not be handed on.\n")
STORE_AWAY: Final = (503, "The store of events does not respond.\n")
CLAIMED: Final = (503, "Another request with this event is not done yet.\n")


@attrs.define
class Link:
    """One replica's way to the store, which can be cut."""

    store: MemoryStore = attrs.field(factory=MemoryStore)
    cut: frozenset[str] = frozenset()
    """Methods that fail."""
    remembered: list[tuple[str, float]] = attrs.field(factory=list)
    """Which event for how many seconds, each time."""

    async def claim(self, key: str, *, ttl: float) -> Literal["new", "claimed", "seen"]:
        """Claim, or fail."""
        self._respond("claim")
        return await self.store.claim(key, ttl=ttl)

    async def confirm(self, key: str, *, ttl: float) -> None:
        """Confirm, or fail."""
        self._respond("confirm")
        self.remembered.append((key, ttl))
        await self.store.confirm(key, ttl=ttl)

    async def forget(self, key: str) -> None:
        """Forget, or fail."""
        self._respond("forget")
        await self.store.forget(key)

    def _respond(self, method: str) -> None:
        if method in self.cut:
            raise StoreUnavailable("Redis does not respond.")


store = pytest.fixture(params=KINDS)(store_without_server)

ALL: Final = frozenset({"claim", "confirm", "forget"})


@attrs.define
class Queue:
    """What the routers hand on to."""

    events: list[Event] = attrs.field(factory=list)
    seconds: float = 0.0
    error: BaseException | None = None

    async def put(self, event: Event) -> None:
        """Take an event, after a while, or fail."""
        await asyncio.sleep(self.seconds)
        if self.error is not None:
            raise self.error
        self.events.append(event)


def passed() -> float:
    """Seconds of virtual time since the test began."""
    return loop().time() - 1000


def made(**settings: Any) -> Router:
    """A router with the secret."""
    return Router(secret=SECRET, **settings)


async def answer(router: Router, content: bytes | None = None) -> tuple[int, str]:
    """Post an event; return status and text of the response."""
    response = await post(router, content)
    return response.status_code, response.text


async def test_the_response_comes_when_the_event_was_handed_on() -> None:
    """So it is never only in memory."""
    queue = Queue(seconds=3)
    async with made(hand_on=queue.put) as router:
        began = passed()
        assert await answer(router) == ACCEPTED
        assert (len(queue.events), passed() - began) == (1, 3)
        assert await answer(router) == DUPLICATE
        assert (len(queue.events), router.backlog) == (1, 0)


async def test_any_function_that_returns_an_awaitable_hands_on() -> None:
    """Most queues need one line."""
    queue = Queue()
    async with made(hand_on=lambda event: queue.put(parse(event.raw))) as router:
        assert await answer(router) == ACCEPTED
    assert [event.type for event in queue.events] == ["escalation"]


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize(
    "error",
    [
        pytest.param(ConnectionError("the queue is down"), id="an error"),
        pytest.param(asyncio.CancelledError(), id="a cancellation of its own"),
    ],
)
async def test_what_could_not_be_handed_on_is_repeated_by_the_server(
    error: BaseException, caplog: pytest.LogCaptureFixture, *, shared: bool
) -> None:
    """The 503 comes after it stopped waiting, and the event may be claimed again long before."""
    reported: list[BaseException] = []
    queue, store = Queue(error=error), MemoryStore() if shared else None
    settings = {"hand_on": queue.put, "seen": store}
    async with made(on_error=lambda _, one: reported.append(one), **settings) as router:
        began = passed()
        failing = asyncio.ensure_future(answer(router))
        await asyncio.sleep(1)
        queue.error = None
        assert await answer(router) == ACCEPTED
        assert passed() - began == 1
        assert await failing == NOT_HANDED_ON
        assert passed() - began == 5
    assert (len(queue.events), reported) == (1, [error])
    assert "hand_on failed on 'escalation' of 'I68T24C13IFW1'" in caplog.text


async def test_handing_on_ends_after_five_seconds(caplog: pytest.LogCaptureFixture) -> None:
    """The server has stopped waiting by then; its repeat is handed on."""
    queue = Queue(seconds=60)
    async with made(hand_on=queue.put, seen=MemoryStore()) as router:
        began = passed()
        assert await answer(router) == NOT_HANDED_ON
        assert passed() - began == 5
        queue.seconds = 4.5  # too late for the response, but not for the event
        assert await answer(router) == ACCEPTED
        assert await answer(router) == DUPLICATE
    assert len(queue.events) == 1
    assert "It took more than 5 seconds." in caplog.text


async def test_few_events_are_handed_on_at_the_same_time() -> None:
    """As many as `concurrency`; the others wait, within the limits of the backlog."""
    queue, most = Queue(seconds=2), 4 * len(body(group="I0"))
    settings = {"concurrency": 2, "max_backlog_bytes": most, "max_bytes": most}
    async with made(hand_on=queue.put, **settings) as router:
        began = passed()
        sent = [answer(router, body(group=f"I{number}")) for number in range(6)]
        assert await asyncio.gather(*sent) == [ACCEPTED] * 6
        assert passed() - began == 6
        sent = [answer(router, body(group=f"J{number}")) for number in range(7)]
        codes = [status for status, _ in await asyncio.gather(*sent)]
        assert codes == [200] * 6 + [503]


async def test_a_router_hands_on_or_has_handlers() -> None:
    """Both together would leave open which of them has the event."""
    with pytest.raises(InvalidArgument, match=r"^on: with hand_on=, .* calls no handlers") as info:
        made(hand_on=Queue().put).on("resolve")
    assert info.value.argument == "hand_on"
    with pytest.raises(InvalidArgument, match=r"^hand_on='queue': a function is needed") as info:
        made(hand_on="queue")
    assert info.value.argument == "hand_on"


@pytest.mark.parametrize("type_", [*TIMED, "escalation", "unresolve", "unheard of"])
async def test_an_event_is_handed_on_by_one_of_the_replicas(type_: str, store: Store) -> None:
    """Repeats at the same time and later, to either of them, and after a restart."""
    queue = Queue(seconds=1)
    settings = {"hand_on": queue.put, "seen": store}
    async with made(**settings) as first, made(**settings) as second:
        sent = [answer(router, body(type_)) for router in (first, second, second, first)]
        assert sorted(await asyncio.gather(*sent)) == [ACCEPTED, *[DUPLICATE] * 3]
        await asyncio.sleep(14)
        assert await answer(second, body(type_)) == DUPLICATE
    async with made(**settings) as restarted:
        assert await answer(restarted, body(type_)) == DUPLICATE
    assert len(queue.events) == 1


async def test_handlers_run_in_one_of_the_replicas() -> None:
    """Without `hand_on`, an event is confirmed when it is in the backlog."""
    store, handler = MemoryStore(), Recorder(seconds=60)
    async with made(seen=store) as first, made(seen=store) as second:
        first.on()(handler)
        second.on()(handler)
        assert await answer(first) == ACCEPTED
        assert await answer(second) == DUPLICATE
        await first.aclose(wait=None)
    assert len(handler.ended) == 1


async def test_a_full_backlog_leaves_the_event_to_another_replica() -> None:
    """At once when it is given up, although the server still waits for the response."""
    store, settings = MemoryStore(), {"max_backlog": 1}
    async with made(seen=store, **settings) as full, made(seen=store, **settings) as idle:
        full.on()(Recorder(seconds=60))
        assert await answer(full, body(group="I1")) == ACCEPTED
        began = passed()
        refused = asyncio.ensure_future(answer(full))
        await asyncio.sleep(1)
        assert await answer(idle) == ACCEPTED
        assert await refused == (503, "The backlog is full.\n")
        assert passed() - began == pytest.approx(5.25, abs=0.25)
        await full.aclose(wait=0)


async def test_a_killed_replica_is_replaced_in_time_for_a_repeat() -> None:
    """It was killed between claim and confirmation; repeats get no response until that ends."""
    queue, store = Queue(), MemoryStore()
    dead = Link(store)
    async with made(hand_on=Queue(seconds=60).put, seen=dead) as first:
        request = asyncio.ensure_future(answer(first))
        await asyncio.sleep(0.1)
        dead.cut = ALL
        request.cancel()
        await asyncio.wait([request])
    async with made(hand_on=queue.put, seen=Link(store)) as second:
        await asyncio.sleep(0.9)  # the connection broke, which the server notices
        assert await answer(second) == CLAIMED
        assert passed() == 6
        await asyncio.sleep(9)  # 10 seconds after the server stopped waiting
        assert await answer(second) == ACCEPTED
        assert passed() == pytest.approx(15, abs=0.5)
        assert await answer(second) == DUPLICATE
    assert len(queue.events) == 1


async def test_a_request_that_is_cancelled_leaves_the_event_to_the_others() -> None:
    """As when a server is told to stop at once."""
    queue, store = Queue(), MemoryStore()
    async with (
        made(hand_on=Queue(seconds=3).put, seen=store) as first,
        made(hand_on=queue.put, seen=store) as second,
    ):
        request = asyncio.ensure_future(answer(first))
        await asyncio.sleep(1)
        request.cancel()
        await asyncio.wait([request])
        assert await answer(second) == ACCEPTED
        assert passed() == 1
    assert len(queue.events) == 1


async def test_a_replica_that_does_not_run_leaves_the_event_to_the_others() -> None:
    """It claims nothing that it cannot accept."""
    store = MemoryStore()
    async with made(seen=store) as running:
        assert (await answer(made(seen=store)))[0] == 503
        assert await answer(running) == ACCEPTED
        assert passed() == 0


async def test_without_its_store_a_replica_accepts_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It lets the server wait, so that the event is repeated."""
    queue, link = Queue(), Link(cut=ALL)
    async with made(hand_on=queue.put, seen=link) as router:
        assert await answer(router) == STORE_AWAY
        assert (passed(), queue.events) == (5, [])
        assert "Webhooks: Redis does not respond." in caplog.text
        link.cut = frozenset()
        assert await answer(router) == ACCEPTED
    assert len(queue.events) == 1


async def test_a_store_that_is_lost_before_the_confirmation_costs_no_event(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It was handed on, so the server must not repeat it; if it does, that is handed on, too."""
    queue, link = Queue(), Link(cut=frozenset({"confirm"}))
    async with made(hand_on=queue.put, seen=link) as router:
        assert await answer(router) == ACCEPTED
        assert passed() == 0
        assert "a repeat of this event may be accepted again: Redis does not" in caplog.text
        link.cut = frozenset()
        await asyncio.sleep(14)
        assert await answer(router) == ACCEPTED
    assert len(queue.events) == 2


async def test_a_store_that_is_lost_before_the_claim_is_given_up_costs_no_event(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The claim ends by itself."""
    queue, link = Queue(error=OSError()), Link(cut=frozenset({"forget"}))
    async with made(hand_on=queue.put, seen=link) as router:
        assert await answer(router) == NOT_HANDED_ON
        assert "a repeat of this event is accepted when its claim has ended: Redis" in caplog.text
        queue.error = None
        await asyncio.sleep(9)  # the server stopped waiting a second ago
        assert await answer(router) == ACCEPTED
        assert passed() == pytest.approx(15, abs=0.5)
    assert len(queue.events) == 1


@pytest.mark.parametrize(
    ("type_", "settings", "seconds"),
    [
        pytest.param("resolve", {}, 600, id="ten minutes"),
        pytest.param("escalation", {}, 60, id="without a time"),
        pytest.param("resolve", {"remember_for": timedelta(hours=1)}, 3600, id="longer"),
        pytest.param("escalation", {"remember_for": 5}, 5, id="shorter"),
    ],
)
async def test_an_accepted_event_is_remembered(
    type_: str, settings: dict[str, Any], seconds: float
) -> None:
    """Without a time, it is another event after a minute."""
    link = Link()
    async with made(seen=link, **settings) as router:
        assert await answer(router, body(type_)) == ACCEPTED
        assert link.remembered == [(f"event:{parse(body(type_)).key}", seconds)]
        await asyncio.sleep(seconds - 0.5)
        assert await answer(router, body(type_)) == DUPLICATE
        await asyncio.sleep(1)
        assert await answer(router, body(type_)) == ACCEPTED


async def test_a_store_counts_no_changes_of_state() -> None:
    """Each replica sees only some of them, so what looks the same within a minute is a repeat."""
    sent = ["unacknowledge", "acknowledge", "unacknowledge"]
    async with made(seen=MemoryStore()) as router:
        answers = [await answer(router, body(type_)) for type_ in sent]
    assert answers == [ACCEPTED, ACCEPTED, DUPLICATE]
    async with made() as router:
        answers = [await answer(router, body(type_)) for type_ in sent]
    assert answers == [ACCEPTED] * 3


async def test_repeats_that_wait_for_another_request_are_limited() -> None:
    """By `max_backlog_bytes`; the server repeats those beyond, too."""
    store, most = MemoryStore(), 2 * len(body())
    await store.claim(f"event:{parse(body()).key}", ttl=2)
    async with made(seen=store, max_backlog_bytes=most, max_bytes=most) as router:
        answers = await asyncio.gather(*[answer(router) for _ in range(5)])
        assert passed() == 5
        assert sorted(answers) == [ACCEPTED, DUPLICATE, *[CLAIMED] * 3]


@pytest.mark.parametrize(
    "group",
    [
        pytest.param("a:b{c}", id="slots"),
        pytest.param("\0\r\n", id="control characters"),
        pytest.param("ключ\u202e", id="beyond ASCII"),
        pytest.param("x" * 100_000, id="long"),
        pytest.param("", id="empty"),
    ],
)
@pytest.mark.parametrize("type_", ["resolve", "escalation", "\0{x}"])
async def test_a_key_is_64_digits_whatever_is_in_the_event(group: str, type_: str) -> None:
    """So any store and any queue can take it."""
    content = body(type_, group=group)
    assert re.fullmatch("[0-9a-f]{64}", parse(content).key)
    async with made(seen=MemoryStore()) as router:
        assert await answer(router, content) == ACCEPTED
        assert await answer(router, content) == DUPLICATE
        assert await answer(router, body(type_, group=f"{group}x")) == ACCEPTED


def test_a_key_is_the_same_in_every_release() -> None:
    """Replicas of two releases run side by side during an upgrade."""
    keys = {type_: parse(body(type_)).key for type_ in ("silence", "unsilence")}
    assert keys == {
        "silence": "15957aaf9ff87d0a603be327afc56dde6ec90e528299b77b5b111b30bf857bc0",
        "unsilence": "b40dd97a7cce157f5cdc7e4b3c4eee578a324fbc72cf97861fd8252b4a2cc50e",
    }


def test_an_event_that_was_not_received_has_a_key() -> None:
    """Without a body, it is told apart by its type and group alone."""
    event = parse(body("unresolve"))
    keys = {attrs.evolve(event, raw=b"", alert_group_id=group).key for group in ("I1", "I2")}
    assert len(keys) == 2


@pytest.mark.parametrize("seen", ["redis://x", 7, True, MemoryStore().checkpoint("x")])
def test_seen_must_be_a_store(seen: Any) -> None:
    """Otherwise the mistake would show only at the first event."""
    with pytest.raises(InvalidArgument, match=r"^seen=.*: a store is needed") as info:
        made(seen=seen)
    assert info.value.argument == "seen"


@pytest.mark.parametrize("value", [0, 0.9, timedelta(milliseconds=2)])
def test_a_store_remembers_for_a_second_at_least(value: Any) -> None:
    """Not to remember would be to have no store."""
    with pytest.raises(InvalidArgument, match=r"^remember_for=.* at least 1 second") as info:
        made(seen=MemoryStore(), remember_for=value)
    assert info.value.argument == "remember_for"
