"""Rates after this many responses, and throttles that are entered, left, and paused."""

import asyncio
import inspect
import sys
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from types import FrameType
from typing import Any

import attrs

from grafana_oncall._session.rate_estimate import RateEstimate
from grafana_oncall._session.throttle import Caller, Throttle
from tests.support.virtual_time import loop


def served(count: int, *, width: int = 8, now: float = 0.0) -> RateEstimate:
    """A rate estimate after this many successes."""
    rate = RateEstimate(max_in_flight=width)
    for _ in range(count):
        rate.success(now)
    return rate


def room(rate: RateEstimate, now: float = 0.0) -> int:
    """How many requests it lets in flight at once."""
    in_flight = 0
    while rate.admits(now, in_flight):
        in_flight += 1
    return in_flight


@asynccontextmanager
async def place(throttle: Throttle, *, background: bool = False) -> AsyncGenerator[None]:
    """Take a place, as the session does."""
    await throttle.enter(Caller(background=background))
    try:
        yield
    finally:
        throttle.leave()


async def turn() -> None:
    """Run every task that is ready."""
    for _ in range(5):
        await asyncio.sleep(0)


def hold(throttle: Throttle, seconds: float) -> None:
    """Pause the throttle by the client's own rate limit."""
    throttle.pause(seconds)


def refuse(throttle: Throttle, seconds: float) -> None:
    """Pause it by a 429, after a burst large enough to count."""
    throttle.rate.served = 120
    assert throttle.rate.throttled(loop().time(), seconds) == seconds


@attrs.define
class Lines:
    """How many have run."""

    total: int = 0


@contextmanager
def counted_lines(of: type) -> Generator[Lines]:
    """Count the lines that run in the module of this class: work, without a clock."""
    lines, file, before = Lines(), inspect.getfile(of), sys.gettrace()

    def trace(frame: FrameType, event: str, _: object) -> Callable[..., Any] | None:
        if frame.f_code.co_filename != file:
            return None
        lines.total += event == "line"
        return trace

    sys.settrace(trace)
    try:
        yield lines
    finally:
        sys.settrace(before)
