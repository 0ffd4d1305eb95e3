"""What a test puts on the server before it begins: the fixture `oncall_factory`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ._checks import DELAY, MOMENT, SIZE
from ._fake import FakeOnCall
from ._seed import seed_storm
from ._state import FakeAlertGroup


class Factory:
    """Makes alert groups, integrations and labels on a fake server.

    What is not said has a value that a real server could have.
    """

    def __init__(self, server: FakeOnCall) -> None:
        self._server = server
        self.group = server.add_group
        self.integration = server.add_integration
        self.label = server.add_label
        self.event = server.event

    def groups(
        self, number: int, *, apart: timedelta = timedelta(minutes=1), **fields: Any
    ) -> list[FakeAlertGroup]:
        """So many groups of the same fields, those of `group`; the first is the newest.

        `apart` is the time from the beginning of one to that of the next.
        """
        SIZE(number=number)
        DELAY(apart=apart)
        MOMENT.or_none(started_at=fields.get("started_at"))
        newest = fields.pop("started_at", None) or self._server.now()
        return [
            self._server.add_group(started_at=newest - position * apart, **fields)
            for position in range(number)
        ]

    def storm(self, groups: int = 500) -> list[FakeAlertGroup]:
        """A believable bad day: teams, labels, integrations, and groups in all states."""
        return seed_storm(self._server, groups)
