"""Faults, and their effects."""

from __future__ import annotations

from datetime import timedelta

import pytest

from grafana_oncall.testing import FakeOnCall, html, status

SECOND = timedelta(seconds=1)
PAGES = [
    pytest.param(status(503), 503, id="503"),
    pytest.param(status(504, applied=True), 504, id="504 after it was applied"),
    pytest.param(html(), 200, id="HTML"),
    pytest.param(html(applied=True), 200, id="HTML after it was applied"),
]


def acknowledge(fake: FakeOnCall) -> str:
    """The path that acknowledges a new group."""
    return f"alert_groups/{fake.add_group().id}/acknowledge/"


def acknowledged(fake: FakeOnCall) -> bool:
    """Whether the one group is acknowledged."""
    return next(iter(fake.groups.values())).state == "acknowledged"
