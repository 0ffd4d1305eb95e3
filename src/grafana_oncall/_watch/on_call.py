"""Watching who is on call: what a poll reads, and what has changed since it was last reported.

How it works, and why nothing is lost. A poll reads each schedule, and so who is on call in it by
the server's clock. As with groups, that is compared with what was last delivered and with what is
in flight, until it is marked delivered. Who was on call between two polls only is not seen.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

import attrs

from grafana_oncall._core.types import UNSET
from grafana_oncall._generated.models.schedules import Schedule
from grafana_oncall.changes import OnCall, OnCallChanged
from grafana_oncall.errors import ClientStateError, OnCallError

from .tracker import Changes, Delivery, Tracker


class Read(Protocol):
    """Returns the schedules with these ids, or all that are watched, without those that are gone.

    Where it is strict, one that is gone is a NotFound.
    """

    async def __call__(self, ids: Collection[str] | None, *, strict: bool) -> Sequence[Schedule]:
        """Read them."""
        ...


@attrs.frozen(kw_only=True)
class OnCallChanges(Changes):
    """A schedule in which others are on call than was last reported."""

    now: OnCall | None
    """Who is on call; None when the schedule was deleted."""


class OnCallTracker(Tracker[OnCall]):
    """Who was last reported to be on call, by schedule."""

    def compare(self, schedule_id: str, now: OnCall | None) -> OnCallChanges | None:
        """Return what differs from any state that the consumer may have; latest last."""
        self.seen.add(schedule_id)
        started = self.in_flight.get(schedule_id, ())
        before = [self.reported.get(schedule_id), *(_on_call(each) for each in started)]
        differing = [each for each in before if _users(each) != _users(now)]
        if differing:
            change = OnCallChanged(id=schedule_id, before=differing[-1], after=now)
            return OnCallChanges(id=schedule_id, now=now, changes=[change])
        self.mark_delivered(self.delivery(OnCallChanges(id=schedule_id, now=now, changes=())))
        return None

    def delivery(self, changes: Changes) -> Delivery:
        """Return who is on call as a consumer sees it who has these changes."""
        now = changes.now if isinstance(changes, OnCallChanges) else None
        return Delivery(id=changes.id, after=None, on_call=UNSET if now is None else now)


class OnCallPoller:
    """Reads who is on call, and finds what has changed."""

    def __init__(self, read: Read, query: Sequence[tuple[str, str]]) -> None:
        self.noun = "schedules"
        self._read = read
        self.query = query
        self.tracker = OnCallTracker()
        self._has_read = False

    def ignore_before(self, oldest: datetime) -> None:
        """Ignore nothing: schedules have no age."""

    async def prime(self, until: datetime | None) -> None:
        """Take who is on call as reported; after an outage, too, for who was before is unknown."""
        del until
        for schedule in await self._read(None, strict=True):
            self.tracker.reported.setdefault(schedule.id, _state(schedule))

    async def poll(self, busy: Collection[str], hinted: Collection[str]) -> Sequence[Changes]:
        """Return what has changed, except for busy schedules."""
        del hinted  # all are read
        tracker = self.tracker
        tracker.seen = set()
        found = [*await self._read(None, strict=not (self._has_read or tracker.tracked))]
        self._has_read = True
        # A list that moves while it is read hides some.
        missing = tracker.tracked - {schedule.id for schedule in found} - {*busy}
        found += await self._read(missing, strict=False) if missing else ()
        return self._changed(found, busy, tracker.tracked)

    async def read(self, ids: Collection[str]) -> tuple[Sequence[Changes], Sequence[OnCallError]]:
        """Return what has changed in these tracked schedules, and the errors of failed reads."""
        known = [each for each in ids if self.tracker.tracks(each)]
        try:
            return self._changed(await self._read(known, strict=False), (), known), ()
        except ClientStateError:
            raise
        except OnCallError as error:
            return (), [error]

    def _changed(
        self, schedules: Sequence[Schedule], busy: Collection[str], expected: Collection[str]
    ) -> Sequence[Changes]:
        now: dict[str, OnCall | None] = dict.fromkeys(expected)
        now |= {schedule.id: _state(schedule) for schedule in schedules}
        compared = [self.tracker.compare(*each) for each in now.items() if each[0] not in busy]
        return [changes for changes in compared if changes is not None]


def _state(schedule: Schedule) -> OnCall:
    return OnCall(id=schedule.id, name=schedule.name, users=tuple(sorted(schedule.on_call_now)))


def _on_call(delivery: Delivery) -> OnCall | None:
    return delivery.on_call if isinstance(delivery.on_call, OnCall) else None


def _users(state: OnCall | None) -> Sequence[str] | None:
    return None if state is None else state.users
