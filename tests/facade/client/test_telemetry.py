"""Spans and metrics of a client in use, as OpenTelemetry's SDK receives them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import INVALID_SPAN, Span

from grafana_oncall import OnCallClient
from grafana_oncall.errors import InvalidArgument, NotFound
from grafana_oncall.events import CallStarted, Event
from grafana_oncall.otel import Metrics, Tracing
from grafana_oncall.testing import FakeOnCall, VirtualClock, reset, status, throttle
from tests.support.measured import histogram, total
from tests.support.operation_cases import connect
from tests.support.samples import BASE, GROUP, GROUP_ID, TOKEN
from tests.support.watchers import EVERY, polls, watching


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
def reader() -> InMemoryMetricReader:
    """A reader that keeps measurements."""
    return InMemoryMetricReader()


@pytest.fixture
def metrics(reader: InMemoryMetricReader) -> Iterator[Metrics]:
    """A listener for this test alone."""
    provider = MeterProvider([reader], shutdown_on_exit=False)
    yield Metrics(meter_provider=provider)
    provider.shutdown()


def ended(exporter: InMemorySpanExporter, name: str) -> list[ReadableSpan]:
    """The spans of this name that have ended."""
    return [span for span in exporter.get_finished_spans() if span.name == name]


def numbers(*spans: ReadableSpan) -> list[int]:
    """The span ids."""
    return [span.context.span_id for span in spans if span.context]


async def test_the_span_of_a_call_is_current_while_its_requests_go_out(
    provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    """So an instrumented httpx makes spans below it; afterwards the caller's span is current."""
    current: list[Span] = []

    def server(_: httpx.Request) -> httpx.Response:
        current.append(trace.get_current_span())
        return httpx.Response(503 if len(current) == 1 else 200, json=GROUP)

    tracing = Tracing(tracer_provider=provider)
    transport = httpx.MockTransport(server)
    async with OnCallClient(url=BASE, token=TOKEN, transport=transport, on_event=tracing) as client:
        with provider.get_tracer("app").start_as_current_span("job") as job:
            await client.alert_groups.get(GROUP_ID)
            assert trace.get_current_span() is job
    (span,) = ended(exporter, "get_alert_group")
    assert [active.get_span_context().span_id for active in current] == numbers(span, span)
    assert span.parent is not None
    assert span.parent.span_id == job.get_span_context().span_id


@pytest.mark.parametrize("fault", [status(404), reset()], ids=["refused", "no response"])
async def test_no_span_stays_current_after_a_failure(
    fake: FakeOnCall, provider: TracerProvider, fault: Any
) -> None:
    """Whichever error the call ends with."""
    fake.faults.add(fault, times=9)
    async with connect(fake, on_event=Tracing(tracer_provider=provider)) as client:
        with pytest.raises(Exception):  # noqa: B017, PT011  # whichever
            await client.alert_groups.get(GROUP_ID)
        assert trace.get_current_span() is INVALID_SPAN


async def test_calls_at_the_same_time_have_spans_beside_each_other(
    fake: FakeOnCall, provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    """Each task has its own current span, also where some are cancelled."""
    ids = [fake.add_group().id for _ in range(8)]
    async with connect(fake, on_event=Tracing(tracer_provider=provider)) as client:
        with provider.get_tracer("app").start_as_current_span("job") as job:
            calls = [asyncio.create_task(client.alert_groups.get(group_id)) for group_id in ids]
            await asyncio.sleep(0)
            for call in calls[::2]:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
    spans = ended(exporter, "get_alert_group")
    parents = {span.parent.span_id for span in spans if span.parent}
    assert len(spans) == 8
    assert parents == {job.get_span_context().span_id}


async def test_what_a_call_reads_back_is_below_its_span(
    fake: FakeOnCall, provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    """A read-back is part of the call."""
    source = fake.add_integration()
    fake.faults.add(status(503, applied=True), operation="update_integration")
    async with connect(fake, on_event=Tracing(tracer_provider=provider)) as client:
        await client.integrations.update(source.id, name="new")
    (update,) = ended(exporter, "update_integration")
    below = ended(exporter, "get_integration")
    assert below
    assert [span.parent.span_id for span in below if span.parent] == numbers(update) * len(below)


async def test_calls_retries_and_pauses_are_measured(
    fake: FakeOnCall, metrics: Metrics, reader: InMemoryMetricReader
) -> None:
    """With the operation, and the error class of what failed."""
    group = fake.add_group()
    fake.faults.add(throttle(30))
    async with connect(fake, on_event=metrics) as client:
        await client.alert_groups.get(group.id)
        with pytest.raises(NotFound):
            await client.alert_groups.get("I00000000000")
    get = {"grafana_oncall.operation": "get_alert_group"}
    good = histogram(reader, "grafana_oncall.call.duration", get)
    assert (good.count, good.sum >= 30) == (1, True)
    failed = {**get, "error.type": "NotFound"}
    assert histogram(reader, "grafana_oncall.call.duration", failed).count == 1
    throttled = {**get, "error.type": "RateLimited"}
    assert total(reader, "grafana_oncall.retries", throttled) == 1
    pause = histogram(
        reader, "grafana_oncall.pause.duration", {"grafana_oncall.reason": "throttled"}
    )
    assert (pause.count, pause.sum >= 30) == (1, True)


async def test_calls_in_flight_are_measured(
    fake: FakeOnCall, metrics: Metrics, reader: InMemoryMetricReader
) -> None:
    """Including those that wait in the throttle; cancelled ones do not stay counted."""
    ids = [fake.add_group().id for _ in range(5)]
    get = {"grafana_oncall.operation": "get_alert_group"}
    async with connect(fake, on_event=metrics, max_connections=2) as client:
        calls = [asyncio.create_task(client.alert_groups.get(group_id)) for group_id in ids]
        await asyncio.sleep(0)
        assert total(reader, "grafana_oncall.call.active", get) == 5
        calls[-1].cancel()
        await asyncio.gather(*calls, return_exceptions=True)
    assert total(reader, "grafana_oncall.call.active", get) == 0


async def test_the_lag_of_polls_is_measured(
    fake: FakeOnCall, clock: VirtualClock, metrics: Metrics, reader: InMemoryMetricReader
) -> None:
    """It is about `every` while all is well, and grows while polls fail."""
    async with (
        connect(fake, on_event=metrics) as client,
        watching(client.alert_groups.watch(clock=clock)),
    ):
        await polls(2)
        good = histogram(reader, "grafana_oncall.poll.lag", {})
        assert (good.count, good.sum) == (3, 2 * EVERY)
        fake.faults.add(status(500), times=99)
        await polls(8)
    failed = histogram(reader, "grafana_oncall.poll.lag", {"error.type": "ServerError"})
    assert failed.count >= 1
    assert failed.max > 2 * EVERY


async def test_a_client_takes_several_listeners(
    fake: FakeOnCall, provider: TracerProvider, metrics: Metrics
) -> None:
    """Such as spans, metrics, and the user's own."""
    received: list[Event] = []
    listeners = [Tracing(tracer_provider=provider), metrics, received.append]
    async with connect(fake, on_event=listeners) as client:
        await client.alert_groups.list().count()
    assert isinstance(received[0], CallStarted)


@pytest.mark.parametrize("listeners", [[print, "print"], {"a": print}], ids=["a name", "a mapping"])
def test_an_object_that_is_not_a_listener_is_refused(listeners: Any) -> None:
    """When the client is made."""
    with pytest.raises(InvalidArgument, match="on_event"):
        OnCallClient(url=BASE, token=TOKEN, on_event=listeners)
