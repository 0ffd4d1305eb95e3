"""Outgoing webhooks that the fake sends: to an application, in virtual time."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import timedelta
from itertools import pairwise
from typing import Any, get_args

import httpx
import pytest

from grafana_oncall.testing import FakeAlertGroup, FakeOnCall, FakeWebhook, LoopClock, VirtualClock
from grafana_oncall.testing._outgoing.bodies import EventName
from grafana_oncall.testing._resources.actions import ACTIONS
from grafana_oncall.webhooks import Event, Router
from tests.support.fake_requests import ask
from tests.support.virtual_time import now as loop_time
from tests.support.virtual_time import run

pytestmark = pytest.mark.usefixtures("oncall_clock")
BOT = "https://bot.example/hooks"
SECRET = "s3cret"
TYPES: tuple[EventName, ...] = get_args(EventName)
CHANGES = ("acknowledge", "unacknowledge", "resolve", "unresolve", "silence", "unsilence")
BEFORE = {"unacknowledge": "acknowledge", "unresolve": "resolve", "unsilence": "silence"}


class Receiver:
    """An application that keeps the bodies of requests, and takes a time for each response."""

    def __init__(self, *delays: float, status: int = 200, body: bytes = b"ok") -> None:
        self.delays = [*delays]
        self.status, self.body = status, body
        self.headers: list[tuple[bytes, bytes]] = []
        self.requests: list[httpx.Request] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Respond, as ASGI asks for."""
        message = await receive()
        url = f"https://bot.example{scope['path']}"
        self.requests.append(
            httpx.Request(scope["method"], url, headers=scope["headers"], content=message["body"])
        )
        await asyncio.sleep(self.delays.pop(0) if self.delays else 0)
        head = {"type": "http.response.start", "status": self.status, "headers": self.headers}
        await send(head)
        await send({"type": "http.response.body", "body": self.body})

    @property
    def events(self) -> list[Any]:
        """What the bodies say."""
        return [json.loads(request.content) for request in self.requests]


def do(server: FakeOnCall, group: FakeAlertGroup, action: str) -> None:
    """Do an action on a group by a request."""
    body = {"delay": 3600} if action == "silence" else {}
    assert ask(server, "POST", f"alert_groups/{group.id}/{action}/", body).status == 200


def escalating(server: FakeOnCall, webhook: FakeWebhook) -> None:
    """Let new groups escalate: a webhook at once, then a user by the webhook of theirs."""
    chain = server.add_escalation_chain("SRE")
    step = server.add_escalation_policy(chain, "trigger_webhook")
    step.action_to_trigger = webhook.id
    ana = server.add_user("ana", role="editor")
    server.add_personal_notification_rule(ana, "notify_by_webhook")
    ana.webhook = server.add_webhook("ana's", url=BOT, trigger_type="personal notification").id
    server.add_escalation_policy(chain, "notify_persons", persons=[ana.id])
    server.add_integration().default_route["escalation_chain_id"] = chain.id


async def test_each_event_reaches_a_router_which_reads_it(oncall_server: FakeOnCall) -> None:
    """Of every type, with the group as it was when the webhook was sent."""
    router, seen = Router(secret=SECRET), list[Event]()

    @router.on()
    async def keep(event: Event) -> None:
        seen.append(event)

    for name in TYPES:
        if name != "personal notification":
            oncall_server.add_webhook(name, url=BOT, trigger_type=name)
    escalating(oncall_server, next(iter(oncall_server.objects(FakeWebhook).values())))
    for webhook in oncall_server.objects(FakeWebhook).values():
        webhook.authorization_header = SECRET
    async with router, oncall_server.deliver_webhooks("https://bot.example/", to=router):
        group = oncall_server.add_group(labels={"team": "SRE"})
        await asyncio.sleep(60)
        for action in ACTIONS:
            do(oncall_server, group, action)
            await asyncio.sleep(1)
    others = {"alert group created", "escalation", "personal notification"}
    assert {event.type for event in seen} == {*ACTIONS} | others
    assert {event.labels["team"] for event in seen} == {"SRE"}
    states = {str(event.type): event.group.state for event in seen}
    assert (states["acknowledge"], states["silence"]) == ("acknowledged", "silenced")
    assert {delivery.status for delivery in oncall_server.deliveries} == {200}


async def test_a_group_is_told_as_it_is_when_the_webhook_is_sent(oncall_server: FakeOnCall) -> None:
    """So two quick silences have the same end, and the user of each is who did it."""
    receiver = Receiver()
    oncall_server.add_webhook("hook", url=BOT, trigger_type="silence")
    group = oncall_server.add_group()
    oncall_server.add_token("bob", user="bob")
    path = f"alert_groups/{group.id}/silence/"
    async with oncall_server.deliver_webhooks(BOT, to=receiver):
        ask(oncall_server, "POST", path, {"delay": 60})
        ask(oncall_server, "POST", path, {"delay": 3600}, token="bob")
    first, second = receiver.events
    assert first["event"] == second["event"]
    assert [event["user"]["username"] for event in receiver.events] == ["admin", "bob"]


async def test_a_change_is_sent_by_webhooks_of_its_type_and_of_status_changes(
    oncall_server: FakeOnCall,
) -> None:
    """Only those; each a fifth of a second after it, and each with the type of the event."""
    hooks = {
        oncall_server.add_webhook(name, url=BOT, trigger_type=name).id: name
        for name in (*TYPES, "status change")
    }
    group = oncall_server.add_group()
    async with oncall_server.deliver_webhooks(BOT, to=Receiver()):
        for action in CHANGES:
            do(oncall_server, group, action)
            await asyncio.sleep(1)
    assert [(hooks[each.webhook], each.event) for each in oncall_server.deliveries] == [
        ("alert group created", "alert group created"),
        *((name, action) for action in CHANGES for name in (action, "status change")),
    ]
    moments = [each.at - oncall_server.deliveries[0].at for each in oncall_server.deliveries]
    assert moments[::2] == [timedelta(seconds=second) for second in (0, 0, 1, 2, 3, 4, 5)][:7]


async def test_what_no_block_names_is_recorded_and_not_sent(oncall_server: FakeOnCall) -> None:
    """Neither another host nor another path, however alike, nor anything after the block."""
    receiver = Receiver()
    for url in (
        "https://bot.example.net/hooks",
        "https://bot.example:8443/hooks",
        "http://bot.example/hooks",
        "https://bot.example/hooks2",
        "https://bot.example/hooks/%2e%2e/admin",
        "https://bot.example/hooks/inner",
    ):
        oncall_server.add_webhook(url, url=url)
    async with oncall_server.deliver_webhooks(BOT, to=receiver):
        oncall_server.add_group()
    oncall_server.add_group()
    await asyncio.sleep(1)
    inside, outside = oncall_server.deliveries[:6], oncall_server.deliveries[6:]
    assert [each.status for each in inside if each.status] == [200]
    assert [each.url for each in inside if each.status] == ["https://bot.example/hooks/inner"]
    assert {each.reason for each in outside} == {
        f"no deliver_webhooks() names {each.url}" for each in oncall_server.deliveries[:6]
    } | {"no deliver_webhooks() names https://bot.example/hooks/inner"}
    assert len(receiver.requests) == 1


async def test_a_slow_receiver_gets_it_four_times_made_anew(
    oncall_clock: LoopClock, oncall_server: FakeOnCall
) -> None:
    """It is given four seconds, and the responses of another webhook have come meanwhile."""
    slow, quick = Receiver(5, 5, 5, 5), Receiver(body=b'{"ticket": 7}')
    oncall_server.add_webhook("slow", url=f"{BOT}/slow")
    other = oncall_server.add_webhook("quick", url=f"{BOT}/quick")
    began = oncall_clock.now()
    async with (
        oncall_server.deliver_webhooks(f"{BOT}/slow", to=slow),
        oncall_server.deliver_webhooks(f"{BOT}/quick", to=quick),
    ):
        oncall_server.add_group()
    assert [event.get("responses") for event in slow.events] == [
        None,
        *[{other.id: {"ticket": 7}}] * 3,
    ]
    repeats = [each for each in oncall_server.deliveries if each.url == f"{BOT}/slow"]
    assert [each.attempt for each in repeats] == [1, 2, 3, 4]
    assert [(each.at - began).total_seconds() for each in repeats] == [0.2, 14.2, 28.2, 42.2]
    timeout = "HTTPSConnectionPool(host='bot.example', port=443): Read timed out. (read timeout=4)"
    assert {(each.status, each.reason) for each in repeats} == {(None, timeout)}


async def test_a_slow_application_works_on_after_the_timeout(oncall_server: FakeOnCall) -> None:
    """As it does behind a server."""
    done = list[float]()

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await asyncio.sleep(6)
        done.append(1)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    oncall_server.add_webhook("slow", url=BOT)
    async with oncall_server.deliver_webhooks(BOT, to=app):
        oncall_server.add_group()
        await asyncio.sleep(8)
        assert len(done) == 1


@pytest.mark.parametrize("status", [400, 401, 429, 500, 503])
async def test_any_response_is_one(oncall_server: FakeOnCall, status: int) -> None:
    """So the server does not send it again."""
    oncall_server.add_webhook("hook", url=BOT)
    async with oncall_server.deliver_webhooks(BOT, to=Receiver(status=status)):
        oncall_server.add_group()
    assert [each.status for each in oncall_server.deliveries] == [status]


async def test_an_application_that_fails_is_logged_and_responds_500(
    oncall_server: FakeOnCall, caplog: pytest.LogCaptureFixture
) -> None:
    """As by any server."""

    async def broken(_scope: Any, _receive: Any, _send: Any) -> None:
        raise LookupError("nobody is at home")

    oncall_server.add_webhook("hook", url=BOT)
    with caplog.at_level(logging.ERROR, "grafana_oncall"):
        async with oncall_server.deliver_webhooks(BOT, to=broken):
            oncall_server.add_group()
    assert [each.status for each in oncall_server.deliveries] == [500]
    assert "nobody is at home" in caplog.text


async def test_a_response_that_is_no_text_counts_as_a_failure(oncall_server: FakeOnCall) -> None:
    """It is sent again after whole seconds, the same ones each time."""
    oncall_server.add_webhook("hook", url=BOT)
    async with oncall_server.deliver_webhooks(BOT, to=Receiver(body=b"\xff")):
        oncall_server.add_group()
    moments = [each.at for each in oncall_server.deliveries]
    pauses = [(after - before).total_seconds() for before, after in pairwise(moments)]
    assert len(pauses) == 3
    assert all(pause in range(2**number + 1) for number, pause in enumerate(pauses))
    assert {each.status for each in oncall_server.deliveries} == {None}


async def test_a_response_that_is_nested_too_deeply_is_kept_as_a_text(
    oncall_server: FakeOnCall,
) -> None:
    """Also where another webhook tells of it."""
    first = oncall_server.add_webhook("first", url=BOT)
    second = oncall_server.add_webhook("second", url=BOT, trigger_type="acknowledge")
    deep = "[" * 24_000 + "]" * 24_000
    async with oncall_server.deliver_webhooks(BOT, to=Receiver(body=deep.encode())):
        group = oncall_server.add_group()
        await asyncio.sleep(1)
        do(oncall_server, group, "acknowledge")
    assert [each.content for each in first.responses] == [deep]
    assert json.loads(second.responses[0].event_data or "")["responses"] == {first.id: deep}


async def test_a_template_may_stand_beside_a_response_that_is_nested_deeply(
    oncall_server: FakeOnCall,
) -> None:
    """Python 3.13 reads it, however deep it is."""
    oncall_server.add_webhook("first", url=BOT)
    second = oncall_server.add_webhook("second", url=BOT, trigger_type="acknowledge")
    second.forward_all, second.data = False, '"{{ alert_group_id }}"'
    async with oncall_server.deliver_webhooks(BOT, to=Receiver(body=b"[" * 5000 + b"]" * 5000)):
        group = oncall_server.add_group()
        await asyncio.sleep(1)
        do(oncall_server, group, "acknowledge")
    assert oncall_server.deliveries[-1].body == f'"{group.id}"'
    assert {each.status for each in oncall_server.deliveries} == {200}


async def test_headers_are_those_of_the_server(oncall_server: FakeOnCall) -> None:
    """Without a signature; a Content-Type only where the body is JSON."""
    receiver = Receiver()
    hook = oncall_server.add_webhook("hook", url=BOT)
    hook.forward_all, hook.data = False, "{{ alert_group_id }} fires"
    oncall_server.add_webhook("whole", url=BOT, http_method="PUT")
    async with oncall_server.deliver_webhooks(BOT, to=receiver):
        group = oncall_server.add_group()
    text, whole = receiver.requests
    assert text.content == f"{group.id} fires".encode()
    sent = {
        "host": "bot.example",
        "user-agent": "python-requests/2.32.4",
        "accept-encoding": "gzip, deflate",
        "accept": "*/*",
        "connection": "keep-alive",
    }
    assert dict(text.headers) == {**sent, "content-length": str(len(text.content))}
    assert dict(whole.headers) == {
        **sent,
        "content-type": "application/json",
        "content-length": str(len(whole.content)),
    }


async def test_basic_authentication_wins_over_headers(oncall_server: FakeOnCall) -> None:
    """And is not shown in the record."""
    receiver = Receiver()
    hook = oncall_server.add_webhook("hook", url=BOT)
    hook.headers, hook.authorization_header = '{"authorization": "a", "X-Y": "z"}', "b"
    hook.username, hook.password = "bot", "s3cret"
    async with oncall_server.deliver_webhooks(BOT, to=receiver):
        oncall_server.add_group()
    (request,) = receiver.requests
    assert request.headers["Authorization"] == "Basic Ym90OnMzY3JldA=="
    assert request.headers["X-Y"] == "z"
    assert hook.responses[0].request_headers == (
        '{"X-Y": "z", "Authorization": "****************"}'
    )


@pytest.mark.parametrize("value", ["5", "[]", '"a\\nb"', '"\\u20ac"'])
async def test_an_impossible_header_counts_as_a_failure(
    oncall_server: FakeOnCall, value: str
) -> None:
    """So the server tries it four times."""
    receiver = Receiver()
    oncall_server.add_webhook("hook", url=BOT).headers = f'{{"X": {value}}}'
    async with oncall_server.deliver_webhooks(BOT, to=receiver):
        oncall_server.add_group()
    assert receiver.requests == []
    assert len(oncall_server.deliveries) == 4


async def test_redirects_are_followed_below_the_url_only(oncall_server: FakeOnCall) -> None:
    """As by the server, a POST becomes a GET; elsewhere nothing is sent."""
    moved, there = Receiver(status=302), Receiver()
    oncall_server.add_webhook("hook", url=f"{BOT}/old")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await (moved if scope["path"] == "/hooks/old" else there)(scope, receive, send)

    for location in (b"/hooks/new", b"https://elsewhere.example/"):
        moved.headers = [(b"location", location)]
        async with oncall_server.deliver_webhooks(BOT, to=app):
            oncall_server.add_group()
    assert [(request.method, request.url.path) for request in there.requests] == [
        ("GET", "/hooks/new")
    ]
    followed, refused = oncall_server.deliveries
    assert (followed.status, refused.status) == (200, None)
    assert refused.reason == (
        "it was redirected to https://elsewhere.example/, outside of https://bot.example/hooks"
    )


async def test_the_api_lists_what_came_back(oncall_server: FakeOnCall) -> None:
    """Newest first; a webhook of status changes has no records of the trigger that it has."""
    hook = oncall_server.add_webhook("hook", url="https://bot.example/{{ alert_group_id }}")
    changes = oncall_server.add_webhook("changes", url=BOT, trigger_type="status change")
    async with oncall_server.deliver_webhooks(
        "https://bot.example/", to=Receiver(body=b'{"a":"\xc3\xa4"}')
    ):
        group = oncall_server.add_group()
        await asyncio.sleep(1)
        do(oncall_server, group, "acknowledge")
    (shown,) = ask(oncall_server, "GET", f"webhooks/{hook.id}/responses/").json()["results"]
    assert shown["url"] == f"https://bot.example/{group.id}"
    assert (shown["status_code"], shown["content"]) == (200, '{"a": "\\u00e4"}')
    assert (shown["request_trigger"], shown["request_headers"]) == ("", "{}")
    assert json.loads(shown["request_data"]) == json.loads(shown["event_data"])
    assert ask(oncall_server, "GET", f"webhooks/{changes.id}/responses/").json()["count"] == 0
    assert [each.trigger_type for each in changes.responses] == ["acknowledge"]


async def test_a_block_that_raises_abandons_what_it_triggered(
    oncall_clock: LoopClock, oncall_server: FakeOnCall
) -> None:
    """And the error is the one that was raised."""
    receiver = Receiver(3600)
    oncall_server.add_webhook("hook", url=BOT)
    began = oncall_clock.now()

    async def block() -> None:
        async with oncall_server.deliver_webhooks(BOT, to=receiver):
            oncall_server.add_group()
            await asyncio.sleep(1)
            raise LookupError("of the test")

    with pytest.raises(LookupError, match="of the test"):
        await block()
    assert oncall_server.deliveries == []
    assert oncall_clock.now() - began == timedelta(seconds=1)


def test_a_block_that_raises_sends_nothing_that_has_just_fallen_due() -> None:
    """It could not be sent any more, and nobody would see why."""
    clock, receiver, problems = VirtualClock(), Receiver(), list[Any]()
    server = FakeOnCall(clock=clock)
    server.add_webhook("hook", url=BOT)

    async def block() -> None:
        async with server.deliver_webhooks(BOT, to=receiver):
            server.add_group()
            clock.advance(timedelta(seconds=1))
            raise LookupError("of the test")

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(
            lambda _, problem: problems.append(problem)
        )
        with pytest.raises(LookupError, match="of the test"):
            await block()
        await asyncio.sleep(1)

    run(main())
    assert (problems, receiver.requests, server.deliveries) == ([], [], [])


def test_a_clock_that_stands_still_does_not_hang_the_block() -> None:
    """What is due when it moves is sent."""
    clock, receiver = VirtualClock(), Receiver()
    server = FakeOnCall(clock=clock)
    server.add_webhook("hook", url=BOT)

    async def main() -> None:
        async with server.deliver_webhooks(BOT, to=receiver):
            server.add_group()
            clock.advance(timedelta(seconds=1))
            await asyncio.sleep(0.1)
            assert len(receiver.requests) == 1
            server.add_group()

    run(main())
    assert len(receiver.requests) == 1


def test_by_a_clock_that_nobody_follows_it_happens_as_time_passes() -> None:
    """As by the real one."""
    receiver, server = Receiver(), FakeOnCall(clock=loop_time)
    server.add_webhook("hook", url=BOT)

    async def main() -> None:
        async with server.deliver_webhooks(BOT, to=receiver):
            server.add_group()
            await asyncio.sleep(1)
            assert len(receiver.requests) == 1

    run(main())


async def test_what_is_planned_is_saved(oncall_clock: LoopClock, oncall_server: FakeOnCall) -> None:
    """And sent by the server that was made of it."""
    receiver = Receiver()
    oncall_server.add_webhook("hook", url=BOT)
    group = oncall_server.add_group()
    restored = FakeOnCall.from_json(oncall_server.to_json(), clock=oncall_clock)
    async with restored.deliver_webhooks(BOT, to=receiver):
        await asyncio.sleep(1)
    assert [event["alert_group_id"] for event in receiver.events] == [group.id]


async def test_a_webhook_or_group_that_is_deleted_meanwhile_sends_nothing(
    oncall_server: FakeOnCall,
) -> None:
    """Nor is there a record."""
    hook = oncall_server.add_webhook("hook", url=BOT)
    oncall_server.add_group()
    assert ask(oncall_server, "DELETE", f"webhooks/{hook.id}/").status == 204
    oncall_server.add_webhook("other", url=BOT)
    del oncall_server.groups[oncall_server.add_group().id]
    await asyncio.sleep(1)
    assert oncall_server.deliveries == []


async def test_the_users_of_an_escalation_are_named(oncall_server: FakeOnCall) -> None:
    """Those of the steps that name users, in order, also when it is over; and the notified."""
    receiver = Receiver()
    oncall_server.add_webhook("end", url=BOT, trigger_type="resolve")
    ana, bob, eve = (oncall_server.add_user(name, role="editor") for name in ("ana", "bob", "eve"))
    eve.teams = [oncall_server.add_team("SRE")]
    chain = oncall_server.add_escalation_chain("SRE")
    oncall_server.add_escalation_policy(chain, "notify_persons", persons=[bob.id])
    schedule = oncall_server.add_schedule("Primary", on_call=[ana])
    step = oncall_server.add_escalation_policy(chain, "notify_on_call_from_schedule")
    step.notify_on_call_from_schedule = schedule.id
    oncall_server.add_escalation_policy(chain, "notify_team_members").team_to_notify = eve.teams[0]
    oncall_server.add_integration().default_route["escalation_chain_id"] = chain.id
    async with oncall_server.deliver_webhooks(BOT, to=receiver):
        group = oncall_server.add_group()
        await asyncio.sleep(3)
        do(oncall_server, group, "acknowledge")
        oncall_server.add_group()
        await asyncio.sleep(60)
        do(oncall_server, group, "resolve")
    (event,) = receiver.events
    assert [user["username"] for user in event["users_to_be_notified"]] == ["bob", "ana"]
    assert [user["username"] for user in event["notified_users"]] == ["bob"]


async def test_an_escalation_sends_the_webhooks_of_its_steps_and_users_only(
    oncall_server: FakeOnCall,
) -> None:
    """They have the time of the sending; others of the same trigger are not sent."""
    receiver = Receiver()
    for trigger in ("escalation", "personal notification"):
        oncall_server.add_webhook(f"other {trigger}", url=BOT, trigger_type=trigger)
    step = oncall_server.add_webhook("step", url=BOT, trigger_type="escalation")
    escalating(oncall_server, step)
    async with oncall_server.deliver_webhooks(BOT, to=receiver):
        oncall_server.add_group()
        await asyncio.sleep(60)
    escalation, personal = receiver.events
    hooks = [event["webhook"]["name"] for event in receiver.events]
    assert hooks == ["step", "ana's"]
    sent = [each.at.isoformat() for each in oncall_server.deliveries]
    assert [event["event"]["time"] for event in receiver.events] == sent
    assert escalation["user"] is None
    assert personal["event"]["user"] == personal["user"]
    assert personal["user"]["username"] == "ana"


@pytest.mark.parametrize(
    ("trigger", "event"),
    [
        ("acknowledge", {"type": "acknowledge", "time": None}),
        ("silence", {"type": "silence", "time": None, "until": None}),
        ("unsilence", {"type": "unsilence"}),
        ("status change", {"type": "status change"}),
    ],
)
async def test_a_step_sends_a_webhook_of_any_trigger(
    oncall_server: FakeOnCall, trigger: str, event: dict[str, Any]
) -> None:
    """As if the group had just changed so, which it has not."""
    receiver = Receiver()
    escalating(oncall_server, oncall_server.add_webhook("step", url=BOT, trigger_type=trigger))
    async with oncall_server.deliver_webhooks(BOT, to=receiver):
        oncall_server.add_group()
        await asyncio.sleep(5)
    assert [each["event"] for each in receiver.events] == [event]


async def test_the_newest_responses_about_the_group_are_told(oncall_server: FakeOnCall) -> None:
    """Of other webhooks, as JSON or as text."""
    first = oncall_server.add_webhook("first", url=f"{BOT}/first", trigger_type="status change")
    last = oncall_server.add_webhook("last", url=f"{BOT}/last", trigger_type="resolve")
    receiver, answering = Receiver(), Receiver(body=b"no JSON")
    async with (
        oncall_server.deliver_webhooks(f"{BOT}/first", to=answering),
        oncall_server.deliver_webhooks(f"{BOT}/last", to=receiver),
    ):
        group, other, fresh = (oncall_server.add_group() for _ in range(3))
        do(oncall_server, group, "acknowledge")
        await asyncio.sleep(1)
        answering.body = b"[7]"
        do(oncall_server, group, "unacknowledge")
        await asyncio.sleep(1)
        answering.body = b"null"
        do(oncall_server, other, "acknowledge")
        await asyncio.sleep(1)
        first.is_webhook_enabled = False
        for each in (group, fresh):
            do(oncall_server, each, "resolve")
    assert [event.get("responses") for event in receiver.events] == [{first.id: [7]}, None]
    assert last.responses[0].group == group.id


async def test_a_failed_template_is_on_record(oncall_server: FakeOnCall) -> None:
    """For the API as for the test; nothing is sent."""
    hook = oncall_server.add_webhook("hook", url="https://{{ a.b }}/")
    oncall_server.add_group()
    await asyncio.sleep(1)
    (delivery,) = oncall_server.deliveries
    assert delivery.reason == "URL - Template Warning: 'a' is undefined"
    (shown,) = ask(oncall_server, "GET", f"webhooks/{hook.id}/responses/").json()["results"]
    assert (shown["url"], shown["status_code"]) == (delivery.reason, None)


async def test_another_thread_may_let_time_pass(
    oncall_clock: LoopClock, oncall_server: FakeOnCall
) -> None:
    """As that of a server on a socket does; the application runs in the loop of the block."""
    asyncio.get_running_loop().set_debug(True)  # so that the loop notices other threads
    receiver = Receiver()
    oncall_server.add_webhook("hook", url=BOT)
    async with oncall_server.deliver_webhooks(BOT, to=receiver):
        oncall_server.add_group()
        await asyncio.to_thread(oncall_clock.advance, timedelta(seconds=1))
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    ("url", "to", "kind", "message"),
    [
        ("bot.example", None, ValueError, "url='bot.example': an absolute URL of http or https"),
        ("ftp://bot.example", None, ValueError, "url='ftp://bot.example'"),
        ("https://xn--é", None, ValueError, "url='https://xn--é'"),
        ("https://bot.example:65536", None, ValueError, "url='https://bot.example:65536'"),
        (5, None, TypeError, "url=5"),
        (BOT, "router", TypeError, "to='router': a function"),
    ],
)
async def test_arguments_are_checked(
    url: Any, to: Any, kind: type[Exception], message: str
) -> None:
    """Before anything is sent."""
    with pytest.raises(kind, match=f"^{message}"):
        async with FakeOnCall().deliver_webhooks(url, to=to):
            pass
