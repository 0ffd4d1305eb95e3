"""Records of what has happened, of which a server that runs for days keeps the latest."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")

KEPT = 10_000
"""The most records of a kind that are kept."""


def keep(records: list[T], *new: T) -> None:
    """Add what has just happened, and forget what is oldest if there is too much."""
    records.extend(new)
    del records[:-KEPT]
