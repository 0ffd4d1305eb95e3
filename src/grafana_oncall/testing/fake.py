"""`FakeOnCall`: the options, the state to look at, and the one door for requests."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from datetime import datetime, timedelta
from typing import Self, TypeVar

import attrs

from grafana_oncall.testing._resources.webhooks import EventName, event_body
from grafana_oncall.testing._server.arguments import TEXT
from grafana_oncall.testing._server.dispatch import answer, find_route
from grafana_oncall.testing._server.rate_limit import RateLimit
from grafana_oncall.testing._server.responses import FakeRequest, FakeResponse
from grafana_oncall.testing._server.snapshot import read, restore, write
from grafana_oncall.testing._server.state import FakeAlertGroup, FakeIntegration, FakeUser, Flavour
from grafana_oncall.testing._server.world import World
from grafana_oncall.testing._serving.asgi import App, asgi_app
from grafana_oncall.testing._serving.httpx_transport import FakeTransport

from .calls import Call, Calls, NoAnswer
from .clock import Clock, utc_now
from .faults import Faults
from .populate import Populate

T = TypeVar("T")

DEFAULT_TOKEN = "fake-oncall-token"  # noqa: S105  # it opens nothing but the fake


class FakeOnCall(Populate):
    """A Grafana OnCall server in memory, as strict as a real one.

    Reachability it through `transport()` (httpx, in process), `app` (any ASGI server) or `handle`
    (no I/O at all). Nothing runs in the background: silences expire and deletions happen when the
    clock has passed them and somebody looks.

    Args:
        seed: The same seed gives the same ids.
        clock: Tells the time; a `VirtualClock` makes it stand still.
        flavour: `"cloud"` has labels and looks back 30 days; `"oss"` is the open-source engine.
        token: Belongs to the user `admin`, with the role of that name.
        base_url: The server's own idea of its address, which `next` and `link` are made of. Like
            many a real server behind a proxy, it is not the address that the client uses.
        grafana_url: The one stack that service accounts may name; `None` takes any.
        rate_limit: Requests per user and window; `None` is no limit.
        delete_delay: How long a deletion takes; `None` while the server's workers are down.
        wipe_delay: The same for a wipe.
        page_size: Items on a page unless the request says `perpage`.
        keep_calls: Whether `calls` records every request, answers included; a server that runs for
            days had better not.
        latency: From a request to its answer, in real time: half of it passes before the request
            is handled and half after, so a client that leaves may or may not have been served.
            `handle` and synchronous clients do not wait.
    """

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
        super().__init__(
            World(
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
        )
        self._calls = Calls()
        self.keep_calls = keep_calls
        self.faults = Faults(clock)
        self.token = token
        self.user = self.add_token(token, user="admin")

    @classmethod
    def from_json(cls, text: str, *, clock: Clock = utc_now, keep_calls: bool = True) -> Self:
        """The fake that `to_json` wrote down; it goes on as that one would have.

        `ValueError` says in a line what is wrong with the text.
        """
        saved = read(text)
        options = attrs.asdict(saved.options, recurse=False)
        fake = cls(clock=clock, keep_calls=keep_calls, **options)
        fake.user = restore(saved, fake._world)
        return fake

    def to_json(self) -> str:
        """The whole state as JSON: options, groups, integrations, tokens, what is under way.

        The recorded calls, the faults and the clock are no part of it.
        """
        self._world.settle()
        return write(self._world, self.token, self.user)

    def handle(self, request: FakeRequest) -> FakeResponse:
        """Answer one request; `NoAnswer` when a fault leaves it without one."""
        call = self.exchange(request)
        if call.response is None:
            raise NoAnswer(call)
        return call.response

    def exchange(self, request: FakeRequest) -> Call:
        """Take one request and say what becomes of it, for a door to act out.

        Everything that reaches the fake passes here.
        """
        route = find_route(request.path, self._world.flavour)
        operation = route.operations.get(request.method) if route else None
        name = operation.name if operation else None
        hit = self.faults.take(request, name)
        applied = hit is None or hit.fault.applied
        real = answer(self._world, request, route, operation) if applied else None
        call = Call(
            request=request,
            operation=name,
            response=hit.spoil(real) if hit else real,
            fault=hit.fault if hit else None,
            applied=applied,
        )
        if self.keep_calls:
            self._calls.append(call)
        return call

    @property
    def calls(self) -> Calls:
        """The requests so far and what became of them; `RuntimeError` where they are not kept."""
        if not self.keep_calls:
            raise RuntimeError("keep_calls=False: this server records no calls to ask for")
        return self._calls

    @property
    def app(self) -> App:
        """This fake as an ASGI application."""
        return asgi_app(self)

    def transport(self) -> FakeTransport:
        """This fake as an httpx transport: `httpx.AsyncClient(transport=fake.transport())`."""
        return FakeTransport(self)

    def now(self) -> datetime:
        """The time by this fake's clock."""
        return self._world.clock()

    @property
    def groups(self) -> MutableMapping[str, FakeAlertGroup]:
        """The alert groups by id, with everything applied that has fallen due."""
        self._world.settle()
        return self._world.groups

    @property
    def integrations(self) -> dict[str, FakeIntegration]:
        """The integrations by id; deleted ones are gone from here."""
        return self._world.integrations

    def group(self, id: str) -> FakeAlertGroup:
        """The alert group of this id; `LookupError` when there is none."""
        return _only(self.groups, id, "alert group")

    def integration(self, id: str) -> FakeIntegration:
        """The integration of this id; `LookupError` when there is none."""
        return _only(self.integrations, id, "integration")

    def event(self, group: FakeAlertGroup, type: EventName) -> bytes:
        """The JSON body that an outgoing webhook posts when this happens to the group.

        It shows the group as the event leaves it: acknowledged now by the first user, say, or as
        it is where it was acknowledged before. On the server nothing changes, and nothing is sent:

        ```python
        Path("event.json").write_bytes(oncall_factory.event(group, "acknowledge"))
        ```

            curl -H "Authorization: $WEBHOOK_SECRET" --data-binary @event.json http://127.0.0.1:8000/

        Args:
            group: What it happens to.
            type: `"alert group created"`, `"acknowledge"` and so on, as the server names it.
        """
        return event_body(self._world, group, type, self._world.settle())

    @property
    def users(self) -> dict[str, FakeUser]:
        """The users by id."""
        return self._world.users

    @property
    def delete_delay(self) -> timedelta | None:
        """How long a deletion takes. Set to a time again, those that waited happen."""
        return self._world.delete_delay

    @delete_delay.setter
    def delete_delay(self, delay: timedelta | None) -> None:
        self._world.delete_delay = delay

    @property
    def wipe_delay(self) -> timedelta | None:
        """How long a wipe takes, as `delete_delay`."""
        return self._world.wipe_delay

    @wipe_delay.setter
    def wipe_delay(self, delay: timedelta | None) -> None:
        self._world.wipe_delay = delay

    @property
    def rate_limit(self) -> RateLimit | None:
        """Requests per user and window, which operators of real servers change too."""
        return self._world.rate_limit

    @rate_limit.setter
    def rate_limit(self, limit: RateLimit | None) -> None:
        self._world.rate_limit = limit

    @property
    def latency(self) -> timedelta:
        """From a request to its answer, in real time."""
        return self._world.latency

    @latency.setter
    def latency(self, latency: timedelta) -> None:
        self._world.latency = latency

    @property
    def flavour(self) -> Flavour:
        """Which server this is."""
        return self._world.flavour

    @property
    def seed(self) -> int:
        """The seed given."""
        return self._world.seed


def _only(things: Mapping[str, T], id: str, kind: str) -> T:
    if id not in things:
        there = ", ".join([*things][:10]) or "none"
        raise LookupError(f"no {kind} has the id {id!r}; of {len(things)} there are: {there}")
    return things[id]
