"""Positions of objects in a list: they are unique, and may have gaps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

K = TypeVar("K")
LARGEST = 2**31 - 1
"""The largest position that the database takes."""


def next_position(taken: Iterable[int]) -> int:
    """Return the position of a new object: after the last, whatever the gaps."""
    return max(taken, default=-1) + 1


def move(positions: Mapping[K, int], one: K, to: int) -> dict[K, int]:
    """Return the positions after one moved: those that it passed shift by one towards its start."""
    start = positions[one]
    low, high, step = (start, to, -1) if start < to else (to, start, 1)
    shifted = {
        other: position + step if low <= position <= high else position
        for other, position in positions.items()
    }
    return {**shifted, one: to}


def swap(positions: Mapping[K, int], one: K, to: int) -> dict[K, int]:
    """Return the positions after one took this one, and who had it took the former one."""
    start = positions[one]
    swapped = {other: start if place == to else place for other, place in positions.items()}
    return {**swapped, one: to}
