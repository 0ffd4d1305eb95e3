"""Loops for the tests that are async."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import pytest

from tests import virtual_time

VIRTUAL_TIME = {"test_gate.py", "test_gate_pauses.py"}
"""Modules in which nobody waits for a pause."""


def pytest_asyncio_loop_factories(
    item: pytest.Item,
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Everything else, which waits for sockets or for nothing, runs as everywhere."""
    if item.path.name in VIRTUAL_TIME:
        return {"virtual": virtual_time.VirtualTimeLoop}
    return {"default": asyncio.new_event_loop}
