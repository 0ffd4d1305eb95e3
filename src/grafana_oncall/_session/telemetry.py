"""What a call reports about itself: its attempts in its error, and events as they happen."""

import asyncio
from itertools import count
from typing import Any, Final

import attrs

from grafana_oncall._core.request import Request
from grafana_oncall.errors import Attempt, OnCallError
from grafana_oncall.events import AttemptEnded, CallEnded, CallStarted, RetryScheduled, logger

from .state import Shared

_numbers: Final = count(1)
"""Of calls: one sequence for all clients of a process, so that listeners can tell calls apart."""


class CallTelemetry:
    """Records the attempts of one call, and emits its events. Times in seconds."""

    def __init__(self, shared: Shared, request: Request[Any]) -> None:
        self.is_followed = bool(shared.listeners) or logger.isEnabledFor(CallStarted.level)
        """Whether the events of an ordinary call are heard; usually not, and none are made."""
        self._shared = shared
        self._request = request
        self._number = next(_numbers)
        self._attempts: list[Attempt] = []
        self._now = asyncio.get_running_loop().time
        self._began = self._now()

    def call_started(self) -> None:
        """Emit CallStarted."""
        operation = self._request.operation
        self._shared.emit(
            CallStarted(
                call=self._number,
                operation=operation.id,
                method=operation.method,
                path=self._request.path,
            )
        )

    def attempt_ended(
        self, status: int | None, error: BaseException | None, *, waited: float, latency: float
    ) -> None:
        """Record an attempt, and emit AttemptEnded. Without followers, only failures need it."""
        attempt = Attempt(
            number=len(self._attempts) + 1,
            status=status,
            error=None if error is None else type(error).__name__,
            waited=waited,
            latency=latency,
        )
        self._attempts.append(attempt)
        if self.is_followed:
            self._shared.emit(
                AttemptEnded(
                    call=self._number,
                    operation=self._request.operation.id,
                    attempt=attempt.number,
                    status=status,
                    error=attempt.error,
                    waited=waited,
                    latency=latency,
                )
            )

    def retry_scheduled(self, error: OnCallError, delay: float) -> None:
        """Emit RetryScheduled, after an attempt that ended with this error."""
        self._attempts[-1] = attrs.evolve(self._attempts[-1], delay=delay)
        self._shared.emit(
            RetryScheduled(
                call=self._number,
                operation=self._request.operation.id,
                attempt=len(self._attempts),
                delay=delay,
                error=type(error).__name__,
            )
        )

    def call_ended(self, error: BaseException | None) -> None:
        """Emit CallEnded."""
        self._shared.emit(
            CallEnded(
                call=self._number,
                operation=self._request.operation.id,
                attempts=len(self._attempts),
                elapsed=self._now() - self._began,
                error=None if error is None else type(error).__name__,
            )
        )

    def annotate(self, error: OnCallError) -> None:
        """Put the attempts into the error that the call ends with."""
        error.attempts = tuple(self._attempts)
        error.elapsed = self._now() - self._began
