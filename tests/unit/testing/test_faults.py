"""What goes wrong by intention: through `handle`, and through httpx in the same process."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from grafana_oncall.testing import (
    FakeOnCall,
    FakeRequest,
    Fault,
    NoAnswer,
    VirtualClock,
    hang,
    html,
    refuse,
    reset,
    status,
    throttle,
    truncate,
)
from tests.unit.testing.asking import ask

TINY = 0.01
SECOND = timedelta(seconds=1)

SILENT = [
    pytest.param(reset(applied=True), id="reset after it was applied"),
    pytest.param(reset(), id="reset before"),
    pytest.param(refuse(), id="refuse"),
    pytest.param(hang(), id="hang"),
    pytest.param(hang(applied=True), id="hang after it was applied"),
]
PAGES = [
    pytest.param(status(503), 503, id="503"),
    pytest.param(status(504, applied=True), 504, id="504 after it was applied"),
    pytest.param(html(), 200, id="HTML"),
    pytest.param(html(applied=True), 200, id="HTML after it was applied"),
]


def client(fake: FakeOnCall, **options: Any) -> httpx.AsyncClient:
    """A plain httpx client in process, with the token."""
    headers = {"Authorization": fake.token}
    return httpx.AsyncClient(
        transport=fake.transport(),
        base_url="https://oncall.test/api/v1",
        headers=headers,
        **options,
    )


def acknowledge(fake: FakeOnCall) -> str:
    """The path that acknowledges a new group."""
    return f"alert_groups/{fake.add_group().id}/acknowledge/"


def acknowledged(fake: FakeOnCall) -> bool:
    """Whether the one group is."""
    return next(iter(fake.groups.values())).state == "acknowledged"


# Through `handle`


@pytest.mark.parametrize("fault", SILENT)
def test_no_answer_is_an_exception_and_a_call(fake: FakeOnCall, fault: Fault) -> None:
    """Applied or not, as the fault has it; the next request is answered."""
    path = acknowledge(fake)
    fake.faults.add(fault)
    with pytest.raises(NoAnswer, match=rf"\({fault.kind}\).*{path}") as caught:
        ask(fake, "POST", path)
    call = fake.calls[-1]
    assert (call.response, call.status, call.fault) == (None, None, fault)
    assert call.operation == "acknowledge_alert_group"
    assert call.applied is fault.applied is acknowledged(fake)
    assert pickle.loads(pickle.dumps(caught.value)).call == call  # noqa: S301 - our own bytes
    assert ask(fake, "GET", "alert_groups/").status == 200
    assert (fake.calls[-1].fault, fake.calls[-1].applied) == (None, True)


def test_no_answer_without_a_fault_has_a_text_too(fake: FakeOnCall) -> None:
    """Whoever may raise it."""
    ask(fake, "GET", "nothing/")
    assert str(NoAnswer(fake.calls[-1])) == "a fault spoiled the answer to GET /api/v1/nothing/"


@pytest.mark.parametrize(("fault", "code"), PAGES)
def test_a_proxy_answers_with_its_page(fake: FakeOnCall, fault: Fault, code: int) -> None:
    """Applied or not, as the fault has it."""
    path = acknowledge(fake)
    fake.faults.add(fault)
    response = ask(fake, "POST", path)
    assert (response.status, fake.calls[-1].status) == (code, code)
    assert response.headers["Content-Type"].startswith("text/html")
    assert b"<!doctype html>" in response.body
    assert fake.calls[-1].applied is fault.applied is acknowledged(fake)


def test_a_status_has_the_headers_and_the_text_that_belong_to_it(fake: FakeOnCall) -> None:
    """204 and 304 have no page, and no proxy knows a name for 599."""
    fake.faults.add(status(503, headers={"Retry-After": "5"}))
    fake.faults.add(status(599))
    fake.faults.add(status(204))
    named, nameless, empty = (ask(fake, "GET", "alert_groups/") for _ in range(3))
    assert b"<h1>503 Service Unavailable</h1>" in named.body
    assert named.headers == {"Content-Type": "text/html; charset=utf-8", "Retry-After": "5"}
    assert b"<h1>599</h1>" in nameless.body
    assert (empty.status, empty.headers, empty.body) == (204, {}, b"")


def test_a_throttling_counts_down_by_the_clock(fake: FakeOnCall, clock: VirtualClock) -> None:
    """As the real one says it, and for as long."""
    path = acknowledge(fake)
    fake.faults.add(throttle(48))
    for passed, left in [(0, "48 seconds"), (0.5, "48 seconds"), (46.5, "1 second")]:
        clock.advance(timedelta(seconds=passed))
        response = ask(fake, "POST", path)
        text = f"Request was throttled. Expected available in {left}."
        assert (response.status, response.json()) == (429, {"detail": text})
        seconds = left.partition(" ")[0]
        assert response.headers == {
            "Content-Type": "application/json",
            "Retry-After": seconds,
            "RateLimit-Reset": seconds,
        }
        assert not fake.calls[-1].applied
    assert not acknowledged(fake)
    clock.advance(SECOND)
    assert ask(fake, "POST", path).status == 200


def test_a_throttling_may_be_shorter_or_longer_than_it_says(
    fake: FakeOnCall, clock: VirtualClock
) -> None:
    """So many times, or for another time; it never asks to wait for nothing."""
    fake.faults.add(throttle(48), times=2)
    assert [ask(fake, "GET", "alert_groups/").status for _ in range(3)] == [429, 429, 200]
    fake.faults.add(throttle(2), lasting=timedelta(seconds=4))
    clock.advance(timedelta(seconds=3))
    assert ask(fake, "GET", "alert_groups/").headers["Retry-After"] == "1"
    clock.advance(SECOND)
    assert ask(fake, "GET", "alert_groups/").status == 200


def test_a_truncated_body_is_half_of_the_real_one(fake: FakeOnCall) -> None:
    """And its length is still announced."""
    fake.add_group()
    whole = ask(fake, "GET", "alert_groups/")
    fake.faults.add(truncate())
    part = ask(fake, "GET", "alert_groups/")
    assert part.headers["Content-Length"] == str(len(whole.body))
    assert part.body == whole.body[: len(whole.body) // 2]


def test_an_empty_answer_is_truncated_too(fake: FakeOnCall) -> None:
    """A byte is announced that never comes; what can have no body does not arrive at all."""
    path = acknowledge(fake)
    integration = fake.add_integration()
    fake.faults.add(truncate(), times=2)
    response = ask(fake, "POST", path)
    assert (response.status, response.body) == (200, b"")
    assert response.headers == {"Content-Length": "1"}
    assert acknowledged(fake)
    with pytest.raises(NoAnswer):
        ask(fake, "DELETE", f"integrations/{integration.id}/")
    assert integration.id not in fake.integrations
    assert [call.applied for call in fake.calls] == [True, True]


# Which request meets which fault


def statuses(fake: FakeOnCall, count: int, path: str = "alert_groups/") -> list[int]:
    """What so many requests are answered."""
    return [ask(fake, "GET", path).status for _ in range(count)]


def test_once_unless_said_otherwise(fake: FakeOnCall) -> None:
    """Or so many times."""
    fake.faults.add(status(500))
    assert statuses(fake, 2) == [500, 200]
    fake.faults.add(status(500), times=3)
    assert statuses(fake, 4) == [500, 500, 500, 200]


def test_for_so_long_by_the_clock(fake: FakeOnCall, clock: VirtualClock) -> None:
    """Any number of requests, and with `times` at most so many."""
    fake.faults.add(status(503), lasting=timedelta(seconds=2))
    assert statuses(fake, 2) == [503, 503]
    clock.advance(timedelta(seconds=1.999))
    assert statuses(fake, 1) == [503]
    clock.advance(timedelta(seconds=0.001))
    assert statuses(fake, 1) == [200]
    fake.faults.add(status(503), times=1, lasting=timedelta(seconds=2))
    assert statuses(fake, 2) == [503, 200]
    fake.faults.add(status(503), times=1, lasting=timedelta(seconds=2))
    clock.advance(timedelta(seconds=2))
    assert statuses(fake, 1) == [200]


def test_one_operation_only(fake: FakeOnCall) -> None:
    """Others pass and use nothing up."""
    fake.faults.add(status(500), operation="list_integrations")
    assert statuses(fake, 2) == [200, 200]
    assert statuses(fake, 2, "integrations/") == [500, 200]


def test_any_request_is_an_unknown_path_too(fake: FakeOnCall) -> None:
    """A proxy does not know the routes behind it."""
    fake.faults.add(status(502))
    assert statuses(fake, 2, "nothing/") == [502, 404]
    assert [call.operation for call in fake.calls] == [None, None]


def test_the_first_that_applies_is_used(fake: FakeOnCall) -> None:
    """In the order added; the others wait."""
    fake.faults.add(status(500), operation="list_integrations")
    fake.faults.add(status(502))
    fake.faults.add(status(503))
    assert statuses(fake, 3) == [502, 503, 200]
    assert statuses(fake, 2, "integrations/") == [500, 200]


def test_a_function_may_choose_the_fault(fake: FakeOnCall) -> None:
    """By request and operation, behind what was added before, until it is cleared."""
    asked: list[tuple[str, str | None]] = []

    def choose(request: FakeRequest, operation: str | None) -> Fault | None:
        asked.append((request.path, operation))
        return throttle(9) if operation == "list_integrations" else None

    fake.faults.add(status(500))
    fake.faults.choose(choose)
    assert statuses(fake, 2, "integrations/") == [500, 429]
    assert fake.calls[-1].fault == throttle(9)
    assert ask(fake, "GET", "integrations/").headers["Retry-After"] == "9"
    assert statuses(fake, 1) == [200]
    assert statuses(fake, 1, "nothing/") == [404]
    assert asked == [
        ("/api/v1/integrations/", "list_integrations"),
        ("/api/v1/integrations/", "list_integrations"),
        ("/api/v1/alert_groups/", "list_alert_groups"),
        ("/api/v1/nothing/", None),
    ]
    fake.faults.clear()
    assert statuses(fake, 1, "integrations/") == [200]


def test_clear_takes_all_away(fake: FakeOnCall) -> None:
    """Used or not."""
    fake.faults.add(status(500), times=9)
    assert statuses(fake, 1) == [500]
    fake.faults.clear()
    assert statuses(fake, 1) == [200]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        pytest.param({"operation": "ack"}, "no operation is called 'ack'", id="operation"),
        pytest.param({"times": 0}, "1 or more", id="times"),
        pytest.param({"lasting": timedelta(0)}, "positive", id="lasting"),
    ],
)
def test_what_could_never_happen_is_refused(
    fake: FakeOnCall, arguments: dict[str, Any], text: str
) -> None:
    """A test with such a fault would prove nothing."""
    with pytest.raises(ValueError, match=text):
        fake.faults.add(reset(), **arguments)


def test_statuses_and_seconds_that_there_are_not() -> None:
    """Refused as well."""
    for code in (100, 600):
        with pytest.raises(ValueError, match="from 200 to 599"):
            status(code)
    with pytest.raises(ValueError, match="one at least"):
        throttle(0)


# Through httpx in process

RAISED = [
    pytest.param(reset(applied=True), httpx.ReadError, id="reset after it was applied"),
    pytest.param(reset(), httpx.ReadError, id="reset before"),
    pytest.param(refuse(), httpx.ConnectError, id="refuse"),
    pytest.param(hang(), httpx.ReadTimeout, id="hang"),
    pytest.param(hang(applied=True), httpx.ReadTimeout, id="hang after it was applied"),
    pytest.param(truncate(), httpx.RemoteProtocolError, id="truncate"),
]


@pytest.mark.parametrize(("fault", "error"), RAISED)
async def test_httpx_raises_its_own(
    fake: FakeOnCall, fault: Fault, error: type[httpx.HTTPError]
) -> None:
    """With the request attached; the next one is answered."""
    path = acknowledge(fake)
    fake.faults.add(fault)
    async with client(fake, timeout=TINY) as http:
        with pytest.raises(httpx.HTTPError) as caught:
            await http.post(path)
        assert (type(caught.value), caught.value.request.method) == (error, "POST")
        assert fake.calls[-1].applied is acknowledged(fake) is fault.applied
        assert (await http.get("alert_groups/")).status_code == 200


@pytest.mark.parametrize(("fault", "error"), RAISED)
def test_a_synchronous_client_sees_the_same_at_once(
    fake: FakeOnCall, fault: Fault, error: type[httpx.HTTPError]
) -> None:
    """Whatever its timeout and the latency are."""
    path = acknowledge(fake)
    fake.faults.add(fault)
    fake.latency = timedelta(hours=1)
    headers = {"Authorization": fake.token}
    with httpx.Client(
        transport=fake.transport(), base_url="https://oncall.test/api/v1", headers=headers
    ) as http:
        with pytest.raises(httpx.HTTPError) as caught:
            http.post(path)
        assert type(caught.value) is error
        assert acknowledged(fake) is fault.applied
        assert http.get("alert_groups/").status_code == 200


@pytest.mark.parametrize(("fault", "code"), PAGES)
async def test_httpx_gets_the_page(fake: FakeOnCall, fault: Fault, code: int) -> None:
    """With its type."""
    path = acknowledge(fake)
    fake.faults.add(fault)
    async with client(fake) as http:
        answer = await http.post(path)
    assert (answer.status_code, answer.text[1:10]) == (code, "<!doctype")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert acknowledged(fake) is fault.applied


async def test_a_truncated_body_breaks_off_while_it_is_read(fake: FakeOnCall) -> None:
    """The status and the first bytes arrive."""
    fake.faults.add(truncate())
    async with client(fake) as http, http.stream("GET", "alert_groups/") as answer:
        assert answer.status_code == 200
        parts = answer.aiter_raw()
        part = await anext(parts)
        assert part.startswith(b'{"count"')
        text = rf"received {len(part)} bytes, expected {answer.headers['content-length']}"
        with pytest.raises(httpx.RemoteProtocolError, match=text):
            await anext(parts)


async def test_a_truncated_204_does_not_arrive(fake: FakeOnCall) -> None:
    """The same error, without an answer."""
    fake.faults.add(truncate())
    async with client(fake) as http:
        with pytest.raises(httpx.RemoteProtocolError, match="no answer"):
            await http.delete(f"integrations/{fake.add_integration().id}/")
    assert fake.integrations == {}


async def test_without_a_read_timeout_it_hangs_for_ever(fake: FakeOnCall) -> None:
    """Until it is cancelled; the others do not wait for it."""
    fake.faults.add(hang(applied=True))
    async with client(fake, timeout=None) as http:
        hanging = asyncio.ensure_future(http.post(acknowledge(fake)))
        await asyncio.sleep(0)
        assert (await http.get("alert_groups/")).status_code == 200
        assert not hanging.done()
        hanging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging
    assert acknowledged(fake)


async def test_a_bare_request_knows_no_timeout(fake: FakeOnCall) -> None:
    """The transport may be used without a client."""
    request = httpx.Request("GET", "https://oncall.test/api/v1/nothing/")
    assert (await fake.transport().handle_async_request(request)).status_code == 404


async def test_a_closed_transport_takes_no_request(fake: FakeOnCall) -> None:
    """As httpx's client takes none; other transports of the fake are not concerned."""
    transport = fake.transport()
    async with httpx.AsyncClient(transport=transport):
        pass
    request = httpx.Request("GET", "https://oncall.test/")
    with pytest.raises(RuntimeError, match="closed"):
        await transport.handle_async_request(request)
    with pytest.raises(RuntimeError, match="closed"):
        transport.handle_request(request)
    assert fake.calls == []
    assert fake.transport().handle_request(request).status_code == 404


# Latency


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What was slept for, while each sleep takes one turn of the loop."""
    sleep, seconds = asyncio.sleep, list[float]()

    async def note(delay: float) -> None:
        seconds.append(delay)
        await sleep(0)

    monkeypatch.setattr("grafana_oncall.testing._transport.asyncio.sleep", note)
    return seconds


async def test_half_of_the_latency_before_and_half_after(
    fake: FakeOnCall, slept: list[float]
) -> None:
    """Also when it changes between requests; without any, there are two turns of the loop."""
    async with client(fake) as http:
        await http.get("alert_groups/")
        fake.latency = SECOND
        await http.get("alert_groups/")
    assert slept == [0, 0, 0.5, 0.5]
    assert FakeOnCall(latency=SECOND).latency == SECOND


@pytest.mark.parametrize(
    ("latency", "sleeps", "applied"),
    [
        pytest.param(6, [3, 2], True, id="the answer is late"),
        pytest.param(12, [5], False, id="the request is late"),
    ],
)
async def test_latency_meets_the_read_timeout(
    fake: FakeOnCall, slept: list[float], latency: int, sleeps: list[float], *, applied: bool
) -> None:
    """Which covers both halves."""
    path = acknowledge(fake)
    fake.latency = latency * SECOND
    async with client(fake, timeout=5) as http:
        with pytest.raises(httpx.ReadTimeout):
            await http.post(path)
    assert (slept, acknowledged(fake)) == (sleeps, applied)


@pytest.fixture(params=[0, 3600], ids=["no latency", "an hour"])
def slow(fake: FakeOnCall, request: pytest.FixtureRequest) -> FakeOnCall:
    """A fake with either latency."""
    fake.latency = timedelta(seconds=request.param)
    return fake


async def test_a_client_cancelled_in_the_first_half_is_not_served(slow: FakeOnCall) -> None:
    """Nothing has arrived."""
    async with client(slow, timeout=None) as http:
        task = asyncio.ensure_future(http.post(acknowledge(slow)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (slow.calls, acknowledged(slow)) == ([], False)


async def test_a_client_cancelled_in_the_second_half_was_served(fake: FakeOnCall) -> None:
    """And does not know."""
    arrived = asyncio.Event()

    def note(_request: FakeRequest, _operation: str | None) -> None:
        arrived.set()

    fake.faults.choose(note)
    async with client(fake, timeout=None) as http:
        task = asyncio.ensure_future(http.post(acknowledge(fake)))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (fake.calls[-1].status, acknowledged(fake)) == (200, True)


async def test_a_body_may_be_a_stream(fake: FakeOnCall) -> None:
    """It is read before the server sees anything."""

    async def parts() -> AsyncIterator[bytes]:
        yield b"{"
        yield b"}"

    async with client(fake) as http:
        await http.post("integrations/", content=parts())
    assert fake.calls[-1].request.body == b"{}"
