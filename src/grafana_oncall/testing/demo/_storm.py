"""The server of an act, with a storm of alert groups, and what it holds and recorded."""

import asyncio
from collections import Counter
from itertools import count
from typing import Any, Final, Self

import attrs

from grafana_oncall.testing import Calls, FakeOnCall, FakeRequest, Fault, hang, seed_storm

GROUPS: Final = 3_000
WANTED: Final = 500
"""How many of them fire at team SRE."""

SRE: Final = {"team": "SRE"}


@attrs.frozen
class Storm:
    """A fake server, and the ids of the alert groups that fire at team SRE."""

    fake: FakeOnCall
    wanted: frozenset[str]

    @classmethod
    def seeded(cls, **options: Any) -> Self:
        """Return a server with a storm; the options are those of `FakeOnCall`."""
        fake = FakeOnCall(**options)
        firing = [group for group in seed_storm(fake, GROUPS) if group.state == "firing"]
        return cls(fake, frozenset(group.id for group in firing if SRE.items() <= {*group.labels}))

    @property
    def left(self) -> int:
        """How many of those groups still fire."""
        return sum(self.fake.groups[group_id].state == "firing" for group_id in self.wanted)

    @property
    def responses(self) -> Counter[int | None]:
        """How many responses had which status; those that were never sent have none."""
        return Counter(call.status for call in self.fake.calls)

    @property
    def resolved(self) -> Counter[str]:
        """How many requests to resolve a group were carried out or refused, by its path."""
        calls = self.fake.calls("resolve")
        return Counter(call.path for call in calls if call.applied and call.status != 429)

    @property
    def stalled(self) -> Calls:
        """The requests that never got a response."""
        return Calls(call for call in self.fake.calls if call.response is None)

    def stall(self, *, after: int, number: int) -> asyncio.Event:
        """Respond to so many requests to resolve, and to no more, but carry out every second one.

        Returns:
            An event that is set when this number of requests waits for a response.
        """
        stalled, turns = asyncio.Event(), count(1)

        def choose(_request: FakeRequest, operation: str | None) -> Fault | None:
            turn = next(turns) if operation == "resolve_alert_group" else 0
            if turn == after + number:
                stalled.set()
            return hang(applied=turn % 2 == 0) if turn > after else None

        self.fake.faults.choose(choose)
        return stalled
