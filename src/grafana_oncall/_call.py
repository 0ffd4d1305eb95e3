"""One call: the attempts of an operation, until its effect is there, or the call must end."""

import asyncio
from collections.abc import Awaitable, Callable
from math import inf
from types import NoneType
from typing import Generic, Protocol, TypeAlias, TypeVar, cast

import attrs

from ._codec import decode
from ._pacing import PauseTooLong
from ._record import Record
from ._refusal import SYNCING
from ._request import API_ROOT, Answer, Request, Response
from ._retry import Again, GiveUp, Settled, Verdict, after, final, in_doubt, is_ambiguous
from ._shared import Options, Shared
from ._wire import Received
from .errors import ClientStateError, DecodeError, FilterIgnored, OnCallError, RateLimited
from .events import Paused

S = TypeVar("S")
T = TypeVar("T")


class Exchange(Protocol):
    """Sends a request as part of another call."""

    async def __call__(self, request: Request[S], /) -> Answer[S]:
        """Its answer."""
        ...


Look: TypeAlias = Callable[[Exchange], Awaitable[Answer[T] | None]]
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
        never = request.operation.repeat == "never" and look is not None
        self._operation = (
            attrs.evolve(request.operation, repeat="same") if never else request.operation
        )
        self._writes = request.operation.repeat != "safe"
        self._record = Record(shared, request)
        self._now = asyncio.get_running_loop().time
        self._doubtful = False
        self._first_sent: float | None = None
        self._response: Response | None = None
        self._received: Received | None = None
        self._pause = 0.0
        self._spent = 0

    async def run(self) -> Answer[T]:
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
            error.__cause__ = doubt = in_doubt(self._operation, "it was cancelled on its way.")
            return doubt
        return None

    async def _until_settled(self) -> Answer[T]:
        while True:
            try:
                answer: Answer[T] | None = await self._attempt()
            except OnCallError as error:
                answer = await self._after(error)
            if answer is not None:
                self._shared.quota.give_back(self._spent)
                return answer

    async def _attempt(self) -> Answer[T]:
        """One request, through the gate; the gate learns from the answer before it opens again."""
        asked = self._now()
        spent = 0.0 if self._first_sent is None else asked - self._first_sent
        await self._enter(patience=self._options.retry.deadline - spent)
        sent = self._now()
        if self._first_sent is None:
            self._first_sent = sent
        gate, status, failure = self._shared.gate, None, None
        self._received = None
        try:
            self._received = await self._shared.round_trip(self._request, self._options)
            self._response = response = self._received.response
            status = response.status
            if status != 429:
                gate.pace.success(sent)
            if status == 200 and self._answered is not None:
                await self._answered()
            return self._decoded(response)
        except BaseException as error:
            failure = type(error).__name__
            if isinstance(error, RateLimited):
                self._throttled(error, sent)
            self._doubtful = self._doubtful or isinstance(error, asyncio.CancelledError)
            raise
        finally:
            gate.leave()
            latency = self._now() - sent
            self._record.attempted(status, failure, waited=sent - asked, latency=latency)

    def _decoded(self, response: Response) -> Answer[T]:
        """The answer; an error's text never repeats the token."""
        try:
            return Answer(value=decode(self._request, response), response=response)
        except OnCallError:
            self._response = redacted = self._shared.wire.redacted(response)
            if redacted is response:
                raise
        return Answer(value=decode(self._request, redacted), response=redacted)

    async def _enter(self, *, patience: float) -> None:
        """Waits for a place, and for the client's own rate limit."""
        shared, first = self._shared, False
        while True:
            try:
                await shared.gate.enter(
                    background=self._options.background, first=first, patience=patience
                )
            except PauseTooLong as pause:
                raise self._paused(pause.seconds) from None
            if shared.limiter is None:
                return
            try:
                seconds = await shared.limiter.take()
            except BaseException:
                shared.gate.leave()
                raise
            if not seconds:
                return
            is_news = shared.gate.hold(seconds)
            shared.gate.leave()
            first = True
            if is_news:
                shared.emit(Paused(seconds=seconds, reason="rate_limit"))

    def _throttled(self, error: RateLimited, sent: float) -> None:
        """All calls pause; the first of an episode tells it."""
        now, pace = self._now(), self._shared.gate.pace
        before = max(now, pace.paused_until)
        self._pause = pace.throttled(now, error.reset_after, sent=sent)
        self._shared.gate.turn_away()
        if pace.paused_until > before + 1:
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

    async def _after(self, error: OnCallError) -> Answer[T] | None:
        """The answer if the effect is there, None to try again; raises when the call is over."""
        # An answer of the wrong shape to a write: something was done, but what?
        misread = self._writes and isinstance(error, DecodeError)
        misled = isinstance(error, DecodeError | FilterIgnored)
        if misled and self._received is not None:
            await self._received.distrust()
        self._doubtful = self._doubtful or is_ambiguous(error) or misread
        verdict = self._verdict(error)
        if isinstance(verdict, Again):
            await self._wait(error, verdict.delay)
        found = await self._found(error)
        if found is not None:
            return found
        match verdict:
            case Again():
                return None
            case Settled() if self._request.returns is NoneType and self._response is not None:
                return Answer(value=cast("T", None), response=self._response)
            case Settled():
                raise self._final(error)
            case GiveUp(last):
                raise last

    def _verdict(self, error: OnCallError) -> Verdict:
        verdict = after(
            self._operation,
            error,
            attempt=sum(one.status != 429 for one in self._record.attempts),
            doubtful=self._doubtful,
            elapsed=0.0 if self._first_sent is None else self._now() - self._first_sent,
            pause=self._pause,
            policy=self._options.retry,
            random=self._shared.random,
        )
        if isinstance(verdict, Again):
            cost = self._shared.quota.take(error)
            if cost is None:
                return GiveUp(self._final(error))
            self._spent += cost
        return verdict

    async def _found(self, error: OnCallError) -> Answer[T] | None:
        """Looks for the effect of a call that is in doubt."""
        if self._look is None or not self._doubtful or isinstance(error, RateLimited):
            return None
        try:
            return await self._look(self._exchange)
        except OnCallError as failure:
            raise self._final(failure) from failure

    async def _exchange(self, request: Request[S], /) -> Answer[S]:
        """Part of this call, and so allowed while the client closes."""
        return await Call(self._shared, self._options, request).run()

    async def _wait(self, error: OnCallError, delay: float) -> None:
        self._record.goes_on(error, delay)
        if isinstance(error, RateLimited):
            return  # the gate makes all tasks wait
        try:
            await self._shared.sleep(delay)
        except ClientStateError as ended:
            raise self._final(ended) from error

    def _final(self, error: OnCallError) -> OnCallError:
        return final(self._operation, error, doubtful=self._doubtful)
