"""Fakes with objects in them, and applications that change their responses."""

from __future__ import annotations

import itertools
import json
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

import attrs

from grafana_oncall.testing import FakeOnCall
from tests.contract.specification import ROOT

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]
State: TypeAlias = Literal["firing", "acknowledged", "resolved", "silenced"]
Flavour: TypeAlias = Literal["cloud", "oss"]

FLAVOURS: Final[tuple[Flavour, ...]] = ("cloud", "oss")
GROUP_ID: Final[str] = ROOT["components"]["parameters"]["alert_group_id"]["example"]
INTEGRATION_ID: Final[str] = ROOT["components"]["parameters"]["integration_id"]["example"]
USER_ID: Final[str] = ROOT["components"]["parameters"]["user_id"]["example"]
TEAM_ID: Final[str] = ROOT["components"]["parameters"]["team_id"]["example"]
SCHEDULE_ID: Final[str] = ROOT["components"]["parameters"]["schedule_id"]["example"]
SWAP_ID: Final[str] = ROOT["components"]["parameters"]["shift_swap_id"]["example"]
SHIFT_ID: Final[str] = ROOT["components"]["parameters"]["on_call_shift_id"]["example"]
CHAIN_ID: Final[str] = ROOT["components"]["parameters"]["escalation_chain_id"]["example"]
RULE_ID: Final[str] = ROOT["components"]["parameters"]["personal_notification_rule_id"]["example"]
POLICY_ID: Final[str] = ROOT["components"]["parameters"]["escalation_policy_id"]["example"]
ROUTE_ID: Final[str] = ROOT["components"]["parameters"]["route_id"]["example"]
NOTE_ID: Final[str] = ROOT["components"]["parameters"]["resolution_note_id"]["example"]
WEBHOOK_ID: Final[str] = ROOT["components"]["parameters"]["webhook_id"]["example"]
_STATES: Final[tuple[State, ...]] = ("firing", "acknowledged", "resolved", "silenced")


def _clock() -> Callable[[], datetime]:
    """A second later at each reading, so that what the server does later happens soon."""
    seconds = itertools.count()
    return lambda: datetime(2026, 3, 2, tzinfo=UTC) + timedelta(seconds=next(seconds))


def seeded(flavour: Flavour, condition: int = 0) -> FakeOnCall:
    """A server that holds what the examples of the specification name.

    The condition chooses the state of the group, and whether it is a maintenance or attached.
    """
    fake = FakeOnCall(flavour=flavour, clock=_clock())
    fake.add_team("SRE", id=TEAM_ID)
    ana = fake.add_user("ana", role="editor", teams=[TEAM_ID], id=USER_ID)
    ana.is_phone_number_verified = True
    primary = fake.add_schedule("Primary", id=SCHEDULE_ID, on_call=[fake.users[USER_ID]])
    monday = datetime(2026, 3, 9, tzinfo=UTC)
    fake.add_shift_swap(
        primary,
        fake.user,
        start=monday,
        end=monday + timedelta(days=7),
        benefactor=None if condition % 2 else ana,
        id=SWAP_ID,
    )
    fake.add_shift("Weeks", start=datetime(2026, 3, 2, 9, tzinfo=UTC), id=SHIFT_ID)
    primary.shifts.append(SHIFT_ID)
    primary.export_token = fake.users[USER_ID].export_token = "export-token"  # of the example
    chain = fake.add_escalation_chain("Everybody", id=CHAIN_ID)
    fake.add_escalation_policy(chain, "notify_persons", id=POLICY_ID, persons=[USER_ID])
    fake.add_personal_notification_rule(fake.users[USER_ID], "wait", id=RULE_ID)
    fake.add_label("severity", "critical")
    fake.add_slack_channel("alerts")
    fake.add_user_group("On call", handle="oncall")
    source = fake.add_integration(id=INTEGRATION_ID, name="ci")
    fake.add_route(source, "us-west", id=ROUTE_ID)
    special, state = divmod(condition % 12, 4)
    group = fake.add_group(
        id=GROUP_ID,
        integration=source,
        state=_STATES[state],
        labels={"team": "SRE", "severity": "critical"} if condition % 5 else {"team": "SRE"},
        maintenance=special == 1,
        root=fake.add_group() if special == 2 else None,
    )
    fake.add_resolution_note(group, "Rolled back.", author=USER_ID, id=NOTE_ID)
    webhook = fake.add_webhook("events", id=WEBHOOK_ID)
    fake.add_webhook_response(webhook)
    return fake


def afresh(*flavours: Flavour) -> App:
    """Each request meets a new server, in the next condition; flavours change after each state."""
    turns: Iterator[Flavour] = itertools.cycle([one for one in flavours for _ in _STATES])
    conditions = itertools.count()

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        await seeded(next(turns), next(conditions)).app(scope, receive, send)

    return app


def alerting(flavour: Flavour) -> App:
    """One server for all requests, with another group whenever groups are listed."""
    fake, states = seeded(flavour), itertools.cycle(_STATES)

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        if scope.get("path", "").endswith("/alert_groups/"):
            source = [*fake.integrations.values(), None][0]
            fake.add_group(integration=source, state=next(states), labels={"severity": "critical"})
        await fake.app(scope, receive, send)

    return app


@attrs.define
class Stage:
    """An application that stands for another, which can be replaced."""

    app: App

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass the request to the present application."""
        await self.app(scope, receive, send)


@attrs.define
class Reply:
    """A response that can still be changed before it is sent."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)

    @json.setter
    def json(self, value: Any) -> None:
        self.body = json.dumps(value).encode()


def spoiled(app: App, spoil: Callable[[Reply], None]) -> App:
    """The same application, with each of its responses changed."""

    async def wrapped(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        sent: list[Message] = []

        async def keep(message: Message) -> None:
            sent.append(message)

        await app(scope, receive, keep)
        reply = _reply(sent)
        spoil(reply)
        for message in _messages(reply):
            await send(message)

    return wrapped


def _reply(sent: list[Message]) -> Reply:
    start, body = sent
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    return Reply(status=start["status"], headers=headers, body=body["body"])


def _messages(reply: Reply) -> Iterator[Message]:
    if "Content-Length" in reply.headers:
        reply.headers["Content-Length"] = str(len(reply.body))
    headers = [(name.encode(), value.encode()) for name, value in reply.headers.items()]
    yield {"type": "http.response.start", "status": reply.status, "headers": headers}
    yield {"type": "http.response.body", "body": reply.body}
