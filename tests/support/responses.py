"""A request of every operation, and responses to them."""

import json
from typing import Any

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
    ids = ["A"] * operation.path.count("{")
    body = [BODIES[operation.id]] if operation.id in BODIES else []
    request: Request[Any] = build(*ids, *body)
    return request


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
