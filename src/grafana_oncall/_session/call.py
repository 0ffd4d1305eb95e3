"""One call: attempts of an operation, until it has had its effect, or the call must end.

How it works, and why it is safe. `Attempts` sends, `decide` says what follows a failure, and this
loop does it: wait and retry, return, or raise. Where an attempt may have had its effect (it is
`doubtful`), the effect is looked for by a read-back first, if the caller knows one; so even an
operation that must not be repeated blindly can be retried. A write that ends in doubt raises
`OutcomeUnknown`; one that is cancelled in flight stays cancelled, with `OutcomeUnknown` as the
cause of its CancelledError.
"""

import asyncio
from collections.abc import Awaitable, Callable
from types import NoneType
from typing import Any, Generic, Protocol, TypeAlias, TypeVar, cast

import attrs

from grafana_oncall._core.request import Request, Result
from grafana_oncall._http.sender import drop
from grafana_oncall.errors import (
    ClientStateError,
    DecodeError,
    FilterIgnored,
    OnCallError,
    RateLimited,
    TransportError,
    Unauthorized,
)

from .attempts import Attempts
from .retry import (
    AlreadyApplied,
    Decision,
    Fail,
    Retry,
    decide,
    final_error,
    is_outage,
    outcome_unknown,
)
from .state import Options, Shared
from .telemetry import CallTelemetry

S = TypeVar("S")
T = TypeVar("T")


class Send(Protocol):
    """Sends a request as part of another call."""

    async def __call__(self, request: Request[S], /) -> Result[S]:
        """Return its result."""
        ...


ReadBack: TypeAlias = Callable[[Send], Awaitable[Result[T] | None]]
"""Reads whether a call that is in doubt has had its effect: the result to return then, or None."""


class Call(Generic[T]):
    """One call of an operation."""

    def __init__(
        self,
        shared: Shared,
        options: Options,
        request: Request[T],
        *,
        read_back: ReadBack[T] | None = None,
    ) -> None:
        if read_back is not None and request.operation.retry == "never":
            operation = attrs.evolve(request.operation, retry="same")
            request = attrs.evolve(request, operation=operation)
        self._shared = shared
        self._options = options
        self._request = request
        self._read_back = read_back
        self._telemetry = CallTelemetry(shared, request)
        self._attempts = Attempts(shared, options, request, self._telemetry)
        self._attempt = 0
        """Number of the last attempt that counts."""
        self._waits = False
        """Whether the throttle does the waiting, until an outage is over."""
        self._has_new_token = False
        """Whether it is being retried with another token than the one that was refused."""
        self._cost = 0
        """What the retries so far took from the retry budget."""

    async def run(self) -> Result[T]:
        """Return the result; raise an OnCallError with all attempts."""
        telemetry, budget = self._telemetry, self._shared.retry_budget
        if telemetry.is_followed:
            telemetry.call_started()
        failure: BaseException | None = None
        try:
            while True:
                try:
                    result: Result[T] | None = await self._attempts.send()
                except OnCallError as error:
                    result = await self._after_failure(error)
                if result is not None:
                    if budget.spent:
                        budget.give_back(self._cost)
                    return result
        except BaseException as error:
            failure = error
            annotated = self._error_to_annotate(error)
            if annotated is not None:
                telemetry.annotate(annotated)
            raise
        finally:
            if telemetry.is_followed:
                telemetry.call_ended(failure)
            del failure  # its traceback holds this frame

    def _error_to_annotate(self, error: BaseException) -> OnCallError | None:
        """The error to put the attempts into: the cause of a cancelled write that is in doubt."""
        if isinstance(error, OnCallError):
            return error
        operation = self._request.operation
        is_in_doubt = self._attempts.doubtful and operation.retry != "safe"
        if isinstance(error, asyncio.CancelledError) and is_in_doubt:
            error.__cause__ = doubt = outcome_unknown(operation, "it was cancelled in flight.")
            return doubt
        return None

    async def _after_failure(self, error: OnCallError) -> Result[T] | None:
        """Return the result if the effect is there, None to try again; raise to end the call."""
        if isinstance(error, DecodeError | FilterIgnored):
            # What follows on this connection may be out of step as well.
            await drop(self._attempts.connection)
        if isinstance(error, Unauthorized) and await self._get_new_token(error):
            return None
        decision = self._decide(error)
        if isinstance(decision, Retry):
            await self._wait(error, decision.delay)
        found = await self._look_for_effect(error)
        if found is not None:
            return found
        match decision:
            case Retry():
                return None
            case AlreadyApplied():
                response = self._attempts.response
                if response is None or self._request.returns not in {NoneType, Any}:
                    raise self._final_error(error)
                return Result(value=cast("T", None), response=response)
            case Fail(last):
                raise last

    async def _get_new_token(self, error: Unauthorized) -> bool:
        """Whether to try again, once, with another token; the refused attempt had no effect."""
        refused = self._attempts.token
        if refused is None or self._has_new_token:
            return False
        try:
            self._has_new_token = await self._attempts.get_token(refused)
        except OnCallError as failure:
            ended = self._final_error(failure)
            raise ended from ended.__cause__
        if self._has_new_token:
            self._telemetry.retry_scheduled(error, 0.0)
        return self._has_new_token

    def _decide(self, error: OnCallError) -> Decision:
        if self._attempts.outage_too_long:
            return Fail(self._final_error(error))
        shared, options = self._shared, self._options
        may_be_outage = is_outage(error, shared.reach)
        in_outage = may_be_outage and shared.throttle.outage.is_on
        is_patient = options.background and options.retry.max_attempts > 1
        self._waits = in_outage and is_patient
        if not self._waits and not isinstance(error, RateLimited):
            self._attempt += 1
        decision = decide(
            self._request.operation,
            error,
            attempt=self._attempt,
            doubtful=self._attempts.doubtful,
            elapsed=self._attempts.elapsed(),
            pause=(
                shared.throttle.pause_left(background=True) if self._waits else self._attempts.pause
            ),
            waits=self._waits,
            reach=shared.reach,
            policy=options.retry,
            random=shared.random,
        )
        if isinstance(decision, Fail) and in_outage:
            return Fail(self._with_outage_message(decision.error))
        if isinstance(decision, Retry):
            # In the background, the throttle prevents a storm of retries in an outage.
            cost = 0 if may_be_outage and is_patient else shared.retry_budget.take(error)
            if cost is None:
                return Fail(self._final_error(error))
            self._cost += cost
        return decision

    def _with_outage_message(self, error: OnCallError) -> OnCallError:
        """The same error; if its request was never sent, it says how long the outage has lasted."""
        is_short = self._shared.throttle.outage.lasted(asyncio.get_running_loop().time()) < 1
        if not isinstance(error, TransportError) or error.sent or is_short:
            return error
        longer = type(error)(
            f"{error.operation}: {self._attempts.outage_message()}",
            operation=error.operation,
            sent=False,
        )
        longer.__cause__ = error.__cause__
        return longer

    async def _look_for_effect(self, error: OnCallError) -> Result[T] | None:
        """Read back whether a call that is in doubt has had its effect."""
        is_futile = self._attempts.outage_too_long or isinstance(error, RateLimited)
        if self._read_back is None or not self._attempts.doubtful or is_futile:
            return None
        try:
            return await self._read_back(self._send)
        except OnCallError as failure:
            raise self._final_error(failure) from failure

    async def _send(self, request: Request[S], /) -> Result[S]:
        """Send a request as part of this call, also while the client closes."""
        return await Call(self._shared, self._options, request).run()

    async def _wait(self, error: OnCallError, delay: float) -> None:
        self._telemetry.retry_scheduled(error, delay)
        if self._waits or isinstance(error, RateLimited):
            return  # the throttle makes all tasks wait
        try:
            await self._shared.sleep(delay)
        except ClientStateError as ended:
            raise self._final_error(ended) from error

    def _final_error(self, error: OnCallError) -> OnCallError:
        return final_error(self._request.operation, error, doubtful=self._attempts.doubtful)
