"""Waiting for groups: the groups, and both ways to wait."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeAlias

import pytest

from grafana_oncall import OnCallClient
from grafana_oncall.testing import FakeAlertGroup, FakeOnCall

EVERY = 5
"""Seconds between checks, by default."""

Wait: TypeAlias = Callable[..., Coroutine[Any, Any, Any]]

NUMBERS = pytest.mark.parametrize("number", [1, 3, 4, 30], ids="{} groups".format)
"""A few are read one by one, more on pages."""

SEEN = pytest.mark.parametrize("seen", ["state", "deleted"])
"""Both waits."""


def add(fake: FakeOnCall, number: int, state: Any = "firing") -> list[FakeAlertGroup]:
    """Add this many groups, a minute apart, the newest first."""
    now = fake.now()
    return [
        fake.add_group(state=state, started_at=now - timedelta(minutes=minute))
        for minute in range(number)
    ]


def ids(groups: list[FakeAlertGroup]) -> list[str]:
    """The ids of these."""
    return [group.id for group in groups]


def waiting(oncall: OnCallClient) -> dict[str, Wait]:
    """Both ways to wait; ids and options follow."""
    groups = oncall.alert_groups
    return {
        "state": lambda alert_group_ids, **options: groups.wait_until(
            alert_group_ids, "resolved", **options
        ),
        "deleted": groups.wait_until_deleted,
    }
