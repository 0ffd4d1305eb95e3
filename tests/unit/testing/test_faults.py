"""Faults on demand, through `handle`: each fault, and which request meets which."""

from __future__ import annotations

import pickle
from datetime import timedelta
from typing import Any

import pytest

from grafana_oncall.testing import (
    FakeOnCall,
    FakeRequest,
    Fault,
    NoResponse,
    VirtualClock,
    hang,
    refuse,
    reset,
    status,
    throttle,
    truncate,
)
from tests.support.fake_requests import ask
from tests.support.faulty import PAGES, SECOND, acknowledge, acknowledged

SILENT = [
    pytest.param(reset(applied=True), id="reset after it was applied"),
    pytest.param(reset(), id="reset before"),
    pytest.param(refuse(), id="refuse"),
    pytest.param(hang(), id="hang"),
    pytest.param(hang(applied=True), id="hang after it was applied"),
]


@pytest.mark.parametrize("fault", SILENT)
def test_no_response_is_an_exception_and_a_call(fake: FakeOnCall, fault: Fault) -> None:
    """Applied or not, as the fault says; the next request succeeds."""
    path = acknowledge(fake)
    fake.faults.add(fault)
    with pytest.raises(NoResponse, match=rf"\({fault.kind}\).*{path}") as caught:
        ask(fake, "POST", path)
    call = fake.calls[-1]
    assert (call.response, call.status, call.fault) == (None, None, fault)
    assert call.operation == "acknowledge_alert_group"
    assert call.applied is fault.applied is acknowledged(fake)
    assert pickle.loads(pickle.dumps(caught.value)).call == call  # noqa: S301  # the test's own bytes
    assert ask(fake, "GET", "alert_groups/").status == 200
    assert (fake.calls[-1].fault, fake.calls[-1].applied) == (None, True)


def test_no_response_without_a_fault_has_a_text_too(fake: FakeOnCall) -> None:
    """For any code that raises it."""
    ask(fake, "GET", "nothing/")
    assert (
        str(NoResponse(fake.calls[-1])) == "a fault prevented the response to GET /api/v1/nothing/"
    )


@pytest.mark.parametrize(("fault", "code"), PAGES)
def test_a_proxy_responds_with_its_page(fake: FakeOnCall, fault: Fault, code: int) -> None:
    """Applied or not, as the fault says."""
    path = acknowledge(fake)
    fake.faults.add(fault)
    response = ask(fake, "POST", path)
    assert (response.status, fake.calls[-1].status) == (code, code)
    assert response.headers["Content-Type"].startswith("text/html")
    assert b"<!doctype html>" in response.body
    assert fake.calls[-1].applied is fault.applied is acknowledged(fake)


def test_a_status_has_the_headers_and_the_text_that_belong_to_it(fake: FakeOnCall) -> None:
    """204 and 304 have no page, and proxies have no name for 599."""
    fake.faults.add(status(503, headers={"Retry-After": "5"}))
    fake.faults.add(status(599))
    fake.faults.add(status(204))
    named, nameless, empty = (ask(fake, "GET", "alert_groups/") for _ in range(3))
    assert b"<h1>503 Service Unavailable</h1>" in named.body
    assert named.headers == {"Content-Type": "text/html; charset=utf-8", "Retry-After": "5"}
    assert b"<h1>599</h1>" in nameless.body
    assert (empty.status, empty.headers, empty.body) == (204, {}, b"")


def test_a_throttling_counts_down_by_the_clock(fake: FakeOnCall, clock: VirtualClock) -> None:
    """With the message of the real server, and for as long."""
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
    """This many times, or for another time; it never asks for a wait of zero."""
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


def test_an_empty_response_is_truncated_too(fake: FakeOnCall) -> None:
    """It announces a byte that never arrives; a response without a body does not arrive at all."""
    path = acknowledge(fake)
    integration = fake.add_integration()
    fake.faults.add(truncate(), times=2)
    response = ask(fake, "POST", path)
    assert (response.status, response.body) == (200, b"")
    assert response.headers == {"Content-Length": "1"}
    assert acknowledged(fake)
    with pytest.raises(NoResponse):
        ask(fake, "DELETE", f"integrations/{integration.id}/")
    assert integration.id not in fake.integrations
    assert [call.applied for call in fake.calls] == [True, True]


def statuses(fake: FakeOnCall, count: int, path: str = "alert_groups/") -> list[int]:
    """The statuses of this many requests."""
    return [ask(fake, "GET", path).status for _ in range(count)]


def test_a_fault_happens_once_by_default(fake: FakeOnCall) -> None:
    """Or this many times."""
    fake.faults.add(status(500))
    assert statuses(fake, 2) == [500, 200]
    fake.faults.add(status(500), times=3)
    assert statuses(fake, 4) == [500, 500, 500, 200]


def test_a_fault_may_last_for_a_time_by_the_clock(fake: FakeOnCall, clock: VirtualClock) -> None:
    """For any number of requests, and with `times` at most this many."""
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


def test_a_fault_may_be_of_one_operation_only(fake: FakeOnCall) -> None:
    """Other requests pass and use up nothing."""
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
    """By request and operation, after those added before, until it is cleared."""
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


def test_clear_removes_all(fake: FakeOnCall) -> None:
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


def test_impossible_statuses_and_seconds_are_refused() -> None:
    """Refused too."""
    for code in (100, 600):
        with pytest.raises(ValueError, match="from 200 to 599"):
            status(code)
    with pytest.raises(ValueError, match="one at least"):
        throttle(0)
