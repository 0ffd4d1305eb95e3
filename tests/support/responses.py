"""A request of every operation, and responses to them."""

import json
from datetime import UTC, datetime
from inspect import signature
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs
from attrs import NOTHING

from grafana_oncall import Request, Response, operations
from grafana_oncall._core.request import Operation
from grafana_oncall.models import (
    AlertGroupSilence,
    AttachedLabelInput,
    AttachedNameInput,
    IntegrationCreate,
    IntegrationUpdate,
    LabelInput,
    LabelKeyInput,
    LabelValueInput,
)

LABEL = LabelInput(key=LabelKeyInput(name="severity"), value=LabelValueInput(name="critical"))
ATTACHED = AttachedLabelInput(
    key=AttachedNameInput(name="severity", id="severity"), value=AttachedNameInput(name="critical")
)
BODIES: dict[str, Any] = {
    "create_integration": IntegrationCreate(type="webhook"),
    "update_integration": IntegrationUpdate(),
    "silence_alert_group": AlertGroupSilence(delay=60),
    "add_alert_group_label": LABEL,
    "remove_alert_group_label": ATTACHED,
}


def _request_of(operation: Operation) -> Request[Any]:
    build = getattr(operations, operation.id)
    hints = get_type_hints(build)
    needed = [one.name for one in signature(build).parameters.values() if one.default is one.empty]
    given = {name: "A" if name.endswith("_id") else _smallest(hints[name]) for name in needed}
    body = {"body": BODIES[operation.id]} if operation.id in BODIES else {}
    request: Request[Any] = build(**given | body)
    return request


def _smallest(hint: Any) -> Any:
    """The smallest value of a type: of a class, what is required; of several types, the first."""
    if get_origin(hint) in {Union, UnionType, Annotated}:
        return _smallest(get_args(hint)[0])
    if get_origin(hint) is Literal:
        return get_args(hint)[0]
    if isinstance(hint, type) and attrs.has(hint):
        needed = [one for one in attrs.fields(attrs.resolve_types(hint)) if one.default is NOTHING]
        return hint(**{one.name: _smallest(one.type) for one in needed})
    return {str: "a", int: 60, bool: True, datetime: datetime(2026, 1, 1, tzinfo=UTC)}.get(hint, ())


REQUESTS = tuple(_request_of(operation) for operation in operations.OPERATIONS)
"""A request for each operation."""
GET = operations.get_alert_group("A")
LIST = operations.list_alert_groups()


def response_of(content: bytes | str, status: int = 200) -> Response:
    """A response without headers, as most are."""
    data = content.encode() if isinstance(content, str) else content
    return Response(status=status, headers={}, content=data)


GROUP: dict[str, Any] = {
    "id": "A",
    "integration_id": "B",
    "alerts_count": 1,
    "state": "firing",
    "created_at": "2026-11-22T01:21:13Z",
}


def group(**members: Any) -> str:
    """The smallest valid group, with some members as given."""
    return json.dumps(GROUP | members)
