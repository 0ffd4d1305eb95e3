"""Faults that are on until they are switched off."""

from __future__ import annotations

import attrs

from grafana_oncall.testing._server.responses import FakeRequest
from grafana_oncall.testing.faults import (
    Fault,
    hang,
    html,
    refuse,
    reset,
    status,
    throttle,
    truncate,
)

FAULTS: dict[str, Fault] = {
    "Proxy responds 503": status(503),
    "429 for 10 seconds": throttle(10),
    "Connection refused": refuse(),
    "Connection reset": reset(),
    "Response lost": reset(applied=True),
    "Response truncated": truncate(),
    "Login page (HTML)": html(),
    "No response": hang(),
}
"""By what the page calls them."""


@attrs.define
class Switches:
    """Which faults are on, and how many requests they affect."""

    on: list[str] = attrs.field(factory=list[str], init=False)
    """Names of those that are on, which take turns."""
    every: int = attrs.field(default=1, init=False)
    """They affect one request in so many."""
    _requests: int = attrs.field(default=0, init=False)

    def set(self, name: str, *, is_on: bool) -> None:
        """Switch a fault on or off."""
        self.on = [each for each in FAULTS if (is_on if each == name else each in self.on)]

    def choose(self, _request: FakeRequest, _operation: str | None) -> Fault | None:
        """Return the fault for a request, as `Faults.choose` asks for it."""
        if not self.on:
            return None
        self._requests += 1
        turn, rest = divmod(self._requests, self.every)
        return None if rest else FAULTS[self.on[turn % len(self.on)]]
