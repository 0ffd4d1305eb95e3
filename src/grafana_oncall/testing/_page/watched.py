"""The fake, with a short log of who called what."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

import attrs

from grafana_oncall.testing._server.responses import FakeRequest
from grafana_oncall.testing._server.world import World
from grafana_oncall.testing.calls import Call
from grafana_oncall.testing.fake import FakeOnCall

from .faults import Switches

_KEPT = 50
_LONGEST = 300  # characters of a path


@attrs.frozen(kw_only=True)
class Seen:
    """A call, as the page shows it."""

    number: int
    at: datetime
    who: str
    method: str
    path: str
    """With the query."""
    status: int | None
    fault: str | None


@attrs.define
class Watched:
    """Serves as the fake does, with faults to switch, and keeps the last calls without bodies."""

    fake: FakeOnCall
    world: World
    switches: Switches = attrs.field(factory=Switches, init=False)
    calls: deque[Seen] = attrs.field(factory=lambda: deque[Seen](maxlen=_KEPT), init=False)
    """The newest first."""
    _number: int = attrs.field(default=0, init=False)

    @classmethod
    def of(cls, fake: FakeOnCall) -> Watched:
        """Watch a fake."""
        world = fake._world  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # the fake's own page
        watched = cls(fake, world)
        fake.faults.choose(watched.switches.choose)
        return watched

    @property
    def latency(self) -> timedelta:
        """Time from a request to its response."""
        return self.fake.latency

    def exchange(self, request: FakeRequest) -> Call:
        """Process one request, and return its record."""
        call = self.fake.exchange(request)
        self._number += 1
        query = f"?{request.query}" if request.query else ""
        seen = Seen(
            number=self._number,
            at=self.world.clock(),
            who=self._who(request),
            method=request.method,
            path=f"{request.path}{query}"[:_LONGEST],
            status=call.status,
            fault=None if call.fault is None else call.fault.kind,
        )
        self.calls.appendleft(seen)
        return call

    def _who(self, request: FakeRequest) -> str:
        token = request.headers.get("authorization")
        if token is None:
            return "no token"
        grant = self.world.grants.get(token)
        return "unknown token" if grant is None else grant.user.username
