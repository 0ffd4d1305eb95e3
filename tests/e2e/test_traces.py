"""OpenTelemetry's own instrumentation of httpx, beside the SDK's spans."""

import re
from collections.abc import Iterator

import pytest
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from grafana_oncall import OnCallClient
from grafana_oncall.otel import Tracing
from tests.support.samples import TOKEN
from tests.support.scripted import Scripted, serving


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    """Where ended spans are sent."""
    return InMemorySpanExporter()


@pytest.fixture
def provider(exporter: InMemorySpanExporter) -> Iterator[TracerProvider]:
    """A provider to which all requests of httpx report."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    HTTPXClientInstrumentor().instrument(tracer_provider=provider)
    yield provider
    HTTPXClientInstrumentor().uninstrument()
    provider.shutdown()


def _ids(span: ReadableSpan) -> tuple[int, int]:
    assert span.context is not None
    return span.context.trace_id, span.context.span_id


async def test_the_requests_of_a_call_are_spans_below_it_and_propagate_the_trace(
    provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    """The server reads from `traceparent` to which trace and request it belongs."""
    tracing = Tracing(tracer_provider=provider)
    async with serving(Scripted(good=1)) as server:
        async with OnCallClient(url=server.url, token=TOKEN, on_event=tracing) as client:
            assert await client.alert_groups.list().count() == 7
        (head,) = server.requests
    request, call = exporter.get_finished_spans()
    assert (request.name, call.name) == ("GET", "list_alert_groups")
    assert request.parent == call.context
    sent = re.search(rb"(?im)^traceparent: 00-(\w+)-(\w+)-", head)
    assert sent is not None
    assert (int(sent[1], 16), int(sent[2], 16)) == (_ids(call)[0], _ids(request)[1])
