"""The limits on what is posted to links, which is counted in fixed windows.

The window of each counter begins at another moment, so a pause ends within five minutes, and often
sooner.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from zlib import crc32

from grafana_oncall.testing._server.state import FakeIntegration
from grafana_oncall.testing._server.world import World

_WINDOW = 300
_OF_INTEGRATION, _OF_ORGANIZATION = 300, 900
_ADVICE = "Read more about rate limits in our docs. "
_REASON = (
    "Rate-limiting has been applied to your account because too many alerts were sent from {}. "
)
_OTHERS = (
    "Rate-limiting is activated so you will continue to receive alerts from other integrations. "
)


def refusal(world: World, integration: FakeIntegration, now: datetime) -> str | None:
    """Count a request; return why the server refuses it, or `None` if it does not."""
    if world.rate_limit is None:
        return None
    if not _admits(world, f"alerts:{integration.id}", _OF_INTEGRATION, now):
        return f"{_REASON.format(f'your {integration.name} integration')}{_OTHERS}{_ADVICE}"
    if not _admits(world, "alerts", _OF_ORGANIZATION, now):
        return f"{_REASON.format('multiple integrations')}{_ADVICE}"
    return None


def _admits(world: World, counter: str, most: int, now: datetime) -> bool:
    passed = world.throttle.passed.setdefault(counter, deque())
    began = _window_start(counter, now)
    while passed and passed[0] < began:
        passed.popleft()
    if len(passed) >= most:
        return False
    passed.append(now)
    return True


def _window_start(counter: str, now: datetime) -> datetime:
    into = (now.timestamp() - crc32(counter.encode())) % _WINDOW
    return now - timedelta(seconds=into)
