"""What OpenTelemetry's metrics have measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from opentelemetry.sdk.metrics.export import (
    HistogramDataPoint,
    InMemoryMetricReader,
    NumberDataPoint,
)


def _points(reader: InMemoryMetricReader, name: str) -> Iterator[Any]:
    data = reader.get_metrics_data()
    for resource in () if data is None else data.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                if metric.name == name:
                    yield from metric.data.data_points


def _point(reader: InMemoryMetricReader, name: str, attributes: Mapping[str, str]) -> Any:
    (found,) = (point for point in _points(reader, name) if dict(point.attributes) == attributes)
    return found


def histogram(
    reader: InMemoryMetricReader, name: str, attributes: Mapping[str, str]
) -> HistogramDataPoint:
    """The histogram of this name with these attributes."""
    point = _point(reader, name, attributes)
    assert isinstance(point, HistogramDataPoint)
    return point


def total(reader: InMemoryMetricReader, name: str, attributes: Mapping[str, str]) -> float:
    """The sum of this name with these attributes."""
    point = _point(reader, name, attributes)
    assert isinstance(point, NumberDataPoint)
    return point.value
