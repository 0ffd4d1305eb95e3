"""Walks over lists of numbered groups."""

from __future__ import annotations

import pytest

from grafana_oncall import Pager
from grafana_oncall.models import AlertGroup
from tests.support.listing import ids

PREFETCHES = pytest.mark.parametrize("prefetch", [0, 1, 2, 64])


def numbered(count: int) -> list[str]:
    """Pages of one item each, named after their page: p1, p2, …."""
    return [f"p{number}" for number in range(1, count + 1)]


async def walked(pager: Pager[AlertGroup]) -> str:
    """The ids of a whole walk."""
    return ids([group async for group in pager])
