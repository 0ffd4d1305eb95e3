"""The labels of an alert: those of its integration, and those that templates read from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from .templates import RenderFailed, render

_MOST, _LONGEST = 15, 200


def labels_of(
    static: Iterable[tuple[str, str]],
    dynamic: Iterable[tuple[str, str]],
    payload: Any,
    now: datetime,
) -> dict[str, str]:
    """Return the labels of an alert; templates override what is static."""
    found = dict(static)
    for key, source in dynamic:
        with suppress(RenderFailed):  # a label without a value is left out
            value = render(source, now, payload=payload)
            if value and len(value) <= _LONGEST and value.lower() != "none":
                found[key] = value
    return found


def kept(labels: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return those that a group keeps: late ones in the alphabet are lost."""
    return sorted(labels.items())[:_MOST]
