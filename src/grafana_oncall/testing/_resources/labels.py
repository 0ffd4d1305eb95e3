"""Labels on alert groups: the two routes that only Grafana Cloud has."""

from __future__ import annotations

from typing import Any

from grafana_oncall.testing._server.context import Context
from grafana_oncall.testing._server.fields import FieldError, as_mapping, as_text, checked, collect
from grafana_oncall.testing._server.responses import FakeResponse, answer_empty, answer_json, detail

from .alert_groups import find_group, show_label

_LIMIT = 50


def as_named(value: Any) -> str:
    """The name in `{"name": ...}`, which is how requests write a label's key and value."""
    fields, errors = collect({"name": as_text}, as_mapping(value))
    if "name" not in as_mapping(value):
        errors = {"name": ["This field is required."]}
    if errors:
        raise FieldError(errors)
    name: str = fields["name"]
    return name


def _label(context: Context) -> tuple[str, str]:
    checks = {"key": as_named, "value": as_named}
    fields = checked(checks, context.data(), required=("key", "value"))
    return fields["key"], fields["value"]


def add_label(context: Context) -> FakeResponse:
    """Put a label that the repository knows on a group."""
    group = find_group(context)
    key, value = _label(context)
    values = context.world.labels.get(key)
    if values is None:
        raise detail(400, f"Label key '{key}' does not exist")
    if value not in values:
        raise detail(400, f"Label value '{value}' does not exist for key '{key}'")
    if (key, value) in group.labels:
        raise detail(400, "Label already exists for this alert group")
    if len(group.labels) >= _LIMIT:
        raise detail(400, f"Alert group already has the maximum number of labels ({_LIMIT})")
    group.labels.append((key, value))
    return answer_json(201, show_label(key, value))


def remove_label(context: Context) -> FakeResponse:
    """Take a label off a group."""
    group = find_group(context)
    label = _label(context)
    if label not in group.labels:
        raise detail(404, "Label not found")
    group.labels.remove(label)
    return answer_empty(204)
