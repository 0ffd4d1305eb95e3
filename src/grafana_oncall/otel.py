"""OpenTelemetry spans from the events of a client; needs the `[otel]` extra.

    OnCallClient(…, on_event=Tracing())

One span per call, with all its attempts: a child of the current span, of kind CLIENT, named after
the operation. Its attributes are `http.request.method`, `url.path` (from `/api/v1/` on),
`http.response.status_code` (of the last response), `error.type`, and

    grafana_oncall.attempts   requests that were sent
    grafana_oncall.waited     seconds at the throttle, all attempts together
    grafana_oncall.latency    seconds from sending to the whole response, all attempts together

Its events are `grafana_oncall.attempt` with the attempt's own figures, `grafana_oncall.retry` with
the delay before the next one, and `grafana_oncall.paused` while all calls of the client wait. Each
page of a list is a call, and so a span: `PageRead` and `ListIncomplete` add nothing. No span shows
the token, a query, or a body.
"""

from typing import TYPE_CHECKING, Final, TypeAlias

import attrs

from ._version import __version__
from .events import (
    AttemptEnded,
    CallEnded,
    CallStarted,
    Event,
    ListIncomplete,
    PageRead,
    Paused,
    RetryScheduled,
)

if TYPE_CHECKING:
    from opentelemetry.trace import Span, TracerProvider

__all__ = ["Tracing"]

_Value: TypeAlias = str | int | float

_ROOT: Final = "/api/v1/"
"""Prefix of the path of an event; what precedes it in the URL is not known here."""


@attrs.define(kw_only=True)
class _Call:
    """A call in flight."""

    span: "Span"
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
            from opentelemetry import trace  # noqa: PLC0415  # an extra
        except ImportError as error:
            advice = "pip install 'grafana-oncall-sdk[otel]'"
            raise ImportError(f"Tracing needs OpenTelemetry: {advice}") from error
        self._trace: Final = trace
        self._tracer: Final = trace.get_tracer("grafana_oncall", __version__, tracer_provider)
        self._calls: Final = dict[int, _Call]()

    def __call__(self, event: Event) -> None:
        """Handle the next event of a client."""
        match event:
            case CallStarted():
                self._start(event)
            case Paused(seconds=seconds, reason=reason):
                self._paused(seconds, reason)
            case PageRead() | ListIncomplete():
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
        self._calls[event.call] = _Call(
            span=self._tracer.start_span(
                event.operation, kind=self._trace.SpanKind.CLIENT, attributes=attributes
            )
        )

    def _paused(self, seconds: float, reason: str) -> None:
        for call in self._calls.values():
            call.span.add_event("grafana_oncall.paused", {"seconds": seconds, "reason": reason})

    def _end(self, call: _Call, event: CallEnded) -> None:
        span = call.span
        span.set_attribute("grafana_oncall.attempts", event.attempts)
        span.set_attribute("grafana_oncall.waited", call.waited)
        span.set_attribute("grafana_oncall.latency", call.latency)
        if event.error is not None:
            span.set_attribute("error.type", event.error)
            span.set_status(self._trace.StatusCode.ERROR, event.error)
        span.end()


def _attempt(call: _Call, event: AttemptEnded) -> None:
    """Record an attempt on the span, and add up its times."""
    call.waited += event.waited
    call.latency += event.latency
    attributes: dict[str, _Value] = {
        "attempt": event.attempt,
        "waited": event.waited,
        "latency": event.latency,
    }
    if event.status is not None:
        attributes["http.response.status_code"] = event.status
        call.span.set_attribute("http.response.status_code", event.status)
    if event.error is not None:
        attributes["error.type"] = event.error
    call.span.add_event("grafana_oncall.attempt", attributes)


def _retry(span: "Span", event: RetryScheduled) -> None:
    """Record that the call will be retried."""
    attributes: dict[str, _Value] = {
        "attempt": event.attempt,
        "delay": event.delay,
        "error.type": event.error,
    }
    span.add_event("grafana_oncall.retry", attributes)
