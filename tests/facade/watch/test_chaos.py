"""Watching among actors, faults and kills at any time: no change is false, none is lost."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import Any, cast

import attrs
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from grafana_oncall import OnCallClient
from grafana_oncall._watch.checkpoint import Checkpoint
from grafana_oncall._watch.watcher import Watcher
from grafana_oncall.changes import (
    AlertsAdded,
    Change,
    Created,
    Deleted,
    LabelsChanged,
    Snapshot,
    Watched,
)
from grafana_oncall.testing import (
    FakeAlertGroup,
    FakeOnCall,
    FakeRequest,
    Fault,
    hang,
    reset,
    status,
    throttle,
    truncate,
)
from tests.support import virtual_time
from tests.support.budget import budget
from tests.support.mirrors import STATES, View, follow, on_server
from tests.support.samples import BASE
from tests.support.watchers import SRE, enter


class Tape:
    """Random numbers drawn in advance; after its end nothing happens any more."""

    def __init__(self, drawn: bytes) -> None:
        self._left: Iterator[int] = iter(drawn)

    def below(self, number: int) -> int:
        """Return a number from 0 to below `number`."""
        return next(self._left, 0) % number


FAULTS = [status(503), status(500), reset(), reset(applied=True), hang(), truncate(), throttle(40)]
LABEL = ("team", "SRE")


class Chaos:
    """A server with actors and faults between all requests, and the history of its groups."""

    def __init__(self, tape: Tape) -> None:
        self.fake = FakeOnCall(clock=virtual_time.ServerClock(), page_size=3)
        self.tape = tape
        self.history: dict[str, list[View | None]] = defaultdict(lambda: [None])
        for number, state in enumerate(STATES * 2):
            began = self.fake.now() - timedelta(minutes=number)
            self.fake.add_group(state=cast("Any", state), labels=SRE, started_at=began)
        self.note()
        self.fake.faults.choose(self._choose)

    def note(self) -> None:
        """Record the current state of all groups."""
        views = on_server(self.fake)
        for group_id in {*views, *self.history}:
            if self.history[group_id][-1] != views.get(group_id):
                self.history[group_id].append(views.get(group_id))

    def _choose(self, _request: FakeRequest, _operation: str | None) -> Fault | None:
        match self.tape.below(8):
            case 1 | 2 | 3:
                self.act()
            case 4:
                return FAULTS[self.tape.below(len(FAULTS))]
            case _:
                pass
        return None

    def act(self) -> None:
        """Perform one random action."""
        groups = [*self.fake.groups.values()]
        group = groups[self.tape.below(len(groups))] if groups else self.create()
        match self.tape.below(6):
            case 0 | 1:
                self.create()
            case 2:
                group.alerts_count += 1
            case 3:
                group.labels[:] = [] if LABEL in group.labels else [LABEL]
            case 4:
                del self.fake.groups[group.id]
            case _:
                enter(group, STATES[self.tape.below(4)], self.fake)
        self.note()

    def create(self) -> FakeAlertGroup:
        """Create a group, perhaps with an earlier start."""
        began = self.fake.now() - timedelta(seconds=self.tape.below(4) * 60)
        state = cast("Any", STATES[self.tape.below(4)])
        return self.fake.add_group(state=state, started_at=began, labels=SRE)

    def check(self, change: Change) -> None:
        """Assert that the change is a true difference between two states in their order."""
        past = self.history[change.id]
        after = None if change.after is None else View.of(Snapshot.of(change.after))
        before = None if change.before is None else View.of(change.before)
        assert after in past
        assert before in past
        assert before != after
        latest = len(past) - 1 - past[::-1].index(after)
        assert past.index(before) < latest
        if isinstance(change, AlertsAdded | LabelsChanged):
            assert before
            assert after
            assert before.alerts < after.alerts or before.labels != after.labels
        elif not isinstance(change, Created | Deleted):
            # Of a new group, the state in which it began is left out.
            assert (before.state if before else "firing") != (after.state if after else None)


@attrs.define
class Mirror:
    """A consumer, and what it has stored for the next one."""

    chaos: Chaos
    client: OnCallClient
    watcher: Watcher
    model: dict[str, View]
    stored: tuple[str, dict[str, View]] | None = None

    async def run(self) -> None:
        """Follow all changes; now and then store the checkpoint, with the mirror."""
        before, last = dict(self.model), None
        async for event in self.watcher:
            if isinstance(event, Change):
                self.chaos.check(event)
            # Changes from one read of a group count as reported together.
            if not _are_reported_together(last, event):
                before = dict(self.model)
            if self.chaos.tape.below(3) == 0:
                self.stored = (self.watcher.checkpoint.to_json(), before)
            follow(self.model, event, LABEL)
            last = event

    def next(self) -> Mirror:
        """Return a consumer that continues from what was stored, after a kill."""
        text, model = self.stored or (None, dict[str, View]())
        return Mirror(self.chaos, self.client, watcher(self.client, text), dict(model), self.stored)


def _are_reported_together(one: Watched | None, other: Watched) -> bool:
    if not isinstance(one, Change) or not isinstance(other, Change):
        return False
    return one.id == other.id and one.after is other.after


def watcher(client: OnCallClient, text: str | None) -> Watcher:
    """A watcher that reports all existing groups at the start."""
    checkpoint = None if text is None else Checkpoint.from_json(text)
    return client.alert_groups.watch(
        clock=virtual_time.now,
        labels=SRE,
        existing=True,
        checkpoint=checkpoint,
        every=60,
        max_pages=2,
    )


async def disturbed(drawn: bytes, lives: Sequence[int]) -> None:
    """Run watchers for so many minutes each, then one without faults."""
    chaos = Chaos(Tape(drawn))
    async with OnCallClient(
        url=BASE, token=chaos.fake.token, transport=chaos.fake.transport(), timeout=5
    ) as client:
        mirror = Mirror(chaos, client, watcher(client, None), {})
        for minutes in [*lives, 0]:
            if not minutes:
                chaos.fake.faults.clear()
            # Without faults, long enough for all pages to be read.
            turns = minutes or len(chaos.fake.groups) + 10
            task = asyncio.create_task(mirror.run())
            await asyncio.wait([task], timeout=60 * turns)
            if task.done():
                task.result()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            if minutes:
                mirror = mirror.next()
        assert mirror.model == on_server(chaos.fake, LABEL)


@settings(max_examples=budget(5, hunt=500), suppress_health_check=[HealthCheck.too_slow])
@given(drawn=st.binary(max_size=400), lives=st.lists(st.integers(1, 30), max_size=4))
@example(drawn=bytes(range(256)) * 4, lives=[7, 7, 7, 7])
@example(drawn=Random(1).randbytes(1500), lives=[20] * 4)  # noqa: S311  # no secret
@example(drawn=Random(2).randbytes(1500), lives=[3] * 12)  # noqa: S311  # no secret
def test_whatever_happens_the_consumer_ends_with_what_the_server_has(
    drawn: bytes, lives: list[int]
) -> None:
    """Actors and faults between all requests, and kills: no change is false, and none is lost."""
    virtual_time.run(disturbed(drawn, lives))
