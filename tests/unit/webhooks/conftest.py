"""Routers in virtual time: no test really waits for a retry or a shutdown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import pytest

from tests.support import virtual_time


def pytest_asyncio_loop_factories(
    item: pytest.Item,
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Time passes when every task waits."""
    del item
    return {"virtual": virtual_time.VirtualTimeLoop}
