"""What happens when, in virtual time."""

from __future__ import annotations

from collections.abc import Callable

from grafana_oncall.testing import FakeAlertGroup, VirtualClock
from tests.support.virtual_time import loop


def later(seconds: float, what: Callable[[], object]) -> None:
    """Call it after this time."""
    loop().call_later(seconds, what)


def become(group: FakeAlertGroup, state: str, clock: VirtualClock) -> None:
    """Let another actor do this to the group."""
    group.acknowledged_at = group.resolved_at = group.silenced_at = None
    if state != "firing":
        setattr(group, f"{state}_at", clock.now())
