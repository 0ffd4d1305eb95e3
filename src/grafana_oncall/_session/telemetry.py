"""What is told of a call: its attempts by its error, all of it by events."""

import asyncio
from typing import Any

import attrs

from grafana_oncall._core.request import Request
from grafana_oncall.errors import Attempt, OnCallError
from grafana_oncall.events import AttemptEnded, CallEnded, CallStarted, RetryScheduled, is_heard

from .state import Shared


class Record:
    """The attempts of one call so far, and the events of it as they happen. Times in seconds."""

    def __init__(self, shared: Shared, request: Request[Any]) -> None:
        self.attempts: list[Attempt] = []
        # As a rule nobody follows the calls, and their events need not be made.
        self.followed = is_heard(CallStarted, shared.listener)
        """Whether anybody hears of what is not out of the ordinary."""
        self._shared = shared
        self._request = request
        self._number = shared.next_number()
        self._now = asyncio.get_running_loop().time
        self._began = self._now()

    def started(self) -> None:
        """The call begins."""
        operation = self._request.operation
        self._shared.emit(
            CallStarted(
                call=self._number,
                operation=operation.id,
                method=operation.method,
                path=self._request.path,
            )
        )

    def attempted(
        self, status: int | None, error: str | None, *, waited: float, latency: float
    ) -> None:
        """One request was answered, or failed."""
        number = len(self.attempts) + 1
        self.attempts.append(
            Attempt(number=number, status=status, error=error, waited=waited, latency=latency)
        )
        if self.followed:
            self._shared.emit(
                AttemptEnded(
                    call=self._number,
                    operation=self._request.operation.id,
                    attempt=number,
                    status=status,
                    error=error,
                    waited=waited,
                    latency=latency,
                )
            )

    def goes_on(self, error: OnCallError, delay: float) -> None:
        """Another attempt follows the last one, which ended with this error."""
        self.attempts[-1] = attrs.evolve(self.attempts[-1], delay=delay)
        self._shared.emit(
            RetryScheduled(
                call=self._number,
                operation=self._request.operation.id,
                attempt=len(self.attempts),
                delay=delay,
                error=type(error).__name__,
            )
        )

    def ended(self, error: str | None) -> None:
        """The call is over."""
        self._shared.emit(
            CallEnded(
                call=self._number,
                operation=self._request.operation.id,
                attempts=len(self.attempts),
                elapsed=self._now() - self._began,
                error=error,
            )
        )

    def add_to(self, error: OnCallError) -> None:
        """The error that the call ends with tells all attempts."""
        error.attempts = tuple(self.attempts)
        error.elapsed = self._now() - self._began
