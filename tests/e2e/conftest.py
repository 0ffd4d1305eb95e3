"""Loops for the tests that send over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from tests.support.loops import EVERY_LOOP, LoopFactory

ON_EVERY_LOOP = {
    "test_surplus_responses.py",
    "test_cancelled_at_any_turn.py",
    "test_fake_faults_on_sockets.py",
    "test_over_sockets.py",
    "test_transports.py",
    "test_webhooks.py",
}
"""Modules whose subject depends on the loop."""


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, LoopFactory]:
    """Programs, which have a loop of their own, are started once."""
    if item.path.name in ON_EVERY_LOOP:
        return EVERY_LOOP
    return {"asyncio": asyncio.new_event_loop}
