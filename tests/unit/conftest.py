"""Event loops of the async tests."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from tests.support import virtual_time
from tests.support.loops import EVERY_LOOP, LoopFactory

VIRTUAL_TIME = {
    "test_checkpoint_file.py",
    "test_handlers.py",
    "test_rate_limit_memory.py",
    "test_throttle.py",
    "test_throttle_outages.py",
    "test_throttle_pauses.py",
}
"""Modules in which nobody waits for a pause."""

ON_EVERY_LOOP = {
    "test_aio.py",
    "test_rate_limit.py",
    "test_pool.py",
    "test_session.py",
    "test_session_connections.py",
    "test_session_failures.py",
    "test_prefetch.py",
    "test_transports.py",
}
"""Modules whose subject depends on the loop."""


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, LoopFactory]:
    """The other tests, which wait for sockets or not at all, use the usual loop."""
    if item.path.name in VIRTUAL_TIME:
        return {"virtual": virtual_time.VirtualTimeLoop}
    if item.path.name in ON_EVERY_LOOP:
        return EVERY_LOOP
    return {"default": asyncio.new_event_loop}
