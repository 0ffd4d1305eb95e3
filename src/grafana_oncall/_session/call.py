"""One call: the attempts of an operation, until its effect is there, or the call must end."""

import asyncio
from collections.abc import Awaitable, Callable
from math import inf
from types import NoneType
from typing import Final, Generic, Protocol, TypeAlias, TypeVar, cast

import attrs

from grafana_oncall._codec.decode import decode
from grafana_oncall._codec.error_responses import SYNCING
from grafana_oncall._core.causes import is_unresolved
from grafana_oncall._core.request import API_ROOT, Request, Response, Result
from grafana_oncall._http.sender import Extensions
from grafana_oncall._http.surplus import drop
from grafana_oncall.errors import (
    ClientStateError,
    DecodeError,
    FilterIgnored,
    OnCallError,
    RateLimited,
    StatusError,
    TransportError,
)
from grafana_oncall.events import Paused

from .rate_limit import StorageAway
from .retry import (
    AlreadyApplied,
    Decision,
    Fail,
    Retry,
    decide,
    final_error,
    is_ambiguous,
    is_outage,
    outcome_unknown,
)
from .retry_policy import delay_of
from .state import Options, Shared
from .telemetry import Record
from .throttle import OutageTooLong, PauseTooLong

S = TypeVar("S")
T = TypeVar("T")


class Exchange(Protocol):
    """Sends a request as part of another call."""

    async def __call__(self, request: Request[S], /) -> Result[S]:
        """Its answer."""
        ...


Look: TypeAlias = Callable[[Exchange], Awaitable[Result[T] | None]]
"""Looks whether a call that is in doubt had its effect: the answer to give then, or None."""

Answered: TypeAlias = Callable[[], Awaitable[None]]
"""Awaited when an answer is there, before it is decoded."""


class Call(Generic[T]):
    """One call: attempts until its effect is there, or cannot be had, or cannot be established."""

    def __init__(
        self,
        shared: Shared,
        options: Options,
        request: Request[T],
        *,
        look: Look[T] | None = None,
        answered: Answered | None = None,
    ) -> None:
        self._shared = shared
        self._options = options
        self._request = request
        self._look = look
        self._answered = answered
        # With a way to look, even what must not be repeated blindly can be repeated.
        never = request.operation.retry == "never" and look is not None
        self._operation = (
            attrs.evolve(request.operation, retry="same") if never else request.operation
        )
        self._writes = request.operation.retry != "safe"
        self._record = Record(shared, request)
        self._now = asyncio.get_running_loop().time
        self._doubtful = False
        self._began = self._now()
        self._first_tried: float | None = None
        self._response: Response | None = None
        self._extensions: Extensions | None = None
        self._tried = 0
        self._waits = self._is_over = False
        self._pause = 0.0
        self._spent = 0

    async def run(self) -> Result[T]:
        """The answer, or the error with all its attempts."""
        record = self._record
        if record.followed:
            record.started()
        failure: str | None = None
        try:
            return await self._until_settled()
        except BaseException as error:
            failure = type(error).__name__
            told = self._told(error)
            if told is not None:
                record.add_to(told)
            raise
        finally:
            if record.followed:
                record.ended(failure)

    def _told(self, error: BaseException) -> OnCallError | None:
        """The error to tell the attempts with: of a cancelled write in doubt, its cause."""
        if isinstance(error, OnCallError):
            return error
        if isinstance(error, asyncio.CancelledError) and self._doubtful and self._writes:
            error.__cause__ = doubt = outcome_unknown(
                self._operation, "it was cancelled on its way."
            )
            return doubt
        return None

    async def _until_settled(self) -> Result[T]:
        while True:
            try:
                answer: Result[T] | None = await self._attempt()
            except OnCallError as error:
                answer = await self._after(error)
            if answer is not None:
                if self._shared.retry_budget.spent:
                    self._shared.retry_budget.give_back(self._spent)
                return answer

    async def _attempt(self) -> Result[T]:
        """Send one request through the throttle, which learns from the response first."""
        asked = self._now()
        episode = await self._enter()
        sent = self._now()
        self._first_tried = sent if self._first_tried is None else self._first_tried
        throttle, status, failure = self._shared.throttle, None, None
        self._extensions = None
        try:
            if self._operation.retry == "never" and throttle.outage.is_suspected:
                await self._probe(episode)
            response, self._extensions = await self._shared.round_trip(self._request, self._options)
            self._response = response
            status = response.status
            if status != 429:
                throttle.rate.success(sent)
            if status == 200 and self._answered is not None:
                await self._answered()
            answer = self._decoded(response)
            if not throttle.outage.is_calm:
                throttle.outage.success(episode, answered=True)
        except BaseException as error:
            failure = type(error).__name__
            self._learn(error, sent, episode)
            self._doubtful = self._doubtful or isinstance(error, asyncio.CancelledError)
            raise
        else:
            return answer
        finally:
            throttle.leave(episode)
            latency = self._now() - sent
            self._record.attempted(status, failure, waited=sent - asked, latency=latency)

    async def _probe(self, episode: int) -> None:
        """Reads something: what must not be repeated does not find out whether there is an outage.

        Otherwise each probe would leave one more write in doubt.
        """
        # It is seldom needed, and the models behind it are costly to make.
        from grafana_oncall._generated.operations.alert_groups import list_alert_groups  # noqa: PLC0415

        request, shared = list_alert_groups(perpage=1), self._shared
        try:
            response, _ = await shared.round_trip(request, self._options)
            decode(request, shared.wire.redacted(response))
        except ClientStateError:
            raise
        except OnCallError as error:
            if is_outage(error, shared.reach):
                words = f"nothing was sent, because a read that went ahead of it failed: {error}"
                kind = type(error) if isinstance(error, TransportError) else TransportError
                raise self._unreached(words, kind) from error
        shared.throttle.outage.success(episode)

    def _unreached(self, words: str, kind: type[TransportError] = TransportError) -> TransportError:
        operation = self._operation.id
        return kind(f"{operation}: {words}", operation=operation, sent=False)

    def _learn(self, error: BaseException, sent: float, episode: int) -> None:
        """What the failure tells about the server, for all calls."""
        if isinstance(error, RateLimited):
            self._throttled(error, sent)
        if isinstance(error, OnCallError) and is_outage(error, self._shared.reach):
            self._cut_off(error, episode)
        elif _is_oncalls(error):
            self._shared.throttle.outage.success(episode)

    def _cut_off(self, error: OnCallError, episode: int) -> None:
        """All calls pause, if this is an outage; its beginning and each longer pause are told."""
        shared, background = self._shared, self._options.background
        is_news = shared.throttle.failed(
            episode,
            delay=lambda number: delay_of(error, number, self._options.retry, shared.random),
            reason=_reason(error),
            words=str(error),
            unresolved=is_unresolved(error),
        )
        seconds = shared.throttle.pause_left(background=background)
        if is_news and (seconds > 1 or episode < shared.throttle.outage.episode):
            shared.emit(Paused(seconds=seconds, reason=shared.throttle.outage.reason))

    def _decoded(self, response: Response) -> Result[T]:
        """The answer; an error's text never repeats the token."""
        try:
            return Result(value=decode(self._request, response), response=response)
        except OnCallError:
            self._response = redacted = self._shared.wire.redacted(response)
            if redacted is response:
                raise
        return Result(value=decode(self._request, redacted), response=redacted)

    async def _enter(self) -> int:
        """Waits for a place, and for the client's own rate limit."""
        shared, first, asked = self._shared, False, self._now()
        patience = self._options.retry.deadline
        if self._first_tried is not None:
            patience -= asked - self._first_tried
        while True:
            try:
                episode = await shared.throttle.enter(
                    self._options.caller, began=self._began, first=first, patience=patience
                )
            except PauseTooLong as pause:
                raise self._paused(pause.seconds) from None
            except OutageTooLong:
                self._is_over = True
                raise self._unreached(self._without_end()) from None
            if shared.limiter is None:
                return episode
            try:
                seconds = await shared.limiter.take()
            except BaseException as error:
                failure = self._uncounted(error, asked, episode)
                shared.throttle.leave(episode)
                if failure is None:
                    raise
                raise failure from error
            if not seconds:
                return episode
            is_news = shared.throttle.pause(seconds)
            shared.throttle.leave(episode)
            first = True
            if is_news:
                shared.emit(Paused(seconds=seconds, reason="rate_limit"))

    def _uncounted(self, error: BaseException, asked: float, episode: int) -> OnCallError | None:
        """The failure of an attempt before which Redis did not answer."""
        if not isinstance(error, StorageAway):
            return None
        now = self._now()
        self._first_tried = now if self._first_tried is None else self._first_tried
        failure = self._unreached(str(error))
        failure.__cause__ = error
        self._cut_off(failure, episode)
        self._record.attempted(None, type(failure).__name__, waited=now - asked, latency=0.0)
        return failure

    def _without_end(self) -> str:
        """What to tell of an outage that lasts longer than this call waits."""
        outage = self._shared.throttle.outage
        what = _WHAT[outage.reason].format(host=self._shared.wire.host)
        return (
            f"{what} for {outage.lasted(self._now()):.0f} s; nothing was sent. "
            f"The last failure: {outage.words}"
        )

    def _throttled(self, error: RateLimited, sent: float) -> None:
        """All calls pause; the first of an episode tells it."""
        now, rate = self._now(), self._shared.throttle.rate
        before = max(now, rate.paused_until)
        self._pause = rate.throttled(now, error.reset_after, sent=sent)
        self._shared.throttle.fail_impatient_waiters()
        if rate.paused_until > before + 1:
            reason = "unknown_stack" if SYNCING in error.detail else "throttled"
            self._shared.emit(Paused(seconds=self._pause, reason=reason))

    def _paused(self, seconds: float) -> RateLimited:
        """The error of a call for which the server's pause is too long."""
        self._pause = inf  # whatever rounding says, there is no time left to try again
        return RateLimited(
            status=429,
            detail=f"all calls of this client pause for {seconds:.0f} s after a 429",
            fields={},
            operation=self._operation.id,
            method=self._operation.method,
            path=f"/{API_ROOT}{self._request.path}",
            hint="this request was not sent; come back later, or raise RetryPolicy.deadline.",
            reset_after=seconds,
        )

    async def _after(self, error: OnCallError) -> Result[T] | None:
        """The answer if the effect is there, None to try again; raises when the call is over."""
        # An answer of the wrong shape to a write: something was done, but what?
        misread = self._writes and isinstance(error, DecodeError)
        misled = isinstance(error, DecodeError | FilterIgnored)
        if misled and self._extensions is not None:
            await drop(self._extensions)
        self._doubtful = self._doubtful or is_ambiguous(error) or misread
        decision = self._decide(error)
        if isinstance(decision, Retry):
            await self._wait(error, decision.delay)
        found = await self._found(error)
        if found is not None:
            return found
        match decision:
            case Retry():
                return None
            case AlreadyApplied() if (
                self._request.returns is NoneType and self._response is not None
            ):
                return Result(value=cast("T", None), response=self._response)
            case AlreadyApplied():
                raise self._final(error)
            case Fail(last):
                raise last

    def _decide(self, error: OnCallError) -> Decision:
        if self._is_over:
            return Fail(self._final(error))
        shared, options = self._shared, self._options
        passing = is_outage(error, shared.reach)
        outage = passing and shared.throttle.outage.is_on
        is_patient = options.background and options.retry.max_attempts > 1
        self._waits = outage and is_patient
        if self._waits:
            self._pause = shared.throttle.pause_left(background=True)
        elif not isinstance(error, RateLimited):
            self._tried += 1
        decision = decide(
            self._operation,
            error,
            attempt=self._tried,
            doubtful=self._doubtful,
            elapsed=0.0 if self._first_tried is None else self._now() - self._first_tried,
            pause=self._pause,
            waits=self._waits,
            reach=shared.reach,
            policy=options.retry,
            random=shared.random,
        )
        if isinstance(decision, Fail) and outage:
            return Fail(self._told_how_long(decision.error))
        if isinstance(decision, Retry):
            # In the background, the throttle prevents a storm of retries in an outage.
            cost = 0 if passing and is_patient else shared.retry_budget.take(error)
            if cost is None:
                return Fail(self._final(error))
            self._spent += cost
        return decision

    def _told_how_long(self, error: OnCallError) -> OnCallError:
        """The same error; that of a call that was never sent tells for how long nothing was."""
        is_short = self._shared.throttle.outage.lasted(self._now()) < 1
        if not isinstance(error, TransportError) or error.sent or is_short:
            return error
        told = type(error)(
            f"{error.operation}: {self._without_end()}", operation=error.operation, sent=False
        )
        told.__cause__ = error.__cause__
        return told

    async def _found(self, error: OnCallError) -> Result[T] | None:
        """Looks for the effect of a call that is in doubt."""
        is_futile = self._is_over or isinstance(error, RateLimited)
        if self._look is None or not self._doubtful or is_futile:
            return None
        try:
            return await self._look(self._exchange)
        except OnCallError as failure:
            raise self._final(failure) from failure

    async def _exchange(self, request: Request[S], /) -> Result[S]:
        """Part of this call, and so allowed while the client closes."""
        return await Call(self._shared, self._options, request).run()

    async def _wait(self, error: OnCallError, delay: float) -> None:
        self._record.goes_on(error, delay)
        if self._waits or isinstance(error, RateLimited):
            return  # the throttle makes all tasks wait
        try:
            await self._shared.sleep(delay)
        except ClientStateError as ended:
            raise self._final(ended) from error

    def _final(self, error: OnCallError) -> OnCallError:
        return final_error(self._operation, error, doubtful=self._doubtful)


_WHAT: Final = {
    "unreachable": "no connection to {host}",
    "unavailable": "no answer of OnCall's from {host}",
    "rate_limit_storage": "no answer from the Redis of rate_limit_storage=",
}
"""What there is none of in an outage, by the reason of its pauses."""


def _reason(error: OnCallError) -> str:
    if isinstance(error.__cause__, StorageAway):
        return "rate_limit_storage"
    return "unreachable" if isinstance(error, TransportError) else "unavailable"


def _is_oncalls(error: BaseException) -> bool:
    """Whether it is OnCall itself that has answered so."""
    return (isinstance(error, StatusError) and not error.is_gateway) or (
        isinstance(error, DecodeError) and error.path is not None
    )
