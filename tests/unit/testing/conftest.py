"""A clock that stands still, and a fake that follows it."""

from __future__ import annotations

import pytest

from grafana_oncall.testing import FakeOnCall, VirtualClock


@pytest.fixture
def clock() -> VirtualClock:
    """2 March 2026, 09:30."""
    return VirtualClock()


@pytest.fixture
def fake(clock: VirtualClock) -> FakeOnCall:
    """An empty Cloud server."""
    return FakeOnCall(clock=clock)


@pytest.fixture
def oss(clock: VirtualClock) -> FakeOnCall:
    """An empty open-source server."""
    return FakeOnCall(clock=clock, flavour="oss")
