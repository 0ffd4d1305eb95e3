"""OpenTelemetry spans and metrics from the events of a client; needs the `[otel]` extra.

    OnCallClient(…, on_event=[Tracing(), Metrics()])

**Spans.** One per call, with all its attempts: a child of the current span, of kind CLIENT, named
after the operation. It is the current span while its requests are sent: where httpx or aiohttp is
instrumented as well, the spans of single requests are its children, and the `traceparent` header
that goes out belongs to its trace. Its attributes are `http.request.method`, `url.path` (from
`/api/v1/` on), `http.response.status_code` (of the last response), `error.type`, and

    grafana_oncall.attempts   requests that were sent
    grafana_oncall.waited     seconds at the throttle, all attempts together
    grafana_oncall.latency    seconds from sending to the whole response, all attempts together

Its events are `grafana_oncall.attempt` with the attempt's own figures, `grafana_oncall.retry` with
the delay before the next one, and `grafana_oncall.paused` while all calls of the client wait. Each
page of a list is a call, and so a span: `PageRead` and `ListIncomplete` add nothing.

**Metrics.** Durations are histograms in seconds, which count as well.

    grafana_oncall.call.duration    of calls, with all attempts, waits and pauses; by
                                    grafana_oncall.operation and error.type
    grafana_oncall.call.active      calls that have begun and not ended, whether they are sending or
                                    waiting ({call}); by grafana_oncall.operation
    grafana_oncall.retries          attempts that will be repeated ({retry}); by
                                    grafana_oncall.operation and error.type
    grafana_oncall.pause.duration   of pauses of all calls of a client; by grafana_oncall.reason,
                                    which is that of `events.Paused`
    grafana_oncall.poll.lag         for how long changes went unseen, at each poll of a watcher or
                                    bot: about `every` in health, more after polls that failed; by
                                    error.type

`error.type` is the name of the error's class, and absent after a success. Neither spans nor metrics
show the token, a query, or a body.
"""

from typing import TYPE_CHECKING, Final, TypeAlias

import attrs

from grafana_oncall._core.extras import install

from ._version import __version__
from .events import (
    AttemptEnded,
    CallEnded,
    CallStarted,
    Event,
    GroupsSkipped,
    ListIncomplete,
    PageRead,
    Paused,
    PollEnded,
    RetryScheduled,
)

if TYPE_CHECKING:
    from contextvars import Token

    from opentelemetry.context import Context
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Span, TracerProvider

__all__ = ["Metrics", "Tracing"]


def __dir__() -> list[str]:
    return sorted(__all__)


_Value: TypeAlias = str | int | float

_ROOT: Final = "/api/v1/"
"""Prefix of the path of an event; what precedes it in the URL is not known here."""

_SCOPE: Final = "grafana_oncall"
_OPERATION: Final = "grafana_oncall.operation"
_ERROR: Final = "error.type"

_CALL_SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
_WAIT_SECONDS: Final = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600)
"""Boundaries of the buckets of pauses and lags."""


@attrs.define(kw_only=True)
class _Call:
    """A call in flight."""

    span: "Span"
    context: "Context"
    """In which the span is current."""
    token: "Token[Context]"
    """Gives back the context before."""
    waited: float = 0.0
    latency: float = 0.0


class Tracing:
    """A listener that makes spans of the calls of any number of clients.

    Args:
        tracer_provider: Makes the tracer; the global provider when absent.

    Raises:
        ImportError: OpenTelemetry is not installed.
    """

    def __init__(self, *, tracer_provider: "TracerProvider | None" = None) -> None:
        try:
            from opentelemetry import context, trace  # noqa: PLC0415  # an extra
        except ImportError as error:
            raise _missing("Tracing") from error
        self._context: Final = context
        self._trace: Final = trace
        self._tracer: Final = trace.get_tracer(_SCOPE, __version__, tracer_provider)
        self._calls: Final = dict[int, _Call]()

    def __call__(self, event: Event) -> None:
        """Handle the next event of a client."""
        match event:
            case CallStarted():
                self._start(event)
            case Paused(seconds=seconds, reason=reason):
                self._paused(seconds, reason)
            case PageRead() | ListIncomplete() | GroupsSkipped() | PollEnded():
                pass
            case _ if event.call not in self._calls:
                pass  # the call began before this listened
            case AttemptEnded():
                _attempt(self._calls[event.call], event)
            case RetryScheduled():
                _retry(self._calls[event.call].span, event)
            case CallEnded():
                self._end(self._calls.pop(event.call), event)

    def _start(self, event: CallStarted) -> None:
        path = event.path.partition("?")[0].removeprefix(_ROOT)
        attributes: dict[str, _Value] = {
            "http.request.method": event.method,
            "url.path": f"{_ROOT}{path}",
        }
        span = self._tracer.start_span(
            event.operation, kind=self._trace.SpanKind.CLIENT, attributes=attributes
        )
        current = self._trace.set_span_in_context(span)
        token = self._context.attach(current)
        self._calls[event.call] = _Call(span=span, context=current, token=token)

    def _paused(self, seconds: float, reason: str) -> None:
        for call in self._calls.values():
            call.span.add_event("grafana_oncall.paused", {"seconds": seconds, "reason": reason})

    def _end(self, call: _Call, event: CallEnded) -> None:
        # A call that is left open when its loop ends is ended elsewhere, where this is not current.
        if self._context.get_current() is call.context:
            self._context.detach(call.token)
        span = call.span
        span.set_attribute("grafana_oncall.attempts", event.attempts)
        span.set_attribute("grafana_oncall.waited", call.waited)
        span.set_attribute("grafana_oncall.latency", call.latency)
        if event.error is not None:
            span.set_attribute(_ERROR, event.error)
            span.set_status(self._trace.StatusCode.ERROR, event.error)
        span.end()


class Metrics:
    """A listener that measures the calls of any number of clients.

    Args:
        meter_provider: Makes the meter; the global provider when absent.

    Raises:
        ImportError: OpenTelemetry is not installed.
    """

    def __init__(self, *, meter_provider: "MeterProvider | None" = None) -> None:
        try:
            from opentelemetry import metrics  # noqa: PLC0415  # an extra
        except ImportError as error:
            raise _missing("Metrics") from error
        meter = metrics.get_meter(_SCOPE, __version__, meter_provider)
        self._duration: Final = meter.create_histogram(
            "grafana_oncall.call.duration",
            unit="s",
            description="Duration of calls, with all attempts, waits and pauses.",
            explicit_bucket_boundaries_advisory=_CALL_SECONDS,
        )
        self._active: Final = meter.create_up_down_counter(
            "grafana_oncall.call.active",
            unit="{call}",
            description="Calls that have begun and not ended.",
        )
        self._retries: Final = meter.create_counter(
            "grafana_oncall.retries",
            unit="{retry}",
            description="Attempts that will be repeated.",
        )
        self._pause: Final = meter.create_histogram(
            "grafana_oncall.pause.duration",
            unit="s",
            description="Duration of pauses of all calls of a client.",
            explicit_bucket_boundaries_advisory=_WAIT_SECONDS,
        )
        self._lag: Final = meter.create_histogram(
            "grafana_oncall.poll.lag",
            unit="s",
            description="For how long changes went unseen, at each poll of a watcher or bot.",
            explicit_bucket_boundaries_advisory=_WAIT_SECONDS,
        )

    def __call__(self, event: Event) -> None:
        """Handle the next event of a client."""
        match event:
            case CallStarted(operation=operation):
                self._active.add(1, {_OPERATION: operation})
            case CallEnded(operation=operation):
                self._active.add(-1, {_OPERATION: operation})
                attributes = {_OPERATION: operation, **_error(event.error)}
                self._duration.record(event.elapsed, attributes)
            case RetryScheduled(operation=operation):
                self._retries.add(1, {_OPERATION: operation, **_error(event.error)})
            case Paused(seconds=seconds, reason=reason):
                self._pause.record(seconds, {"grafana_oncall.reason": reason})
            case PollEnded(lag=lag):
                self._lag.record(lag, _error(event.error))
            case AttemptEnded() | PageRead() | ListIncomplete() | GroupsSkipped():
                pass


def _missing(what: str) -> ImportError:
    return ImportError(f"{what} needs OpenTelemetry: {install('otel')}")


def _error(name: str | None) -> dict[str, str]:
    return {} if name is None else {_ERROR: name}


def _attempt(call: _Call, event: AttemptEnded) -> None:
    """Record an attempt on the span, and add up its times."""
    call.waited += event.waited
    call.latency += event.latency
    attributes: dict[str, _Value] = {
        "attempt": event.attempt,
        "waited": event.waited,
        "latency": event.latency,
        **_error(event.error),
    }
    if event.status is not None:
        attributes["http.response.status_code"] = event.status
        call.span.set_attribute("http.response.status_code", event.status)
    call.span.add_event("grafana_oncall.attempt", attributes)


def _retry(span: "Span", event: RetryScheduled) -> None:
    """Record that the call will be retried."""
    attributes: dict[str, _Value] = {
        "attempt": event.attempt,
        "delay": event.delay,
        _ERROR: event.error,
    }
    span.add_event("grafana_oncall.retry", attributes)
