"""Calls that are refused before anything is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import respx

from grafana_oncall import OnCallClient
from grafana_oncall.errors import InvalidArgument

GROUP = "I68T24C13IFW1"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SURROGATE = "\ud800"
Call = Callable[[OnCallClient, Any], Any]


async def refused(
    wire: respx.MockRouter,
    client: OnCallClient,
    call: Callable[[OnCallClient], Any],
    kind: type[InvalidArgument] = InvalidArgument,
) -> InvalidArgument:
    """The error of a call, which is of exactly this class, and sent nothing."""
    with pytest.raises(InvalidArgument) as caught:
        await _awaited(call(client))
    assert type(caught.value) is kind
    assert wire.calls.call_count == 0
    return caught.value


async def _awaited(result: Any) -> None:
    if isinstance(result, Awaitable):
        await result
