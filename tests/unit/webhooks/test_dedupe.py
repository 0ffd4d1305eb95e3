"""Duplicate events: the server retries what got no response in time."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from grafana_oncall.webhooks import Router
from grafana_oncall.webhooks.dedupe import Dedupe, Identity
from tests.support.webhook_payloads import ADA, GROUP, TIME, TIMED, body, payload
from tests.support.webhook_requests import SECRET, Recorder, post

OTHER_TIME = "2026-03-02T09:31:00+00:00"


async def handled(*bodies: bytes | float, **settings: Any) -> int:
    """Return how often the handler runs for these bodies, with seconds between them."""
    router = Router(secret=SECRET, **settings)
    router.on()(handler := Recorder())
    async with router:
        for content in bodies:
            if isinstance(content, bytes):
                assert (await post(router, content)).status_code == 200
            else:
                await asyncio.sleep(content)
    return len(handler.ended)


@pytest.mark.parametrize("type_", [*TIMED, "escalation", "unresolve", "unheard of"])
async def test_a_retry_gets_a_response_but_is_not_handled(type_: str) -> None:
    """Three retries, each 14 seconds after the one before."""
    assert await handled(body(type_), 14, body(type_), 14, body(type_), 14, body(type_)) == 1


@pytest.mark.parametrize("type_", ["escalation", "personal notification"])
async def test_a_retry_is_recognised_although_the_server_gives_it_another_time(type_: str) -> None:
    """Some servers say when they built the body."""
    context = {"type": type_, "user": {"id": "U1"}}
    first, retry = (body(type_, event=context | {"time": time}) for time in (TIME, OTHER_TIME))
    assert await handled(first, 14, retry) == 1
    elsewhere = body(type_, event=context | {"time": TIME, "user": {"id": "U2"}})
    assert await handled(first, elsewhere) == 2


@pytest.mark.parametrize("type_", TIMED)
async def test_a_retry_is_recognised_by_its_time_when_the_group_has_moved_on(type_: str) -> None:
    """The server builds it from the group's current state."""
    later = payload(type_) | {"alert_group": {**GROUP, "alerts_count": 9, "state": "resolved"}}
    later |= {"notified_users": [], "what a later release adds": 1}
    assert await handled(body(type_), 14, json.dumps(later).encode()) == 1


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({"alert_group_id": "I2"}, id="group"),
        pytest.param({"event": {"type": "silence", "time": OTHER_TIME}}, id="time"),
        pytest.param({"event": payload("silence")["event"] | {"until": OTHER_TIME}}, id="until"),
        pytest.param({"event": payload("silence")["event"] | {"type": "mute"}}, id="type"),
        pytest.param({"event": {"type": "silence"}}, id="no time"),
    ],
)
async def test_another_event_is_not_a_retry(members: dict[str, Any]) -> None:
    """One different member is enough."""
    assert await handled(body("silence"), body("silence", **members)) == 2


@pytest.mark.parametrize("type_", ["escalation", "unacknowledge", "unresolve", "unsilence", "new"])
@pytest.mark.parametrize(
    "members",
    [
        pytest.param({"responses": {"WH2": {"status_code": 200}}}, id="responses"),
        pytest.param({"notified_users": []}, id="notified users"),
        pytest.param({"users_to_be_notified": [ADA]}, id="users to be notified"),
        pytest.param({"alert_group": {**GROUP, "alerts_count": 4}}, id="alerts"),
        pytest.param({"alert_group": {**GROUP, "state": "resolved"}}, id="state"),
        pytest.param({"alert_group_acknowledged_by": ADA}, id="acknowledged"),
        pytest.param({"alert_group_resolved_by": ADA}, id="resolved"),
        pytest.param({"webhook": {"id": "WHP7B1JJQGDFV", "name": "bots"}}, id="renamed"),
    ],
)
async def test_a_retry_is_recognised_without_a_time_when_the_group_has_moved_on(
    type_: str, members: dict[str, Any]
) -> None:
    """Members that the server builds anew do not count."""
    repeat = payload(type_) | members
    assert await handled(body(type_), 14, json.dumps(repeat).encode()) == 1


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({"user": ADA}, id="someone else"),
        pytest.param({"alert_payload": {"title": "Disk full"}}, id="another alert"),
        pytest.param({"step": 2}, id="what this release does not know"),
        pytest.param({"event": {"type": "escalation", "step": 2}}, id="nor in the event"),
        pytest.param({"alert_group_id": "I2"}, id="another group"),
    ],
)
async def test_an_event_without_a_time_differs_by_any_other_member(
    members: dict[str, Any],
) -> None:
    """It is better handled twice than not at all."""
    other = body(**members)
    assert await handled(body(), other, body(), other) == 2


@pytest.mark.parametrize("type_", [*TIMED, "unacknowledge", "unresolve", "escalation"])
@pytest.mark.parametrize("webhook", [{"id": "WH2", "name": "other"}, None])
async def test_an_event_that_several_webhooks_send_is_handled_once(
    type_: str, webhook: dict[str, str] | None
) -> None:
    """As for `acknowledge` and `status change`; servers without labels name no webhook."""
    assert await handled(body(type_), body(type_, webhook=webhook)) == 1


@pytest.mark.parametrize(
    ("first", "between"),
    [
        pytest.param("unacknowledge", "acknowledge", id="acknowledged once more"),
        pytest.param("unsilence", "silence", id="silenced once more"),
        pytest.param("unresolve", "resolve", id="resolved once more"),
        pytest.param("unresolve", "unacknowledge", id="without a time, both of them"),
    ],
)
async def test_a_state_that_is_entered_twice_is_not_a_retry(first: str, between: str) -> None:
    """Within a minute and with the same content: another event came in between."""
    assert await handled(body(first), body(first), body(between), body(first), body(first)) == 3
    elsewhere = body(between, alert_group_id="I2", alert_group={**GROUP, "id": "I2"})
    assert await handled(body(first), elsewhere, body(first)) == 2


@pytest.mark.parametrize("between", ["resolve", "personal notification", "unheard of"])
async def test_a_retry_of_an_escalation_is_recognised_whatever_comes_in_between(
    between: str,
) -> None:
    """It does not enter a state."""
    assert await handled(body("escalation"), body(between), body("escalation")) == 2


async def test_without_a_time_the_same_content_is_another_event_after_a_minute() -> None:
    """As from an escalation that starts over; with a time it is a retry."""
    assert await handled(body(), 59, body(), 0.5, body()) == 1
    assert await handled(body(), 61, body(), 59, body()) == 2
    assert await handled(body("resolve"), 61, body("resolve")) == 1


async def test_the_memory_is_limited_in_time() -> None:
    """Ten minutes, or `remember_for`; for events without a time at most a minute."""
    resolve = body("resolve")
    assert await handled(resolve, 599, resolve) == 1
    assert await handled(resolve, 601, resolve) == 2
    assert await handled(resolve, 5, resolve, remember_for=4) == 2
    assert await handled(body(), 5, body(), remember_for=4) == 2
    assert await handled(resolve, resolve, remember_for=0) == 2


async def test_the_memory_is_limited_in_number() -> None:
    """The oldest is forgotten first, so that memory does not grow."""
    bodies = [body("resolve", group=f"I{number}") for number in range(4)]
    assert await handled(*bodies[:3], *bodies[:3], remember=3) == 3
    assert await handled(*bodies, *bodies[1:], remember=3) == 4
    assert await handled(*bodies, bodies[0], remember=3) == 5


async def test_an_event_that_was_not_accepted_is_not_remembered() -> None:
    """Its retry must not be dropped as a duplicate."""
    router = Router(secret=SECRET)
    router.on()(handler := Recorder())
    assert (await post(router)).status_code == 503
    async with router:
        assert (await post(router)).text == "Accepted.\n"
    assert len(handler.ended) == 1


async def test_an_event_whose_handler_failed_is_not_handled_twice() -> None:
    """It was accepted; `on_error` deals with the failure."""
    router = Router(secret=SECRET)
    router.on()(handler := Recorder(error=ValueError("no")))
    async with router:
        for _ in range(2):
            assert (await post(router)).status_code == 200
    assert len(handler.begun) == 1


@pytest.mark.parametrize(
    "time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-03-02T09:30:00Z"]
)
async def test_any_time_is_remembered(time: str) -> None:
    """Also one that is outside the calendar in UTC."""
    strange = body(event={"type": "silence", "time": time, "until": time})
    assert await handled(strange, strange) == 1


async def test_an_event_is_claimed_by_one_request_at_a_time() -> None:
    """Until that confirms it or gives it up; other events are not concerned."""
    dedupe = Dedupe(max_events=9, seconds=600)
    event, other = (Identity(key, b"I1", None, has_time=True) for key in ("one", "other"))
    assert [await dedupe.claim(each) for each in (event, event, other)] == ["new", "claimed", "new"]
    await dedupe.forget(event)
    assert [await dedupe.claim(event), await dedupe.claim(event)] == ["new", "claimed"]
    await dedupe.confirm(event)
    assert [await dedupe.claim(event), await dedupe.claim(other)] == ["seen", "claimed"]
