"""Spans made from events."""

import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextvars import Context, copy_context

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind, StatusCode

from grafana_oncall._version import __version__
from grafana_oncall.events import (
    AttemptEnded,
    CallEnded,
    CallStarted,
    Event,
    ListIncomplete,
    PageRead,
    Paused,
    PollEnded,
    RetryScheduled,
)
from grafana_oncall.otel import Metrics, Tracing

GET = "get_alert_group"
SILENCE = "silence_alert_group"


def started(call: int = 1, operation: str = GET, **members: str) -> CallStarted:
    """The event of a call that begins."""
    return CallStarted(
        call=call,
        operation=operation,
        method=members.get("method", "GET"),
        path=members.get("path", "alert_groups/I68T24C13IFW1/"),
    )


def attempt(
    number: int = 1,
    *,
    call: int = 1,
    status: int | None = 200,
    error: str | None = None,
    waited: float = 0.0,
    latency: float = 0.125,
) -> AttemptEnded:
    """The event of one attempt."""
    return AttemptEnded(
        call=call,
        operation=GET,
        attempt=number,
        status=status,
        error=error,
        waited=waited,
        latency=latency,
    )


def retry(number: int, *, error: str, delay: float) -> RetryScheduled:
    """The event of a retry that follows."""
    return RetryScheduled(call=1, operation=GET, attempt=number, delay=delay, error=error)


def ended(call: int = 1, *, attempts: int = 1, error: str | None = None) -> CallEnded:
    """The event of a call that has ended."""
    return CallEnded(call=call, operation=GET, attempts=attempts, elapsed=1.0, error=error)


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    """An exporter that keeps ended spans."""
    return InMemorySpanExporter()


@pytest.fixture
def provider(exporter: InMemorySpanExporter) -> Iterator[TracerProvider]:
    """A tracer provider for this test alone."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield provider
    provider.shutdown()


@pytest.fixture
def tracing(provider: TracerProvider) -> Tracing:
    """The listener."""
    return Tracing(tracer_provider=provider)


def spans(
    tracing: Tracing, exporter: InMemorySpanExporter, *events: Event
) -> tuple[ReadableSpan, ...]:
    """Emit these events, with one task per call, and return the ended spans."""
    tasks = defaultdict[int, Context](copy_context)
    for event in events:
        tasks[getattr(event, "call", 0)].run(tracing, event)
    return exporter.get_finished_spans()


def noted(span: ReadableSpan) -> list[tuple[str, dict[str, object]]]:
    """Return the events of a span."""
    return [(event.name, dict(event.attributes or {})) for event in span.events]


def test_a_call_is_a_span(tracing: Tracing, exporter: InMemorySpanExporter) -> None:
    """Named after the operation, with the attributes of the HTTP conventions."""
    (span,) = spans(tracing, exporter, started(), attempt(waited=0.5), ended())
    assert (span.name, span.kind) == (GET, SpanKind.CLIENT)
    assert span.status.status_code is StatusCode.UNSET
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "url.path": "/api/v1/alert_groups/I68T24C13IFW1/",
        "http.response.status_code": 200,
        "grafana_oncall.attempts": 1,
        "grafana_oncall.waited": 0.5,
        "grafana_oncall.latency": 0.125,
    }
    assert noted(span) == [
        (
            "grafana_oncall.attempt",
            {"attempt": 1, "waited": 0.5, "latency": 0.125, "http.response.status_code": 200},
        )
    ]
    scope = span.instrumentation_scope
    assert scope is not None
    assert (scope.name, scope.version) == ("grafana_oncall", __version__)


def test_attempts_are_events_and_waiting_is_separate_from_latency(
    tracing: Tracing, exporter: InMemorySpanExporter
) -> None:
    """The sums are on the span, each attempt's share on its event."""
    (span,) = spans(
        tracing,
        exporter,
        started(),
        attempt(1, status=None, error="TransportError", waited=0.25, latency=0.5),
        retry(1, error="TransportError", delay=0.375),
        attempt(2, status=429, error="RateLimited", waited=0.0, latency=0.125),
        retry(2, error="RateLimited", delay=48.0),
        attempt(3, waited=48.0, latency=0.25),
        ended(attempts=3),
    )
    assert noted(span) == [
        (
            "grafana_oncall.attempt",
            {"attempt": 1, "waited": 0.25, "latency": 0.5, "error.type": "TransportError"},
        ),
        ("grafana_oncall.retry", {"attempt": 1, "delay": 0.375, "error.type": "TransportError"}),
        (
            "grafana_oncall.attempt",
            {
                "attempt": 2,
                "waited": 0.0,
                "latency": 0.125,
                "http.response.status_code": 429,
                "error.type": "RateLimited",
            },
        ),
        ("grafana_oncall.retry", {"attempt": 2, "delay": 48.0, "error.type": "RateLimited"}),
        (
            "grafana_oncall.attempt",
            {"attempt": 3, "waited": 48.0, "latency": 0.25, "http.response.status_code": 200},
        ),
    ]
    attributes = span.attributes or {}
    assert attributes["grafana_oncall.attempts"] == 3
    assert attributes["grafana_oncall.waited"] == 48.25
    assert attributes["grafana_oncall.latency"] == 0.875
    assert attributes["http.response.status_code"] == 200
    assert "error.type" not in attributes
    assert span.status.status_code is StatusCode.UNSET


@pytest.mark.parametrize(
    ("events", "attempts", "error"),
    [
        pytest.param([attempt(status=404, error="NotFound")], 1, "NotFound", id="refused"),
        pytest.param(
            [attempt(status=None, error="RequestTimeout")], 1, "RequestTimeout", id="no response"
        ),
        pytest.param([], 0, "ClientStateError", id="never sent"),
        pytest.param([], 0, "CancelledError", id="cancelled at the throttle"),
        pytest.param(
            [attempt(status=None, error="CancelledError")], 1, "CancelledError", id="cancelled"
        ),
    ],
)
def test_a_call_that_fails_is_an_error(
    events: list[Event],
    attempts: int,
    error: str,
    tracing: Tracing,
    exporter: InMemorySpanExporter,
) -> None:
    """With the error's class name, but not its text. The span ends in any case."""
    (span,) = spans(tracing, exporter, started(), *events, ended(attempts=attempts, error=error))
    attributes = span.attributes or {}
    assert span.end_time is not None
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, error)
    assert attributes["error.type"] == error
    assert attributes["grafana_oncall.attempts"] == attempts


def test_the_span_is_a_child_of_the_callers(
    tracing: Tracing, exporter: InMemorySpanExporter, provider: TracerProvider
) -> None:
    """The caller's span is current after the call."""
    with provider.get_tracer("a service").start_as_current_span("handle") as parent:
        tracing(started())
        current = trace.get_current_span()
        tracing(attempt())
        tracing(ended())
        assert trace.get_current_span() is parent
    span = next(span for span in exporter.get_finished_spans() if span.name == GET)
    assert current.get_span_context() == span.context
    assert span.parent == parent.get_span_context()
    assert span.context is not None
    assert span.context.trace_id == parent.get_span_context().trace_id


@pytest.mark.parametrize("recorded", [True, False], ids=["recorded", "no SDK"])
def test_a_call_that_is_ended_elsewhere_changes_nothing_there(
    *, recorded: bool, provider: TracerProvider, caplog: pytest.LogCaptureFixture
) -> None:
    """As when the event loop ends first; OpenTelemetry would log an error with a traceback."""
    tracing = Tracing(tracer_provider=provider if recorded else trace.NoOpTracerProvider())
    copy_context().run(tracing, started())
    with provider.get_tracer("a service").start_as_current_span("something else") as other:
        tracing(ended(error="GeneratorExit"))
        assert trace.get_current_span() is other
    assert caplog.records == []


def test_without_a_parent_a_span_begins_a_trace(
    tracing: Tracing, exporter: InMemorySpanExporter
) -> None:
    """Like any root span."""
    (span,) = spans(tracing, exporter, started(), ended())
    assert span.parent is None


def test_a_pause_is_recorded_on_every_open_span(
    tracing: Tracing, exporter: InMemorySpanExporter
) -> None:
    """It delays all of them, but none that has ended."""
    done, *waiting = spans(
        tracing,
        exporter,
        started(1),
        ended(1),
        started(2),
        started(3, SILENCE),
        Paused(seconds=48.0, reason="throttled"),
        ended(3),
        ended(2),
    )
    assert [span.name for span in waiting] == [SILENCE, GET]
    assert noted(done) == []
    for span in waiting:
        assert noted(span) == [
            ("grafana_oncall.paused", {"seconds": 48.0, "reason": "throttled"}),
        ]


def test_concurrent_calls_are_distinguished(
    tracing: Tracing, exporter: InMemorySpanExporter
) -> None:
    """By their numbers."""
    first, second = spans(
        tracing,
        exporter,
        started(1),
        started(2),
        attempt(call=2, status=500, latency=2.0),
        attempt(call=1, latency=1.0),
        ended(1),
        ended(2),
    )
    assert (first.attributes or {})["grafana_oncall.latency"] == 1.0
    assert (second.attributes or {})["grafana_oncall.latency"] == 2.0
    assert (second.attributes or {})["http.response.status_code"] == 500


def test_pages_and_polls_add_nothing(tracing: Tracing, exporter: InMemorySpanExporter) -> None:
    """Each page is a call with a span of its own; the caller's span is left alone."""
    page = PageRead(operation="list_alert_groups", number=1, items=50, count=120)
    short = ListIncomplete(operation="list_alert_groups", items=128, count=145)
    poll = PollEnded(watched=120, lag=15.0, error=None)
    (span,) = spans(tracing, exporter, started(), page, attempt(), ended(), page, short, poll)
    assert [name for name, _ in noted(span)] == ["grafana_oncall.attempt"]


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(attempt(call=7), id="attempt"),
        pytest.param(retry(1, error="ServerError", delay=1.0), id="retry"),
        pytest.param(ended(7), id="end"),
    ],
)
def test_a_call_that_began_earlier_is_left_out(
    event: Event, tracing: Tracing, exporter: InMemorySpanExporter
) -> None:
    """Its span would begin too late."""
    assert spans(tracing, exporter, event) == ()


def test_ended_spans_are_forgotten(tracing: Tracing, exporter: InMemorySpanExporter) -> None:
    """A long-lived client does not grow; a late event changes nothing."""
    for call in range(1000):
        tracing(started(call))
        tracing(attempt(call=call))
        tracing(ended(call))
    assert len(spans(tracing, exporter, ended(5), attempt(call=5))) == 1000
    assert tracing._calls == {}


@pytest.mark.parametrize("root", ["", "/api/v1/"], ids=["relative", "whole"])
def test_a_query_never_gets_onto_a_span(
    root: str, tracing: Tracing, exporter: InMemorySpanExporter
) -> None:
    """Events have none; if one ever did, it would be cut off."""
    path = f"{root}alert_groups/?label=customer%3Ameow-meow"
    (span,) = spans(tracing, exporter, started(path=path), attempt(), ended())
    assert "meow" not in span.to_json()
    assert (span.attributes or {})["url.path"] == "/api/v1/alert_groups/"


def test_the_global_provider_is_the_default(
    provider: TracerProvider, exporter: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As everywhere in OpenTelemetry."""
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    (span,) = spans(Tracing(), exporter, started(), ended())
    assert span.name == GET


@pytest.mark.parametrize("sampled_out", [True, False], ids=["sampled out", "no SDK"])
def test_nothing_is_made_where_spans_are_not_recorded(*, sampled_out: bool) -> None:
    """No call fails because of that."""
    provider = TracerProvider(sampler=ALWAYS_OFF) if sampled_out else trace.NoOpTracerProvider()
    tracing = Tracing(tracer_provider=provider)
    for event in (
        started(),
        attempt(1, status=503, error="ServerError"),
        retry(1, error="ServerError", delay=1.0),
        Paused(seconds=1.0, reason="rate_limit"),
        ended(error="ServerError"),
    ):
        tracing(event)
    assert tracing._calls == {}


@pytest.mark.parametrize("listener", [Tracing, Metrics])
def test_without_opentelemetry_the_error_names_the_extra(
    listener: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the listener is made, not at the first call."""
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(ImportError, match=r"pip install '\.\[otel\]'") as caught:
        listener()
    assert isinstance(caught.value.__cause__, ImportError)


def test_opentelemetry_is_not_imported_before_it_is_needed() -> None:
    """The module can be imported where the extra is absent."""
    code = (
        "import sys, grafana_oncall.otel; sys.exit(any('opentelemetry' in m for m in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
