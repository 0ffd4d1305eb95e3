"""Calling a handler until it succeeds, or until a policy gives up."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from grafana_oncall._core.aio import in_own_task, is_cancelled
from grafana_oncall._session.retry import RetryPolicy, backoff_limit

T = TypeVar("T")

_logger: Final = logging.getLogger("grafana_oncall")


async def call_with_retries(
    handler: Callable[[T], Awaitable[object]],
    given: T,
    *,
    policy: RetryPolicy,
    random: Callable[[], float],
) -> Exception | None:
    """What the last attempt that the policy allows raised; None when one succeeded."""
    attempt = 1
    while (failure := await _failure(handler, given)) is not None and attempt < policy.max_attempts:
        _logger.info("Handler %s failed, and is called again: %r", name_of(handler), failure)
        await asyncio.sleep(random() * backoff_limit(policy, attempt))
        attempt += 1
    return failure


def name_of(handler: Callable[..., Any]) -> str:
    """As logs and dead letters name it."""
    return getattr(handler, "__qualname__", repr(handler))


async def _failure(handler: Callable[[T], Awaitable[object]], given: T) -> Exception | None:
    """What one attempt raised. A cancellation of the task goes on, whatever became of it."""
    failure: Exception | None = None
    try:
        await in_own_task(handler(given))
    except Exception as error:  # noqa: BLE001  # whatever a handler does, the bot lives
        failure = error
    except asyncio.CancelledError as error:
        if is_cancelled():
            raise
        failure = RuntimeError(f"it raised {error!r} by itself")
    if is_cancelled():
        raise asyncio.CancelledError from failure
    return failure
