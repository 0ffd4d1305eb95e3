"""A watched server, and those who disturb bulk runs on it: other actors, the network, a proxy.

What they do is read from a tape of bytes. A byte 0, and the end of the tape, mean that nothing
happens: so hypothesis finds the smallest disturbance that shows a bug.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, NamedTuple, TypeVar
from urllib.parse import parse_qsl, urlencode

import attrs
import httpx

from grafana_oncall.testing import (
    Call,
    FakeAlertGroup,
    FakeOnCall,
    FakeRequest,
    Fault,
    VirtualClock,
    hang,
    html,
    refuse,
    reset,
    status,
    throttle,
    truncate,
)
from tests import virtual_time

T = TypeVar("T")

LIST: Final = "list_alert_groups"
READS: Final = {LIST, "get_alert_group"}
STATES: Final = ("firing", "acknowledged", "resolved", "silenced")
SRE, PROD, WEB = ("team", "SRE"), ("env", "prod"), ("tier", "web")
LABELS: Final = (SRE, PROD, WEB)
STEP: Final = 0.05
"""Seconds: latencies are a few of these."""

FAULTS: Final[list[Fault]] = [
    *(status(503), status(503, applied=True), status(500), status(500, applied=True)),
    *(reset(applied=True), reset(applied=False), refuse(), truncate(), throttle(2)),
    *(html(), html(applied=True), hang(), hang(applied=True)),
]
_TOLD: Final = {"throttle", "refuse"}
"""Faults that leave no doubt: the request was not let in."""


class Tape:
    """What was drawn in advance, and is decided from."""

    def __init__(self, drawn: bytes) -> None:
        self._left = iter(drawn)

    def below(self, number: int) -> int:
        """A number from 0."""
        return next(self._left, 0) % number

    def chance(self, percent: int) -> bool:
        """Whether it happens."""
        return next(self._left, 0) * 100 >= (100 - percent) * 256

    def pick(self, among: Sequence[T]) -> T:
        """One of these, the first when nothing is left."""
        return among[self.below(len(among))]


class LoopClock(VirtualClock):
    """Moves with the loop that runs, and keeps what `advance` has added."""

    _beginning = virtual_time.now()

    def now(self) -> datetime:
        """The time, which is that of all loops so far together."""
        return super().now() + (virtual_time.now() - self._beginning)

    __call__ = now


class Snap(NamedTuple):
    """What matters of a group at one moment."""

    state: str
    acknowledged: bool
    resolved: bool
    silence: tuple[datetime | None, datetime | None]
    labels: frozenset[tuple[str, str]]
    wiped: bool
    integration: str


def _snap(group: FakeAlertGroup) -> Snap:
    return Snap(
        state=group.state,
        acknowledged=group.acknowledged_at is not None,
        resolved=group.resolved_at is not None,
        silence=(group.silenced_at, group.silenced_until),
        labels=frozenset(group.labels),
        wiped=group.title is None and group.resolved_at is not None,
        integration=group.integration_id,
    )


class History:
    """What each group was, moment by moment; `None` where it is not there."""

    def __init__(self) -> None:
        self.moment = 0
        self._past: dict[str, list[tuple[int, Snap | None]]] = {}
        self._now: dict[str, Snap] = {}

    def note(self, groups: Mapping[str, FakeAlertGroup]) -> set[str]:
        """A new moment; answers the ids of what differs from the last one."""
        self.moment += 1
        now = {group_id: _snap(group) for group_id, group in groups.items()}
        touched = {one for one in {*now, *self._now} if now.get(one) != self._now.get(one)}
        for one in touched:
            self._past.setdefault(one, [(0, None)]).append((self.moment, now.get(one)))
        self._now = now
        return touched

    def ids(self) -> Iterator[str]:
        """All that ever were."""
        return iter(self._past)

    def between(self, group_id: str, first: int, last: int) -> list[Snap | None]:
        """All that it was from one moment to another, both included."""
        past = [*self._past.get(group_id, [(0, None)]), (self.moment + 1, None)]
        return [snap for (since, snap), (end, _) in pairwise(past) if since <= last and end > first]

    def at(self, group_id: str, moment: int) -> Snap | None:
        """What it was at one moment."""
        return self.between(group_id, moment, moment)[0]


@attrs.frozen(kw_only=True)
class Visit:
    """A request that the server met, and what it did to whom."""

    call: Call
    group_id: str
    moment: int
    """Just after it; at the moment before, all others had done what they did."""
    touched: set[str]
    effect: bool
    unfiltered: bool

    @property
    def lost(self) -> bool:
        """Whether its answer tells nothing of its effect."""
        return self.call.fault is not None and self.call.fault.kind not in _TOLD


class Watched(FakeOnCall):
    """A server that keeps its history."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock=clock, page_size=3, latency=timedelta(seconds=2 * STEP))
        self.history = History()
        self.visits: list[Visit] = []
        self.proxy: Callable[[], bool] = bool
        """Whether the filter of the next list is dropped on the way."""

    def exchange(self, request: FakeRequest) -> Call:
        """As every server, and notes what comes of it."""
        plain = _without_filter(request)
        unfiltered = plain.query != request.query and self.proxy()
        self.history.note(self.groups)
        call = super().exchange(plain if unfiltered else request)
        touched, group_id = self.history.note(self.groups), _group_id(request.path)
        before = self.history.at(group_id, self.history.moment - 1)
        # A second deletion is taken on like the first, and changes nothing that could be seen.
        deletion = call.operation == "delete_alert_group" and call.applied and before is not None
        self.visits.append(
            Visit(
                call=call,
                group_id=group_id,
                moment=self.history.moment,
                touched=touched,
                effect=deletion or group_id in touched,
                unfiltered=unfiltered,
            )
        )
        return call


def _group_id(path: str) -> str:
    return path.partition("/alert_groups/")[2].partition("/")[0]


def _without_filter(request: FakeRequest) -> FakeRequest:
    kept = [pair for pair in parse_qsl(request.query) if pair[0] in {"page", "perpage"}]
    return attrs.evolve(request, query=urlencode(kept)) if request.query else request


class Tap(httpx.AsyncBaseTransport):
    """Notes what a client sends, arrived or not; each request takes its own time."""

    def __init__(self, server: Watched, tape: Tape) -> None:
        self.sent: list[tuple[str, str]] = []
        """Methods and ids of groups."""
        self._server, self._tape, self._inner = server, tape, server.transport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Sends it on."""
        self.sent.append((request.method, _group_id(request.url.path)))
        self._server.latency = timedelta(seconds=2 * STEP * (1 + self._tape.below(4)))
        return await self._inner.handle_async_request(request)


class Others:
    """Everybody else who acts on the server: between the requests of a run, and between runs."""

    def __init__(self, server: Watched) -> None:
        self.server = server
        self._integrations = [server.add_integration() for _ in range(2)]
        long_ago = server.now() - timedelta(days=40)  # lists look back 30 days
        self.root = server.add_group(started_at=long_ago)
        for key, value in LABELS:
            server.add_label(key, value)

    def create(self, tape: Tape) -> None:
        """A group in any state, which began now or some time ago."""
        unusual = tape.chance(10)
        attached = unusual and tape.chance(50)
        group = self.server.add_group(
            state=tape.pick(STATES),
            labels=dict(label for label in LABELS if tape.chance(50)),
            started_at=self.server.now() - timedelta(minutes=tape.below(30)),
            integration=None if unusual and not attached else tape.pick(self._integrations),
            root=self.root if attached else None,
            maintenance=unusual and not attached,
        )
        group.acknowledged_at = group.acknowledged_at or (
            group.resolved_at if tape.chance(30) else None
        )

    def act(self, tape: Tape, spared: Callable[[str], bool] = lambda _: False) -> None:
        """One deed, unless the group that it would befall is to be spared."""
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
    """Percentage of requests before which somebody acts."""
    failing: int
    """Percentage of requests that meet a fault."""
    matches: Callable[[Snap | None], bool]
    cut_at: int
    """The request at which `cut` is called; 0 for none."""
    cut: Callable[[], None]
    requests: int = 0
    freeze: int | None = None
    """The moment at which the walks through the list began that are under way."""

    def choose(self, _request: FakeRequest, operation: str | None) -> Fault | None:
        """For each request: others act, and it meets a fault or none."""
        history = self.others.server.history
        if operation != LIST:
            self.freeze = None
        elif self.freeze is None:
            self.freeze = history.moment
        if self.tape.chance(self.acting):
            self.others.act(self.tape, self._has_left)
        history.note(self.others.server.groups)
        self.requests += 1
        if self.requests == self.cut_at:
            asyncio.get_running_loop().call_later(STEP * self.tape.below(6), self.cut)
        return self.tape.pick(FAULTS) if self.tape.chance(self.failing) else None

    def drops_filter(self) -> bool:
        """Whether a proxy does so now."""
        return self.tape.chance(self.failing // 4)

    def _has_left(self, group_id: str) -> bool:
        """Whether it was in the list that is being read, and is not any more.

        Such a one must not come back before the walks are over: a walk knows that it may have
        missed something by the groups that the next one misses, and this one would not be missed.
        """
        if self.freeze is None:
            return False
        history = self.others.server.history
        past = history.between(group_id, self.freeze, history.moment)
        return not self.matches(past[-1]) and any(map(self.matches, past))


async def stream(ids: Sequence[str]) -> AsyncIterator[str]:
    """The same, one after the other."""
    for one in ids:
        yield one
