"""Responses and events of real servers, checked against openapi.yaml and decoded by the SDK."""

from __future__ import annotations

from typing import Any, Final

import pytest

from grafana_oncall import errors
from tests.contract.recorded import EVENTS, RESPONSES, SHAPES, Shape, at, members, reached
from tests.contract.specification import OPERATIONS, ROOT, Operation, faults

SCHEMAS = ROOT["components"]["schemas"]

every_shape = pytest.mark.parametrize("shape", [pytest.param(one, id=one.name) for one in SHAPES])
every_response = pytest.mark.parametrize(
    "shape", [pytest.param(one, id=one.name) for one in RESPONSES]
)


@every_shape
def test_a_recorded_shape_is_what_the_specification_says(shape: Shape) -> None:
    """Or exceeds it exactly where the shape says so."""
    if shape.value is None:
        assert "content" not in shape.described
        return
    found = faults(shape.schema, shape.value)
    beyond = shape.recorded.get("beyond_the_specification", [])
    assert [fault.partition(":")[0] for fault in found] == beyond, found


@every_response
def test_the_headers_of_a_recorded_shape_are_what_the_specification_says(shape: Shape) -> None:
    """Required ones are present, and all have their type."""
    for name, header in shape.described.get("headers", {}).items():
        if header.get("required", False) or name.lower() in shape.headers:
            assert faults(header["schema"], int(shape.headers[name.lower()])) == []


@every_shape
def test_the_sdk_decodes_a_recorded_shape(shape: Shape) -> None:
    """To the values recorded beside it, or to the error."""
    read: Any
    if "raises" in shape.recorded:
        with pytest.raises(errors.StatusError) as caught:
            shape.decoded()
        assert type(caught.value) is getattr(errors, shape.recorded["raises"])
        read = caught.value
    else:
        read = shape.decoded()
    expected = shape.recorded["reads"]
    assert expected
    assert {path: at(read, path) for path in expected} == expected


@pytest.mark.parametrize(
    "operation", [pytest.param(one, id=name) for name, one in OPERATIONS.items()]
)
def test_every_success_has_a_recorded_shape(operation: Operation) -> None:
    """Of each operation."""
    recorded = {(one.of, str(one.recorded["status"])) for one in RESPONSES}
    due = {(operation.id, status) for status in operation.responses if status < "300"}
    assert due
    assert due <= recorded


@pytest.mark.parametrize(
    "name", [pytest.param(one, id=one) for one in ROOT["components"]["responses"]]
)
def test_every_refusal_has_a_recorded_shape(name: str) -> None:
    """In each of its media types."""
    refusal = ROOT["components"]["responses"][name]
    recorded = {one.media_type for one in RESPONSES if one.described is refusal}
    assert recorded == set(refusal["content"])


def _outline(body: Any) -> str:
    match body:
        case {"detail": str()} | {"error": str()} | {"non_field_errors": [*_]}:
            return str(next(iter(body)))
        case dict():
            return f"members with {type(next(iter(body.values()))).__name__}"
        case _:
            return type(body).__name__


def test_every_shape_of_an_error_is_recorded() -> None:
    """All bad requests that the specification shows."""
    refusal = ROOT["components"]["responses"]["BadRequest"]
    examples = refusal["content"]["application/json"]["examples"]
    shown = {_outline(one["value"]) for one in examples.values()}
    assert shown == {_outline(one.value) for one in RESPONSES if one.described is refusal}
    assert len(shown) == len(examples) == 8


def test_every_type_of_event_is_recorded() -> None:
    """Of the only webhook."""
    assert {one.of for one in EVENTS} == set(ROOT["webhooks"])
    known = set(SCHEMAS["webhooks.EventType"]["enum"])
    assert known < {one.value["event"]["type"] for one in EVENTS}


def test_every_member_of_a_response_has_a_recorded_value() -> None:
    """Of all schemas that responses and events are made of; null alone does not count."""
    sent = [one for one in SHAPES if one.value is not None]
    recorded = {member for one in sent for member in members(one.schema, one.value)}
    schemas = {name for one in sent for name in reached(one.schema)}
    due = {(name, member) for name in schemas for member in SCHEMAS[name]["properties"]}
    assert sorted(due - recorded) == []
    assert len(due) > 100


GROUP: Final = "the open-source engine: wiped"
PAGE: Final = "Grafana Cloud: the only page, as documented"
INTEGRATION: Final = "Grafana Cloud: with labels, dynamic labels, and templates of its own"
EVENT: Final = "acknowledged"


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        pytest.param(GROUP, "alerts_count", "2", id="a text for a number"),
        pytest.param(GROUP, "id", None, id="null for an id"),
        pytest.param(GROUP, "created_at", ..., id="no time"),
        pytest.param(GROUP, "resolved_at", "yesterday", id="a time that is none"),
        pytest.param(GROUP, "labels.0.key.name", None, id="null for a name, deep down"),
        pytest.param(GROUP, "last_alert", [], id="a list for an object"),
        pytest.param(PAGE, "results", {}, id="an object for the items"),
        pytest.param(PAGE, "count", ..., id="no count"),
        pytest.param(PAGE, "results.0.state", 3, id="a number for a state"),
        pytest.param(INTEGRATION, "type", ..., id="no type"),
        pytest.param(INTEGRATION, "default_route.slack.enabled", "yes", id="a text for a boolean"),
        pytest.param(INTEGRATION, "templates.web.title", 5, id="a number for a template"),
        pytest.param(EVENT, "event.type", ..., id="an event without type"),
        pytest.param(EVENT, "event.time", "2026-11-22", id="a date for a time"),
        pytest.param(EVENT, "alert_group.state", ..., id="a group without state"),
    ],
)
def test_the_specification_and_the_sdk_refuse_the_same(name: str, path: str, value: Any) -> None:
    """Both refuse a recorded shape with one fault."""
    shape = next(one for one in SHAPES if one.recorded["id"] == name).changed(path, value)
    assert len(faults(shape.schema, shape.value)) >= 1
    with pytest.raises((errors.DecodeError, errors.NotAnEvent)):
        shape.decoded()
