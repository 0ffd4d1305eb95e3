"""Events that come again: the server repeats what was not answered in time."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from grafana_oncall.webhooks import Router
from tests.support.webhook_payloads import ADA, GROUP, TIMED, body, payload
from tests.support.webhook_requests import SECRET, Recorder, post

OTHER_TIME = "2026-03-02T09:31:00+00:00"


async def handled(*bodies: bytes | float, **settings: Any) -> int:
    """How often the handler runs for these bodies; between them, so many seconds pass."""
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
async def test_a_repeat_is_answered_and_not_handled_again(type_: str) -> None:
    """Three times, each 4 seconds after the last was sent and 10 more."""
    assert await handled(body(type_), 14, body(type_), 14, body(type_), 14, body(type_)) == 1


@pytest.mark.parametrize("type_", TIMED)
async def test_a_repeat_is_recognised_by_its_time_when_the_group_has_moved_on(type_: str) -> None:
    """The server makes it anew from what the group is by then."""
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
async def test_another_event_is_no_repeat(members: dict[str, Any]) -> None:
    """One member is enough."""
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
async def test_a_repeat_is_recognised_without_a_time_when_the_group_has_moved_on(
    type_: str, members: dict[str, Any]
) -> None:
    """What the server makes anew for it does not count."""
    repeat = payload(type_) | members
    assert await handled(body(type_), 14, json.dumps(repeat).encode()) == 1


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({"user": ADA}, id="somebody else"),
        pytest.param({"alert_payload": {"title": "Disk full"}}, id="another alert"),
        pytest.param({"step": 2}, id="what this release does not know"),
        pytest.param({"event": {"type": "escalation", "step": 2}}, id="nor in the event"),
        pytest.param({"alert_group_id": "I2"}, id="another group"),
    ],
)
async def test_an_event_without_a_time_is_another_one_by_any_other_member(
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
    """As of `acknowledge` and of `status change`. Servers without labels do not say which it is."""
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
async def test_a_state_that_is_entered_again_is_no_repeat(first: str, between: str) -> None:
    """Within a minute and in the same words: something else came in between."""
    assert await handled(body(first), body(first), body(between), body(first), body(first)) == 3
    elsewhere = body(between, alert_group_id="I2", alert_group={**GROUP, "id": "I2"})
    assert await handled(body(first), elsewhere, body(first)) == 2


@pytest.mark.parametrize("between", ["resolve", "personal notification", "unheard of"])
async def test_an_escalation_is_repeated_whatever_comes_in_between(between: str) -> None:
    """It is no state that is entered."""
    assert await handled(body("escalation"), body(between), body("escalation")) == 2


async def test_without_a_time_the_same_words_are_another_event_after_a_minute() -> None:
    """As of an escalation that goes round again; with a time they are a repeat."""
    assert await handled(body(), 59, body(), 0.5, body()) == 1
    assert await handled(body(), 61, body(), 59, body()) == 2
    assert await handled(body("resolve"), 61, body("resolve")) == 1


async def test_a_memory_has_an_end_in_time() -> None:
    """Ten minutes, or `remember_for`; a minute is the most for events without a time."""
    resolve = body("resolve")
    assert await handled(resolve, 599, resolve) == 1
    assert await handled(resolve, 601, resolve) == 2
    assert await handled(resolve, 5, resolve, remember_for=4) == 2
    assert await handled(body(), 5, body(), remember_for=4) == 2
    assert await handled(resolve, resolve, remember_for=0) == 2


async def test_a_memory_has_an_end_in_number() -> None:
    """The oldest is forgotten first, so that memory does not grow."""
    bodies = [body("resolve", group=f"I{number}") for number in range(4)]
    assert await handled(*bodies[:3], *bodies[:3], remember=3) == 3
    assert await handled(*bodies, *bodies[1:], remember=3) == 4
    assert await handled(*bodies, bodies[0], remember=3) == 5


async def test_an_event_that_was_not_taken_is_not_remembered() -> None:
    """Its repeat must not be answered as if it had been."""
    router = Router(secret=SECRET)
    router.on()(handler := Recorder())
    assert (await post(router)).status_code == 503
    async with router:
        assert (await post(router)).text == "Accepted.\n"
    assert len(handler.ended) == 1


async def test_an_event_with_which_a_handler_failed_is_not_handled_again() -> None:
    """It was taken; what to do about the failure is the business of on_error."""
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
