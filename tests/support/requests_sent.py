"""The one request that a call makes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx
import respx


async def sent_by(
    wire: respx.MockRouter,
    call: Callable[[], Awaitable[object]],
    response: httpx.Response,
) -> tuple[httpx.Request, object]:
    """The one request that a call makes, and its result."""
    wire.route().mock(return_value=response)
    result = await call()
    assert wire.calls.call_count == 1
    return wire.calls.last.request, result
