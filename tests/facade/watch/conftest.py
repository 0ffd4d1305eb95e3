"""Lists of one page, of which a poll reads nothing else, and lists of many pages."""

import pytest

from grafana_oncall.testing import FakeOnCall, VirtualClock


@pytest.fixture(params=[50, 4], ids=["large pages", "small pages"])
def fake(request: pytest.FixtureRequest, clock: VirtualClock) -> FakeOnCall:
    """A fake whose lists have so many items a page."""
    return FakeOnCall(clock=clock, page_size=request.param)
