"""The attempts of one call: each passes the throttle, is sent once, and teaches it something.

How it works, and why it is safe. An attempt takes a place in the throttle, and then a request from
the client's own rate limit, if there is one; if that is used up, the place is given back, all calls
pause, and this one waits before all others. Whatever ends the attempt, its place is given back, and
the throttle learns from it first: a 429 pauses all calls, also those of other clients with the same
Redis; an outage does after the second failure in a row, and any response of OnCall's own ends it.

A write that must not be repeated never probes an outage: each probe would leave one more write in
doubt. A read is sent ahead of it, and if that fails, nothing of the write was sent.

`doubtful` is set when an attempt may have had its effect although it failed, and is never unset.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from math import inf
from typing import Generic, TypeVar

from grafana_oncall._codec.decode import decode
from grafana_oncall._codec.error_responses import SYNCING
from grafana_oncall._core.causes import is_unresolved
from grafana_oncall._core.request import Request, Response, Result
from grafana_oncall._core.secret import Secret
from grafana_oncall._http.sender import Connection
from grafana_oncall.errors import (
    ClientStateError,
    DecodeError,
    OnCallError,
    RateLimited,
    TransportError,
)
from grafana_oncall.events import Paused

from .rate_limit import Limiter
from .redis_window import SharedPause, StorageAway
from .retry import is_ambiguous, is_from_oncall, is_outage
from .retry_policy import retry_delay
from .state import Options, Shared
from .telemetry import CallTelemetry
from .throttle import OutageTooLong, PauseTooLong
from .unsent import outage_message, pause_error, unsent_error

T = TypeVar("T")


class Attempts(Generic[T]):
    """Sends the request of one call, as often as it is asked to."""

    def __init__(
        self,
        shared: Shared,
        options: Options,
        request: Request[T],
        telemetry: CallTelemetry,
    ) -> None:
        self.first_sent: float | None = None
        """When the first attempt was sent."""
        self.response: Response | None = None
        """Of the last attempt, if there was one."""
        self.connection: Connection | None = None
        """On which it came, unless that is shared."""
        self.doubtful = False
        """Whether an attempt may have had its effect although it failed."""
        self.pause = 0.0
        """Seconds for which all calls pause after the last 429."""
        self.outage_too_long = False
        """Whether the call has waited for the end of an outage for as long as it may."""
        self.token: Secret[str] | None = None
        """With which the last attempt was sent, unless there is only one."""
        self._shared = shared
        self._options = options
        self._request = request
        self._telemetry = telemetry
        self._now = asyncio.get_running_loop().time
        self._began = self._now()

    async def send(self) -> Result[T]:
        """Send the request once, through the throttle; raise an OnCallError when that fails."""
        shared, asked = self._shared, self._now()
        if shared.credentials is not None:
            await self.get_token()
        throttle, episode = shared.throttle, await self._enter()
        sent = self._now()
        if self.first_sent is None:
            self.first_sent = sent
        self.response = self.connection = None
        try:
            if shared.credentials is not None:
                self.token = shared.credentials.of(self._request.operation).current
            if self._request.operation.retry == "never" and throttle.outage.is_suspected:
                await self._read_ahead(episode)
            response, self.connection = await shared.round_trip(
                self._request, self._options, self.token
            )
            self.response = response
            if response.status != 429:
                throttle.rate.success(sent)
            result = self._decoded(response)
            if not throttle.outage.is_calm:
                throttle.outage.success(episode, answered=True)
        except BaseException as error:
            self._learn(error, sent, episode)
            self._report(error, asked, sent)
            if isinstance(error, RateLimited):
                await self._share_pause()
            raise
        finally:
            throttle.leave(episode)
        if self._telemetry.is_followed:
            self._report(None, asked, sent)
        return result

    async def get_token(self, refused: Secret[str] | None = None) -> bool:
        """Have the token of the operation; return whether it is another than the refused one."""
        if self._shared.credentials is None:
            return False
        token = self._shared.credentials.of(self._request.operation)
        return await self._shared.get_token(token, self._options, refused)

    def elapsed(self) -> float:
        """Seconds since the first attempt was sent; 0.0 before."""
        return 0.0 if self.first_sent is None else self._now() - self.first_sent

    def outage_message(self) -> str:
        """Say how long the present outage has lasted, and what its last failure was."""
        shared, operation = self._shared, self._request.operation
        return outage_message(shared.throttle.outage, self._now(), operation, shared.target.host)

    async def _enter(self) -> int:
        """Wait for a place in the throttle, and for the client's own rate limit."""
        shared, first, asked = self._shared, False, self._now()
        patience = self._options.retry.deadline
        if self.first_sent is not None:
            patience -= asked - self.first_sent
        while True:
            try:
                episode = await shared.throttle.enter(
                    self._options.caller,
                    began=self._began,
                    first=first,
                    patience=patience,
                )
            except PauseTooLong as pause:
                self.pause = inf  # so that no rounding leaves time for another attempt
                raise pause_error(self._request, pause.seconds) from None
            except OutageTooLong:
                self.outage_too_long = True
                words = self.outage_message()
                raise unsent_error(self._request.operation, words) from None
            if shared.limiter is None or await self._take(shared.limiter, asked, episode):
                if self._options.confirm is not None:
                    await self._confirm(self._options.confirm, episode)
                return episode
            first = True

    async def _confirm(self, confirm: Callable[[], Awaitable[None]], episode: int) -> None:
        """Ask whether the attempt may still be sent; give its place back if not."""
        try:
            await confirm()
        except BaseException:
            self._shared.throttle.leave(episode)
            raise

    async def _take(self, limiter: Limiter, asked: float, episode: int) -> bool:
        """Take a request from the rate limit; if none is left, pause, and give the place back."""
        shared = self._shared
        try:
            seconds = await limiter.take()
        except SharedPause as pause:
            self._pause_after_429_of_another(pause.seconds)
        except BaseException as error:
            failure = self._storage_error(error, asked, episode)
            shared.throttle.leave(episode)
            if failure is None:
                raise
            raise failure from error
        else:
            if not seconds:
                return True
            if shared.throttle.pause(seconds):
                shared.emit(Paused(seconds=seconds, reason="rate_limit"))
        shared.throttle.leave(episode)
        return False

    async def _read_ahead(self, episode: int) -> None:
        """Find out by a read whether there is an outage."""
        # It is seldom needed, and the models behind it are costly to make.
        from grafana_oncall._generated.operations.alert_groups import list_alert_groups  # noqa: PLC0415

        request, shared = list_alert_groups(perpage=1), self._shared
        try:
            # With the same token, although it may be refused: what counts is that OnCall answers.
            response, _ = await shared.round_trip(request, self._options, self.token)
            decode(request, shared.target.redacted(response))
        except ClientStateError:
            raise
        except OnCallError as error:
            if is_outage(error, shared.reach):
                words = f"nothing was sent, because a read that went ahead of it failed: {error}"
                kind = type(error) if isinstance(error, TransportError) else TransportError
                raise unsent_error(self._request.operation, words, kind) from error
        shared.throttle.outage.success(episode)

    def _decoded(self, response: Response) -> Result[T]:
        """Decode a response; the text of an error never repeats the token."""
        try:
            return Result(value=decode(self._request, response), response=response)
        except OnCallError:
            self.response = redacted = self._shared.target.redacted(response)
            account = self._request.operation.needs_user and self._shared.has_account(self.token)
            if redacted is response and not account:
                raise
        value = decode(self._request, redacted, service_account=account)
        return Result(value=value, response=redacted)

    def _learn(self, error: BaseException, sent: float, episode: int) -> None:
        """Note what the failure means for this call, and for all calls."""
        if isinstance(error, RateLimited):
            self._pause_after_429(error, sent)
        if not isinstance(error, OnCallError):
            self.doubtful = self.doubtful or isinstance(error, asyncio.CancelledError)
            return
        # A response of the wrong shape to a write: it had an effect, but which one?
        misread = isinstance(error, DecodeError) and self._request.operation.retry != "safe"
        self.doubtful = self.doubtful or misread or is_ambiguous(error)
        if is_outage(error, self._shared.reach):
            self._note_outage(error, episode)
        elif is_from_oncall(error):
            self._shared.throttle.outage.success(episode)

    def _note_outage(self, error: OnCallError, episode: int) -> None:
        """Pause all calls if this is an outage; report its beginning and each longer pause."""
        shared, background = self._shared, self._options.background
        is_news = shared.throttle.failed(
            episode,
            delay=lambda number: retry_delay(error, number, self._options.retry, shared.random),
            reason=_reason(error),
            words=str(error),
            unresolved=is_unresolved(error),
        )
        seconds = shared.throttle.pause_left(background=background)
        if is_news and (seconds > 1 or episode < shared.throttle.outage.episode):
            shared.emit(Paused(seconds=seconds, reason=shared.throttle.outage.reason))

    def _pause_after_429(self, error: RateLimited, sent: float) -> None:
        """Pause all calls."""
        now, rate = self._now(), self._shared.throttle.rate
        before = max(now, rate.paused_until)
        self.pause = rate.throttled(now, error.reset_after, sent=sent)
        reason = "unknown_stack" if SYNCING in error.detail else "throttled"
        self._paused(self.pause, reason, before)

    def _pause_after_429_of_another(self, seconds: float) -> None:
        """Pause all calls, as another client with the same Redis does."""
        now, rate = self._now(), self._shared.throttle.rate
        before = max(now, rate.paused_until)
        rate.pause(now, seconds)
        self._paused(seconds, "throttled", before)

    def _paused(self, seconds: float, reason: str, before: float) -> None:
        """Apply a pause after a 429; of refusals that come together, the first is reported."""
        throttle = self._shared.throttle
        throttle.fail_impatient_waiters()
        if throttle.rate.paused_until > before + 1:
            self._shared.emit(Paused(seconds=seconds, reason=reason))

    async def _share_pause(self) -> None:
        """Let all clients with the same Redis pause."""
        if self._shared.limiter is not None:
            with suppress(OnCallError):  # which the next request meets again, and reports
                await self._shared.limiter.pause(self.pause)

    def _report(self, error: BaseException | None, asked: float, sent: float) -> None:
        status = None if self.response is None else self.response.status
        latency = self._now() - sent
        self._telemetry.attempt_ended(status, error, waited=sent - asked, latency=latency)

    def _storage_error(
        self, error: BaseException, asked: float, episode: int
    ) -> OnCallError | None:
        """The error of an attempt that was not sent, because Redis did not reply."""
        if not isinstance(error, StorageAway):
            return None
        now = self._now()
        if self.first_sent is None:
            self.first_sent = now
        self.response = None
        failure = unsent_error(self._request.operation, str(error))
        failure.__cause__ = error
        self._note_outage(failure, episode)
        self._report(failure, asked, now)
        return failure


def _reason(error: OnCallError) -> str:
    if isinstance(error.__cause__, StorageAway):
        return "rate_limit_storage"
    return "unreachable" if isinstance(error, TransportError) else "unavailable"
