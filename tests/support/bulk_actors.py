"""What disturbs bulk runs on a watched server: other actors, the network, a proxy.

What they do is read from a tape of bytes. A byte of 0, or the end of the tape, means that nothing
happens, so that hypothesis shrinks to the smallest disturbance that shows a bug.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

import attrs
import httpx

from grafana_oncall.testing import (
    FakeAlertGroup,
    FakeRequest,
    Fault,
    hang,
    html,
    refuse,
    reset,
    status,
    throttle,
    truncate,
)
from tests.support.bulk_watched import LIST, PAGE_SIZE, STEP, Snap, Watched, group_of

T = TypeVar("T")

STATES: Final = ("firing", "acknowledged", "resolved", "silenced")
SRE, PROD, WEB = ("team", "SRE"), ("env", "prod"), ("tier", "web")
LABELS: Final = (SRE, PROD, WEB)

FAULTS: Final[list[Fault]] = [
    *(status(503), status(503, applied=True), status(500), status(500, applied=True)),
    *(reset(applied=True), reset(applied=False), refuse(), truncate(), throttle(2)),
    *(html(), html(applied=True), hang(), hang(applied=True)),
]


class Tape:
    """Random choices drawn in advance."""

    def __init__(self, drawn: bytes) -> None:
        self._left = iter(drawn)

    def below(self, number: int) -> int:
        """A number from 0 to below the limit."""
        return next(self._left, 0) % number

    def chance(self, percent: int) -> bool:
        """Whether it happens this time."""
        return next(self._left, 0) * 100 >= (100 - percent) * 256

    def pick(self, among: Sequence[T]) -> T:
        """One of these; the first when the tape is at its end."""
        return among[self.below(len(among))]


class Tap(httpx.MockTransport):
    """Records what a client sends, whether it arrives or not; each request takes its own time.

    As with every mock transport, a refused connection counts as not sent.
    """

    def __init__(self, server: Watched, tape: Tape) -> None:
        self.sent: list[tuple[str, str]] = []
        """Methods and ids of groups."""
        self._server, self._tape, self._inner = server, tape, server.transport()
        super().__init__(self._inner.handle_request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Forward the request."""
        self.sent.append((request.method, group_of(request.url.path)))
        self._server.latency = timedelta(seconds=2 * STEP * (1 + self._tape.below(4)))
        return await self._inner.handle_async_request(request)


class Others:
    """All other actors on the server: between the requests of a run, and between runs."""

    def __init__(self, server: Watched) -> None:
        self.server = server
        self._integrations = [server.add_integration() for _ in range(2)]
        long_ago = server.now() - timedelta(days=40)  # lists look back 30 days
        self.root = server.add_group(started_at=long_ago)
        for key, value in LABELS:
            server.add_label(key, value)

    def create(self, tape: Tape) -> None:
        """Add a group in any state; half of them begin now, which makes crowds."""
        unusual = tape.chance(10)
        attached = unusual and tape.chance(50)
        group = self.server.add_group(
            state=tape.pick(STATES),
            labels=dict(label for label in LABELS if tape.chance(50)),
            started_at=self.server.now() - timedelta(minutes=max(0, tape.below(60) - 30)),
            integration=None if unusual and not attached else tape.pick(self._integrations),
            root=self.root if attached else None,
            maintenance=unusual and not attached,
        )
        group.acknowledged_at = group.acknowledged_at or (
            group.resolved_at if tape.chance(30) else None
        )

    def act(self, tape: Tape, spared: Callable[[str], bool] = lambda _: False) -> None:
        """Act once, unless the group that is hit must be left alone."""
        group_id = tape.pick(["", *(one for one in self.server.groups if one != self.root.id)])
        if not group_id:
            self.create(tape)
        elif not spared(group_id):
            self._act_on(self.server.groups[group_id], tape)

    def _act_on(self, group: FakeAlertGroup, tape: Tape) -> None:
        match tape.pick(["state", "state", "state", "label", "label", "delete"]):
            case "state":
                self._enter(group, tape.pick(STATES))
            case "label":
                label = tape.pick(LABELS)
                rest = [one for one in group.labels if one != label]
                group.labels[:] = rest if label in group.labels else [*rest, label]
            case _:
                del self.server.groups[group.id]

    def _enter(self, group: FakeAlertGroup, state: str) -> None:
        now = self.server.now()
        if state != "resolved":  # which keeps that it was acknowledged
            group.acknowledged_at = now if state == "acknowledged" else None
        group.resolved_at = now if state == "resolved" else None
        group.silenced_at = now if state == "silenced" else None
        group.silenced_until = now + timedelta(days=1) if state == "silenced" else None


@attrs.define(kw_only=True)
class Storm:
    """What happens between the requests of one run."""

    others: Others
    tape: Tape
    acting: int
    """Percentage of requests before which another actor acts."""
    failing: int
    """Percentage of requests that meet a fault."""
    matches: Callable[[Snap | None], bool]
    cut_at: int
    """The request at which `cut` is called; 0 for none."""
    cut: Callable[[], None]
    requests: int = 0
    freeze: int | None = None
    """The moment at which the walks in progress began."""

    def choose(self, _request: FakeRequest, operation: str | None) -> Fault | None:
        """Decide for each request: other actors act, and it meets a fault or none."""
        history = self.others.server.history
        if operation != LIST:
            self.freeze = None
        elif self.freeze is None:
            self.freeze = history.moment
        if self.tape.chance(self.acting):
            self.others.act(self.tape, self._must_not_return)
        history.note(self.others.server.groups)
        self.requests += 1
        if self.requests == self.cut_at:
            asyncio.get_running_loop().call_later(STEP * self.tape.below(6), self.cut)
        return self.tape.pick(FAULTS) if self.tape.chance(self.failing) else None

    def drops_filter(self) -> bool:
        """Whether a proxy drops the filter of this request."""
        return self.tape.chance(self.failing // 4)

    def _must_not_return(self, group_id: str) -> bool:
        """Whether the group has left the list that is being read, out of a crowd.

        A crowd is more groups within one second than a page: no response shows it whole, so it
        is walked up to five times. A walk detects that it may have missed a group by the groups
        that the next walk misses; a group that has left and comes back would not be detected.
        """
        if self.freeze is None:
            return False
        seen = self._listed(group_id, self.freeze)
        if not seen or self.matches(self.others.server.history.latest(group_id)):
            return False
        return self._neighbours(seen[-1].began, self.freeze) > PAGE_SIZE

    def _neighbours(self, moment: datetime, freeze: int) -> int:
        """How many listed groups began within a second of this moment."""
        listed = (self._listed(one, freeze) for one in self.others.server.history.ids())
        return sum(
            bool(seen) and abs(seen[-1].began - moment) <= timedelta(seconds=1) for seen in listed
        )

    def _listed(self, group_id: str, freeze: int) -> list[Snap]:
        """All snapshots of the group in the list that is being read."""
        history = self.others.server.history
        past = history.between(group_id, freeze, history.moment)
        return [snap for snap in past if snap is not None and self.matches(snap)]


async def stream(ids: Sequence[str]) -> AsyncIterator[str]:
    """The same ids, one after the other."""
    for group_id in ids:
        yield group_id
