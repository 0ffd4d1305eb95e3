"""A request of every operation, and answers to them."""

import json
from typing import Any

from grafana_oncall import Request, Response, operations
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
REQUESTS: tuple[Request[Any], ...] = (
    operations.list_integrations(),
    operations.create_integration(IntegrationCreate(type="webhook")),
    operations.get_integration("A"),
    operations.update_integration("A", IntegrationUpdate()),
    operations.delete_integration("A"),
    operations.list_alert_groups(),
    operations.get_alert_group("A"),
    operations.delete_alert_group("A"),
    operations.acknowledge_alert_group("A"),
    operations.unacknowledge_alert_group("A"),
    operations.resolve_alert_group("A"),
    operations.unresolve_alert_group("A"),
    operations.silence_alert_group("A", AlertGroupSilence(delay=60)),
    operations.unsilence_alert_group("A"),
    operations.add_alert_group_label("A", LABEL),
    operations.remove_alert_group_label("A", ATTACHED),
)
GET = operations.get_alert_group("A")
LIST = operations.list_alert_groups()


def answered(content: bytes | str, status: int = 200) -> Response:
    """An answer without headers, as most are."""
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
    """The least group, with some members as given."""
    return json.dumps(GROUP | members)
