"""`FakeOnCall`: options, state, and the one entry point for requests."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from datetime import datetime, timedelta
from typing import Self, TypeVar

import attrs

from grafana_oncall._core.keywords import explain_keywords
from grafana_oncall.testing._escalation.pages import Pages
from grafana_oncall.testing._escalation.runs import attach
from grafana_oncall.testing._ingest import batches, heartbeats
from grafana_oncall.testing._outgoing.bodies import EventName, event_body
from grafana_oncall.testing._outgoing.outbox import Outbox, Webhooks
from grafana_oncall.testing._resources import maintenance
from grafana_oncall.testing._server.arguments import TEXT
from grafana_oncall.testing._server.dispatch import find_route, respond
from grafana_oncall.testing._server.populate import Populate
from grafana_oncall.testing._server.rate_limit import RateLimit
from grafana_oncall.testing._server.responses import FakeRequest, FakeResponse
from grafana_oncall.testing._server.snapshot import read, restore, write
from grafana_oncall.testing._server.state import FakeAlertGroup, FakeIntegration, FakeUser, Flavour
from grafana_oncall.testing._server.world import Stored, World
from grafana_oncall.testing._serving.asgi import App, asgi_app
from grafana_oncall.testing._serving.httpx_transport import FakeTransport

from .calls import Call, Calls, NoResponse
from .clock import Clock, VirtualClock, utc_now
from .faults import Faults

K = TypeVar("K", bound=Stored)
T = TypeVar("T")

DEFAULT_TOKEN = "fake-oncall-token"  # noqa: S105  # it is valid on the fake only
"""The token of a fake, unless it is given another."""


class FakeOnCall(Populate, Pages, Webhooks):
    """A Grafana OnCall server in memory, as strict as a real one.

    Reach it through `transport()` (httpx, in process), `app` (any ASGI server) or `handle` (no I/O
    at all). What falls due by the clock, such as the end of a silence or a deletion, happens in
    order, at the time at which it is due: as soon as a virtual clock gets there; by a real clock,
    when the fake is next used, or within a second if `serve` serves it.

    Args:
        seed: The same seed gives the same ids.
        clock: Returns the time; that of a `VirtualClock` stands still.
        flavour: `"cloud"` has labels and looks back 30 days; `"oss"` is the open-source engine.
        token: The token of the user `admin`, with the admin role.
        base_url: The server's own idea of its address, used in `next` and `link`. As on many real
            servers behind a proxy, it is not the address that the client uses.
        grafana_url: The one stack that service accounts may name; `None` accepts any.
        rate_limit: Requests per user and window; `None` is no limit.
        delete_delay: How long a deletion takes; `None` as if the server's workers were down.
        wipe_delay: The same for a wipe.
        page_size: Items per page, unless the request has `perpage`.
        keep_calls: Whether `calls` records every request and response; turn it off for a server
            that runs for days.
        latency: Time from a request to its response: half of it passes before the request is
            processed and half after, so a client that disconnects may or may not have been served.
            `handle` and synchronous clients do not wait.
    """

    @explain_keywords
    def __init__(
        self,
        *,
        seed: int = 0,
        clock: Clock = utc_now,
        flavour: Flavour = "cloud",
        token: str = DEFAULT_TOKEN,
        base_url: str = "http://engine.internal:8080/oncall",
        grafana_url: str | None = None,
        rate_limit: RateLimit | None = None,
        delete_delay: timedelta | None = timedelta(seconds=0.3),
        wipe_delay: timedelta | None = timedelta(seconds=0.1),
        page_size: int = 50,
        latency: timedelta = timedelta(0),
        keep_calls: bool = True,
    ) -> None:
        TEXT(base_url=base_url)
        self._world = World(
            seed=seed,
            clock=clock,
            flavour=flavour,
            base_url=base_url.rstrip("/"),
            grafana_url=grafana_url,
            page_size=page_size,
            rate_limit=rate_limit,
            delete_delay=delete_delay,
            wipe_delay=wipe_delay,
            latency=latency,
        )
        attach(self._world)
        self._outbox = Outbox(self._world)
        self._world.due_actions |= {
            batches.KIND: batches.resolve_if_over,
            heartbeats.KIND: heartbeats.check,
            maintenance.KIND: maintenance.end_due,
        }
        if isinstance(clock, VirtualClock):
            clock.follow(self._world)
        self._calls = Calls()
        self.keep_calls = keep_calls
        """Whether `calls` records what arrives."""
        self.faults: Faults = Faults(clock)
        """What goes wrong, as scripted."""
        self.token = token
        """A valid token, that of `user`."""
        self.user: FakeUser = self.add_token(token, user="admin")
        """The user `admin`."""

    @classmethod
    def from_json(cls, text: str, *, clock: Clock = utc_now, keep_calls: bool = True) -> Self:
        """Return the fake that `to_json` wrote, which behaves as that one would have.

        Raises:
            ValueError: The text is not such a state; the message says where.
        """
        saved = read(text)
        options = attrs.asdict(saved.options, recurse=False)
        fake = cls(clock=clock, keep_calls=keep_calls, **options)
        fake.user = restore(saved, fake._world)
        return fake

    def to_json(self) -> str:
        """Return the state as JSON: options, groups, integrations, tokens, and pending deletions.

        Recorded calls, faults and the clock are not included.
        """
        self._world.apply_due()
        return write(self._world, self.token, self.user)

    def handle(self, request: FakeRequest) -> FakeResponse:
        """Process one request, and return the response; `NoResponse` if a fault prevents it."""
        call = self.exchange(request)
        if call.response is None:
            raise NoResponse(call)
        return call.response

    def exchange(self, request: FakeRequest) -> Call:
        """Process one request, and return its record, for a transport to act on.

        Every request to the fake passes through here.
        """
        route = find_route(request.path, self._world.flavour)
        operation = route.operation(request.method) if route else None
        name = operation.name if operation else None
        match = self.faults.take(request, name)
        applied = match is None or match.fault.applied
        real = respond(self._world, request, route, operation) if applied else None
        call = Call(
            request=request,
            operation=name,
            response=match.apply(real) if match else real,
            fault=match.fault if match else None,
            applied=applied,
        )
        if self.keep_calls:
            self._calls.append(call)
        return call

    @property
    def calls(self) -> Calls:
        """The requests so far, with their outcomes; `RuntimeError` with `keep_calls=False`."""
        if not self.keep_calls:
            raise RuntimeError("keep_calls=False: this server does not record calls")
        return self._calls

    @property
    def app(self) -> App:
        """This fake as an ASGI application."""
        return asgi_app(self)

    def transport(self) -> FakeTransport:
        """This fake as an httpx transport: `httpx.AsyncClient(transport=fake.transport())`."""
        return FakeTransport(self)

    def run_due(self) -> None:
        """Let everything happen that has fallen due, as each request does first."""
        self._world.apply_due()

    def now(self) -> datetime:
        """Return the time of this fake's clock."""
        return self._world.clock()

    @property
    def groups(self) -> MutableMapping[str, FakeAlertGroup]:
        """The alert groups by id, after everything that has fallen due."""
        self._world.apply_due()
        return self._world.groups

    @property
    def integrations(self) -> dict[str, FakeIntegration]:
        """The integrations by id, without deleted ones."""
        return self._world.store(FakeIntegration)

    def objects(self, kind: type[K]) -> dict[str, K]:
        """Return the objects of a class by id, such as `fake.objects(FakeEscalationChain)`."""
        return self._world.store(kind)

    def group(self, id: str) -> FakeAlertGroup:
        """Return the alert group with this id; `LookupError` if there is none."""
        return _only(self.groups, id, "alert group")

    def integration(self, id: str) -> FakeIntegration:
        """Return the integration with this id; `LookupError` if there is none."""
        return _only(self.integrations, id, "integration")

    def event(self, group: FakeAlertGroup, type: EventName) -> bytes:
        """Return the JSON body that an outgoing webhook posts for this event of a group.

        It shows the group as it is after the event, such as acknowledged by the first user. On the
        server nothing changes, and nothing is sent:

        ```python
        Path("event.json").write_bytes(oncall_factory.event(group, "acknowledge"))
        ```

            curl -H "Authorization: $WEBHOOK_SECRET" --data-binary @event.json http://127.0.0.1:8000/

        Args:
            group: The alert group.
            type: `"alert group created"`, `"acknowledge"` and so on, as the server names them.
        """
        return event_body(self._world, group, type, self._world.apply_due())

    @property
    def users(self) -> dict[str, FakeUser]:
        """The users by id."""
        return self._world.store(FakeUser)

    @property
    def delete_delay(self) -> timedelta | None:
        """How long a deletion takes; `None` stops all, until it is set again."""
        return self._world.delete_delay

    @delete_delay.setter
    def delete_delay(self, delay: timedelta | None) -> None:
        self._world.delete_delay = delay

    @property
    def wipe_delay(self) -> timedelta | None:
        """How long a wipe takes; see `delete_delay`."""
        return self._world.wipe_delay

    @wipe_delay.setter
    def wipe_delay(self, delay: timedelta | None) -> None:
        self._world.wipe_delay = delay

    @property
    def rate_limit(self) -> RateLimit | None:
        """Requests per user and window; may be changed at any time."""
        return self._world.rate_limit

    @rate_limit.setter
    def rate_limit(self, limit: RateLimit | None) -> None:
        self._world.rate_limit = limit

    @property
    def latency(self) -> timedelta:
        """Time from a request to its response."""
        return self._world.latency

    @latency.setter
    def latency(self, latency: timedelta) -> None:
        self._world.latency = latency

    @property
    def flavour(self) -> Flavour:
        """`"cloud"` or `"oss"`."""
        return self._world.flavour

    @property
    def seed(self) -> int:
        """The seed of ids and of `seed_storm`."""
        return self._world.seed


def _only(things: Mapping[str, T], id: str, kind: str) -> T:
    if id not in things:
        there = ", ".join([*things][:10]) or "none"
        raise LookupError(f"no {kind} has the id {id!r}; there are {len(things)}: {there}")
    return things[id]
