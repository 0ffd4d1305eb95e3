"""Accepted events: which handlers run, in which order, and how it ends."""

from __future__ import annotations

import asyncio
import json
import logging
import tracemalloc
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from grafana_oncall.errors import ClientStateError, InvalidArgument
from grafana_oncall.webhooks import Event, EventType, Router, parse
from tests.support.virtual_time import loop, run
from tests.support.webhook_payloads import body
from tests.support.webhook_requests import SECRET, Recorder, post


def made(handler: Callable[[Event], Awaitable[object]] | None = None, **settings: Any) -> Router:
    """A router with the secret, and with a handler for all events."""
    router = Router(secret=SECRET, **settings)
    if handler is not None:
        router.on()(handler)
    return router


def types(handler: Recorder) -> list[str]:
    """Return the types of the events that a handler got."""
    return [event.type for event in handler.begun]


async def test_a_handler_gets_the_events_that_it_is_registered_for() -> None:
    """By name, by enum member, or all of them, including unknown types."""
    router = made()
    router.on("escalation", "acknowledge")(some := Recorder())
    router.on(EventType.RESOLVE)(one := Recorder())
    router.on()(all_ := Recorder())
    sent = ["escalation", "acknowledge", "resolve", "silence", "unheard of"]
    async with router:
        for type_ in sent:
            assert (await post(router, body(type_))).status_code == 200
    assert (types(some), types(one), types(all_)) == (sent[:2], ["resolve"], sent)


async def test_handlers_of_one_event_run_in_the_order_of_registration() -> None:
    """One after the other; the decorator returns the function unchanged."""
    router, order = made(), list[str]()

    @router.on("escalation")
    async def slow(_: Event) -> None:
        await asyncio.sleep(9)
        order.append("slow")

    @router.on()
    async def quick(_: Event) -> None:
        order.append("quick")

    async with router:
        await post(router)
    await slow(parse(body()))
    assert order == ["slow", "quick", "slow"]


async def _async(_: Event) -> None:
    pass


@pytest.mark.parametrize(
    "handler",
    [
        pytest.param(_async, id="function"),
        pytest.param(partial(_async), id="partial"),
        pytest.param(Recorder(), id="object"),
        pytest.param(Recorder().__call__, id="method"),
    ],
)
def test_whatever_is_async_can_be_a_handler(handler: Any) -> None:
    """The decorator returns it."""
    assert made().on()(handler) is handler


@pytest.mark.parametrize(
    "handler",
    [
        print,
        pytest.param(lambda _: None, id="a lambda"),
        None,
        7,
        pytest.param(asyncio.Lock(), id="an object"),
    ],
)
def test_what_is_not_async_is_not_a_handler(handler: Any) -> None:
    """It is refused when it is registered."""
    with pytest.raises(InvalidArgument, match="an async function is needed"):
        made().on()(handler)


@pytest.mark.parametrize(
    "type_",
    [
        "escalate",
        "Escalation",
        "status change",
        "",
        None,
        7,
        pytest.param(["silence"], id="a list"),
        _async,
    ],
)
def test_an_unknown_type_is_refused(type_: Any) -> None:
    """A handler of a misspelled type would never run; the message lists types, and `on()`."""
    with pytest.raises(InvalidArgument, match=r"is not an event type. Known: escalation, .*on\(\)"):
        made().on("resolve", type_)


async def test_events_of_one_group_are_handled_in_order() -> None:
    """One by one, whatever other groups do."""
    router = made(handler := Recorder(seconds=10), concurrency=4)
    sent = ["alert group created", "acknowledge", "unacknowledge", "resolve"]
    began = loop().time()
    async with router:
        for type_ in sent:
            await post(router, body(type_))
        await asyncio.sleep(5)
        assert types(handler) == sent[:1]
        await router.aclose(wait=None)
    assert [event.type for event in handler.ended] == sent
    assert loop().time() - began == pytest.approx(40)


@pytest.mark.parametrize(("concurrency", "seconds"), [(1, 60), (2, 30), (4, 20), (6, 10), (9, 10)])
async def test_events_of_several_groups_are_handled_concurrently(
    concurrency: int, seconds: int
) -> None:
    """As many as `concurrency` allows, and no more."""
    router = made(Recorder(seconds=10), concurrency=concurrency)
    began = loop().time()
    async with router:
        for number in range(6):
            await post(router, body(group=f"I{number}"))
        await router.aclose(wait=None)
    assert loop().time() - began == pytest.approx(seconds)


async def test_a_busy_group_does_not_delay_the_others() -> None:
    """Its next event waits behind those of other groups."""
    router = made(handler := Recorder(seconds=1), concurrency=1)
    async with router:
        for type_ in ("acknowledge", "unacknowledge", "resolve"):
            await post(router, body(type_, group="I1"))
        await post(router, body("silence", group="I2"))
        await router.aclose(wait=None)
    assert types(handler) == ["acknowledge", "silence", "unacknowledge", "resolve"]


FAILURES = [
    pytest.param(ValueError("no"), id="an error"),
    pytest.param(asyncio.CancelledError(), id="a cancellation of its own"),
    pytest.param(ExceptionGroup("some", [ValueError("no")]), id="a group"),
    pytest.param(BaseExceptionGroup("some", [GeneratorExit()]), id="no Exception at all"),
]


@pytest.mark.parametrize("error", FAILURES)
@pytest.mark.parametrize("is_async", [True, False])
async def test_a_failing_handler_is_reported_and_stops_nothing_else(
    error: BaseException, caplog: pytest.LogCaptureFixture, *, is_async: bool
) -> None:
    """The other handlers run, and later events are handled."""
    reported: list[tuple[str, BaseException]] = []

    async def report(event: Event, failure: BaseException) -> None:
        reported.append((event.type, failure))

    def report_now(event: Event, failure: BaseException) -> None:
        reported.append((event.type, failure))

    router = made(Recorder(error=error), concurrency=1, on_error=report if is_async else report_now)
    router.on()(other := Recorder())
    async with router:
        await post(router, body("resolve"))
        await post(router, body("unresolve"))
    assert types(other) == ["resolve", "unresolve"]
    assert reported == [("resolve", error), ("unresolve", error)]
    first = caplog.records[0]
    assert first.getMessage() == "A webhook handler failed on 'resolve' of 'I68T24C13IFW1'"
    assert first.exc_info is not None
    assert first.exc_info[1] is error


@pytest.mark.parametrize(
    "error",
    [pytest.param(SystemExit(3), id="exit"), pytest.param(KeyboardInterrupt(), id="Ctrl-C")],
)
def test_a_handler_may_end_the_process(error: BaseException) -> None:
    """That is not a failure of the handler."""
    reported: list[BaseException] = []

    async def main() -> None:
        router = made(Recorder(error=error), on_error=lambda _, one: reported.append(one))
        async with router:
            await post(router)

    with pytest.raises(type(error)):
        run(main())
    assert reported == []


async def test_a_failing_on_error_is_only_logged(caplog: pytest.LogCaptureFixture) -> None:
    """It cannot stop the router either."""

    def report(_: Event, __: BaseException) -> None:
        raise KeyError("worse")

    router = made(Recorder(error=ValueError("no")), on_error=report)
    router.on()(other := Recorder())
    async with router:
        await post(router)
    assert types(other) == ["escalation"]
    assert "on_error failed on 'escalation'" in caplog.text
    assert "worse" in caplog.text


async def test_failing_tasks_of_a_handler_stop_no_worker() -> None:
    """Before Python 3.13, a failed TaskGroup leaves its task marked as cancelled."""

    async def several(*_: object) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(asyncio.wait_for(asyncio.Event().wait(), 1))

    router = made(several, concurrency=1, on_error=several)
    router.on()(other := Recorder())
    async with router:
        await post(router, body("resolve"))
        await post(router, body("unresolve"))
    assert types(other) == ["resolve", "unresolve"]


async def test_a_full_backlog_makes_the_server_wait_until_it_retries() -> None:
    """It does so after 4 seconds without a response; after 5, the response is a 503."""
    router = made(handler := Recorder(seconds=60), max_backlog=2)
    async with router:
        for number in range(2):
            assert (await post(router, body(group=f"I{number}"))).status_code == 200
        began = loop().time()
        refused = await post(router, body(group="I2"))
        assert refused.status_code == 503
        assert loop().time() - began == pytest.approx(5)
        assert (refused.text, router.backlog) == ("The backlog is full.\n", 2)
        assert (await post(router, body(group="I1"))).text == "Duplicate.\n"
        await asyncio.sleep(60)
        assert (await post(router, body(group="I2"))).status_code == 200
        await router.aclose(wait=None)
    assert len(handler.ended) == 3


async def test_a_backlog_is_full_when_it_has_too_many_bytes() -> None:
    """However few events it has."""
    most = 2 * len(body(group="I0"))
    router = made(handler := Recorder(seconds=60), max_backlog_bytes=most, max_bytes=most)
    async with router:
        for number in range(2):
            assert (await post(router, body(group=f"I{number}"))).status_code == 200
        began = loop().time()
        assert (await post(router, body(group="I2"))).status_code == 503
        assert loop().time() - began == pytest.approx(5)
        await asyncio.sleep(60)
        assert (await post(router, body(group="I2"))).status_code == 200
        await router.aclose(wait=None)
    assert len(handler.ended) == 3


async def test_a_large_event_is_not_overtaken_by_small_ones() -> None:
    """Otherwise it would never find room in a backlog that others keep full."""
    large = body(group="I2", alert_payload="x" * 1000)
    most = len(large) + 100
    router = made(handler := Recorder(seconds=3), max_backlog_bytes=most, max_bytes=most)
    async with router:
        await post(router, body(group="I1"))
        sent = [large, body(group="I3")]
        responses = await asyncio.gather(*[post(router, one) for one in sent])
        assert [response.text for response in responses] == [
            "Accepted.\n",
            "The backlog is full.\n",
        ]
        await router.aclose(wait=None)
    assert [event.alert_group_id for event in handler.ended] == ["I1", "I2"]


async def test_what_waits_for_a_place_is_limited_too() -> None:
    """When too many wait, further events are refused at once, and the server retries."""
    most = 2 * len(body(group="I0"))
    router = made(handler := Recorder(seconds=3), max_backlog_bytes=most, max_bytes=most)
    async with router:
        for number in range(2):
            await post(router, body(group=f"I{number}"))
        began = loop().time()
        responses = await asyncio.gather(
            *[post(router, body(group=f"J{number}")) for number in range(5)]
        )
        assert [response.status_code for response in responses] == [200, 200, 503, 503, 503]
        assert loop().time() - began == pytest.approx(5)
        assert (await post(router, body(group="J4"))).status_code == 200
        await router.aclose(wait=None)
    assert len(handler.ended) == 5


async def test_waiting_events_take_no_more_memory_than_their_bodies() -> None:
    """Decoded, such a payload is 22 times as large, and any monitoring system may send it."""
    payload = json.loads("[" + "[]," * 30_000 + "[]]")
    bodies = [body(group=f"I{number}", alert_payload=payload) for number in range(20)]
    del payload
    router = made(handler := Recorder(seconds=1), concurrency=1)
    tracemalloc.start()
    try:
        async with router:
            for content in bodies:
                assert (await post(router, content)).status_code == 200
            handler.begun.clear()
            peak = tracemalloc.get_traced_memory()[1]
            await router.aclose(wait=0)
    finally:
        tracemalloc.stop()
    assert peak < 3 * sum(map(len, bodies))


async def test_an_id_of_any_length_is_remembered_in_a_few_bytes() -> None:
    """By default, ids of ten thousand groups are remembered."""
    bodies = [body("unacknowledge", group=f"I{number}" + "x" * 50_000) for number in range(50)]
    async with made() as router:
        tracemalloc.start()
        try:
            for content in bodies:
                assert (await post(router, content)).status_code == 200
            await asyncio.sleep(1)
            assert router.backlog == 0
            kept = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()
    assert kept < 500_000


async def test_a_place_that_becomes_free_in_time_is_used() -> None:
    """In the order of arrival; a retry of a waiting event needs none."""
    router = made(handler := Recorder(seconds=3), max_backlog=1)
    async with router:
        await post(router, body(group="I1"))
        sent = [body(group=group) for group in ("I2", "I2", "I3")]
        responses = await asyncio.gather(*[post(router, one) for one in sent])
        assert [response.text for response in responses] == [
            "Accepted.\n",
            "Duplicate.\n",
            "The backlog is full.\n",
        ]
        await router.aclose(wait=None)
    assert [event.alert_group_id for event in handler.ended] == ["I1", "I2"]


async def test_a_retry_that_waits_for_a_place_is_recognised() -> None:
    """Both wait at the same time, and in the end there is room for both."""
    router = made(handler := Recorder(seconds=3), max_backlog=2)
    async with router:
        for number in (1, 2):
            await post(router, body(group=f"I{number}"))
        responses = await asyncio.gather(*[post(router, body(group="I3")) for _ in range(2)])
        assert [response.text for response in responses] == ["Accepted.\n", "Duplicate.\n"]
        at_once = loop().time()
        assert (await post(router, body(group="I4"))).text == "Accepted.\n"
        assert loop().time() == at_once
        await router.aclose(wait=None)
    assert len(handler.ended) == 4


async def test_closing_handles_what_was_accepted_and_accepts_no_more() -> None:
    """Also what came while the backlog was full; afterwards it can be restarted."""
    router = made(handler := Recorder(seconds=4), max_backlog=1)
    async with router:
        await post(router, body(group="I1"))
        waiting = asyncio.ensure_future(post(router, body(group="I2")))
        await asyncio.sleep(1)
        closing = asyncio.ensure_future(router.aclose())
        await asyncio.sleep(1)
        assert (await post(router, body(group="I3"))).status_code == 503
        await asyncio.gather(closing, router.aclose())
        assert (await waiting).status_code == 503
        assert ([event.alert_group_id for event in handler.ended], router.backlog) == (["I1"], 0)
    await router.aclose()
    async with router:
        assert (await post(router, body(group="I2"))).status_code == 200
    assert [event.alert_group_id for event in handler.ended] == ["I1", "I2"]


@pytest.mark.parametrize(
    ("settings", "wait", "seconds", "lost"),
    [
        pytest.param({}, {}, 30, 2, id="half a minute"),
        pytest.param({"shutdown_wait": 70}, {}, 70, 1, id="its own"),
        pytest.param({"shutdown_wait": None}, {}, 120, 0, id="as long as it takes"),
        pytest.param({}, {"wait": None}, 120, 0, id="this time, too"),
        pytest.param({}, {"wait": timedelta(minutes=1.5)}, 90, 1, id="so long"),
        pytest.param({}, {"wait": 0}, 0, 2, id="not at all"),
    ],
)
async def test_what_takes_too_long_is_cancelled_and_counted(
    settings: dict[str, Any],
    wait: dict[str, Any],
    seconds: float,
    lost: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is not a failure of the handler, so `on_error` is not called."""
    reported: list[BaseException] = []
    router = made(
        handler := Recorder(seconds=60), on_error=lambda _, one: reported.append(one), **settings
    )
    began = loop().time()
    async with router:
        await post(router, body("acknowledge"))
        await post(router, body("resolve"))
        await asyncio.sleep(0)
        await router.aclose(**wait)
    assert loop().time() - began == pytest.approx(seconds)
    assert (len(handler.ended), reported) == (2 - lost, [])
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * bool(lost)
    assert lost == 0 or f"{lost} events were lost" in caplog.text


async def test_a_handler_that_catches_its_cancellation_does_not_continue() -> None:
    """The shutdown ends all the same, and the next event is not started."""
    begun: list[str] = []

    async def stubborn(event: Event) -> None:
        begun.append(event.type)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(1)

    router = made(stubborn, shutdown_wait=5, concurrency=1)
    router.on()(other := Recorder())
    began = loop().time()
    async with router:
        await post(router, body("acknowledge"))
        await post(router, body("resolve"))
    assert (begun, other.begun) == (["acknowledge"], [])
    assert loop().time() - began == pytest.approx(6)


async def test_a_block_that_raises_ends_the_router_and_reraises() -> None:
    """The error itself, not an exception group; what was accepted is handled."""
    router = made(handler := Recorder(seconds=9))
    with pytest.raises(ZeroDivisionError):  # noqa: PT012  # the block is what is tested
        async with router:
            await post(router)
            raise ZeroDivisionError
    assert (len(handler.ended), router.running) == (1, False)


async def test_a_router_runs_once_at_a_time() -> None:
    """With two blocks, it would be unclear which one ends it."""
    async with made() as router:
        with pytest.raises(ClientStateError, match="running already"):
            await router.__aenter__()
        assert router.running


def test_a_backlog_has_room_for_the_largest_body() -> None:
    """Otherwise it and its retries would wait for ever."""
    with pytest.raises(
        InvalidArgument, match="max_backlog_bytes=10 is less than max_bytes=11"
    ) as info:
        made(max_bytes=11, max_backlog_bytes=10)
    assert info.value.argument == "max_backlog_bytes"
    made(max_bytes=10, max_backlog_bytes=10)


NUMBERS = ["max_bytes", "concurrency", "max_backlog", "max_backlog_bytes", "remember"]


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [0, -1, 1.5, "1", None, True])
def test_an_invalid_number_is_refused(name: str, value: Any) -> None:
    """The error names the argument."""
    with pytest.raises(InvalidArgument, match=f"^{name}=.* 1 or more") as info:
        made(**{name: value})
    assert info.value.argument == name


def test_on_error_must_be_a_function() -> None:
    """Otherwise the mistake would show only at the first error."""
    with pytest.raises(InvalidArgument, match=r"^on_error='log': a function is needed"):
        Router(secret=None, on_error="log")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["remember_for", "shutdown_wait", "wait"])
@pytest.mark.parametrize(
    "value",
    [-1, "1", True, float("inf"), float("nan"), pytest.param(timedelta(days=-1), id="a timedelta")],
)
async def test_an_invalid_duration_is_refused(name: str, value: Any) -> None:
    """The error names the argument."""
    with pytest.raises(InvalidArgument, match=f"^{name}=.* zero or more") as info:
        await made(**{} if name == "wait" else {name: value}).aclose(wait=value)
    assert info.value.argument == name


def test_the_repr_of_a_router_shows_its_state() -> None:
    """For logs."""
    assert repr(made(Recorder())) == "<Router not running, 1 handlers, 0 events to handle>"
