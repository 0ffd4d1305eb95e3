"""A watched server: the state of each group, moment by moment, and the effect of each request."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, urlencode

import attrs

from grafana_oncall.testing import Call, FakeAlertGroup, FakeOnCall, FakeRequest, VirtualClock

LIST: Final = "list_alert_groups"
READS: Final = {LIST, "get_alert_group"}
STEP: Final = 0.05
"""Seconds: latencies are a few of these."""

PAGE_SIZE: Final = 3

_NOT_ADMITTED: Final = {"throttle", "refuse"}
"""Faults that leave no doubt: the request was not admitted."""


class Snap(NamedTuple):
    """What matters about a group at one moment."""

    began: datetime
    state: str
    acknowledged: bool
    resolved: bool
    silence: tuple[datetime | None, datetime | None]
    labels: frozenset[tuple[str, str]]
    wiped: bool
    integration: str


def _snap(group: FakeAlertGroup) -> Snap:
    return Snap(
        began=group.started_at,
        state=group.state,
        acknowledged=group.acknowledged_at is not None,
        resolved=group.resolved_at is not None,
        silence=(group.silenced_at, group.silenced_until),
        labels=frozenset(group.labels),
        wiped=group.title is None and group.resolved_at is not None,
        integration=group.integration_id,
    )


class History:
    """The state of each group, moment by moment; `None` where it does not exist."""

    def __init__(self) -> None:
        self.moment = 0
        self._past: dict[str, list[tuple[int, Snap | None]]] = {}
        self._now: dict[str, Snap] = {}

    def note(self, groups: Mapping[str, FakeAlertGroup]) -> set[str]:
        """Record a new moment; return the ids of the groups that changed."""
        self.moment += 1
        now = {group_id: _snap(group) for group_id, group in groups.items()}
        touched = {one for one in {*now, *self._now} if now.get(one) != self._now.get(one)}
        for one in touched:
            self._past.setdefault(one, [(0, None)]).append((self.moment, now.get(one)))
        self._now = now
        return touched

    def ids(self) -> Iterator[str]:
        """All that ever existed."""
        return iter(self._past)

    def between(self, group_id: str, first: int, last: int) -> list[Snap | None]:
        """All states of the group between two moments, both included."""
        past = [*self._past.get(group_id, [(0, None)]), (self.moment + 1, None)]
        return [snap for (since, snap), (end, _) in pairwise(past) if since <= last and end > first]

    def latest(self, group_id: str) -> Snap | None:
        """Its present state."""
        return self._now.get(group_id)

    def at(self, group_id: str, moment: int) -> Snap | None:
        """Its state at one moment."""
        return self.between(group_id, moment, moment)[0]


@attrs.frozen(kw_only=True)
class Visit:
    """A request that the server received, and what it did to which group."""

    call: Call
    group_id: str
    moment: int
    """Just after it; all other actors had acted by the moment before."""
    touched: set[str]
    effect: bool
    unfiltered: bool

    @property
    def lost(self) -> bool:
        """Whether its response does not show its effect."""
        return self.call.fault is not None and self.call.fault.kind not in _NOT_ADMITTED


class Watched(FakeOnCall):
    """A server that keeps its history."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock=clock, page_size=PAGE_SIZE, latency=timedelta(seconds=2 * STEP))
        self.history = History()
        self.visits: list[Visit] = []
        self.proxy: Callable[[], bool] = bool
        """Whether the filter of the next list is dropped on the way."""

    def exchange(self, request: FakeRequest) -> Call:
        """Serve a request as any server does, and record its effect."""
        plain = _without_filter(request)
        unfiltered = plain.query != request.query and self.proxy()
        self.history.note(self.groups)
        call = super().exchange(plain if unfiltered else request)
        touched, group_id = self.history.note(self.groups), group_of(request.path)
        before = self.history.at(group_id, self.history.moment - 1)
        # A second deletion is accepted like the first, and changes nothing visible.
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


def group_of(path: str) -> str:
    """The id in a path, if there is one."""
    return path.partition("/alert_groups/")[2].partition("/")[0]


def _without_filter(request: FakeRequest) -> FakeRequest:
    kept = [pair for pair in parse_qsl(request.query) if pair[0] in {"page", "perpage"}]
    return attrs.evolve(request, query=urlencode(kept)) if request.query else request
